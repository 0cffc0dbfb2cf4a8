//! A machine's events as a timeline, boot by boot: when each came, and how long after the one before it.

mod detail;

use crate::{output, overview::OS, words};
use firstlight_model::Timestamp;
use firstlight_state::{Diagnosis, Event, Leads, What, diagnose};

pub(crate) use detail::Detail;

/// Where a line's text begins, behind its times and its step.
const INDENT: usize = 29;

/// Tells the events of one machine into boots.
#[derive(Default)]
struct Boots {
    began: bool,
    /// The boot has come to its script, and not just to the menu's.
    decided: bool,
}

impl Boots {
    /// True where an event begins another boot: the firmware speaks again, or a script is asked for again.
    fn begins(&mut self, event: &Event) -> bool {
        let (again, decided) = match &event.what {
            What::DhcpOffered { client, .. } | What::DhcpProxied { client, .. } | What::DhcpAcked { client, .. } => {
                (client != OS, false)
            }
            What::Script { boots, .. } => (true, boots != "menu"),
            What::Parked { .. } => (true, true),
            _ => (false, false),
        };
        let begins = !self.began || (self.decided && again);
        self.began = true;
        self.decided = decided || (self.decided && !begins);
        begins
    }
}

/// A timeline that is told as it happens.
pub(crate) struct Timeline {
    boots: Boots,
    start: Timestamp,
    last: Timestamp,
    detail: Detail,
    width: usize,
}

impl Timeline {
    pub(crate) fn new(detail: Detail, width: usize) -> Self {
        Timeline { boots: Boots::default(), start: Timestamp(0), last: Timestamp(0), detail, width }
    }

    /// The line for an event, below a heading where it begins a boot.
    pub(crate) fn line(&mut self, event: &Event) -> String {
        let first = self.start == Timestamp(0);
        if !self.boots.begins(event) {
            return self.plain_line(event);
        }
        let gap = if first { "" } else { "\n" };
        format!("{gap}Boot of {}\n{}", event.at, self.first_line(event))
    }

    fn first_line(&mut self, event: &Event) -> String {
        (self.start, self.last) = (event.at, event.at);
        self.plain_line(event)
    }

    fn plain_line(&mut self, event: &Event) -> String {
        let pause = event.at.since(self.last).as_secs_f64();
        let pause = if event.at == self.start { String::new() } else { format!("+{pause:.2}") };
        self.last = event.at;
        let at = event.at.since(self.start).as_secs_f64();
        let text = output::hang(&event.summary(), INDENT, self.width);
        format!("{at:>9.2} {pause:>8}  {:8} {text}\n{}", event.step(), detail::below(event, self.detail, self.width))
    }
}

/// A machine's events, boot by boot.
pub(crate) fn boots(events: &[Event]) -> Vec<&[Event]> {
    let mut boots = Boots::default();
    let starts: Vec<usize> = (0..).zip(events).filter(|(_, event)| boots.begins(event)).map(|(at, _)| at).collect();
    let ends = starts.iter().skip(1).copied().chain([events.len()]);
    starts.iter().zip(ends).map(|(start, end)| events.get(*start..end).unwrap_or_default()).collect()
}

/// What the last boot waits for, where it has come to a halt.
pub(crate) fn halted(events: &[Event], now: Timestamp) -> Option<Diagnosis> {
    diagnose(boots(events).last()?, now, false)
}

/// The whole timeline: each boot with what became of it.
pub(crate) fn whole(events: &[Event], now: Timestamp, detail: Detail, width: usize) -> String {
    let boots = boots(events);
    let last = boots.len().saturating_sub(1);
    (0..).zip(boots).map(|(n, boot)| told(boot, n == last, now, detail, width)).collect()
}

fn told(boot: &[Event], is_last: bool, now: Timestamp, detail: Detail, width: usize) -> String {
    let Some((first, rest)) = boot.split_first() else { return String::new() };
    let mut timeline = Timeline::new(detail, width);
    let mut text = format!("\nBoot of {}: {}\n{}", first.at, became(boot, is_last), timeline.first_line(first));
    rest.iter().for_each(|event| text.push_str(&timeline.plain_line(event)));
    if let Some(Diagnosis { seen, likely }) = diagnose(boot, now, !is_last) {
        text.push_str(&format!("{:20}halted   {}\n", "", output::hang(&seen, INDENT, width)));
        text.push_str(&format!("{:20}likely   {}\n", "", output::hang(&likely, INDENT, width)));
    }
    text
}

