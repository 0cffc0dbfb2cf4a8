//! What is told while something takes long.

use std::{path::Path, time::Duration};

/// How far a long action has come.
#[derive(Debug, Clone, Copy)]
pub struct Progress<'a> {
    /// The asset's name.
    pub name: &'a str,
    /// What happens.
    pub step: Step<'a>,
}

/// What happens to an asset.
#[derive(Debug, Clone, Copy)]
pub enum Step<'a> {
    /// A source begins to send, from this byte on.
    From {
        /// Its URL, without the password that may be in it.
        url: &'a str,
        /// More than 0 where a transfer that was cut off goes on.
        at: u64,
        /// The file that the bytes are written to, where each is verified before it is written (IPFS): it may be read as
        /// far as [`Step::Bytes`] tells.
        growing: Option<&'a std::fs::File>,
    },
    /// Bytes have come.
    Bytes {
        /// So far.
        done: u64,
        /// In all, where the source told.
        total: Option<u64>,
    },
    /// A source has failed, and another one or the same one is asked.
    Failed {
        /// Its URL, without the password that may be in it.
        url: &'a str,
        /// What is wrong with it.
        why: &'a str,
        /// How long is waited before the next try.
        wait: Duration,
    },
    /// Another process fetches it already.
    Waits,
    /// A local file is used in place of its source.
    Overridden(&'a Path),
    /// The site does not say what it must be; from now on the lock does.
    Locked {
        /// Its hash.
        sha256: firstlight_model::Sha256,
        /// Why it is believed.
        trust: &'a firstlight_site::Trust,
    },
}

/// Who is told. Called by several threads.
pub type Told<'a> = &'a (dyn Fn(Progress<'_>) + Sync);
