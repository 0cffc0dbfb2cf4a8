//! Who boots what: from a site's text to decisions, first steps, scripts and configs.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use firstlight_boot::{
    Ask, BootSet, Choice, Client, Content, FirstStep, Outcome, Recipient, Secrets, Token, check_configs, loaders,
};
use firstlight_model::{Firmware, Mac, Timestamp};
use firstlight_plan::{Once, Stage, Standing};
use firstlight_site::{Memory, Site, Sources, parse};

const SITE: &str = r#"
network "boot" {
  interface = "eth1"
  subnet    = "10.20.0.0/24"
}

asset "linux" {
  path = "vmlinuz"
}

asset "initrd" {
  path = "initrd"
}

profile "small" {
  kernel = asset.linux
  initrd = asset.initrd
  config = "node.cfg"
  args   = "console=ttyS0 region={{ vars.region }} cfg={{ config_url }} up={{ report_url }}"
  vars   = { region = "none" }
}

profile "secret" {
  kernel = asset.linux
  menu   = false
}

profile "arm" {
  kernel = asset.linux
  arch   = "arm64"
}

profile "disk" {
  boot = "disk"
}

class "worker" {
  profile = profile.small
  vars    = { region = "fra1" }
}

machine "kitt" {
  mac     = "52:54:00:00:00:01"
  class   = class.worker
  address = "10.20.0.11"
}

machine "hal" {
  uuid    = "33221100-5544-7766-8899-aabbccddeeff"
  profile = profile.disk
}

machine "tars" {
  mac      = "52:54:00:00:00:03"
  profile  = profile.disk
  leave_by = "sanboot"
}

machine "arm" {
  mac     = "52:54:00:00:00:04"
  profile = profile.arm
}

machine "bare" {
  mac = "52:54:00:00:00:05"
}
"#;

fn site(text: &str) -> Site {
    let files = [("vmlinuz", ""), ("initrd", ""), ("node.cfg", "name {{ machine.name }}\n")];
    let files = files.map(|(name, text)| (format!("site/{name}").into(), text.to_owned())).into();
    let outside = Memory { files, ..Memory::default() };
    match parse(&Sources::single("site", text), &outside) {
        Ok(loaded) => loaded.site,
        Err(report) => panic!("{report}"),
    }
}

fn set(text: &str) -> BootSet {
    let nothing = || Content::Bytes(Vec::new().into());
    let site = site(text);
    let files = loaders(&site).into_iter().flat_map(|loader| loader.files);
    let loaders = files.map(|file| (file.name, nothing())).collect();
    BootSet::new(site, Default::default(), loaders, 1)
}

fn ask(last: u8, client: Client) -> Ask {
    Ask { mac: Mac([0x52, 0x54, 0, 0, 0, last]), uuid: None, serial: None, client }
}

const IPXE: Client = Client::Ipxe(Some(Firmware::Bios));

fn boots(set: &BootSet, ask: &Ask, choice: Option<Choice>) -> String {
    set.decide(ask, choice.as_ref(), &Standing::default()).outcome.summary()
}

fn script(set: &BootSet, ask: &Ask) -> String {
    let decision = set.decide(ask, None, &Standing::default());
    set.script(ask, &decision, &set.site.networks[0], &Token::new(1)).unwrap().unwrap()
}

#[test]
fn a_declared_machine_boots_its_classes_profile_and_says_why() {
    let set = set(SITE);
    let decision = set.decide(&ask(1, IPXE), None, &Standing::default());
    assert!(matches!(decision.outcome, Outcome::Profile(profile) if profile.name == "small"));
    let reasons: Vec<String> = decision.reasons.iter().map(ToString::to_string).collect();
    assert_eq!(reasons[0], "its MAC address is that of machine kitt (site.hcl:42:1)");
    assert_eq!(reasons[1], "it is of class worker (site.hcl:37:1)");
    assert_eq!(reasons[2], "its profile is small, its class's (site.hcl:15:1)");
}

