//! DHCP over a bad cable: packets are lost, doubled and overtaken, and still every client gets an address, no two the
//! same, and what comes twice costs no second address.

use firstlight_model::Mac;
use firstlight_tests::{Faults, Net, Server};
use std::{collections::HashSet, time::Duration};

/// As many addresses as there are clients: one that is wasted is one that is missing.
const CLIENTS: usize = 40;

const SITE: &str = r#"
network "boot" {
  interface = "eth1"
  subnet    = "10.20.0.0/24"
  dhcp {
    range = ["10.20.0.100", "10.20.0.139"]
  }
}
profile "disk" {
  boot = "disk"
}
"#;

/// Forty clients, eight at once, each with a hardware address of its own on a macvlan of the one cable.
const ALL: &str = r#"
for round in 0 1 2 3 4; do
  for slot in 0 1 2 3 4 5 6 7; do
    ( n=$((round * 8 + slot)); mac=$(printf '02:00:00:00:01:%02x' $n)
      ip link add link eth0 name m$n address $mac type macvlan mode bridge && ip link set m$n up
      # It gives up when three REQUESTs of one exchange went unanswered, as any client may, and is started again.
      for attempt in 1 2 3 4 5; do
        said=$(udhcpc -i m$n -n -q -f -t 20 -T 1 -s /bin/true 2>&1) && break
      done
      echo "$mac $(echo "$said" | grep -o 'lease of [0-9.]*' || echo "$said")" ) &
  done
  wait
done
"#;

#[test]
fn every_client_gets_an_address_of_its_own_over_a_bad_cable() {
    let faults = Faults { lost: 150, twice: 200, overtaken: 200, late: Duration::from_millis(30) };
    let net = Net::over(faults);
    let server = Server::start_whole(&net, SITE, &[]);
    let said = net.client(ALL).text;
    let leases: Vec<(Mac, &str)> = said
        .lines()
        .filter_map(|line| line.split_once(" lease of "))
        .map(|(mac, address)| (mac.parse().unwrap(), address))
        .collect();
    assert_eq!(leases.len(), CLIENTS, "{said}\n{}", server.log());
    let addresses: HashSet<&str> = leases.iter().map(|(_, address)| *address).collect();
    assert_eq!(addresses.len(), CLIENTS, "two have the same: {said}");
    assert!(!server.log().contains("are leased, and a client gets none"), "{}", server.log());
}
