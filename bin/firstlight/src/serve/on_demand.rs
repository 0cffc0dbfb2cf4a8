//! Assets that are not here when the site is read: fetched when a machine first asks, each on a thread of its own, and in
//! the record from its beginning to its end.

use super::assets::say_locked;
use arc_swap::ArcSwap;
use firstlight_assets::{Fetcher, Progress, Step, shown};
use firstlight_boot::Content;
use firstlight_model::Mac;
use firstlight_serve::{Context, Fetch, Found, Growing};
use firstlight_site::{Asset, AssetSource, Pin, When};
use firstlight_state::What;
use std::{
    collections::HashMap,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};
use tokio::sync::watch;

/// How many assets are fetched at the same time. The others wait for their turn.
const AT_ONCE: usize = 4;

/// After what could not be had is tried again, when somebody asks.
const AGAIN: Duration = Duration::from_secs(15);

/// Fetches what the site of the moment names.
#[derive(Clone)]
pub(super) struct OnDemand(Arc<Inner>);

struct Inner {
    /// Of the site of the moment.
    fetcher: ArcSwap<Fetcher>,
    context: Context,
    /// By what an asset is: one that a new site gives another source or another hash is another one.
    errands: Mutex<HashMap<String, Arc<Errand>>>,
    turns: Turns,
}

/// One asset's way here.
#[derive(Debug, Default)]
struct Errand(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    done: u64,
    total: Option<u64>,
    from: String,
    growing: Option<(Growing, watch::Sender<u64>)>,
    ended: Option<Ended>,
}

#[derive(Debug)]
enum Ended {
    Here(Content),
    Failed(String, Instant),
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl OnDemand {
    pub(super) fn new(fetcher: Arc<Fetcher>, context: Context) -> OnDemand {
        let (errands, turns) = (Mutex::default(), Turns::new(AT_ONCE));
        OnDemand(Arc::new(Inner { fetcher: ArcSwap::new(fetcher), context, errands, turns }))
    }

    /// The site was read anew. What is under way for the old one ends in the store, where the new one finds it.
    pub(super) fn goes_on_with(&self, fetcher: Arc<Fetcher>) {
        self.0.fetcher.store(fetcher);
        lock(&self.0.errands).retain(|_, errand| lock(&errand.0).ended.is_none());
        self.prefetch();
    }

    /// Begins with everything that is not here, where the site does not leave that to the machines.
    pub(super) fn prefetch(&self) {
        let set = self.0.context.boot.load_full();
        if set.site.asset_settings.fetch == When::Start {
            let absent = set.site.assets.values().filter(|asset| set.asset(&asset.name).is_none());
            absent.for_each(|asset| drop(self.want(asset, None)));
        }
    }
}

impl Fetch for OnDemand {
    fn want(&self, asset: &Asset, by: Option<Mac>) -> Found {
        let identity = format!("{} {:?} {:?}", asset.name, asset.source, asset.pin);
        let (errand, is_new) = {
            let mut errands = lock(&self.0.errands);
            match errands.get(&identity).filter(|errand| !errand.is_to_be_tried_again()) {
                Some(errand) => (errand.clone(), false),
                None => {
                    let errand = Arc::new(Errand::default());
                    errands.insert(identity, errand.clone());
                    (errand, true)
                }
            }
        };
        if is_new {
            self.send(asset.clone(), by, errand.clone());
        }
        errand.found()
    }
}

impl OnDemand {
    fn send(&self, asset: Asset, by: Option<Mac>, errand: Arc<Errand>) {
        let (inner, on_its_way) = (self.0.clone(), errand.clone());
        let run = move || inner.run(&asset, by, &on_its_way);
        if let Err(error) = thread::Builder::new().name("fetch".to_owned()).spawn(run) {
            errand.end(Ended::Failed(format!("no thread for it: {error}"), Instant::now()));
        }
    }
}

impl Inner {
    fn run(&self, asset: &Asset, by: Option<Mac>, errand: &Errand) {
        // Also where it panics, nobody waits for ever.
        let _ending = Ending(errand);
        let _turn = self.turns.take();
        let (begun, fetcher) = (Instant::now(), self.fetcher.load_full());
        tracing::info!("fetching {}, which was asked for", asset.name);
        self.context.record(by, What::FetchBegan { name: asset.name.clone(), from: first_source(asset) });
        let result = fetcher.fetch(asset, &|progress| errand.hear(progress));
        say_locked(fetcher.write_lock());
        match result {
            Ok(content) => {
                let ms = begun.elapsed().as_millis().try_into().unwrap_or(u64::MAX);
                let (name, bytes, from) = (asset.name.clone(), content.size(), errand.source(asset));
                tracing::info!("{name} is here");
                errand.end(Ended::Here(content));
                let verified = verified_by(&fetcher, asset);
                self.context.record(by, What::Fetched { name, from, bytes, ms, verified });
            }
            Err(error) => {
                let reason = error.to_string();
                tracing::error!("{} cannot be fetched: {reason}", asset.name);
                errand.end(Ended::Failed(reason.clone(), Instant::now()));
                self.context.record(by, What::FetchFailed { name: asset.name.clone(), reason });
            }
        }
    }
}

/// Where an asset is looked for first.
fn first_source(asset: &Asset) -> String {
    match &asset.source {
        AssetSource::Member { path, .. } => format!("an archive, as {path}"),
        AssetSource::Path(path) => path.display().to_string(),
        AssetSource::Later(system) => system.clone(),
        AssetSource::Urls(urls) => urls.first().map(|url| shown(url)).unwrap_or_default(),
    }
}

/// How it is known that the bytes are right.
fn verified_by(fetcher: &Fetcher, asset: &Asset) -> String {
    match (&asset.pin, fetcher.locked(asset)) {
        (Pin::Sha256(_), _) => "the site's sha256".to_owned(),
        (Pin::Sha512(_), _) => "the site's sha512".to_owned(),
        (Pin::Signed(_) | Pin::Lock, Some(locked)) => format!("firstlight.lock ({})", locked.trust),
        (Pin::Signed(_) | Pin::Lock, None) => "where it comes from".to_owned(),
    }
}

impl Errand {
    fn hear(&self, progress: Progress<'_>) {
        let mut state = lock(&self.0);
        match progress.step {
            Step::From { url, growing, .. } => {
                url.clone_into(&mut state.from);
                state.growing = None;
                state.growing_from(growing);
            }
            Step::Bytes { done, total } => {
                (state.done, state.total) = (done, total);
                if let (Some((growing, watermark)), Some(total)) = (&mut state.growing, total) {
                    growing.size = total;
                    let _ = watermark.send(done);
                }
            }
            _ => {}
        }
    }

