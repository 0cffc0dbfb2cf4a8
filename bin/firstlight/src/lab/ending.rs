//! What `firstlight lab run` says at its end: when each step came, and for each machine what became of it.

use super::{
    boots::{Boots, Progress, STEPS, firmware},
    console_text,
};
use crate::output;
use std::time::Duration;

/// How many lines of its console are shown of a machine that did not come to where it should be.
const CONSOLE_LINES: usize = 6;

/// Whether there is a reason to be looked for in a machine that did not come to where it should be.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    ByItself,
    /// A person ended it: who was not there yet has done nothing wrong.
    ByHand,
}

pub(super) fn summary(boots: &Boots, ended: Ended, took: Duration, width: usize) -> String {
    let mut text = format!("\nSeconds from power-on to each step's first event:\n{}\n", table(boots));
    for machine in &boots.machines {
        text.push_str(&result(machine, ended, boots.longest, width));
    }
    let (done, seconds) = (boots.done(), took.as_secs_f64());
    text.push_str(&match boots.machines.len() {
        1 if done == 1 => format!("\nThe machine is where it should be, after {seconds:.1} s.\n"),
        1 => format!("\nThe machine is not where it should be, after {seconds:.1} s.\n"),
        all => format!("\n{done} of {all} machines are where they should be, after {seconds:.1} s.\n"),
    });
    text
}

/// The network is a column where there are several.
fn table(boots: &Boots) -> String {
    let used = |step: &&&str| boots.machines.iter().any(|machine| machine.steps.contains_key(**step));
    let steps: Vec<&str> = STEPS.iter().filter(used).copied().collect();
    let network =
        boots.machines.iter().any(|machine| machine.network != boots.machines[0].network).then_some("network");
    let about = ["machine", "firmware"].into_iter().chain(network);
    let headings: Vec<String> = about.chain(steps.iter().copied()).map(|h| h.to_uppercase()).collect();
    let headings: Vec<&str> = headings.iter().map(String::as_str).collect();
    let row = |machine: &Progress| {
        let time = |step: &&str| machine.steps.get(*step).map_or_else(|| "-".to_owned(), |at| format!("{at:.1}"));
        let mut row = vec![machine.name.clone(), firmware(machine.firmware).to_owned()];
        row.extend(network.map(|_| machine.network.clone()));
        row.extend(steps.iter().map(time));
        row
    };
    output::table(&headings, &boots.machines.iter().map(row).collect::<Vec<_>>())
}

fn result(machine: &Progress, ended: Ended, longest: usize, width: usize) -> String {
    let name = &machine.name;
    if let Some(at) = machine.done {
        return format!("{name:longest$}  ✓ {} after {at:.1} s\n", machine.reached());
    }
    let indent = longest + 4;
    let last_event = machine.last_event.as_deref().unwrap_or("none");
    if ended == Ended::ByHand && machine.failed.is_none() {
        let text = format!("not there yet; last event {last_event}");
        return format!("{name:longest$}  - {}\n", output::hang(&text, indent, width));
    }
    let mut text = format!("{name:longest$}  ✗ {}\n", output::hang(&machine.likely_cause(), indent, width));
    let mut more = |key: &str, value: &str| {
        let line = format!("{:indent$}{key} {}", "", output::hang(value, indent + key.len() + 1, width));
        text.push_str(&format!("{}\n", line.trim_end()));
    };
    more("last event:", last_event);
    let said = console_text::last_lines(&machine.console, CONSOLE_LINES);
    if !said.is_empty() {
        more("its console said last:", "");
    }
    for line in said {
        more("|", &console::truncate_str(&line, width.saturating_sub(indent + 2), "…"));
    }
    more("all of it:", &machine.console.display().to_string());
    text
}

#[cfg(test)]
mod tests {
    use super::super::boots::tests::boots;
    use super::*;
    use crate::overview::tests::{acked, at, reported, script};
    use firstlight_site::Expect;

    #[test]
    fn the_end_says_when_each_step_came() {
        let mut boots = boots(Expect::Reported);
        for event in [at(3000, acked("BIOS")), at(4000, script("profile small")), at(6500, reported())] {
            boots.take(&event);
        }
        assert_eq!(
            summary(&boots, Ended::ByItself, Duration::from_secs(7), 80),
            "\nSeconds from power-on to each step's first event:\n\
             MACHINE  FIRMWARE  DHCP  SCRIPT   UP\n\
             kitt     UEFI PXE   2.0     3.0  5.5\n\n\
             kitt  ✓ reported up after 5.5 s\n\n\
             The machine is where it should be, after 7.0 s.\n"
        );
    }

    #[test]
    fn a_machine_that_did_not_come_has_its_last_event_told() {
        let mut boots = boots(Expect::Reported);
        boots.take(&at(3000, acked("BIOS")));
        let text = summary(&boots, Ended::ByItself, Duration::from_secs(7), 80);
        for line in
            ["kitt  ✗ it has an address and loaded nothing\n", "last event: after 2.0 s, DHCP: BIOS has 10.20.0.11\n"]
        {
            assert!(text.contains(line), "{line} in {text}");
        }
    }
}
