//! FTP's URLs: `ftp://user:password@host:port/folder/file` (RFC 1738, 3.2).

use crate::sources::url::decoded;

/// Where a file is and who may have it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) user: String,
    pub(super) password: String,
    pub(super) host: String,
    pub(super) port: u16,
    /// From where the server puts a user who logs in; from its root when it begins with a `/` (`//` or `/%2F` in a URL).
    pub(super) path: String,
}

pub(super) fn read(url: &str) -> Option<Address> {
    let (_, rest) = url.split_once("://")?;
    let (authority, path) = rest.split_once('/')?;
    let (user, host) = authority.rsplit_once('@').unwrap_or(("anonymous:firstlight@", authority));
    let (user, password) = user.split_once(':').unwrap_or((user, ""));
    let (host, port) = host_and_port(host)?;
    let path = path.split(['?', '#']).next()?;
    let path = path.split_once(";type=").map_or(path, |(path, _)| path);
    let address =
        Address { user: line(user)?, password: line(password)?, host: host.to_owned(), port, path: line(path)? };
    (!address.host.is_empty() && !address.path.is_empty() && !address.path.ends_with('/')).then_some(address)
}

/// `host`, `host:port`, `[address]:port`.
fn host_and_port(text: &str) -> Option<(&str, u16)> {
    let (host, port) = match text.strip_prefix('[') {
        Some(bracketed) => bracketed.split_once(']')?,
        None => text.split_at(text.find(':').unwrap_or(text.len())),
    };
    match port.strip_prefix(':') {
        Some(port) => Some((host, port.parse().ok()?)),
        None if port.is_empty() => Some((host, 21)),
        None => None,
    }
}

/// What may stand in a command: nothing that would end it and begin another.
fn line(text: &str) -> Option<String> {
    decoded(text).filter(|text| !text.contains(|c: char| c.is_control()) && text.len() <= 2000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_url() {
        let address = read("ftp://me:p%40ss@[::1]:2121/pub/a%20b;type=i").unwrap();
        assert_eq!((&*address.user, &*address.password, &*address.host), ("me", "p@ss", "::1"));
        assert_eq!((address.port, &*address.path), (2121, "pub/a b"));
        let plain = read("ftp://boot.example/linux").unwrap();
        assert_eq!((&*plain.user, plain.port, &*plain.path), ("anonymous", 21, "linux"));
        assert_eq!(read("ftp://boot.example/%2Fsrv/linux").unwrap().path, "/srv/linux");
    }

    #[test]
    fn no_url_holds_two_commands() {
        for url in [
            "ftp://x/a%0d%0aDELE b",
            "ftp://a%0aDELE:p@x/a",
            "ftp://x",
            "ftp://x/",
            "ftp://x/a/",
            "ftp://x:y/a",
            "ftp:a",
        ] {
            assert_eq!(read(url), None, "{url}");
        }
    }
}
