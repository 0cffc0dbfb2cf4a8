//! Which of two DHCP servers answers first: the other one is stopped (SIGSTOP) until the offer of the first is out. What
//! it is sent meanwhile waits in its socket. No kernel module is needed for that, as there is for delays on the wire.

use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Whose DHCP offer comes late to a machine that boots beside another server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Late {
    /// `firstlight serve`.
    Ours,
    /// The server that gives the addresses.
    Theirs,
}

/// Keeps one server back.
pub(crate) struct Delay {
    who: Late,
    lab: PathBuf,
    stopped: Option<Pid>,
}

impl Delay {
    /// In the lab of the site in this folder.
    pub(crate) fn of(who: Late, site: &Path) -> Delay {
        Delay { who, lab: site.join(".firstlight"), stopped: None }
    }

    /// Does what is due. True when nothing is left to do.
    pub(crate) fn step(&mut self, lab: u32) -> bool {
        match self.stopped {
            None => {
                self.stopped = has_power(lab).then(|| child(lab, self.program())).flatten();
                self.stopped.into_iter().for_each(|server| kill(server, Signal::SIGSTOP).expect("it runs"));
                false
            }
            Some(server) if self.other_has_offered() => {
                kill(server, Signal::SIGCONT).expect("it is there");
                true
            }
            Some(_) => false,
        }
    }

    fn program(&self) -> &'static str {
        match self.who {
            Late::Ours => "firstlight",
            Late::Theirs => "dnsmasq",
        }
    }

    fn other_has_offered(&self) -> bool {
        match self.who {
            Late::Ours => contains(&self.lab.join("lab/address-server-boot.log"), "DHCPOFFER"),
            Late::Theirs => {
                let events = fs::read_dir(self.lab.join("lab-state/events")).into_iter().flatten().flatten();
                events.into_iter().any(|log| contains(&log.path(), "dhcp-proxied"))
            }
        }
    }
}

fn contains(file: &Path, what: &str) -> bool {
    fs::read(file).is_ok_and(|bytes| String::from_utf8_lossy(&bytes).contains(what))
}

/// True once a machine of the lab runs. Its firmware asks for an address much later than it is looked at here; and the lab
/// starts none before the server has answered by HTTP, which a stopped one never does.
fn has_power(lab: u32) -> bool {
    child(lab, "qemu-system").is_some()
}

/// The child process of the lab that runs this program; the kernel keeps the first 15 bytes of its name.
fn child(of: u32, program: &str) -> Option<Pid> {
    let children = fs::read_to_string(format!("/proc/{of}/task/{of}/children")).ok()?;
    let runs = |pid: &&str| fs::read_to_string(format!("/proc/{pid}/comm")).is_ok_and(|comm| comm.starts_with(program));
    children.split_whitespace().find(runs)?.parse().ok().map(Pid::from_raw)
}
