//! Small files that decide about others: lists of hashes and signatures. They come into memory, bounded, and are not kept.

use super::{Fetcher, tries::Tries};
use crate::{
    Progress, Step, Told,
    sources::{Ask, SourceError, shown},
};
use std::{io::Read, thread};

impl Fetcher {
    /// All of a URL, which has `limit` bytes at most. What is said when it cannot be had names it.
    pub(super) fn small(&self, name: &str, url: &str, limit: usize, told: Told<'_>) -> Result<Vec<u8>, String> {
        let mut tries = Tries::new([url], self.options.patience);
        while tries.next().is_some() {
            let failed = match self.read_all(url, limit) {
                Ok(bytes) => return Ok(bytes),
                Err(error) => error,
            };
            let why = failed.to_string();
            let wait = tries.failed(failed, false);
            told(Progress { name, step: Step::Failed { url: &shown(url), why: &why, wait } });
            thread::sleep(wait);
        }
        let why = tries.ended().into_iter().map(|(_, error)| error.to_string()).next().unwrap_or_default();
        Err(format!("{}: {why}", shown(url)))
    }

    fn read_all(&self, url: &str, limit: usize) -> Result<Vec<u8>, SourceError> {
        let too_long = || SourceError::Final(format!("it is longer than {limit} bytes"));
        let stream = self.sources.open(&Ask { url, from: 0, validator: None, have: None })?;
        let most = limit as u64;
        if stream.total.is_some_and(|total| total > most) {
            return Err(too_long());
        }
        let mut bytes = Vec::new();
        let read = stream.body.take(most + 1).read_to_end(&mut bytes);
        let done = bytes.len() as u64;
        read.map_err(|error| SourceError::of_read(error, done, stream.total))?;
        match stream.total {
            Some(total) if total != done => Err(SourceError::Cut { done, total: Some(total) }),
            _ if done > most => Err(too_long()),
            _ => Ok(bytes),
        }
    }
}
