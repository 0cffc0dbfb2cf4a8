//! The volumes are read by `blkid` and by the kernel, with and without Rock Ridge, in `tests/tests/seed.rs`. Here is what
//! needs neither.

use super::*;

fn seed() -> Volume {
    let mut volume = Volume::new("cidata").unwrap();
    for name in ["user-data", "meta-data", "network-config", "vendor-data"] {
        volume.insert(name, format!("{name} of kitt\n").into_bytes()).unwrap();
    }
    volume
}

#[test]
fn the_same_files_give_the_same_bytes() {
    let bytes = seed().build().unwrap();
    assert_eq!(bytes, seed().build().unwrap());
    assert_eq!(bytes.len() % SECTOR, 0);
    assert_eq!(&bytes[16 * SECTOR + 1..16 * SECTOR + 6], b"CD001");
    assert_eq!(&bytes[16 * SECTOR + 40..16 * SECTOR + 46], b"cidata");
    assert_eq!(&bytes[17 * SECTOR + 40..17 * SECTOR + 46], b"\0c\0i\0d");
}

#[test]
fn the_size_that_it_says_is_its_size() {
    let bytes = seed().build().unwrap();
    let said = u32::from_le_bytes(bytes[16 * SECTOR + 80..16 * SECTOR + 84].try_into().unwrap());
    assert_eq!(said as usize * SECTOR, bytes.len());
}

#[test]
fn a_file_lies_where_the_folder_says() {
    let bytes = seed().build().unwrap();
    let name = b"NM\x0e\x01\x00user-data";
    let at = bytes.windows(name.len()).position(|window| window == name).unwrap();
    // Behind a record's head of 33 bytes, `USER_DATA.;1` and `PX`.
    let record = &bytes[at - 36 - 12 - 1 - 33..];
    let sector = u32::from_le_bytes(record[2..6].try_into().unwrap()) as usize;
    let length = u32::from_le_bytes(record[10..14].try_into().unwrap()) as usize;
    assert_eq!(&bytes[sector * SECTOR..][..length], b"user-data of kitt\n");
}

#[test]
fn many_files_and_an_empty_one_go_in() {
    let mut volume = Volume::new("many").unwrap();
    for number in 0..200 {
        volume.insert(&format!("a-file-whose-name-is-long-and-begins-like-others-{number}"), Vec::new()).unwrap();
    }
    let layout = volume.layout().unwrap();
    assert!(layout.primary.length as usize > 10 * SECTOR);
    assert_eq!(volume.build().unwrap().len(), layout.end as usize * SECTOR);
}

#[test]
fn names_that_a_dialect_cannot_hold_are_refused() {
    let mut volume = seed();
    for name in ["", "a/b", ".hidden", "ä", &"x".repeat(65)] {
        assert!(volume.insert(name, Vec::new()).is_err(), "{name}");
    }
    assert!(Volume::new("a label with spaces").is_err());
    assert!(Volume::new("").is_err());
}

#[test]
fn files_are_told_apart_by_their_short_names_too() {
    let mut volume = Volume::new("x").unwrap();
    volume.insert("a-b", b"1".to_vec()).unwrap();
    volume.insert("a_b", b"2".to_vec()).unwrap();
    let bytes = volume.build().unwrap();
    for short in [&b"\x06A_B.;1"[..], b"\x0cA_B000001.;1"] {
        assert!(bytes.windows(short.len()).any(|window| window == short), "{short:?}");
    }
}
