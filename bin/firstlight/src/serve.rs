//! `firstlight serve`: the composition root of the boot services.

use crate::{Failure, Outcome, site};
use arc_swap::ArcSwap;
use firstlight_boot::{BootSet, Content};
use firstlight_model::Timestamp;
use firstlight_serve::{Context, Http, Published, Stop, dhcp, now, ra, raise_open_files, tftp};
use firstlight_site::{Network, Site};
use firstlight_state::{EventFilter, Events, LeaseLog, StateFolder, What, read_events};
use indicatif::{HumanBytes, ProgressBar, ProgressStyle};
use nix::ifaddrs::getifaddrs;
use std::{
    cell::RefCell,
    io,
    net::{TcpListener, UdpSocket},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

/// How far back the record is read for attempts that are under way.
const ATTEMPTS_LIVE: Duration = Duration::from_secs(24 * 3600);

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The site's folder
    #[arg(default_value = ".", env = "FIRSTLIGHT_SITE")]
    site: PathBuf,
    /// Where leases, events and fetched assets are kept; `.firstlight/state` in the site where not given
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// What is logged, as in RUST_LOG: error, warn, info, debug, or by module
    #[arg(long, default_value = "info", env = "FIRSTLIGHT_LOG")]
    log: String,
}

pub(crate) fn run(args: Args) -> Outcome {
    start_log(&args.log)?;
    raise_open_files();
    let held = dhcp::held()?;
    let site = site::load(&args.site)?;
    check_interfaces(&site)?;
    let state = site::state_dir(&args.site, args.state.as_ref());
    let folder = StateFolder::lock(&state)?;
    let past = recent_events(&state)?;
    let (events, events_writer) = Events::open(&folder)?;
    let set = boot_set(site, &state)?;
    let networks = set.site.networks.clone();
    let boot = Arc::new(ArcSwap::from_pointee(set));
    let (table, log, recovered) = LeaseLog::open(&folder, dhcp::pools(&boot.load().site))?;
    tracing::info!("{} leases are known in {}", recovered.leases, state.display());

    let stop = Stop::new()?;
    let leases = table.clone();
    let mac_of = Arc::new(move |address| leases.lock().mac_of(address));
    let context = Context { boot: boot.clone(), events: events.clone(), mac_of };
    let http = Http::new(context.clone(), past.into_iter());
    let mut threads = Vec::new();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_name("http").build()?;
    threads.extend(dhcp::spawn(held, boot.clone(), table, log, events.clone(), stop.clone())?);
    for network in networks.iter().filter(|network| network.interface.is_some()) {
        threads.extend(serve_network(network, &context, &stop)?);
        let listener = bind_http(network, boot.load().site.http_port)?;
        runtime.spawn(http.clone().serve(listener, network.clone(), stop.clone()));
    }
    context.record(None, What::ServerStarted { generation: boot.load().generation });
    announce(&boot.load().site);

    runtime.block_on(until_signal())?;
    tracing::info!("stopping: transfers under way are finished");
    stop.stop();
    runtime.shutdown_timeout(Duration::from_secs(5));
    for thread in threads {
        let _ = thread.join();
    }
    drop(events_writer);
    Ok(())
}

/// Log lines on standard error: with the time for a person, without where a service manager adds its own.
fn start_log(filter: &str) -> Outcome {
    let filter = tracing_subscriber::EnvFilter::try_new(filter)?;
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(io::stderr).with_target(false);
    let log = log.with_ansi(crate::output::colour());
    match std::env::var_os("JOURNAL_STREAM") {
        Some(_) => log.without_time().init(),
        None => log.init(),
    }
    Ok(())
}

/// Each network's interface must be there and have the server's address: everything that is served names it.
fn check_interfaces(site: &Site) -> Outcome {
    let found: Vec<_> = getifaddrs()?.collect();
    for network in &site.networks {
        let Some(name) = &network.interface else { continue };
        if !found.iter().any(|interface| interface.interface_name == *name) {
            let mut names: Vec<&str> = found.iter().map(|interface| interface.interface_name.as_str()).collect();
            names.sort_unstable();
            names.dedup();
            return Err(Failure::Failed(format!(
                "{}: network {} is on {name}, and there is no such interface; there are {}",
                network.place,
                network.name,
                names.join(", ")
            )));
        }
        let here = |interface: &&nix::ifaddrs::InterfaceAddress| interface.interface_name == *name;
        let addresses = found.iter().filter(here).filter_map(|i| Some(i.address?.as_sockaddr_in()?.ip()));
        let addresses: Vec<_> = addresses.collect();
        if !addresses.contains(&network.address) {
            let has = addresses.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            return Err(Failure::Failed(format!(
                "{}: {name} does not have the address {} (it has {}). Set `address` in network {}, or: ip address add {}/{} dev {name}",
                network.place,
                network.address,
                if has.is_empty() { "none" } else { &has },
                network.name,
                network.address,
                network.subnet.prefix()
            )));
        }
    }
    Ok(())
}

