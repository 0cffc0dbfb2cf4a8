//! Child processes: tied to the supervisor, and ended in order.

mod tie;

use crate::{Error, Result};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use std::{
    fs::File,
    os::unix::process::CommandExt,
    process::{Child, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

/// How long a child may take to end by itself.
const PATIENCE: Duration = Duration::from_secs(5);
const POLL: Duration = Duration::from_millis(10);

/// Starts a child that dies when the supervisor does, with its output in `log`. It is in a process group of its own, so
/// that Ctrl-C reaches the supervisor alone, which then ends everything in order.
pub(crate) fn spawn(mut command: Command, log: File) -> Result<Child> {
    let program = command.get_program().to_string_lossy().into_owned();
    let failed = |error: std::io::Error| Error::Program { program, why: error.to_string() };
    let errors = match log.try_clone() {
        Ok(errors) => errors,
        Err(error) => return Err(failed(error)),
    };
    command.stdin(Stdio::null()).stdout(log).stderr(errors).process_group(0);
    tie::to_this_thread(&mut command);
    command.spawn().map_err(failed)
}

/// Waits for a child's end, but no longer than this. `None` when it still runs.
pub(crate) fn wait_until(child: &mut Child, at_most: Duration) -> Option<ExitStatus> {
    let begin = Instant::now();
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status),
            Ok(None) if begin.elapsed() < at_most => std::thread::sleep(POLL),
            _ => return None,
        }
    }
}

/// Asks all of them to end, waits, and kills those that do not.
pub(crate) fn end<'a>(children: impl IntoIterator<Item = &'a mut Child>) {
    let mut running: Vec<_> = children
        .into_iter()
        .filter_map(|child| child.try_wait().is_ok_and(|ended| ended.is_none()).then_some(child))
        .collect();
    for child in &running {
        // The child is not reaped yet, so its number is still its own.
        let _ = i32::try_from(child.id()).map(|pid| kill(Pid::from_raw(pid), Signal::SIGTERM));
    }
    let begin = Instant::now();
    for child in &mut running {
        if wait_until(child, PATIENCE.saturating_sub(begin.elapsed())).is_none() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(script: &str) -> Child {
        let mut command = Command::new("sh");
        command.args(["-c", script]);
        spawn(command, tempfile::tempfile().unwrap()).unwrap()
    }

    #[test]
    fn children_end_together_and_at_once_when_asked() {
        // As in a supervisor, whose own signals are blocked.
        let _signals = crate::signals::Signals::take().unwrap();
        let mut children = [start("sleep 60"), start("exec sleep 60"), start("exit 3")];
        let begin = Instant::now();
        end(&mut children);
        assert!(begin.elapsed() < Duration::from_secs(2));
        assert!(children.iter_mut().all(|child| child.try_wait().unwrap().is_some()));
    }

    #[test]
    fn a_missing_program_is_named() {
        let error = spawn(Command::new("/nowhere/qemu"), tempfile::tempfile().unwrap()).unwrap_err();
        assert!(error.to_string().contains("/nowhere/qemu"), "{error}");
    }
}