    fn end(&self, ended: Ended) {
        let mut state = lock(&self.0);
        state.growing = None;
        state.ended = Some(ended);
    }

    fn found(&self) -> Found {
        let state = lock(&self.0);
        match &state.ended {
            Some(Ended::Here(content)) => Found::Here(content.clone()),
            Some(Ended::Failed(why, _)) => Found::Failed(why.clone()),
            None => {
                let growing = state.growing.as_ref().map(|(growing, _)| growing.clone());
                let growing = growing.filter(|growing| growing.size > 0);
                Found::Coming { done: state.done, total: state.total, growing }
            }
        }
    }

    fn is_to_be_tried_again(&self) -> bool {
        matches!(&lock(&self.0).ended, Some(Ended::Failed(_, at)) if at.elapsed() > AGAIN)
    }

    fn source(&self, asset: &Asset) -> String {
        let from = lock(&self.0).from.clone();
        if from.is_empty() { first_source(asset) } else { from }
    }
}

impl State {
    fn growing_from(&mut self, file: Option<&std::fs::File>) {
        let Some(Ok(file)) = file.map(std::fs::File::try_clone) else { return };
        let (watermark, verified) = watch::channel(0);
        self.growing = Some((Growing { file: Arc::new(file), size: 0, verified }, watermark));
    }
}

struct Ending<'e>(&'e Errand);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        let open = lock(&self.0.0).ended.is_none();
        if open {
            self.0.end(Ended::Failed("the fetch ended unexpectedly".to_owned(), Instant::now()));
        }
    }
}

/// A bounded number of turns.
struct Turns {
    left: Mutex<usize>,
    given_back: Condvar,
}

struct Turn<'t>(&'t Turns);

impl Turns {
    fn new(left: usize) -> Turns {
        Turns { left: Mutex::new(left), given_back: Condvar::new() }
    }

    fn take(&self) -> Turn<'_> {
        let left = lock(&self.left);
        let left = self.given_back.wait_while(left, |left| *left == 0);
        *left.unwrap_or_else(PoisonError::into_inner) -= 1;
        Turn(self)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *lock(&self.0.left) += 1;
        self.0.given_back.notify_one();
    }
}
