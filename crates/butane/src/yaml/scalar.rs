//! What a scalar looks like to yaml.v3: YAML 1.2's core schema, with octal, binary and `_` from 1.1.
//!
//! The words of 1.1 for truth (`yes`, `on`, `y` …) are texts here; they count only in a field that wants a truth value.

use base64::{Engine, engine::general_purpose::STANDARD};
use std::borrow::Cow;

/// What a scalar looks like.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Scalar<'a> {
    Null,
    Bool(bool),
    Int(i64),
    /// More than an [`i64`] holds.
    Big(u64),
    Float(f64),
    Text(&'a str),
    /// Text from `!!binary`.
    Binary(Vec<u8>),
}

impl Scalar<'_> {
    /// The tag that yaml.v3 names it by.
    pub(crate) fn tag(&self) -> &'static str {
        match self {
            Scalar::Null => "!!null",
            Scalar::Bool(_) => "!!bool",
            Scalar::Int(_) | Scalar::Big(_) => "!!int",
            Scalar::Float(_) => "!!float",
            Scalar::Text(_) => "!!str",
            Scalar::Binary(_) => "!!binary",
        }
    }
}

/// Reads a scalar that is plain or carries a tag. An error says why the tag does not fit the text.
pub(crate) fn read<'a>(tag: Option<&str>, text: &'a str) -> Result<Scalar<'a>, String> {
    match tag {
        Some("!!str") => return Ok(Scalar::Text(text)),
        Some("!!binary") => return binary(text),
        None | Some("!!bool" | "!!int" | "!!float" | "!!null") => {}
        // Whoever uses a tag of his own, or says that it is a time, gets the text.
        Some(_) => return Ok(Scalar::Text(text)),
    }
    let scalar = plain(text);
    match (tag, scalar) {
        (None, scalar) => Ok(scalar),
        (Some("!!float"), Scalar::Int(whole)) => Ok(Scalar::Float(whole as f64)),
        (Some("!!float"), Scalar::Big(whole)) => Ok(Scalar::Float(whole as f64)),
        (Some(tag), scalar) if scalar.tag() == tag => Ok(scalar),
        (Some(tag), scalar) => Err(format!("cannot decode {} `{text}` as a {tag}", scalar.tag())),
    }
}

fn binary(text: &str) -> Result<Scalar<'_>, String> {
    let dense: String = text.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
    match STANDARD.decode(dense) {
        Ok(bytes) => Ok(Scalar::Binary(bytes)),
        Err(_) => Err("!!binary value contains invalid base64 data".to_owned()),
    }
}

fn plain(text: &str) -> Scalar<'_> {
    let Some(first) = text.bytes().next() else { return Scalar::Null };
    match word(text) {
        Some(word) => word,
        None if first == b'.' => text.parse().map_or(Scalar::Text(text), Scalar::Float),
        None if first.is_ascii_digit() || matches!(first, b'+' | b'-') => number(text).unwrap_or(Scalar::Text(text)),
        None => Scalar::Text(text),
    }
}

fn word(text: &str) -> Option<Scalar<'static>> {
    Some(match text {
        "~" | "null" | "Null" | "NULL" => Scalar::Null,
        "true" | "True" | "TRUE" => Scalar::Bool(true),
        "false" | "False" | "FALSE" => Scalar::Bool(false),
        ".nan" | ".NaN" | ".NAN" => Scalar::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Scalar::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Scalar::Float(f64::NEG_INFINITY),
        _ => return None,
    })
}

fn number(text: &str) -> Option<Scalar<'static>> {
    let dense: Cow<'_, str> = if text.contains('_') { text.replace('_', "").into() } else { text.into() };
    let (negative, digits) = match dense.as_bytes().first()? {
        b'-' => (true, &dense[1..]),
        b'+' => (false, &dense[1..]),
        _ => (false, &dense[..]),
    };
    whole(negative, digits, dense.starts_with('+')).or_else(|| float(&dense, digits))
}

