//! A kernel module of any bytes: its dependencies or an error.
#![no_main]

use firstlight_image::ModuleTree;
use libfuzzer_sys::fuzz_target;
use std::{fs, sync::LazyLock};
use tempfile::TempDir;

static FOLDER: LazyLock<TempDir> =
    LazyLock::new(|| tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a folder"));

fuzz_target!(|bytes: &[u8]| {
    fs::write(FOLDER.path().join("a.ko"), bytes).expect("the file is written");
    let tree = ModuleTree::open(FOLDER.path()).expect("the folder is readable");
    let _ = tree.resolve(&["a"]);
});
