//! What a service manager is told (sd_notify(3)): ready, reloading, stopping, and, as long as the servers' threads show
//! that they are alive, that no watchdog needs to bite.

use firstlight_serve::Stop;
use rustix::time::{ClockId, clock_gettime};
use std::{
    env,
    os::{linux::net::SocketAddrExt, unix::net::SocketAddr, unix::net::UnixDatagram},
    process,
    time::Duration,
};

/// A service manager, where there is one that wants to hear.
#[derive(Default)]
pub(super) struct Notify {
    socket: Option<UnixDatagram>,
    /// How long it waits for a sign of life.
    watchdog: Option<Duration>,
}

impl Notify {
    /// As the environment says. The socket is connected now, while whoever owns it lets us.
    pub(super) fn from_environment() -> Notify {
        let socket = env::var("NOTIFY_SOCKET").ok().and_then(|name| {
            connect(&name)
                .inspect_err(|error| tracing::warn!("cannot tell the service manager at {name}: {error}"))
                .ok()
        });
        Notify { socket, watchdog: watchdog(env::var("WATCHDOG_USEC").ok(), env::var("WATCHDOG_PID").ok()) }
    }

    /// The servers answer; also after a reload.
    pub(super) fn ready(&self, generation: u64) {
        self.say(&format!("READY=1\nSTATUS=serving generation {generation} of the site"));
    }

    /// The site is being read anew.
    pub(super) fn reloading(&self) {
        let now = clock_gettime(ClockId::Monotonic);
        let micros = now.tv_sec * 1_000_000 + now.tv_nsec / 1000;
        self.say(&format!("RELOADING=1\nMONOTONIC_USEC={micros}"));
    }

    /// The end has begun.
    pub(super) fn stopping(&self) {
        self.say("STOPPING=1\nSTATUS=transfers under way are finished");
    }

    /// How often [`Notify::alive`] is to be called; `None` where nobody wants to know.
    pub(super) fn every(&self) -> Option<Duration> {
        self.watchdog.map(|patience| patience / 4)
    }

    /// Tells that the servers are alive, if they all are.
    pub(super) fn alive(&self, stop: &Stop) {
        let Some(patience) = self.watchdog else { return };
        match stop.silent_for(patience / 2).as_slice() {
            [] => self.say("WATCHDOG=1"),
            silent => {
                tracing::error!("no sign of life from {}: a service manager will start this anew", silent.join(", "))
            }
        }
    }

    /// Who does not listen any more misses nothing that matters.
    fn say(&self, text: &str) {
        if let Some(socket) = &self.socket {
            let _ = socket.send(text.as_bytes());
        }
    }
}

fn connect(name: &str) -> std::io::Result<UnixDatagram> {
    let socket = UnixDatagram::unbound()?;
    let address = match name.strip_prefix('@') {
        Some(name) => SocketAddr::from_abstract_name(name)?,
        None => SocketAddr::from_pathname(name)?,
    };
    socket.connect_addr(&address)?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// Whose watchdog it is, a parent may have left in the environment.
fn watchdog(micros: Option<String>, pid: Option<String>) -> Option<Duration> {
    let ours = pid.is_none_or(|pid| pid == process::id().to_string());
    micros?.parse().ok().filter(|micros| *micros > 0 && ours).map(Duration::from_micros)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_watchdog_counts() {
        let some = |text: &str| Some(text.to_owned());
        assert_eq!(watchdog(some("3000000"), None), Some(Duration::from_secs(3)));
        assert_eq!(watchdog(some("3000000"), some(&process::id().to_string())), Some(Duration::from_secs(3)));
        assert_eq!(watchdog(some("3000000"), some("1")), None);
        assert_eq!(watchdog(some("0"), None), None);
        assert_eq!(watchdog(None, None), None);
    }

    #[test]
    fn a_socket_without_a_file_is_heard_too() {
        let name = format!("firstlight-test-{}", process::id());
        let manager = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(&name).unwrap()).unwrap();
        Notify { socket: Some(connect(&format!("@{name}")).unwrap()), watchdog: None }.ready(7);
        let mut bytes = [0; 100];
        let length = manager.recv(&mut bytes).unwrap();
        assert_eq!(&bytes[..length], b"READY=1\nSTATUS=serving generation 7 of the site");
    }
}
