//! The table: what an input does to a machine that stands somewhere.

use crate::{
    Attempt, Boots, Input, Install, Order, Refused, Rules, Stage, Standing, Transition, orders::ordered, walk::Walk,
};
use firstlight_model::{Timestamp, format_duration};
use std::time::Duration;

/// How long a system that is booted each time may take until it has reported.
pub const BOOT_TIMEOUT: Duration = Duration::from_secs(30 * 60);

/// How often the script of a boot-once is given to a machine that does not fetch its kernel.
pub const ONCE_TRIES: u32 = 3;

const AGAIN: &str = "asked again without having reported";

/// Takes a machine further.
///
/// # Errors
/// Why the input is refused; the machine stays where it stands.
pub fn step(standing: &Standing, input: &Input, rules: &Rules, now: Timestamp) -> Result<Transition, Refused> {
    let mut walk = Walk::from(standing, now);
    match input {
        Input::Asked(attempt) => asked(&mut walk, attempt, rules),
        Input::FetchedKernel(attempt) => fetched_kernel(&mut walk, attempt),
        Input::Reported(attempt) => reported(&mut walk, attempt)?,
        Input::Told(attempt) => owner(&walk.standing, attempt).map(drop)?,
        Input::Failed(attempt, reason) => failed(&mut walk, attempt, reason, rules)?,
        Input::Tick => tick(&mut walk, rules),
        Input::Ordered(order) => ordered(&mut walk, order, rules)?,
        Input::Named(name) => named(&mut walk, name),
        Input::Unnamed => unnamed(&mut walk),
        Input::Forgotten => {
            walk.standing = Standing::default();
            walk.keep();
        }
    }
    Ok(walk.end())
}

fn asked(walk: &mut Walk, attempt: &str, rules: &Rules) {
    if walk.stage() == Stage::Retired {
        return walk.wait();
    }
    if asked_for_once(walk, attempt, rules) {
        return;
    }
    match &rules.boots {
        _ if walk.stage() == Stage::Held => walk.wait(),
        Boots::Elsewhere => elsewhere(walk, rules),
        Boots::Nothing(reason) => park(walk, attempt, reason),
        Boots::Disk => start_disk(walk, rules, "its profile is its local disk"),
        Boots::Live { reports } => boot(walk, attempt, rules, *reports),
        // The site does not allow it either; this is what holds if it ever did.
        Boots::Install(_) if !rules.declared => {
            park(walk, attempt, "nobody declared it, and the profile that it would get installs")
        }
        Boots::Install(install) => install_or_disk(walk, attempt, rules, install),
    }
}

/// True where the script is that of a boot-once.
fn asked_for_once(walk: &mut Walk, attempt: &str, rules: &Rules) -> bool {
    let Some(once) = &mut walk.standing.once else { return false };
    let profile = once.profile.clone();
    if once.fetched {
        walk.standing.once = None;
        walk.keep();
        return false;
    }
    if once.tries >= ONCE_TRIES || !rules.once_is_safe {
        let why = if rules.once_is_safe { "its kernel was never fetched" } else { "it is gone, or installs" };
        let tries = once.tries;
        walk.standing.once = None;
        walk.note(format!("booting {profile} once was given up after {tries} tries: {why}"), None);
        return false;
    }
    once.tries += 1;
    once.attempt = Some(attempt.to_owned());
    let tries = once.tries;
    walk.note(format!("boots {profile} for once, try {tries} of {ONCE_TRIES}"), Some(attempt.to_owned()));
    true
}

fn park(walk: &mut Walk, attempt: &str, reason: &str) {
    // A script that only waits has an attempt too: what it boots while it waits may send its inventory.
    walk.attempt(attempt, false);
    if walk.stage() != Stage::Parked || walk.standing.cause != reason {
        walk.go(Stage::Parked, reason);
    }
    walk.wait();
}

/// A declaration is approval enough for what installs nothing.
fn approve_declared(walk: &mut Walk, rules: &Rules) {
    if rules.declared && matches!(walk.stage(), Stage::Unknown | Stage::Parked) {
        walk.go(Stage::Approved, "the site declares it");
    }
}

