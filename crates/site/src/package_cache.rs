//! The `package_cache` block: a caching proxy for package mirrors.

use crate::Place;
use firstlight_model::ByteSize;
use serde::Serialize;
use std::{collections::BTreeMap, fmt, str::FromStr};

/// The `package_cache` block. Without it there is no such server.
#[derive(Debug, Clone, Serialize)]
pub struct PackageCache {
    /// Where it stands.
    pub place: Place,
    /// The port on every network's address; 3142 where not set.
    pub port: u16,
    /// How much is kept at most; 20 GiB where not set.
    pub size: ByteSize,
    /// The servers that clients may ask for through it.
    pub allow: Vec<AllowedHost>,
    /// Mirrors by the first part of the path that stands for them: http or https URLs, without a `/` at their end and
    /// without a password.
    pub mirrors: BTreeMap<String, String>,
}

/// A server that clients may ask for: `deb.example.org`, `*.example.org`, `example.org:8080`, or with `https://` in front
/// where it is to be asked so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AllowedHost {
    /// It is asked over TLS, however clients ask for it.
    pub https: bool,
    /// The host, in lower case; what follows `*` where that stands in front, with its dot.
    host: String,
    any_below: bool,
    /// Its port; the scheme's own where not set.
    pub port: Option<u16>,
}

impl AllowedHost {
    /// Whether it is this host, written in lower case, or lies below it.
    pub fn covers(&self, host: &str) -> bool {
        match self.any_below {
            true => host.len() > self.host.len() && host.ends_with(&self.host),
            false => host == self.host,
        }
    }
}

impl fmt::Display for AllowedHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, star) = (if self.https { "https://" } else { "" }, if self.any_below { "*" } else { "" });
        write!(f, "{scheme}{star}{}", self.host)?;
        self.port.iter().try_for_each(|port| write!(f, ":{port}"))
    }
}

impl Serialize for AllowedHost {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// What is wrong with an entry of `allow`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NoHost(String);

impl fmt::Display for NoHost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is not a server; expected \"deb.example.org\", \"*.example.org\" or \"https://example.org\"",
            self.0
        )
    }
}

impl FromStr for AllowedHost {
    type Err = NoHost;

    fn from_str(text: &str) -> Result<Self, NoHost> {
        let wrong = || NoHost(text.to_owned());
        let rest = text.strip_prefix("https://");
        let (https, rest) = (rest.is_some(), rest.or(text.strip_prefix("http://")).unwrap_or(text));
        let (name, port) = match rest.trim_end_matches('/').split_once(':') {
            Some((name, port)) => (name, Some(port.parse().ok().filter(|port| *port > 0).ok_or_else(wrong)?)),
            None => (rest.trim_end_matches('/'), None),
        };
        let name = name.to_ascii_lowercase();
        let (any_below, host) = name.strip_prefix('*').map_or((false, name.as_str()), |below| (true, below));
        let label =
            |label: &str| !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b));
        let labels = if any_below { host.strip_prefix('.').filter(|host| host.contains('.')) } else { Some(host) };
        let good = host.len() <= 253 && labels.is_some_and(|host| host.split('.').all(label));
        good.then(|| AllowedHost { https, host: host.to_owned(), any_below, port }).ok_or_else(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(text: &str) -> AllowedHost {
        text.parse().unwrap()
    }

    #[test]
    fn servers_are_read_and_shown_as_they_are_meant() {
        for (text, shown) in [
            ("Deb.Example.org", "deb.example.org"),
            ("http://deb.example.org/", "deb.example.org"),
            ("https://deb.example.org:8443", "https://deb.example.org:8443"),
            ("*.example.org", "*.example.org"),
            ("10.20.0.5:8080", "10.20.0.5:8080"),
        ] {
            assert_eq!(host(text).to_string(), shown);
            assert_eq!(host(shown), host(text));
        }
        for text in ["", "*", "*.org", "*example.org", "a/b", "a b", "a:0", "a:x", "user@a", "ftp://a", "a..b"] {
            assert!(text.parse::<AllowedHost>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_star_covers_what_is_below_and_nothing_beside() {
        let below = host("*.example.org");
        assert!(below.covers("deb.example.org") && below.covers("a.b.example.org"));
        assert!(!below.covers("example.org") && !below.covers("evilexample.org"));
        assert!(host("example.org").covers("example.org") && !host("example.org").covers("deb.example.org"));
    }
}
