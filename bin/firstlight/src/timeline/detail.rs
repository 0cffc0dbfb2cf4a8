//! What stands below an event's line: why it was decided so, and in full, the options and the script themselves.

use super::INDENT;
use crate::output;
use firstlight_state::{Event, Hex, What};
use firstlight_wire::dhcp::{Code, Options};

/// How much is told of each event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Detail {
    /// The line alone.
    Lines,
    /// And the reasons of each decision.
    Reasons,
    /// And the options of DHCP and the scripts, whole.
    Full,
}

/// The lines below an event's own.
pub(super) fn below(event: &Event, detail: Detail, width: usize) -> String {
    let mut below = Below { text: String::new(), width };
    match &event.what {
        What::Script { reasons, text, .. } => {
            if detail != Detail::Lines {
                (1..).zip(reasons).for_each(|(n, reason)| below.line(&format!("{n}. {reason}")));
            }
            if detail == Detail::Full {
                text.lines().for_each(|line| below.raw(line));
            }
        }
        What::DhcpOffered { asked, sent, .. } | What::DhcpProxied { asked, sent, .. } if detail == Detail::Full => {
            below.options("asked", asked);
            below.options("sent", sent);
        }
        _ => {}
    }
    below.text
}

struct Below {
    text: String,
    width: usize,
}

impl Below {
    fn line(&mut self, text: &str) {
        self.text.push_str(&format!("{:INDENT$}{}\n", "", output::hang(text, INDENT + 3, self.width)));
    }

    fn raw(&mut self, text: &str) {
        self.text.push_str(format!("{:INDENT$}| {text}", "").trim_end());
        self.text.push('\n');
    }

    fn options(&mut self, heading: &str, kept: &Hex) {
        for (code, value) in Options::from_bytes(&kept.0).described().filter(|(code, _)| *code != Code::MESSAGE_TYPE) {
            self.line(&format!("{heading} {code}: {value}"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::overview::tests::{at, script};
    use firstlight_wire::dhcp::MessageType;

    #[test]
    fn a_script_is_told_with_its_reasons_and_in_full_with_its_text() {
        let What::Script { attempt, asked, from, boots, leads, profile, .. } = script("profile a") else { panic!() };
        let reasons = vec!["its MAC address is that of machine kitt (site.hcl:3:1)".to_owned()];
        let text = "#!ipxe\n\nboot\n".to_owned();
        let event = at(0, What::Script { attempt, asked, from, boots, leads, profile, reasons, text });
        let indent = " ".repeat(INDENT);
        let reason = format!("{indent}1. its MAC address is that of machine kitt (site.hcl:3:1)\n");
        assert_eq!(below(&event, Detail::Lines, 200), "");
        assert_eq!(below(&event, Detail::Reasons, 200), reason);
        let script = format!("{indent}| #!ipxe\n{indent}|\n{indent}| boot\n");
        assert_eq!(below(&event, Detail::Full, 200), format!("{reason}{script}"));
    }

    #[test]
    fn options_are_told_by_name() {
        let mut options = Options::new();
        options.put_type(MessageType::Discover);
        options.put_u16(Code::CLIENT_ARCH, 7);
        let what = What::DhcpOffered {
            address: [10, 20, 0, 11].into(),
            client: "UEFI amd64".to_owned(),
            boot: None,
            uuid: None,
            asked: options.as_bytes().into(),
            sent: Hex::default(),
        };
        let told = below(&at(0, what), Detail::Full, 200);
        assert_eq!(told.trim(), "asked client architecture (93): UEFI amd64 (7)");
    }
}
