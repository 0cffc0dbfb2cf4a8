//! `firstlight lab run`: boots a site's lab machines and shows each boot, from the events that the servers record.

use crate::{
    Failure, Outcome,
    lab::{Which, options, state_dir},
    output, site,
};
use firstlight_lab::{End, Lab, MachineState};
use firstlight_model::{Mac, Timestamp};
use firstlight_site::{Expect, LabFirmware, LabMachine, Site};
use firstlight_state::{Event, EventFilter, Role, What, read_events};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use std::{
    collections::BTreeMap,
    io::IsTerminal,
    path::PathBuf,
    time::{Duration, Instant},
};

/// How often the record is looked at for news.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// The steps of a boot, in their order.
const STEPS: [&str; 8] = ["DHCP", "loader", "script", "kernel", "initrd", "config", "up", "parked"];

/// One machine's boot, as far as it has come.
#[derive(Debug, Serialize)]
struct Progress {
    name: String,
    #[serde(skip)]
    mac: Mac,
    firmware: LabFirmware,
    expect: Expect,
    /// Seconds from power-on to each step's first event.
    steps: BTreeMap<&'static str, f64>,
    /// Whether it is where it should be, and after how many seconds.
    done: Option<f64>,
    #[serde(skip)]
    told: bool,
    /// What the machine said, or why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    console: PathBuf,
}

pub(crate) fn run(which: &Which, timeout: Duration, json: bool) -> Outcome {
    let site = site::load(&which.site)?;
    let options = options(which)?;
    if !json {
        println!("Starting the lab of {}: its own network, nothing of this computer's is touched.", site.name);
    }
    let began = Instant::now();
    let mut lab = Lab::start(&site, &options)?;
    let mut boots = Boots::new(&site, &lab, which);
    let mut shown = Shown::new(&boots, json);
    shown.line(&format!("{} machines have power ({}).", boots.machines.len(), lab.status().accel));
    let mut events = read_events(&state_dir(&which.site), EventFilter::default());
    let end = loop {
        for event in events.by_ref() {
            if let Some(line) = boots.take(&event?) {
                shown.line(&line);
            }
        }
        shown.update(&boots);
        for name in boots.just_done() {
            lab.power_off(&name)?;
        }
        if boots.all_done() {
            break None;
        }
        if began.elapsed() > timeout {
            break Some(Failure::Failed(format!("not all machines were done after {} s", timeout.as_secs())));
        }
        boots.note_failures(&mut lab);
        match lab.wait(LOOK_EVERY)? {
            None => {}
            Some(End::Signal | End::Asked) => break Some(Failure::Interrupted),
            Some(End::ServerEnded(said)) => break Some(Failure::Failed(format!("the boot server ended: {said}"))),
        }
    };
    shown.finish();
    lab.stop();
    if json {
        output::json(&boots.machines)?;
    } else {
        output::print(&boots.summary(began.elapsed()))?;
    }
    end.map_or(Ok(()), Err)
}

struct Boots {
    machines: Vec<Progress>,
    power_on: Timestamp,
}

impl Boots {
    fn new(site: &Site, lab: &Lab, which: &Which) -> Boots {
        let wanted = |machine: &&LabMachine| {
            which.machines.is_empty() || which.machines.iter().any(|name| name == machine.name.as_str())
        };
        let progress = |machine: &LabMachine| Progress {
            name: machine.name.to_string(),
            mac: machine.mac,
            firmware: machine.firmware,
            expect: machine.expect,
            steps: BTreeMap::new(),
            done: None,
            told: false,
            message: None,
            console: lab.folder().console_log(machine.name.as_str()),
        };
        let machines = site.lab.iter().flat_map(|lab| lab.machines.values()).filter(wanted).map(progress).collect();
        Boots { machines, power_on: firstlight_serve::now() }
    }

    /// The machines that came to where they should be since the last call: they have served their purpose.
    fn just_done(&mut self) -> Vec<String> {
        let news = self.machines.iter_mut().filter(|machine| machine.done.is_some() && !machine.told);
        news.map(|machine| (machine.told = true, machine.name.clone()).1).collect()
    }

    fn all_done(&self) -> bool {
        self.machines.iter().all(|machine| machine.done.is_some())
    }

    /// Takes in an event; returns the line to show for it.
    fn take(&mut self, event: &Event) -> Option<String> {
        let power_on = self.power_on;
        let machine = self.machines.iter_mut().find(|machine| event.mac == Some(machine.mac))?;
        let seconds = event.at.since(power_on).as_secs_f64();
        let step = step_of(&event.what);
        if let Some(step) = step {
            machine.steps.entry(step).or_insert(seconds);
        }
        if let What::Reported { message, .. } = &event.what {
            machine.message.clone_from(message);
        }
        let goal = match machine.expect {
            Expect::Config => "config",
            Expect::Reported => "up",
            Expect::Parked => "parked",
        };
        if step == Some(goal) {
            machine.done.get_or_insert(seconds);
        }
        Some(format!("{seconds:7.2} s  {:10} {:9} {}", machine.name, event.step(), event.summary()))
    }

