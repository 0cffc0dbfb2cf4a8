//! `firstlight serve`: the composition root of the boot services. What each part does stands in a module of its own;
//! their order stands here, in [`run`].

mod assets;
mod changes;
mod ending;
mod interfaces;
mod notify;
mod on_demand;
mod others;
mod packages;
mod privileges;
mod reload;
mod signals;
mod sockets;
mod upstreams;

use crate::{Failure, Outcome, site, systems};
use arc_swap::ArcSwap;
use assets::Supplies;
use firstlight_assets::{Options, Resolved, Store};
use firstlight_boot::BootSet;
use firstlight_model::Timestamp;
use firstlight_serve::{
    Context, Held, Http, Lifecycle, Served, Stop,
    control::{Answer, Control, Handler, Request, Status},
    dhcp,
    dns::Dns,
    give_back_memory, now, raise_open_files,
};
use firstlight_site::{DhcpMode, Site};
use firstlight_state::{EventFilter, Events, LeaseLog, Standings, StateFolder, What, read_events};
use notify::Notify;
use on_demand::OnDemand;
use reload::Reloader;
use signals::{Heard, Signals};
use sockets::{Servers, Sockets};
use std::{
    io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
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
    /// Who serves once the sockets are open, when started as root; `firstlight` where not given and there is such a user
    #[arg(long, value_name = "NAME")]
    user: Option<String>,
    /// Use the files in this folder in place of the sources of assets of the same name
    #[arg(long, value_name = "DIR")]
    local: Option<PathBuf>,
    /// Serve only assets whose hash is pinned or in firstlight.lock; lock nothing
    #[arg(long)]
    locked: bool,
    /// Serve addresses also where another DHCP server answers, and do not look for one
    #[arg(long)]
    allow_other_dhcp: bool,
    /// What is logged, as in RUST_LOG: error, warn, info, debug, or by module
    #[arg(long, default_value = "info", env = "FIRSTLIGHT_LOG")]
    log: String,
}

