//! Compressed streams: gzip (RFC 1952), xz (its file format 1.2), zstd (RFC 8878) and bzip2. Several streams of the same
//! kind behind each other are one, as the usual programs have it; what follows is left to whoever reads on.

use crate::{error::Spent, peek::Peek};
use std::{
    cell::Cell,
    io::{self, Read},
};

/// The largest xz dictionary and zstd window that memory is taken for: 128 MiB. `xz -9` has 64, `zstd --ultra -22` 128.
const WINDOW_LOG: u32 = 27;

/// How something is compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    Gzip,
    Xz,
    Zstd,
    Bzip2,
}

impl Compression {
    /// By the first bytes of a stream.
    pub(crate) fn of(head: &[u8]) -> Option<Compression> {
        match head {
            [0x1f, 0x8b, 8, ..] => Some(Compression::Gzip),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Compression::Xz),
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Compression::Zstd),
            [b'B', b'Z', b'h', b'1'..=b'9', ..] => Some(Compression::Bzip2),
            _ => None,
        }
    }
}

/// How many bytes may still come out of decompression.
pub(crate) struct Budget {
    limit: u64,
    left: Cell<u64>,
}

impl Budget {
    pub(crate) fn new(limit: u64) -> Budget {
        Budget { limit, left: Cell::new(limit) }
    }

    pub(crate) fn spend(&self, bytes: usize) -> io::Result<()> {
        let left = self.left.get().checked_sub(bytes as u64);
        self.left.set(left.ok_or_else(|| io::Error::other(Spent { limit: self.limit }))?);
        Ok(())
    }
}

type Input<'a, 'b> = &'a mut Peek<'b>;

enum Decoder<'a, 'b> {
    Gzip(Box<flate2::bufread::GzDecoder<Input<'a, 'b>>>),
    Xz(Box<lzma_rust2::XzReader<Filling<'a, 'b>>>),
    Zstd(zstd::stream::read::Decoder<'static, Input<'a, 'b>>),
    Bzip2(bzip2::bufread::BzDecoder<Input<'a, 'b>>),
}

/// What comes out of streams of one kind behind each other.
pub(crate) struct Streams<'a, 'b> {
    compression: Compression,
    decoder: Option<Decoder<'a, 'b>>,
    budget: &'a Budget,
}

impl<'a, 'b> Streams<'a, 'b> {
    pub(crate) fn new(compression: Compression, input: Input<'a, 'b>, budget: &'a Budget) -> io::Result<Self> {
        Ok(Streams { compression, decoder: Some(Decoder::new(compression, input)?), budget })
    }

    /// At the end of a stream: the next one, when it is of the same kind.
    fn next_stream(&mut self) -> io::Result<()> {
        let Some(input) = self.decoder.take().map(Decoder::into_input) else { return Ok(()) };
        input.skip_zeros()?;
        if Compression::of(input.peek(6)?) == Some(self.compression) {
            self.decoder = Some(Decoder::new(self.compression, input)?);
        }
        Ok(())
    }
}

impl Read for Streams<'_, '_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        while let Some(decoder) = &mut self.decoder
            && !out.is_empty()
        {
            let n = decoder.read(out).map_err(|error| said_by(self.compression, error))?;
            if n > 0 {
                self.budget.spend(n)?;
                return Ok(n);
            }
            self.next_stream()?;
        }
        Ok(0)
    }
}

/// Decoders say what is wrong with the data in I/O errors of various kinds.
fn said_by(compression: Compression, error: io::Error) -> io::Error {
    let of_the_data = error.raw_os_error().is_none() && error.get_ref().is_none_or(|inner| !inner.is::<Spent>());
    if of_the_data && error.kind() != io::ErrorKind::UnexpectedEof {
        return io::Error::new(io::ErrorKind::InvalidData, format!("{compression:?}: {error}"));
    }
    error
}

impl<'a, 'b> Decoder<'a, 'b> {
    fn new(compression: Compression, input: Input<'a, 'b>) -> io::Result<Self> {
        Ok(match compression {
            Compression::Gzip => Decoder::Gzip(Box::new(flate2::bufread::GzDecoder::new(input))),
            Compression::Xz => {
                refuse_large_dictionary(input.peek(64)?)?;
                Decoder::Xz(Box::new(lzma_rust2::XzReader::new(Filling(input), false)))
            }
            Compression::Zstd => {
                let mut decoder = zstd::stream::read::Decoder::with_buffer(input)?.single_frame();
                decoder.window_log_max(WINDOW_LOG)?;
                Decoder::Zstd(decoder)
            }
            Compression::Bzip2 => Decoder::Bzip2(bzip2::bufread::BzDecoder::new(input)),
        })
    }

    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Decoder::Gzip(decoder) => decoder.read(out),
            Decoder::Xz(decoder) => decoder.read(out),
            Decoder::Zstd(decoder) => decoder.read(out),
            Decoder::Bzip2(decoder) => decoder.read(out),
        }
    }

    fn into_input(self) -> Input<'a, 'b> {
        match self {
            Decoder::Gzip(decoder) => decoder.into_inner(),
            Decoder::Xz(decoder) => decoder.into_inner().0,
            Decoder::Zstd(decoder) => decoder.finish(),
            Decoder::Bzip2(decoder) => decoder.into_inner(),
        }
    }
}

/// A reader that gives what is asked for unless the end comes: the xz decoder takes a short read for the end.
struct Filling<'a, 'b>(Input<'a, 'b>);

impl Read for Filling<'_, '_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut done = 0;
        while done < out.len() {
            match self.0.read(&mut out[done..])? {
                0 => break,
                n => done += n,
            }
        }
        Ok(done)
    }
}

/// The xz decoder takes as much memory as the first block's head says, up to 4 GiB. The dictionary's size is the last
/// filter's property (the file format's 3.1.5 and 5.3.1); the head's padding and checksum follow.
fn refuse_large_dictionary(head: &[u8]) -> io::Result<()> {
    const STREAM_HEADER: usize = 12;
    const LZMA2: [u8; 2] = [0x21, 1];
    /// (2 | bit 0) << (bits / 2 + 11): 128 MiB.
    const LARGEST: u8 = 32;
    let block = head.get(STREAM_HEADER..).unwrap_or_default();
    let length = block.first().map_or(0, |byte| (usize::from(*byte) + 1) * 4);
    let block = block.get(..length.saturating_sub(4)).unwrap_or(block);
    let filter = block.windows(3).rev().find(|window| window[..2] == LZMA2);
    match filter {
        Some(&[_, _, size]) if size > LARGEST => {
            Err(io::Error::new(io::ErrorKind::InvalidData, "Xz: it takes more than 128 MiB of memory to unpack"))
        }
        _ => Ok(()),
    }
}
