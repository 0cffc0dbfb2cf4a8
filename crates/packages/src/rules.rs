//! What the site allows: which clients, which upstreams; and which URL a request means.

use firstlight_model::Ipv4Net;
use firstlight_site::{AllowedHost, PackageCache, Site};
use std::{collections::BTreeMap, net::IpAddr};

/// The longest URL.
const LONGEST: usize = 4096;

/// What holds for the requests of the moment.
#[derive(Debug, Clone)]
pub struct Rules {
    size: u64,
    allow: Vec<AllowedHost>,
    mirrors: BTreeMap<String, String>,
    clients: Vec<Ipv4Net>,
}

/// Why a request is not fulfilled, in words for whoever made it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Refused {
    #[error("this is no URL of a package: ask for http://HOST/PATH through this proxy, or for /HOST/PATH")]
    Target,
    #[error("the site does not allow `{0}`: add it to `allow` in its `package_cache` block")]
    Host(String),
}

impl Rules {
    /// A site's; `None` where it has no `package_cache` block.
    pub fn of(site: &Site) -> Option<Rules> {
        let PackageCache { size, allow, mirrors, .. } = site.package_cache.as_ref()?;
        let clients = site.networks.iter().map(|network| network.subnet).collect();
        Some(Rules { size: size.0, allow: allow.clone(), mirrors: mirrors.clone(), clients })
    }

    /// How many bytes may be kept.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// Only clients in the site's networks are served.
    pub(crate) fn serves(&self, client: IpAddr) -> bool {
        match client.to_canonical() {
            IpAddr::V4(address) => self.clients.iter().any(|network| network.contains(address)),
            IpAddr::V6(_) => false,
        }
    }

    /// The URL that is asked of an upstream for a request's target: the absolute form of a proxy, `/MIRROR/PATH`,
    /// `/HOST/PATH`, or `/HTTPS///HOST/PATH`.
    pub(crate) fn upstream(&self, target: &str) -> Result<String, Refused> {
        let clean = target.len() <= LONGEST && target.bytes().all(|byte| byte.is_ascii_graphic());
        if !clean || target.split(['/', '?']).any(|part| part == "..") {
            return Err(Refused::Target);
        }
        let target = &without_dots(target.split('#').next().unwrap_or_default());
        if let Some(rest) = target.strip_prefix("http://") {
            return self.of_host(rest, false);
        }
        if let Some(rest) = target.strip_prefix("https://") {
            return self.of_host(rest, true);
        }
        let path = target.strip_prefix('/').ok_or(Refused::Target)?;
        if let Some(rest) = path.strip_prefix("HTTPS//") {
            return self.of_host(rest.trim_start_matches('/'), true);
        }
        let (first, rest) = path.split_once('/').ok_or(Refused::Target)?;
        match self.mirrors.get(first) {
            Some(mirror) => Ok(format!("{mirror}/{rest}")),
            None => self.of_host(path, false),
        }
    }

    /// Where an upstream refers to: a path of the same server, or a host that is allowed too.
    pub(crate) fn redirect(&self, from: &str, location: &str) -> Result<String, Refused> {
        let origin = origin(from).ok_or(Refused::Target)?;
        let clean = location.len() <= LONGEST && location.bytes().all(|byte| byte.is_ascii_graphic());
        match location.strip_prefix('/') {
            _ if !clean => Err(Refused::Target),
            Some(rest) if !rest.starts_with('/') => Ok(format!("{origin}{location}")),
            None if crate::rules::origin(location) == Some(origin) => Ok(location.to_owned()),
            None if location.contains("://") => self.upstream(location),
            _ => Err(Refused::Target),
        }
    }

    /// `HOST/PATH` or `HOST:PORT/PATH`, where the site allows that host. An entry with `https://` makes it be asked so.
    fn of_host(&self, rest: &str, https: bool) -> Result<String, Refused> {
        let (place, path) = rest.split_once('/').ok_or(Refused::Target)?;
        let place = place.to_ascii_lowercase();
        let (host, port) = match place.split_once(':') {
            Some((host, port)) => (host, Some(port.parse().map_err(|_| Refused::Target)?)),
            None => (place.as_str(), None),
        };
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-.".contains(&byte);
        if host.is_empty() || !host.bytes().all(plain) {
            return Err(Refused::Target);
        }
        let usual = |https: bool| if https { 443 } else { 80 };
        let asked = port.unwrap_or(usual(https));
        let allowed = self.allow.iter().find(|entry| {
            let either = entry.port.is_none() && (asked == usual(https) || asked == usual(entry.https));
            entry.covers(host) && (either || entry.port == Some(asked))
        });
        let Some(entry) = allowed else { return Err(Refused::Host(place)) };
        let https = https || entry.https;
        let scheme = if https { "https" } else { "http" };
        let port = entry.port.map(|port| format!(":{port}")).unwrap_or_default();
        Ok(format!("{scheme}://{host}{port}/{path}"))
    }
}

