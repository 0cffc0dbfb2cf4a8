//! Texts in quotes inside a message, as Go writes them, whose messages these are.

use std::fmt::Write;

/// The text in double quotes; what cannot be seen is escaped.
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    text.chars().for_each(|c| escape(c, '"', &mut out));
    out.push('"');
    out
}

/// A byte in single quotes, read as Latin-1.
pub fn quoted_byte(byte: u8) -> String {
    let mut out = String::from("'");
    escape(char::from(byte), '\'', &mut out);
    out.push('\'');
    out
}

fn escape(c: char, quote: char, out: &mut String) {
    match c {
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\u{7}' => out.push_str("\\a"),
        '\u{8}' => out.push_str("\\b"),
        '\u{b}' => out.push_str("\\v"),
        '\u{c}' => out.push_str("\\f"),
        c if c == quote => out.extend(['\\', c]),
        c => out.push_str(&number(c).unwrap_or_else(|| c.to_string())),
    }
}

/// The escape with the code's digits, for what cannot be seen.
fn number(c: char) -> Option<String> {
    // Combining marks are escaped by `escape_debug` and not by Go; no message hangs on that.
    let unseen = c.is_control() || (!c.is_ascii() && c.escape_debug().nth(1).is_some());
    let code = u32::from(c);
    let mut out = String::new();
    let written = match code {
        _ if !unseen => return None,
        0..0x80 => write!(out, "\\x{code:02x}"),
        0x80..0x1_0000 => write!(out, "\\u{code:04x}"),
        _ => write!(out, "\\U{code:08x}"),
    };
    written.ok().map(|()| out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_escaped() {
        assert_eq!(quoted("a\"b\\\n\u{1}é\u{200b}"), r#""a\"b\\\n\x01é\u200b""#);
        assert_eq!(quoted_byte(b'\''), r"'\''");
        assert_eq!(quoted_byte(b'"'), "'\"'");
        assert_eq!(quoted_byte(0xef), "'ï'");
    }
}
