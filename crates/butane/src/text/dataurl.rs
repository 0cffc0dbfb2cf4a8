//! `data:` URLs (RFC 2397), read as the reference reads them: a media type must be one of the usual kinds, parameters
//! may be quoted, and `;base64` stands right before the comma.

use super::base64;

/// The data that a URL holds.
///
/// # Errors
/// What is wrong with it, in the reference's words.
pub fn decode(url: &str) -> Result<Vec<u8>, String> {
    let rest = url.strip_prefix("data:").ok_or("missing data prefix")?;
    let (base64, data) = header(rest)?;
    if !data.chars().all(if base64 { is_base64 } else { is_url }) {
        return Err("invalid data character".into());
    }
    if base64 {
        base64::decode(data.as_bytes()).map_err(|at| format!("illegal base64 data at input byte {at}"))
    } else {
        unescape(data)
    }
}

/// Whether the data are in base64, and the data.
fn header(text: &str) -> Result<(bool, &str), String> {
    let mut rest = match text.chars().next() {
        None => return Err("missing comma before data".into()),
        Some(';' | ',') => text,
        Some(c) if is_token(c) => media_type(text)?,
        Some(_) => return Err("invalid character after data prefix".into()),
    };
    loop {
        if let Some(data) = rest.strip_prefix(',') {
            return Ok((false, data));
        }
        match parameter(rest)? {
            Parameter::Base64(data) => return Ok((true, data)),
            Parameter::Value(after) => rest = after,
        }
    }
}

/// What follows a media type.
fn media_type(text: &str) -> Result<&str, String> {
    // The reference looks behind an X for a dash, and takes whatever else is there too.
    let taken = if text.starts_with(['x', 'X']) { text.chars().take(2).map(char::len_utf8).sum() } else { 0 };
    let (_, rest) = token(&text[taken..]);
    let kind = &text[..text.len() - rest.len()];
    match rest.chars().next() {
        None => return Err("missing media type slash".into()),
        Some('/') => {}
        Some(_) => return Err("invalid character for media type".into()),
    }
    let usual = ["text", "image", "audio", "video", "application", "message", "multipart", "x-", "X-"];
    if !usual.iter().any(|prefix| kind.starts_with(prefix)) {
        return Err("invalid media type".into());
    }
    let (_, rest) = token(&rest[1..]);
    match rest.chars().next() {
        None => Err("incomplete media type".into()),
        Some(';' | ',') => Ok(rest),
        Some(_) => Err("invalid character for media subtype".into()),
    }
}

enum Parameter<'a> {
    /// It was `;base64,`; the data follow.
    Base64(&'a str),
    /// It had a value; this follows.
    Value(&'a str),
}

fn parameter(text: &str) -> Result<Parameter<'_>, String> {
    let text = text.strip_prefix(';').ok_or("expected semicolon or comma")?;
    let (name, rest) = token(text);
    let next = rest.chars().next();
    match next {
        None => Err("unterminated parameter sequence".into()),
        Some('=' | ',') if name.is_empty() => Err("unterminated parameter sequence".into()),
        Some(',') if name == "base64" => Ok(Parameter::Base64(&rest[1..])),
        Some(',') => Err(format!("expected base64, got {name}")),
        Some('=') => value(&rest[1..]).map(Parameter::Value),
        Some(_) => Err("invalid character for parameter attribute".into()),
    }
}

/// What follows a parameter's value.
fn value(text: &str) -> Result<&str, String> {
    if let Some(quoted) = text.strip_prefix('"') {
        return quoted_value(quoted);
    }
    let (value, rest) = token(text);
    match rest.chars().next() {
        None => Err("missing comma before data".into()),
        Some(';' | ',') if !value.is_empty() => unescape(value).map(|_| rest),
        Some(_) => Err("invalid character for parameter value".into()),
    }
}

fn quoted_value(text: &str) -> Result<&str, String> {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if !c.is_ascii() && escaped => return Err("invalid escaped character".into()),
            _ if !c.is_ascii() => return Err("invalid character for parameter value".into()),
            '"' if !escaped => {
                let rest = &text[at + 1..];
                return match rest.chars().next() {
                    Some(';' | ',') => Ok(rest),
                    None => Err("missing comma before data".into()),
                    Some(_) => Err("expected semicolon or comma".into()),
                };
            }
            _ => escaped = c == '\\' && !escaped,
        }
    }
    Err("unclosed quoted string".into())
}

/// The token at the beginning (RFC 2045), and what follows it.
fn token(text: &str) -> (&str, &str) {
    text.split_at(text.find(|c| !is_token(c)).unwrap_or(text.len()))
}

fn is_token(c: char) -> bool {
    c.is_ascii_graphic() && !r#"()<>@,;:\"/[]?="#.contains(c)
}

fn is_url(c: char) -> bool {
    c.is_ascii_graphic() && !r##"<>#"{}|\^[]`"##.contains(c)
}

fn is_base64(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '+' | '/' | '=' | '\n')
}

/// The bytes of a text with `%XX` in it (RFC 2396).
fn unescape(text: &str) -> Result<Vec<u8>, String> {
    let mut bytes = text.bytes();
    let mut out = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        out.push(if byte == b'%' { digit(bytes.next())? << 4 | digit(bytes.next())? } else { byte });
    }
    Ok(out)
}

fn digit(byte: Option<u8>) -> Result<u8, String> {
    let byte = byte.ok_or("rfc2396: unexpected end of unescape sequence")?;
    let value = char::from(byte).to_digit(16).and_then(|value| u8::try_from(value).ok());
    // The reference names the sign that begins the sequence, not the one that is wrong.
    value.ok_or_else(|| "rfc2396: invalid char 0x25 in unescape sequence".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_are_read_in_both_encodings() {
        for (url, data) in [
            ("data:,a%20b", "a b"),
            ("data:;base64,Zm9v", "foo"),
            ("data:text/plain;charset=UTF-8,x", "x"),
            ("data:text/plain;a=\"b\\\";,\";base64,Zm9v", "foo"),
            ("data:x-mine/y,", ""),
        ] {
            assert_eq!(decode(url).as_deref(), Ok(data.as_bytes()), "{url}");
        }
    }

    #[test]
    fn a_mistake_is_named_as_the_reference_names_it() {
        for (url, message) in [
            ("date:,", "missing data prefix"),
            ("data:", "missing comma before data"),
            ("data:;", "unterminated parameter sequence"),
            ("data:;base64", "unterminated parameter sequence"),
            ("data:;base32,x", "expected base64, got base32"),
            ("data:text,x", "invalid character for media type"),
            ("data:text", "missing media type slash"),
            ("data:foo/bar,x", "invalid media type"),
            ("data:x,y", "missing media type slash"),
            ("data:text/plain", "incomplete media type"),
            ("data:;a=\"b", "unclosed quoted string"),
            ("data:;a=\"b\"c,", "expected semicolon or comma"),
            ("data:;base64,@@@", "invalid data character"),
            ("data:,a b", "invalid data character"),
            ("data:,%2", "rfc2396: unexpected end of unescape sequence"),
            ("data:,%zz", "rfc2396: invalid char 0x25 in unescape sequence"),
            ("data:;base64,Zg", "illegal base64 data at input byte 0"),
        ] {
            assert_eq!(decode(url), Err(message.to_owned()), "{url}");
        }
    }
}
