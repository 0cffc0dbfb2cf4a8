//! Boots that halted, that go on, and that ended, each told by its events.

use super::*;
use crate::Hex;

fn offered(client: &str, boot: Option<&str>) -> What {
    let boot = boot.map(str::to_owned);
    let (asked, sent) = Default::default();
    What::DhcpOffered { address: [10, 20, 0, 11].into(), client: client.to_owned(), boot, uuid: None, asked, sent }
}

fn acked(client: &str, boot: Option<&str>) -> What {
    let boot = boot.map(str::to_owned);
    What::DhcpAcked { address: [10, 20, 0, 11].into(), client: client.to_owned(), boot }
}

fn sent(role: Role) -> What {
    let name = "snponly.efi".to_owned();
    What::Sent { protocol: Protocol::Tftp, role, name, bytes: 1, ms: 1, resent: 0 }
}

fn script(leads: Leads) -> What {
    What::Script {
        leads,
        attempt: String::new(),
        asked: String::new(),
        from: None,
        boots: "profile small".to_owned(),
        profile: None,
        reasons: Vec::new(),
        text: String::new(),
    }
}

fn after(seconds: u64, whats: &[What]) -> Option<String> {
    let event = |what: &What| Event { at: Timestamp(1000), mac: None, machine: None, what: what.clone() };
    let boot: Vec<Event> = whats.iter().map(event).collect();
    diagnose(&boot, Timestamp(1000 + seconds * 1000), false).map(|diagnosis| diagnosis.seen)
}

#[test]
fn each_halt_is_told_from_what_was_seen_last() {
    let uefi = |boot| [offered("UEFI amd64", boot), acked("UEFI amd64", boot)];
    let [offer, ack] = uefi(Some("snponly.efi"));
    let twice = after(40, &[offer.clone(), offer.clone()]);
    assert_eq!(twice.as_deref(), Some("UEFI amd64 was offered an address twice and never took it"));
    let no_tftp = after(40, &[offer.clone(), ack.clone()]);
    assert_eq!(no_tftp.as_deref(), Some("UEFI amd64 has its address and never asked for snponly.efi"));
    let no_loader = after(0, &uefi(None));
    assert_eq!(no_loader.as_deref(), Some("UEFI amd64 asked what to boot, and there is no loader for it"));
    let refused = after(90, &[ack.clone(), sent(Role::Loader), sent(Role::Loader)]);
    assert_eq!(refused.as_deref(), Some("it fetched snponly.efi twice and the loader never spoke"));
    let no_http = after(40, &[ack.clone(), sent(Role::Loader), acked("iPXE (UEFI amd64)", Some("http://x"))]);
    assert_eq!(no_http.as_deref(), Some("iPXE knows where its script is and never asked for it"));
    let no_kernel = after(90, &[ack.clone(), script(Leads::System)]);
    assert_eq!(no_kernel.as_deref(), Some("it has its script and fetched no kernel"));
    let no_report = after(700, &[ack, script(Leads::System), sent(Role::Kernel), sent(Role::Initrd)]);
    assert_eq!(no_report.as_deref(), Some("it fetched kernel and initrd whole and never reported"));
}

#[test]
fn a_proxy_reply_that_is_ignored_names_the_firmware() {
    let (asked, sent) = Default::default();
    let boot = Some("undionly.kpxe".to_owned());
    let proxied = What::DhcpProxied { client: "BIOS".to_owned(), boot, uuid: None, port: 67, asked, sent };
    let told = after(40, &[proxied.clone(), proxied.clone(), proxied]);
    assert_eq!(told.as_deref(), Some("BIOS asked DHCP 3 times and never for a file"));
    let (client, asked, sent) = ("UEFI arm64".to_owned(), Hex::default(), Hex::default());
    let silent = What::DhcpProxied { client, boot: None, uuid: None, port: 67, asked, sent };
    assert_eq!(after(1, &[silent]).as_deref(), Some("UEFI arm64 asked what to boot, and there is no loader for it"));
}

#[test]
fn what_is_waited_for_counts_until_there_is_a_script() {
    let waits = |failures: &[&str]| What::Waits {
        assets: vec!["linux".to_owned()],
        failures: failures.iter().map(|why| (*why).to_owned()).collect(),
    };
    let ack = acked("iPXE (BIOS)", Some("http://x"));
    assert_eq!(after(20, &[ack.clone(), waits(&[])]), None);
    assert_eq!(after(400, &[ack.clone(), waits(&[])]).unwrap(), "it waits for linux, which is being fetched");
    let failed = after(1, &[ack.clone(), waits(&["linux cannot be fetched: no route"])]);
    assert_eq!(failed.as_deref(), Some("it waits: linux cannot be fetched: no route"));
    assert_eq!(after(20, &[ack, waits(&["x"]), script(Leads::System)]), None);
}

