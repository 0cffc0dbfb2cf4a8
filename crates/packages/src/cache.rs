//! From a URL to its bytes: kept here, on their way, or asked for now.

use crate::{
    Error, Rules,
    flight::{Body, Flight, Other, Outcome},
    lasting::is_lasting,
    store::{Meta, Store, key},
    upstream::{Answer, Ask, Failed, Upstream},
};
use std::{
    collections::HashMap,
    fs::File,
    io::{self, Read, Write},
    path::Path,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

/// Fetches at once.
const FLIGHTS: usize = 64;
/// The longest answer that is passed on without being content.
const OTHER: u64 = 64 << 10;
/// Absences that are remembered.
const ABSENT: usize = 4096;
/// For how long nothing is written after the disk was full.
const FULL_FOR: Duration = Duration::from_secs(60);

/// The package cache. Clones share it.
#[derive(Clone, Debug)]
pub struct Cache(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    store: Store,
    upstream: Upstream,
    flights: Mutex<HashMap<String, Arc<Flight>>>,
    full_since: Mutex<Option<Instant>>,
    /// What upstreams said they do not have: apt goes on without a list only where it is told so.
    absent: Mutex<HashMap<String, Arc<Other>>>,
    hits: AtomicU64,
    joined: AtomicU64,
    fetched: AtomicU64,
}

/// What has been done since the start, and what is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// Requests that were answered from what was here.
    pub hits: u64,
    /// Requests that joined a fetch that was under way.
    pub joined: u64,
    /// Questions to upstreams.
    pub fetched: u64,
    /// Bytes that are kept.
    pub bytes: u64,
    /// Files that are kept.
    pub files: usize,
}

/// Content, or what there is instead.
pub(crate) enum Got {
    Kept(Meta, File),
    Coming(Arc<Flight>, Body),
    Other(Arc<Other>),
    /// Not through the cache: see [`Cache::aside`].
    Aside,
    Failed(Failed),
}

impl Cache {
    /// The cache in a folder, which is made.
    ///
    /// # Errors
    /// The folder cannot be made or read.
    pub fn open(dir: &Path) -> Result<Cache, Error> {
        Ok(Cache(Arc::new(Shared {
            store: Store::open(dir)?,
            upstream: Upstream::new(),
            flights: Mutex::default(),
            full_since: Mutex::default(),
            absent: Mutex::default(),
            hits: AtomicU64::new(0),
            joined: AtomicU64::new(0),
            fetched: AtomicU64::new(0),
        })))
    }

    /// What has been done so far.
    pub fn counts(&self) -> Counts {
        let (bytes, files) = self.0.store.used();
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Counts { hits: read(&self.0.hits), joined: read(&self.0.joined), fetched: read(&self.0.fetched), bytes, files }
    }

    /// The content of an allowed URL. `anew`: what is here does not count.
    pub(crate) fn get(&self, url: &str, anew: bool, rules: &Rules) -> Got {
        let key = key(url);
        if !anew
            && is_lasting(url)
            && let Some((meta, file)) = self.kept(&key)
        {
            return Got::Kept(meta, file);
        }
        if self.0.is_full() {
            return Got::Aside;
        }
        let Some(flight) = self.join(&key, url, anew, rules) else {
            return Got::Failed("too many fetches at once".into());
        };
        match flight.outcome() {
            Outcome::Body(body) => Got::Coming(flight, body),
            Outcome::Other(other) => Got::Other(other),
            Outcome::Aside => Got::Aside,
            Outcome::Unchanged => self.kept(&key).map_or(Got::Aside, |(meta, file)| Got::Kept(meta, file)),
            Outcome::Failed(why) => match self.kept(&key) {
                Some((meta, file)) => {
                    tracing::warn!("package cache: {url} is served as it was: {why}");
                    Got::Kept(meta, file)
                }
                None => self.0.absent(&key).map_or(Got::Failed(why), Got::Other),
            },
        }
    }

