//! What a running lab tells others, and the socket over which it does: one request, a line; one answer, JSON in a line.

use crate::{
    Accel, Result,
    error::file,
    folder::{CONTROL, Folder},
};
use serde::{Deserialize, Serialize};
use std::{
    io::{BufRead, BufReader, Read, Write},
    os::unix::net::{UnixListener, UnixStream},
    time::Duration,
};

/// A running lab.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The supervisor's process.
    pub pid: u32,
    /// The boot server's process, while it runs.
    pub server: Option<u32>,
    /// How its guests run.
    pub accel: Accel,
    /// The machines, by name.
    pub machines: Vec<MachineStatus>,
}

/// A machine of a running lab.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineStatus {
    /// Its name.
    pub name: String,
    /// Its hardware address.
    pub mac: firstlight_model::Mac,
    /// What it does.
    #[serde(flatten)]
    pub state: MachineState,
}

/// What a lab machine does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "lowercase")]
pub enum MachineState {
    /// Its QEMU runs.
    Running {
        /// QEMU's process.
        pid: u32,
    },
    /// It has powered itself off.
    Off,
    /// Its QEMU ended badly.
    Failed {
        /// What QEMU said last.
        why: String,
    },
}

/// What can be asked of a running lab.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Request {
    /// How is it?
    Status,
    /// End it. The connection ends when it has ended.
    Down,
}

impl Request {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Request::Status => "status\n",
            Request::Down => "down\n",
        }
    }
}

/// The supervisor's side.
pub(crate) struct Control {
    pub(crate) listener: UnixListener,
}

/// No honest client takes longer to send its line.
const PATIENCE: Duration = Duration::from_secs(1);

impl Control {
    pub(crate) fn open(folder: &Folder) -> Result<Self> {
        let path = folder.path().join(CONTROL);
        let listener = folder.listen(CONTROL).map_err(file("cannot listen on", &path))?;
        listener.set_nonblocking(true).map_err(file("cannot listen on", path))?;
        Ok(Control { listener })
    }

    /// The next request and where to answer it. What is no request is passed over.
    pub(crate) fn next(&self) -> Option<(Request, UnixStream)> {
        while let Ok((stream, _)) = self.listener.accept() {
            if let Some(request) = read_request(&stream) {
                return Some((request, stream));
            }
        }
        None
    }
}

fn read_request(stream: &UnixStream) -> Option<Request> {
    stream.set_nonblocking(false).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    stream.set_write_timeout(Some(PATIENCE)).ok()?;
    let mut line = String::new();
    BufReader::new(stream.take(16)).read_line(&mut line).ok()?;
    [Request::Status, Request::Down].into_iter().find(|request| request.word() == line)
}

/// Sends a status. A client that has gone needs none.
pub(crate) fn answer(mut stream: &UnixStream, status: &Status) {
    if let Ok(mut text) = serde_json::to_string(status) {
        text.push('\n');
        let _ = stream.write_all(text.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_status_is_read_as_it_was_written() {
        let machine = |state| MachineStatus { name: "kitt".into(), mac: "52:54:00:00:00:01".parse().unwrap(), state };
        let machines = [MachineState::Running { pid: 7 }, MachineState::Off, MachineState::Failed { why: "x".into() }];
        let status = Status { pid: 1, server: None, accel: Accel::Tcg, machines: machines.map(machine).into() };
        let text = serde_json::to_string(&status).unwrap();
        assert!(text.contains(r#""state":"running","pid":7"#), "{text}");
        assert_eq!(serde_json::from_str::<Status>(&text).unwrap(), status);
    }

    #[test]
    fn noise_on_the_socket_is_passed_over() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::of(root.path());
        folder.make().unwrap();
        let control = Control::open(&folder).unwrap();
        assert!(control.next().is_none());
        for noise in ["", "nonsense\n", "status and much more than a line may have"] {
            folder.connect(CONTROL).unwrap().write_all(noise.as_bytes()).unwrap();
        }
        folder.connect(CONTROL).unwrap().write_all(b"down\n").unwrap();
        assert_eq!(control.next().map(|(request, _)| request), Some(Request::Down));
    }
}
