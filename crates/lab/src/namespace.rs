//! The network namespace that a lab lives in. It has no name and no file: it ends with its last process.

use crate::{Error, Result, error::file};
use nix::{
    errno::Errno,
    sched::{CloneFlags, unshare},
    unistd::{getegid, geteuid},
};
use std::{fs, io, result::Result as StdResult, time::Duration};

/// Puts this process into a new network namespace. As root directly; otherwise by way of a user namespace in which the
/// user is root, which needs a single-threaded process.
pub(crate) fn enter() -> Result<()> {
    match unshare(CloneFlags::CLONE_NEWNET) {
        Ok(()) => Ok(()),
        Err(Errno::EPERM) => enter_as_user(),
        Err(errno) => Err(refused(errno)),
    }
}

fn enter_as_user() -> Result<()> {
    let (user, group) = (geteuid(), getegid());
    unshare_as_user().map_err(refused)?;
    // Groups must be given up before a user may map one (user_namespaces(7)).
    let write = |path, text: String| fs::write(path, text).map_err(file("cannot write", path));
    let mapped = write("/proc/self/setgroups", "deny".into())
        .and_then(|()| write("/proc/self/uid_map", format!("0 {user} 1")))
        .and_then(|()| write("/proc/self/gid_map", format!("0 {group} 1")));
    match mapped {
        // Ubuntu's AppArmor lets anyone make a user namespace, and then nobody use it.
        Err(Error::File { cause, .. }) => Err(Error::Namespace { cause, hint: HINT_PERMISSION }),
        outcome => outcome,
    }
}

/// A thread that was joined a moment ago may still be counted by the kernel, which then says EINVAL.
fn unshare_as_user() -> StdResult<(), Errno> {
    let mut outcome = Ok(());
    for _ in 0..50 {
        outcome = unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNET);
        if outcome != Err(Errno::EINVAL) {
            break;
        }
        std::thread::sleep(Duration::from_millis(2));
    }
    outcome
}

const HINT_PERMISSION: &str = "This kernel does not let users make namespaces. Look at: \
    sysctl user.max_user_namespaces (not 0), kernel.unprivileged_userns_clone (1, where it exists), \
    kernel.apparmor_restrict_unprivileged_userns (0, on Ubuntu). In a container, see its seccomp profile. \
    Or run the lab as root.";
const HINT_LIMIT: &str = "The limit is reached: look at sysctl user.max_net_namespaces and user.max_user_namespaces.";
const HINT_THREADS: &str = "The lab's process must have no other threads yet, and the kernel must have namespaces \
    (CONFIG_NET_NS, CONFIG_USER_NS).";

fn refused(errno: Errno) -> Error {
    let hint = match errno {
        Errno::ENOSPC | Errno::EUSERS => HINT_LIMIT,
        Errno::EINVAL => HINT_THREADS,
        _ => HINT_PERMISSION,
    };
    Error::Namespace { cause: io::Error::from(errno), hint }
}
