//! The whole table, every stage by every input, compared with the one in docs/lifecycle.md.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use firstlight_model::Timestamp;
use firstlight_plan::{Attempt, Boots, Input, Install, Order, Rules, Stage, Standing, step};
use std::{fmt::Write, time::Duration};

const NOW: Timestamp = Timestamp(1_795_168_800_000);

fn rules(boots: Boots) -> Rules {
    Rules { declared: true, boots, once_is_safe: true }
}

fn installs(wipe: bool) -> Rules {
    let timeout = Duration::from_secs(3600);
    rules(Boots::Install(Install {
        profile: "flatcar".to_owned(),
        wipe,
        attempts: 3,
        timeout,
        reported_by_system: false,
    }))
}

/// A machine as it usually is in that stage: on its first install, or after it.
fn usual(stage: Stage) -> Standing {
    let attempt = Attempt {
        id: "a".to_owned(),
        began: NOW,
        installs: stage != Stage::Booting,
        ended: false,
        fetched: false,
        from_disk: false,
    };
    let begun = !matches!(stage, Stage::Unknown | Stage::Parked | Stage::Approved);
    let out = matches!(stage, Stage::Installing | Stage::Booting);
    Standing {
        stage,
        attempt: (begun && stage != Stage::Armed).then_some(attempt),
        tries: 1,
        begun,
        on_disk: matches!(stage, Stage::Installed | Stage::InService),
        deadline: out.then_some(NOW),
        ..Standing::default()
    }
}

fn cell(stage: Stage, input: &Input, rules: &Rules) -> String {
    let Ok(moved) = step(&usual(stage), input, rules, NOW) else { return "refused".to_owned() };
    assert!(moved.steps.iter().all(|step| !step.cause.is_empty()), "every step says why");
    assert_eq!(moved.standing.stage, moved.steps.last().map_or(stage, |step| step.to));
    let to: Vec<&str> = moved.steps.iter().filter(|step| step.from != step.to).map(|step| step.to.words()).collect();
    to.join(", ")
}

fn table() -> String {
    let ask = || Input::Asked("b".to_owned());
    let columns: [(&str, Input, Rules); 10] = [
        ("asks, `wipe = true`", ask(), installs(true)),
        ("asks, no `wipe`", ask(), installs(false)),
        ("asks, no `install`", ask(), rules(Boots::Live { reports: true })),
        ("reports", Input::Reported("a".to_owned()), installs(true)),
        ("reports failure", Input::Failed("a".to_owned(), "why".to_owned()), installs(true)),
        ("out of time", Input::Tick, installs(true)),
        ("approve", Order::Approve.into(), installs(false)),
        ("arm", Order::Arm.into(), installs(false)),
        ("hold", Order::Hold { reason: "why".to_owned() }.into(), installs(true)),
        ("retire", Order::Retire.into(), installs(true)),
    ];
    let mut text = String::from("| stage |");
    columns.iter().for_each(|(name, ..)| write!(text, " {name} |").unwrap());
    text.push_str("\n|---|");
    columns.iter().for_each(|_| text.push_str("---|"));
    text.push('\n');
    for stage in Stage::ALL {
        write!(text, "| {stage} |").unwrap();
        columns.iter().for_each(|(_, input, rules)| write!(text, " {} |", cell(stage, input, rules)).unwrap());
        text.push('\n');
    }
    text
}

#[test]
fn the_table_in_the_documentation_is_what_the_code_does() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/lifecycle.md");
    let page = std::fs::read_to_string(page).expect("docs/lifecycle.md is there");
    assert!(page.contains(&table()), "docs/lifecycle.md has another table than:\n{}", table());
}

#[test]
fn a_stage_is_written_in_kebab_case() {
    let written = Stage::ALL.map(|stage| serde_json::to_string(&stage).unwrap());
    assert_eq!(written[7], "\"in-service\"");
    for (stage, text) in Stage::ALL.into_iter().zip(written) {
        assert_eq!(serde_json::from_str::<Stage>(&text).unwrap(), stage);
    }
    let standing = Standing { parked: 3, ..usual(Stage::Installing) };
    let read: Standing = serde_json::from_str(&serde_json::to_string(&standing).unwrap()).unwrap();
    assert_eq!(read, standing);
}

fn walk(inputs: &[(Input, u64)], rules: &Rules) -> Standing {
    let mut standing = Standing::default();
    for (input, second) in inputs {
        standing = step(&standing, input, rules, Timestamp(NOW.0 + second * 1000)).unwrap().standing;
    }
    standing
}

fn asked(id: &str, second: u64) -> (Input, u64) {
    (Input::Asked(id.to_owned()), second)
}

#[test]
fn an_install_loop_ends_in_a_hold_that_names_every_attempt() {
    let held = walk(&[asked("a", 0), asked("b", 60), asked("c", 120), asked("d", 180)], &installs(true));
    assert_eq!(
        (held.stage, held.cause.as_str()),
        (
            Stage::Held,
            "3 installs failed, none is left: \
             attempt 1 of 2026-11-20T10:00:00.000Z asked again without having reported; \
             attempt 2 of 2026-11-20T10:01:00.000Z asked again without having reported; \
             attempt 3 of 2026-11-20T10:02:00.000Z asked again without having reported"
        )
    );
    let silent = walk(&[asked("a", 0), (Input::Tick, 3599), (Input::Tick, 3600)], &installs(true));
    assert_eq!((silent.stage, silent.cause.as_str()), (Stage::InstallFailed, "did not report within 1h"));
}

