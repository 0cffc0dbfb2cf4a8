//! Files and directories made by hand, right and wrong.

use super::*;
use crate::{
    Codec, Multihash,
    build::{self, Blocks, Shape, Type, data},
};
use proptest::prelude::*;

const SMALL: Shape = Shape { chunk: 10, width: 3, raw_leaves: true };

fn bytes(length: usize) -> Vec<u8> {
    (0..length).map(|index| (index * index / 7) as u8).collect()
}

fn walk(blocks: &Blocks, path: &str) -> Walk {
    let path = path.split('/').filter(|name| !name.is_empty()).map(str::to_owned).collect();
    Walk::new(&Address { cid: blocks.root().clone(), path })
}

/// Reads a file, with blocks that come in an order which `pick` chooses from those that are wanted.
fn read_with(blocks: &Blocks, path: &str, pick: impl Fn(usize) -> usize) -> Result<Vec<u8>, String> {
    let (mut walk, mut read) = (walk(blocks, path), Vec::new());
    loop {
        match walk.next().map_err(|error| error.to_string())? {
            Step::Bytes(chunk) => read.extend_from_slice(&chunk),
            Step::End => {
                assert_eq!(walk.size(), Some(read.len() as u64));
                return Ok(read);
            }
            Step::Wants => {
                let wants = walk.wanted(6);
                let want = &wants[pick(wants.len()) % wants.len()];
                let bytes = blocks.get(&want.cid).ok_or_else(|| format!("nobody has {}", want.cid))?;
                let block = Block::verify(&want.cid, bytes).map_err(|error| error.to_string())?;
                walk.give(&block).map_err(|error| error.to_string())?;
            }
        }
    }
}

fn read(blocks: &Blocks, path: &str) -> Result<Vec<u8>, String> {
    read_with(blocks, path, |_| 0)
}

/// What reading says, with the names of the blocks by what they are here.
fn error(blocks: &Blocks, path: &str, named: &[(&str, &Blocks)]) -> String {
    let error = read(blocks, path).unwrap_err();
    named.iter().fold(error, |error, (name, of)| error.replace(&of.root().to_string(), name))
}

#[test]
fn a_file_in_one_raw_block() {
    assert_eq!(read(&Blocks::one(Codec::Raw, b"hello".to_vec()), "").unwrap(), b"hello");
    assert_eq!(read(&Blocks::one(Codec::Raw, Vec::new()), "").unwrap(), b"");
}

#[test]
fn a_file_of_any_depth_and_both_kinds_of_leaves() {
    for raw_leaves in [true, false] {
        for length in [0, 1, 10, 11, 30, 31, 1000] {
            let blocks = build::file(&bytes(length), Shape { raw_leaves, ..SMALL });
            assert_eq!(read(&blocks, "").unwrap(), bytes(length), "{length} {raw_leaves}");
        }
    }
}

#[test]
fn bytes_in_a_node_come_before_its_parts() {
    let parts = [b"world".as_slice(), b"!"].map(|part| Blocks::one(Codec::Raw, part.to_vec()));
    let root = Blocks::node(&[("", &parts[0]), ("", &parts[1])], &data(Type::File, b"hello ", Some(12), &[5, 1]));
    assert_eq!(read(&root, "").unwrap(), b"hello world!");
}

#[test]
fn an_identity_cid_is_read_without_a_block() {
    let inline = |text: &[u8]| {
        let blocks = Blocks::one(Codec::Raw, text.to_vec());
        blocks.with_root(Cid::new(Codec::Raw, Multihash::identity(text).unwrap()))
    };
    assert_eq!(read(&inline(b"small"), "").unwrap(), b"small");
    let (hello, world) = (inline(b"hello "), inline(b"world"));
    let root = Blocks::node(&[("", &hello), ("", &world)], &data(Type::File, &[], Some(11), &[6, 5]));
    assert_eq!(read(&root, "").unwrap(), b"hello world");
    let mut walk = walk(&root, "");
    walk.give(&Block::verify(root.root(), root.get(root.root()).unwrap()).unwrap()).unwrap();
    assert_eq!(walk.wanted(8), []);
}

