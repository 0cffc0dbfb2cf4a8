//! `firstlight lab`: a site's machines as virtual ones, on an isolated network.

mod boots;
mod console_text;
mod ending;
mod run;
mod screen;

use crate::{Failure, Outcome, SiteOption, fetching::Fetching, output, seed, site, systems, words};
use firstlight_assets::{Fetcher, Known, Options as FetchOptions, Store};
use firstlight_lab::{End, Error, Folder, Lab, MachineState, Options, Status};
use firstlight_site::{AssetSource, Site};
use std::{
    ffi::OsString,
    io::{self, IsTerminal},
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
        /// Stay in the foreground, until Ctrl-C or `firstlight lab down`
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
        /// Boot one after another, each with the computer to itself; the timeout then holds for each
        #[arg(long)]
        one_at_a_time: bool,
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
    /// Take the disks that such a lab left before, and leave them; and where each machine stands in its life
    #[arg(long)]
    pub(crate) keep_disks: bool,
}

pub(crate) fn run(command: Command) -> Outcome {
    match command {
        Command::Up { which, foreground: false, detached: false } => up(&which),
        Command::Up { which, detached, .. } => stay(&which, detached),
        Command::Run { which, timeout, one_at_a_time, json } => {
            run::run(&which, &run::How { timeout: Duration::from_secs(timeout), one_at_a_time, json })
        }
        Command::Down { site } => down(&site),
        Command::Status { site, json } => status(&site, json),
        Command::Console { machine, site } => console(&site.site, &machine),
    }
}

/// Where the lab's boot server keeps its state.
pub(crate) fn state_dir(site: &Path) -> PathBuf {
    site.join(site::HIDDEN).join(LAB_STATE)
}

/// What the lab needs to know. Its server begins without leases and events; what was fetched stays. What was installed is
/// known as long as the disks that it is on.
fn options(site: &Site, which: &Which) -> Result<Options, Failure> {
    let state = state_dir(&which.site);
    let with_disks = (!which.keep_disks).then_some("machines");
    let forget = ["leases", "events"].into_iter().chain(with_disks).map(|part| state.join(part)).collect();
    let program = std::env::current_exe()?.into_os_string();
    let seeds = seed::for_lab(site, &which.machines)?;
    let (folder, state) = (which.site.clone().into_os_string(), state.into_os_string());
    let server: Vec<OsString> = vec![
        program,
        "serve".into(),
        folder,
        "--state".into(),
        state,
        "--user".into(),
        "root".into(),
        "--allow-other-dhcp".into(),
    ];
    let (machines, keep_disks) = (which.machines.clone(), which.keep_disks);
    Ok(Options { server, machines, keep_disks, forget, seeds, ..Options::default() })
}

/// Fetches what the site names by URL, while this process is still on the computer's own network. What cannot be
/// fetched the lab's server names in its log; machines that do not need it boot all the same.
fn fetch(site: &Site) -> Outcome {
    let mut wanted = site.assets.values().filter(|asset| !matches!(asset.source, AssetSource::Path(_)));
    if wanted.next().is_none() {
        return Ok(());
    }
    let store = Store::open(&state_dir(&site.root).join("assets"))?;
    let site = &systems::ready(site.clone(), &store, &FetchOptions::default(), &systems::Lines)?;
    let wanted = site.assets.values().filter(|asset| !matches!(asset.source, AssetSource::Path(_)));
    let shown = Fetching::new(|line| output::complain(&format!("{line}\n")));
    let fetcher = Fetcher::new(site, store, Known::default(), FetchOptions::default())?;
    let fetched = fetcher.fetch_all(wanted, &|progress| shown.show(progress));
    fetcher.write_lock()?;
    for (asset, error) in fetched.into_iter().filter_map(|(asset, result)| Some((asset, result.err()?))) {
        let why = output::without_numbers(&error.to_string());
        output::complain(&format!("firstlight: {} cannot be served in the lab: {why}\n", asset.name));
    }
    Ok(())
}

/// Brings the lab up in this process.
fn start(site: &Site, options: &Options) -> Result<Lab, Failure> {
    Lab::start(site, options).map_err(failure)
}

fn failure(error: Error) -> Failure {
    match error {
        Error::Interrupted => Failure::Interrupted,
        error => Failure::Failed(explained(&error)),
    }
}

/// A lab's error, with the next step where the kernel's word alone is none.
fn explained(error: &Error) -> String {
    let text = output::causes(error);
    match error {
        Error::File { path, cause, .. } if path.ends_with("net/tun") => match cause.kind() {
            io::ErrorKind::PermissionDenied => {
                format!(
                    "{text}\nThe lab's machines are plugged in through it: run the lab as root, or let users open it (chmod 666 {})",
                    path.display()
                )
            }
            _ => format!(
                "{text}\nThe lab's machines are plugged in through it: modprobe tun; in a container, pass the device in"
            ),
        },
        _ => text,
    }
}

fn up(which: &Which) -> Outcome {
    fetch(&site::load(&which.site)?)?;
    let mut command = process::Command::new(std::env::current_exe()?);
    command.args(["lab", "up", "--detached"]).arg(&which.site);
    command.args(which.machines.iter().flat_map(|machine| ["--machine", machine]));
    command.args(which.keep_disks.then_some("--keep-disks"));
    let status = firstlight_lab::start_in_background(command, &Folder::of(&which.site)).map_err(in_background)?;
    let site = which.site.display();
    output::print(&format!(
        "The lab is up with {} ({}).\n  firstlight machines {site} --lab --watch     what happens, as it happens\n  firstlight lab console NAME --site {site}\n  firstlight lab down {site}\n",
        words::count(status.machines.len(), "machine", "machines"),
        status.accel
    ))
}

/// What the process in the background said begins with its name, as what we say will.
fn in_background(error: Error) -> Failure {
    match error {
        Error::Background(said) => Failure::Failed(said.trim_start_matches("firstlight: ").to_owned()),
        error => failure(error),
    }
}

fn stay(which: &Which, detached: bool) -> Outcome {
    let site = site::load(&which.site)?;
    if !detached {
        fetch(&site)?;
    }
    let options = options(&site, which)?;
    let announcement = if detached { Some(firstlight_lab::detach()?) } else { None };
    let mut lab = start(&site, &options)?;
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

/// The lab that runs. Only a site's folder has one.
fn running(site: &Path) -> Result<Option<Status>, Failure> {
    site::exists(site)?;
    Ok(firstlight_lab::status(&Folder::of(site))?)
}

/// What a machine may have left on: colours, a hidden cursor, lines that do not wrap.
const TERMINAL_AS_USUAL: &str = "\x1b[0m\x1b[?7h\x1b[?25h";

fn console(site: &Path, machine: &str) -> Outcome {
    let is_terminal = std::io::stdin().is_terminal() && std::io::stdout().is_terminal();
    if running(site)?.is_some() && is_terminal {
        output::complain(&format!("{machine}'s console; Ctrl-] leaves it.\n"));
    }
    firstlight_lab::attach(&Folder::of(site), machine)?;
    match is_terminal {
        true => output::print(&format!("{TERMINAL_AS_USUAL}\nLeft {machine}'s console.\n")),
        false => Ok(()),
    }
}

fn down(site: &Path) -> Outcome {
    if running(site)?.is_none() {
        return output::print("No lab of this site is running.\n");
    }
    firstlight_lab::down(&Folder::of(site))?;
    output::print("The lab is down.\n")
}

fn status(site: &Path, json: bool) -> Outcome {
    let status = running(site)?;
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