/// The menu begins nothing; but what was parked is so no more.
fn elsewhere(walk: &mut Walk, rules: &Rules) {
    approve_declared(walk, rules);
    if walk.stage() == Stage::Parked {
        walk.go(Stage::Unknown, "the site does not park it any more");
    }
}

fn start_disk(walk: &mut Walk, rules: &Rules, cause: &str) {
    walk.standing.begun = true;
    if walk.stage() != Stage::InService {
        approve_declared(walk, rules);
        walk.go(Stage::InService, format!("asked, and starts its local disk: {cause}"));
    }
}

fn boot(walk: &mut Walk, attempt: &str, rules: &Rules, reports: bool) {
    approve_declared(walk, rules);
    let again = walk.stage() == Stage::Booting && walk.standing.deadline.is_some();
    walk.standing.tries = if again { walk.standing.tries.saturating_add(1) } else { 1 };
    walk.standing.failures.clear();
    walk.standing.begun = true;
    walk.attempt(attempt, false);
    walk.go(Stage::Booting, if again { AGAIN } else { "asked for its script" });
    walk.standing.deadline = reports.then(|| after(walk.now, BOOT_TIMEOUT));
}

fn install_or_disk(walk: &mut Walk, attempt: &str, rules: &Rules, install: &Install) {
    match walk.stage() {
        Stage::Armed => begin_install(walk, attempt, install),
        Stage::Installing if install.reported_by_system && starts_from_disk(walk) => {}
        Stage::Installing | Stage::InstallFailed => {
            if walk.stage() == Stage::Installing {
                walk.install_failed(AGAIN);
            }
            match walk.standing.tries < install.attempts {
                true => begin_install(walk, attempt, install),
                false => {
                    walk.exhausted();
                    walk.wait();
                }
            }
        }
        _ if walk.standing.on_disk => start_disk(walk, rules, "it was installed"),
        _ if install.wipe && !walk.standing.begun => {
            walk.new_cycle();
            walk.go(Stage::Armed, format!("the site declares it, and its profile {} has wipe = true", install.profile));
            begin_install(walk, attempt, install);
        }
        _ => park(walk, attempt, &waits_for(walk.standing.begun, &install.profile)),
    }
}

fn waits_for(begun: bool, profile: &str) -> String {
    match begun {
        true => format!(
            "its profile {profile} installs, and the machine has booted before: `firstlight machines arm` begins the install"
        ),
        false => format!(
            "its profile {profile} installs and has no wipe = true: `firstlight machines approve` begins the install"
        ),
    }
}

/// The one place where an install begins.
fn begin_install(walk: &mut Walk, attempt: &str, install: &Install) {
    walk.standing.tries = walk.standing.tries.saturating_add(1);
    (walk.standing.begun, walk.standing.on_disk) = (true, false);
    walk.attempt(attempt, true);
    walk.go(
        Stage::Installing,
        format!(
            "asked for its script: attempt {} of {} to install {}",
            walk.standing.tries, install.attempts, install.profile
        ),
    );
    walk.standing.deadline = Some(after(walk.now, install.timeout));
}

/// True where the installer may have done its work and started the machine anew, so that the disk is started; once in an
/// attempt. The attempt goes on, and so does its time.
fn starts_from_disk(walk: &mut Walk) -> bool {
    let ran = |attempt: &&mut Attempt| attempt.installs && attempt.fetched && !attempt.from_disk;
    let Some(attempt) = walk.standing.attempt.as_mut().filter(ran) else { return false };
    attempt.from_disk = true;
    let id = attempt.id.clone();
    walk.note("asked again, and starts its disk: what was installed there is to report", Some(id));
    true
}

fn fetched_kernel(walk: &mut Walk, attempt: &str) {
    if let Some(own) = &mut walk.standing.attempt
        && own.id == attempt
        && own.installs
        && !own.fetched
    {
        own.fetched = true;
        walk.keep();
    }
    if let Some(once) = &mut walk.standing.once
        && once.attempt.as_deref() == Some(attempt)
        && !once.fetched
    {
        once.fetched = true;
        walk.keep();
    }
}

