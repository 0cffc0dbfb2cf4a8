//! An archive of any kind: its members are listed and read, within the limits, or it is refused.
#![no_main]

use firstlight_archive::{Archive, Limits};
use libfuzzer_sys::fuzz_target;
use std::io::Cursor;

const LIMITS: Limits = Limits { unpacked: 4 << 20, members: 1000, names: 256 << 10 };

fuzz_target!(|bytes: &[u8]| {
    let Ok(mut archive) = Archive::open(Cursor::new(bytes), LIMITS) else { return };
    let paths: Vec<String> = archive.members().iter().take(10).map(|member| member.path.clone()).collect();
    for path in paths {
        let mut content = Vec::new();
        if let Ok(size) = archive.extract(&path, &mut content) {
            assert_eq!(size, content.len() as u64);
        }
    }
});
