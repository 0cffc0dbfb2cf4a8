//! Small things that are fetched into memory: lists of hashes, signatures.

use super::{Fetcher, tries::Tries};
use crate::{
    Error,
    sources::{Ask, SourceError},
};
use std::{io::Read, sync::Arc, thread};

impl Fetcher {
    /// What a URL holds, where that is at most `limit` bytes.
    pub(super) fn small(&self, url: &str, limit: usize) -> Result<Vec<u8>, Error> {
        let mut tries = Tries::new([url], self.options.patience);
        while let Some(url) = tries.next() {
            match self.read_small(url, limit) {
                Ok(bytes) => return Ok(bytes),
                Err(error) => thread::sleep(tries.failed(error, false)),
            }
        }
        Err(Error::Sources(Arc::new(tries.ended())))
    }

    fn read_small(&self, url: &str, limit: usize) -> Result<Vec<u8>, SourceError> {
        let stream = self.sources.open(&Ask { url, from: 0, validator: None, have: None })?;
        let mut bytes = Vec::new();
        let read = stream.body.take(limit as u64 + 1).read_to_end(&mut bytes);
        read.map_err(|error| SourceError::of_read(error, bytes.len() as u64, stream.total))?;
        match stream.total {
            _ if bytes.len() > limit => Err(SourceError::TooLong(limit as u64)),
            Some(total) if bytes.len() as u64 != total => {
                Err(SourceError::Cut { done: bytes.len() as u64, total: Some(total) })
            }
            _ => Ok(bytes),
        }
    }
}