#[test]
fn a_uuid_says_more_than_a_mac() {
    let set = set(SITE);
    let asks = Ask { uuid: Some("33221100-5544-7766-8899-aabbccddeeff".parse().unwrap()), ..ask(1, IPXE) };
    assert_eq!(set.decide(&asks, None, &Standing::default()).machine.unwrap().name.as_str(), "hal");
}

#[test]
fn a_sites_own_loaders_come_first_and_reach_firmware_that_has_no_usual_one() {
    let own = r#"
loader "uboot" {
  arch = 22
  path = "boot.scr.uimg"
  then = "nothing"
}
loader "signed" {
  arch   = [7, 9, 16]
  path   = "sb/ipxe-shimx64.efi"
  beside = "sb/ipxe.efi"
}
loader "odd" {
  arch = 27
  path = "odd.efi.signed"
  over = "http"
}
loader "arm" {
  arch = [11, 19]
  path = "ipxe-arm64.efi"
}
"#;
    let set = set(&format!("{SITE}{own}"));
    let step = |client| set.greet(&ask(1, client), &set.site.networks[0]).step;
    let signed = FirstStep::Url("http://10.20.0.1:8080/loader/signed/ipxe-shimx64.efi".to_owned());
    assert_eq!(step(Client::Pxe(Firmware::Other(22))), FirstStep::Tftp("uboot/boot.scr.uimg".to_owned()));
    assert_eq!(step(Client::Pxe(Firmware::Other(21))), FirstStep::AddressOnly, "nobody named 21");
    assert_eq!(step(Client::Pxe(Firmware::UefiAmd64)), FirstStep::Tftp("signed/ipxe-shimx64.efi".to_owned()));
    assert_eq!(step(Client::HttpBoot(Firmware::UefiAmd64Http)), signed);
    let arm = FirstStep::Url("http://10.20.0.1:8080/loader/arm/ipxe-arm64.efi".to_owned());
    assert_eq!(step(Client::Pxe(Firmware::UefiArm64)), FirstStep::Tftp("arm/ipxe-arm64.efi".to_owned()));
    assert_eq!(step(Client::HttpBoot(Firmware::UefiArm64Http)), arm, "each firmware in its own way");
    let odd = FirstStep::Url("http://10.20.0.1:8080/loader/odd/odd.efi".to_owned());
    assert_eq!(step(Client::Pxe(Firmware::Other(27))), odd, "as `over` says");
    assert_eq!(step(Client::Pxe(Firmware::Bios)), FirstStep::Tftp("undionly.kpxe".to_owned()));
    assert!(set.loader("signed/ipxe.efi").is_some() && set.loader("snponly.efi").is_none());
}

#[test]
fn with_secure_boot_a_uefi_machine_gets_the_signed_chain_and_nothing_else() {
    let text = SITE.replace("mac     = \"52:54:00:00:00:01\"", "mac = \"52:54:00:00:00:01\"\n secure_boot = true");
    let secure = set(&text);
    let step = |last, client| secure.greet(&ask(last, client), &secure.site.networks[0]).step;
    let shim = FirstStep::Tftp("secure-boot/shimx64.efi".to_owned());
    let by_http = FirstStep::Url("http://10.20.0.1:8080/loader/secure-boot/shimx64.efi".to_owned());
    assert_eq!(step(1, Client::Pxe(Firmware::UefiAmd64)), shim);
    assert_eq!(step(1, Client::HttpBoot(Firmware::UefiAmd64Http)), by_http);
    assert_eq!(step(1, Client::Pxe(Firmware::UefiArm64)), FirstStep::AddressOnly, "nothing signed is known for it");
    assert_eq!(step(1, Client::Pxe(Firmware::Bios)), FirstStep::Tftp("undionly.kpxe".to_owned()), "no Secure Boot");
    assert_eq!(step(2, Client::Pxe(Firmware::UefiAmd64)), FirstStep::Tftp("snponly.efi".to_owned()));
    // A shim that was told no folder asks without one; by HTTP it puts two slashes.
    assert_eq!(secure.loader_file("grubx64.efi"), Some("secure-boot/grubx64.efi"));
    assert_eq!(secure.loader_file("secure-boot//grubx64.efi"), Some("secure-boot/grubx64.efi"));
    assert_eq!(set(SITE).loader_file("grubx64.efi"), None, "not served where nobody has `secure_boot`");
}

