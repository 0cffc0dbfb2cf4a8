//! Gateways, and which of them is asked for a block.

use crate::sources::{Patience, SourceError, http::Http, shown};
use firstlight_ipfs::{Block, Cid, MAX_BLOCK, WrongBlock};
use std::{
    io::Read,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
        mpsc::Sender,
    },
    thread,
    time::Duration,
};

/// How often each gateway is asked for a block, and how long is waited before. What is still not there then is the engine's
/// business, which waits longer.
const ROUNDS: [Duration; 3] = [Duration::ZERO, Duration::from_millis(200), Duration::from_millis(800)];
/// Further behind than any number of requests under way: asked only where nobody else is left.
const LIED: u32 = 1 << 16;

/// Something that went wrong with one gateway, and did no harm.
#[derive(Debug)]
pub(crate) struct Warning {
    /// The gateway's URL, without the password that may be in it.
    pub(crate) url: String,
    /// Which block, and what was wrong.
    pub(crate) why: String,
}

/// Every gateway.
#[derive(Debug)]
pub(super) struct Gateways {
    http: Arc<Http>,
    gateways: Vec<Gateway>,
    stall: Duration,
}

#[derive(Debug)]
pub(super) struct Gateway {
    /// Without a `/` at its end.
    url: String,
    /// Requests under way.
    busy: AtomicU32,
    /// What it has failed in lately, as so many requests more: it is asked when the others have so many more to do.
    failed: AtomicU32,
}

/// What a gateway answered.
enum Answer {
    Block(Block),
    /// The bytes are something else, or the gateway said so much as that.
    Wrong(WrongBlock),
    Failed(SourceError),
}

impl Gateways {
    pub(super) fn new(http: &Arc<Http>, urls: &[String], patience: &Patience) -> Gateways {
        let gateway = |url: &String| Gateway { url: url.clone(), busy: AtomicU32::new(0), failed: AtomicU32::new(0) };
        Gateways { http: http.clone(), gateways: urls.iter().map(gateway).collect(), stall: patience.stall }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.gateways.is_empty()
    }

    /// The only one, where there is one and it has never lied.
    pub(super) fn only(&self) -> Option<&Gateway> {
        match &self.gateways[..] {
            [gateway] if gateway.failed.load(Ordering::Relaxed) < LIED => Some(gateway),
            _ => None,
        }
    }

    /// How long nothing may come.
    pub(super) fn stall(&self) -> Duration {
        self.stall
    }

    /// A block from whoever has it. Each gateway is asked, those that did well first.
    pub(super) fn block(&self, cid: &Cid, warn: &Sender<Warning>) -> Result<Block, SourceError> {
        let mut said = Vec::new();
        for wait in ROUNDS {
            thread::sleep(wait);
            said.clear();
            for gateway in self.by_standing() {
                let why = match gateway.ask(self, cid) {
                    Answer::Block(block) => return Ok(block),
                    Answer::Wrong(WrongBlock::Function { cid, function }) => {
                        let error = WrongBlock::Function { cid, function };
                        return Err(SourceError::Final(error.to_string()));
                    }
                    Answer::Wrong(wrong) => wrong.to_string(),
                    Answer::Failed(error) => format!("block {cid}: {error}"),
                };
                let url = shown(&gateway.url);
                said.push(format!("{url}: {why}"));
                let _ = warn.send(Warning { url, why });
            }
        }
        Err(SourceError::Other(said.join("; ")))
    }

    fn by_standing(&self) -> Vec<&Gateway> {
        let mut gateways: Vec<&Gateway> = self.gateways.iter().collect();
        let load = |gateway: &Gateway| gateway.busy.load(Ordering::Relaxed) + gateway.failed.load(Ordering::Relaxed);
        gateways.sort_by_cached_key(|gateway| load(gateway));
        gateways
    }

    /// What a gateway answers to a request for something of IPFS. The whole must not take longer than `longest`.
    pub(super) fn get(
        &self,
        gateway: &Gateway,
        rest: &str,
        accept: &str,
        longest: Option<Duration>,
    ) -> Result<impl Read + Send + use<>, SourceError> {
        self.http.body(&format!("{}/ipfs/{rest}", gateway.url), accept, longest)
    }
}

impl Gateway {
    /// Its URL, as it is said.
    pub(super) fn shown(&self) -> String {
        shown(&self.url)
    }

    fn ask(&self, all: &Gateways, cid: &Cid) -> Answer {
        self.busy.fetch_add(1, Ordering::Relaxed);
        let answer = self.answer(all, cid);
        self.busy.fetch_sub(1, Ordering::Relaxed);
        match &answer {
            Answer::Block(_) => self.did_well(),
            Answer::Wrong(WrongBlock::Function { .. }) => {}
            Answer::Wrong(_) => self.lied(),
            // It may have the next one.
            Answer::Failed(SourceError::Status(404 | 410)) => self.did_badly(1),
            Answer::Failed(_) => self.did_badly(8),
        }
        answer
    }

    fn answer(&self, all: &Gateways, cid: &Cid) -> Answer {
        let mut bytes = Vec::new();
        // Longer than a silence may be: whoever sends a byte now and then is no use either.
        let longest = Some(2 * all.stall);
        let body = match all.get(self, &format!("{cid}?format=raw"), "application/vnd.ipld.raw", longest) {
            Ok(body) => body,
            Err(error) => return Answer::Failed(error),
        };
        // One more than may be, so that what is too long is seen to be.
        match body.take(MAX_BLOCK as u64 + 1).read_to_end(&mut bytes) {
            Ok(_) => Block::verify(cid, bytes).map_or_else(Answer::Wrong, Answer::Block),
            Err(error) => Answer::Failed(SourceError::of_read(error, bytes.len() as u64, None)),
        }
    }

    fn did_well(&self) {
        let less = |failed: u32| (failed < LIED).then(|| failed.saturating_sub(1));
        let _ = self.failed.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
    }

    pub(super) fn did_badly(&self, how: u32) {
        let more = |failed: u32| (failed < LIED).then(|| failed.saturating_add(how).min(64));
        let _ = self.failed.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more);
    }

    /// For as long as this process runs.
    pub(super) fn lied(&self) {
        self.failed.store(LIED, Ordering::Relaxed);
    }
}
