use super::*;
use std::collections::BTreeSet;

const T0: u64 = 1_795_168_800;

fn ip(last: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 20, 0, last)
}

fn client(n: u8) -> ClientKey {
    ClientKey::from_hardware(1, &[2, 0, 0, 0, 0, n])
}

fn pool(first: u8, last: u8, excluded: &[u8]) -> Pool {
    Pool {
        network: "boot".into(),
        subnet: "10.20.0.0/24".parse().unwrap(),
        ranges: vec![(ip(first), ip(last))],
        excluded: excluded.iter().map(|n| ip(*n)).collect::<BTreeSet<_>>(),
    }
}

fn claim(client: &ClientKey, n: u8, now: u64) -> Claim<'_> {
    Claim { network: "boot", client, mac: Mac([2, 0, 0, 0, 0, n]), name: None, fixed: None, now }
}

/// Offers and binds for an hour.
fn lease(table: &mut LeaseTable, n: u8, now: u64) -> Option<Ipv4Addr> {
    let key = client(n);
    let address = table.offer(&claim(&key, n, now), None)?;
    table.bind(&claim(&key, n, now), address, 3600).unwrap();
    Some(address)
}

#[test]
fn addresses_are_given_in_order_and_what_is_excluded_never() {
    let mut table = LeaseTable::new(vec![pool(100, 104, &[101, 103])]);
    assert_eq!(table.pool_size("boot"), 3);
    let given: Vec<_> = (1..=4).map(|n| lease(&mut table, n, T0)).collect();
    assert_eq!(given, [Some(ip(100)), Some(ip(102)), Some(ip(104)), None]);
}

#[test]
fn a_range_over_the_whole_subnet_gives_no_base_and_no_broadcast_address() {
    let mut table = LeaseTable::new(vec![pool(0, 255, &[])]);
    let given: Vec<_> = (1..=255).filter_map(|n| lease(&mut table, n, T0)).collect();
    assert_eq!((given.len(), given.first(), given.last()), (254, Some(&ip(1)), Some(&ip(254))));
    assert_eq!(table.bind(&claim(&client(9), 9, T0), ip(255), 60), Err(Refusal::NotOurs));
}

#[test]
fn a_client_gets_its_address_again_also_long_after() {
    let mut table = LeaseTable::new(vec![pool(100, 200, &[])]);
    let first = lease(&mut table, 1, T0);
    lease(&mut table, 2, T0);
    assert_eq!(lease(&mut table, 1, T0 + 100_000), first);
}

#[test]
fn the_address_that_is_free_for_longest_is_reused_first() {
    let mut table = LeaseTable::new(vec![pool(100, 102, &[])]);
    for (n, at) in [(1, T0 + 20), (2, T0), (3, T0 + 10)] {
        lease(&mut table, n, at);
    }
    assert_eq!(lease(&mut table, 4, T0 + 3599), None);
    assert_eq!(lease(&mut table, 4, T0 + 3620), Some(ip(101)), "client 2's ended first");
    assert_eq!(lease(&mut table, 5, T0 + 3620), Some(ip(102)));
}

#[test]
fn an_asked_for_address_is_given_when_it_is_free() {
    let mut table = LeaseTable::new(vec![pool(100, 200, &[])]);
    assert_eq!(table.offer(&claim(&client(1), 1, T0), Some(ip(150))), Some(ip(150)));
    assert_eq!(table.offer(&claim(&client(2), 2, T0), Some(ip(150))), Some(ip(100)), "held for client 1");
    assert_eq!(table.offer(&claim(&client(3), 3, T0), Some(ip(9))), Some(ip(101)), "not in the range");
    assert_eq!(table.offer(&claim(&client(4), 4, T0 + 61), Some(ip(150))), Some(ip(150)), "the offer ran out");
}

#[test]
fn an_offer_does_not_shorten_a_running_lease() {
    let mut table = LeaseTable::new(vec![pool(100, 100, &[])]);
    lease(&mut table, 1, T0);
    table.offer(&claim(&client(1), 1, T0 + 5), None);
    table.withdraw("boot", &client(1), T0 + 6);
    assert_eq!(lease(&mut table, 2, T0 + 100), None);
}