#[test]
fn grub_is_told_the_same_as_ipxe_in_its_own_language() {
    let set = set(SITE);
    let grub = |last| {
        let ask = ask(last, Client::Grub(Some(Firmware::UefiAmd64)));
        let decision = set.decide(&ask, None, &Standing::default());
        set.grub_script(&ask, &decision, &set.site.networks[0], &Token::new(1)).unwrap()
    };
    let token = Token::new(1).as_str().to_owned();
    let kitt = grub(1);
    for line in [
        "echo 'Firstlight: kitt boots profile small'\n".to_owned(),
        format!(
            "if linux '/b/{token}/linux' 'console=ttyS0' 'region=fra1' 'cfg=http://10.20.0.1:8080/c/{token}/node.cfg'"
        ),
        format!("  if initrd '/b/{token}/initrd'; then\n    boot\n"),
    ] {
        assert!(kitt.contains(&line), "{line} in {kitt}");
    }
    assert!(grub(3).ends_with("exit\n"), "to the disk: {}", grub(3));
    assert!(grub(4).contains("echo 'Parked: its profile arm does not run on amd64.'"), "{}", grub(4));
    assert!(grub(9).contains("Its MAC address is 52:54:00:00:00:09."), "{}", grub(9));
}

#[test]
fn grubs_menu_offers_what_ipxes_does() {
    let set = set(&format!("site {{\n unknown = \"menu\"\n menu_timeout = \"0s\"\n}}\n{SITE}"));
    let ask = ask(9, Client::Grub(None));
    let decision = set.decide(&ask, None, &Standing::default());
    let menu = set.grub_script(&ask, &decision, &set.site.networks[0], &Token::new(1)).unwrap();
    assert!(menu.contains("set timeout=-1\nset default='disk'\n"), "{menu}");
    assert!(menu.contains("menuentry 'small' --id 'profile-small' {\n  configfile '/boot.grub?mac=52:54:00:00:00:09&profile=small'\n}\n"), "{menu}");
    assert!(!menu.contains("secret"), "{menu}");
}

#[test]
fn each_firmware_gets_its_loader_and_ipxe_its_script() {
    let set = set(SITE);
    let step = |client| set.greet(&ask(1, client), &set.site.networks[0]).step;
    assert_eq!(step(Client::Pxe(Firmware::Bios)), FirstStep::Tftp("undionly.kpxe".to_owned()));
    assert_eq!(step(Client::Pxe(Firmware::UefiAmd64)), FirstStep::Tftp("snponly.efi".to_owned()));
    let url = FirstStep::Url("http://10.20.0.1:8080/loader/ipxe.efi".to_owned());
    assert_eq!(step(Client::HttpBoot(Firmware::UefiAmd64Http)), url);
    assert_eq!(step(Client::Pxe(Firmware::Other(27))), FirstStep::AddressOnly);
    assert_eq!(step(Client::Other), FirstStep::AddressOnly);
    let url = "http://10.20.0.1:8080/boot.ipxe?mac=52:54:00:00:00:01&firmware=pcbios-i386";
    assert_eq!(step(IPXE), FirstStep::Url(url.to_owned()));
}

#[test]
fn strangers_get_what_the_site_says() {
    let with = |unknown| set(&format!("site {{\n  unknown = \"{unknown}\"\n  default_profile = \"small\"\n}}\n{SITE}"));
    let stranger = ask(99, IPXE);
    assert_eq!(boots(&with("park"), &stranger, None), "parked");
    assert_eq!(boots(&with("menu"), &stranger, None), "menu");
    assert_eq!(boots(&with("boot"), &stranger, None), "profile small");
    let ignoring = with("ignore");
    assert_eq!(ignoring.greet(&stranger, &ignoring.site.networks[0]).step, FirstStep::Silence);
    assert_ne!(ignoring.greet(&ask(1, IPXE), &ignoring.site.networks[0]).step, FirstStep::Silence);
}

