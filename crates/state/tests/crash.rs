//! Random histories with crashes: no address has two live clients, and no acknowledged lease is lost. A plain model is
//! kept beside the table; a crash drops what was decided and not committed, tears the file's end, and loads again.
#![allow(clippy::unwrap_used)]

use firstlight_model::Mac;
use firstlight_state::{
    Claim, ClientKey, LeaseLog, LeaseState, LeaseTable, Pool, SharedTable, StateFolder, read_leases,
};
use proptest::prelude::*;
use std::{collections::BTreeMap, fs, io::Write, net::Ipv4Addr, path::Path};

#[derive(Debug, Clone)]
enum Step {
    Lease {
        client: u8,
        length: u32,
    },
    /// A REQUEST for any address, as a client with an old lease sends it.
    Reboot {
        client: u8,
        address: u8,
    },
    Release {
        client: u8,
    },
    Decline {
        client: u8,
    },
    /// Decided, and the crash comes before the commit.
    LeaseAndCrash {
        client: u8,
        torn: Vec<u8>,
    },
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let client = 0..12u8;
    prop_oneof![
        6 => (client.clone(), 1..400u32).prop_map(|(client, length)| Step::Lease { client, length }),
        3 => (client.clone(), 0..10u8).prop_map(|(client, address)| Step::Reboot { client, address }),
        2 => client.clone().prop_map(|client| Step::Release { client }),
        1 => client.clone().prop_map(|client| Step::Decline { client }),
        2 => (client, "[a-f0-9 ]{0,30}\n?").prop_map(|(client, torn)| Step::LeaseAndCrash { client, torn: torn.into_bytes() }),
        3 => (1..200u64).prop_map(Step::Wait),
    ]
}

fn address(n: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 0, 0, 10 + n)
}

/// A folder in memory where there is one: it is the order of things that is tested, and syncing a disk takes long.
fn folder() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

fn pools() -> Vec<Pool> {
    let excluded = [address(3)].into();
    vec![Pool {
        network: "n".into(),
        subnet: "10.0.0.0/24".parse().unwrap(),
        ranges: vec![(address(0), address(8))],
        excluded,
    }]
}

struct World {
    dir: tempfile::TempDir,
    now: u64,
    /// What clients were told: address → client and until when.
    told: BTreeMap<Ipv4Addr, (u8, u64)>,
    running: Option<(StateFolder, SharedTable, LeaseLog)>,
}

fn key(client: u8) -> ClientKey {
    ClientKey::from_hardware(1, &[0, 0, 0, 0, 0, client])
}

impl World {
    fn new() -> Self {
        let mut world = World { dir: folder(), now: 1_000_000, told: BTreeMap::new(), running: None };
        world.start();
        world
    }

    fn start(&mut self) {
        let folder = StateFolder::lock(self.dir.path()).unwrap();
        // Small segments: several compactions in each history.
        let (table, log, _) = LeaseLog::with_segment(&folder, pools(), 600).unwrap();
        self.running = Some((folder, table, log));
    }

    fn crash(&mut self, torn: &[u8]) {
        self.running = None;
        tear(self.dir.path(), torn);
        self.start();
    }

    /// Runs a decision; `None` from it is a refusal.
    fn decide<T>(&mut self, client: u8, decide: impl FnOnce(&mut LeaseTable, &Claim<'_>) -> Option<T>) -> Option<T> {
        let key = key(client);
        // Client 0 has a reservation.
        let fixed = (client == 0).then(|| address(3));
        let claim =
            Claim { network: "n", client: &key, mac: Mac([0, 0, 0, 0, 0, client]), name: None, fixed, now: self.now };
        decide(&mut self.running.as_ref().unwrap().1.lock(), &claim)
    }

    fn bind(&mut self, client: u8, wanted: Option<Ipv4Addr>, length: u32, commit: bool) {
        let lease = self.decide(client, |table, claim| {
            let address = wanted.or_else(|| table.offer(claim, None))?;
            table.bind(claim, address, length).ok()
        });
        let Some(lease) = lease.filter(|_| commit) else { return };
        self.running.as_mut().unwrap().2.commit(std::slice::from_ref(&lease)).unwrap();
        let before = self.told.insert(lease.address, (client, lease.until));
        let clash = before.filter(|(other, until)| *other != client && *until > self.now);
        assert_eq!(clash, None, "{} was given to {client}", lease.address);
        assert!(lease.address != address(3) || client == 0, "the reserved address went to {client}");
    }

    fn end(
        &mut self,
        client: u8,
        end: fn(&mut LeaseTable, &ClientKey, Ipv4Addr, u64) -> Option<firstlight_state::Lease>,
    ) {
        let now = self.now;
        let Some(address) = self.told.iter().find(|(_, (c, until))| *c == client && *until > now).map(|(a, _)| *a)
        else {
            return;
        };
        let lease = self.decide(client, |table, claim| end(table, claim.client, address, claim.now)).unwrap();
        self.running.as_mut().unwrap().2.commit(&[lease]).unwrap();
        self.told.remove(&address);
    }

    fn run(&mut self, step: Step) {
        match step {
            Step::Lease { client, length } => self.bind(client, None, length, true),
            Step::Reboot { client, address: n } => self.bind(client, Some(address(n)), 100, true),
            Step::Release { client } => self.end(client, LeaseTable::release),
            Step::Decline { client } => self.end(client, LeaseTable::decline),
            Step::Wait(seconds) => self.now += seconds,
            Step::LeaseAndCrash { client, torn } => {
                self.bind(client, None, 100, false);
                self.crash(&torn);
            }
        }
        self.check();
    }

    /// All that clients were told is in the table and on disk.
    fn check(&self) {
        let on_disk = read_leases(self.dir.path()).unwrap();
        let table = self.running.as_ref().unwrap().1.lock();
        for (address, (client, until)) in self.told.iter().filter(|(_, (_, until))| *until > self.now) {
            let lease = table.get(*address).unwrap();
            assert!(
                lease.client == key(*client) && lease.until >= *until,
                "{address}: {lease:?}, told {client} {until}"
            );
            let lease = on_disk.iter().find(|lease| lease.address == *address).unwrap();
            assert!(lease.client == key(*client) && lease.until >= *until && lease.state == LeaseState::Bound);
        }
    }
}

/// What a power cut leaves behind the last commit.
fn tear(state: &Path, torn: &[u8]) {
    let mut segments: Vec<_> = fs::read_dir(state.join("leases")).unwrap().map(|e| e.unwrap().path()).collect();
    segments.retain(|path| path.extension().unwrap() == "log");
    segments.sort();
    fs::OpenOptions::new().append(true).open(segments.last().unwrap()).unwrap().write_all(torn).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn no_address_twice_and_nothing_acknowledged_lost(steps in prop::collection::vec(step(), 1..60)) {
        let mut world = World::new();
        for step in steps {
            world.run(step);
        }
        world.crash(b"");
        world.check();
    }
}
