//! Loading a site for a command: every mistake is printed, warnings too.

use crate::{Failure, output};
use firstlight_site::{Report, Site};
use std::path::{Path, PathBuf};

/// What a site's folder holds besides the site: state, fetched assets, the lab.
pub(crate) const HIDDEN: &str = ".firstlight";

/// Loads a site and checks its templates too. Prints what is wrong on standard error.
pub(crate) fn load(dir: &Path) -> Result<Site, Failure> {
    let (site, report) = examine(dir);
    if !report.problems.is_empty() {
        eprint!("{}", firstlight_site::render(&report, output::colour()));
    }
    site.ok_or(Failure::Silent)
}

/// Loads a site; `None` where it has errors. The report holds errors and warnings.
pub(crate) fn examine(dir: &Path) -> (Option<Site>, Report) {
    match firstlight_site::load(dir) {
        Err(report) => (None, report),
        Ok(loaded) => {
            let mut report = loaded.report;
            for problem in firstlight_boot::check_templates(&loaded.site) {
                let error = &problem.error;
                let mut message = format!("this template cannot be rendered: {}", error.message);
                if !problem.machines.is_empty() {
                    message.push_str(&format!(" (for {})", problem.machines.join(", ")));
                }
                let text = firstlight_boot::template_text(&loaded.site, &error.file);
                report.add_template_error(&error.file, text, error.line, message, &problem.named_at);
            }
            let site = (report.errors() == 0).then_some(loaded.site);
            (site, report)
        }
    }
}

/// Where a site's state lies: leases, events, the lock.
pub(crate) fn state_dir(site: &Path, given: Option<&PathBuf>) -> PathBuf {
    given.cloned().unwrap_or_else(|| site.join(HIDDEN).join("state"))
}
