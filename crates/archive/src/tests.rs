//! Properties that hold for any bytes. Archives made by the real programs are read in `tests/real.rs`.

use super::*;
use proptest::prelude::*;
use std::io::{self, Cursor};

const SMALL: Limits = Limits { unpacked: 1 << 20, members: 1000, names: 64 << 10 };

/// Reads all there is, whatever it is.
fn read_all(bytes: &[u8]) {
    if let Ok(mut archive) = Archive::open(Cursor::new(bytes), SMALL) {
        let paths: Vec<String> = archive.members().iter().take(20).map(|member| member.path.clone()).collect();
        for path in paths {
            let _ = archive.extract(&path, &mut io::sink());
        }
    }
}

proptest! {
    #[test]
    fn any_bytes_behind_any_magic_are_read_or_refused(
        magic in prop::sample::select(MAGICS.to_vec()),
        bytes in prop::collection::vec(any::<u8>(), 0..2048),
    ) {
        read_all(&[magic, &bytes].concat());
    }
}

const MAGICS: [&[u8]; 9] = [
    b"",
    b"PK\x03\x04",
    b"PK\x05\x06",
    b"070701",
    b"!<arch>\n",
    &[0xed, 0xab, 0xee, 0xdb],
    &[0x1f, 0x8b, 8],
    &[0xfd, b'7', b'z', b'X', b'Z', 0],
    &[0x28, 0xb5, 0x2f, 0xfd],
];

#[test]
fn what_is_no_archive_says_what_it_is() {
    let said = |bytes: &[u8]| Archive::open(Cursor::new(bytes), SMALL).unwrap_err().to_string();
    assert!(said(b"").ends_with("it is empty"));
    assert!(said(b"<!doctype html>").ends_with("perhaps an error from the server that it came from"));
    assert!(said(b"MZ and so on").ends_with("a program or kernel for EFI"));
}