/// Without parts of the path that are `.` (RFC 3986 section 5.2.4): apt writes them for repositories without components.
fn without_dots(target: &str) -> String {
    let (path, question) = target.split_at(target.find('?').unwrap_or(target.len()));
    let mut path = path.to_owned();
    while let Some(at) = path.find("/./") {
        path.replace_range(at..at + 2, "");
    }
    path + question
}

/// `http://HOST:PORT`, of a URL with a path.
fn origin(url: &str) -> Option<&str> {
    let begin = url.find("://")? + 3;
    let path = url.get(begin..)?.find('/')?;
    url.get(..begin + path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rules() -> Rules {
        let host = |text: &str| text.parse().unwrap();
        Rules {
            size: 1 << 30,
            allow: ["deb.example.org", "*.ubuntu.example", "https://secure.example", "local.example:8080"]
                .map(host)
                .into(),
            mirrors: [("debian".to_owned(), "https://mirror.example/os/debian".to_owned())].into(),
            clients: vec!["10.20.0.0/24".parse().unwrap()],
        }
    }

    #[test]
    fn every_way_to_ask_is_one_url() {
        for (target, url) in [
            ("http://deb.example.org/debian/x", "http://deb.example.org/debian/x"),
            ("http://DEB.example.org:80/debian/x", "http://deb.example.org/debian/x"),
            ("/deb.example.org/debian/x?a=b#c", "http://deb.example.org/debian/x?a=b"),
            ("/HTTPS///deb.example.org/x", "https://deb.example.org/x"),
            ("http://archive.ubuntu.example/u", "http://archive.ubuntu.example/u"),
            ("http://secure.example/s", "https://secure.example/s"),
            ("http://secure.example:443/s", "https://secure.example/s"),
            ("http://deb.example.org/r/././x?a/./b", "http://deb.example.org/r/x?a/./b"),
            ("/local.example:8080/p", "http://local.example:8080/p"),
            ("/debian/dists/x/InRelease", "https://mirror.example/os/debian/dists/x/InRelease"),
        ] {
            assert_eq!(rules().upstream(target).as_deref(), Ok(url), "{target}");
        }
    }

    #[test]
    fn nothing_else_is_asked() {
        for target in [
            "http://other.example/x",
            "http://ubuntu.example/x",
            "http://evil.ubuntu.example.org/x",
            "http://deb.example.org:22/x",
            "http://local.example/x",
            "http://user@deb.example.org/x",
            "http://169.254.169.254/latest",
            "http://deb.example.org",
            "/deb.example.org/../etc/passwd",
            "/debian/../../x",
            "ftp://deb.example.org/x",
            "/http://deb.example.org/x",
            "*",
            "",
            "/",
        ] {
            assert!(rules().upstream(target).is_err(), "{target}");
        }
    }

    #[test]
    fn an_upstream_refers_only_to_what_is_allowed() {
        let from = "https://mirror.example/os/debian/x";
        let to = |location: &str| rules().redirect(from, location);
        assert_eq!(to("/y").as_deref(), Ok("https://mirror.example/y"));
        assert_eq!(to("https://mirror.example/y").as_deref(), Ok("https://mirror.example/y"));
        assert_eq!(to("http://deb.example.org/y").as_deref(), Ok("http://deb.example.org/y"));
        for location in
            ["http://169.254.169.254/", "https://mirror.example.evil/y", "//evil/y", "y", "https://mirror.example:1/y"]
        {
            assert!(to(location).is_err(), "{location}");
        }
    }

    #[test]
    fn only_clients_of_the_networks_are_served() {
        let serves = |address: &str| rules().serves(address.parse().unwrap());
        assert!(serves("10.20.0.5") && serves("::ffff:10.20.0.5"));
        assert!(!serves("10.21.0.5") && !serves("127.0.0.1") && !serves("fe80::1"));
    }

    proptest! {
        #[test]
        fn a_url_always_names_an_allowed_host(target in "(http://|/|/HTTPS///)?[ -~]{0,40}(deb.example.org)?[:/@.%?#0-9a-z]{0,20}") {
            if let Ok(url) = rules().upstream(&target) {
                let place = url.split("://").nth(1).unwrap().split('/').next().unwrap();
                let host = place.split(':').next().unwrap();
                let known = ["deb.example.org", "secure.example", "local.example", "mirror.example"];
                prop_assert!(known.contains(&host) || host.ends_with(".ubuntu.example"), "{url}");
            }
        }
    }
}
