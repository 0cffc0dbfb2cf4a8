//! systemd's unit files as the reference reads them, which is how go-systemd does: which sections have options, and
//! what cannot be read. It is not systemd's own reading: see systemd.syntax(7) for that.

use super::quote::quoted;

/// systemd cuts longer lines.
const LONGEST_LINE: usize = 2048;
/// The reference reads so much at a time, and looks for long lines only in what it has read.
const BUFFER: usize = 4096;

/// A section's name for each option, in order.
///
/// # Errors
/// What cannot be read, in the reference's words.
pub fn sections(text: &str) -> Result<Vec<&str>, String> {
    let mut reader = Reader { text, at: 0, read: 0 };
    let mut options = Vec::new();
    let mut state = State::BeforeSection;
    while let Some(next) = reader.step(state, &mut options)? {
        reader.check_line()?;
        state = next;
    }
    Ok(options)
}

/// What is expected next.
#[derive(Clone, Copy)]
enum State<'a> {
    /// Anything, until a section begins.
    BeforeSection,
    /// The name of a section, whose bracket was read.
    SectionName,
    /// Nothing more in the line of this section's name.
    SectionEnd(&'a str),
    /// A section or an option of this one.
    InSection(&'a str),
    /// What stands in a comment's line, in this section if there is one.
    Comment(Option<&'a str>),
    /// The name of an option.
    OptionName(&'a str),
    /// What an option is set to; it may go on in the next line.
    OptionValue(&'a str),
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
    /// How far the reference has read ahead.
    read: usize,
}

impl<'a> Reader<'a> {
    /// Goes one step; none at the end.
    fn step(&mut self, state: State<'a>, options: &mut Vec<&'a str>) -> Result<Option<State<'a>>, String> {
        Ok(Some(match state {
            State::BeforeSection => match self.next() {
                None => return Ok(None),
                Some('[') => State::SectionName,
                Some('#' | ';') => State::Comment(None),
                Some(_) => State::BeforeSection,
            },
            State::SectionName => State::SectionEnd(self.section_name()?),
            State::SectionEnd(section) => self.section_end(section)?,
            State::InSection(section) => match self.peek() {
                None => return Ok(None),
                Some(c) if c.is_whitespace() => self.after_next(State::InSection(section)),
                Some('[') => self.after_next(State::SectionName),
                Some('#' | ';') => self.after_next(State::Comment(Some(section))),
                Some(_) => State::OptionName(section),
            },
            State::Comment(section) => {
                while self.continues() {}
                section.map_or(State::BeforeSection, State::InSection)
            }
            State::OptionName(section) => self.option_name(section)?,
            State::OptionValue(section) => {
                let line = self.line();
                if !line.trim().is_empty() && line.ends_with('\\') {
                    State::OptionValue(section)
                } else {
                    options.push(section);
                    State::InSection(section)
                }
            }
        }))
    }

    fn section_name(&mut self) -> Result<&'a str, String> {
        let name = self.until(']');
        name.strip_suffix(']').ok_or_else(|| "unable to find end of section".to_owned())
    }

    fn section_end(&mut self, section: &'a str) -> Result<State<'a>, String> {
        let rest = self.line().trim();
        // The reference means to name the section here, and does not.
        let garbage = || format!("found garbage after section name : {}", quoted(rest));
        if rest.is_empty() { Ok(State::InSection(section)) } else { Err(garbage()) }
    }

    fn option_name(&mut self, section: &'a str) -> Result<State<'a>, String> {
        loop {
            match self.next() {
                None => return Err("EOF".into()),
                Some('\n' | '\r') => return Err("unexpected newline encountered while parsing option name".into()),
                Some('=') => return Ok(State::OptionValue(section)),
                Some(_) => {}
            }
        }
    }

    /// Takes a line of a comment, and says whether the next one belongs to it.
    fn continues(&mut self) -> bool {
        let line = self.line();
        line.strip_suffix(' ').unwrap_or(line).ends_with('\\')
    }

    fn after_next(&mut self, state: State<'a>) -> State<'a> {
        self.next();
        state
    }

    fn peek(&mut self) -> Option<char> {
        let next = self.rest().chars().next()?;
        self.read_ahead(self.at + next.len_utf8());
        Some(next)
    }

    fn next(&mut self) -> Option<char> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Some(next)
    }

    /// What is left of the line, without its end.
    fn line(&mut self) -> &'a str {
        let line = self.until('\n');
        line.strip_suffix('\n').or_else(|| line.strip_suffix('\r')).unwrap_or(line)
    }

    /// Everything up to this character and with it; everything if it does not come.
    fn until(&mut self, end: char) -> &'a str {
        let rest = self.rest();
        let taken = rest.find(end).map_or(rest, |at| &rest[..at + end.len_utf8()]);
        self.read_ahead(self.at + taken.len());
        self.at += taken.len();
        taken
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    /// Reads on until this place is read, as the reference's buffer does: not before it must, and then a bufferful.
    fn read_ahead(&mut self, end: usize) {
        let mut from = self.at;
        while self.read < end {
            if self.read.saturating_sub(from) >= BUFFER {
                from = self.read;
            }
            self.read = (from + BUFFER).min(self.text.len());
        }
    }

    /// Whether a line is too long that was read already.
    fn check_line(&self) -> Result<(), String> {
        let ahead = self.text.as_bytes().get(self.at..self.read).unwrap_or(&[]);
        match ahead.get(..LONGEST_LINE) {
            Some(line) if !line.iter().any(|b| matches!(b, b'\r' | b'\n')) => {
                Err(format!("line too long (max {LONGEST_LINE} bytes)"))
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_option_has_its_section() {
        let unit =
            "# a comment\n[Unit]\nDescription=x \\\n  [Install]\n\n[Service]\nA=\nB=1\n; no\n[Install]\nWantedBy=x";
        assert_eq!(sections(unit).unwrap(), ["Unit", "Service", "Service", "Install"]);
        assert_eq!(sections("").unwrap(), [""; 0]);
        assert_eq!(sections("[Install]\n").unwrap(), [""; 0]);
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for (unit, message) in [
            ("[Unit", "unable to find end of section"),
            ("[Unit] x\n", r#"found garbage after section name : "x""#),
            ("[Unit]\nfoo\n", "unexpected newline encountered while parsing option name"),
            ("[Unit]\nfoo", "EOF"),
        ] {
            assert_eq!(sections(unit), Err(message.to_owned()), "{unit}");
        }
        let long = format!("[Unit]\nA={}", "x".repeat(3000));
        assert_eq!(sections(&long), Err("line too long (max 2048 bytes)".to_owned()));
    }
}
