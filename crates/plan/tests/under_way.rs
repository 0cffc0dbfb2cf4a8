//! Until when an attempt is under way: as long is a machine given its secrets.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use firstlight_model::Timestamp;
use firstlight_plan::{BOOT_TIMEOUT, Boots, Input, Install, Order, Rules, Standing, step};
use std::time::Duration;

const NOW: Timestamp = Timestamp(1_795_168_800_000);
const HOUR: Duration = Duration::from_secs(3600);

fn after(duration: Duration) -> Timestamp {
    Timestamp(NOW.0 + u64::try_from(duration.as_millis()).unwrap())
}

fn live(reports: bool) -> Rules {
    Rules { declared: true, boots: Boots::Live { reports }, once_is_safe: true }
}

fn installs() -> Rules {
    let install =
        Install { profile: "flatcar".to_owned(), wipe: true, attempts: 3, timeout: HOUR, reported_by_system: false };
    Rules { boots: Boots::Install(install), ..live(true) }
}

fn stepped(standing: &Standing, input: impl Into<Input>, rules: &Rules) -> Standing {
    step(standing, &input.into(), rules, NOW).unwrap().standing
}

fn asked(rules: &Rules) -> Standing {
    stepped(&Standing::default(), Input::Asked("a".to_owned()), rules)
}

#[test]
fn it_ends_with_the_report_with_another_attempt_and_by_an_order() {
    let standing = asked(&live(true));
    assert!(standing.is_under_way("a", NOW) && !standing.is_under_way("b", NOW));
    assert!(!Standing::default().is_under_way("a", NOW));
    assert!(!stepped(&standing, Input::Reported("a".to_owned()), &live(true)).is_under_way("a", NOW));
    assert!(!stepped(&standing, Input::Failed("a".to_owned(), "why".to_owned()), &live(true)).is_under_way("a", NOW));
    let again = stepped(&standing, Input::Asked("b".to_owned()), &live(true));
    assert!(again.is_under_way("b", NOW) && !again.is_under_way("a", NOW));
    assert!(!stepped(&standing, Order::Hold { reason: "why".to_owned() }, &live(true)).is_under_way("a", NOW));
    assert!(!stepped(&standing, Order::Retire, &live(true)).is_under_way("a", NOW));
}

#[test]
fn it_ends_with_its_time() {
    let silent = asked(&live(false));
    assert!(silent.is_under_way("a", after(BOOT_TIMEOUT - Duration::from_secs(1))));
    assert!(!silent.is_under_way("a", after(BOOT_TIMEOUT)));
    let install = asked(&installs());
    assert!(install.is_under_way("a", after(HOUR - Duration::from_secs(1))));
    assert!(!install.is_under_way("a", after(HOUR)));
}

#[test]
fn what_is_booted_once_ends_with_its_report() {
    let once = stepped(&asked(&live(true)), Order::BootOnce { profile: "rescue".to_owned() }, &live(true));
    let once = stepped(&once, Input::Asked("c".to_owned()), &live(true));
    assert!(once.is_under_way("c", NOW));
    assert!(!stepped(&once, Input::Reported("c".to_owned()), &live(true)).is_under_way("c", NOW));
}
