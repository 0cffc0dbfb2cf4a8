//! The field's own DHCP clients against `firstlight serve`: ISC's, busybox's and Kea's load generator.

#![allow(clippy::print_stdout, clippy::unwrap_used)]

use firstlight_tests::{Capture, Net, Server, WIDE_SITE};

const KITT: &str = r#"
machine "kitt" {
  mac     = "52:54:00:00:00:01"
  address = "10.20.0.11"
}
profile "disk" {
  boot = "disk"
}
"#;

#[test]
fn dhclient_gets_renews_and_gives_back_its_reserved_address() {
    let net = Net::new();
    let server = Server::start(&net, KITT, &[]);
    let files = format!("-sf /bin/true -lf {0}/leases -pf {0}/pid", server.folder().display());
    let first = net.client(&format!("dhclient -v -1 {files} eth0; dhclient -x {files} eth0"));
    assert!(first.text.contains("DHCPACK of 10.20.0.11 from 10.20.0.1"), "{}", first.text);
    assert!(first.text.contains("DHCPDISCOVER"), "{}", first.text);
    // It remembers its lease: INIT-REBOOT, without a DISCOVER.
    let second = net.client(&format!("dhclient -v -1 {files} eth0; dhclient -r {files} eth0"));
    assert!(second.text.contains("DHCPACK of 10.20.0.11") && !second.text.contains("DHCPDISCOVER"), "{}", second.text);
    let acked = server.wait_for("dhcp-acked", "10.20.0.11");
    assert_eq!(acked["machine"], "kitt");
}

#[test]
fn udhcpc_gets_an_address_and_takes_it() {
    let net = Net::new();
    let _server = Server::start(&net, KITT, &[]);
    let script = "printf '#!/bin/sh\\n[ \"$1\" = bound ] && ip address add $ip/$mask dev $interface\\nexit 0\\n'";
    let output = net.client(&format!(
        "{script} > /tmp/fl-udhcpc-$$ && chmod +x /tmp/fl-udhcpc-$$; \
         udhcpc -i eth0 -n -q -f -t 10 -T 4 -s /tmp/fl-udhcpc-$$; rm /tmp/fl-udhcpc-$$; ip -4 -o address show dev eth0"
    ));
    assert!(output.text.contains("lease of 10.20.0.11 obtained"), "{}", output.text);
    assert!(output.text.contains("inet 10.20.0.11/24"), "{}", output.text);
}

#[test]
fn perfdhcp_loses_nothing_at_five_hundred_exchanges_a_second() {
    let net = Net::new();
    let server = Server::start_whole(&net, WIDE_SITE, &[]);
    net.give_client("10.20.0.2/16");
    let capture = Capture::start(&net, server.folder());
    let output = net.client("perfdhcp -4 -l eth0 -r 500 -R 2000 -p 3 -W 1000000 10.20.0.1");
    capture.wait_for_answers();
    let told = capture.finish();
    // Counted on the cable: perfdhcp repeats nothing, waits for a second, and its socket takes some 200 packets. What a
    // slow disk holds up for longer, it counts as dropped.
    println!("{told}");
    assert_eq!((told.unanswered(), told.naks()), (0, Vec::new()), "{}", output.text);
    assert!(told.acked().count() > 1000 && told.owners().len() > 500, "the load was too small: {}", output.text);
    for refused in ["rejected leases: ", "non unique addresses: ", "Malformed packets: "] {
        let mut lines = output.text.lines().filter_map(|line| line.strip_prefix(refused)).peekable();
        assert!(lines.peek().is_some() && lines.all(|count| count == "0"), "{refused}{}", output.text);
    }
}
