//! Volume descriptors and path tables (ECMA-119, 8 and 9.4; the Joliet specification).

use super::{
    Extent, Layout, PATH_TABLES,
    bytes::{Bytes, SECTOR},
    folder::root_record,
};

/// What Joliet writes where its names are UCS-2, level 3.
const UCS_2: [u8; 3] = *b"%/E";
/// The path table of a volume with one folder.
const PATH_TABLE_LENGTH: u32 = 10;

pub(super) fn primary(label: &str, layout: &Layout) -> Vec<u8> {
    descriptor(
        1,
        [0; 3],
        layout,
        layout.primary,
        PATH_TABLES,
        |bytes, length| bytes.text("", length),
        |bytes| {
            bytes.text(label, 32);
        },
    )
}

pub(super) fn joliet(label: &str, layout: &Layout) -> Vec<u8> {
    let blank = |bytes: &mut Bytes, length| bytes.wide_text("", length);
    descriptor(2, UCS_2, layout, layout.joliet, PATH_TABLES + 2, blank, |bytes| bytes.wide_text(label, 32))
}

/// 8.3: the end of the descriptors.
pub(super) fn end() -> Vec<u8> {
    let mut bytes = Bytes::default();
    head(&mut bytes, 255);
    bytes.pad_to(SECTOR);
    bytes.0
}

fn head(bytes: &mut Bytes, kind: u8) {
    bytes.byte(kind);
    bytes.extend(b"CD001\x01");
}

/// 8.4 and 8.5, which differ only in how texts are written.
fn descriptor(
    kind: u8,
    escapes: [u8; 3],
    layout: &Layout,
    root: Extent,
    path_tables: u32,
    blank: impl Fn(&mut Bytes, usize),
    label: impl Fn(&mut Bytes),
) -> Vec<u8> {
    let mut bytes = Bytes::default();
    head(&mut bytes, kind);
    bytes.byte(0);
    blank(&mut bytes, 32); // system
    label(&mut bytes);
    bytes.zeros(8);
    bytes.both32(layout.end);
    bytes.extend(&escapes);
    bytes.zeros(32 - escapes.len());
    bytes.both16(1); // volumes in the set
    bytes.both16(1); // this one's number
    bytes.both16(SECTOR as u16);
    bytes.both32(PATH_TABLE_LENGTH);
    bytes.extend(&path_tables.to_le_bytes());
    bytes.zeros(4);
    bytes.extend(&(path_tables + 1).to_be_bytes());
    bytes.zeros(4);
    bytes.extend(&root_record(root));
    // Volume set, publisher, preparer, application; files with a copyright, an abstract, a bibliography.
    for length in [128, 128, 128, 128, 37, 37, 37] {
        blank(&mut bytes, length);
    }
    // Made and changed in 1970; it never expires, and holds from whenever.
    for time in [&b"1970010100000000"[..], b"1970010100000000", b"0000000000000000", b"0000000000000000"] {
        bytes.extend(time);
        bytes.byte(0);
    }
    bytes.byte(1);
    bytes.pad_to(SECTOR);
    bytes.0
}

/// 9.4: the root, and nothing else.
pub(super) fn path_table(root: Extent, number32: fn(u32) -> [u8; 4], number16: fn(u16) -> [u8; 2]) -> Vec<u8> {
    let mut bytes = Bytes::default();
    bytes.extend(&[1, 0]);
    bytes.extend(&number32(root.sector));
    bytes.extend(&number16(1));
    bytes.extend(&[0, 0]);
    bytes.pad_to(SECTOR);
    bytes.0
}