/// Which of a machine's attempts it is.
#[derive(PartialEq)]
enum Owner {
    Main,
    Once,
}

/// Whether it is one of those that count, be it ended or not.
fn owner(standing: &Standing, attempt: &str) -> Result<Owner, Refused> {
    if standing.once.as_ref().is_some_and(|once| once.attempt.as_deref() == Some(attempt)) {
        return Ok(Owner::Once);
    }
    match &standing.attempt {
        Some(own) if own.id == attempt => Ok(Owner::Main),
        _ => Err(Refused::Superseded),
    }
}

/// Ends an attempt, which can be done once.
fn end(walk: &mut Walk, attempt: &str) -> Result<Owner, Refused> {
    let owner = owner(&walk.standing, attempt)?;
    let ended = match owner {
        Owner::Once => walk.standing.once.as_mut().map(|once| &mut once.ended),
        Owner::Main => walk.standing.attempt.as_mut().map(|attempt| &mut attempt.ended),
    };
    match ended {
        Some(ended) if !*ended => *ended = true,
        _ => return Err(Refused::AlreadyReported),
    }
    walk.keep();
    Ok(owner)
}

fn reported(walk: &mut Walk, attempt: &str) -> Result<(), Refused> {
    if end(walk, attempt)? == Owner::Once {
        if let Some(once) = &mut walk.standing.once {
            once.fetched = true;
        }
        return Ok(());
    }
    let installs = walk.standing.attempt.as_ref().is_some_and(|attempt| attempt.installs);
    if installs {
        walk.standing.on_disk = true;
    }
    match walk.stage() {
        Stage::Installing | Stage::InstallFailed => walk.go(Stage::Installed, "reported that the install is done"),
        Stage::Booting | Stage::BootFailed => walk.go(Stage::InService, "reported up"),
        // Late, or in passing: what it reported counts, and does not undo what was ordered since.
        _ if installs => walk.note("reported that the install is done", Some(attempt.to_owned())),
        _ => {}
    }
    Ok(())
}

fn failed(walk: &mut Walk, attempt: &str, reason: &str, rules: &Rules) -> Result<(), Refused> {
    if end(walk, attempt)? == Owner::Once {
        return Ok(());
    }
    match walk.stage() {
        Stage::Installing => {
            walk.install_failed(&format!("reported that it failed: {reason}"));
            hold_if_exhausted(walk, rules);
        }
        Stage::Booting => walk.go(Stage::BootFailed, format!("reported that it failed: {reason}")),
        _ => {}
    }
    Ok(())
}

fn tick(walk: &mut Walk, rules: &Rules) {
    if walk.standing.deadline.is_none_or(|deadline| walk.now < deadline) {
        return;
    }
    let cause = format!("did not report within {}", format_duration(walk.now.since(walk.standing.since)));
    match walk.stage() {
        Stage::Installing => {
            walk.install_failed(&cause);
            hold_if_exhausted(walk, rules);
        }
        Stage::Booting => walk.go(Stage::BootFailed, cause),
        _ => walk.standing.deadline = None,
    }
}

fn named(walk: &mut Walk, name: &str) {
    walk.standing.name = Some(name.to_owned());
    walk.note(format!("was given the name {name}"), None);
}

fn unnamed(walk: &mut Walk) {
    let name = walk.standing.name.take().unwrap_or_default();
    walk.new_cycle();
    walk.standing.once = None;
    walk.go(Stage::Retired, format!("by order; its name {name} is free again"));
}

fn hold_if_exhausted(walk: &mut Walk, rules: &Rules) {
    if matches!(&rules.boots, Boots::Install(install) if walk.standing.tries >= install.attempts) {
        walk.exhausted();
    }
}

fn after(now: Timestamp, duration: Duration) -> Timestamp {
    let ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    Timestamp(now.0.saturating_add(ms))
}

impl From<Order> for Input {
    fn from(order: Order) -> Input {
        Input::Ordered(order)
    }
}
