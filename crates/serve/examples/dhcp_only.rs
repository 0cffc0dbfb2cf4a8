//! The DHCP server alone, without boot files: `dhcp_only SITE STATE`. For measurements and for the tests that kill it.

use arc_swap::ArcSwap;
use firstlight_boot::BootSet;
use firstlight_serve::{Stop, dhcp};
use firstlight_state::{Events, LeaseLog, StateFolder};
use std::{collections::BTreeMap, error::Error, path::Path, sync::Arc};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [site, state] = arguments.as_slice() else { return Err("usage: dhcp_only SITE STATE".into()) };
    let loaded = firstlight_site::load(Path::new(site)).map_err(|report| format!("{report:?}"))?;
    let folder = StateFolder::lock(Path::new(state))?;
    let (events, _writer) = Events::open(&folder)?;
    let (table, log, _) = LeaseLog::open(&folder, dhcp::pools(&loaded.site))?;
    let set = BootSet::new(loaded.site, BTreeMap::new(), BTreeMap::new(), 1);
    let threads = dhcp::spawn(Arc::new(ArcSwap::from_pointee(set)), table, log, events, Stop::new()?)?;
    // Until it is killed: it must bear that at any moment.
    threads.into_iter().for_each(|thread| drop(thread.join()));
    Ok(())
}