#[test]
fn who_may_yet_be_known_by_serial_number_is_not_ignored() {
    let text = format!("site {{\n  unknown = \"ignore\"\n}}\n{SITE}machine \"deep\" {{\n  serial = \"S1\"\n}}\n");
    let set = set(&text);
    assert_ne!(set.greet(&ask(99, IPXE), &set.site.networks[0]).step, FirstStep::Silence);
    let known = Ask { serial: Some("S1".to_owned()), ..ask(99, IPXE) };
    assert_eq!(set.decide(&known, None, &Standing::default()).machine.unwrap().name.as_str(), "deep");
}

#[test]
fn the_menu_gives_a_stranger_only_what_it_offers() {
    let profile = |name: &str| Some(Choice::Profile(name.to_owned()));
    let parked = set(SITE);
    assert_eq!(boots(&parked, &ask(99, IPXE), profile("small")), "parked");
    let menu = set(&format!("site {{\n  unknown = \"menu\"\n}}\n{SITE}"));
    assert_eq!(boots(&menu, &ask(99, IPXE), profile("small")), "profile small");
    assert_eq!(boots(&menu, &ask(99, IPXE), Some(Choice::Class("worker".to_owned()))), "profile small");
    assert_eq!(boots(&menu, &ask(99, IPXE), profile("secret")), "menu");
    assert_eq!(boots(&menu, &ask(99, IPXE), profile("nonsense")), "menu");
    let shown = script(&menu, &ask(99, IPXE));
    assert!(shown.contains("item profile-small") && shown.contains("item class-worker") && !shown.contains("secret"));
}

#[test]
fn a_profile_can_be_the_menu_itself() {
    let text = SITE.replace("boot = \"disk\"", "boot = \"menu\"");
    let set = set(&text);
    assert_eq!(boots(&set, &ask(3, IPXE), None), "menu");
    let shown = script(&set, &ask(3, IPXE));
    assert!(shown.contains("item profile-small") && !shown.contains("item profile-disk"), "{shown}");
}

#[test]
fn a_reason_points_at_the_line_that_decides_about_strangers() {
    let set = set(&format!("site {{\n  unknown = \"menu\"\n  default_profile = \"small\"\n}}\n{SITE}"));
    let said = |last| {
        set.decide(&ask(last, IPXE), None, &Standing::default())
            .reasons
            .iter()
            .map(ToString::to_string)
            .collect::<String>()
    };
    assert!(
        said(99).contains("unknown = \"menu\": undeclared machines get the boot menu (site.hcl:2:3)"),
        "{}",
        said(99)
    );
    assert!(said(5).contains("the default holds (site.hcl:3:3)"), "{}", said(5));
}

#[test]
fn a_machine_of_another_architecture_is_parked() {
    let set = set(SITE);
    assert_eq!(boots(&set, &ask(4, Client::Ipxe(Some(Firmware::UefiAmd64))), None), "parked");
    assert_eq!(boots(&set, &ask(4, Client::Ipxe(Some(Firmware::UefiArm64))), None), "profile arm");
}

#[test]
fn a_machine_without_a_profile_is_parked() {
    assert_eq!(boots(&set(SITE), &ask(5, IPXE), None), "parked");
}

#[test]
fn a_linux_script_carries_the_attempts_urls_and_the_variables() {
    let script = script(&set(SITE), &ask(1, IPXE));
    let base = "http://10.20.0.1:8080";
    let token = "00000000000000000000000000000001";
    let kernel = format!(
        "kernel {base}/b/{token}/linux initrd=initrd console=ttyS0 region=fra1 cfg={base}/c/{token}/node.cfg up={base}/r/{token} || goto failed\n"
    );
    assert!(script.starts_with("#!ipxe\n"), "{script}");
    assert!(script.contains(&kernel), "{script}");
    assert!(
        script.contains(&format!("initrd {base}/b/{token}/initrd || goto failed\nboot || goto failed\n")),
        "{script}"
    );
}

