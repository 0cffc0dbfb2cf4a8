//! JSON (RFC 8259) as Go's `encoding/json` reads it, with the place of everything.
//!
//! Names may stand twice in an object, and are all kept. What is not UTF-8 is replaced (U+FFFD), as are halves of
//! surrogate pairs. Whole numbers that fit 64 bits are [`Value::Int`], all others [`Value::Float`].
//!
//! Mistakes of syntax are worded and placed as there: the column is the one after the byte that is wrong. Where the text
//! ends too early or goes on too long, Go gives line 0; here it is the place.

use crate::{
    report::{Entry, Report, Severity},
    text::quote::quoted_byte,
    tree::{Key, Node, Origin, Path, Position, Value},
};

/// How deep lists and objects may lie in each other. No config needs ten.
const DEEPEST: usize = 500;

/// Reads a text that is one JSON value. The nodes have positions, but no paths.
///
/// # Errors
/// The first mistake of syntax, as the report's only entry.
pub fn read(text: &[u8]) -> Result<Node, Report> {
    let mut reader = Reader { text, at: 0, line: 1, line_start: 0, depth: 0 };
    reader.document().map_err(|fault| reader.report(&fault))
}

struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    line: u32,
    line_start: usize,
    depth: usize,
}

/// What is wrong with the text where the reader stands.
enum Fault {
    /// This byte may not stand here: what was expected.
    Byte(u8, &'static str),
    /// A byte may not stand inside a literal: which literal, and which byte it should be.
    Literal(u8, &'static str, u8),
    End,
    Depth,
}

impl<'a> Reader<'a> {
    fn document(&mut self) -> Result<Node, Fault> {
        let node = self.value()?;
        match self.skip_space() {
            None => Ok(node),
            Some(byte) => Err(Fault::Byte(byte, "after top-level value")),
        }
    }

    fn value(&mut self) -> Result<Node, Fault> {
        let first = self.skip_space().ok_or(Fault::End)?;
        // Lists and objects begin behind their bracket, for the reference.
        let bracket = usize::from(matches!(first, b'{' | b'['));
        let origin = Origin { path: Path::ROOT, at: Some(self.position(bracket)) };
        let value = match first {
            b'{' => self.nested(Self::object)?,
            b'[' => self.nested(Self::array)?,
            b'"' => Value::Str(self.string()?),
            b'-' | b'0'..=b'9' => self.number()?,
            b't' => self.literal("true", Value::Bool(true))?,
            b'f' => self.literal("false", Value::Bool(false))?,
            b'n' => self.literal("null", Value::Null)?,
            byte => return Err(Fault::Byte(byte, "looking for beginning of value")),
        };
        Ok(Node { value, origin })
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Value, Fault>) -> Result<Value, Fault> {
        if self.depth == DEEPEST {
            return Err(Fault::Depth);
        }
        self.depth += 1;
        self.at += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    fn array(&mut self) -> Result<Value, Fault> {
        let mut items = Vec::new();
        if self.skip_space() == Some(b']') {
            self.at += 1;
            return Ok(Value::List(items));
        }
        loop {
            items.push(self.value()?);
            if self.ends(b']', "after array element")? {
                return Ok(Value::List(items));
            }
        }
    }

    fn object(&mut self) -> Result<Value, Fault> {
        let mut entries = Vec::new();
        if self.skip_space() == Some(b'}') {
            self.at += 1;
            return Ok(Value::Map(entries));
        }
        loop {
            let key = self.key()?;
            entries.push((key, self.value()?));
            if self.ends(b'}', "after object key:value pair")? {
                return Ok(Value::Map(entries));
            }
        }
    }

    fn key(&mut self) -> Result<Key, Fault> {
        match self.skip_space().ok_or(Fault::End)? {
            b'"' => {}
            byte => return Err(Fault::Byte(byte, "looking for beginning of object key string")),
        }
        let at = Some(self.position(0));
        let name = self.string()?.into();
        match self.skip_space().ok_or(Fault::End)? {
            b':' => self.at += 1,
            byte => return Err(Fault::Byte(byte, "after object key")),
        }
        Ok(Key { name, at })
    }

    /// Whether this bracket follows; otherwise it must be a comma.
    fn ends(&mut self, bracket: u8, context: &'static str) -> Result<bool, Fault> {
        match self.skip_space().ok_or(Fault::End)? {
            byte if byte == bracket || byte == b',' => {
                self.at += 1;
                Ok(byte == bracket)
            }
            byte => Err(Fault::Byte(byte, context)),
        }
    }

    fn literal(&mut self, word: &'static str, value: Value) -> Result<Value, Fault> {
        for expected in word.bytes() {
            match self.peek().ok_or(Fault::End)? {
                byte if byte == expected => self.at += 1,
                byte => return Err(Fault::Literal(byte, word, expected)),
            }
        }
        Ok(value)
    }

    fn number(&mut self) -> Result<Value, Fault> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => self.at += 1,
            _ => self.digits("in numeric literal")?,
        }
        let mut whole = true;
        if self.peek() == Some(b'.') {
            (whole, self.at) = (false, self.at + 1);
            self.digits("after decimal point in numeric literal")?;
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            (whole, self.at) = (false, self.at + 1);
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            self.digits("in exponent of numeric literal")?;
        }
        let text = std::str::from_utf8(&self.text[start..self.at]).unwrap_or("");
        let int = text.parse().ok().filter(|_| whole).map(Value::Int);
        Ok(int.unwrap_or_else(|| Value::Float(text.parse().unwrap_or(f64::NAN))))
    }

    fn digits(&mut self, context: &'static str) -> Result<(), Fault> {
        match self.peek().ok_or(Fault::End)? {
            b'0'..=b'9' => {}
            byte => return Err(Fault::Byte(byte, context)),
        }
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        Ok(())
    }

    /// A string, at whose opening quote the reader stands.
    fn string(&mut self) -> Result<String, Fault> {
        self.at += 1;
        let mut out = Vec::new();
        loop {
            out.extend_from_slice(self.plain());
            match self.peek().ok_or(Fault::End)? {
                b'"' => break,
                b'\\' => self.escape(&mut out)?,
                byte => return Err(Fault::Byte(byte, "in string literal")),
            }
        }
        self.at += 1;
        Ok(String::from_utf8(out).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
    }

    /// What of a string stands for itself, from here.
    fn plain(&mut self) -> &'a [u8] {
        let rest = &self.text[self.at..];
        let end = rest.iter().position(|b| matches!(b, b'"' | b'\\' | 0..0x20)).unwrap_or(rest.len());
        self.at += end;
        &rest[..end]
    }

    fn escape(&mut self, out: &mut Vec<u8>) -> Result<(), Fault> {
        self.at += 1;
        let byte = self.peek().ok_or(Fault::End)?;
        let plain = match byte {
            b'"' | b'\\' | b'/' => byte,
            b'b' => 8,
            b'f' => 12,
            b'n' => b'\n',
            b'r' => b'\r',
            b't' => b'\t',
            b'u' => return self.unicode(out),
            byte => return Err(Fault::Byte(byte, "in string escape code")),
        };
        self.at += 1;
        out.push(plain);
        Ok(())
    }

    /// `uXXXX`, or two of them that are one character.
    fn unicode(&mut self, out: &mut Vec<u8>) -> Result<(), Fault> {
        self.at += 1;
        let mut code = self.four_digits()?;
        if (0xd800..0xdc00).contains(&code) && self.text[self.at..].starts_with(b"\\u") {
            let half = self.at;
            self.at += 2;
            let low = self.four_digits()?;
            if (0xdc00..0xe000).contains(&low) {
                code = 0x1_0000 + ((code - 0xd800) << 10) + (low - 0xdc00);
            } else {
                self.at = half;
            }
        }
        let c = char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER);
        out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        Ok(())
    }

