//! The boots of a lab's machines, as the events tell them: which step each came to, and whether it is where it should be.

use firstlight_lab::{Lab, MachineState, MachineStatus};
use firstlight_model::{Mac, Timestamp};
use firstlight_site::{Expect, LabFirmware, LabMachine, Site};
use firstlight_state::{Event, Role, What};
use serde::Serialize;
use std::{collections::BTreeMap, path::PathBuf, time::Duration};

/// The steps of a boot, in their order.
pub(super) const STEPS: [&str; 8] = ["DHCP", "loader", "script", "kernel", "initrd", "config", "up", "parked"];

/// One machine's boot, as far as it has come.
#[derive(Debug, Serialize)]
pub(super) struct Progress {
    pub(super) name: String,
    #[serde(skip)]
    mac: Mac,
    /// When it was given power; `None` before that.
    #[serde(skip)]
    power_on: Option<Timestamp>,
    pub(super) firmware: LabFirmware,
    pub(super) network: String,
    expect: Expect,
    /// Seconds from power-on to each step's first event.
    pub(super) steps: BTreeMap<&'static str, f64>,
    /// Whether it is where it should be, and after how many seconds.
    pub(super) done: Option<f64>,
    #[serde(skip)]
    told: bool,
    /// What the machine said of itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    /// Why it will not come any further.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) failed: Option<String>,
    /// The last event in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) last_event: Option<String>,
    pub(super) console: PathBuf,
}

/// All of them.
pub(super) struct Boots {
    pub(super) machines: Vec<Progress>,
    /// The longest name, for columns.
    pub(super) longest: usize,
}

impl Boots {
    pub(super) fn new(site: &Site, lab: &Lab, only: &[String]) -> Boots {
        let wanted = |machine: &&LabMachine| only.is_empty() || only.iter().any(|name| name == machine.name.as_str());
        let console = |machine: &LabMachine| lab.folder().console_log(machine.name.as_str());
        let machines = site.lab.iter().flat_map(|lab| lab.machines.values()).filter(wanted);
        Boots::of(machines.map(|machine| Progress::new(machine, console(machine))).collect())
    }

    fn of(machines: Vec<Progress>) -> Boots {
        let longest = machines.iter().map(|machine| machine.name.len()).max().unwrap_or(0);
        Boots { machines, longest }
    }

    /// Notes that a machine has power; the times of its steps are counted from here.
    pub(super) fn has_power(&mut self, name: &str, at: Timestamp) {
        self.machines.iter_mut().filter(|machine| machine.name == name).for_each(|m| m.power_on = Some(at));
    }

    /// Notes that every machine has power.
    pub(super) fn all_have_power(&mut self, at: Timestamp) {
        self.machines.iter_mut().for_each(|machine| machine.power_on = Some(at));
    }

    /// The first that has had no power yet.
    pub(super) fn next(&self) -> Option<String> {
        self.machines.iter().find(|machine| machine.power_on.is_none()).map(|machine| machine.name.clone())
    }

    /// True while one that has power may yet come to where it should be.
    pub(super) fn under_way(&self) -> bool {
        self.machines.iter().any(|machine| machine.power_on.is_some() && !machine.settled())
    }

    /// Gives up those that have had power for longer than that. Returns their names.
    pub(super) fn give_up(&mut self, now: Timestamp, after: Duration) -> Vec<String> {
        let late = |m: &&mut Progress| !m.settled() && m.power_on.is_some_and(|on| now.since(on) > after);
        let give_up = |machine: &mut Progress| {
            machine.failed = Some(format!("{} (given up after {} s)", machine.likely_cause(), after.as_secs()));
            machine.name.clone()
        };
        self.machines.iter_mut().filter(late).map(give_up).collect()
    }

    /// The machines that came to where they should be since the last call: they have served their purpose.
    pub(super) fn just_done(&mut self) -> Vec<String> {
        let news = self.machines.iter_mut().filter(|machine| machine.done.is_some() && !machine.told);
        news.map(|machine| (machine.told = true, machine.name.clone()).1).collect()
    }

    /// How many are where they should be.
    pub(super) fn done(&self) -> usize {
        self.machines.iter().filter(|machine| machine.done.is_some()).count()
    }

    /// True when there is nothing left to wait for.
    pub(super) fn over(&self) -> bool {
        self.machines.iter().all(Progress::settled)
    }