/// The events from which attempts that are under way are known again.
fn recent_events(state: &Path) -> Result<Vec<firstlight_state::Event>, Failure> {
    let since = Timestamp(now().0.saturating_sub(ATTEMPTS_LIVE.as_millis() as u64));
    let filter = EventFilter { since: Some(since), ..EventFilter::default() };
    Ok(read_events(state, filter).collect::<Result<_, _>>()?)
}

/// Verifies and fetches what the site names. What cannot be had is told and left out: the rest is served, so that one
/// mirror that is down does not take the network's addresses with it.
fn boot_set(site: Site, state: &Path) -> Result<BootSet, Failure> {
    let store = firstlight_assets::Store::open(&state.join("assets"))?;
    let shown = Fetching::default();
    let resolved = firstlight_assets::resolve(&site, &store, &|progress| shown.show(progress));
    for missing in &resolved.missing {
        tracing::error!("{} cannot be served: {}", missing.name, missing.error);
    }
    let bytes: u64 = resolved.assets.values().map(Content::size).sum();
    tracing::info!("{} assets verified, {}", resolved.assets.len(), HumanBytes(bytes));
    Ok(BootSet::new(site, resolved.assets, resolved.loaders, 1))
}

/// A bar for each fetch on a terminal; without one, a line every ten seconds.
#[derive(Default)]
struct Fetching(RefCell<Option<(String, ProgressBar, Instant)>>);

impl Fetching {
    fn show(&self, progress: firstlight_assets::Progress<'_>) {
        let mut current = self.0.borrow_mut();
        if current.as_ref().is_none_or(|(name, ..)| name != progress.name) {
            let style = ProgressStyle::with_template("{msg} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}");
            let bar = ProgressBar::new(progress.total.unwrap_or(0)).with_message(format!("fetching {}", progress.name));
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            tracing::info!("fetching {}", progress.name);
            *current = Some((progress.name.to_owned(), bar, Instant::now()));
        }
        if let Some((name, bar, told)) = current.as_mut() {
            bar.set_position(progress.done);
            if bar.is_hidden() && told.elapsed() > Duration::from_secs(10) {
                *told = Instant::now();
                tracing::info!("fetching {name}: {} so far", HumanBytes(progress.done));
            }
        }
    }
}

/// TFTP, and the answers to IPv6 router solicitations, on one network.
fn serve_network(
    network: &Network,
    context: &Context,
    stop: &Stop,
) -> Result<Vec<std::thread::JoinHandle<()>>, Failure> {
    let socket = UdpSocket::bind((network.address, 69)).map_err(|error| bind_failure("TFTP", network, 69, &error))?;
    if let Some(name) = &network.interface {
        socket2::SockRef::from(&socket).bind_device(Some(name.as_bytes()))?;
    }
    let published = Arc::new(Published { context: context.clone(), network: network.clone() });
    let mut threads = vec![tftp::spawn(socket, published, stop.clone())?];
    match &network.interface {
        Some(name) if network.router_advertisements => match ra::spawn(name, stop.clone(), |_| ()) {
            Ok(thread) => threads.push(thread),
            Err(error) => tracing::warn!(
                "{name}: IPv6 router solicitations are not answered, so that iPXE will wait some seconds: {error}"
            ),
        },
        _ => {}
    }
    Ok(threads)
}

fn bind_http(network: &Network, port: u16) -> Result<TcpListener, Failure> {
    TcpListener::bind((network.address, port)).map_err(|error| bind_failure("HTTP", network, port, &error))
}

fn bind_failure(what: &str, network: &Network, port: u16, error: &io::Error) -> Failure {
    let next = match error.kind() {
        io::ErrorKind::AddrInUse => "another program has it: ss -lnptu shows which",
        io::ErrorKind::PermissionDenied => {
            "run it as root, or give it CAP_NET_BIND_SERVICE, CAP_NET_RAW and CAP_NET_ADMIN"
        }
        _ => "see `ip address`",
    };
    Failure::Failed(format!("{what} cannot listen on {}:{port}: {error}; {next}", network.address))
}

fn announce(site: &Site) {
    for network in &site.networks {
        let interface = network.interface.as_deref().unwrap_or("relays");
        tracing::info!(
            "serving {} on {interface}: DHCP for {}, TFTP and http://{}:{}",
            network.name,
            network.subnet,
            network.address,
            site.http_port
        );
    }
}

async fn until_signal() -> io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut interrupt, mut terminate) = (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    Ok(())
}
