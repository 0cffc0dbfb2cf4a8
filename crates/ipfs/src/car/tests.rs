//! CARs made by hand, whole and damaged.

use super::*;
use crate::{
    Codec,
    build::{self, Blocks, Shape},
};
use proptest::prelude::*;

fn file() -> Blocks {
    build::file(&(0..200).collect::<Vec<u8>>(), Shape { chunk: 30, width: 3, raw_leaves: true })
}

fn read(bytes: &[u8]) -> Result<Vec<Cid>, String> {
    let mut car = Car::open(bytes).map_err(|error| error.to_string())?;
    let mut cids = Vec::new();
    while let Some(block) = car.next_block().map_err(|error| error.to_string())? {
        cids.push(block.cid().clone());
    }
    Ok(cids)
}

/// The CARv2 around a CARv1, with an index behind it that nobody reads.
fn v2(car: &[u8], padding: usize) -> Vec<u8> {
    let mut bytes = b"\x0a\xa1\x67version\x02".to_vec();
    bytes.extend([0; 16]);
    for number in [51 + padding as u64, car.len() as u64, (51 + padding + car.len()) as u64] {
        bytes.extend(number.to_le_bytes());
    }
    bytes.extend(vec![0; padding]);
    bytes.extend(car);
    bytes.extend(b"an index");
    bytes
}

#[test]
fn every_block_comes_in_the_order_of_the_stream() {
    let file = file();
    let mut order = file.in_order();
    order.reverse();
    order.push(order[0].clone());
    let car = build::car(&file, &order);
    assert_eq!(read(&car).unwrap(), order);
    assert_eq!(Car::open(&car[..]).unwrap().roots(), [file.root().clone()]);
    assert_eq!(read(&v2(&car, 0)).unwrap(), order);
    assert_eq!(read(&v2(&car, 13)).unwrap(), order);
}

#[test]
fn a_stream_that_is_cut_off_says_after_what() {
    let file = file();
    let car = build::car(&file, &file.in_order());
    assert_eq!(read(&car[..car.len() - 1]).unwrap_err(), "it is cut off after 10 blocks");
    assert_eq!(read(&car[..20]).unwrap_err(), "it is cut off after 0 blocks");
    assert_eq!(read(&[]).unwrap_err(), "it is cut off after 0 blocks");
    let v2 = v2(&car, 0);
    assert_eq!(read(&v2[..v2.len() - 9]).unwrap_err(), "it is cut off after 10 blocks");
}

#[test]
fn a_block_that_is_not_what_its_name_says_ends_it() {
    let block = Blocks::one(Codec::Raw, b"hello".to_vec());
    let mut car = build::car(&block, &block.in_order());
    *car.last_mut().unwrap() ^= 1;
    let error = format!("block {}: 5 bytes came that do not have its hash", block.root());
    assert_eq!(read(&car).unwrap_err(), error);
}

#[test]
fn what_is_no_car_is_refused_with_the_reason() {
    for (bytes, error) in [
        (
            &b"<!DOCTYPE html><html>a page of a gateway, and no blocks: it has no mind to serve"[..],
            "it is not a CAR: its header cannot be read",
        ),
        (b"\0", "it is not a CAR: it does not begin with a header"),
        (b"\x80\x80\x80\x80\x10", "it is not a CAR: it does not begin with a header"),
        (b"\x0a\xa1\x67version\x03", "it is a CAR of version 3, and only 1 and 2 are known"),
        (b"\x0a\xa1\x67version\x02", "it is cut off after 0 blocks"),
    ] {
        assert_eq!(read(bytes).unwrap_err(), error);
    }
    let mut inner = b"\x0a\xa1\x67version\x02".to_vec();
    inner = v2(&inner, 0);
    assert_eq!(read(&inner).unwrap_err(), "it is not a CAR: a CARv2 inside a CARv2");
    let mut misplaced = v2(&[], 0);
    misplaced[27..35].copy_from_slice(&7_u64.to_le_bytes());
    assert_eq!(read(&misplaced).unwrap_err(), "it is not a CAR: the data of the CARv2 is out of place");
}

#[test]
fn a_block_without_end_is_refused_before_it_is_read() {
    let block = Blocks::one(Codec::Raw, b"hello".to_vec());
    let mut car = build::car(&block, &[]);
    varint::put(1 << 40, &mut car);
    assert_eq!(read(&car).unwrap_err(), "after 0 blocks comes one of 1099511627776 bytes");
}

proptest! {
    #[test]
    fn a_car_that_is_damaged_anywhere_is_read_in_part_or_refused(at: usize, byte: u8, cut: usize) {
        let file = file();
        let mut car = build::car(&file, &file.in_order());
        let at = at % car.len();
        car[at] = byte;
        car.truncate(cut % (car.len() + 1));
        let _ = read(&car);
        let _ = read(&v2(&car, 0));
    }

    #[test]
    fn any_bytes_are_a_car_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&bytes);
    }
}