    /// Asks the upstream for one client alone.
    pub(crate) fn aside(&self, ask: &Ask<'_>, rules: &Rules) -> Result<Answer, Failed> {
        self.0.fetched.fetch_add(1, Ordering::Relaxed);
        self.0.upstream.ask(ask, rules)
    }

    /// What is kept of a URL that does not change.
    pub(crate) fn kept_for_good(&self, url: &str) -> Option<(Meta, File)> {
        if is_lasting(url) { self.kept(&key(url)) } else { None }
    }

    fn kept(&self, key: &str) -> Option<(Meta, File)> {
        let found = self.0.store.find(key)?;
        self.0.hits.fetch_add(1, Ordering::Relaxed);
        Some(found)
    }

    /// The fetch that is under way, or one that begins now. `None` where there are too many.
    fn join(&self, key: &str, url: &str, anew: bool, rules: &Rules) -> Option<Arc<Flight>> {
        let mut flights = self.0.flights();
        if let Some(flight) = flights.get(key) {
            self.0.joined.fetch_add(1, Ordering::Relaxed);
            return Some(flight.clone());
        }
        if flights.len() >= FLIGHTS {
            return None;
        }
        let flight = Arc::new(Flight::default());
        flights.insert(key.to_owned(), flight.clone());
        drop(flights);
        let fetch =
            Fetch { shared: self.0.clone(), flight: flight.clone(), key: key.to_owned(), url: url.to_owned(), anew };
        let rules = rules.clone();
        // Where there is no thread, dropping the fetch tells all who wait.
        let _ = thread::Builder::new().name("package".to_owned()).spawn(move || fetch.run(&rules));
        Some(flight)
    }
}

impl Shared {
    fn flights(&self) -> MutexGuard<'_, HashMap<String, Arc<Flight>>> {
        self.flights.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was said when the upstream was last asked, where that was that there is nothing.
    fn absent(&self, key: &str) -> Option<Arc<Other>> {
        self.absent.lock().unwrap_or_else(PoisonError::into_inner).get(key).cloned()
    }

    fn remember_absent(&self, key: &str, other: &Arc<Other>) {
        let mut absent = self.absent.lock().unwrap_or_else(PoisonError::into_inner);
        if absent.len() >= ABSENT {
            absent.clear();
        }
        absent.insert(key.to_owned(), other.clone());
    }

    fn is_full(&self) -> bool {
        let since = self.full_since.lock().unwrap_or_else(PoisonError::into_inner);
        since.is_some_and(|since| since.elapsed() < FULL_FOR)
    }

    /// What cannot be written is not kept for a while, but passed through.
    fn cannot_write(&self, error: &io::Error) {
        let minutes = FULL_FOR.as_secs() / 60;
        tracing::warn!("package cache: {error}; packages are passed through for {minutes} min and not kept");
        *self.full_since.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }
}

/// A fetch in its thread. When it is dropped, whichever way, it is over for all.
struct Fetch {
    shared: Arc<Shared>,
    flight: Arc<Flight>,
    key: String,
    url: String,
    anew: bool,
}

impl Drop for Fetch {
    fn drop(&mut self) {
        self.land();
        self.flight.end(Err("the fetch was given up".into()));
    }
}

impl Fetch {
    fn run(&self, rules: &Rules) {
        let known = if self.anew { None } else { self.shared.store.find(&self.key).map(|(meta, _)| meta) };
        self.shared.fetched.fetch_add(1, Ordering::Relaxed);
        let ask = Ask { url: &self.url, head_only: false, headers: known.as_ref().map(conditions).unwrap_or_default() };
        match self.shared.upstream.ask(&ask, rules) {
            Ok(answer) if answer.status == 304 => self.unchanged(known, answer),
            Ok(answer) if answer.status == 200 => self.take(answer, rules.size()),
            Ok(answer) => self.pass_on(answer),
            Err(why) => self.flight.answer(Outcome::Failed(why)),
        }
    }

    /// From now on nobody joins it.
    fn land(&self) {
        let mut flights = self.shared.flights();
        if flights.get(&self.key).is_some_and(|flight| Arc::ptr_eq(flight, &self.flight)) {
            flights.remove(&self.key);
        }
    }

