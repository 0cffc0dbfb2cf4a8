//! HTTP/1.1: boot scripts, configs, assets, loaders, and the machine's report that it is up. The layout of the URLs
//! is that of [`firstlight_boot::Urls`].
//!
//! A boot script begins an *attempt*: its URLs carry the attempt's token, so that every fetch that follows and the
//! report at the end belong to one machine and one boot without trusting addresses.

mod attempts;
mod body;
mod by_tftp;
mod files;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod query;
mod range;
mod report;
mod script;

use crate::{Context, Here, Stop};
use attempts::Attempts;
use axum::{
    Router,
    extract::{DefaultBodyLimit, FromRef},
    routing::{get, post},
};
pub(crate) use by_tftp::ByTftp;
use firstlight_site::Network;
use firstlight_state::Event;
use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    time::Duration,
};

/// The longest body that a machine may send with its report.
const REPORT_LIMIT: usize = 16 << 10;

/// The HTTP server: made once, then served on a listener for each network.
#[derive(Clone)]
pub struct Http {
    context: Context,
    attempts: Arc<Attempts>,
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
    pub fn new(context: Context, past: impl Iterator<Item = Event>) -> Http {
        let attempts = Arc::new(Attempts::default());
        for event in past {
            attempts.replay(&event);
        }
        Http { context, attempts }
    }

    /// What it shares with the other servers.
    pub(crate) fn context(&self) -> &Context {
        &self.context
    }

    /// What GRUB can have by TFTP on a network.
    pub(crate) fn by_tftp(&self, here: Arc<Here>) -> ByTftp {
        ByTftp(Entrance { http: self.clone(), here })
    }

    /// Serves one network until `stop`; requests in flight are finished. Must be called within a tokio runtime.
    pub async fn serve(self, listener: TcpListener, network: Network, stop: Stop) -> io::Result<()> {
        listener.set_nonblocking(true)?;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let here = Arc::new(Here::new(self.context.boot.clone(), network));
        let router = router(Entrance { http: self, here });
        axum::serve(listener, router.into_make_service_with_connect_info::<SocketAddr>())
            .with_graceful_shutdown(stopped(stop))
            .await
    }
}

/// Ends when `stop` is stopped.
async fn stopped(stop: Stop) {
    let sleep = move || while !stop.wait(Duration::from_secs(3600)) {};
    if let Err(error) = tokio::task::spawn_blocking(sleep).await {
        tracing::error!("a server was told to stop in an odd way: {error}");
    }
}

fn router(entrance: Entrance) -> Router {
    Router::new()
        .route("/", get(|| async { concat!("Firstlight ", env!("CARGO_PKG_VERSION"), "\n") }))
        .route("/boot.ipxe", get(script::boot))
        .route("/boot.grub", get(script::boot_by_grub))
        .route("/grub/grub.cfg", get(files::grub_cfg))
        .route("/b/{token}/{name}", get(files::attempt_asset))
        .route("/c/{token}/{name}", get(files::config))
        .route("/r/{token}", post(report::reported).get(report::reported))
        .route("/loader/{*file}", get(files::loader))
        .route("/asset/{name}", get(files::asset))
        .layer(DefaultBodyLimit::max(REPORT_LIMIT))
        .with_state(entrance)
}