    /// A machine whose QEMU is gone will not come any further.
    fn note_failures(&mut self, lab: &mut Lab) {
        for status in lab.status().machines {
            let machine = self.machines.iter_mut().find(|m| m.name == status.name && m.done.is_none());
            if let (Some(machine), MachineState::Failed { why }) = (machine, status.state) {
                machine.message = Some(why);
            }
        }
    }

    fn summary(&self, took: Duration) -> String {
        let used = |step: &&&str| self.machines.iter().any(|machine| machine.steps.contains_key(**step));
        let steps: Vec<&str> = STEPS.iter().filter(used).copied().collect();
        let headings: Vec<String> = ["machine", "firmware"].iter().chain(&steps).map(|h| h.to_uppercase()).collect();
        let headings: Vec<&str> = headings.iter().map(String::as_str).chain(["RESULT"]).collect();
        let row = |machine: &Progress| {
            let time = |step: &&str| machine.steps.get(*step).map_or_else(|| "-".to_owned(), |at| format!("{at:.1} s"));
            let mut row = vec![machine.name.clone(), firmware(machine.firmware).to_owned()];
            row.extend(steps.iter().map(time));
            row.push(machine.result());
            row
        };
        let rows: Vec<Vec<String>> = self.machines.iter().map(row).collect();
        let done = self.machines.iter().filter(|machine| machine.done.is_some()).count();
        let mut text = format!("\n{}", output::table(&headings, &rows));
        for machine in self.machines.iter().filter(|machine| machine.done.is_none()) {
            text.push_str(&format!("{}'s console: {}\n", machine.name, machine.console.display()));
        }
        text.push_str(&format!(
            "\n{done} of {} machines are where they should be, after {:.1} s. Times count from power-on; each is an event that the servers recorded.\n",
            self.machines.len(),
            took.as_secs_f64()
        ));
        text
    }
}

impl Progress {
    fn result(&self) -> String {
        match (&self.done, self.expect, &self.message) {
            (Some(_), Expect::Config, _) => "installer fetched its config".to_owned(),
            (Some(_), Expect::Reported, _) => "reported up".to_owned(),
            (Some(_), Expect::Parked, _) => "parked".to_owned(),
            (None, _, Some(message)) => format!("failed: {message}"),
            (None, _, None) => "not done".to_owned(),
        }
    }

    /// The steps so far, for the line at the bottom of the screen.
    fn so_far(&self) -> String {
        let reached = STEPS.iter().filter_map(|step| Some(format!("{step} {:.1}s", self.steps.get(step)?)));
        let steps = reached.collect::<Vec<_>>().join("  ");
        if self.done.is_some() { format!("{steps}  ✓") } else { steps }
    }
}

fn step_of(what: &What) -> Option<&'static str> {
    match what {
        What::DhcpOffered { .. } | What::DhcpAcked { .. } => Some("DHCP"),
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

fn firmware(firmware: LabFirmware) -> &'static str {
    match firmware {
        LabFirmware::Bios => "BIOS",
        LabFirmware::Uefi => "UEFI PXE",
        LabFirmware::UefiHttp => "UEFI HTTP",
    }
}

/// What is on the screen: lines that scroll by, and on a terminal a line for each machine below them.
struct Shown {
    bars: Vec<ProgressBar>,
    all: MultiProgress,
    quiet: bool,
}

impl Shown {
    fn new(boots: &Boots, quiet: bool) -> Shown {
        let terminal = std::io::stdout().is_terminal() && !quiet;
        let target = if terminal { ProgressDrawTarget::stdout() } else { ProgressDrawTarget::hidden() };
        let all = MultiProgress::with_draw_target(target);
        let style = ProgressStyle::with_template("{spinner} {prefix:20} {msg}")
            .unwrap_or_else(|_| ProgressStyle::default_bar());
        let bar = |machine: &Progress| {
            let bar = all.add(ProgressBar::new_spinner().with_style(style.clone()));
            bar.set_prefix(format!("{} {}", machine.name, firmware(machine.firmware)));
            bar
        };
        let bars = if terminal { boots.machines.iter().map(bar).collect() } else { Vec::new() };
        Shown { bars, all, quiet }
    }

    fn line(&self, line: &str) {
        match (self.quiet, self.bars.is_empty()) {
            (true, _) => {}
            (false, true) => println!("{line}"),
            (false, false) => drop(self.all.println(line)),
        }
    }

    fn update(&mut self, boots: &Boots) {
        for (bar, machine) in self.bars.iter().zip(&boots.machines) {
            bar.set_message(machine.so_far());
            bar.tick();
        }
    }

    fn finish(&self) {
        self.bars.iter().for_each(ProgressBar::finish_and_clear);
    }
}
