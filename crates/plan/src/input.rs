//! What happens to a machine, and by which rules it is judged.

use crate::Stage;
use firstlight_model::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Something that happened. Attempts are named by the hash of their token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// It asked for its script, which would belong to this attempt.
    Asked(String),
    /// It fetched the kernel that an attempt's script names.
    FetchedKernel(String),
    /// An attempt reported that it is up, or that the install is done.
    Reported(String),
    /// An attempt told something on its way: allowed only to the attempt that counts.
    Told(String),
    /// An attempt reported that it failed, and why.
    Failed(String, String),
    /// Time passed.
    Tick,
    /// A person ordered something.
    Ordered(Order),
    /// It was given this name.
    Named(String),
    /// Its name is another's from now on: it is retired without one.
    Unnamed,
    /// Whoever had this name has it no more: the next one begins anew.
    Forgotten,
}

/// What a person can order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "kebab-case")]
pub enum Order {
    /// Go on: boot what the site says; install where its profile installs and its disk holds no install of ours.
    Approve,
    /// Install at the next boot, whatever is on the disk.
    Arm,
    /// Wait.
    Hold {
        /// Why, for those who look at it later.
        reason: String,
    },
    /// Wait for good.
    Retire,
    /// Boot a profile for the next boot only.
    BootOnce {
        /// The profile.
        profile: String,
    },
}

impl Order {
    /// Its name, as in the command.
    pub fn name(&self) -> &'static str {
        match self {
            Order::Approve => "approve",
            Order::Arm => "arm",
            Order::Hold { .. } => "hold",
            Order::Retire => "retire",
            Order::BootOnce { .. } => "boot-once",
        }
    }
}

/// What the site says of a machine at the moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Whether it is declared.
    pub declared: bool,
    /// What it boots.
    pub boots: Boots,
    /// The profile of a boot-once exists and installs nothing.
    pub once_is_safe: bool,
}

/// What the site gives a machine to boot, its stage left aside.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Boots {
    /// Nothing, and why.
    Nothing(String),
    /// The menu, or no answer: nothing that begins an attempt.
    Elsewhere,
    /// Its local disk.
    Disk,
    /// A system that it boots each time. `reports` is whether it is told where to report to at all.
    Live {
        /// Its script, arguments or configs hold the URL to report to.
        reports: bool,
    },
    /// An installer.
    Install(Install),
}

/// An installing profile.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Install {
    /// Its name.
    pub profile: String,
    /// Whether the site says itself that the disk may be overwritten.
    pub wipe: bool,
    /// How often it is tried.
    pub attempts: u32,
    /// How long an attempt may take until it has reported.
    pub timeout: Duration,
    /// What was installed reports, and not the installer: before a machine that asks again has failed, its disk is started
    /// once.
    pub reported_by_system: bool,
}

/// Why something is not accepted.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// The attempt has reported its end before.
    #[error("this attempt has reported already")]
    AlreadyReported,
    /// Another script was given out since, or none is awaited.
    #[error("this attempt was superseded: another script was asked for since, or an order ended it")]
    Superseded,
    /// An order about a machine that nobody declared, which needs one that is.
    #[error("it is not declared: only declared machines can be {0}")]
    Undeclared(&'static str),
    /// `approve` where nothing waits for it.
    #[error("it is {0}: there is nothing to approve")]
    NothingToApprove(Stage),
    /// `arm` where the profile installs nothing.
    #[error("its profile installs nothing: give it one with an `install` block")]
    InstallsNothing,
    /// The profile of a boot-once is none, or installs.
    #[error("{0} cannot be booted once: there is no such profile, or it installs; `machines arm` begins an install")]
    UnsafeOnce(String),
    /// `boot-once` in the middle of an install.
    #[error("it has been installing since {0}: wait for its end, or hold it first")]
    Installing(Timestamp),
    /// The machine is retired.
    #[error("it is retired: approve it first")]
    Retired,
}
