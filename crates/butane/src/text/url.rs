//! URLs as far as a config's validation needs them: whether Go's `net/url` reads one, its scheme, and what its query
//! says. Nothing is resolved or fetched.

/// A URL that can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url<'a> {
    /// In lower case; empty if there is none.
    pub scheme: String,
    /// What follows the scheme, without query and fragment, if that does not begin with a slash.
    pub opaque: &'a str,
    query: &'a str,
}

impl<'a> Url<'a> {
    /// Reads a URL; none if Go could not.
    pub fn parse(text: &'a str) -> Option<Self> {
        let (text, fragment) = text.split_once('#').unwrap_or((text, ""));
        if !escapes_are_whole(fragment) || text.bytes().any(|b| b.is_ascii_control()) {
            return None;
        }
        let (scheme, rest) = scheme(text)?;
        let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
        let url = |opaque| Self { scheme: scheme.to_ascii_lowercase(), opaque, query };
        if !rest.starts_with('/') && !scheme.is_empty() {
            return Some(url(rest));
        }
        let colon_first = !rest.starts_with('/') && rest.split('/').next().is_some_and(|first| first.contains(':'));
        let path = if scheme.is_empty() && rest.starts_with("///") { rest } else { after_authority(rest)? };
        (!colon_first && escapes_are_whole(path)).then(|| url(""))
    }

    /// The first value that the query gives a name; none if it does not name it.
    pub fn query(&self, name: &str) -> Option<&'a str> {
        let pairs = self.query.split('&').filter(|pair| !pair.is_empty() && !pair.contains(';'));
        let mut pairs = pairs.map(|pair| pair.split_once('=').unwrap_or((pair, "")));
        pairs.find(|(key, value)| *key == name && escapes_are_whole(value)).map(|(_, value)| value)
    }
}

/// The scheme, which may be empty, and what follows it; none if a colon comes first.
fn scheme(text: &str) -> Option<(&str, &str)> {
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if at > 0 => {}
            b':' if at > 0 => return Some((&text[..at], &text[at + 1..])),
            b':' => return None,
            _ => break,
        }
    }
    Some(("", text))
}

/// The path behind `//user@host:port`, if that is there and well formed.
fn after_authority(text: &str) -> Option<&str> {
    let Some(authority) = text.strip_prefix("//") else { return Some(text) };
    let (authority, path) = authority.split_at(authority.find('/').unwrap_or(authority.len()));
    let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    (is_user(user) && is_host(host)).then_some(path)
}

fn is_user(text: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(&b);
    text.bytes().all(allowed) && escapes_are_whole(text)
}

fn is_host(text: &str) -> bool {
    if !text.starts_with('[') {
        let port = text.rfind(':').map_or("", |at| &text[at..]);
        return !text.contains('[') && is_port(port) && is_name(text);
    }
    let Some((address, port)) = text.rsplit_once(']') else { return false };
    let (address, zone) = address.split_once("%25").unwrap_or((address, ""));
    is_port(port) && is_name(address) && escapes_are_whole(zone)
}

fn is_port(text: &str) -> bool {
    text.is_empty() || text.strip_prefix(':').is_some_and(|digits| digits.bytes().all(|b| b.is_ascii_digit()))
}

/// Whether a host has only what one may have; a sequence like `%20` may not stand for ASCII.
fn is_name(text: &str) -> bool {
    let allowed = |b: u8| !b.is_ascii() || b.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:[]<>\"%".contains(&b);
    let ascii = |escape: &str| escape.bytes().next().is_some_and(|b| b < b'8') && !escape.starts_with("25");
    text.bytes().all(allowed) && escapes_are_whole(text) && !text.split('%').skip(1).any(ascii)
}

/// Whether two hexadecimal digits follow every percent sign.
fn escapes_are_whole(text: &str) -> bool {
    let whole = |rest: &str| matches!(rest.as_bytes(), [a, b, ..] if a.is_ascii_hexdigit() && b.is_ascii_hexdigit());
    text.split('%').skip(1).all(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_go_reads_is_read() {
        for (text, scheme) in [
            ("https://user:p%20w@example.com:8080/a%2fb?x=y#z", "https"),
            ("HTTP://[::1]:80/", "http"),
            ("http://[fe80::1%25eth0]/", "http"),
            ("data:,a:b/c", "data"),
            ("arn:aws:s3:::bucket/key", "arn"),
            ("//host/path", ""),
            ("foo", ""),
            ("", ""),
            ("///a:b", ""),
        ] {
            assert_eq!(Url::parse(text).map(|url| url.scheme).as_deref(), Some(scheme), "{text}");
        }
    }

    #[test]
    fn what_go_refuses_is_refused() {
        for text in [
            "http://a b/",
            "http://[::1",
            "http://host:port/",
            "http://h/%zz",
            "http://h/#%z",
            "http://us er@h/",
            "http://%41/",
            ":foo",
            "1:2",
            "data:,a\nb",
        ] {
            assert_eq!(Url::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_query_names_its_values() {
        let url = Url::parse("s3://bucket/key?a=b&versionId=&versionId=2").unwrap();
        assert_eq!(url.query("versionId"), Some(""));
        assert_eq!(url.query("c"), None);
    }
}
