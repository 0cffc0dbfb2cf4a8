//! One object from its sources into the store.
//!
//! Bytes go into a part, hashed as they come; what was cut off goes on where it ended, also in a later process. Where it is
//! known what the bytes must be, one mirror may go on where another stopped, for the whole is compared at the end; where it is
//! not, only the same source with the same version of its bytes may. When a whole that came in more than one answer is
//! wrong, it is fetched once more, from zero and from one source, before that source is called bad.

use super::{Expected, Fetcher, tries::Tries};
use crate::{
    Error, Mismatch, Progress, Step, Told,
    sources::{Ask, SourceError, Stream, Warning, shown},
    store::{Origin, Part, Write},
};
use firstlight_boot::Content;
use firstlight_model::Sha256;
use firstlight_site::Trust;
use sha2::Digest;
use std::{
    io::Read,
    sync::{Arc, mpsc::Receiver},
    thread,
    time::Duration,
};

/// How often is looked whether another process has ended its fetch.
pub(super) const LOOK_AGAIN: Duration = Duration::from_millis(200);

const ONCE_MORE: &str = "what came in pieces is not what it must be; once more from zero";

/// An object that has come.
pub(super) struct Got {
    pub(super) content: Content,
    pub(super) sha256: Sha256,
    /// Which of the URLs gave it, or which peer.
    pub(super) url: String,
    /// Whose signature it has, where that was to be checked.
    pub(super) trust: Option<Trust>,
}

/// A transfer under way.
struct Transfer<'a> {
    fetcher: &'a Fetcher,
    name: &'a str,
    expected: &'a Expected,
    part: Part,
    /// Whether bytes of several sources may be put together.
    mix: bool,
    told: Told<'a>,
}

/// Why bytes that are all there are not the right ones.
enum Wrong {
    /// They have another hash: its kind, what was expected, what they have.
    Hash(&'static str, String, String),
    /// Their signature does not hold.
    Signature(String),
}

/// Why a source's bytes are not all there.
enum Trouble {
    /// It is the source's fault.
    Source(SourceError),
    /// It is this computer's.
    Here(Write),
}

impl From<SourceError> for Trouble {
    fn from(error: SourceError) -> Trouble {
        Trouble::Source(error)
    }
}

impl<E: Into<Write>> From<E> for Trouble {
    fn from(error: E) -> Trouble {
        Trouble::Here(error.into())
    }
}

impl Fetcher {
    /// Fetches into the store. What comes is what `expected` says, as far as that says anything.
    pub(super) fn download(
        &self,
        name: &str,
        urls: &[String],
        expected: &Expected,
        told: Told<'_>,
    ) -> Result<Got, Error> {
        let part = self.wait_for_part(name, &expected.key(urls), expected, told)?;
        // Another process has fetched it while this one waited for its part.
        if let Some((content, sha256)) =
            expected.sha256.and_then(|hash| Some((self.store.find(hash, &self.known)?, hash)))
        {
            self.store.discard(part);
            return Ok(Got { content, sha256, url: urls.first().cloned().unwrap_or_default(), trust: None });
        }
        let mix = expected.is_known();
        Transfer { fetcher: self, name, expected, part, mix, told }.run(urls)
    }

    fn wait_for_part(&self, name: &str, key: &str, expected: &Expected, told: Told<'_>) -> Result<Part, Error> {
        let mut waits = false;
        loop {
            if let Some(part) = self.store.part(key, expected.sha512.is_some())? {
                return Ok(part);
            }
            if !waits {
                told(Progress { name, step: Step::Waits });
                waits = true;
            }
            thread::sleep(LOOK_AGAIN);
        }
    }
}

impl Transfer<'_> {
    fn run(mut self, urls: &[String]) -> Result<Got, Error> {
        if self.is_whole() {
            return self.keep(urls.first().cloned().unwrap_or_default(), None);
        }
        let asked = self.fetcher.sources.in_order(urls, self.expected.sha256);
        let mut tries = Tries::new(asked.iter().map(|url| &**url), self.fetcher.options.patience);
        let mut once_more = true;
        while let Some(url) = tries.next() {
            let before = self.part.len();
            let failed = match self.pull(url) {
                Ok(source_says) => match self.judge(source_says) {
                    Ok(trust) => return self.keep(url.to_owned(), trust),
                    Err(_) if self.part.mixed && once_more => {
                        (once_more, self.mix) = (false, false);
                        self.tell(Step::Failed { url: &shown(url), why: ONCE_MORE, wait: Duration::ZERO });
                        self.restart()?;
                        continue;
                    }
                    Err(wrong) => self.set_aside(url, wrong)?,
                },
                Err(Trouble::Source(error)) => error,
                Err(Trouble::Here(write)) => return Err(self.give_up(write)),
            };
            if matches!(failed, SourceError::WrongRange { .. } | SourceError::TooLong(_)) {
                self.restart()?;
            }
            let why = failed.to_string();
            let wait = tries.failed(failed, self.part.len() > before);
            self.tell(Step::Failed { url: &shown(url), why: &why, wait });
            thread::sleep(wait);
        }
        Err(self.all_failed(tries.ended()))
    }

    fn tell(&self, step: Step<'_>) {
        (self.told)(Progress { name: self.name, step });
    }

    /// True where what an earlier process left is all of it.
    fn is_whole(&self) -> bool {
        self.part.len() > 0 && self.expected.is_known() && self.expected.wrong(self.part.hashes()).is_none()
    }

    fn restart(&mut self) -> Result<(), Error> {
        self.part.restart().map_err(Error::of(self.fetcher.store.folder()))
    }

