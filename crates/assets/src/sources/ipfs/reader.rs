//! A file's bytes, in their order, from blocks that come in any.

use super::{
    ahead::{AT_ONCE, Ahead},
    gateways::{Gateways, Warning},
    stream,
};
use crate::sources::SourceError;
use firstlight_ipfs::{Address, Block, MAX_BLOCK, Recent, Step, Walk, WalkError, Want, walk::Chunk};
use std::{
    fs::File,
    io::{self, Read},
    os::unix::fs::FileExt,
    sync::{
        Arc,
        mpsc::{Receiver, channel},
    },
};

/// Blocks that came too early, or may be needed again.
const RECENT: usize = 32 << 20;

/// Reads one file.
pub(super) struct Reader {
    walk: Walk,
    ahead: Ahead,
    /// All blocks in one stream, while there is one.
    stream: Option<Receiver<Block>>,
    recent: Recent,
    /// Bytes of the file that are here already, and how many; not known to be right.
    have: Option<(File, u64)>,
    chunk: Option<(Chunk, usize)>,
    warnings: Option<Receiver<Warning>>,
}

impl Reader {
    pub(super) fn new(gateways: Arc<Gateways>, address: &Address, have: Option<(File, u64)>) -> Reader {
        let (warn, warnings) = channel();
        let whole = have.is_none() && gateways.only().is_some();
        let stream = whole.then(|| stream::begin(&gateways, address, &warn).ok()).flatten();
        Reader {
            walk: Walk::new(address),
            ahead: Ahead::new(gateways, warn),
            stream,
            recent: Recent::new(RECENT),
            have,
            chunk: None,
            warnings: Some(warnings),
        }
    }

    /// What goes wrong on the way without harm. To be taken once.
    pub(super) fn warnings(&mut self) -> Option<Receiver<Warning>> {
        self.warnings.take()
    }

    /// The file's length, in bytes: the first block of the file is fetched for it.
    pub(super) fn size(&mut self) -> io::Result<u64> {
        if self.walk.size().is_none() {
            self.chunk = self.advance()?.map(|chunk| (chunk, 0));
        }
        self.walk.size().ok_or_else(|| io::Error::other("the file has no root"))
    }

    /// The next bytes that follow in the file.
    fn advance(&mut self) -> io::Result<Option<Chunk>> {
        loop {
            match self.walk.next().map_err(wrong)? {
                Step::Bytes(chunk) => return Ok(Some(chunk)),
                Step::End => return Ok(None),
                Step::Wants => self.want()?,
            }
        }
    }

    /// Has what is wanted fetched, and waits for a block.
    fn want(&mut self) -> io::Result<()> {
        let wants = self.walk.wanted(AT_ONCE);
        let Some(first) = wants.first() else { return Err(io::Error::other("nothing is wanted")) };
        let mut missing = Vec::new();
        for want in &wants {
            match self.recent.get(&want.cid).cloned().or_else(|| self.here(want)) {
                Some(block) => self.walk.give(&block).map_err(wrong)?,
                None => missing.push(&want.cid),
            }
        }
        if missing.first() != Some(&&first.cid) {
            return Ok(());
        }
        let block = match self.next_of_stream() {
            Some(block) => block,
            None => {
                missing.into_iter().try_for_each(|cid| self.ahead.fetch(cid))?;
                self.ahead.next(&first.cid)?
            }
        };
        self.walk.give(&block).map_err(wrong)?;
        self.recent.keep(block);
        Ok(())
    }

    fn next_of_stream(&mut self) -> Option<Block> {
        let block = self.stream.as_ref()?.recv().ok();
        if block.is_none() {
            self.stream = None;
        }
        block
    }

    /// A block whose bytes are here already, where they are right.
    fn here(&self, want: &Want) -> Option<Block> {
        let (file, length) = self.have.as_ref()?;
        let place = want.bytes.clone().filter(|place| place.end <= *length)?;
        let size = usize::try_from(place.end - place.start).ok().filter(|size| *size <= MAX_BLOCK)?;
        let mut bytes = vec![0; size];
        file.read_exact_at(&mut bytes, place.start).ok()?;
        Block::verify(&want.cid, bytes).ok()
    }
}

/// Whoever made the file made it so: no gateway can help.
fn wrong(error: WalkError) -> io::Error {
    io::Error::other(SourceError::Final(error.to_string()))
}

impl Read for Reader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some((chunk, at)) = &mut self.chunk {
                let n = chunk.get(*at..).unwrap_or_default().read(buffer)?;
                *at += n;
                if n > 0 || buffer.is_empty() {
                    return Ok(n);
                }
            }
            match self.advance()? {
                Some(chunk) => self.chunk = Some((chunk, 0)),
                None => return Ok(0),
            }
        }
    }
}
