//! Landlock (landlock(7)): the kernel refuses this process what the server never does, whoever has taken it over. It
//! writes in the state folder only, executes nothing and opens no further TCP port.
//!
//! Reading stays as file permissions have it: a site that is read anew may name assets anywhere, and a rule cannot be
//! added to a process that is confined already. A kernel without Landlock, or with its first version, which cannot allow
//! moving a file between folders, confines nothing; the log says so.

use landlock::{
    ABI, AccessFs, AccessNet, CompatLevel, Compatible, PathBeneath, PathFd, Ruleset, RulesetAttr, RulesetCreatedAttr,
    RulesetError, RulesetStatus,
};
use std::path::Path;

/// The newest version whose rights are known here.
const KNOWN: ABI = ABI::V5;

/// Confines this thread and those that it starts from now on.
pub(super) fn to(state: &Path) {
    match try_to(state) {
        Ok(RulesetStatus::FullyEnforced | RulesetStatus::PartiallyEnforced) => {
            tracing::debug!("Landlock: files are written in {} only, and nothing is executed", state.display());
        }
        Ok(RulesetStatus::NotEnforced) => tracing::info!("not confined: this kernel has no Landlock"),
        Err(error) => tracing::info!("not confined by Landlock: {error}"),
    }
}

fn try_to(state: &Path) -> Result<RulesetStatus, Box<dyn std::error::Error>> {
    let written = AccessFs::from_write(KNOWN);
    let ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::Refer)?
        .set_compatibility(CompatLevel::BestEffort)
        .handle_access(written | AccessFs::Execute)?
        .handle_access(AccessNet::BindTcp)?;
    let allowed = PathBeneath::new(PathFd::new(state)?, written);
    let confined: Result<_, RulesetError> = ruleset.create()?.add_rule(allowed)?.restrict_self();
    Ok(confined?.ruleset)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, io, net::TcpListener, process::Command, thread};

    /// In a thread of its own, for it stays confined. Where the kernel has no Landlock there is nothing to test.
    #[test]
    fn only_the_state_folder_can_be_written_and_nothing_executed() {
        let (state, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(other.path().join("readable"), "text").unwrap();
        let confined = thread::spawn(move || {
            if !matches!(try_to(state.path()), Ok(RulesetStatus::FullyEnforced)) {
                return;
            }
            let (state, other) = (state.path(), other.path());
            let refused = |result: io::Result<()>| result.unwrap_err().kind() == io::ErrorKind::PermissionDenied;
            assert!(refused(fs::write(other.join("new"), "")) && refused(fs::remove_file(other.join("readable"))));
            assert!(refused(Command::new("/bin/true").status().map(drop)));
            assert!(refused(TcpListener::bind("127.0.0.1:0").map(drop)));
            assert_eq!(fs::read_to_string(other.join("readable")).unwrap(), "text");
            // As a fetched asset is kept.
            fs::create_dir_all(state.join("incoming")).unwrap();
            fs::create_dir_all(state.join("sha256/ab")).unwrap();
            fs::write(state.join("incoming/x"), "x").unwrap();
            fs::rename(state.join("incoming/x"), state.join("sha256/ab/x")).unwrap();
            fs::remove_file(state.join("sha256/ab/x")).unwrap();
        });
        confined.join().unwrap();
    }
}
