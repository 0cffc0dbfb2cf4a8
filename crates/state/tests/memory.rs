//! The cost of a lease: at most 200 bytes of memory, and the same time however many there are. Alone in its process,
//! because it counts what the process allocates.
#![allow(clippy::unwrap_used)]
#![allow(unsafe_code)]

use firstlight_model::Mac;
use firstlight_state::{Claim, ClientKey, LeaseTable, Pool};
use std::{
    alloc::{GlobalAlloc, Layout, System},
    collections::BTreeSet,
    net::Ipv4Addr,
    sync::atomic::{AtomicUsize, Ordering},
};

struct Counting;
static BYTES: AtomicUsize = AtomicUsize::new(0);

// SAFETY: every call is passed on to the system's allocator unchanged.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        BYTES.fetch_add(layout.size(), Ordering::Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.alloc(layout) }
    }
    unsafe fn dealloc(&self, ptr: *mut u8, layout: Layout) {
        BYTES.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: as the caller promises.
        unsafe { System.dealloc(ptr, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn bind(table: &mut LeaseTable, n: u32) {
    let [a, b, c, d] = n.to_be_bytes();
    let mac = Mac([2, 0, a, b, c, d]);
    let client = ClientKey::from_hardware(1, &mac.0);
    let claim = Claim { network: "n", client: &client, mac, name: None, fixed: None, now: 1000 };
    let address = table.offer(&claim, None).unwrap();
    table.bind(&claim, address, 3600).unwrap();
}

#[test]
fn a_lease_takes_at_most_200_bytes() {
    let range = (Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(10, 3, 255, 254));
    let pool = Pool {
        network: "n".into(),
        subnet: "10.0.0.0/14".parse().unwrap(),
        ranges: vec![range],
        excluded: BTreeSet::new(),
    };
    let mut table = LeaseTable::new(vec![pool]);
    let before = BYTES.load(Ordering::Relaxed);
    for n in 0..200_000 {
        bind(&mut table, n);
        if matches!(n + 1, 10_000 | 50_000 | 100_000 | 200_000) {
            let each = (BYTES.load(Ordering::Relaxed) - before) / (n as usize + 1);
            println!("{} leases: {each} bytes each", n + 1);
            assert!(each <= 200, "{each} bytes for each of {} leases", n + 1);
        }
    }
}
