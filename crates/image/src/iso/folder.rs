//! The root folder, once for each dialect: its records (ECMA-119, 9.1), and what Rock Ridge puts behind them (SUSP 1.10,
//! RRIP 1.09).

use super::{
    Extent, Layout,
    bytes::{Bytes, SECTOR},
};

/// How names are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// A name of ECMA-119's few characters, and behind it the real one.
    RockRidge,
    /// The real name in UCS-2.
    Joliet,
}

/// The root folder.
pub(super) struct Folder<'a> {
    pub(super) dialect: Dialect,
    /// In their order.
    pub(super) names: Vec<&'a str>,
}

const ITSELF: &[u8] = &[0];
const ABOVE: &[u8] = &[1];
const IS_FOLDER: u8 = 2;
/// 1970-01-01 00:00:00, in 9.1.5's seven bytes.
const WHEN: [u8; 7] = [70, 1, 1, 0, 0, 0, 0];
/// POSIX modes: a folder, a file; for all to read.
const FOLDER_MODE: u32 = 0o040_555;
const FILE_MODE: u32 = 0o100_444;

impl Folder<'_> {
    /// How many bytes it takes: whole sectors.
    pub(super) fn length(&self) -> usize {
        let nowhere = Extent { sector: 0, length: 0 };
        let layout = Layout {
            primary: nowhere,
            joliet: nowhere,
            continuation: 0,
            files: vec![nowhere; self.names.len()],
            end: 0,
        };
        self.write(&layout).len()
    }

    pub(super) fn write(&self, layout: &Layout) -> Vec<u8> {
        let own = match self.dialect {
            Dialect::RockRidge => layout.primary,
            Dialect::Joliet => layout.joliet,
        };
        let mut records = vec![self.special(ITSELF, own, layout), self.special(ABOVE, own, layout)];
        let mut files: Vec<_> = self.identifiers().into_iter().zip(&self.names).zip(&layout.files).collect();
        // By what is written: ECMA-119 9.3.
        files.sort_by(|((a, _), _), ((b, _), _)| a.cmp(b));
        for ((identifier, name), extent) in files {
            let behind = match self.dialect {
                Dialect::RockRidge => [attributes(FILE_MODE, 1), real_name(name)].concat(),
                Dialect::Joliet => Vec::new(),
            };
            records.push(record(&identifier, *extent, 0, &behind));
        }
        in_sectors(&records)
    }

    /// The records of the folder itself and of the one above, which is the same.
    fn special(&self, identifier: &[u8], own: Extent, layout: &Layout) -> Vec<u8> {
        let behind = match (self.dialect, identifier) {
            (Dialect::Joliet, _) => Vec::new(),
            (Dialect::RockRidge, ITSELF) => {
                [here_it_begins(), attributes(FOLDER_MODE, 2), goes_on_in(layout.continuation)].concat()
            }
            (Dialect::RockRidge, _) => attributes(FOLDER_MODE, 2),
        };
        record(identifier, own, IS_FOLDER, &behind)
    }

    /// The names as the dialect writes them, in the order of the real ones.
    fn identifiers(&self) -> Vec<Vec<u8>> {
        match self.dialect {
            Dialect::Joliet => self.names.iter().map(|name| wide(name)).collect(),
            Dialect::RockRidge => short_names(&self.names),
        }
    }
}

/// Without the version that ECMA-119 puts behind names, as other writers of Joliet have it.
fn wide(name: &str) -> Vec<u8> {
    name.encode_utf16().flat_map(u16::to_be_bytes).collect()
}

/// Names of capital letters, digits and `_`, at most 30 (ECMA-119 10.2), no two the same.
fn short_names(names: &[&str]) -> Vec<Vec<u8>> {
    let mut taken = std::collections::BTreeSet::new();
    let short = |(at, name): (usize, &&str)| {
        let letter = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
        let mut short: String = name.chars().map(letter).take(24).collect();
        if !taken.insert(short.clone()) {
            short = format!("{short}{at:06}").chars().take(30).collect();
        }
        format!("{short}.;1").into_bytes()
    };
    names.iter().enumerate().map(short).collect()
}