    fn four_digits(&mut self) -> Result<u32, Fault> {
        let mut code = 0;
        for _ in 0..4 {
            let byte = self.peek().ok_or(Fault::End)?;
            let context = "in \\u hexadecimal character escape";
            code = code << 4 | char::from(byte).to_digit(16).ok_or(Fault::Byte(byte, context))?;
            self.at += 1;
        }
        Ok(code)
    }

    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    /// Goes on to the next byte that is no space.
    fn skip_space(&mut self) -> Option<u8> {
        loop {
            match self.peek()? {
                b'\n' => {
                    self.line = self.line.saturating_add(1);
                    self.line_start = self.at + 1;
                }
                b' ' | b'\t' | b'\r' => {}
                byte => return Some(byte),
            }
            self.at += 1;
        }
    }

    /// Where the reader stands, so many columns further on.
    fn position(&self, further: usize) -> Position {
        let column = u32::try_from(self.at - self.line_start + 1 + further).unwrap_or(u32::MAX);
        Position { line: self.line, column }
    }

    fn report(&self, fault: &Fault) -> Report {
        let (further, message) = match fault {
            Fault::Byte(byte, context) => (1, format!("invalid character {} {context}", quoted_byte(*byte))),
            Fault::Literal(byte, word, expected) => {
                let (byte, expected) = (quoted_byte(*byte), quoted_byte(*expected));
                (1, format!("invalid character {byte} in literal {word} (expecting {expected})"))
            }
            Fault::End => (0, "unexpected end of JSON input".into()),
            Fault::Depth => (0, format!("lists and objects may lie in each other {DEEPEST} deep at most")),
        };
        // What follows the value is found when all is over: the place is that of the byte.
        let further = if self.at + 1 >= self.text.len() { 0 } else { further };
        let entry = Entry { severity: Severity::Error, path: None, at: Some(self.position(further)), message };
        Report { entries: vec![entry] }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistake(text: &str) -> String {
        read(text.as_bytes()).unwrap_err().to_string()
    }

    #[test]
    fn everything_has_its_place() {
        let node = read(b"{\"a\":\n  [1, \"x\"]}").unwrap();
        assert_eq!(node.entries()[0].0.at, Some(Position { line: 1, column: 2 }));
        let list = node.get("a").unwrap();
        assert_eq!(list.origin.at, Some(Position { line: 2, column: 4 }));
        assert_eq!(list.items()[1].origin.at, Some(Position { line: 2, column: 7 }));
    }

    #[test]
    fn scalars_are_read() {
        let node =
            read(br#"[true, null, -0, 12, 4.2e2, 99999999999999999999, "\u00e9\n\ud83d\ude00\ud83dx"]"#).unwrap();
        let values: Vec<Value> = node.items().iter().map(|item| item.value.clone()).collect();
        assert_eq!(values[..4], [Value::Bool(true), Value::Null, Value::Int(0), Value::Int(12)]);
        assert_eq!(values[4..6], [Value::Float(420.0), Value::Float(1e20)]);
        assert_eq!(values[6], Value::Str("é\n😀\u{fffd}x".into()));
    }

    #[test]
    fn mistakes_are_worded_as_in_go() {
        for (text, message) in [
            ("hello", "error at line 1 col 2: invalid character 'h' looking for beginning of value\n"),
            ("[1,\n]  ", "error at line 2 col 2: invalid character ']' looking for beginning of value\n"),
            ("{,  ", "error at line 1 col 3: invalid character ',' looking for beginning of object key string\n"),
            ("{\"a\" 1}", "error at line 1 col 7: invalid character '1' after object key\n"),
            ("{\"a\":1 2}", "error at line 1 col 9: invalid character '2' after object key:value pair\n"),
            ("[1 2]", "error at line 1 col 5: invalid character '2' after array element\n"),
            ("[tru]", "error at line 1 col 5: invalid character ']' in literal true (expecting 'e')\n"),
            ("[01]", "error at line 1 col 4: invalid character '1' after array element\n"),
            ("[1.]", "error at line 1 col 4: invalid character ']' after decimal point in numeric literal\n"),
            ("[\"\\x\"]", "error at line 1 col 5: invalid character 'x' in string escape code\n"),
            ("[\"\t\"]", "error at line 1 col 4: invalid character '\\t' in string literal\n"),
            ("[1", "error at line 1 col 3: unexpected end of JSON input\n"),
            ("[1] x", "error at line 1 col 5: invalid character 'x' after top-level value\n"),
        ] {
            assert_eq!(mistake(text), message, "{text}");
        }
    }

    #[test]
    fn the_depth_is_bounded() {
        assert!(read(&[b"[".repeat(500), b"]".repeat(500)].concat()).is_ok());
        assert!(mistake(&"[".repeat(100_000)).contains("500 deep"));
    }
}
