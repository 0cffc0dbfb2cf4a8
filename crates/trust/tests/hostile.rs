//! Whatever comes as a key or a signature: an answer, and the right one.
#![allow(clippy::unwrap_used, clippy::panic)]

use firstlight_model::Timestamp;
use firstlight_trust::{minisign, openpgp::Keys};
use proptest::prelude::*;
use std::{io::Cursor, sync::LazyLock};

const KEY: &[u8] = include_bytes!("samples/key.gpg");
const DATA: &[u8] = include_bytes!("samples/data");
const SIGNATURE: &[u8] = include_bytes!("samples/data.sig");
const CLEAR: &[u8] = include_bytes!("samples/data.asc");
/// In the year 2030.
const NOW: Timestamp = Timestamp(1_900_000_000_000);

static KEYS: LazyLock<Keys> = LazyLock::new(|| Keys::read(KEY).unwrap());

/// Bytes with some of them exchanged, and cut off.
fn changed(bytes: &'static [u8]) -> impl Strategy<Value = Vec<u8>> {
    let changes = proptest::collection::vec((0..bytes.len(), any::<u8>()), 0..4);
    (changes, 0..=bytes.len()).prop_map(move |(changes, length)| {
        let mut changed = bytes.to_vec();
        for (at, byte) in changes {
            changed[at] = byte;
        }
        // Half of the time nothing is cut off.
        changed.truncate(if length % 2 == 0 { bytes.len() } else { length });
        changed
    })
}

#[test]
fn the_samples_are_good() {
    KEYS.verify(Cursor::new(DATA), SIGNATURE, NOW).unwrap();
    let (_, body) = KEYS.verify_clear_signed(CLEAR, NOW).unwrap();
    assert_eq!(body.as_bytes(), DATA.trim_ascii_end());
}

proptest! {
    // A signature takes long to verify in a build for tests.
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_bytes(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Keys::read(&bytes);
        prop_assert!(KEYS.verify(Cursor::new(DATA), &bytes, NOW).is_err());
        prop_assert!(KEYS.verify_clear_signed(&bytes, NOW).is_err());
        prop_assert!(minisign::verify(&[], Cursor::new(DATA), &bytes).is_err());
    }

    /// Whatever is changed in a key, it is not one that vouches for other data.
    #[test]
    fn a_changed_key(key in changed(KEY)) {
        if let Ok(keys) = Keys::read(&key) {
            prop_assert!(keys.verify(Cursor::new(b"other"), SIGNATURE, NOW).is_err());
        }
    }

    #[test]
    fn a_changed_signature(signature in changed(SIGNATURE)) {
        let _ = KEYS.verify(Cursor::new(DATA), &signature, NOW);
        prop_assert!(KEYS.verify(Cursor::new(b"other"), &signature, NOW).is_err());
    }

    /// What comes out of a clear-signed text is what was signed, or nothing.
    #[test]
    fn a_changed_clear_signed_text(text in changed(CLEAR)) {
        if let Ok((_, body)) = KEYS.verify_clear_signed(&text, NOW) {
            prop_assert_eq!(body.as_bytes(), DATA.trim_ascii_end());
        }
    }

    #[test]
    fn changed_data(data in changed(DATA)) {
        prop_assert_eq!(KEYS.verify(Cursor::new(&data), SIGNATURE, NOW).is_ok(), data == DATA);
    }
}