/// The root's record within a descriptor: nothing follows it.
pub(super) fn root_record(root: Extent) -> Vec<u8> {
    record(ITSELF, root, IS_FOLDER, &[])
}

/// 9.1. Names and what is behind them are short enough here for a record's 255 bytes.
fn record(identifier: &[u8], extent: Extent, flags: u8, behind: &[u8]) -> Vec<u8> {
    let mut bytes = Bytes::default();
    bytes.zeros(2); // its length, known at the end; no extended attributes
    bytes.both32(extent.sector);
    bytes.both32(extent.length);
    bytes.extend(&WHEN);
    bytes.extend(&[flags, 0, 0]); // not interleaved
    bytes.both16(1);
    bytes.byte(identifier.len() as u8);
    bytes.extend(identifier);
    bytes.zeros(bytes.0.len() % 2);
    bytes.extend(behind);
    bytes.zeros(bytes.0.len() % 2);
    let length = bytes.0.len() as u8;
    if let Some(first) = bytes.0.first_mut() {
        *first = length;
    }
    bytes.0
}

/// No record lies across the end of a sector (6.8.1.1).
fn in_sectors(records: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = Bytes::default();
    for record in records {
        let used = bytes.0.len() % SECTOR;
        if used + record.len() > SECTOR {
            bytes.zeros(SECTOR - used);
        }
        bytes.extend(record);
    }
    bytes.zeros(bytes.0.len().wrapping_neg() % SECTOR);
    bytes.0
}

/// SUSP 5.3, `SP`: what follows records here is of SUSP.
fn here_it_begins() -> Vec<u8> {
    b"SP\x07\x01\xbe\xef\x00".to_vec()
}

/// SUSP 5.1, `CE`: where the entries of this record go on.
fn goes_on_in(sector: u32) -> Vec<u8> {
    let mut bytes = Bytes::default();
    bytes.extend(b"CE\x1c\x01");
    bytes.both32(sector);
    bytes.both32(0);
    bytes.both32(extension().len() as u32);
    bytes.0
}

/// RRIP 4.1.1, `PX`: mode, links, owner, group.
fn attributes(mode: u32, links: u32) -> Vec<u8> {
    let mut bytes = Bytes::default();
    bytes.extend(b"PX\x24\x01");
    [mode, links, 0, 0].into_iter().for_each(|number| bytes.both32(number));
    bytes.0
}

/// RRIP 4.1.4, `NM`: the real name.
fn real_name(name: &str) -> Vec<u8> {
    let mut bytes = Bytes::default();
    bytes.extend(b"NM");
    bytes.byte(5 + name.len() as u8);
    bytes.extend(&[1, 0]);
    bytes.extend(name.as_bytes());
    bytes.0
}

/// SUSP 5.5, `ER`: that the entries are of RRIP.
fn extension() -> Vec<u8> {
    const IDENTIFIER: &[u8] = b"RRIP_1991A";
    const DESCRIPTOR: &[u8] = b"THE ROCK RIDGE INTERCHANGE PROTOCOL PROVIDES SUPPORT FOR POSIX FILE SYSTEM SEMANTICS";
    let mut bytes = Bytes::default();
    bytes.extend(b"ER");
    bytes.byte((8 + IDENTIFIER.len() + DESCRIPTOR.len()) as u8);
    bytes.extend(&[1, IDENTIFIER.len() as u8, DESCRIPTOR.len() as u8, 0, 1]);
    bytes.extend(IDENTIFIER);
    bytes.extend(DESCRIPTOR);
    bytes.0
}

/// The sector with what did not fit into the root folder's record.
pub(super) fn what_rock_ridge_is() -> Vec<u8> {
    let mut bytes = Bytes(extension());
    bytes.pad_to(SECTOR);
    bytes.0
}
