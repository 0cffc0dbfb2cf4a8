//! What a machine wrote on its serial console, as plain text: without escape sequences, and with what was written over
//! left out.

use std::{
    fs::File,
    io::{Read, Seek, SeekFrom},
    path::Path,
};

/// How much of a log's end is looked at.
const TAIL: u64 = 16 * 1024;

/// The last lines of a console's log that say anything. Empty where there is no log.
pub(super) fn last_lines(log: &Path, count: usize) -> Vec<String> {
    let lines = plain(&tail(log).unwrap_or_default());
    let skipped = lines.len().saturating_sub(count);
    lines.into_iter().skip(skipped).collect()
}

fn tail(log: &Path) -> std::io::Result<String> {
    let mut file = File::open(log)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
    let mut bytes = Vec::new();
    file.take(TAIL).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// The lines that a terminal would be left with, without empty ones and without repetitions.
fn plain(text: &str) -> Vec<String> {
    let mut lines: Vec<String> = text.lines().map(written).filter(|line| !line.is_empty()).collect();
    lines.dedup();
    lines
}

/// One line after its carriage returns, backspaces and escape sequences.
fn written(line: &str) -> String {
    let (mut cells, mut at) = (Vec::new(), 0);
    let mut characters = line.chars();
    while let Some(character) = characters.next() {
        match character {
            '\u{1b}' => at = skip_escape(&mut characters, at),
            '\r' => at = 0,
            '\u{8}' => at = at.saturating_sub(1),
            character if character.is_control() && character != '\t' => {}
            character => {
                cells.resize(cells.len().max(at + 1), ' ');
                if let Some(cell) = cells.get_mut(at) {
                    *cell = if character == '\t' { ' ' } else { character };
                }
                at += 1;
            }
        }
    }
    cells.into_iter().collect::<String>().trim().to_owned()
}

/// ECMA-48: `ESC [` goes on up to a byte from `@` to `~`; any other sequence that is used here has one more character.
/// Returns where it leaves the cursor: one that moves it begins the line anew, for what follows stands elsewhere.
fn skip_escape(characters: &mut std::str::Chars<'_>, at: usize) -> usize {
    match characters.next() {
        Some('[') => match characters.find(|character| ('@'..='~').contains(character)) {
            Some('H' | 'f') => 0,
            _ => at,
        },
        _ => at,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_over_is_gone() {
        let ipxe = "http://server/initrd... 37%\u{8}\u{8}\u{8}\u{8}    \u{8}\u{8}\u{8}\u{8} ok\r";
        assert_eq!(written(ipxe), "http://server/initrd... ok");
        assert_eq!(written("loading 10%\rdone       "), "done");
        assert_eq!(written("\u{8}\u{8}x"), "x");
    }

    #[test]
    fn escape_sequences_and_empty_lines_leave_nothing() {
        let text = "\u{1b}c\u{1b}[?7l\u{1b}[2JStarting\r\n\r\n\u{1b}[0;32m\r\n\u{1b}[1mtwo\u{1b}[0m\r\ntwo\r\n\u{1b}";
        assert_eq!(plain(text), ["Starting", "two"]);
        assert_eq!(written("first\u{1b}[01;01Hother"), "other");
    }

    #[test]
    fn the_end_of_a_long_log_is_enough() {
        let log = tempfile::NamedTempFile::new().unwrap();
        let text: String = (0..10_000).map(|number| format!("line {number}\n")).collect();
        std::fs::write(log.path(), text).unwrap();
        assert_eq!(last_lines(log.path(), 2), ["line 9998", "line 9999"]);
        assert!(last_lines(Path::new("/nowhere"), 2).is_empty());
    }
}
