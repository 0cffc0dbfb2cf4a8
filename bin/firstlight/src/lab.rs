//! `firstlight lab`: a site's machines as virtual ones, on an isolated network.

use crate::{Failure, Outcome, SiteOption, lab_run, output, site};
use firstlight_lab::{End, Folder, Lab, MachineState, Options};
use std::{
    ffi::OsString,
    fs,
    path::{Path, PathBuf},
    process,
    time::Duration,
};

/// Where the lab's boot server keeps its state: apart from that of the real network.
const LAB_STATE: &str = "lab-state";

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Start the lab and leave it running in the background
    Up {
        #[command(flatten)]
        which: Which,
        /// Stay in the foreground until interrupted
        #[arg(long)]
        foreground: bool,
        /// The process in the background itself
        #[arg(long, hide = true)]
        detached: bool,
    },
    /// Boot every machine, show each boot as it goes, end when all are where they should be
    Run {
        #[command(flatten)]
        which: Which,
        /// Give up after so many seconds
        #[arg(long, default_value_t = 170, value_name = "SECONDS")]
        timeout: u64,
        /// Print the summary as JSON, and nothing else
        #[arg(long)]
        json: bool,
    },
    /// End a lab that runs in the background
    Down {
        /// The site's folder
        #[arg(default_value = ".", env = "FIRSTLIGHT_SITE")]
        site: PathBuf,
    },
    /// Show a running lab's machines
    Status {
        /// The site's folder
        #[arg(default_value = ".", env = "FIRSTLIGHT_SITE")]
        site: PathBuf,
        /// Print it as JSON
        #[arg(long)]
        json: bool,
    },
    /// Attach to a machine's serial console; Ctrl-] leaves
    Console {
        /// The machine's name
        machine: String,
        #[command(flatten)]
        site: SiteOption,
    },
}

/// Which lab.
#[derive(clap::Args)]
pub(crate) struct Which {
    /// The site's folder
    #[arg(default_value = ".", env = "FIRSTLIGHT_SITE")]
    pub(crate) site: PathBuf,
    /// Only this machine; may be given again
    #[arg(long = "machine", value_name = "NAME")]
    pub(crate) machines: Vec<String>,
}

pub(crate) fn run(command: Command) -> Outcome {
    match command {
        Command::Up { which, foreground: false, detached: false } => up(&which),
        Command::Up { which, detached, .. } => stay(&which, detached),
        Command::Run { which, timeout, json } => lab_run::run(&which, Duration::from_secs(timeout), json),
        Command::Down { site } => down(&site),
        Command::Status { site, json } => status(&site, json),
        Command::Console { machine, site } => Ok(firstlight_lab::attach(&Folder::of(&site.site), &machine)?),
    }
}

/// Where the lab's boot server keeps its state.
pub(crate) fn state_dir(site: &Path) -> PathBuf {
    site.join(site::HIDDEN).join(LAB_STATE)
}

/// What the lab needs to know; its server begins with an empty state.
pub(crate) fn options(which: &Which) -> Result<Options, Failure> {
    let state = state_dir(&which.site);
    if state.exists() && firstlight_lab::status(&Folder::of(&which.site))?.is_none() {
        fs::remove_dir_all(&state)?;
    }
    let program = std::env::current_exe()?.into_os_string();
    let (site, state) = (which.site.clone().into_os_string(), state.into_os_string());
    let server: Vec<OsString> = vec![program, "serve".into(), site, "--state".into(), state];
    Ok(Options { server, machines: which.machines.clone(), ..Options::default() })
}

fn up(which: &Which) -> Outcome {
    site::load(&which.site)?;
    let mut command = process::Command::new(std::env::current_exe()?);
    command.args(["lab", "up", "--detached"]).arg(&which.site);
    command.args(which.machines.iter().flat_map(|machine| ["--machine", machine]));
    let status = firstlight_lab::start_in_background(command, &Folder::of(&which.site))?;
    let site = which.site.display();
    output::print(&format!(
        "The lab is up with {} machines ({}).\n  firstlight machines --lab {site}           what happens\n  firstlight lab console NAME --site {site}\n  firstlight lab down {site}\n",
        status.machines.len(),
        status.accel
    ))
}

fn stay(which: &Which, detached: bool) -> Outcome {
    let site = site::load(&which.site)?;
    let options = options(which)?;
    let announcement = if detached { Some(firstlight_lab::detach()?) } else { None };
    let mut lab = Lab::start(&site, &options)?;
    match announcement {
        Some(announcement) => announcement.announce()?,
        None => output::print("The lab is up; Ctrl-C ends it.\n")?,
    }
    loop {
        match lab.wait(Duration::from_secs(3600))? {
            None => {}
            Some(End::ServerEnded(said)) => return Err(Failure::Failed(format!("the boot server ended: {said}"))),
            Some(End::Asked | End::Signal) => return Ok(()),
        }
    }
}

fn down(site: &Path) -> Outcome {
    match firstlight_lab::status(&Folder::of(site))? {
        None => output::print("No lab of this site is running.\n"),
        Some(_) => {
            firstlight_lab::down(&Folder::of(site))?;
            output::print("The lab is down.\n")
        }
    }
}

fn status(site: &Path, json: bool) -> Outcome {
    let status = firstlight_lab::status(&Folder::of(site))?;
    if json {
        return output::json(&status);
    }
    let Some(status) = status else { return output::print("No lab of this site is running.\n") };
    let row = |machine: &firstlight_lab::MachineStatus| {
        let state = match &machine.state {
            MachineState::Running { pid } => format!("running (pid {pid})"),
            MachineState::Off => "off".to_owned(),
            MachineState::Failed { why } => format!("failed: {why}"),
        };
        vec![machine.name.clone(), machine.mac.to_string(), state]
    };
    let rows: Vec<_> = status.machines.iter().map(row).collect();
    output::print(&output::table(&["NAME", "MAC", "STATE"], &rows))
}
