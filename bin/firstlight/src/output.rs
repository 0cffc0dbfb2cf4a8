//! Printing that several commands share.

use serde::Serialize;
use std::{
    ffi::OsString,
    io::{self, IsTerminal, Write},
};

/// `-json` and `-watch` as users of Terraform and Nomad write them, besides clap's own `--json`.
pub(crate) fn long_form(argument: OsString) -> OsString {
    match argument.to_str() {
        Some("-json") => "--json".into(),
        Some("-watch") => "--watch".into(),
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
        other => Ok(other?),
    }
}

/// Whether standard error is a terminal that wants colour.
pub(crate) fn colour() -> bool {
    io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}

/// Rows under headings, in columns as wide as they need to be.
pub(crate) fn table(headings: &[&str], rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count());
        cells.chain(headings.get(column).map(|heading| heading.len())).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..headings.len()).map(width).collect();
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let padded: Vec<String> = cells.zip(&widths).map(|(cell, width)| format!("{cell:width$}")).collect();
        format!("{}\n", padded.join("  ").trim_end())
    };
    let mut text = line(&mut headings.iter().copied());
    rows.iter().for_each(|row| text.push_str(&line(&mut row.iter().map(String::as_str))));
    text
}