    /// Whether the bytes are the right ones. `source_says` is what the source said of them. Returns whose
    /// signature they have, where they are signed themselves.
    fn judge(&self, source_says: Option<Sha256>) -> Result<Option<Trust>, Wrong> {
        let got = self.part.hashes().sha256();
        if let Some((kind, expected, got)) = self.expected.wrong(self.part.hashes()) {
            return Err(Wrong::Hash(kind, expected, got));
        }
        if let Some(said) = source_says.filter(|said| *said != got) {
            return Err(Wrong::Hash("sha256", said.to_string(), got.to_string()));
        }
        let Some(proof) = &self.expected.proof else { return Ok(None) };
        proof.check(self.part.file()).map(Some).map_err(Wrong::Signature)
    }

    /// Takes what a source sends, to its end. Returns the hash that the source says that it is.
    fn pull(&mut self, url: &str) -> Result<Option<Sha256>, Trouble> {
        let id = Sha256(sha2::Sha256::digest(url).into());
        let validator = self.part.origin.clone().filter(|origin| origin.url == id).and_then(|origin| origin.validator);
        let goes_on = self.mix || validator.is_some();
        let from = if goes_on { self.part.len() } else { 0 };
        let ask = Ask { url, from, validator: validator.as_deref().filter(|_| from > 0), have: Some(self.part.file()) };
        let stream = self.fetcher.sources.open(&ask)?;
        if let (Some(says), Some(expected)) = (stream.total, self.expected.size)
            && says != expected
        {
            return Err(SourceError::WrongLength { says, expected }.into());
        }
        if stream.starts_at != self.part.len() {
            self.part.restart()?;
        }
        self.part.comes_from(Origin { url: id, validator: stream.validator.clone() })?;
        // What must be signed is released whole or not at all.
        let may_grow = stream.verified && self.expected.proof.is_none();
        let (at, growing) = (self.part.len(), may_grow.then(|| self.part.file()));
        self.tell(Step::From { url: &shown(url), at, growing });
        let source_says = stream.sha256;
        self.take(stream)?;
        Ok(source_says)
    }

    fn take(&mut self, mut stream: Stream) -> Result<(), Trouble> {
        let total = stream.total.or(self.expected.size);
        if let Some(total) = total {
            self.part.reserve(total)?;
        }
        let mut buffer = vec![0; 256 << 10];
        loop {
            let done = self.part.len();
            let read = stream.body.read(&mut buffer);
            for Warning { url, why } in stream.warnings.iter().flat_map(Receiver::try_iter) {
                self.tell(Step::Failed { url: &url, why: &why, wait: Duration::ZERO });
            }
            let n = match read {
                Ok(0) => break,
                Ok(n) => n,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(SourceError::of_read(error, done, total).into()),
            };
            let bytes = buffer.get(..n).unwrap_or_default();
            if let Some(total) = total.filter(|total| n as u64 > total.saturating_sub(done)) {
                return Err(SourceError::TooLong(total).into());
            }
            self.part.add(bytes)?;
            self.tell(Step::Bytes { done: self.part.len(), total });
        }
        match total {
            Some(total) if self.part.len() != total => {
                Err(SourceError::Cut { done: self.part.len(), total: Some(total) }.into())
            }
            _ => Ok(()),
        }
    }

    /// Makes the part the object that it is.
    fn keep(mut self, url: String, trust: Option<Trust>) -> Result<Got, Error> {
        if let Err(write) = self.part.finish() {
            return Err(self.give_up(write));
        }
        let sha256 = self.part.hashes().sha256();
        let content = self.fetcher.store.adopt(self.part, sha256)?;
        Ok(Got { content, sha256, url, trust })
    }

    /// Keeps wrong bytes for a look and begins anew.
    fn set_aside(&mut self, url: &str, wrong: Wrong) -> Result<SourceError, Error> {
        let (name, by, url) = (self.name, self.expected.by, shown(url));
        let why = match &wrong {
            Wrong::Hash(kind, expected, got) => format!("expected  {kind} {expected} ({by})\ngot       {kind} {got}\n"),
            Wrong::Signature(why) => format!("signature {why}\n"),
        };
        let sha256 = self.part.hashes().sha256().to_string();
        let store = &self.fetcher.store;
        let kept = store.keep_bad(&self.part, &sha256, &format!("from      {url}\nasset     {name}\n{why}"));
        self.part.renew().map_err(Error::of(store.folder()))?;
        Ok(match wrong {
            Wrong::Hash(kind, expected, got) => SourceError::Mismatch { kind, expected, got, kept },
            Wrong::Signature(why) => SourceError::Unsigned { why, kept },
        })
    }

    /// This computer cannot take it. What is there goes, for a full disk harms more than this.
    fn give_up(self, write: Write) -> Error {
        let store = &self.fetcher.store;
        match write {
            Write::Full { needed } => {
                let whole = needed.map(|needed| needed.saturating_add(self.part.len()));
                store.discard(self.part);
                Error::NoRoom { folder: store.folder().to_owned(), needed: whole, free: store.free() }
            }
            Write::Failed(error) => Error::of(store.folder())(error),
        }
    }

    /// Where nothing but wrong bytes came, that is what is said.
    fn all_failed(self, tried: Vec<(String, SourceError)>) -> Error {
        // An empty part is of no use to anybody.
        if self.part.len() == 0 {
            self.fetcher.store.discard(self.part);
        }
        match &tried[..] {
            [(url, SourceError::Mismatch { kind, expected, got, kept })] => Mismatch {
                what: shown(url),
                by: self.expected.by,
                kind,
                expected: expected.clone(),
                got: got.clone(),
                kept: kept.clone(),
            }
            .into(),
            _ => Error::Sources(Arc::new(tried)),
        }
    }
}
