//! An explanation as people read it.

use super::Explanation;
use crate::{
    output,
    timeline::{self, Detail},
};
use firstlight_serve::now;

impl Explanation {
    pub(super) fn text(&self, width: usize) -> String {
        let mut text = format!("{}\n", self.headline());
        let mut row = |key: &str, value: &str| text.push_str(&format!("  {key:8} {value}\n"));
        row(
            "MAC",
            &self
                .mac
                .map_or_else(|| "not known to the site: MAC stands for it below".to_owned(), |mac| mac.to_string()),
        );
        self.uuid.iter().for_each(|uuid| row("UUID", &uuid.to_string()));
        self.serial.iter().for_each(|serial| row("serial", serial));
        row("network", &self.network);
        row("address", &self.address.map_or_else(|| "one from the range".to_owned(), |address| address.to_string()));
        text.push_str("\nWhy\n");
        for (n, reason) in (1..).zip(&self.reasons) {
            text.push_str(&format!("  {n}. {}\n", output::hang(reason, 5, width)));
        }
        text.push_str("\nWhat DHCP tells it\n");
        for (client, step) in &self.first_step {
            text.push_str(&format!("  {client:17}  {step}\n"));
        }
        match &self.script {
            Some(script) => {
                text.push_str(&format!("\nIts script (TOKEN stands for the attempt's own)\n{}", indented(script)))
            }
            None => text.push_str("\nIts script\n  none: the answer is 404, and the firmware goes on to the disk\n"),
        }
        for (name, config) in &self.configs {
            text.push_str(&format!("\nIts config {name}\n{}", indented(config)));
        }
        if !self.last_boot.is_empty() {
            text.push_str("\nWhat was recorded last (`firstlight machines show` has all)\n");
            text.push_str(&timeline::whole(&self.last_boot, now(), Detail::Reasons, width));
        }
        text
    }

    fn headline(&self) -> String {
        let who = match (&self.machine, self.mac, self.uuid) {
            (Some(name), ..) => name.clone(),
            (None, Some(mac), _) => format!("{mac}, which nobody declared,"),
            (None, None, Some(uuid)) => format!("{uuid}, which nobody declared,"),
            (None, None, None) => "it".to_owned(),
        };
        match self.boots.as_str() {
            "parked" => format!("{who} is parked"),
            "disk" => format!("{who} starts its disk"),
            "ignored" => format!("{who} gets no answer"),
            "menu" => format!("{who} gets the boot menu"),
            boots => format!("{who} boots {boots}"),
        }
    }
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {line}").trim_end().to_owned() + "\n").collect()
}

#[cfg(test)]
mod tests {
    use super::super::{ask_for, explain, with_placeholders};
    use firstlight_plan::Standing;
    use firstlight_site::{Memory, Sources, parse};

    const SITE: &str = r#"
network "boot" {
  interface = "eth1"
  subnet    = "10.20.0.0/24"
}
profile "hello" {
  script = "hello.ipxe"
}
machine "kitt" {
  mac     = "52:54:00:00:00:01"
  address = "10.20.0.11"
}
machine "spare" {
  serial = "S 1"
}
"#;

    fn explained(who: &str) -> String {
        let script = "#!ipxe\necho {{ machine.bootif }} {{ machine.mac }}\n";
        let files = [("x/hello.ipxe".into(), script.to_owned())].into();
        let site = parse(&Sources::single("x", SITE), &Memory { files, ..Memory::default() }).unwrap().site;
        let Ok(ask) = ask_for(&site, who, None) else { return "nobody".to_owned() };
        explain(&with_placeholders(site), &ask, &Standing::default(), None).ok().unwrap().text(200)
    }

    #[test]
    fn a_declared_machine_is_explained_by_name_and_by_address() {
        let by_name = explained("KITT");
        assert!(by_name.starts_with("kitt boots profile hello\n  MAC      52:54:00:00:00:01\n"), "{by_name}");
        assert!(by_name.contains("  address  10.20.0.11\n"), "{by_name}");
        assert_eq!(explained("52:54:00:00:00:01"), by_name);
    }

    #[test]
    fn no_address_is_made_up_for_a_machine_that_is_known_otherwise() {
        let text = explained("spare");
        assert!(text.contains("not known to the site") && text.contains("echo 01-MAC MAC\n"), "{text}");
        assert!(!text.contains("00:00:5e") && !text.contains("00-00-5e"), "{text}");
        assert_eq!(explained("S 1"), text);
    }

    #[test]
    fn a_stranger_is_said_to_be_one() {
        assert!(explained("52:54:00:00:00:99").starts_with("52:54:00:00:00:99, which nobody declared, is parked\n"));
        let uuid = "4c4c4544-0051-3210-8052-b4c04f4d3532";
        assert!(explained(uuid).starts_with(&format!("{uuid}, which nobody declared, is parked\n")));
        assert_eq!(explained("nobody"), "nobody");
    }
}
