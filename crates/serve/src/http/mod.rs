//! HTTP/1.1: boot scripts, configs, assets, loaders, and the machine's report that it is up. The layout of the URLs
//! is that of [`firstlight_boot::Urls`].
//!
//! A boot script begins an *attempt*: its URLs carry the attempt's token, so that every fetch that follows and the
//! report at the end belong to one machine and one boot without trusting addresses.

mod attempts;
mod body;
mod by_tftp;
mod chunked;
mod cold;
mod configs;
mod connection;
mod door;
mod files;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod growing;
mod head;
mod inbound;
mod inventory;
mod limits;
mod listen;
mod outstanding;
mod pipe;
mod query;
mod range;
mod refused;
mod repeats;
mod reply;
mod report;
mod script;
mod shelf;
#[cfg(test)]
mod tests;
mod waiting;

use crate::{Context, Fetch, Held, Here, Lifecycle, NoFetch, Served, Stop};
use attempts::Attempts;
use axum::{
    Router,
    extract::{DefaultBodyLimit, FromRef},
    routing::{get, post},
};
pub(crate) use by_tftp::ByTftp;
use door::Door;
use firstlight_site::Network;
use firstlight_state::Event;
use limits::Limits;
use listen::{House, listen};
use shelf::Shelf;
use std::{
    io,
    net::{Ipv4Addr, TcpListener},
    num::NonZero,
    sync::Arc,
};
use tokio::sync::Semaphore;

/// The longest body that a machine may send with its report.
const REPORT_LIMIT: usize = 16 << 10;
/// The longest inventory.
const INVENTORY_LIMIT: usize = 64 << 10;

/// The longest body that is taken for a path.
fn body_limit(path: &str) -> usize {
    match path.starts_with("/r/") && path.ends_with("/inventory") {
        true => INVENTORY_LIMIT,
        false => REPORT_LIMIT,
    }
}

/// The HTTP server: made once, then served on a listener for each network.
#[derive(Clone)]
pub struct Http {
    context: Context,
    lifecycle: Lifecycle,
    attempts: Arc<Attempts>,
    door: Arc<Door>,
    shelf: Arc<Shelf>,
    /// Where what was served is kept, if anywhere.
    served: Option<Served>,
    /// How what is not here is had.
    fetch: Arc<dyn Fetch>,
    /// A turn for each config that may be rendered at once.
    renders: Arc<Semaphore>,
}

/// What a handler sees: the server, and the network that the request came in from, as it is now.
struct Handler {
    http: Http,
    network: Arc<Network>,
}

/// The server on one network: makes a handler for each request.
#[derive(Clone)]
struct Entrance {
    http: Http,
    here: Arc<Here>,
}

impl FromRef<Entrance> for Handler {
    fn from_ref(entrance: &Entrance) -> Handler {
        Handler { http: entrance.http.clone(), network: entrance.here.network() }
    }
}

impl Http {
    /// The server. `past` are the recorded events of the last day or so: from them, attempts that began before a
    /// restart are known again.
    pub fn new(context: Context, lifecycle: Lifecycle, past: impl Iterator<Item = Event>) -> Http {
        let attempts = Arc::new(Attempts::default());
        for event in past {
            attempts.replay(&event);
        }
        let at_once = std::thread::available_parallelism().map_or(1, NonZero::get);
        let (door, renders) = (Arc::new(Door::new(Limits::default())), Arc::new(Semaphore::new(at_once)));
        Http {
            context,
            lifecycle,
            attempts,
            door,
            shelf: Arc::default(),
            served: None,
            fetch: Arc::new(NoFetch),
            renders,
        }
    }

    /// The server, which tells what configs it has served.
    #[must_use]
    pub fn keeping(self, served: Served) -> Http {
        Http { served: Some(served), ..self }
    }

    /// The server, which has fetched what is not here.
    #[must_use]
    pub fn fetching(self, fetch: Arc<dyn Fetch>) -> Http {
        Http { fetch, ..self }
    }

    /// What it shares with the other servers.
    pub(crate) fn context(&self) -> &Context {
        &self.context
    }

    /// What GRUB can have by TFTP on a network.
    pub(crate) fn by_tftp(&self, here: Arc<Here>) -> ByTftp {
        ByTftp(Entrance { http: self.clone(), here })
    }

    /// A port of an address: the socket that is held for it, or one that is bound now. Whoever reaches the address is
    /// answered, by whichever interface; one that is held may be kept to `interface`.
    ///
    /// # Errors
    /// The address is not there, the port is taken, or the right to bind it is missing.
    pub fn bind(held: &mut Held, address: Ipv4Addr, port: u16, interface: Option<&str>) -> io::Result<TcpListener> {
        held.tcp(address, port, interface)
    }

    /// Serves one network until `stop`, and then until the last request in flight has its response; whoever calls bounds
    /// that. Must be called within a tokio runtime with its timers and sockets enabled.
    pub async fn serve(self, listener: TcpListener, network: Network, stop: Stop) -> io::Result<()> {
        let (http, door) = (self.clone(), self.door.clone());
        let here = Arc::new(Here::new(self.context.boot.clone(), network));
        let router = router(Entrance { http: self, here });
        listen(listener, House { router, http, door, limits: Limits::default() }, stop).await
    }
}

/// What is at the root of the URLs and no asset, whatever assets are called.
const NOT_ASSETS: [&str; 2] = ["boot.ipxe", "boot.grub"];

fn router(entrance: Entrance) -> Router {
    Router::new()
        .route("/", get(|| async { concat!("Firstlight ", env!("CARGO_PKG_VERSION"), "\n") }))
        .route("/boot.ipxe", get(script::boot))
        .route("/boot.grub", get(script::boot_by_grub))
        .route("/grub/grub.cfg", get(files::grub_cfg))
        .route("/b/{token}/{name}", get(files::attempt_asset))
        .route("/c/{token}/{name}", get(configs::config))
        .route("/r/{token}", post(report::reported).get(report::reported))
        .route("/r/{token}/progress", post(report::progress))
        .route("/r/{token}/failed", post(report::failed))
        .route("/r/{token}/parked", get(report::parked))
        .route("/r/{token}/inventory", post(inventory::inventory).layer(DefaultBodyLimit::max(INVENTORY_LIMIT)))
        .route("/loader/{*file}", get(files::loader))
        .route("/asset/{name}", get(files::asset))
        .route("/sha256/{hash}", get(files::by_hash))
        // As over TFTP: for boot programs that ask for a name beside their own.
        .route("/{name}", get(files::asset))
        .layer(DefaultBodyLimit::max(REPORT_LIMIT))
        .with_state(entrance)
}
