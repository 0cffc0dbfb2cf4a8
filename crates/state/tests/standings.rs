//! Where machines stand: what was answered is on disk, whatever happens to the server.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use firstlight_model::{Mac, Timestamp};
use firstlight_plan::{Boots, Input, Install, Order, Rules, Stage};
use firstlight_state::{Change, NotChanged, Standings, StateFolder, Who, read_standings};
use std::{fs, path::PathBuf, time::Duration};

fn rules() -> Rules {
    let timeout = Duration::from_secs(60);
    let boots = Boots::Install(Install {
        profile: "p".to_owned(),
        wipe: true,
        attempts: 3,
        timeout,
        reported_by_system: false,
    });
    Rules { declared: true, boots, once_is_safe: true }
}

fn change(who: &str, input: Input) -> Change {
    Change { who: who.into(), input, rules: rules(), now: Timestamp(1000) }
}

fn asked(id: &str) -> Input {
    Input::Asked(id.to_owned())
}

fn stranger(n: u32) -> Change {
    let [a, b, c, d] = n.to_be_bytes();
    let rules = Rules { declared: false, boots: Boots::Nothing("unknown".to_owned()), once_is_safe: true };
    let who = Who::Stranger(Mac([2, 0, a, b, c, d]));
    Change { who, input: asked("x"), rules, now: Timestamp(u64::from(n)) }
}

fn segments(folder: &std::path::Path) -> Vec<PathBuf> {
    let mut all: Vec<_> = fs::read_dir(folder.join("machines")).unwrap().flatten().map(|e| e.path()).collect();
    all.sort();
    all
}

#[test]
fn what_was_answered_is_there_after_a_crash_and_a_torn_end_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let copy = tempfile::tempdir().unwrap();
    let folder = StateFolder::lock(dir.path()).unwrap();
    let (standings, _writer) = Standings::open(&folder).unwrap();
    let steps = [asked("a"), Input::Reported("a".to_owned()), asked("b"), Order::Arm.into(), asked("c")];
    let expected = [Stage::Installing, Stage::Installed, Stage::InService, Stage::Armed, Stage::Installing];
    for (n, (input, stage)) in steps.into_iter().zip(expected).enumerate() {
        standings.change_and_wait(change("kitt", input)).unwrap();
        // What is on disk at this very moment, with half a record behind it: as kill -9 leaves it.
        let log = segments(dir.path()).pop().unwrap();
        let mut bytes = fs::read(&log).unwrap();
        bytes.extend_from_slice(b"00000000 {\"who\":\"kitt\",\"sta");
        let there = copy.path().join(n.to_string());
        fs::create_dir_all(there.join("machines")).unwrap();
        fs::write(there.join("machines/0000000001.log"), bytes).unwrap();
        assert_eq!(read_standings(&there).unwrap()[0].1.stage, stage, "read beside the server");
        let again = StateFolder::lock(&there).unwrap();
        let (again, _writer) = Standings::open(&again).unwrap();
        assert_eq!(again.get(&"kitt".into()), standings.get(&"kitt".into()));
    }
}

#[test]
fn a_refusal_changes_nothing_and_a_batch_is_taken_in_order() {
    let dir = tempfile::tempdir().unwrap();
    let folder = StateFolder::lock(dir.path()).unwrap();
    let (standings, writer) = Standings::open(&folder).unwrap();
    let (sender, answers) = std::sync::mpsc::channel();
    for id in ["a", "b", "c", "d"] {
        let sender = sender.clone();
        standings.change(change("kitt", asked(id)), move |changed| sender.send(changed.unwrap()).unwrap());
    }
    let tries: Vec<u32> = answers.iter().take(4).map(|answer| answer.standing.tries).collect();
    assert_eq!(tries, [1, 2, 3, 3], "two questions never begin the same attempt");
    assert_eq!(standings.get(&"kitt".into()).stage, Stage::Held);
    let refused = standings.change_and_wait(change("kitt", Input::Reported("b".to_owned())));
    assert!(matches!(refused, Err(NotChanged::Refused(_))));
    drop(writer);
    assert!(matches!(standings.change_and_wait(change("kitt", asked("e"))), Err(NotChanged::NotStored(_))));
    assert_eq!(read_standings(dir.path()).unwrap()[0].1.stage, Stage::Held);
}

#[test]
fn made_up_addresses_do_not_fill_the_memory_and_push_out_no_declared_machine() {
    let dir = tempfile::tempdir().unwrap();
    let folder = StateFolder::lock(dir.path()).unwrap();
    let (standings, writer) = Standings::open(&folder).unwrap();
    standings.change_and_wait(change("kitt", asked("a"))).unwrap();
    let held = stranger(7);
    let hold = Input::Ordered(Order::Hold { reason: "look".to_owned() });
    standings.change_and_wait(Change { input: hold, ..held.clone() }).unwrap();
    let named = stranger(8);
    standings.change_and_wait(named.clone()).unwrap();
    standings.change_and_wait(Change { input: Input::Named("vega".to_owned()), ..named.clone() }).unwrap();
    for chunk in (100..40_100).collect::<Vec<u32>>().chunks(4000) {
        chunk.iter().for_each(|n| standings.change(stranger(*n), drop));
        standings.change_and_wait(stranger(1)).unwrap();
    }
    drop(writer);
    let known = read_standings(dir.path()).unwrap();
    let (again, _writer) = Standings::open(&folder).unwrap();
    let kept = read_standings(dir.path()).unwrap();
    assert!(known.len() < 45_000 && kept.len() <= 20_003, "{} and {}", known.len(), kept.len());
    assert_eq!(again.get(&"kitt".into()).stage, Stage::Installing);
    assert_eq!(again.get(&held.who).stage, Stage::Held);
    assert_eq!(again.names().get("vega"), Some(&Mac([2, 0, 0, 0, 0, 8])));
    let unnamed = again.change_and_wait(Change { input: Input::Unnamed, ..named }).unwrap().standing;
    assert_eq!((unnamed.stage, unnamed.name, again.names().len()), (Stage::Retired, None, 0));
    assert!(unnamed.cause.contains("vega is free again"));
    assert_eq!(segments(dir.path()).len(), 1, "compacted at the start");
}

#[test]
fn damage_in_the_middle_stops_the_server_and_says_what_is_at_stake() {
    let dir = tempfile::tempdir().unwrap();
    let folder = StateFolder::lock(dir.path()).unwrap();
    let (standings, writer) = Standings::open(&folder).unwrap();
    standings.change_and_wait(change("kitt", asked("a"))).unwrap();
    standings.change_and_wait(change("hal", asked("b"))).unwrap();
    drop((standings, writer));
    let log = segments(dir.path()).pop().unwrap();
    let text = fs::read_to_string(&log).unwrap().replace("kitt", "kalt");
    fs::write(&log, text).unwrap();
    let error = Standings::open(&folder).err().unwrap().to_string();
    assert!(error.contains(".log:2 is damaged") && error.contains("would be installed again"), "{error}");
}
