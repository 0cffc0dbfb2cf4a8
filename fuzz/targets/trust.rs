//! Keys, signatures, clear-signed texts and lists of any bytes: a verdict or an error. The first byte says which.
#![no_main]

use firstlight_model::Timestamp;
use firstlight_trust::{lists, minisign, openpgp::Keys};
use libfuzzer_sys::fuzz_target;
use std::{io::Cursor, sync::LazyLock};

const NOW: Timestamp = Timestamp(1_900_000_000_000);
static KEYS: LazyLock<Keys> =
    LazyLock::new(|| Keys::read(include_bytes!("../../crates/trust/tests/samples/key.gpg")).expect("a key"));

fuzz_target!(|bytes: &[u8]| {
    let Some((kind, bytes)) = bytes.split_first() else { return };
    match kind % 5 {
        0 => drop(Keys::read(bytes)),
        1 => assert!(KEYS.verify(Cursor::new(b"what nobody has signed"), bytes, NOW).is_err()),
        2 => drop(KEYS.verify_clear_signed(bytes, NOW)),
        3 => drop(lists::find(bytes, "https://example.org/images/linux")),
        _ => {
            let key = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3".parse::<minisign::Key>().expect("a key");
            assert!(minisign::verify(&[key], Cursor::new(b"what nobody has signed"), bytes).is_err());
        }
    }
});