pub(crate) fn run(args: Args) -> Outcome {
    start_log(&args.log)?;
    raise_open_files();
    let notify = Arc::new(Notify::from_environment());

    // What the site says, and the sockets for it.
    let held = Held::from_environment()?;
    let site = site::load(&args.site)?;
    interfaces::check(&site)?;
    for finding in firstlight_doctor::before_serving(&site) {
        tracing::error!("{finding} (firstlight doctor looks for more)");
    }
    let state = site::state_dir(&args.site, args.state.as_ref());
    let folder = StateFolder::lock(&state)?;
    let Sockets { dhcp, networks, packages } = Sockets::open(&site, held)?;
    let others = others::ask(&site, args.allow_other_dhcp);
    let control = Control::open(&state).map_err(crate::tried("open the control socket in", &state))?;

    privileges::give_up(args.user.as_deref(), &args.site, &state)?;

    // What was before, and what is served. From here on there are threads, and signals are heard.
    let past = recent_events(&state)?;
    let store = Store::open(&state.join("assets"))?;
    let options = Options { locked: args.locked, local: args.local, ..Options::default() };
    let patient = Options { patience: upstreams::at_start(), ..options.clone() };
    let site = systems::ready(site, &store, &patient, &upstreams::Log)?;
    let Supplies { resolved, fetcher } = assets::supplies(&site, &store, None, &options)?;
    let set = first_generation(site, resolved);
    give_back_memory();
    others::refuse(others)?;
    let signals = Signals::take()?;
    let (events, events_writer) = Events::open(&folder)?;
    let (table, log, recovered) = LeaseLog::open(&folder, dhcp::pools(&set.site))?;
    tracing::info!("{} leases are known in {}", recovered.leases, state.display());
    let boot = Arc::new(ArcSwap::from_pointee(set));
    let leases = table.clone();
    let mac_of = Arc::new(move |address| leases.lock().holder_of(address, now().secs()));
    let context = Context { boot: boot.clone(), events: events.clone(), mac_of };
    let (standings, standings_writer) = Standings::open(&folder)?;
    let lifecycle = Lifecycle::new(context.clone(), standings);
    let (served, served_writer) = Served::open(&state, &context.boot.load().site)?;
    let on_demand = OnDemand::new(fetcher, context.clone());
    let http = Http::new(context.clone(), lifecycle.clone(), past.into_iter()).keeping(served);
    let http = http.fetching(Arc::new(on_demand.clone()));

    // The servers.
    let stop = Stop::new()?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().thread_name("http").build()?;
    let mut servers = Servers::default();
    let dns = Dns::new(boot.clone(), table.clone(), runtime.handle().clone());
    servers.threads.extend(packages::spawn(packages, &state, &boot, &stop)?);
    servers.threads.extend(dhcp::spawn(dhcp, boot, table, log, events, stop.clone())?);
    servers.serve(networks, &context, &http, &dns, &runtime, &stop)?;
    runtime.spawn(sockets::beat(stop.pulse("http")));
    let one = Mutex::default();
    let (context_too, notify_too) = (context.clone(), notify.clone());
    let reloader = Arc::new(Reloader {
        site: args.site,
        store,
        options,
        on_demand: on_demand.clone(),
        context: context_too,
        notify: notify_too,
        one,
    });
    servers.threads.push(control.spawn(orders(context.clone(), lifecycle.clone(), reloader.clone()), stop.clone())?);
    servers.threads.push(lifecycle.spawn(stop.clone())?);
    upstreams::spawn(reloader.clone(), stop.clone())?;
    context.record(None, What::ServerStarted { generation: context.boot.load().generation });
    announce(&context.boot.load().site);
    notify.ready(context.boot.load().generation);
    on_demand.prefetch();

    // What comes, until the end.
    loop {
        match signals.next(notify.every()) {
            Some(Heard::Reload) => {
                let reloader = reloader.clone();
                thread::Builder::new().name("reload".to_owned()).spawn(move || reloader.reload())?;
            }
            Some(Heard::End) => break,
            None => {}
        }
        notify.alive(&stop);
    }
    notify.stopping();
    ending::end(servers, runtime, &signals, &stop);
    drop(served_writer);
    drop(standings_writer);
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

/// The events from which attempts that are under way are known again.
fn recent_events(state: &Path) -> Result<Vec<firstlight_state::Event>, Failure> {
    let since = Timestamp(now().0.saturating_sub(ATTEMPTS_LIVE.as_millis() as u64));
    let filter = EventFilter { since: Some(since), ..EventFilter::default() };
    Ok(read_events(state, filter).collect::<Result<_, _>>()?)
}

fn first_generation(site: Site, Resolved { assets, loaders, missing, .. }: Resolved) -> BootSet {
    missing.iter().for_each(|missing| tracing::error!("{}", assets::say_missing(missing)));
    BootSet::new(site, assets, loaders, 1)
}

/// What is done for each order that comes over the control socket.
fn orders(context: Context, lifecycle: Lifecycle, reloader: Arc<Reloader>) -> Handler {
    let since = now();
    Arc::new(move |request| match request {
        Request::Reload => reloader.reload(),
        Request::Order { machine, what } => match lifecycle.order(&machine, what) {
            Ok(standing) => Answer::Ordered(standing),
            Err(why) => Answer::Failed { why },
        },
        Request::Name { machine, class } => match lifecycle.name(machine, &class) {
            Ok(name) => Answer::Named { name },
            Err(why) => Answer::Failed { why },
        },
        Request::Release { name } => match lifecycle.release(&name) {
            Ok(standing) => Answer::Ordered(standing),
            Err(why) => Answer::Failed { why },
        },
        Request::Status => Answer::Status(Status {
            pid: std::process::id(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            generation: context.boot.load().generation,
            since,
        }),
    })
}

fn announce(site: &Site) {
    for network in &site.networks {
        let interface = network.interface.as_deref().unwrap_or("relays");
        let dns = if site.dns.is_some() { ", DNS" } else { "" };
        tracing::info!(
            "serving {} on {interface}: {} for {}, TFTP{dns} and http://{}:{}",
            network.name,
            match network.dhcp.mode {
                DhcpMode::Authoritative => "DHCP",
                DhcpMode::Proxy => "ProxyDHCP",
            },
            network.subnet,
            network.address,
            site.http_port
        );
    }
}