#[test]
fn a_reservation_is_for_all_that_its_machine_says_it_is() {
    let mut table = LeaseTable::new(vec![pool(100, 200, &[11])]);
    let system = ClientKey::from_option_61(b"\xffsome-duid").unwrap();
    fn fixed(client: &ClientKey) -> Claim<'_> {
        Claim { fixed: Some(ip(11)), ..claim(client, 1, T0) }
    }
    let rom = client(1);
    assert_eq!(table.offer(&fixed(&rom), None), Some(ip(11)));
    table.bind(&fixed(&rom), ip(11), 3600).unwrap();
    assert_eq!(table.offer(&fixed(&system), None), Some(ip(11)));
    table.bind(&fixed(&system), ip(11), 3600).unwrap();
    assert_eq!(table.bind(&claim(&client(2), 2, T0), ip(11), 60), Err(Refusal::NotOurs));
    assert_eq!(table.bind(&fixed(&system), ip(100), 60), Err(Refusal::Reserved(ip(11))));
}

#[test]
fn a_reserved_address_that_somebody_still_has_is_not_given_twice() {
    let mut table = LeaseTable::new(vec![pool(100, 200, &[])]);
    lease(&mut table, 1, T0);
    table.set_pools(vec![pool(100, 200, &[100])]);
    let key = client(2);
    let fixed = |now| Claim { fixed: Some(ip(100)), ..claim(&key, 2, now) };
    assert_eq!(table.offer(&fixed(T0), None), Some(ip(101)), "one of the range meanwhile");
    assert_eq!(table.bind(&fixed(T0), ip(101), 60).unwrap().address, ip(101));
    assert_eq!(
        table.bind(&claim(&client(1), 1, T0), ip(100), 60),
        Err(Refusal::NotOurs),
        "its holder has to move at renewal"
    );
    assert_eq!(table.offer(&fixed(T0 + 3600), None), Some(ip(100)));
}

#[test]
fn a_declined_address_rests() {
    let mut table = LeaseTable::new(vec![pool(100, 101, &[])]);
    lease(&mut table, 1, T0);
    assert!(table.decline(&client(2), ip(100), T0).is_none(), "not its own");
    assert!(table.decline(&client(1), ip(100), T0).is_some());
    assert_eq!(lease(&mut table, 1, T0), Some(ip(101)));
    assert_eq!(lease(&mut table, 2, T0 + QUARANTINE - 1), None);
    assert_eq!(lease(&mut table, 2, T0 + QUARANTINE), Some(ip(100)));
}

#[test]
fn a_released_address_is_free_and_remembered() {
    let mut table = LeaseTable::new(vec![pool(100, 101, &[])]);
    lease(&mut table, 1, T0);
    assert!(table.release(&client(2), ip(100), T0).is_none(), "not its own");
    assert_eq!(table.release(&client(1), ip(100), T0 + 1).unwrap().state, LeaseState::Released);
    assert_eq!(table.release(&client(1), ip(100), T0 + 2), None, "only once");
    assert_eq!(table.mac_of(ip(100)), Some(Mac([2, 0, 0, 0, 0, 1])));
    lease(&mut table, 2, T0 + 2);
    assert_eq!(lease(&mut table, 1, T0 + 3), Some(ip(100)));
}

#[test]
fn a_machine_that_moves_has_a_lease_in_each_network() {
    let other = Pool {
        network: "other".into(),
        subnet: "10.21.0.0/24".parse().unwrap(),
        ranges: vec![("10.21.0.5".parse().unwrap(), "10.21.0.6".parse().unwrap())],
        excluded: BTreeSet::new(),
    };
    let mut table = LeaseTable::new(vec![pool(100, 101, &[]), other]);
    lease(&mut table, 1, T0);
    let key = client(1);
    let there = Claim { network: "other", ..claim(&key, 1, T0) };
    assert_eq!(table.bind(&there, ip(100), 60), Err(Refusal::NotOurs));
    assert_eq!(table.offer(&there, Some(ip(100))), Some("10.21.0.5".parse().unwrap()));
    assert!(table.knows("boot", &key, ip(100)) && !table.knows("other", &key, ip(100)));
}

