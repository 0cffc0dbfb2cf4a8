//! A machine whose kernel, or whatever else its script names, is not here yet. It is held for a moment, for what comes at
//! once, and then told how far the fetch is and to ask again: it sees on its screen what it waits for. No attempt begins
//! before everything is here, so that a slow mirror uses up none.

use super::{
    Http,
    script::{Language, NoScript, Turn},
};
use crate::{
    Found,
    on_demand::{self, LOOK_AGAIN},
};
use firstlight_boot::{Awaited, BootSet, Content, HowFar, Token};
use firstlight_model::Mac;
use firstlight_site::Asset;
use firstlight_state::What;
use std::time::{Duration, Instant};

/// How long a machine's question for its script is held.
const HELD: Duration = Duration::from_secs(3);

/// How long a request for the content itself is held: less than the ten seconds that Ignition waits.
const CONTENT_HELD: Duration = Duration::from_secs(8);

impl Turn<'_> {
    /// The script for a machine that has to wait; `None` where there is nothing to wait for.
    pub(super) async fn waits(&self, token: &Token, asked: &str) -> Result<Option<String>, NoScript> {
        let (begun, absent) = (Instant::now(), self.absent(token)?);
        loop {
            let awaited = self.awaited(&absent);
            if awaited.is_empty() || is_hopeless(&awaited) || begun.elapsed() >= HELD {
                return Ok(self.told_to_wait(&awaited, asked));
            }
            tokio::time::sleep(LOOK_AGAIN).await;
        }
    }

    /// The same by how it is now.
    pub(super) fn waits_now(&self, token: &Token, asked: &str) -> Result<Option<String>, NoScript> {
        Ok(self.told_to_wait(&self.awaited(&self.absent(token)?), asked))
    }

    /// What its script names and what was not here when the site was read.
    fn absent(&self, token: &Token) -> Result<Vec<&Asset>, NoScript> {
        if self.set.is_complete() {
            return Ok(Vec::new());
        }
        let (rendered, ..) = self.foresee(token)?;
        let Ok((_, Some(script))) = rendered else { return Ok(Vec::new()) };
        Ok(self.set.awaited_by(&script).collect())
    }

    /// What of that is not here yet. Each is being fetched from now on.
    fn awaited(&self, absent: &[&Asset]) -> Vec<Awaited> {
        let want = |asset: &Asset| self.handler.http.fetch.want(asset, Some(self.subject.ask.mac));
        absent.iter().filter_map(|asset| want(asset).awaited(&asset.name)).collect()
    }

    fn told_to_wait(&self, awaited: &[Awaited], asked: &str) -> Option<String> {
        if awaited.is_empty() {
            return None;
        }
        let (http, ask) = (&self.handler.http, self.subject.ask);
        let failed = |awaited: &&Awaited| matches!(awaited.how_far, HowFar::Failed(_));
        let names: Vec<String> = awaited.iter().map(|awaited| awaited.name.clone()).collect();
        let failures: Vec<String> = awaited.iter().filter(failed).map(ToString::to_string).collect();
        if self.is_news(&format!("{names:?} {failures:?}"), asked) {
            tracing::info!(mac = %ask.mac, "waits for {}", names.join(", "));
            http.context.record(Some(ask.mac), What::Waits { assets: names, failures });
        }
        Some(match self.language {
            Language::Ipxe => self.set.waiting_script(ask, self.subject.choice, &self.handler.network, awaited),
            Language::Grub => self.set.waiting_grub_script(),
        })
    }
}

/// True where one cannot be had at the moment: there is no point in waiting for the others.
fn is_hopeless(awaited: &[Awaited]) -> bool {
    awaited.iter().any(|awaited| matches!(awaited.how_far, HowFar::Failed(_)))
}

impl Http {
    /// An asset, by its name, once it can be sent or a while has passed. `None` for a name that no asset has.
    pub(super) async fn settled(&self, set: &BootSet, name: &str, by: Option<Mac>) -> Option<Found> {
        let begun = Instant::now();
        loop {
            let found = on_demand::find(&*self.fetch, set, name, by)?;
            match found {
                Found::Coming { growing: None, .. } if begun.elapsed() < CONTENT_HELD => {
                    tokio::time::sleep(LOOK_AGAIN).await;
                }
                found => return Some(found),
            }
        }
    }

    /// An asset's content, where it is here; else it is being fetched from now on.
    pub(super) fn here(&self, name: &str, by: Option<Mac>) -> Option<Content> {
        match on_demand::find(&*self.fetch, &self.context.boot.load(), name, by)? {
            Found::Here(content) => Some(content),
            Found::Coming { .. } | Found::Failed(_) => None,
        }
    }
}
