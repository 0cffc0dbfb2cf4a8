//! What a machine that is booted into cloud-init is served: the site's own parts put together, and what is made where the site
//! has none.
#![allow(clippy::unwrap_used)]

use firstlight_boot::{Ask, BootSet, Client, Finding, Recipient, Secrets, Token, check_configs, cloud_configs};
use firstlight_plan::Standing;
use firstlight_site::{Memory, Site, Sources, parse};
use std::collections::BTreeMap;

const SITE: &str = r#"
site {
  name   = "fra1"
  domain = "lab.example"
}
network "boot" {
  interface = "eth1"
  subnet    = "10.20.0.0/24"
  gateway   = "10.20.0.254"
  mtu       = 1400
}
network "office" {
  interface = "eth2"
  subnet    = "10.30.0.0/24"
  dhcp { mode = "proxy" }
}
asset "linux" { path = "linux" }
profile "debian" {
  kernel = asset.linux
  args   = "ds=nocloud;s={{ seed_url }}"
}
class "node" {
  profile = profile.debian
  config  = "node.yaml"
}
machine "kitt" {
  mac     = "52:54:00:12:34:56"
  class   = class.node
  address = "10.20.0.11"
  config  = "kitt.yaml"
}
machine "hal" {
  mac     = "52:54:00:12:34:57"
  profile = profile.debian
}
"#;

fn site(text: &str) -> Site {
    let files = [
        ("linux", ""),
        ("node.yaml", "#cloud-config\npackages: [vim]\n"),
        ("kitt.yaml", "#cloud-config\npackages: [{{ site.name }}]\n"),
        ("secrets/join", "hunter2\n"),
        ("secret.yaml", "#cloud-config\npassword: {{ secrets.join }}\n"),
        ("typo.yaml", "#cloud-config\nhostname: {{ machine.name }}\npackage: [vim]\nruncmd: reboot\n"),
    ];
    let files = files.into_iter().map(|(path, text)| (format!("site/{path}").into(), text.to_owned())).collect();
    let outside = Memory { files, ..Memory::default() };
    parse(&Sources::single("site", text), &outside).unwrap().site
}

/// A part, as the machine would be served it on a network.
fn part_on(text: &str, machine: &str, network: &str, name: &str) -> Option<String> {
    let set = BootSet::new(site(text), BTreeMap::new(), BTreeMap::new(), 0);
    let ask = Ask { client: Client::Ipxe(None), ..Ask::of(&set.site.machines[machine]) };
    let decision = set.resume(&ask, None, Some("debian"));
    let network = set.site.networks.iter().find(|it| it.name == network).unwrap();
    let token = Token::new(7);
    let recipient = Recipient { ask: &ask, decision: &decision, network, token: &token, secrets: Secrets::Shown };
    Some(set.config(&recipient, name)?.unwrap().text)
}

fn part(text: &str, machine: &str, name: &str) -> String {
    part_on(text, machine, "boot", name).unwrap()
}

#[test]
fn parts_of_class_and_machine_are_merged() {
    let user_data = part(SITE, "kitt", "user-data");
    let place = |text: &str| user_data.find(text).unwrap();
    assert!(place("filename=\"02-kitt.yaml\"") < place("packages: [fra1]"));
    assert!(place("packages: [fra1]") < place("packages: [vim]"));
}

#[test]
fn what_the_site_does_not_say_is_made() {
    assert_eq!(part(SITE, "hal", "user-data"), "#cloud-config\n{}\n");
    assert_eq!(
        part(SITE, "kitt", "meta-data"),
        "instance-id: \"kitt\"\nlocal-hostname: \"kitt.lab.example\"\navailability-zone: \"fra1\"\n"
    );
    let network = part(SITE, "kitt", "network-config");
    for line in
        ["macaddress: \"52:54:00:12:34:56\"", "addresses: [\"10.20.0.11/24\"]", "mtu: 1400", "via: \"10.20.0.254\""]
    {
        assert!(network.contains(line), "{line} is not in\n{network}");
    }
    assert!(part(SITE, "hal", "network-config").ends_with("dhcp4: true\n"));
    let elsewhere = part_on(SITE, "kitt", "office", "network-config").unwrap();
    assert!(elsewhere.ends_with("dhcp4: true\n"), "another server gives the addresses there:\n{elsewhere}");
    assert_eq!(part_on(SITE, "kitt", "boot", "preseed.cfg"), None);
}

