//! Asking upstreams for small texts: listings, lists of hashes, signatures. Each URL is asked once, and kept in memory.

use crate::{
    Error,
    sources::{Ask, Patience, SourceError, Sources},
};
use firstlight_catalog::listing::LIMIT;
use firstlight_site::Site;
use std::{cell::RefCell, collections::HashMap, io::Read, sync::Arc, thread};

/// Whoever asks upstreams.
pub(super) struct Upstream {
    sources: Sources,
    patience: Patience,
    texts: RefCell<HashMap<String, Text>>,
}

type Text = Result<Arc<[u8]>, Error>;

impl Upstream {
    pub(super) fn new(site: &Site, patience: &Patience) -> Self {
        Upstream { sources: Sources::new(site, patience), patience: *patience, texts: RefCell::default() }
    }

    /// What a URL holds. A failure is remembered too.
    pub(super) fn get(&self, url: &str) -> Text {
        if let Some(known) = self.texts.borrow().get(url) {
            return known.clone();
        }
        let got = self.ask(url).map(Arc::from).map_err(|error| Error::Sources(Arc::new(vec![(url.to_owned(), error)])));
        self.texts.borrow_mut().insert(url.to_owned(), got.clone());
        got
    }

    pub(super) fn text(&self, url: &str) -> Result<String, Error> {
        self.get(url).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    fn ask(&self, url: &str) -> Result<Vec<u8>, SourceError> {
        let mut wait = self.patience.first_wait;
        for _ in 1..self.patience.tries {
            match self.read(url) {
                Err(error) if !error.is_final() => thread::sleep(wait),
                other => return other,
            }
            wait = (wait * 2).min(self.patience.longest_wait);
        }
        self.read(url)
    }

    fn read(&self, url: &str) -> Result<Vec<u8>, SourceError> {
        let stream = self.sources.open(&Ask { url, from: 0, validator: None, have: None })?;
        let mut bytes = Vec::new();
        let read = stream.body.take(LIMIT as u64 + 1).read_to_end(&mut bytes);
        let done = bytes.len() as u64;
        read.map_err(|error| SourceError::of_read(error, done, stream.total))?;
        match stream.total {
            Some(total) if done != total && bytes.len() <= LIMIT => Err(SourceError::Cut { done, total: Some(total) }),
            // Too large: whoever reads it says so.
            _ => Ok(bytes),
        }
    }
}