#[test]
fn withdrawn_offers_are_free_at_once() {
    let mut table = LeaseTable::new(vec![pool(100, 100, &[])]);
    table.offer(&claim(&client(1), 1, T0), None);
    assert_eq!(lease(&mut table, 2, T0), None);
    table.withdraw("boot", &client(1), T0);
    assert_eq!(lease(&mut table, 2, T0), Some(ip(100)));
}

#[test]
fn the_last_addresses_of_all_do_not_overflow() {
    let whole = Pool {
        network: "boot".into(),
        subnet: "0.0.0.0/0".parse().unwrap(),
        ranges: vec![(Ipv4Addr::from_bits(u32::MAX - 2), Ipv4Addr::BROADCAST)],
        excluded: BTreeSet::new(),
    };
    let mut table = LeaseTable::new(vec![whole]);
    assert_eq!((1..=4).filter_map(|n| lease(&mut table, n, T0)).count(), 2);
}

#[test]
fn a_flood_of_discovers_takes_no_more_than_its_share_and_is_used_up_first() {
    let whole = Pool {
        network: "boot".into(),
        subnet: "10.0.0.0/8".parse().unwrap(),
        ranges: vec![("10.0.0.1".parse().unwrap(), "10.255.255.254".parse().unwrap())],
        excluded: BTreeSet::new(),
    };
    let mut table = LeaseTable::new(vec![whole]);
    let flood = |table: &mut LeaseTable, n: u32, now| {
        let key = ClientKey::from_hardware(1, &n.to_be_bytes());
        table.offer(&claim(&key, 0, now), None).unwrap()
    };
    for n in 0..100_000 {
        flood(&mut table, n, T0);
    }
    assert_eq!(table.entries.len(), 1 << 16, "memory goes neither with the range nor with the flood");
    assert_eq!(table.latest.len(), 1 << 16);
    let first = flood(&mut table, 200_000, T0 + 61);
    assert!(first.to_bits() <= Ipv4Addr::new(10, 1, 0, 0).to_bits(), "an offer that ended comes before a new address");
}

#[test]
fn clients_that_decline_everything_leave_half_of_the_pool() {
    let mut table = LeaseTable::new(vec![pool(100, 109, &[])]);
    for n in 1..=10 {
        let address = lease(&mut table, n, T0).unwrap();
        let lease = table.decline(&client(n), address, T0).unwrap();
        let expected = if n <= 5 { LeaseState::Declined } else { LeaseState::Released };
        assert_eq!(lease.state, expected, "client {n}");
    }
    let given = (11..=20).filter_map(|n| lease(&mut table, n, T0 + 1)).count();
    assert_eq!(given, 5);
    let mut fixed = LeaseTable::new(vec![pool(100, 99, &[])]);
    let key = client(1);
    let reserved = Claim { fixed: Some(ip(11)), ..claim(&key, 1, T0) };
    fixed.bind(&reserved, ip(11), 3600).unwrap();
    assert_eq!(fixed.decline(&key, ip(11), T0).unwrap().state, LeaseState::Declined, "not of a pool");
}

#[test]
fn what_was_only_offered_cannot_be_declined() {
    let mut table = LeaseTable::new(vec![pool(100, 101, &[])]);
    let address = table.offer(&claim(&client(1), 1, T0), None).unwrap();
    assert_eq!(table.decline(&client(1), address, T0), None);
    assert_eq!(table.release(&client(1), address, T0), None);
}

#[test]
fn leases_run_on_when_the_clock_is_set() {
    for by in [-1_000_000_000, -7200, 7200, 500_000_000] {
        let mut table = LeaseTable::new(vec![pool(100, 101, &[])]);
        lease(&mut table, 1, T0);
        lease(&mut table, 2, T0 + 100);
        table.shift(by);
        let now = T0.saturating_add_signed(by);
        assert_eq!(lease(&mut table, 3, now + 3599), None, "both still run, by {by}");
        assert_eq!(lease(&mut table, 3, now + 3600), Some(ip(100)), "the first ends when its client was told, by {by}");
        assert_eq!(lease(&mut table, 4, now + 3699), None);
        assert_eq!(lease(&mut table, 4, now + 3700), Some(ip(101)));
    }
}

