//! What can go wrong in a lab. Each error says its cause and, where there is one, the next step.

use crate::Missing;
use std::{io, path::PathBuf};

/// The crate's result.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a lab could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The site declares no lab machines.
    #[error("the site has no `lab` block with machines in it; docs/site.md shows one")]
    NoLab,
    /// No lab machine has this name.
    #[error("the lab has no machine `{name}`; it has {known}")]
    NoMachine {
        /// What was asked for.
        name: String,
        /// The machines that there are.
        known: String,
    },
    /// A machine on a network that a lab cannot make.
    #[error(
        "lab machine `{machine}` is on network `{network}`, which has no `interface`: the lab makes networks by their interface"
    )]
    NoInterface {
        /// The machine.
        machine: String,
        /// The network.
        network: String,
    },
    /// Programs or firmware that are not installed.
    #[error("the lab needs what is not installed:\n{}\nOn Debian or Ubuntu: apt-get install {}", .0.list(), .0.packages())]
    Missing(Missing),
    /// A lab of this site runs already.
    #[error("a lab of this site runs already (process {pid}); `firstlight lab down` ends it")]
    Running {
        /// Its supervisor; 0 where it did not say.
        pid: u32,
    },
    /// A signal, or `lab down`, came before the lab was up.
    #[error("the lab was ended before it was up")]
    Interrupted,
    /// No lab of this site runs.
    #[error("no lab of this site is running; `firstlight lab up` starts it")]
    NotRunning,
    /// The kernel did not let us make a namespace.
    #[error("cannot make a network namespace: {cause}\n{hint}")]
    Namespace {
        /// What the kernel said.
        cause: io::Error,
        /// What to look at.
        hint: &'static str,
    },
    /// A program ended badly.
    #[error("`{program}` failed: {why}")]
    Program {
        /// The program.
        program: String,
        /// What it said.
        why: String,
    },
    /// The boot server did not come up, or went.
    #[error("the boot server {what}; it said last:\n{said}")]
    Server {
        /// What became of it.
        what: String,
        /// The end of its output.
        said: String,
    },
    /// The server that gives the addresses of a network in proxy mode did not come up.
    #[error("the DHCP server beside ours in the network {network} did not come up: {why}")]
    AddressServer {
        /// The network's name.
        network: String,
        /// Why, or the end of its output.
        why: String,
    },
    /// The lab that was started in the background did not come up.
    #[error("{0}")]
    Background(String),
    /// Something with a file or folder.
    #[error("{what} {}: {cause}", path.display())]
    File {
        /// What was tried: `cannot read`.
        what: &'static str,
        /// Where.
        path: PathBuf,
        /// Why it failed.
        cause: io::Error,
    },
    /// A system call.
    #[error("{what}: {cause}")]
    System {
        /// What was tried.
        what: &'static str,
        /// Why it failed.
        cause: io::Error,
    },
}

/// Says what was tried with which file.
pub(crate) fn file(what: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Error {
    let path = path.into();
    move |cause| Error::File { what, path, cause }
}

/// Says what was tried.
pub(crate) fn system<E: Into<io::Error>>(what: &'static str) -> impl FnOnce(E) -> Error {
    move |cause| Error::System { what, cause: cause.into() }
}
