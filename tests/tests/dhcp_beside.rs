//! Beside a real DHCP server, dnsmasq: no address is given where another server gives some, unless the site or a person
//! says so; and in proxy mode an operating system never hears of us.

#![allow(clippy::unwrap_used)] // a helper of tests may fail them

use firstlight_tests::{Net, Output, Server, firstlight, run};
use std::{fs, time::Duration};

const SITE: &str = r#"
network "boot" {
  interface = "eth1"
  subnet    = "10.20.0.0/24"
  # mode
}
profile "disk" {
  boot = "disk"
}
"#;

/// `firstlight serve`, without the override that the other tests start it with, for at most five seconds.
fn serve(net: &Net) -> Output {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("site.hcl"), SITE).unwrap();
    let mut command = net.on_server(&firstlight().display().to_string());
    run(command.args(["serve", "--user", "root"]).arg(folder.path()), Duration::from_secs(5))
}

#[test]
fn no_address_is_given_where_another_server_gives_some() {
    let net = Net::with_dnsmasq(&[]);
    let Output { code, text } = serve(&net);
    assert_eq!(code, Some(1), "{text}");
    for part in [
        "site.hcl:2:1: there is another DHCP server in network boot, on eth1: 10.20.0.2 (",
        "it offered 10.20.0.2",
        "dhcp { mode = \"proxy\" }",
        "--allow-other-dhcp",
    ] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(!net.dnsmasq_log().contains("DHCPREQUEST"), "nothing was taken: {}", net.dnsmasq_log());
}

#[test]
fn it_serves_where_it_is_alone_and_does_not_take_itself_for_another() {
    let net = Net::new();
    let Output { code, text } = serve(&net);
    assert_eq!(code, None, "it served until it was killed: {text}");
    assert!(text.contains("serving boot on eth1: DHCP"), "{text}");
}

#[test]
fn an_operating_system_gets_the_other_servers_address_and_nothing_from_us() {
    let net = Net::with_dnsmasq(&[]);
    let server = Server::start_whole(&net, &SITE.replace("# mode", "dhcp { mode = \"proxy\" }"), &[]);
    let said = net.client("udhcpc -i eth0 -n -q -f -t 5 -T 1 -s /bin/true").text;
    assert!(said.contains("obtained from 10.20.0.2"), "{said}");
    let log = server.log();
    assert!(log.contains("ProxyDHCP for 10.20.0.0/24"), "{log}");
    assert!(!server.events().iter().any(|event| event["event"].to_string().contains("dhcp")), "{:?}", server.events());
}
