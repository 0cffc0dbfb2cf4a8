//! The few things that are read off a URL (RFC 3986) before its source takes it.

/// Its scheme, in lower case; empty where there is none.
pub(crate) fn scheme(url: &str) -> String {
    url.split_once(':').map(|(scheme, _)| scheme.to_ascii_lowercase()).unwrap_or_default()
}

/// A URL without the name and the password that may stand in it: as it is logged and said.
pub fn shown(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("//") else { return url.to_owned() };
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    match authority.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}//{host}{path}"),
        None => url.to_owned(),
    }
}

/// The last part of its path: the file's name, as a mirror has it.
pub(crate) fn last_part(url: &str) -> Option<&str> {
    let path = url.split(['?', '#']).next()?;
    let (_, rest) = path.split_once(':')?;
    let last = rest.rsplit('/').next()?;
    let authority_only = rest.starts_with("//") && !rest.get(2..)?.contains('/');
    (!last.is_empty() && !authority_only).then_some(last)
}

/// `%41` as `A` (RFC 3986 section 2.1). `None` for what is no text then.
pub(super) fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'%' {
            bytes.push(byte);
            continue;
        }
        let digit = |byte: u8| char::from(byte).to_digit(16);
        let (high, low) = (digit(rest.next()?)?, digit(rest.next()?)?);
        bytes.push(u8::try_from(16 * high + low).ok()?);
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_not_shown() {
        assert_eq!(shown("https://me:p@ss@boot.example/a@b?c"), "https://boot.example/a@b?c");
        for url in ["https://boot.example/a@b", "file:a@b", "ipfs://bafy/x"] {
            assert_eq!(shown(url), url);
        }
    }

    #[test]
    fn names_and_escapes() {
        assert_eq!(last_part("https://boot.example/a/vmlinuz?x=/y"), Some("vmlinuz"));
        assert_eq!(last_part("file:vmlinuz"), Some("vmlinuz"));
        assert_eq!((last_part("https://boot.example"), last_part("https://boot.example/a/")), (None, None));
        assert_eq!(decoded("a%20b%C3%A9").as_deref(), Some("a bé"));
        assert_eq!((decoded("%2"), decoded("%zz"), decoded("%ff")), (None, None, None));
    }
}
