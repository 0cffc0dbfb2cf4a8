//! A lab in the background: a process starts another that runs the lab, waits until it is up or has failed, and goes.

use crate::{
    Error, Folder, Result, Status,
    error::{file, system},
    folder::LAB_LOG,
    machine::last_lines,
};
use std::{
    fs::{File, OpenOptions},
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
};

const READY: &str = "ready\n";

/// Starts `command`, which calls [`detach`] first and [`Detached::announce`] when its lab is up, and waits for that.
///
/// # Errors
/// [`Error::Background`] with what the command said, when it ends instead.
pub fn start_in_background(mut command: Command, folder: &Folder) -> Result<Status> {
    if let Some(status) = crate::status(folder)? {
        return Err(Error::Running { pid: status.pid });
    }
    folder.make()?;
    let path = folder.path().join(LAB_LOG);
    let log = File::create(&path).map_err(file("cannot make", &path))?;
    let program = command.get_program().to_string_lossy().into_owned();
    let mut child = command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .map_err(|error| Error::Program { program, why: error.to_string() })?;
    let mut line = String::new();
    if let Some(output) = child.stdout.take() {
        let _ = BufReader::new(output).read_line(&mut line);
    }
    if line == READY {
        return crate::status(folder)?.ok_or(Error::NotRunning);
    }
    let ended = child.wait().map_err(system("cannot wait for the lab"))?;
    let said = last_lines(&path, 50);
    Err(Error::Background(if said.is_empty() { format!("the lab did not come up ({ended})") } else { said }))
}

/// A process in the background that has not yet said that its lab is up.
#[derive(Debug)]
#[must_use = "whoever started it waits for the announcement"]
pub struct Detached(());

/// Leaves the terminal: the command in the background calls it first, while it has one thread.
///
/// # Errors
/// The kernel refuses a new session.
pub fn detach() -> Result<Detached> {
    nix::unistd::setsid().map_err(system("cannot leave the terminal"))?;
    Ok(Detached(()))
}

impl Detached {
    /// Says that the lab is up. Standard output leads nowhere from then on, for nobody reads it any more.
    ///
    /// # Errors
    /// Whoever started this process is gone.
    pub fn announce(self) -> Result<()> {
        let mut output = std::io::stdout();
        output
            .write_all(READY.as_bytes())
            .and_then(|()| output.flush())
            .map_err(system("cannot say that the lab is up"))?;
        let nowhere = OpenOptions::new().write(true).open("/dev/null").map_err(file("cannot open", "/dev/null"))?;
        nix::unistd::dup2_stdout(nowhere).map_err(system("cannot let go of standard output"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_of_a_lab_that_does_not_come_up_is_shown() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::of(root.path());
        let mut command = Command::new("sh");
        command.args(["-c", "echo the reason >&2; exit 3"]);
        assert_eq!(start_in_background(command, &folder).unwrap_err().to_string(), "the reason");
        let silent = start_in_background(Command::new("false"), &folder).unwrap_err().to_string();
        assert!(silent.contains("exit status: 1"), "{silent}");
    }
}