/// What became of a boot.
fn became(boot: &[Event], is_last: bool) -> String {
    let start = boot.first().map(|event| event.at).unwrap_or_default();
    let after = |event: &Event| words::span(event.at.since(start));
    let of = |event: &Event| match &event.what {
        What::Script { boots, leads, .. } => Some((boots.clone(), *leads)),
        _ => None,
    };
    let end = |event: &Event| match event.what {
        What::Reported { .. } => Some(format!("up after {}", after(event))),
        What::Parked { .. } => Some(format!("parked after {}", after(event))),
        _ => None,
    };
    let yet = if is_last { " yet" } else { "" };
    match (boot.iter().rev().find_map(of), boot.iter().find_map(end)) {
        (Some((boots, _)), Some(end)) => format!("{boots}, {end}"),
        (None, Some(end)) => end,
        (None, None) if boot.iter().any(|event| matches!(event.what, What::Waits { .. })) => {
            format!("what it boots is not here{yet}")
        }
        // From there it does not report.
        (Some((boots, Leads::Disk | Leads::Silent)), None) => boots,
        (Some((boots, _)), None) => format!("{boots}, no report{yet}"),
        (None, None) => format!("no script was asked for{yet}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::overview::tests::{acked, at, reported, script};

    const WIDE: usize = 200;

    fn headings(whats: Vec<What>) -> Vec<String> {
        let events: Vec<Event> = (0u64..).zip(whats).map(|(second, what)| at(second * 1000, what)).collect();
        let text = whole(&events, Timestamp(10_000), Detail::Lines, WIDE);
        let headings = text.lines().filter_map(|line| line.strip_prefix("Boot of 1970-01-01T00:00:"));
        headings.map(|heading| heading.replace(".000Z", "")).collect()
    }

    #[test]
    fn a_boot_goes_from_the_firmware_to_the_report() {
        let boot = || vec![acked("BIOS"), acked("iPXE (BIOS)"), script("profile a"), acked(OS), reported()];
        assert_eq!(headings(boot()), ["00: profile a, up after 4.0 s"]);
        let twice = [boot(), vec![acked(OS)], boot()].concat();
        assert_eq!(headings(twice), ["00: profile a, up after 4.0 s", "06: profile a, up after 4.0 s"]);
    }

    #[test]
    fn a_script_that_is_asked_for_again_is_another_boot_but_not_behind_the_menu() {
        let failed = vec![script("profile a"), script("profile a")];
        assert_eq!(headings(failed), ["00: profile a, no report", "01: profile a, no report yet"]);
        let chosen = vec![acked("BIOS"), script("menu"), script("profile a"), reported()];
        assert_eq!(headings(chosen), ["00: profile a, up after 3.0 s"]);
        let to_disk = vec![acked("BIOS"), script("disk"), acked(OS)];
        assert_eq!(headings(to_disk), ["00: disk"]);
        assert_eq!(headings(vec![acked("BIOS")]), ["00: no script was asked for yet"]);
    }

    #[test]
    fn a_stranger_that_is_declared_boots_anew() {
        let parked = What::Parked { reason: "nobody knows it".to_owned() };
        let events = vec![acked("BIOS"), parked, script("profile a")];
        assert_eq!(headings(events), ["00: parked after 1.0 s", "02: profile a, no report yet"]);
    }

    #[test]
    fn pauses_are_shown_and_long_lines_hang() {
        let mut timeline = Timeline::new(Detail::Lines, 50);
        let first = timeline.line(&at(1000, acked("BIOS")));
        assert_eq!(first, "Boot of 1970-01-01T00:00:01.000Z\n     0.00           DHCP     BIOS has 10.20.0.11\n");
        let what = What::Parked { reason: "no machine is declared with this MAC address".to_owned() };
        let next = timeline.line(&at(3500, what));
        let indent = " ".repeat(INDENT);
        assert_eq!(
            next,
            format!("     2.50    +2.50  parked   no machine is\n{indent}declared with this\n{indent}MAC address\n")
        );
    }
}