#[test]
fn a_path_leads_through_directories_to_a_file() {
    let (linux, initrd) = (build::file(&bytes(99), SMALL), build::file(b"initrd", SMALL));
    let boot = build::directory(&[("vmlinuz", &linux), ("initrd.img", &initrd)]);
    let root = build::directory(&[("boot", &boot), ("empty", &build::directory(&[]))]);
    assert_eq!(read(&root, "boot/vmlinuz").unwrap(), bytes(99));
    assert_eq!(read(&root, "boot/initrd.img").unwrap(), b"initrd");

    let named = [("ROOT", &root), ("BOOT", &boot), ("LINUX", &linux)];
    assert_eq!(
        error(&root, "boot", &named),
        "block BOOT is a directory, and a file is wanted: add the name of one to the path (there are: vmlinuz, initrd.img)"
    );
    assert_eq!(
        error(&root, "bot/vmlinuz", &named),
        r#"block ROOT is a directory without "bot" (there are: boot, empty)"#
    );
    assert_eq!(error(&root, "empty/x", &[]).split_once(" is ").unwrap().1, r#"a directory without "x""#);
    let through = error(&root, "boot/vmlinuz/x", &named);
    assert_eq!(through, r#"block LINUX is not a directory, and the path goes on with "x""#);
}

#[test]
fn an_error_names_some_entries_of_a_large_directory() {
    let file = Blocks::one(Codec::Raw, b"x".to_vec());
    let names: Vec<String> = (0..20).map(|index| format!("file{index}\x1b")).collect();
    let entries: Vec<(&str, &Blocks)> = names.iter().map(|name| (name.as_str(), &file)).collect();
    let message = error(&build::directory(&entries), "", &[]);
    assert!(message.ends_with(r"file7\u{1b}, and 12 more)"), "{message}");
}

#[test]
fn a_name_is_found_in_a_sharded_directory() {
    let files: Vec<(String, Blocks)> = (0..2000)
        .map(|index| (format!("file-{index}"), Blocks::one(Codec::Raw, format!("content {index}").into_bytes())))
        .collect();
    let entries: Vec<(&str, &Blocks)> = files.iter().map(|(name, file)| (name.as_str(), file)).collect();
    let root = build::directory(&[("many", &build::sharded(&entries))]);
    for index in [0, 1, 77, 1234, 1999] {
        assert_eq!(read(&root, &format!("many/file-{index}")).unwrap(), format!("content {index}").into_bytes());
    }
    assert!(error(&root, "many/file-2000", &[]).ends_with(r#"is a directory without "file-2000""#));
    assert!(error(&root, "many", &[]).contains("is a directory, and a file is wanted"));
}

#[test]
fn a_shard_that_breaks_the_rules_is_refused() {
    let file = Blocks::one(Codec::Raw, b"x".to_vec());
    let shard = |fields: &[(u64, u64)]| {
        let mut bytes = data(Type::Shard, &[], None, &[]);
        fields.iter().for_each(|(field, value)| crate::protobuf::put_number(*field, *value, &mut bytes));
        error(&Blocks::node(&[("00x", &file)], &bytes), "x", &[])
    };
    assert!(shard(&[(5, 0x12), (6, 256)]).contains("its hash function is 0x12, and UnixFS allows only murmur3"));
    assert!(shard(&[(5, 0x22), (6, 100)]).contains("it has 100 slots"));
    assert!(shard(&[(5, 0x22), (6, 1 << 40)]).contains("it has 1099511627776 slots"));
    assert!(shard(&[(5, 0x22), (6, 0)]).contains("it has 0 slots"));

    // Every slot leads to the next shard, and the name's hash has no bits left.
    let slots: Vec<String> = (0..256).map(|slot| format!("{slot:02X}")).collect();
    let mut fields = data(Type::Shard, &[], None, &[]);
    crate::protobuf::put_number(5, 0x22, &mut fields);
    crate::protobuf::put_number(6, 256, &mut fields);
    let deep = (0..9).fold(file.clone(), |below, _| {
        let links: Vec<(&str, &Blocks)> = slots.iter().map(|slot| (slot.as_str(), &below)).collect();
        Blocks::node(&links, &fields).with_size(0)
    });
    assert!(error(&deep, "x", &[]).contains("nested deeper than a name's hash has bits"));
}

#[test]
fn a_symbolic_link_is_never_followed() {
    let link = Blocks::node(&[], &data(Type::Symlink, b"../../etc/passwd", None, &[]));
    let root = build::directory(&[("link", &link)]);
    let expected = r#"block LINK is a symbolic link to "../../etc/passwd", and links are not followed: give the path of the file itself"#;
    assert_eq!(error(&root, "link", &[("LINK", &link)]), expected);
    assert_eq!(error(&root, "link/x", &[("LINK", &link)]), expected);
}

#[test]
fn lengths_that_lie_are_refused() {
    let (five, six) = (Blocks::one(Codec::Raw, b"12345".to_vec()), Blocks::one(Codec::Raw, b"123456".to_vec()));
    let wrong = |links: &[(&str, &Blocks)], size, parts: &[u64]| {
        let root = Blocks::node(links, &data(Type::File, &[], Some(size), parts));
        error(&root, "", &[("ROOT", &root), ("FIVE", &five)])
    };
    assert_eq!(wrong(&[("", &five), ("", &six)], 12, &[5, 6]), "block ROOT declares 12 bytes, and has 11");
    assert_eq!(wrong(&[("", &five)], 6, &[6]), "block FIVE declares 6 bytes, and has 5");
    assert_eq!(wrong(&[("", &five)], 4, &[4]), "block FIVE declares 4 bytes, and has 5");
    assert_eq!(wrong(&[("", &five)], 0, &[]), "block ROOT has 1 parts, and declares the lengths of 0");
    assert_eq!(wrong(&[("", &five), ("", &five)], 5, &[5, 0]), "block ROOT has a part of 0 bytes");
    assert_eq!(
        wrong(&[("", &five), ("", &five)], 4, &[u64::MAX, 5]),
        "block ROOT declares more bytes than there can be"
    );
}

#[test]
fn what_is_no_part_of_a_file_is_refused() {
    let inside = |part: &Blocks| {
        let root = Blocks::node(&[("", part)], &data(Type::File, &[], Some(1), &[1]));
        error(&root, "", &[("PART", part)])
    };
    assert_eq!(inside(&build::directory(&[])), "block PART is a directory, where a file or a part of one is wanted");
    assert!(inside(&Blocks::one(Codec::Other(0x71), vec![0xa0])).contains("is dag-cbor: files are made of raw"));
    assert!(inside(&Blocks::one(Codec::DagPb, b"garbage".to_vec())).contains("is no node of a file or directory"));
    assert!(inside(&Blocks::node(&[], b"\xff")).contains("is no node of a file or directory"));
    assert!(inside(&Blocks::node(&[], &data(Type::Symlink, b"x", None, &[]))).contains("is a symbolic link"));
    assert!(error(&Blocks::one(Codec::DagPb, Vec::new()), "", &[]).contains("it has no data"));
    assert!(error(&Blocks::one(Codec::Other(0x71), vec![0xa0]), "x", &[]).contains("is dag-cbor"));
}

/// Each level has the one below twice: 2^40 bytes in 41 blocks. It is as long as it says, so only its depth stops it.
#[test]
fn a_bomb_of_repetitions_is_read_lazily_and_has_a_depth() {
    let doubled = |levels: u32| {
        (0..levels).fold(Blocks::one(Codec::Raw, vec![0]), |below, level| {
            let half = 1_u64 << level;
            Blocks::node(&[("", &below), ("", &below)], &data(Type::File, &[], Some(2 * half), &[half; 2])).with_size(0)
        })
    };
    let mut walk = walk(&doubled(32), "");
    let bomb = doubled(32);
    for _ in 0..33 {
        assert!(matches!(walk.next().unwrap(), Step::Wants));
        let want = walk.wanted(1).remove(0);
        walk.give(&Block::verify(&want.cid, bomb.get(&want.cid).unwrap()).unwrap()).unwrap();
    }
    assert!(matches!(walk.next().unwrap(), Step::Bytes(chunk) if *chunk == [0]));
    assert_eq!(walk.size(), Some(1 << 32));
    assert!(error(&doubled(33), "", &[]).contains("is more than 32 levels below the root"));
}

/// A block cannot hold its own name, so what would loop is a block that is not what its name says.
#[test]
fn a_loop_has_no_blocks() {
    let root = build::file(&bytes(50), SMALL);
    let want = walk(&root, "").wanted(1).remove(0);
    let below = root.iter().find(|(cid, _)| *cid != root.root()).unwrap();
    assert!(Block::verify(&want.cid, below.1).is_err());
}

#[test]
fn more_parts_than_anybody_makes_are_refused() {
    let part = Blocks::one(Codec::Raw, vec![1]);
    let wide = |count: usize| {
        let links = vec![("", &part); count];
        Blocks::node(&links, &data(Type::File, &[], Some(count as u64), &vec![1; count]))
    };
    assert_eq!(read(&wide(1 << 14), "").unwrap().len(), 1 << 14);
    assert!(error(&wide((1 << 14) + 1), "", &[]).contains("has 16385 parts, more than the 16384"));
}

#[test]
fn what_comes_next_is_known_ahead_and_where_it_belongs() {
    let file = build::file(&bytes(95), Shape { width: 200, ..SMALL });
    let mut walk = walk(&file, "");
    assert_eq!(walk.size(), None);
    walk.give(&Block::verify(file.root(), file.get(file.root()).unwrap()).unwrap()).unwrap();
    assert_eq!(walk.size(), Some(95));
    let wants = walk.wanted(4);
    let places: Vec<_> = wants.iter().map(|want| want.bytes.clone().unwrap()).collect();
    assert_eq!(places, [0..10, 10..20, 20..30, 30..40]);
    // The third comes first: it waits, the first two are still wanted, and nothing beyond the window is.
    walk.give(&Block::verify(&wants[2].cid, bytes(30)[20..].to_vec()).unwrap()).unwrap();
    assert!(matches!(walk.next().unwrap(), Step::Wants));
    let places: Vec<_> = walk.wanted(4).into_iter().map(|want| want.bytes.unwrap().start).collect();
    assert_eq!(places, [0, 10, 30]);
}

#[test]
fn a_block_that_is_repeated_is_asked_for_once() {
    let file = build::file(&[0; 600], Shape { width: 100, ..SMALL });
    let mut walk = walk(&file, "");
    for _ in 0..2 {
        let wants = walk.wanted(50);
        assert_eq!(wants.len(), 1);
        walk.give(&Block::verify(&wants[0].cid, file.get(&wants[0].cid).unwrap()).unwrap()).unwrap();
    }
    assert_eq!(walk.wanted(100), []);
}

proptest! {
    #[test]
    fn a_file_reads_back_in_whatever_order_its_blocks_come(
        length in 0..3000_usize,
        chunk in 1..200_usize,
        width in 2..9_usize,
        raw_leaves: bool,
        order in prop::collection::vec(any::<usize>(), 1..20),
    ) {
        let blocks = build::file(&bytes(length), Shape { chunk, width, raw_leaves });
        let turn = std::cell::Cell::new(0);
        let pick = |_| { turn.set(turn.get() + 1); order[turn.get() % order.len()] };
        prop_assert_eq!(read_with(&blocks, "", pick), Ok(bytes(length)));
    }

    /// What is in a block is up to whoever made it, and its hash is right all the same.
    #[test]
    fn any_bytes_are_a_node_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200), path in "|a|a/b") {
        let _ = read(&Blocks::one(Codec::DagPb, bytes.clone()), &path);
        let _ = read(&Blocks::node(&[], &bytes), &path);
    }

    #[test]
    fn a_node_with_a_byte_changed_is_read_or_refused(at: usize, byte: u8, path in "|a|a/b") {
        let file = build::file(&bytes(40), SMALL);
        for blocks in [build::directory(&[("a", &file)]), build::sharded(&[("a", &file)]), file] {
            let mut bytes = blocks.get(blocks.root()).unwrap().to_vec();
            let at = at % bytes.len();
            bytes[at] = byte;
            let _ = read(&Blocks::one(Codec::DagPb, bytes), &path);
        }
    }
}