/// A table of which a restart has forgotten the offers, and the addresses that were offered.
fn restarted(first: u8, last: u8, leased: u8, offered: u8, now: u64) -> (LeaseTable, Vec<Ipv4Addr>) {
    let mut before = LeaseTable::new(vec![pool(first, last, &[])]);
    for n in 1..=leased {
        lease(&mut before, n, T0);
    }
    let leases = before.page(None, 1000);
    let offers = (0..offered).map(|n| before.offer(&claim(&client(200 + n), 200 + n, now), None).unwrap());
    let offers = offers.collect();
    let mut table = LeaseTable::new(vec![pool(first, last, &[])]);
    leases.into_iter().for_each(|lease| table.restore(lease));
    table.recovered();
    // As a server does before it begins.
    table.set_pools(vec![pool(first, last, &[])]);
    (table, offers)
}

#[test]
fn an_offer_that_a_restart_forgot_is_not_made_to_another_client() {
    for (first, last, leased, now) in [(100, 199, 10, T0), (1, 254, 10, T0), (100, 139, 40, T0 + 5000)] {
        let (mut table, offers) = restarted(first, last, leased, 5, now);
        for n in 100..110 {
            lease(&mut table, n, now + 1);
        }
        for (n, address) in offers.into_iter().enumerate() {
            let n = 200 + u8::try_from(n).unwrap();
            assert!(table.bind(&claim(&client(n), n, now + 4), address, 3600).is_ok(), "{address} of {first}..{last}");
        }
    }
}

#[test]
fn what_was_left_alone_after_a_restart_is_given_in_the_end() {
    let (mut table, _) = restarted(100, 199, 10, 0, T0);
    assert_eq!((50..200).filter_map(|n| lease(&mut table, n, T0 + 1)).count(), 90);
    assert_eq!(lease(&mut restarted(100, 199, 0, 0, T0).0, 1, T0), Some(ip(100)), "nothing was known: nothing is left");
}

#[test]
fn a_name_belongs_to_one_machine_for_as_long_as_its_lease_lasts() {
    let mut table = LeaseTable::new(vec![pool(100, 200, &[])]);
    let name: Hostname = "kitt".parse().unwrap();
    let bind = |table: &mut LeaseTable, n: u8, now: u64| {
        let key = client(n);
        let claim = Claim { name: Some(&name), ..claim(&key, n, now) };
        let address = table.offer(&claim, None).unwrap();
        table.bind(&claim, address, 3600).unwrap()
    };
    let first = bind(&mut table, 1, T0);
    let second = bind(&mut table, 2, T0);
    assert_eq!((first.name.as_deref(), second.name), (Some(&name), None), "the first keeps it");
    assert_eq!(table.named(&name, T0), Some((first.address, first.mac)));
    table.release(&client(1), first.address, T0 + 1).unwrap();
    assert_eq!((table.named(&name, T0 + 1), table.holder(first.address, T0 + 1)), (None, None));
    let second = bind(&mut table, 2, T0 + 2);
    assert_eq!(table.named(&name, T0 + 2), Some((second.address, second.mac)));
    assert_eq!(table.named(&name, T0 + 2 + 3600), None, "it has run out");

    let mut again = LeaseTable::new(vec![pool(100, 200, &[])]);
    table.page(None, 10).into_iter().for_each(|lease| again.restore(lease));
    again.recovered();
    assert_eq!(again.named(&name, T0 + 2), Some((second.address, second.mac)), "after a restart too");
}

#[test]
fn leases_have_the_names_that_their_machines_are_given_and_lose_those_that_are_taken() {
    let mut table = LeaseTable::new(vec![pool(100, 200, &[])]);
    let (old, new) = (lease(&mut table, 1, T0).unwrap(), lease(&mut table, 2, T0 + 10).unwrap());
    let mac = |n| Mac([2, 0, 0, 0, 0, n]);
    let name: Arc<Hostname> = Arc::new("vega".parse().unwrap());
    let named = |table: &LeaseTable| table.named(&name, T0 + 20).map(|(address, _)| address);
    table.rename(&[(mac(1), Some(name.clone())), (mac(9), Some(name.clone()))].into());
    assert_eq!((named(&table), table.holder(old, T0 + 20).unwrap().0), (Some(old), Some(name.clone())));
    table.rename(&[(mac(1), None), (mac(2), Some(name.clone()))].into());
    assert_eq!((named(&table), table.holder(old, T0 + 20).unwrap().0), (Some(new), None));
}
