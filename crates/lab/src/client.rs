//! Finding a lab that another process runs, and asking it something.

use crate::{
    Error, Result, Status,
    control::Request,
    error::{file, system},
    folder::{CONTROL, Folder},
};
use std::{
    io::{BufRead, BufReader, Read, Write},
    os::unix::net::UnixStream,
    time::{Duration, Instant},
};

/// How long a lab may take to open its socket once it has its folder, and to let the folder go once it has closed.
const PATIENCE: Duration = Duration::from_secs(10);

/// The running lab of this folder; `None` when none runs. What a killed one left behind is removed.
///
/// # Errors
/// The folder cannot be read, or the lab does not answer.
pub fn status(folder: &Folder) -> Result<Option<Status>> {
    let Some(mut stream) = ask(folder, Request::Status)? else { return Ok(None) };
    let mut line = String::new();
    BufReader::new(&mut stream).read_line(&mut line).map_err(system("cannot read the lab's answer"))?;
    let status = serde_json::from_str(&line)
        .map_err(|error| system("cannot read the lab's answer")(std::io::Error::from(error)))?;
    Ok(Some(status))
}

/// Ends the running lab of this folder and waits until it is gone. False when none ran.
///
/// # Errors
/// As [`status`]; [`Error::Running`] when it does not go.
pub fn down(folder: &Folder) -> Result<bool> {
    let pid = match status(folder)? {
        Some(status) => status.pid,
        None => return Ok(false),
    };
    if let Some(mut stream) = ask(folder, Request::Down)? {
        let _ = stream.read_to_end(&mut Vec::new());
    }
    let begin = Instant::now();
    while begin.elapsed() < PATIENCE {
        if free(folder)? {
            return Ok(true);
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    Err(Error::Running { pid })
}

/// True when no lab has the folder; it is clean then.
fn free(folder: &Folder) -> Result<bool> {
    if !folder.path().exists() {
        return Ok(true);
    }
    let held = folder.hold()?;
    if let Some(held) = &held {
        folder.clean(held);
    }
    Ok(held.is_some())
}

fn ask(folder: &Folder, request: Request) -> Result<Option<UnixStream>> {
    let begin = Instant::now();
    loop {
        if free(folder)? {
            return Ok(None);
        }
        match folder.connect(CONTROL) {
            Ok(mut stream) => {
                stream.write_all(request.word().as_bytes()).map_err(system("cannot speak to the lab"))?;
                return Ok(Some(stream));
            }
            // It has the folder, and is just coming or going.
            Err(_) if begin.elapsed() < PATIENCE => std::thread::sleep(Duration::from_millis(20)),
            Err(cause) => return Err(file("cannot connect to", folder.path().join(CONTROL))(cause)),
        }
    }
}