/// A whole number in Go's notation: `0x`, `0o`, `0b`, and octal after any other 0.
fn whole(negative: bool, digits: &str, plus: bool) -> Option<Scalar<'static>> {
    let prefix = digits.get(..2).filter(|_| digits.len() > 2).map(str::to_ascii_lowercase);
    let (radix, digits) = match prefix.as_deref() {
        Some("0x") => (16, &digits[2..]),
        Some("0o") => (8, &digits[2..]),
        Some("0b") => (2, &digits[2..]),
        _ if digits.len() > 1 && digits.starts_with('0') => (8, &digits[1..]),
        _ => (10, digits),
    };
    // Rust would take a sign here.
    if !digits.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return None;
    }
    let size = u64::from_str_radix(digits, radix).ok()?;
    match (negative, i64::try_from(size)) {
        (false, Ok(whole)) => Some(Scalar::Int(whole)),
        (true, Ok(whole)) => Some(Scalar::Int(-whole)),
        (true, Err(_)) if size == i64::MIN.unsigned_abs() => Some(Scalar::Int(i64::MIN)),
        (false, Err(_)) if !plus => Some(Scalar::Big(size)),
        _ => None,
    }
}

/// Digits with a point or an exponent. Without this check, Rust would read `+inf` too.
fn float(dense: &str, digits: &str) -> Option<Scalar<'static>> {
    let shaped = digits.starts_with(|c: char| c.is_ascii_digit() || c == '.')
        && digits.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'e' | b'E' | b'+' | b'-'));
    shaped.then(|| dense.parse().ok().map(Scalar::Float)).flatten()
}

/// The words of YAML 1.1 for truth, which a field that wants a truth value takes even in quotes.
pub(crate) fn truth(text: &str) -> Option<bool> {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Some(true),
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_go_reads_them() {
        for (text, number) in [
            ("0", 0),
            ("420", 420),
            ("0644", 420),
            ("0o644", 420),
            ("0x1a4", 420),
            ("0b110100100", 420),
            ("4_20", 420),
            ("+7", 7),
            ("-7", -7),
            ("-0x10", -16),
            ("-9223372036854775808", i64::MIN),
        ] {
            assert_eq!(plain(text), Scalar::Int(number), "{text}");
        }
        assert_eq!(plain("9223372036854775808"), Scalar::Big(1 << 63));
        for (text, number) in
            [("0888", 888.0), ("420.0", 420.0), (".5", 0.5), ("1e3", 1000.0), ("-1.", -1.0), ("1_0.5", 10.5)]
        {
            assert_eq!(plain(text), Scalar::Float(number), "{text}");
        }
        for text in ["1.2.3", "0x", "0b2", "-", "+", "1e", "+inf", "-nan", "1-2", "2020-01-01", "0o8", "--1", "a", "._"]
        {
            assert_eq!(plain(text), Scalar::Text(text));
        }
    }

    #[test]
    fn words_stand_for_nothing_and_truth() {
        assert_eq!(["", "~", "null", "NULL"].map(plain), [const { Scalar::Null }; 4]);
        assert_eq!(["true", "FALSE"].map(plain), [Scalar::Bool(true), Scalar::Bool(false)]);
        assert_eq!(["yes", "nUll"].map(plain), [Scalar::Text("yes"), Scalar::Text("nUll")]);
        assert_eq!([truth("on"), truth("N"), truth("true")], [Some(true), Some(false), None]);
    }

    #[test]
    fn a_tag_must_fit_its_text() {
        assert_eq!(read(Some("!!int"), "420"), Ok(Scalar::Int(420)));
        assert_eq!(read(Some("!!float"), "42"), Ok(Scalar::Float(42.0)));
        assert_eq!(read(Some("!!binary"), "aGVs\nbG8="), Ok(Scalar::Binary(b"hello".to_vec())));
        assert_eq!(read(Some("!!int"), "x").unwrap_err(), "cannot decode !!str `x` as a !!int");
        assert_eq!(read(Some("!mine"), "7"), Ok(Scalar::Text("7")));
        assert!(read(Some("!!binary"), "?").is_err());
    }
}