    /// Takes in an event; returns the line to show for it.
    pub(super) fn take(&mut self, event: &Event) -> Option<String> {
        let longest = self.longest;
        let machine = self.machines.iter_mut().find(|machine| event.mac == Some(machine.mac))?;
        let seconds = event.at.since(machine.power_on?).as_secs_f64();
        machine.take(event, seconds);
        Some(format!("{seconds:7.2} s  {:longest$}  {:8} {}", machine.name, event.step(), event.summary()))
    }

    /// A machine whose QEMU is gone will not come any further. Returns the lines to show.
    pub(super) fn note_ends(&mut self, machines: Vec<MachineStatus>) -> Vec<String> {
        let mut lines = Vec::new();
        for status in machines {
            let waiting = |m: &&mut Progress| m.name == status.name && m.done.is_none() && m.failed.is_none();
            let why = match status.state {
                MachineState::Running { .. } => continue,
                MachineState::Off => "it switched itself off".to_owned(),
                MachineState::Failed { why } => format!("its QEMU ended: {}", why.replace('\n', "; ")),
            };
            if let Some(machine) = self.machines.iter_mut().find(waiting) {
                lines.push(format!("{}: {why}", machine.name));
                machine.failed = Some(why);
            }
        }
        lines
    }
}

impl Progress {
    fn new(machine: &LabMachine, console: PathBuf) -> Progress {
        Progress {
            name: machine.name.to_string(),
            mac: machine.mac,
            power_on: None,
            firmware: machine.firmware,
            network: machine.network.clone(),
            expect: machine.expect,
            steps: BTreeMap::new(),
            done: None,
            told: false,
            message: None,
            failed: None,
            last_event: None,
            console,
        }
    }

    /// True when there is nothing left to wait for.
    fn settled(&self) -> bool {
        self.done.is_some() || self.failed.is_some()
    }

    fn take(&mut self, event: &Event, seconds: f64) {
        let step = step_of(&event.what);
        if let Some(step) = step {
            self.steps.entry(step).or_insert(seconds);
        }
        if let What::Reported { message, .. } = &event.what {
            self.message.clone_from(message);
        }
        if step == Some(self.goal()) {
            self.done.get_or_insert(seconds);
        }
        self.last_event = Some(format!("after {seconds:.1} s, {}: {}", event.step(), event.summary()));
    }

    fn goal(&self) -> &'static str {
        match self.expect {
            Expect::Config => "config",
            Expect::Reported => "up",
            Expect::Parked => "parked",
        }
    }

    /// What it came to, in words.
    pub(super) fn reached(&self) -> &'static str {
        match self.expect {
            Expect::Config => "installer fetched its config",
            Expect::Reported => "reported up",
            Expect::Parked => "parked",
        }
    }

    /// Where it stopped, and what to look at: by the last step that it came to.
    pub(super) fn likely_cause(&self) -> String {
        let came = |step: &str| self.steps.contains_key(step);
        let cause = if let Some(why) = &self.failed {
            return why.clone();
        } else if came("parked") {
            "the site parks it: declare it, or give it a profile"
        } else if came("up") {
            "it reported that it is up, and did not fetch its config"
        } else if came("config") {
            "it has its config and did not report: does the system request report_url?"
        } else if came("initrd") || came("kernel") {
            "its system was loaded and neither fetched its config nor reported: see its console; too little memory and a missing network driver look like this"
        } else if came("script") {
            "it has its script and did not fetch a kernel: see its console"
        } else if came("loader") {
            "its boot program was loaded and did not ask for a script: see its console"
        } else if came("DHCP") {
            "it has an address and loaded nothing"
        } else {
            "it never asked for an address: its firmware did not come to the network"
        };
        cause.to_owned()
    }
}

/// The step that an event is a sign of.
fn step_of(what: &What) -> Option<&'static str> {
    match what {
        What::DhcpOffered { .. } | What::DhcpProxied { .. } | What::DhcpAcked { .. } => Some("DHCP"),
        // It is parked in a profile that only looks.
        What::Script { boots, .. } if boots == "parked" => Some("parked"),
        What::Script { .. } => Some("script"),
        What::Parked { .. } => Some("parked"),
        What::Reported { .. } => Some("up"),
        What::Sent { role: Role::Loader, .. } => Some("loader"),
        What::Sent { role: Role::Kernel, .. } => Some("kernel"),
        What::Sent { role: Role::Initrd, .. } => Some("initrd"),
        What::Sent { role: Role::Config, .. } => Some("config"),
        _ => None,
    }
}

