//! Reading the site anew while it is served: all of it, or the old one stays.
//!
//! A new generation is parsed, checked and its assets verified beside the old one, on a thread of its own; the servers
//! go on meanwhile and see the new one with their next request. What is refused: mistakes; assets that would be lost,
//! for at a start there is nothing better than the rest, and here there is; and whatever needs other sockets.

use super::{
    assets::{self, Supplies},
    changes, interfaces,
    notify::Notify,
    on_demand::OnDemand,
    sockets::doors,
    upstreams,
};
use crate::{Failure, site, systems};
use firstlight_assets::{Missing, Options, Resolved, Store};
use firstlight_boot::BootSet;
use firstlight_serve::{
    Context,
    control::{Answer, Reloaded},
    give_back_memory,
};
use firstlight_site::{Report, Site, render};
use firstlight_state::What;
use std::{
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

/// Reads the site anew.
pub(super) struct Reloader {
    pub(super) site: PathBuf,
    pub(super) store: Store,
    pub(super) options: Options,
    pub(super) on_demand: OnDemand,
    pub(super) context: Context,
    pub(super) notify: Arc<Notify>,
    /// One at a time. Nobody else waits for it.
    pub(super) one: Mutex<()>,
}

/// Why the old site is served on: in a line for the record, and in full.
struct Refusal {
    reason: String,
    full: String,
}

impl From<Failure> for Refusal {
    fn from(failure: Failure) -> Self {
        let text = match failure {
            Failure::Failed(text) | Failure::Trouble(text) => text,
            Failure::Silent | Failure::Interrupted => "it was interrupted".to_owned(),
        };
        Refusal { reason: text.clone(), full: text }
    }
}

impl Reloader {
    /// Reads the site anew and serves it from now on, or says why not. Either is recorded.
    pub(super) fn reload(&self) -> Answer {
        let _one = self.one.lock().unwrap_or_else(PoisonError::into_inner);
        self.notify.reloading();
        let answer = self.outcome();
        self.notify.ready(self.context.boot.load().generation);
        answer
    }

    fn outcome(&self) -> Answer {
        match self.next() {
            Ok(reloaded) => {
                tracing::info!(
                    "generation {} of the site is served: {}",
                    reloaded.generation,
                    changes::brief(&reloaded.changes)
                );
                let what = What::SiteReloaded { generation: reloaded.generation, changes: reloaded.changes.clone() };
                self.context.record(None, what);
                Answer::Reloaded(reloaded)
            }
            Err(Refusal { reason, full }) => {
                let generation = self.context.boot.load().generation;
                tracing::error!("the site is not reloaded, generation {generation} is served on: {full}");
                self.context.record(None, What::ReloadRefused { generation, reason });
                Answer::Failed { why: full }
            }
        }
    }

    fn next(&self) -> Result<Reloaded, Refusal> {
        let old = self.context.boot.load_full();
        let (site, report) = site::examine(&self.site);
        let site = site.filter(|_| report.errors() == 0).ok_or_else(|| mistakes(&report))?;
        let patient = Options { patience: upstreams::at_start(), ..self.options.clone() };
        let site = systems::ready(site, &self.store, &patient, &upstreams::Log)?;
        same_doors(&old.site, &site)?;
        interfaces::check(&site)?;
        let Supplies { resolved, fetcher } = assets::supplies(&site, &self.store, Some(&old), &self.options)?;
        let Resolved { assets, loaders, missing, .. } = resolved;
        nothing_lost(&old, &missing)?;
        let new = BootSet::new(site, assets, loaders, old.generation + 1);
        let changes = changes::between(&old, &new);
        let generation = new.generation;
        self.store.uses_only(new.contents());
        self.context.boot.store(new.into());
        self.on_demand.goes_on_with(fetcher);
        drop(old);
        give_back_memory();
        let warnings = (!report.problems.is_empty()).then(|| render(&report, false));
        Ok(Reloaded { generation, changes, warnings })
    }
}

fn mistakes(report: &Report) -> Refusal {
    let errors = report.errors();
    let first = report.problems.iter().find(|problem| problem.severity == firstlight_site::Severity::Error);
    let first = first.map_or_else(String::new, |problem| {
        let place = problem.place.as_ref().map(|place| format!("{place}: ")).unwrap_or_default();
        format!("{place}{}", problem.message)
    });
    let more = if errors > 1 { format!(" (and {} more)", errors - 1) } else { String::new() };
    Refusal { reason: format!("{first}{more}"), full: format!("the site has mistakes\n{}", render(report, false)) }
}

/// Sockets are opened while there is the privilege to, which is at the start only.
fn same_doors(old: &Site, new: &Site) -> Result<(), Refusal> {
    let (old, new) = (doors(old), doors(new));
    let list = |word: &str, doors: Vec<&String>| {
        let doors: Vec<&str> = doors.into_iter().map(String::as_str).collect();
        (!doors.is_empty()).then(|| format!("{word} {}", doors.join(", ")))
    };
    let parts = [list("opens", new.difference(&old).collect()), list("closes", old.difference(&new).collect())];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    match parts.is_empty() {
        true => Ok(()),
        false => Err(Refusal::from(Failure::Failed(format!(
            "it needs a restart, because the new site {}",
            parts.join(" and ")
        )))),
    }
}

/// What could not be served before either is no reason to stay.
fn nothing_lost(old: &BootSet, missing: &[Missing]) -> Result<(), Refusal> {
    let files: Vec<_> = old.loaders().iter().flat_map(|loader| &loader.files).collect();
    let was_missing = |name: &str| {
        (old.site.assets.contains_key(name) && old.asset(name).is_none())
            || (files.iter().any(|file| file.name == name) && old.loader(name).is_none())
    };
    let (still, lost): (Vec<_>, Vec<_>) = missing.iter().partition(|missing| was_missing(&missing.name));
    still.into_iter().for_each(|missing| tracing::error!("{}", assets::say_missing(missing)));
    let lines: Vec<String> = lost.into_iter().map(assets::say_missing).collect();
    match lines.is_empty() {
        true => Ok(()),
        false => Err(Refusal::from(Failure::Failed(lines.join("\n")))),
    }
}
