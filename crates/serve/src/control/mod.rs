//! Orders to a running server, over a Unix socket in its state folder: one request, a line of JSON; one answer, a line
//! of JSON; the connection ends.
//!
//! The socket is its owner's and root's alone (mode 0600). Who holds the state folder's lock may replace a socket that a
//! killed server left there. What an order means is decided by the handler that the composition root passes in.
//!
//! Not here: anything that comes from the network.

mod client;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod server;

pub use client::{ControlError, ask};
pub use server::{Control, Handler};

use firstlight_model::{Mac, Timestamp};
use firstlight_plan::{Order, Standing};
use serde::{Deserialize, Serialize};

/// The socket's name in the state folder.
pub const CONTROL: &str = "control.sock";

/// The longest line that is read, in bytes.
const LONGEST: u64 = 1 << 20;

/// What can be asked of a running server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "kebab-case")]
pub enum Request {
    /// How is it?
    Status,
    /// Read the site anew and serve that, or say why not.
    Reload,
    /// Do this with a machine.
    Order {
        /// Its declared name, or the MAC address of one that nobody declared.
        machine: String,
        /// What.
        what: Order,
    },
    /// Give a machine that nobody declared the next name of a class.
    Name {
        /// The machine.
        machine: Mac,
        /// The class.
        class: String,
    },
    /// Take back the name of a machine that is declared no more.
    Release {
        /// The name.
        name: String,
    },
}

/// What a running server answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "answer", rename_all = "kebab-case")]
pub enum Answer {
    /// How it is.
    Status(Status),
    /// The site was read anew and is served.
    Reloaded(Reloaded),
    /// Where the machine stands now.
    Ordered(Standing),
    /// The machine has this name.
    Named {
        /// The name.
        name: String,
    },
    /// It was not done.
    Failed {
        /// Why, with the next step; perhaps a report of many lines.
        why: String,
    },
}

/// How a running server is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Its process.
    pub pid: u32,
    /// Its version.
    pub version: String,
    /// The generation of the site that it serves.
    pub generation: u64,
    /// When it began to serve.
    pub since: Timestamp,
}

/// What a reload did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reloaded {
    /// The generation that is served now.
    pub generation: u64,
    /// What is different: a line for each block of the site, file or asset.
    pub changes: Vec<String>,
    /// What to look at all the same; perhaps a report of many lines.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warnings: Option<String>,
}

/// A socket's name has room for 107 bytes, which a state folder can be longer than. By way of /proc it is short.
fn short<T>(folder: &std::path::Path, with: impl FnOnce(&std::path::Path) -> std::io::Result<T>) -> std::io::Result<T> {
    use std::os::fd::AsRawFd;
    let folder = std::fs::File::open(folder)?;
    with(&std::path::Path::new(&format!("/proc/self/fd/{}", folder.as_raw_fd())).join(CONTROL))
}
