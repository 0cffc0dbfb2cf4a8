//! The kernel's command line. Only what concerns us is read; the last of several same ones counts, as in the kernel.

use firstlight_model::Mac;

/// What the kernel's command line asks of us.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Arguments {
    /// `firstlight.report`: the URL to report to.
    pub(crate) report: Option<String>,
    /// `firstlight.inventory`: the URL to tell what the machine is made of.
    pub(crate) inventory: Option<String>,
    /// `firstlight.parked`: the URL to ask whether there is something else to boot.
    pub(crate) parked: Option<String>,
    /// `firstlight.after`: what comes after the report.
    pub(crate) after: After,
    /// `BOOTIF`: the interface that the machine booted from.
    pub(crate) boot_interface: Option<Mac>,
    /// What is wrong in it, for the console.
    pub(crate) complaints: Vec<String>,
}

/// What comes after the report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum After {
    /// Stay up.
    #[default]
    Wait,
    /// Power off.
    PowerOff,
    /// Start again.
    Reboot,
}

impl Arguments {
    /// Reads `/proc/cmdline`'s text.
    pub(crate) fn parse(line: &str) -> Self {
        let mut arguments = Arguments::default();
        for (key, value) in line.split_ascii_whitespace().filter_map(|word| word.split_once('=')) {
            match key {
                "firstlight.report" => arguments.report = Some(value.to_owned()),
                "firstlight.inventory" => arguments.inventory = Some(value.to_owned()),
                "firstlight.parked" => arguments.parked = Some(value.to_owned()),
                "firstlight.after" => arguments.read_after(value),
                "BOOTIF" => arguments.read_boot_interface(value),
                _ => {}
            }
        }
        arguments
    }

    fn read_after(&mut self, value: &str) {
        self.after = match value {
            "wait" => After::Wait,
            "poweroff" => After::PowerOff,
            "reboot" => After::Reboot,
            _ => return self.complaints.push(format!("firstlight.after={value}: expected wait, poweroff or reboot")),
        };
    }

    /// `01-` is Ethernet's hardware type; some loaders leave it out.
    fn read_boot_interface(&mut self, value: &str) {
        let address = if value.len() > 17 { value.strip_prefix("01-").unwrap_or(value) } else { value };
        match address.parse() {
            Ok(mac) => self.boot_interface = Some(mac),
            Err(wrong) => self.complaints.push(format!("BOOTIF={value}: {wrong}")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_concerns_us_is_read_among_the_rest() {
        let line = "console=ttyS0 quiet BOOTIF=01-52-54-00-12-34-56 firstlight.report=http://10.0.0.1/r?t=a=b firstlight.inventory=http://10.0.0.1/i firstlight.after=poweroff\n";
        let expected = Arguments {
            report: Some("http://10.0.0.1/r?t=a=b".into()),
            inventory: Some("http://10.0.0.1/i".into()),
            parked: None,
            after: After::PowerOff,
            boot_interface: Some(Mac([0x52, 0x54, 0, 0x12, 0x34, 0x56])),
            complaints: vec![],
        };
        assert_eq!(Arguments::parse(line), expected);
        assert_eq!(Arguments::parse(""), Arguments::default());
    }

    #[test]
    fn an_address_without_its_hardware_type_is_read_too() {
        assert_eq!(
            Arguments::parse("BOOTIF=52:54:00:12:34:56").boot_interface,
            Some(Mac([0x52, 0x54, 0, 0x12, 0x34, 0x56]))
        );
    }

    #[test]
    fn nonsense_is_complained_about_and_passed_over() {
        let arguments = Arguments::parse("BOOTIF=eth0 firstlight.after=sleep firstlight.report");
        assert_eq!(arguments.complaints.len(), 2, "{:?}", arguments.complaints);
        assert_eq!((arguments.after, arguments.boot_interface, arguments.report), (After::Wait, None, None));
    }
}
