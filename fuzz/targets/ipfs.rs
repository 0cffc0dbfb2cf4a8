//! Names, blocks and CARs of anybody's making. The bytes are read as a CAR, and as blocks that are what their names say:
//! the file that they are is as long as its root declares, or is refused.
#![no_main]

use firstlight_ipfs::{Address, Block, Car, Cid, Codec, Multihash, Recent, Step, Walk};
use libfuzzer_sys::fuzz_target;

/// Enough to see that the lengths are right; a few blocks can be a file of any length.
const ENOUGH: u64 = 1 << 20;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = str::from_utf8(bytes) {
        if let Ok(address) = text.parse::<Address>() {
            assert_eq!(address.to_string().parse(), Ok(address));
        }
    }
    if let Ok(cid) = Cid::try_from(bytes) {
        assert_eq!(cid.to_bytes(), bytes);
        assert_eq!(cid.to_string().parse(), Ok(cid));
    }
    read_car(bytes);
    read_blocks(bytes);
});

fn read_car(bytes: &[u8]) {
    let Ok(mut car) = Car::open(bytes) else { return };
    while let Ok(Some(block)) = car.next_block() {
        assert!(block.cid().hash().fits(block.bytes()) == Some(true));
    }
}

/// A byte says how long a block is, which follows; the last is the root. Links that are changed lead nowhere, but for those
/// that hold their content themselves.
fn read_blocks(bytes: &[u8]) {
    let mut recent = Recent::new(1 << 20);
    let mut root = None;
    let mut rest = bytes;
    while let Some((part, after)) =
        rest.split_first().and_then(|(length, rest)| rest.split_at_checked(*length as usize))
    {
        rest = after;
        for codec in [Codec::Raw, Codec::DagPb] {
            let cid = Cid::new(codec, Multihash::sha2_256(part));
            recent.keep(Block::verify(&cid, part).unwrap());
            root = Some(cid);
        }
    }
    let Some(cid) = root else { return };
    for path in [vec![], vec!["a".to_owned()]] {
        read(&Address { cid: cid.clone(), path }, &recent);
    }
}

fn read(address: &Address, blocks: &Recent) {
    let (mut walk, mut length) = (Walk::new(address), 0);
    loop {
        match walk.next() {
            Ok(Step::Bytes(chunk)) => length += chunk.len() as u64,
            Ok(Step::End) => return assert_eq!(walk.size(), Some(length)),
            Ok(Step::Wants) => match blocks.get(&walk.wanted(4)[0].cid) {
                Some(block) if walk.give(block).is_ok() => {}
                _ => return,
            },
            Err(_) => return,
        }
        assert!(walk.size().is_none_or(|size| length <= size));
        if length > ENOUGH {
            return;
        }
    }
}