#[test]
fn leaving_for_the_disk_is_selectable() {
    let set = set(SITE);
    let hal = Ask { uuid: Some("33221100-5544-7766-8899-aabbccddeeff".parse().unwrap()), ..ask(2, IPXE) };
    assert!(script(&set, &hal).ends_with("\nexit\n"));
    assert!(script(&set, &ask(3, IPXE)).ends_with("sanboot --no-describe --drive 0x80\n"));
    let by_404 = SITE.replace("\"sanboot\"", "\"404\"");
    let set = self::set(&by_404);
    let decision = set.decide(&ask(3, IPXE), None, &Standing::default());
    assert_eq!(set.script(&ask(3, IPXE), &decision, &set.site.networks[0], &Token::new(1)), Ok(None));
}

#[test]
fn a_config_is_rendered_for_its_machine_only() {
    let set = set(SITE);
    let (asks, token) = (ask(1, IPXE), Token::new(1));
    let decision = set.decide(&asks, None, &Standing::default());
    let secrets = Secrets::Shown;
    let recipient =
        Recipient { ask: &asks, decision: &decision, network: &set.site.networks[0], token: &token, secrets };
    let config = |name| set.config(&recipient, name).map(|config| config.unwrap().text);
    assert_eq!(config("node.cfg").as_deref(), Some("name kitt\n"));
    assert_eq!(config("other.cfg"), None);
}

#[test]
fn a_variable_cannot_smuggle_a_command_into_a_script() {
    let set = set(&SITE.replace("region = \"fra1\"", "region = \"x\\nshell\""));
    let asks = ask(1, IPXE);
    let decision = set.decide(&asks, None, &Standing::default());
    let error = set.script(&asks, &decision, &set.site.networks[0], &Token::new(1)).unwrap_err();
    assert!(error.message.contains("line break"), "{error}");
}

#[test]
fn what_a_stranger_says_of_its_serial_number_is_one_word_or_nothing() {
    let text = SITE.replace("region={{ vars.region }}", "serial={{ machine.serial }}");
    let set = set(&format!("site {{\n  unknown = \"boot\"\n  default_profile = \"small\"\n}}\n{text}"));
    let said = |serial: &str| Ask { serial: Some(serial.to_owned()), ..ask(99, IPXE) };
    assert!(script(&set, &said("A-1/2.3")).contains(" serial=A-1/2.3 "));
    for serial in ["x || shell", "${shell}", "x init=/bin/sh", "x&&shell", "'"] {
        let asks = said(serial);
        let decision = set.decide(&asks, None, &Standing::default());
        let error = set.script(&asks, &decision, &set.site.networks[0], &Token::new(1)).unwrap_err();
        assert!(error.message.contains("undefined"), "{serial}: {error}");
    }
}

#[test]
fn templates_are_checked_before_any_machine_asks() {
    assert!(check_configs(&site(SITE)).is_empty());
    let problems = check_configs(&site(&SITE.replace("vars.region", "vars.regoin")));
    assert_eq!(problems.len(), 1, "{problems:?}");
    assert_eq!((problems[0].finding.file.as_str(), problems[0].finding.line), ("site.hcl", 19));
    assert_eq!(problems[0].machines, ["kitt"]);
    assert_eq!(check_configs(&site(&SITE.replace("vars.region }}", "vars.region")))[0].finding.line, 19);
}

const INSTALLER: &str = r#"
profile "install" {
  kernel = asset.linux
  args   = "up={{ report_url }} to={{ install.disk }}"
  install {
    disk = "/dev/vda"
    wipe = true
  }
}

machine "deep" {
  mac      = "52:54:00:00:00:06"
  profile  = profile.install
  leave_by = "sanboot"
}
"#;

