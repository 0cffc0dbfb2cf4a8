//! Printing that several commands share.

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use serde::Serialize;
use std::{
    ffi::OsString,
    io::{self, IsTerminal, Write},
    os::fd::AsFd,
    time::Duration,
};

/// Long flags that may have one dash, as users of Terraform and Nomad write them, besides clap's own `--json`.
const ONE_DASH: [&str; 13] = [
    "-json",
    "-watch",
    "-full",
    "-strict",
    "-pretty",
    "-files-dir",
    "-output",
    "-raw-errors",
    "-readable",
    "-parts",
    "-show-secrets",
    "-locked",
    "-dry-run",
];

/// `-json` as `--json`, and so on.
pub(crate) fn long_form(argument: OsString) -> OsString {
    match argument.to_str() {
        Some(word) if ONE_DASH.contains(&word) => format!("-{word}").into(),
        _ => argument,
    }
}

/// Prints a value as JSON, for programs.
pub(crate) fn json(value: &impl Serialize) -> crate::Outcome {
    print(&format!("{}\n", serde_json::to_string_pretty(value)?))
}

/// Prints to standard output. A reader that has gone away (`| head`) ends the command quietly.
pub(crate) fn print(text: &str) -> crate::Outcome {
    match io::stdout().write_all(text.as_bytes()).and_then(|()| io::stdout().flush()) {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(crate::Failure::Silent),
        Err(error) => Err(crate::Failure::Failed(format!("cannot write to standard output: {error}"))),
        Ok(()) => Ok(()),
    }
}

/// Waits, but not for longer than somebody reads standard output.
pub(crate) fn pause(at_most: Duration) -> crate::Outcome {
    let stdout = io::stdout();
    // With nothing asked for, poll(2) tells only that the other end of a pipe is closed.
    let mut polled = [PollFd::new(stdout.as_fd(), PollFlags::empty())];
    match poll(&mut polled, PollTimeout::try_from(at_most).unwrap_or(PollTimeout::MAX)) {
        Ok(1..) => Err(crate::Failure::Silent),
        _ => Ok(()),
    }
}

/// Prints to standard error, where nobody may listen any more.
pub(crate) fn complain(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}

/// How many columns standard output has; without a terminal, as many as one likes.
pub(crate) fn width() -> usize {
    match console::Term::stdout().size_checked() {
        Some((_, columns)) if io::stdout().is_terminal() => usize::from(columns),
        _ => usize::MAX,
    }
}

/// A text that begins at column `indent`, broken between words so that it keeps to `width`, its further lines below the
/// first.
pub(crate) fn hang(text: &str, indent: usize, width: usize) -> String {
    let room = width.saturating_sub(indent).max(20);
    let (mut hung, mut used) = (String::new(), 0);
    for word in text.split(' ') {
        let length = word.chars().count();
        if used > 0 && used + 1 + length > room {
            hung.push_str(&format!("\n{:indent$}", ""));
            used = 0;
        } else if used > 0 {
            hung.push(' ');
            used += 1;
        }
        hung.push_str(word);
        used += length;
    }
    hung
}

/// Whether standard error is a terminal that wants colour.
pub(crate) fn colour() -> bool {
    io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
}

/// An error's text with its causes, each said once, and without the system's numbers for them.
pub(crate) fn causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(&format!(": {cause_text}"));
        }
        source = cause.source();
    }
    without_numbers(&text)
}

/// Takes ` (os error 2)` out of a text: the words before it say the same.
pub(crate) fn without_numbers(text: &str) -> String {
    const MARK: &str = " (os error ";
    let mut parts = text.split(MARK);
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        match part.split_once(')') {
            Some((number, rest)) if number.bytes().all(|byte| byte.is_ascii_digit()) => kept.push_str(rest),
            _ => kept.push_str(&format!("{MARK}{part}")),
        }
    }
    kept
}

/// Rows under headings, in columns as wide as they need to be. Numbers are set to the right.
pub(crate) fn table(headings: &[&str], rows: &[Vec<String>]) -> String {
    let cells = |column: usize| rows.iter().filter_map(move |row| row.get(column));
    let width = |column: usize| {
        let widths = cells(column).map(|cell| cell.chars().count());
        widths.chain(headings.get(column).map(|heading| heading.len())).max().unwrap_or(0)
    };
    let is_number = |cell: &String| cell.parse::<f64>().is_ok();
    let numeric =
        |column: usize| cells(column).any(is_number) && cells(column).all(|cell| cell == "-" || is_number(cell));
    let columns: Vec<(usize, bool)> = (0..headings.len()).map(|column| (width(column), numeric(column))).collect();
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let pad = |(cell, (width, right)): (&str, &(usize, bool))| match right {
            true => format!("{cell:>width$}"),
            false => format!("{cell:width$}"),
        };
        let padded: Vec<String> = cells.zip(&columns).map(pad).collect();
        format!("{}\n", padded.join("  ").trim_end())
    };
    let mut text = line(&mut headings.iter().copied());
    rows.iter().for_each(|row| text.push_str(&line(&mut row.iter().map(String::as_str))));
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_known_words_get_a_second_dash() {
        let long = |word: &str| long_form(word.into()).into_string().unwrap();
        assert_eq!(
            ["-json", "-watch", "-full", "--json", "-j", "json"].map(long),
            ["--json", "--watch", "--full", "--json", "-j", "json"]
        );
    }

    #[test]
    fn columns_are_as_wide_as_needed_and_numbers_stand_to_the_right() {
        let row = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
        let text =
            table(&["NAME", "DHCP", "STATUS"], &[row(["kitt", "9.3", "up"]), row(["marvin", "-", "never seen"])]);
        assert_eq!(text, "NAME    DHCP  STATUS\nkitt     9.3  up\nmarvin     -  never seen\n");
    }

    #[test]
    fn each_cause_is_said_once_and_without_its_number() {
        let error = firstlight_image::Initrd { init: "/nowhere".into(), modules_dir: None, modules: vec![] }.build();
        let error = error.unwrap_err();
        assert_eq!(causes(&error), "cannot read /nowhere: No such file or directory");
        assert_eq!(without_numbers("a (os error 2): b (os error x) c (os error 13)"), "a: b (os error x) c");
    }
}