#[test]
fn a_boot_that_goes_on_or_has_ended_is_left_alone() {
    let reported = What::Reported { attempt: String::new(), message: None };
    assert_eq!(after(5, &[acked("BIOS", Some("undionly.kpxe"))]), None);
    assert_eq!(after(9999, &[script(Leads::System), sent(Role::Kernel), reported]), None);
    assert_eq!(after(9999, &[script(Leads::System), What::Parked { reason: String::new() }]), None);
    assert_eq!(after(9999, &[acked("OS", None)]), None);
}

#[test]
fn what_broke_off_counts_until_it_was_fetched_after_all() {
    let reason = "no such file".to_owned();
    let failed = What::SendFailed { protocol: Protocol::Tftp, name: "bootx64.efi".to_owned(), reason };
    let ack = acked("UEFI amd64", Some("snponly.efi"));
    let told = after(30, &[ack.clone(), failed.clone()]);
    assert_eq!(told.as_deref(), Some("bootx64.efi was not sent: no such file"));
    assert_eq!(after(30, &[ack, failed, sent(Role::Loader)]), None);
}

#[test]
fn a_boot_that_is_sent_to_its_disk_has_ended_whatever_its_disk_then_does() {
    let by_ipxe =
        [acked("UEFI amd64", Some("snponly.efi")), sent(Role::Loader), acked("iPXE (BIOS)", Some("http://x"))];
    let to_disk = [by_ipxe.as_slice(), &[script(Leads::Disk)]].concat();
    assert_eq!(after(9999, &to_disk), None);
    assert_eq!(after(9999, &[to_disk.as_slice(), &[acked("OS", None)]].concat()), None);
    let by_grub = [acked("UEFI amd64", Some("shimx64.efi")), sent(Role::Loader), sent(Role::Autoexec)];
    assert_eq!(after(9999, &[by_grub.as_slice(), &[script(Leads::Disk)]].concat()), None);
    let chosen = [by_ipxe.as_slice(), &[script(Leads::Elsewhere), script(Leads::Disk)]].concat();
    assert_eq!(after(9999, &chosen), None);
}

#[test]
fn what_a_server_cannot_hear_of_is_no_halt() {
    let ipxe = acked("iPXE (BIOS)", Some("http://x"));
    let after_script = |leads, more: &[What]| after(9999, &[&[ipxe.clone(), script(leads)], more].concat());
    // At the menu, or where somebody chose the disk there; in a script of the site's own.
    assert_eq!(after_script(Leads::Elsewhere, &[]), None);
    assert_eq!(after_script(Leads::Elsewhere, &[sent(Role::Kernel)]), None);
    // Booted, and not told where to report.
    assert_eq!(after_script(Leads::Silent, &[sent(Role::Kernel), sent(Role::Initrd)]), None);
    assert_eq!(after_script(Leads::Silent, &[]).as_deref(), Some("it has its script and fetched no kernel"));
    // GRUB waits, as it was told before.
    let grub = [acked("UEFI amd64", Some("grubx64.efi")), sent(Role::Loader), sent(Role::Autoexec)];
    assert_eq!(after(9999, &grub), None);
}

#[test]
fn a_system_that_spoke_has_not_stopped() {
    let attempt = String::new;
    let message = "fetching the image".to_owned();
    for spoke in [
        What::Progress { attempt: attempt(), message: message.clone() },
        What::Inventory { attempt: attempt(), inventory: Box::default() },
        What::ReportedFailure { attempt: attempt(), reason: message },
    ] {
        assert_eq!(after(9999, &[script(Leads::System), sent(Role::Kernel), spoke]), None);
    }
}

#[test]
fn a_script_that_was_asked_for_and_not_given_says_why() {
    let (protocol, name) = (Protocol::Http, "the boot script".to_owned());
    let failed = What::SendFailed { protocol, name, reason: "it cannot be rendered: no such variable".to_owned() };
    let ipxe = acked("iPXE (BIOS)", Some("http://x"));
    let told = after(60, &[ipxe.clone(), failed]);
    assert_eq!(told.as_deref(), Some("the boot script was not sent: it cannot be rendered: no such variable"));
    let (from, name) = ([10, 20, 0, 12].into(), "the script of kitt".to_owned());
    let refused = What::TokenRefused { from, name, why: None };
    assert_eq!(after(0, &[ipxe, refused]).as_deref(), Some("its script was refused"));
}
