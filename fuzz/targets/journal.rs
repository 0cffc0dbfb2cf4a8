//! Journals of any bytes: leases and events, or an error. A line that begins with `!` gets the checksum that it should
//! have, so that what is behind the checksum is reached too.
#![no_main]

use firstlight_state::{EventFilter, read_events, read_leases};
use libfuzzer_sys::fuzz_target;
use std::{fs, path::PathBuf, sync::LazyLock};
use tempfile::TempDir;

static FOLDER: LazyLock<TempDir> = LazyLock::new(|| {
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a folder");
    ["leases", "events"].iter().for_each(|name| fs::create_dir(folder.path().join(name)).expect("a folder"));
    folder
});

fuzz_target!(|bytes: &[u8]| {
    let lines: Vec<Vec<u8>> = bytes.split(|byte| *byte == b'\n').map(checked).collect();
    let text = lines.join(&b'\n');
    let path = |kind: &str| -> PathBuf { FOLDER.path().join(kind).join("0000000001.log") };
    for kind in ["leases", "events"] {
        let mut file = checked(format!("!{{\"firstlight\":\"{kind}\",\"schema\":1}}").as_bytes());
        file.push(b'\n');
        file.extend_from_slice(&text);
        fs::write(path(kind), &file).expect("the file is written");
    }
    let _ = read_leases(FOLDER.path());
    let _ = read_events(FOLDER.path(), EventFilter::default()).count();
    fs::write(path("leases"), bytes).expect("the file is written");
    let _ = read_leases(FOLDER.path());
});

fn checked(line: &[u8]) -> Vec<u8> {
    match line.strip_prefix(b"!") {
        Some(json) => [format!("{:08x} ", crc32fast::hash(json)).as_bytes(), json].concat(),
        None => line.to_vec(),
    }
}
