//! `ipfs:` URLs: the file's name is its hash, so whoever has its blocks may send them
//! (<https://specs.ipfs.tech/http-gateways/trustless-gateway/>).
//!
//! Each block is compared with its CID before anything is read in it, so no gateway is trusted: one that sends something
//! else, or nothing, costs a try of the next one, and is asked less from then on. Where there are several gateways, the next
//! blocks are fetched from all of them at once; where there is one, it is asked for all blocks in one stream first (CAR).
//!
//! What is here of a file already is compared with its tree before it is gone on with: only the tree's inner blocks are
//! fetched again for that. Absent: the peers' own protocols, names that change (IPNS), and gateways that must be trusted.

mod ahead;
mod gateways;
mod reader;
mod stream;
#[cfg(test)]
mod tests;

use super::{Ask, Patience, SourceError, Stream, http::Http};
use firstlight_ipfs::Address;
use gateways::Gateways;
pub(crate) use gateways::Warning;
use reader::Reader;
use std::{
    io::{self, Read},
    os::unix::fs::FileExt,
    sync::Arc,
};

/// Every gateway, and how it has done so far.
#[derive(Debug)]
pub(super) struct Ipfs {
    gateways: Arc<Gateways>,
}

impl Ipfs {
    pub(super) fn new(http: &Arc<Http>, gateways: &[String], patience: &Patience) -> Ipfs {
        Ipfs { gateways: Arc::new(Gateways::new(http, gateways, patience)) }
    }

    pub(super) fn open(&self, ask: &Ask<'_>) -> Result<Stream, SourceError> {
        let address: Address = ask.url.parse().map_err(|error| SourceError::Final(format!("{error}")))?;
        if self.gateways.is_empty() {
            let next = "name one in the site, such as that of a node of your own: \
                        `assets { gateways = [\"http://127.0.0.1:8080\"] }`";
            return Err(SourceError::Final(format!("no IPFS gateway is known: {next}")));
        }
        let have = ask.have.filter(|_| ask.from > 0).map(|file| file.try_clone()).transpose();
        let have = have.unwrap_or_default().map(|file| (file, ask.from));
        let mut reader = Reader::new(self.gateways.clone(), &address, have);
        let starts_at = match go_on(&mut reader, ask) {
            Ok(true) => ask.from,
            Ok(false) => {
                reader = Reader::new(self.gateways.clone(), &address, None);
                0
            }
            Err(error) => return Err(SourceError::of_read(error, 0, None)),
        };
        let total = reader.size().map_err(|error| SourceError::of_read(error, 0, None))?;
        let (warnings, validator) = (reader.warnings(), Some(address.to_string()));
        Ok(Stream {
            body: Box::new(reader),
            total: Some(total),
            starts_at,
            validator,
            warnings,
            verified: true,
            sha256: None,
        })
    }
}

/// Reads as far as there are bytes already, and compares. False where they are not the file's, or cannot be read.
fn go_on(reader: &mut Reader, ask: &Ask<'_>) -> io::Result<bool> {
    if ask.from == 0 {
        return Ok(true);
    }
    let Some(have) = ask.have else { return Ok(false) };
    let (mut at, mut read, mut there) = (0, vec![0; 256 << 10], vec![0; 256 << 10]);
    while at < ask.from {
        let wanted = read.len().min(usize::try_from(ask.from - at).unwrap_or(usize::MAX));
        let n = reader.read(read.get_mut(..wanted).unwrap_or_default())?;
        let (Some(read), Some(there)) = (read.get(..n), there.get_mut(..n)) else { return Ok(false) };
        if n == 0 || have.read_exact_at(there, at).is_err() || read != there {
            return Ok(false);
        }
        at += n as u64;
    }
    Ok(true)
}
