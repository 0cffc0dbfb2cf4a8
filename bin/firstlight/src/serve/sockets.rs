//! The sockets: handed over by a service manager, or opened once, at the start, while there may be the privilege to; served
//! from then on. A site that needs other ones needs a restart, which [`doors`] tells.

use crate::Failure;
use firstlight_serve::{
    BEAT, Context, Held, Here, Http, Published, Pulse, Stop, dhcp,
    dns::{self, Dns},
    ra, tftp,
};
use firstlight_site::{DhcpMode, Network, Site};
use std::{
    collections::BTreeSet,
    io,
    net::{TcpListener, UdpSocket},
    sync::Arc,
    thread::JoinHandle,
};
use tokio::runtime::Runtime;

/// Every socket that a site's servers need besides DHCP's.
pub(super) struct Sockets {
    pub(super) dhcp: dhcp::Sockets,
    pub(super) networks: Vec<OfNetwork>,
    /// Where packages are asked for; none where the site has no `package_cache` block.
    pub(super) packages: Vec<TcpListener>,
}

/// The sockets of one network.
pub(super) struct OfNetwork {
    network: Network,
    tftp: UdpSocket,
    http: TcpListener,
    /// `None` where the site has no `dns` block.
    dns: Option<(UdpSocket, TcpListener)>,
    /// `None` where the site does not want it, or it cannot be had: nothing fails without it.
    solicitations: Option<ra::Responder>,
}

/// What is listened on for a site, in words. Two sites with the same doors can follow each other without a restart.
pub(super) fn doors(site: &Site) -> BTreeSet<String> {
    let here = site.networks.iter().filter_map(|network| Some((network, network.interface.as_deref()?)));
    let of_network = |(network, interface): (&Network, &str)| {
        let mut doors = vec![
            // A server that becomes authoritative is one that nobody has asked about other servers yet.
            format!("{} on {interface}", if network.dhcp.mode == DhcpMode::Proxy { "ProxyDHCP" } else { "DHCP" }),
            format!("TFTP on {} at {interface}", network.address),
            format!("HTTP on {}:{}", network.address, site.http_port),
        ];
        doors.extend(site.dns.as_ref().map(|_| format!("DNS on {} at {interface}", network.address)));
        let cache = site.package_cache.as_ref();
        doors.extend(cache.map(|cache| format!("packages on {}:{}", network.address, cache.port)));
        doors.extend(network.router_advertisements.then(|| format!("router solicitations on {interface}")));
        doors
    };
    here.flat_map(of_network).collect()
}

impl Sockets {
    /// Opens them all; `held` are those that a service manager has opened already.
    ///
    /// # Errors
    /// One that cannot be had, or that nothing of the site is served by, with the next step.
    pub(super) fn open(site: &Site, mut held: Held) -> Result<Sockets, Failure> {
        let dhcp = dhcp::bind(&mut held, site)?;
        let here = site.networks.iter().filter(|network| network.interface.is_some());
        let networks = here.map(|network| OfNetwork::open(network, site, &mut held)).collect::<Result<_, _>>()?;
        let packages = packages(site, &mut held)?;
        held.finish()?;
        Ok(Sockets { dhcp, networks, packages })
    }
}

/// The package cache's, on the address of each network that is here.
fn packages(site: &Site, held: &mut Held) -> Result<Vec<TcpListener>, Failure> {
    let Some(cache) = &site.package_cache else { return Ok(Vec::new()) };
    let here = site.networks.iter().filter_map(|network| Some((network, network.interface.as_deref()?)));
    let open = |(network, interface): (&Network, &str)| {
        let listener = Http::bind(held, network.address, cache.port, Some(interface));
        listener.map_err(|error| bind_failure("the package cache", network, cache.port, &error))
    };
    here.map(open).collect()
}

impl OfNetwork {
    fn open(network: &Network, site: &Site, held: &mut Held) -> Result<OfNetwork, Failure> {
        let say = |what, port| move |error: io::Error| bind_failure(what, network, port, &error);
        let (address, port, interface) = (network.address, site.http_port, network.interface.as_deref());
        let tftp = tftp::bind(held, address, interface).map_err(say("TFTP", tftp::PORT))?;
        let http = Http::bind(held, address, port, interface).map_err(say("HTTP", port))?;
        let dns = site.dns.as_ref().map(|_| dns::bind(held, address, interface).map_err(say("DNS", dns::PORT)));
        let dns = dns.transpose()?;
        let solicitations = network.interface.as_deref().filter(|_| network.router_advertisements).and_then(listen_ra);
        Ok(OfNetwork { network: network.clone(), tftp, http, dns, solicitations })
    }
}

fn listen_ra(interface: &str) -> Option<ra::Responder> {
    let say = |error: &io::Error| {
        tracing::warn!(
            "{interface}: IPv6 router solicitations are not answered, so that iPXE will wait some seconds: {error}"
        );
    };
    ra::Responder::bind(interface).inspect_err(say).ok()
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

/// Shows that the runtime that serves HTTP gets round to its tasks.
pub(super) async fn beat(pulse: Pulse) {
    let mut interval = tokio::time::interval(BEAT);
    loop {
        interval.tick().await;
        pulse.beat();
    }
}

/// What serves, to be waited for at the end.
#[derive(Default)]
pub(super) struct Servers {
    pub(super) threads: Vec<JoinHandle<()>>,
    pub(super) tasks: Vec<tokio::task::JoinHandle<io::Result<()>>>,
}

impl Servers {
    /// Serves TFTP, HTTP, DNS and the answers to router solicitations on every network.
    ///
    /// # Errors
    /// There is no room for another thread.
    pub(super) fn serve(
        &mut self,
        sockets: Vec<OfNetwork>,
        context: &Context,
        http: &Http,
        dns: &Dns,
        runtime: &Runtime,
        stop: &Stop,
    ) -> io::Result<()> {
        for OfNetwork { network, tftp, http: listener, dns: asked, solicitations } in sockets {
            let here = Here::new(context.boot.clone(), network.clone());
            let published = Arc::new(Published::new(http, here));
            self.threads.push(tftp::spawn(tftp, published, stop.clone())?);
            if let Some(asked) = asked {
                self.threads.push(dns.spawn(asked, stop.clone())?);
            }
            if let Some(responder) = solicitations {
                self.threads.push(ra::spawn(responder, stop.clone(), |_| ())?);
            }
            self.tasks.push(runtime.spawn(http.clone().serve(listener, network, stop.clone())));
        }
        Ok(())
    }
}
