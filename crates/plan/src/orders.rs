//! What a person's orders do.

use crate::{Boots, Once, Order, Refused, Rules, Stage, walk::Walk};

pub(crate) fn ordered(walk: &mut Walk, order: &Order, rules: &Rules) -> Result<(), Refused> {
    match order {
        Order::Approve => approve(walk, rules),
        Order::Arm => arm(walk, rules),
        Order::Hold { reason } => hold(walk, reason),
        Order::Retire => {
            walk.standing.once = None;
            walk.go(Stage::Retired, "by order");
            Ok(())
        }
        Order::BootOnce { profile } => boot_once(walk, profile, rules),
    }
}

fn approve(walk: &mut Walk, rules: &Rules) -> Result<(), Refused> {
    use Stage::{Approved, Armed, Booting, InService, Installed, Installing};
    if !rules.declared {
        return Err(Refused::Undeclared("approved"));
    }
    if matches!(walk.stage(), Approved | Armed | Booting | Installing | Installed | InService) {
        return Err(Refused::NothingToApprove(walk.stage()));
    }
    walk.new_cycle();
    walk.go(Approved, "approved by order");
    match (&rules.boots, walk.standing.on_disk) {
        (Boots::Install(install), true) => {
            walk.go(Installed, format!("its disk holds what {} installed before", install.profile));
        }
        (Boots::Install(install), false) => {
            walk.standing.begun = true;
            walk.go(Armed, format!("approved by order, and its profile {} installs", install.profile));
        }
        _ => {}
    }
    Ok(())
}

fn arm(walk: &mut Walk, rules: &Rules) -> Result<(), Refused> {
    if walk.stage() == Stage::Retired {
        return Err(Refused::Retired);
    }
    if !rules.declared {
        return Err(Refused::Undeclared("armed"));
    }
    let Boots::Install(install) = &rules.boots else { return Err(Refused::InstallsNothing) };
    walk.new_cycle();
    walk.standing.begun = true;
    walk.go(Stage::Armed, format!("armed by order: its next boot installs {}", install.profile));
    Ok(())
}

/// Its attempt stays: an install that is under way may still report that it is done.
fn hold(walk: &mut Walk, reason: &str) -> Result<(), Refused> {
    if walk.stage() == Stage::Retired {
        return Err(Refused::Retired);
    }
    walk.go(Stage::Held, format!("by order: {reason}"));
    Ok(())
}

fn boot_once(walk: &mut Walk, profile: &str, rules: &Rules) -> Result<(), Refused> {
    match walk.stage() {
        _ if !rules.declared => Err(Refused::Undeclared("given a profile for once")),
        Stage::Retired => Err(Refused::Retired),
        Stage::Installing => Err(Refused::Installing(walk.standing.since)),
        _ if !rules.once_is_safe => Err(Refused::UnsafeOnce(profile.to_owned())),
        _ => {
            let profile = profile.to_owned();
            walk.note(format!("its next boot is {profile}, by order"), None);
            walk.standing.once = Some(Once { profile, tries: 0, attempt: None, fetched: false, ended: false });
            Ok(())
        }
    }
}