#[test]
fn an_installing_profile_is_given_while_installing_and_at_no_other_stage() {
    let set = set(&format!("{SITE}{INSTALLER}"));
    for stage in Stage::ALL {
        let standing = Standing { stage, cause: "why".to_owned(), ..Standing::default() };
        let decision = set.decide(&ask(6, IPXE), None, &standing);
        let expected = match stage {
            Stage::Installing => "profile install",
            Stage::Installed | Stage::InService => "disk",
            _ => "parked",
        };
        assert_eq!(decision.outcome.summary(), expected, "{stage}");
    }
    let standing = Standing { stage: Stage::Installed, cause: "reported".to_owned(), ..Standing::default() };
    let decision = set.decide(&ask(6, IPXE), None, &standing);
    let script = set.script(&ask(6, IPXE), &decision, &set.site.networks[0], &Token::new(1)).unwrap().unwrap();
    assert!(script.ends_with("sanboot --no-describe --drive 0x80\n"), "{script}");
    assert!(decision.reasons.iter().any(|reason| reason.text == "it is installed: reported"));
}

#[test]
fn a_stranger_never_gets_an_installing_profile() {
    for unknown in ["park", "menu"] {
        let head = format!("site {{\n  unknown = \"{unknown}\"\n  default_profile = \"install\"\n}}\n");
        let set = set(&format!("{head}{SITE}{INSTALLER}"));
        for choice in [None, Some(Choice::Profile("install".to_owned()))] {
            for stage in Stage::ALL {
                let standing = Standing { stage, ..Standing::default() };
                let foreseen = set.foresee(&ask(99, IPXE), choice.as_ref(), &standing, Timestamp(0));
                assert!(!matches!(foreseen.stage, Stage::Installing) || stage == Stage::Installing);
                let boots = set.decide(&ask(99, IPXE), choice.as_ref(), &standing).outcome.summary();
                assert!(["parked", "menu"].contains(&boots.as_str()), "{boots} at {stage}");
            }
        }
        let menu = set.decide(&ask(99, IPXE), None, &Standing::default());
        let script = set.script(&ask(99, IPXE), &menu, &set.site.networks[0], &Token::new(1)).unwrap().unwrap();
        assert!(!script.contains("profile-install"), "not offered, and not the menu's default: {script}");
    }
}

#[test]
fn a_declaration_with_wipe_arms_a_machine_once() {
    let set = set(&format!("{SITE}{INSTALLER}"));
    let first = set.foresee(&ask(6, IPXE), None, &Standing::default(), Timestamp(0));
    assert_eq!(first.stage, Stage::Installing);
    let lived = Standing { begun: true, stage: Stage::InService, ..Standing::default() };
    assert_eq!(set.foresee(&ask(6, IPXE), None, &lived, Timestamp(0)).stage, Stage::Parked);
}

#[test]
fn boot_once_and_holding_come_before_what_the_site_says() {
    let set = set(SITE);
    let once = Once { profile: "disk".to_owned(), tries: 0, attempt: None, fetched: false, ended: false };
    let ordered = Standing { once: Some(once), ..Standing::default() };
    let foreseen = set.foresee(&ask(1, IPXE), None, &ordered, Timestamp(0));
    assert_eq!(set.decide(&ask(1, IPXE), None, &foreseen).outcome.summary(), "profile disk");
    let held = Standing { stage: Stage::Held, cause: "by order: look".to_owned(), parked: 3, ..Standing::default() };
    let decision = set.decide(&ask(1, IPXE), None, &held);
    assert!(matches!(&decision.outcome, Outcome::Park(why) if why == "it is held: by order: look"));
    assert_eq!(decision.pause.as_secs(), 120);
}

#[test]
fn parked_machines_boot_what_the_site_names_for_it() {
    let set = set(&format!("site {{\n  parking = \"secret\"\n}}\n{SITE}"));
    let standing = set.foresee(&ask(99, IPXE), None, &Standing::default(), Timestamp(0));
    let decision = set.decide(&ask(99, IPXE), None, &standing);
    assert_eq!((decision.outcome.summary().as_str(), decision.summary().as_str()), ("profile secret", "parked"));
    let held = Standing { stage: Stage::Held, ..Standing::default() };
    assert_eq!(set.decide(&ask(99, IPXE), None, &held).outcome.summary(), "parked", "who is held only waits");
}
