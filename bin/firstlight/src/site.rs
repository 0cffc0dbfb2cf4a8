//! Loading a site for a command: every mistake is printed, warnings too.

use crate::{Failure, Outcome, cloud_schema, output, words};
use firstlight_boot::{ConfigProblem, Finding};
use firstlight_model::Mac;
use firstlight_plan::Standing;
use firstlight_site::{FoundLater, Place, Report, Site};
use firstlight_state::{EventFilter, Who, read_standings};
use std::path::{Path, PathBuf};

/// What a site's folder holds besides the site: state, fetched assets, the lab.
pub(crate) const HIDDEN: &str = ".firstlight";

/// A site, and where its server keeps what it knows: the arguments of commands that look at both.
#[derive(clap::Args)]
pub(crate) struct Served {
    /// The site's folder
    #[arg(default_value = ".", env = "FIRSTLIGHT_SITE")]
    pub(crate) site: PathBuf,
    /// The server's state folder; `.firstlight/state` in the site where not given
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
}

impl Served {
    pub(crate) fn state(&self) -> PathBuf {
        state_dir(&self.site, self.state.as_ref())
    }
}

/// Loads a site and checks its templates and configs too. Prints what is wrong on standard error.
pub(crate) fn load(dir: &Path) -> Result<Site, Failure> {
    let (site, report) = examine(dir);
    complain(&report);
    site.filter(|_| report.errors() == 0).ok_or(Failure::Silent)
}

/// Prints a report on standard error, where it has anything to say.
pub(crate) fn complain(report: &Report) {
    if !report.problems.is_empty() {
        output::complain(&firstlight_site::render(report, output::colour()));
    }
}

/// Fails where there is no such folder, for commands that look only at what the servers have recorded there.
pub(crate) fn exists(dir: &Path) -> Outcome {
    match std::fs::metadata(dir) {
        Ok(metadata) if metadata.is_dir() => Ok(()),
        Ok(_) => Err(Failure::Failed(format!("{} is not a folder: a site is one", dir.display()))),
        Err(error) => Err(crate::tried("look at the site", dir)(error)),
    }
}

/// Loads a site as far as it can be read; the report holds errors and warnings, those of its templates and
/// configs too. `None` where
/// its HCL has errors.
pub(crate) fn examine(dir: &Path) -> (Option<Site>, Report) {
    match firstlight_site::load(dir) {
        Err(report) => (None, report),
        Ok(loaded) => {
            let mut report = loaded.warnings;
            for problem in firstlight_boot::check_configs(&loaded.site) {
                add_config_problem(&mut report, problem);
            }
            (Some(loaded.site), report)
        }
    }
}

/// Adds what cloud-init's own schema says, where that is installed, and nothing else was said of a line.
pub(crate) fn add_cloud_schema(report: &mut Report, site: &Site) {
    for problem in cloud_schema::problems(site) {
        let (file, line) = (&problem.finding.file, problem.finding.line);
        let known = |place: &Place| place.file == *file && place.line == line;
        if !report.problems.iter().any(|problem| problem.place.as_ref().is_some_and(known)) {
            add_config_problem(report, problem);
        }
    }
}

fn add_config_problem(report: &mut Report, problem: ConfigProblem) {
    let ConfigProblem { mut finding, text, named_at, machines } = problem;
    if !machines.is_empty() {
        finding.message.push_str(&format!(" (for {})", words::few(&machines)));
    }
    add_finding(report, finding, &text, Some(named_at));
}

/// Adds something about a config to a report, with the text of the file that it stands in and where the site names that.
pub(crate) fn add_finding(report: &mut Report, finding: Finding, text: &str, named_at: Option<Place>) {
    report.add_file(&finding.file, text);
    let named_at = named_at.filter(|place| place.file != finding.file);
    let related = named_at.map(|place| (place, "named here".to_owned()));
    let place = Some(Place { file: finding.file, line: finding.line, column: finding.column });
    report.add(FoundLater { place, message: finding.message, help: finding.help, related, warning: finding.warning });
}

/// Where a site's state lies: leases, events, the lock.
pub(crate) fn state_dir(site: &Path, given: Option<&PathBuf>) -> PathBuf {
    given.cloned().unwrap_or_else(|| site.join(HIDDEN).join("state"))
}

/// The events of a machine: by its hardware address, and by its name. A name that was given from a class's names may have
/// been another machine's before, whose events have that name too: there the address alone counts.
pub(crate) fn events_of(state: &Path, mac: Option<Mac>, name: Option<String>) -> Result<EventFilter, Failure> {
    let standings = read_standings(state)?;
    let given = |(who, standing): &(Who, Standing)| match who {
        Who::Stranger(owner) if standing.name.is_some() && standing.name == name => Some(*owner),
        _ => None,
    };
    Ok(match standings.iter().find_map(given) {
        Some(owner) => EventFilter { mac: Some(owner), ..EventFilter::default() },
        None => EventFilter { mac, machine: name, since: None },
    })
}
