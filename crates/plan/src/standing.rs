//! Where a machine stands.

use crate::BOOT_TIMEOUT;
use firstlight_model::Timestamp;
use serde::{Deserialize, Serialize};
use std::{fmt, time::Duration};

/// The stages of a machine's life.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stage {
    /// Nothing has happened yet.
    #[default]
    Unknown,
    /// It waits, harmlessly: nobody declared it, or what it would do needs somebody's word.
    Parked,
    /// It may boot what the site says.
    Approved,
    /// Its next script installs: its disk will be written.
    Armed,
    /// It was given the script of a system that it boots each time; its report is awaited.
    Booting,
    /// It was given the script that installs; its report is awaited.
    Installing,
    /// It has reported that the install is done; its next boot is from its disk.
    Installed,
    /// It runs: it reported up, or was sent to its disk.
    InService,
    /// It did not report in time, or reported that it failed. It boots again when it asks.
    BootFailed,
    /// The same of an install. It is tried again when it asks, while tries are left.
    InstallFailed,
    /// It waits until somebody says what is to become of it.
    Held,
    /// It is no longer used.
    Retired,
}

impl Stage {
    /// Every stage.
    pub const ALL: [Stage; 12] = [
        Stage::Unknown,
        Stage::Parked,
        Stage::Approved,
        Stage::Armed,
        Stage::Booting,
        Stage::Installing,
        Stage::Installed,
        Stage::InService,
        Stage::BootFailed,
        Stage::InstallFailed,
        Stage::Held,
        Stage::Retired,
    ];

    /// Its name in words: `in service`.
    pub fn words(self) -> &'static str {
        match self {
            Stage::Unknown => "unknown",
            Stage::Parked => "parked",
            Stage::Approved => "approved",
            Stage::Armed => "armed",
            Stage::Booting => "booting",
            Stage::Installing => "installing",
            Stage::Installed => "installed",
            Stage::InService => "in service",
            Stage::BootFailed => "boot failed",
            Stage::InstallFailed => "install failed",
            Stage::Held => "held",
            Stage::Retired => "retired",
        }
    }

    /// True where the machine is only told to wait.
    pub fn waits(self) -> bool {
        matches!(self, Stage::Parked | Stage::Held | Stage::Retired)
    }
}

impl fmt::Display for Stage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}

/// Where a machine stands, and all that decides what takes it further.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The stage.
    pub stage: Stage,
    /// Since when.
    pub since: Timestamp,
    /// Why it is there, in words.
    pub cause: String,
    /// The attempt whose report counts: that of the last script.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<Attempt>,
    /// How many attempts were begun in this cycle.
    #[serde(default)]
    pub tries: u32,
    /// The attempts of this cycle that failed, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub failures: Vec<Failure>,
    /// When the attempt counts as failed if nothing was reported.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deadline: Option<Timestamp>,
    /// What it is to boot once, or just boots once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub once: Option<Once>,
    /// How often it was told to wait since it last was told anything else. Counted in memory; after a restart of the
    /// server it may be what it was some time before.
    #[serde(default)]
    pub parked: u32,
    /// An install on its disk was completed, and none was begun since.
    #[serde(default)]
    pub on_disk: bool,
    /// The name that a machine which nobody had declared was given, from its class's names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// It has booted, installed or been armed before: the site's `wipe = true` alone does not arm it any more.
    #[serde(default)]
    pub begun: bool,
}

impl Standing {
    /// How long a machine that waits should do so before it asks again: 30 s at first, then twice as long each time, up
    /// to ten minutes.
    pub fn pause(&self) -> Duration {
        let doublings = self.parked.saturating_sub(1).min(5);
        Duration::from_secs((30 << doublings).min(600))
    }

    /// Whether an attempt is under way: it is the machine's last one, has not reported, and its time is not over. One that
    /// is not awaited to report has [`BOOT_TIMEOUT`]; what is booted once, until it reports.
    pub fn is_under_way(&self, attempt: &str, now: Timestamp) -> bool {
        if let Some(once) = self.once.as_ref().filter(|once| once.attempt.as_deref() == Some(attempt)) {
            return !once.ended;
        }
        let Some(last) = self.attempt.as_ref().filter(|last| last.id == attempt) else { return false };
        let late = match self.deadline {
            Some(deadline) => now >= deadline,
            None => now.since(last.began) >= BOOT_TIMEOUT,
        };
        !last.ended && !late && !self.stage.waits()
    }

    /// True in the middle of an install whose disk is started, to report.
    pub fn starts_what_it_installs(&self) -> bool {
        self.stage == Stage::Installing && self.attempt.as_ref().is_some_and(|attempt| attempt.from_disk)
    }

    /// The profile that it boots once, where its last script was that.
    pub fn boots_once(&self) -> Option<&str> {
        let once = self.once.as_ref()?;
        once.attempt.is_some().then_some(once.profile.as_str())
    }
}

/// One attempt to boot or install: one script.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// The hash of its token.
    pub id: String,
    /// When its script was asked for.
    pub began: Timestamp,
    /// Whether its script installs.
    #[serde(default)]
    pub installs: bool,
    /// Whether it has ended: by its report that it is done, or that it failed.
    #[serde(default)]
    pub ended: bool,
    /// Where its script installs: the machine has fetched the kernel.
    #[serde(default)]
    pub fetched: bool,
    /// What it has installed was started from the disk, for it is that which reports.
    #[serde(default)]
    pub from_disk: bool,
}

/// An attempt that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// When its script was asked for.
    pub began: Timestamp,
    /// How it failed.
    pub cause: String,
}

/// A profile that is booted for one boot only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Once {
    /// The profile.
    pub profile: String,
    /// How often its script was given.
    #[serde(default)]
    pub tries: u32,
    /// The attempt of its last script.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attempt: Option<String>,
    /// That attempt has fetched its kernel: the next script is the usual one again.
    #[serde(default)]
    pub fetched: bool,
    /// That attempt has reported.
    #[serde(default)]
    pub ended: bool,
}
