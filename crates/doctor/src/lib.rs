//! What stands between a server and its clients, found before they find it: interfaces, ports, firewalls, other DHCP
//! servers, routes to relays, the clock, files.
//!
//! Each check looks at the system and returns [`Finding`]s; none changes anything. What is sent on the wire is a DHCP
//! DISCOVER from a made-up client, and pings to neighbours that are known already. Not here: the site's own mistakes
//! (`firstlight check`) and a machine's boot (`firstlight machines show`).

mod busy;
mod clock;
mod dhcp;
mod files;
mod firewall;
mod interface;
mod mtu;
mod neighbours;
mod ports;
mod relay;

use firstlight_model::Timestamp;
use firstlight_site::{Place, Site};
use serde::Serialize;
use std::{fmt, net::Ipv4Addr, path::PathBuf, time::Duration};

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// As it should be.
    Fine,
    /// It may be what stands in the way.
    Warning,
    /// Machines will not boot.
    Error,
}

/// What one check found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How bad it is.
    pub level: Level,
    /// What was looked at: `interface`, `ports`, `dhcp`, `firewall`, `mtu`, `neighbours`, `relay`, `clock`,
    /// `files`, `http`.
    pub check: &'static str,
    /// The network that it is about; `None` for the server as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub network: Option<String>,
    /// What is so.
    pub text: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
    /// Where the site says what it is measured by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<Place>,
}

impl Finding {
    fn new(level: Level, check: &'static str, text: impl Into<String>) -> Self {
        Finding { level, check, network: None, text: text.into(), next: None, place: None }
    }

    fn fine(check: &'static str, text: impl Into<String>) -> Self {
        Finding::new(Level::Fine, check, text)
    }

    fn warning(check: &'static str, text: impl Into<String>, next: impl Into<String>) -> Self {
        Finding { next: Some(next.into()), ..Finding::new(Level::Warning, check, text) }
    }

    fn error(check: &'static str, text: impl Into<String>, next: impl Into<String>) -> Self {
        Finding { next: Some(next.into()), ..Finding::new(Level::Error, check, text) }
    }

    fn about(self, network: &firstlight_site::Network) -> Self {
        Finding { network: Some(network.name.clone()), place: Some(network.place.clone()), ..self }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.network.iter().try_for_each(|network| write!(f, "network {network}: "))?;
        f.write_str(&self.text)?;
        self.next.iter().try_for_each(|next| write!(f, "; {next}"))
    }
}

/// What is known besides the site.
#[derive(Debug, Clone, Default)]
pub struct Known {
    /// The process of the server that runs with this state, if one does: what it holds is as it should be.
    pub server: Option<u32>,
    /// The addresses that are leased, or were.
    pub leased: Vec<Ipv4Addr>,
    /// The time of the last thing that was recorded.
    pub last_recorded: Option<Timestamp>,
    /// What the record of the last day says of HTTP connections that were refused.
    pub refused: Option<Refused>,
    /// The state folder.
    pub state: PathBuf,
    /// Now.
    pub now: Timestamp,
}

/// HTTP connections that were refused because there were too many.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// How many, at least.
    pub count: u64,
    /// When it was recorded last.
    pub at: Timestamp,
    /// The last one in words: whose it was, and which limit was reached.
    pub last: String,
}

/// How long answers to a DISCOVER are waited for, in all, where nobody says otherwise: servers make their offers within
/// milliseconds, dnsmasq and some others after they have pinged the address for up to a second, and half-way it is asked
/// again.
pub const LISTEN: Duration = Duration::from_secs(3);

/// Every check, in the order in which a boot would meet what they find. Answers to a DISCOVER are waited for as long as
/// `listen` says; `progress` is told what is being done where it takes time.
pub fn examine(site: &Site, known: &Known, listen: Duration, progress: &dyn Fn(&str)) -> Vec<Finding> {
    let mut findings = at_rest(site, known);
    progress("asking whether another DHCP server answers");
    findings.extend(dhcp::check(site, listen));
    progress("asking neighbours whether whole packets arrive");
    findings.extend(mtu::neighbours(site));
    findings
}

/// What a server that is about to start should say: errors of the computer that it starts on, other than those that stop
/// it by themselves.
pub fn before_serving(site: &Site) -> Vec<Finding> {
    let checks = [interface::check(site), firewall::check(site), mtu::configured(site)];
    checks.into_iter().flatten().filter(|finding| finding.level == Level::Error).collect()
}

/// The checks that send nothing and take no time.
fn at_rest(site: &Site, known: &Known) -> Vec<Finding> {
    let checks = [
        interface::check(site),
        ports::check(site, known.server),
        firewall::check(site),
        mtu::configured(site),
        neighbours::check(site),
        relay::check(site, &known.leased),
        clock::check(known),
        files::check(site, &known.state),
        busy::check(known),
    ];
    checks.into_iter().flatten().collect()
}
