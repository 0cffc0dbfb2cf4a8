//! What the files do when they are torn, damaged, newer, rotated, or read while they are written.
#![allow(clippy::unwrap_used)]

use firstlight_model::{Mac, Timestamp};
use firstlight_state::{
    Claim, ClientKey, Event, EventFilter, Events, Lease, LeaseLog, Pool, SharedTable, StateError, StateFolder, What,
    read_events, read_leases,
};
use std::{
    collections::BTreeSet,
    fs,
    net::Ipv4Addr,
    path::{Path, PathBuf},
};

/// A folder in memory where there is one: it is the order of things that is tested, and syncing a disk takes long.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

fn pools() -> Vec<Pool> {
    let range = (Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(10, 0, 255, 254));
    vec![Pool {
        network: "n".into(),
        subnet: "10.0.0.0/16".parse().unwrap(),
        ranges: vec![range],
        excluded: BTreeSet::new(),
    }]
}

fn bind(table: &SharedTable, n: u32) -> Lease {
    let mac = Mac([2, 0, 0, (n >> 16) as u8, (n >> 8) as u8, n as u8]);
    let client = ClientKey::from_hardware(1, &mac.0);
    let claim = Claim { network: "n", client: &client, mac, name: None, fixed: None, now: 1000 };
    let mut table = table.lock();
    let address = table.offer(&claim, None).unwrap();
    table.bind(&claim, address, 3600).unwrap()
}

/// A folder with three committed leases; the path of their segment.
fn three_leases() -> (tempfile::TempDir, PathBuf) {
    let dir = folder();
    let state = StateFolder::lock(dir.path()).unwrap();
    let (table, mut log, _) = LeaseLog::open(&state, pools()).unwrap();
    log.commit(&[bind(&table, 1), bind(&table, 2)]).unwrap();
    log.commit(&[bind(&table, 3)]).unwrap();
    let segment = dir.path().join("leases/0000000001.log");
    (dir, segment)
}

fn open(dir: &Path) -> Result<firstlight_state::Recovered, StateError> {
    LeaseLog::open(&StateFolder::lock(dir).unwrap(), pools()).map(|(_, _, recovered)| recovered)
}

#[test]
fn every_torn_end_is_cut_off_and_said() {
    let (dir, segment) = three_leases();
    let whole = fs::read(&segment).unwrap();
    let last_line = whole[..whole.len() - 1].iter().rposition(|b| *b == b'\n').unwrap() + 1;
    for cut in last_line + 1..whole.len() {
        fs::write(&segment, &whole[..cut]).unwrap();
        let recovered = open(dir.path()).unwrap();
        assert_eq!((recovered.leases, recovered.torn), (2, Some((segment.clone(), 4))), "cut at {cut}");
        assert_eq!(fs::read(&segment).unwrap(), &whole[..last_line], "the rest goes on from there");
    }
    for tail in [&b"00000000 garbage\n"[..], b"\0\0\0\0\0\n00000000 {}\n"] {
        fs::write(&segment, [&whole, tail].concat()).unwrap();
        assert_eq!(open(dir.path()).unwrap().torn, Some((segment.clone(), 5)), "{tail:?}");
    }
    assert_eq!(open(dir.path()).unwrap().leases, 3);
}

#[test]
fn damage_in_the_middle_is_refused_with_file_line_and_the_next_step() {
    let (dir, segment) = three_leases();
    let mut bytes = fs::read(&segment).unwrap();
    let second = bytes.iter().position(|b| *b == b'\n').unwrap() + 1;
    bytes[second + 20] ^= 4;
    fs::write(&segment, &bytes).unwrap();
    let error = open(dir.path()).unwrap_err().to_string();
    assert!(error.contains("0000000001.log:2 is damaged (the checksum does not match). Restore the folder"), "{error}");
    assert!(read_leases(dir.path()).is_err());
}

#[test]
fn a_newer_schema_is_refused() {
    let (dir, segment) = three_leases();
    let header = "{\"firstlight\":\"leases\",\"schema\":2,\"unheard\":true}";
    fs::write(&segment, format!("{:08x} {header}\n", crc32fast::hash(header.as_bytes()))).unwrap();
    let error = open(dir.path()).unwrap_err();
    assert!(matches!(error, StateError::Newer { found: 2, known: 1, .. }), "{error}");
}

