//! A machine's serial console on this terminal: first what it said so far, then live. Ctrl-] leaves.
//!
//! What is shown comes from the console's log, which has everything once and in order; the socket carries what is
//! typed, and wakes us.

use crate::{
    Error, Folder, MachineState, Result,
    error::{file, system},
    qemu,
};
use nix::{
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::{
        signal::{SigSet, SigmaskHow, Signal},
        signalfd::{SfdFlags, SignalFd},
        termios::{SetArg, Termios, cfmakeraw, tcgetattr, tcsetattr},
    },
};
use std::{
    fs::File,
    io::{ErrorKind, IsTerminal, Read, Seek, SeekFrom, Write, stdin, stdout},
    os::{fd::AsFd, unix::net::UnixStream},
    path::Path,
};

/// Ctrl-], as telnet and `virsh console` have it.
const ESCAPE: u8 = 0x1d;
/// How much of the log so far is shown.
const HISTORY: u64 = 64 * 1024;

/// Attaches this terminal to a machine of the running lab until Ctrl-] is typed, input ends, or the machine does.
///
/// # Errors
/// No lab runs, it has no such machine, or the terminal cannot be used.
pub fn attach(folder: &Folder, name: &str) -> Result<()> {
    let status = crate::status(folder)?.ok_or(Error::NotRunning)?;
    let Some(machine) = status.machines.iter().find(|machine| machine.name == name) else {
        let known = status.machines.iter().map(|machine| machine.name.clone()).collect::<Vec<_>>().join(", ");
        return Err(Error::NoMachine { name: name.to_owned(), known });
    };
    let log = folder.console_log(name);
    let mut view = View::open(&log)?;
    if !matches!(machine.state, MachineState::Running { .. }) {
        return view.show_new();
    }
    let socket = format!("{name}/{}", qemu::SERIAL);
    let stream = folder.connect(&socket).map_err(file("cannot connect to", folder.path().join(socket)))?;
    stream.set_nonblocking(true).map_err(system("cannot use the console's socket"))?;
    relay(stream, &mut view)
}

/// The log, shown as it grows.
struct View(File);

impl View {
    fn open(log: &Path) -> Result<Self> {
        let mut log_file = File::open(log).map_err(file("cannot open", log))?;
        let length = log_file.metadata().map_err(file("cannot read", log))?.len();
        log_file.seek(SeekFrom::Start(length.saturating_sub(HISTORY))).map_err(file("cannot read", log))?;
        Ok(View(log_file))
    }

    fn show_new(&mut self) -> Result<()> {
        let mut output = stdout().lock();
        std::io::copy(&mut self.0, &mut output).and_then(|_| output.flush()).map_err(system("cannot show the console"))
    }
}

/// The terminal is put back before the signals are let through again: one that ends this process finds it in order.
fn relay(mut stream: UnixStream, view: &mut View) -> Result<()> {
    let set: SigSet = [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP].into_iter().collect();
    let before = set.thread_swap_mask(SigmaskHow::SIG_BLOCK).map_err(system("cannot block signals"))?;
    let outcome = in_raw_mode(&mut stream, view, &set);
    let _ = before.thread_set_mask();
    outcome
}

fn in_raw_mode(stream: &mut UnixStream, view: &mut View, set: &SigSet) -> Result<()> {
    let signals = SignalFd::with_flags(set, SfdFlags::SFD_CLOEXEC).map_err(system("cannot wait for signals"))?;
    let _raw = Raw::enter()?;
    until_the_end(stream, view, &signals)
}

fn until_the_end(stream: &mut UnixStream, view: &mut View, signals: &SignalFd) -> Result<()> {
    let input = stdin();
    loop {
        view.show_new()?;
        let mut polled = [
            PollFd::new(input.as_fd(), PollFlags::POLLIN),
            PollFd::new(stream.as_fd(), PollFlags::POLLIN),
            PollFd::new(signals.as_fd(), PollFlags::POLLIN),
        ];
        // QEMU logs a moment after it sends, so the log is looked at again soon.
        match poll(&mut polled, PollTimeout::from(50u8)) {
            Ok(_) | Err(nix::errno::Errno::EINTR) => {}
            Err(errno) => return Err(system("cannot wait")(errno)),
        }
        let [typed, said, signal] = polled.map(|polled| polled.any().unwrap_or(false));
        if signal || (typed && !pass_on(stream)?) || (said && !drain(stream)) {
            return view.show_new();
        }
    }
}

/// Passes on what was typed. False at the escape key and at the input's end.
fn pass_on(stream: &mut UnixStream) -> Result<bool> {
    let mut buffer = [0; 1024];
    let length = nix::unistd::read(stdin(), &mut buffer).map_err(system("cannot read the terminal"))?;
    let typed = buffer.get(..length).unwrap_or_default();
    let until = typed.iter().position(|byte| *byte == ESCAPE);
    // A machine that does not read its console loses what is typed, as on a real line.
    let _ = stream.write(&typed[..until.unwrap_or(length)]);
    Ok(length > 0 && until.is_none())
}

/// Takes what the machine says off the socket. False when the machine is gone.
fn drain(stream: &mut UnixStream) -> bool {
    let mut buffer = [0; 4096];
    loop {
        match stream.read(&mut buffer) {
            Ok(0) => return false,
            Ok(_) => {}
            Err(error) => return matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted),
        }
    }
}

/// The terminal in raw mode: every key goes to the machine. Put back when dropped.
struct Raw(Option<Termios>);

impl Raw {
    /// What is no terminal is left as it is.
    fn enter() -> Result<Self> {
        if !stdin().is_terminal() {
            return Ok(Raw(None));
        }
        let before = tcgetattr(stdin()).map_err(system("cannot read the terminal's settings"))?;
        let mut raw = before.clone();
        cfmakeraw(&mut raw);
        tcsetattr(stdin(), SetArg::TCSADRAIN, &raw).map_err(system("cannot set the terminal"))?;
        Ok(Raw(Some(before)))
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        if let Some(before) = &self.0 {
            let _ = tcsetattr(stdin(), SetArg::TCSADRAIN, before);
        }
    }
}
