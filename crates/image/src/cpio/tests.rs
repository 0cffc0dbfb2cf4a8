//! Archives read back by a reader of the tests' own, and by `cpio` where it is installed.

use super::*;
use proptest::prelude::*;
use std::process::{Command, Stdio};

/// Name, mode, links, device and body of each entry.
type Entry = (String, u32, u32, (u32, u32), Vec<u8>);

fn read(mut bytes: &[u8]) -> Vec<Entry> {
    let mut entries = Vec::new();
    loop {
        let field =
            |i: usize| u32::from_str_radix(std::str::from_utf8(&bytes[6 + 8 * i..14 + 8 * i]).unwrap(), 16).unwrap();
        assert_eq!(&bytes[..6], b"070701");
        let (mode, links, size, names) = (field(1), field(4), field(6) as usize, field(11) as usize);
        let device = (field(9), field(10));
        let name = String::from_utf8(bytes[110..110 + names - 1].to_vec()).unwrap();
        let body = (110 + names).next_multiple_of(4);
        if name == TRAILER {
            assert_eq!(bytes.len(), body);
            return entries;
        }
        entries.push((name, mode, links, device, bytes[body..body + size].to_vec()));
        bytes = &bytes[(body + size).next_multiple_of(4)..];
    }
}

fn bytes(archive: &Archive) -> Vec<u8> {
    let mut out = Vec::new();
    archive.write(&mut out).unwrap();
    out
}

fn file(content: &[u8]) -> Node {
    Node::File { mode: 0o644, content: content.to_vec() }
}

fn sample() -> Archive {
    let mut archive = Archive::default();
    archive.insert("usr/bin/tool", Node::File { mode: 0o755, content: b"#!x".to_vec() }).unwrap();
    archive.insert("usr/lib", Node::Directory).unwrap();
    archive.insert("bin", Node::Symlink("usr/bin".into())).unwrap();
    archive.insert("dev/console", Node::CharDevice { mode: 0o600, major: 5, minor: 1 }).unwrap();
    archive
}

#[test]
fn every_kind_of_node_is_read_back_in_the_order_of_names() {
    let expected: Vec<Entry> = vec![
        ("bin".into(), 0o120_777, 1, (0, 0), b"usr/bin".to_vec()),
        ("dev".into(), 0o040_755, 2, (0, 0), vec![]),
        ("dev/console".into(), 0o020_600, 1, (5, 1), vec![]),
        ("usr".into(), 0o040_755, 4, (0, 0), vec![]),
        ("usr/bin".into(), 0o040_755, 2, (0, 0), vec![]),
        ("usr/bin/tool".into(), 0o100_755, 1, (0, 0), b"#!x".to_vec()),
        ("usr/lib".into(), 0o040_755, 2, (0, 0), vec![]),
    ];
    assert_eq!(read(&bytes(&sample())), expected);
}

#[test]
fn cpio_itself_lists_the_same_names() {
    let Ok(mut cpio) =
        Command::new("cpio").args(["-t", "--quiet"]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()
    else {
        eprintln!("cpio is not installed: the tests' own reader has to do");
        return;
    };
    cpio.stdin.take().unwrap().write_all(&bytes(&sample())).unwrap();
    let output = cpio.wait_with_output().unwrap();
    assert!(output.status.success());
    let names = String::from_utf8(output.stdout).unwrap();
    assert_eq!(names, "bin\ndev\ndev/console\nusr\nusr/bin\nusr/bin/tool\nusr/lib\n");
}

#[test]
fn names_that_would_land_elsewhere_are_refused() {
    let mut archive = sample();
    for name in ["", "/init", "a/", "a//b", "a/../b", ".", "a\0b", TRAILER, &"x".repeat(256), &"x/".repeat(2048)] {
        assert!(archive.insert(name, file(b"")).is_err(), "{name:?}");
    }
    assert!(archive.insert("usr/bin/tool/part", file(b"")).is_err(), "through a file");
    assert!(archive.insert("usr", file(b"")).is_err(), "over a folder that is in use");
}

proptest! {
    #[test]
    fn any_set_of_files_survives_and_its_order_does_not_matter(
        files in prop::collection::btree_map("[a-zé]{1,3}(/[a-z. -]{2,9}x){0,3}", prop::collection::vec(any::<u8>(), 0..9), 0..12),
    ) {
        let build = |names: &mut dyn Iterator<Item = (&String, &Vec<u8>)>| {
            let mut archive = Archive::default();
            // Names go under folders of their own, so that none is both a file and a folder.
            names.for_each(|(name, body)| archive.insert(&format!("{name}/f"), file(body)).unwrap());
            bytes(&archive)
        };
        let forward = build(&mut files.iter());
        prop_assert_eq!(&forward, &build(&mut files.iter().rev()));
        let found: BTreeMap<String, Vec<u8>> = read(&forward).into_iter()
            .filter(|(_, mode, ..)| mode & 0o170_000 == 0o100_000)
            .map(|(name, .., body)| (name, body)).collect();
        let expected: BTreeMap<String, Vec<u8>> = files.into_iter().map(|(n, b)| (format!("{n}/f"), b)).collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn no_name_panics(name in any::<String>()) {
        let mut archive = Archive::default();
        if archive.insert(&name, file(b"x")).is_ok() {
            let entries = read(&bytes(&archive));
            prop_assert_eq!(&entries.last().unwrap().0, &name);
        }
    }
}
