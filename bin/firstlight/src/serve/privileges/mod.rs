//! Privileges, given up once the sockets are open and before the first thread is started, for they belong to threads.
//!
//! What is left: the user `firstlight` where there is one; of the capabilities (capabilities(7)) CAP_NET_ADMIN, by which
//! DHCP enters in the ARP table the client that it has just given an address; no way to gain any again; and no file
//! that can be written outside the state folder ([`confine`]). Binding to a device, as each TFTP transfer does, needs no
//! capability since Linux 5.7.
//!
//! Not here: a filter of system calls. Which ones a C library, an allocator or a resolver makes differs between systems
//! and changes with updates, and a server that is killed by its own filter boots nobody; the systemd unit has one that
//! systemd maintains.

mod confine;
mod hand_over;

use crate::{Failure, Outcome};
use nix::unistd::{AccessFlags, User, access, geteuid, initgroups, setresgid, setresuid};
use rustix::thread::{
    CapabilitySet, CapabilitySets, capabilities, set_capabilities, set_keep_capabilities, set_no_new_privs,
};
use std::{ffi::CString, path::Path};

/// The user that serves, where it exists and nobody says otherwise.
const USER: &str = "firstlight";

/// What is needed while serving.
const KEPT: CapabilitySet = CapabilitySet::NET_ADMIN;
/// And what a root that stays root would miss: its sites and states may belong to anybody.
const KEPT_BY_ROOT: CapabilitySet = KEPT.union(CapabilitySet::DAC_OVERRIDE).union(CapabilitySet::DAC_READ_SEARCH);

/// Gives up what is not needed any more. The state folder and what root owns in it go to the user that serves from now
/// on: `wanted`, else the usual one. Without root, the user stays who it is.
///
/// # Errors
/// There is no such user, or it cannot use the state folder.
pub(super) fn give_up(wanted: Option<&str>, site: &Path, state: &Path) -> Outcome {
    let user = choose(wanted)?;
    if let Some(user) = &user {
        hand_over::hand_over(state, user.uid, user.gid).map_err(crate::tried("hand over the state folder", state))?;
        turn_into(user)?;
    }
    keep(if geteuid().is_root() { KEPT_BY_ROOT } else { KEPT })?;
    set_no_new_privs(true)?;
    can_use(site, state)?;
    confine::to(state);
    Ok(())
}

/// Who to become; nobody else where this is `None`.
fn choose(wanted: Option<&str>) -> Result<Option<User>, Failure> {
    let us = User::from_uid(geteuid())?.map(|user| user.name);
    match wanted {
        Some(name) if us.as_deref() == Some(name) => Ok(None),
        Some(name) if !geteuid().is_root() => {
            Err(Failure::Failed(format!("only root can serve as another user, {name}")))
        }
        Some(name) => match User::from_name(name)? {
            Some(user) => Ok(Some(user)),
            None => Err(Failure::Failed(format!("there is no user {name}; make one: useradd --system {name}"))),
        },
        None if !geteuid().is_root() => Ok(None),
        None => {
            let user = User::from_name(USER)?;
            if user.is_none() {
                tracing::info!(
                    "running as root, with few capabilities: there is no user {USER} (useradd --system {USER})"
                );
            }
            Ok(user)
        }
    }
}

fn turn_into(user: &User) -> Outcome {
    let name = CString::new(user.name.as_str())?;
    set_keep_capabilities(true)?;
    initgroups(&name, user.gid)?;
    setresgid(user.gid, user.gid, user.gid)?;
    setresuid(user.uid, user.uid, user.uid)?;
    set_keep_capabilities(false)?;
    tracing::info!("running as user {}", user.name);
    Ok(())
}

/// Keeps no more than these, of those that there are.
fn keep(kept: CapabilitySet) -> Outcome {
    let left = capabilities(None)?.permitted & kept;
    let sets = CapabilitySets { effective: left, permitted: left, inheritable: CapabilitySet::empty() };
    Ok(set_capabilities(None, sets)?)
}

/// A folder that only root can reach is no place for a state; a site can at least be served as it was read.
fn can_use(site: &Path, state: &Path) -> Outcome {
    let us = User::from_uid(geteuid())?.map_or_else(|| geteuid().to_string(), |user| user.name);
    if let Err(error) = access(site, AccessFlags::R_OK | AccessFlags::X_OK) {
        let site = site.display();
        tracing::warn!(
            "user {us} cannot read {site} ({}), so it cannot be reloaded: chmod -R o+rX {site}",
            error.desc()
        );
    }
    access(state, AccessFlags::R_OK | AccessFlags::W_OK | AccessFlags::X_OK).map_err(|error| {
        Failure::Failed(format!(
            "user {us} cannot use the state folder {}: {}. Let it through the folders above (chmod o+x), name another \
             place with --state, or serve as root with --user root",
            state.display(),
            error.desc()
        ))
    })
}
