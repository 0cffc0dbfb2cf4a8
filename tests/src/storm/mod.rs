//! A boot storm: a thousand simulated machines that boot at once, each with its own MAC address, UUID and leased address,
//! through every step of a real boot: DHCP as a PXE ROM, the loader by TFTP, DHCP as iPXE, the script, the head of the
//! kernel and the whole initrd by HTTP, the report.
//!
//! Each machine is a thread, for a boot is a sequence; they share one DHCP socket, since each would hear every broadcast.
//! They speak from their leased addresses, which the client's namespace takes for its own (a local route). What is not
//! simulated: the seconds that firmware and kernels take between the steps, so the load comes at its worst.

mod client;
mod dhcp;
mod http;
mod tftp;

pub use client::{Boot, Machine, Outcome};
pub use http::get;
pub use tftp::fetch;

use crate::{Net, run};
use dhcp::Switchboard;
use nix::sched::{CloneFlags, setns};
use std::{
    fs::File,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// The addresses that the client's namespace takes for its own: what the site gives out must lie in there.
pub const LEASED: &str = "10.20.128.0/17";

/// What went over the cable from the machines' side, all together.
#[derive(Debug, Default)]
pub struct Counters {
    /// DHCP messages sent, and of those the repeated ones.
    pub dhcp: AtomicU64,
    /// DHCP messages that were sent again.
    pub dhcp_again: AtomicU64,
    /// TFTP packets sent and received.
    pub tftp: AtomicU64,
    /// TFTP waits in vain.
    pub tftp_again: AtomicU64,
    /// HTTP requests.
    pub http: AtomicU64,
    /// Bytes received by TFTP and HTTP.
    pub bytes: AtomicU64,
}

impl Counters {
    fn add(counter: &AtomicU64, count: u64) {
        counter.fetch_add(count, Ordering::Relaxed);
    }
}

/// What became of a storm.
#[derive(Debug)]
pub struct Storm {
    /// Each machine's boot, in the order of the machines, or why it failed.
    pub boots: Vec<Result<Boot, String>>,
    /// From the first packet to the last report.
    pub took: Duration,
    /// What the machines sent and got.
    pub counters: Arc<Counters>,
}

/// Boots these machines at once from the client's side of `net`.
pub fn boot_all(net: &Net, machines: Vec<Machine>) -> Storm {
    net.give_client("10.20.0.2/16");
    let output = net.client(&format!("ip route replace local {LEASED} dev lo"));
    assert_eq!(output.code, Some(0), "{}", output.text);
    let route = ["route", "replace", "10.20.0.0/16", "dev", "eth1"];
    let output = run(net.on_server("ip").args(route), Duration::from_secs(10));
    assert_eq!(output.code, Some(0), "{}", output.text);
    let counters = Arc::new(Counters::default());
    let namespace = Arc::new(File::open(net.client_namespace()).expect("the client's namespace"));
    let enter = |namespace: &File| setns(namespace, CloneFlags::CLONE_NEWNET).expect("the namespace can be entered");
    let switchboard = {
        let (namespace, counters) = (namespace.clone(), counters.clone());
        let open = thread::spawn(move || {
            enter(&namespace);
            Arc::new(Switchboard::open(counters))
        });
        open.join().expect("the DHCP socket is open")
    };
    let begun = Instant::now();
    let one = |machine: Machine| {
        let (namespace, counters, switchboard) = (namespace.clone(), counters.clone(), switchboard.clone());
        let boot = move || {
            enter(&namespace);
            client::boot(&machine, &switchboard, &counters).map_err(|why| format!("{}: {why}", machine.mac))
        };
        // A boot needs little stack, and a thousand of them less room than the usual 2 MiB each.
        thread::Builder::new().stack_size(256 << 10).spawn(boot).expect("a thread for each machine")
    };
    let threads: Vec<_> = machines.into_iter().map(one).collect();
    let boots: Vec<_> = threads.into_iter().map(|thread| thread.join().expect("a boot ends")).collect();
    let took = begun.elapsed();
    switchboard.close();
    Storm { boots, took, counters }
}
