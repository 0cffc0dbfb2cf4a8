//! Lines on the console. Opened for each line: nothing is held that could be lost, and the kernel's choice of console
//! (the last `console=` argument) is taken at the time.

use std::{fmt::Display, fs::OpenOptions, io::Write};

/// Prints one line. Where there is no console, nobody is there to read it.
pub(crate) fn say(message: impl Display) {
    // The terminal's line discipline is not set up by anyone: it may not add the carriage return itself.
    let line = format!("firstlight: {message}\r\n");
    let console = OpenOptions::new().write(true).open("/dev/console");
    let _ = console.and_then(|mut console| console.write_all(line.as_bytes()));
}
