//! The server's side: a thread that accepts, and one for each order, since a reload may take a while.

use super::{Answer, CONTROL, LONGEST, Request, short};
use crate::{BEAT, Stop};
use nix::{
    poll::{PollFd, PollFlags, PollTimeout, poll},
    sys::stat::{Mode, fchmod},
};
use socket2::{Domain, SockAddr, Socket, Type};
use std::{
    fs,
    io::{self, BufRead, BufReader, Read, Write},
    os::{fd::AsFd, unix::net::UnixListener, unix::net::UnixStream},
    path::{Path, PathBuf},
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};

/// Does what is asked.
pub type Handler = Arc<dyn Fn(Request) -> Answer + Send + Sync>;

/// No honest client takes longer to send its line, or to take the answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// Orders at once.
const MOST: usize = 8;

/// The socket, open and not yet answered. Removed when dropped.
#[derive(Debug)]
pub struct Control {
    listener: UnixListener,
    path: PathBuf,
}

impl Control {
    /// Opens the socket in a state folder whose lock the caller holds.
    ///
    /// # Errors
    /// The folder cannot be written.
    pub fn open(folder: &Path) -> io::Result<Control> {
        let path = folder.join(CONTROL);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
        // Linux gives the file the socket's own mode: there is no moment at which others could connect.
        fchmod(&socket, Mode::S_IRUSR | Mode::S_IWUSR)?;
        short(folder, |path| socket.bind(&SockAddr::unix(path)?))?;
        socket.listen(MOST as i32)?;
        socket.set_nonblocking(true)?;
        Ok(Control { listener: std::os::fd::OwnedFd::from(socket).into(), path })
    }

    /// Answers until `stop`. Orders under way are not waited for.
    ///
    /// # Errors
    /// There is no room for another thread.
    pub fn spawn(self, handler: Handler, stop: Stop) -> io::Result<JoinHandle<()>> {
        thread::Builder::new().name("control".to_owned()).spawn(move || self.run(&handler, &stop))
    }

    fn run(self, handler: &Handler, stop: &Stop) {
        let running = Arc::new(());
        let pulse = stop.pulse("control");
        while !stop.is_stopped() {
            pulse.beat();
            let readable = |fd| PollFd::new(fd, PollFlags::POLLIN);
            let beat = PollTimeout::try_from(BEAT).unwrap_or(PollTimeout::MAX);
            let _ = poll(&mut [readable(self.listener.as_fd()), readable(stop.as_fd())], beat);
            let Ok((stream, _)) = self.listener.accept() else { continue };
            if Arc::strong_count(&running) > MOST {
                continue;
            }
            let (handler, guard) = (handler.clone(), running.clone());
            let answer = move || {
                let _guard = guard;
                if let Err(error) = converse(&stream, &handler) {
                    tracing::debug!("an order could not be heard or answered: {error}");
                }
            };
            if let Err(error) = thread::Builder::new().name("order".to_owned()).spawn(answer) {
                tracing::warn!("an order cannot be answered: {error}");
            }
        }
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}

pub(super) fn converse(stream: &UnixStream, handler: &Handler) -> io::Result<()> {
    stream.set_nonblocking(false)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    let mut line = String::new();
    BufReader::new(stream.take(LONGEST)).read_line(&mut line)?;
    let answer = match serde_json::from_str(&line) {
        Ok(request) => handler(request),
        Err(error) => Answer::Failed { why: format!("this is no order that this server knows: {error}") },
    };
    let mut text = serde_json::to_string(&answer)?;
    text.push('\n');
    let mut stream = stream;
    stream.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::control::{ControlError, Reloaded, ask};
    use std::os::unix::fs::PermissionsExt;

    fn reloaded() -> Answer {
        Answer::Reloaded(Reloaded { generation: 2, changes: vec!["a\nb".to_owned()], warnings: None })
    }

    fn serve(folder: &Path) -> (Stop, JoinHandle<()>) {
        let stop = Stop::new().unwrap();
        let handler: Handler = Arc::new(|request| match request {
            Request::Reload => reloaded(),
            _ => Answer::Failed { why: "no".to_owned() },
        });
        (stop.clone(), Control::open(folder).unwrap().spawn(handler, stop).unwrap())
    }

    #[test]
    fn an_order_is_answered_and_nobody_else_can_give_one() {
        let folder = tempfile::tempdir().unwrap();
        let (stop, thread) = serve(folder.path());
        let mode = fs::metadata(folder.path().join(CONTROL)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        assert_eq!(ask(folder.path(), &Request::Reload).unwrap(), reloaded());
        stop.stop();
        thread.join().unwrap();
        assert!(matches!(ask(folder.path(), &Request::Reload), Err(ControlError::NobodyServes { .. })));
        assert!(!folder.path().join(CONTROL).exists());
    }

    #[test]
    fn noise_and_silence_leave_it_answering() {
        let folder = tempfile::tempdir().unwrap();
        let (stop, thread) = serve(folder.path());
        let connect = || UnixStream::connect(folder.path().join(CONTROL)).unwrap();
        let _silent = connect();
        let mut noisy = connect();
        noisy.write_all(b"{\"request\":\"sing\"}\n").unwrap();
        let mut answer = String::new();
        noisy.read_to_string(&mut answer).unwrap();
        assert!(answer.contains("failed") && answer.contains("unknown variant `sing`"), "{answer}");
        assert_eq!(ask(folder.path(), &Request::Reload).unwrap(), reloaded());
        stop.stop();
        thread.join().unwrap();
    }

    #[test]
    fn what_a_killed_server_left_is_replaced_in_a_deep_folder_too() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("deep/".repeat(40));
        fs::create_dir_all(&folder).unwrap();
        std::mem::forget(Control::open(&folder).unwrap());
        let (stop, thread) = serve(&folder);
        assert_eq!(ask(&folder, &Request::Reload).unwrap(), reloaded());
        stop.stop();
        thread.join().unwrap();
    }
}