#[test]
fn nothing_is_made_where_nobody_reads_it() {
    let text = SITE.replace("ds=nocloud;s={{ seed_url }}", "quiet");
    assert_eq!(part_on(&text, "hal", "boot", "meta-data"), None);
    assert!(part_on(&text, "kitt", "boot", "meta-data").is_some(), "it has user-data");
}

#[test]
fn it_reports_by_itself_where_nothing_else_does() {
    let report = |text: &str| part(text, "hal", "vendor-data").contains("/r/00000000000000000000000000000007");
    assert!(report(SITE));
    assert!(!report(&SITE.replace("ds=nocloud", "report={{ report_url }} ds=nocloud")));
    assert!(!report(&SITE.replace("  args   =", "  install { disk = \"/dev/vda\" }\n  args   =")));
    let set = BootSet::new(site(SITE), BTreeMap::new(), BTreeMap::new(), 0);
    let ask = Ask::of(&set.site.machines["hal"]);
    let rules = set.rules(&ask, None, &Standing::default());
    assert_eq!(rules.boots, firstlight_plan::Boots::Live { reports: true });
}

#[test]
fn each_install_is_another_instance() {
    let text = SITE.replace("  args   =", "  install { disk = \"/dev/vda\" }\n  args   =");
    let meta_data = part(&text, "kitt", "meta-data");
    let id = meta_data.lines().next().unwrap();
    assert!(id.starts_with("instance-id: \"kitt-") && id.len() == "instance-id: \"kitt-00000000\"".len(), "{id}");
}

#[test]
fn a_seed_has_no_attempt() {
    let set = BootSet::new(site(SITE), BTreeMap::new(), BTreeMap::new(), 0);
    let names = |machine: &str| -> Vec<String> {
        set.seed(&set.site.machines[machine], None).unwrap().into_iter().map(|(name, _)| name).collect()
    };
    assert_eq!(names("kitt"), ["user-data", "meta-data", "network-config"]);
    let seed = set.seed(&set.site.machines["kitt"], Some("2")).unwrap();
    assert!(seed[1].1.starts_with("instance-id: \"kitt-2\"\n"), "{seed:?}");
}

#[test]
fn a_seed_holds_the_machines_secrets_and_another_checker_gets_none() {
    let secret = "secret \"join\" {\n  file = \"secrets/join\"\n  classes = [\"node\"]\n}\n";
    let site = site(&format!("{secret}{}", SITE.replace("kitt.yaml", "secret.yaml")));
    let texts: String = cloud_configs(&site).into_iter().map(|config| config.text).collect();
    assert!(texts.contains("packages: [vim]") && texts.contains("password: ") && !texts.contains("hunter2"), "{texts}");
    let set = BootSet::new(site, BTreeMap::new(), BTreeMap::new(), 0);
    let seed = set.seed(&set.site.machines["kitt"], None).unwrap();
    assert!(seed[0].1.contains("password: hunter2\n"), "{seed:?}");
}

#[test]
fn what_is_wrong_is_said_at_the_users_own_line() {
    let text = SITE.replace("kitt.yaml", "typo.yaml");
    let line = |finding: &Finding| {
        format!("{}:{}:{} {} {}", finding.file, finding.line, finding.column, finding.warning, finding.message)
    };
    let found: Vec<String> = check_configs(&site(&text)).iter().map(|problem| line(&problem.finding)).collect();
    assert_eq!(
        found,
        [
            "typo.yaml:3:1 true cloud-init has no module that knows `package`",
            "typo.yaml:4:9 false `runcmd` is a text, and has to be a list",
        ]
    );
}