/// A firmware's name for people.
pub(super) fn firmware(firmware: LabFirmware) -> &'static str {
    match firmware {
        LabFirmware::Bios => "BIOS",
        LabFirmware::Uefi => "UEFI PXE",
        LabFirmware::UefiHttp => "UEFI HTTP",
        LabFirmware::UefiSecure => "Secure Boot PXE",
        LabFirmware::UefiSecureHttp => "Secure Boot HTTP",
        LabFirmware::Arm64 => "arm64 PXE",
        LabFirmware::Arm64Http => "arm64 HTTP",
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::overview::tests::{acked, at, reported, script};
    use firstlight_model::ByteSize;
    use firstlight_site::Place;

    /// One machine, whose events are those that `at` makes.
    pub(crate) fn boots(expect: Expect) -> Boots {
        let machine = LabMachine {
            name: "kitt".parse().unwrap(),
            place: Place { file: "site.hcl".into(), line: 1, column: 1 },
            mac: Mac([0x52, 0x54, 0, 0, 0, 1]),
            uuid: None,
            serial: None,
            network: "boot".into(),
            firmware: LabFirmware::Uefi,
            memory: ByteSize(512 << 20),
            cpus: 1,
            disk: None,
            seed: false,
            expect,
        };
        let mut boots = Boots::of(vec![Progress::new(&machine, "/nowhere/console.log".into())]);
        boots.all_have_power(Timestamp(1000));
        boots
    }

    #[test]
    fn a_machine_is_done_at_what_is_expected_of_it_and_told_once() {
        let mut boots = boots(Expect::Reported);
        let line = boots.take(&at(3000, acked("BIOS"))).unwrap();
        assert_eq!(line, "   2.00 s  kitt  DHCP     BIOS has 10.20.0.11");
        boots.take(&at(4000, script("profile small")));
        assert!(boots.just_done().is_empty() && !boots.over());
        boots.take(&at(6500, reported()));
        boots.take(&at(9000, reported()));
        assert_eq!((boots.just_done(), boots.just_done().len()), (vec!["kitt".to_owned()], 0));
        assert_eq!((boots.machines[0].done, boots.over()), (Some(5.5), true));
    }

    #[test]
    fn a_machine_that_takes_too_long_is_given_up_and_one_without_power_comes_next() {
        let mut boots = boots(Expect::Reported);
        assert_eq!((boots.next(), boots.under_way()), (None, true));
        boots.take(&at(3000, acked("BIOS")));
        assert!(boots.give_up(Timestamp(11_000), Duration::from_secs(10)).is_empty());
        assert_eq!(boots.give_up(Timestamp(11_001), Duration::from_secs(10)), ["kitt"]);
        assert!(boots.over() && !boots.under_way() && boots.done() == 0);
        assert!(boots.machines[0].likely_cause().contains("loaded nothing (given up after 10 s)"));
        boots.machines[0].power_on = None;
        assert_eq!(boots.next().as_deref(), Some("kitt"));
    }

    #[test]
    fn the_events_of_others_are_passed_over() {
        let other = Event { mac: Some(Mac([2, 0, 0, 0, 0, 9])), ..at(3000, acked("BIOS")) };
        assert_eq!(boots(Expect::Reported).take(&other), None);
    }

    #[test]
    fn where_a_boot_stopped_says_what_to_look_at() {
        let mut boots = boots(Expect::Reported);
        assert!(boots.machines[0].likely_cause().contains("never asked for an address"));
        boots.take(&at(3000, acked("BIOS")));
        assert!(boots.machines[0].likely_cause().contains("loaded nothing"));
        boots.take(&at(4000, script("profile small")));
        assert!(boots.machines[0].likely_cause().contains("did not fetch a kernel"));
    }

    #[test]
    fn a_machine_whose_qemu_is_gone_is_waited_for_no_longer() {
        let mut boots = boots(Expect::Reported);
        let status = |state| vec![MachineStatus { name: "kitt".into(), mac: Mac([0; 6]), state }];
        assert!(boots.note_ends(status(MachineState::Running { pid: 7 })).is_empty() && !boots.over());
        let failed = MachineState::Failed { why: "exit status: 1: no memory".into() };
        assert_eq!(boots.note_ends(status(failed.clone())), ["kitt: its QEMU ended: exit status: 1: no memory"]);
        assert!(boots.note_ends(status(failed)).is_empty(), "said once");
        assert!(boots.over() && boots.done() == 0);
    }
}
