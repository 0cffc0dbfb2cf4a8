//! An initrd with names of any text: each is refused or stands in the archive under a path that stays inside it.
#![no_main]

use firstlight_image::{Archive, Node};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut archive = Archive::default();
    for (index, name) in text.split('\n').enumerate() {
        let node = match index % 3 {
            0 => Node::Directory,
            1 => Node::File { mode: 0o644, content: name.as_bytes().to_vec() },
            _ => Node::Symlink(name.to_owned()),
        };
        if archive.insert(name, node).is_ok() {
            assert!(!name.starts_with('/') && name.split('/').all(|part| !["", ".", ".."].contains(&part)), "{name}");
        }
    }
    let mut bytes = Vec::new();
    let _ = archive.write(&mut bytes);
    assert_eq!(bytes.len() % 4, 0);
});