    fn unchanged(&self, known: Option<Meta>, answer: Answer) {
        if let Some(known) = known {
            let Meta { kind, etag, modified, .. } = answer.meta;
            let newer = Meta {
                kind: kind.or(known.kind.clone()),
                etag: etag.or(known.etag.clone()),
                modified: modified.or(known.modified.clone()),
                ..known.clone()
            };
            if newer != known {
                self.shared.store.refresh(&self.key, &newer);
            }
        }
        self.flight.answer(Outcome::Unchanged);
    }

    fn pass_on(&self, answer: Answer) {
        let mut body = Vec::new();
        let outcome = match answer.body.take(OTHER).read_to_end(&mut body) {
            Ok(_) => {
                let other = Arc::new(Other { status: answer.status, kind: answer.meta.kind, body });
                if matches!(other.status, 404 | 410) {
                    self.shared.remember_absent(&self.key, &other);
                }
                Outcome::Other(other)
            }
            Err(error) => Outcome::Failed(error.to_string().into()),
        };
        self.flight.answer(outcome);
    }

    /// Takes the content in, shows it to who waits, and keeps it.
    fn take(&self, mut answer: Answer, limit: u64) {
        if answer.length.is_some_and(|length| length > limit) {
            return self.flight.answer(Outcome::Aside);
        }
        let opened = self.shared.store.begin().and_then(|file| Ok((Arc::new(file.reopen()?), file)));
        let (shown, mut file) = match opened {
            Ok(opened) => opened,
            Err(error) => {
                self.shared.cannot_write(&error);
                return self.flight.answer(Outcome::Aside);
            }
        };
        let (meta, length) = (answer.meta.clone(), answer.length);
        self.flight.answer(Outcome::Body(Body { meta: meta.clone(), length, file: shown }));
        let end = self.receive(&mut answer, file.as_file_mut(), limit).map(|size| {
            let meta = Meta { size, ..meta };
            if let Err(error) = self.shared.store.keep(&self.key, meta, file, limit) {
                self.shared.cannot_write(&error);
            }
        });
        // From here on, who asks finds it in the store.
        self.land();
        if let Err(why) = &end {
            tracing::warn!("package cache: {}: {why}", self.url);
        }
        self.flight.end(end);
    }

    fn receive(&self, answer: &mut Answer, file: &mut File, limit: u64) -> Result<u64, Failed> {
        let mut buffer = vec![0; 128 << 10];
        let mut done = 0_u64;
        loop {
            let n = match answer.body.read(&mut buffer) {
                Ok(0) => break,
                Ok(n) => n,
                Err(error) => return Err(format!("cut off after {done} bytes: {error}").into()),
            };
            done += n as u64;
            if done > limit {
                return Err("it is larger than the cache".into());
            }
            if let Err(error) = self.write(file, &buffer[..n]) {
                self.shared.cannot_write(&error);
                return Err(error.to_string().into());
            }
            self.flight.arrived(n as u64);
        }
        match answer.length {
            Some(length) if length != done => Err(format!("cut off after {done} of {length} bytes").into()),
            _ => Ok(done),
        }
    }

    /// Writes all. Where the disk is full, a quarter of what is kept makes room, once.
    fn write(&self, file: &mut File, bytes: &[u8]) -> io::Result<()> {
        let mut left = bytes;
        let mut made_room = false;
        while !left.is_empty() {
            match file.write(left) {
                Ok(n) => left = &left[n..],
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) if error.kind() == io::ErrorKind::StorageFull && !made_room => {
                    made_room = true;
                    let (used, _) = self.shared.store.used();
                    if !self.shared.store.shrink(used / 4 * 3) {
                        return Err(error);
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

/// Asks for content only where it is another one than ours (RFC 9110 section 13).
fn conditions(known: &Meta) -> Vec<(&'static str, &str)> {
    let etag = known.etag.as_deref().map(|etag| ("If-None-Match", etag));
    let modified = known.modified.as_deref().map(|modified| ("If-Modified-Since", modified));
    etag.into_iter().chain(modified).collect()
}