#[test]
fn compaction_keeps_every_lease_in_little_room() {
    let dir = folder();
    let state = StateFolder::lock(dir.path()).unwrap();
    let (table, mut log, _) = LeaseLog::with_segment(&state, pools(), 20_000).unwrap();
    for round in 0..40 {
        // 50 renewed again and again, and one new each time.
        let leases: Vec<_> = (0..50).chain([100 + round]).map(|n| bind(&table, n)).collect();
        log.commit(&leases).unwrap();
        assert_eq!(read_leases(dir.path()).unwrap().len(), 51 + round as usize, "a reader beside it sees all");
    }
    drop(log);
    drop(state);
    let files: Vec<_> = fs::read_dir(dir.path().join("leases")).unwrap().map(|e| e.unwrap()).collect();
    let bytes: u64 = files.iter().map(|file| file.metadata().unwrap().len()).sum();
    assert!(bytes < 120_000, "{bytes} bytes of some 300,000 that were written: {files:?}");
    assert_eq!(open(dir.path()).unwrap().leases, 90);
}

fn event(n: u64, machine: &str) -> Event {
    Event {
        at: Timestamp(n),
        mac: None,
        machine: Some(machine.to_owned()),
        what: What::ServerStarted { generation: n },
    }
}

fn generations(events: impl Iterator<Item = Result<Event, StateError>>) -> Vec<u64> {
    events.map(|e| e.unwrap().at.0).collect()
}

#[test]
fn events_are_read_beside_the_writer_and_by_name() {
    let dir = folder();
    let state = StateFolder::lock(dir.path()).unwrap();
    let (events, writer) = Events::open(&state).unwrap();
    let mut tail = read_events(dir.path(), EventFilter::default());
    assert!(generations(&mut tail).is_empty());
    events.record_durable(event(1, "kitt")).unwrap();
    events.record_durable(event(2, "karr")).unwrap();
    assert_eq!(generations(&mut tail), [1, 2], "the tail goes on where it was");
    events.record(event(3, "kitt"));
    drop(writer);
    assert_eq!(generations(&mut tail), [3], "closing writes what waits");
    assert!(events.record_durable(event(4, "kitt")).is_err(), "closed");
    let kitt = EventFilter { machine: Some("kitt".to_owned()), ..EventFilter::default() };
    assert_eq!(generations(read_events(dir.path(), kitt.clone())), [1, 3]);
    let later = EventFilter { since: Some(Timestamp(2)), ..kitt };
    assert_eq!(generations(read_events(dir.path(), later)), [3]);
}

#[test]
fn a_damaged_event_is_skipped_and_a_torn_one_cut_off() {
    let dir = folder();
    let write = |range: std::ops::Range<u64>| {
        let state = StateFolder::lock(dir.path()).unwrap();
        let (events, _writer) = Events::open(&state).unwrap();
        range.for_each(|n| events.record_durable(event(n, "kitt")).unwrap());
    };
    write(1..4);
    let segment = dir.path().join("events/0000000001.log");
    let text = fs::read_to_string(&segment).unwrap().replace("\"generation\":2", "\"generation\":7");
    fs::write(&segment, &text[..text.len() - 5]).unwrap();
    write(4..6);
    assert_eq!(generations(read_events(dir.path(), EventFilter::default())), [1, 4, 5]);
}

#[test]
fn old_events_make_room_and_a_tail_follows_across_segments() {
    let dir = folder();
    let state = StateFolder::lock(dir.path()).unwrap();
    let (events, writer) = Events::open(&state).unwrap();
    let mut tail = read_events(dir.path(), EventFilter::default());
    let long = "x".repeat(60_000);
    let mut seen = Vec::new();
    // 3,000 × 60 kB = 180 MB, over the bound of 128 MiB and one open segment.
    for n in 0..3000 {
        let what = What::Parked { reason: long.clone() };
        let event = Event { at: Timestamp(n), mac: None, machine: None, what };
        if n % 20 == 19 {
            events.record_durable(event).unwrap();
            seen.extend(generations(&mut tail));
        } else {
            events.record(event);
        }
    }
    drop(writer);
    seen.extend(generations(&mut tail));
    assert_eq!(seen, (0..3000).collect::<Vec<_>>());
    let bytes: u64 =
        fs::read_dir(dir.path().join("events")).unwrap().map(|e| e.unwrap().metadata().unwrap().len()).sum();
    assert!(bytes < 140 << 20, "{bytes}");
    assert!(generations(read_events(dir.path(), EventFilter::default()))[0] > 0, "the oldest are gone");
}

#[test]
fn a_clock_that_was_set_is_on_disk_after_the_next_commit() {
    let dir = folder();
    let state = StateFolder::lock(dir.path()).unwrap();
    let (table, mut log, _) = LeaseLog::open(&state, pools()).unwrap();
    let lease = bind(&table, 1);
    log.commit(std::slice::from_ref(&lease)).unwrap();
    table.lock().shift(1_000_000);
    log.commit(&[]).unwrap();
    drop(log); // Waits for the snapshot.
    let until: Vec<u64> = read_leases(dir.path()).unwrap().iter().map(|lease| lease.until).collect();
    assert_eq!(until, [lease.until + 1_000_000]);
}