#[test]
fn what_was_installed_is_started_once_where_it_is_that_which_reports() {
    let Rules { boots: Boots::Install(install), .. } = installs(true) else { panic!() };
    let by_system = rules(Boots::Install(Install { reported_by_system: true, ..install }));
    let kernel = |id: &str| (Input::FetchedKernel(id.to_owned()), 20);
    let report = |id: &str| (Input::Reported(id.to_owned()), 200);
    // The installer has started the machine anew, and its system reports with the attempt's own token.
    let restarted = [asked("a", 0), kernel("a"), asked("b", 100)];
    let standing = walk(&restarted, &by_system);
    assert!(standing.starts_what_it_installs() && standing.failures.is_empty());
    assert_eq!(standing.deadline, Some(Timestamp(NOW.0 + 3_600_000)), "the attempt's own time goes on");
    let done = walk(&[&restarted[..], &[report("a")]].concat(), &by_system);
    assert_eq!((done.stage, done.tries, done.on_disk), (Stage::Installed, 1, true));
    // A disk that does not start is no end: the next attempt installs.
    let again = walk(&[&restarted[..], &[asked("c", 150)]].concat(), &by_system);
    assert_eq!((again.stage, again.tries, again.starts_what_it_installs()), (Stage::Installing, 2, false));
    assert!(step(&again, &Input::Reported("a".to_owned()), &by_system, NOW).is_err(), "the first one is over");
    // It never came to its kernel: nothing can have been installed. And where the installer reports, it has failed.
    assert_eq!(walk(&[asked("a", 0), asked("b", 100)], &by_system).tries, 2);
    assert_eq!(walk(&restarted, &installs(true)).tries, 2);
}

#[test]
fn an_installed_machine_boots_from_its_disk_until_it_is_armed_again() {
    let done = (Input::Reported("a".to_owned()), 60);
    let installed = [asked("a", 0), done];
    assert_eq!(walk(&installed, &installs(true)).stage, Stage::Installed);
    let running = [&installed[..], &[asked("b", 70), asked("c", 80)]].concat();
    let running = walk(&running, &installs(true));
    assert_eq!((running.stage, running.on_disk), (Stage::InService, true));
    let armed = step(&running, &Order::Arm.into(), &installs(true), NOW).unwrap().standing;
    let again = step(&armed, &Input::Asked("e".to_owned()), &installs(true), NOW).unwrap().standing;
    assert_eq!((again.stage, again.tries, again.on_disk), (Stage::Installing, 1, false));
}

#[test]
fn what_was_held_in_the_middle_of_an_install_may_still_report_that_it_is_done() {
    let hold = Order::Hold { reason: "look".to_owned() };
    let inputs = [asked("a", 0), (hold.into(), 10), (Input::Reported("a".to_owned()), 20)];
    let held = walk(&inputs, &installs(true));
    assert_eq!((held.stage, held.on_disk), (Stage::Held, true));
    let approved = step(&held, &Order::Approve.into(), &installs(true), NOW).unwrap().standing;
    assert_eq!(approved.stage, Stage::Installed, "and is not installed once more");
}

#[test]
fn boot_once_is_for_one_boot_that_fetched_its_kernel() {
    let live = rules(Boots::Live { reports: true });
    let order = |_: &str| (Input::from(Order::BootOnce { profile: "rescue".to_owned() }), 0);
    let kernel = (Input::FetchedKernel("b".to_owned()), 20);
    let up = [asked("a", 0), (Input::Reported("a".to_owned()), 5), order("rescue")];
    let repeated = walk(&[&up[..], &[asked("x", 8), asked("b", 10)]].concat(), &live);
    assert_eq!((repeated.boots_once(), repeated.stage), (Some("rescue"), Stage::InService));
    let fetched = walk(&[&up[..], &[asked("b", 10), kernel, asked("c", 30)]].concat(), &live);
    assert_eq!((fetched.boots_once(), fetched.stage), (None, Stage::Booting));
    let never = walk(&[&up[..], &[asked("1", 1), asked("2", 2), asked("3", 3), asked("4", 4)]].concat(), &live);
    assert_eq!((never.boots_once(), never.stage), (None, Stage::Booting), "given up after three scripts");
}

#[test]
fn a_parked_machine_is_asked_to_wait_longer_each_time() {
    let pause = |parked| Standing { parked, ..Standing::default() }.pause().as_secs();
    assert_eq!([0, 1, 2, 3, 4, 5, 6, 7, u32::MAX].map(pause), [30, 30, 60, 120, 240, 480, 600, 600, 600]);
    let nothing = rules(Boots::Nothing("nobody declared it".to_owned()));
    let first = walk(&[asked("a", 0)], &nothing);
    let again = step(&first, &Input::Asked("b".to_owned()), &nothing, NOW).unwrap();
    assert_eq!((again.standing.parked, again.steps.len(), again.lasting), (2, 0, false), "no news");
}
