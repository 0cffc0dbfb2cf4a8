//! A disk that is full: the limit on file sizes makes the system cut writes short, as a full disk does. Alone in its
//! process, because the limit is the process's.
#![allow(clippy::unwrap_used)]
#![allow(unsafe_code)]

use firstlight_model::{Mac, Timestamp};
use firstlight_state::{
    ClientKey, Event, EventFilter, Events, Lease, LeaseLog, LeaseState, StateFolder, What, read_events, read_leases,
};
use nix::sys::{
    resource::{Resource, getrlimit, setrlimit},
    signal::{SigHandler, Signal, signal},
};
use std::net::Ipv4Addr;

fn lease(n: u8) -> Lease {
    let mac = Mac([2, 0, 0, 0, 0, n]);
    let client = ClientKey::from_hardware(1, &mac.0);
    Lease {
        address: Ipv4Addr::new(10, 0, 0, n),
        network: "n".into(),
        client,
        mac,
        name: None,
        state: LeaseState::Bound,
        since: 1,
        until: 2,
    }
}

fn event(n: u64) -> Event {
    Event { at: Timestamp(n), mac: None, machine: None, what: What::ServerStarted { generation: n } }
}

#[test]
fn what_does_not_fit_is_not_acknowledged_and_later_writes_work_again() {
    // SAFETY: ignoring a signal runs no handler.
    unsafe { signal(Signal::SIGXFSZ, SigHandler::SigIgn) }.unwrap();
    let (_, hard) = getrlimit(Resource::RLIMIT_FSIZE).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let state = StateFolder::lock(dir.path()).unwrap();
    let (_, mut log, _) = LeaseLog::open(&state, Vec::new()).unwrap();
    let (events, writer) = Events::open(&state).unwrap();
    log.commit(&[lease(1)]).unwrap();
    events.record_durable(event(1)).unwrap();

    // Room for one more line, not for three: the write is cut in the middle of a record.
    setrlimit(Resource::RLIMIT_FSIZE, 500, hard).unwrap();
    log.commit(&[lease(2), lease(3), lease(4)]).unwrap_err();
    let known = || read_leases(dir.path()).unwrap().iter().map(|l| l.address.octets()[3]).collect::<Vec<_>>();
    assert_eq!(known(), [1], "all or nothing");
    log.commit(&[lease(5)]).unwrap();
    while events.record_durable(event(2)).is_ok() {}

    setrlimit(Resource::RLIMIT_FSIZE, hard, hard).unwrap();
    log.commit(&[lease(6)]).unwrap();
    assert_eq!(known(), [1, 5, 6]);
    events.record_durable(event(3)).unwrap();
    drop(writer);
    let seen: Vec<u64> = read_events(dir.path(), EventFilter::default()).map(|e| e.unwrap().at.0).collect();
    assert_eq!((seen.first(), seen.last()), (Some(&1), Some(&3)));
    drop((log, state));
    let state = StateFolder::lock(dir.path()).unwrap();
    assert_eq!(LeaseLog::open(&state, Vec::new()).unwrap().2.torn, None, "nothing ragged was left");
}
