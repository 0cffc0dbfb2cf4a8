//! Signatures by minisign itself.
#![allow(clippy::unwrap_used, clippy::panic)]

use firstlight_trust::minisign::{Error, Key, verify};
use std::{fs, io::Cursor, path::Path, process::Command};

fn minisign(folder: &Path, arguments: &str) {
    let output = Command::new("minisign").args(arguments.split(' ')).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "minisign {arguments}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Whether minisign itself takes the signature of these bytes.
fn taken_by_minisign(folder: &Path, data: &[u8]) -> bool {
    fs::write(folder.join("asked"), data).unwrap();
    let arguments = ["-Vm", "asked", "-x", "data.minisig", "-p", "alice.pub"];
    Command::new("minisign").args(arguments).current_dir(folder).output().unwrap().status.success()
}

#[test]
fn what_minisign_signs_is_verified_here() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path();
    let data: Vec<u8> = (0..1_000_000u32).flat_map(u32::to_le_bytes).collect();
    fs::write(folder.join("data"), &data).unwrap();
    minisign(folder, "-G -W -p alice.pub -s alice.key");
    minisign(folder, "-G -W -p mallory.pub -s mallory.key");
    let key = |name: &str| fs::read_to_string(folder.join(name)).unwrap().parse::<Key>().unwrap();
    let (alice, mallory) = (key("alice.pub"), key("mallory.pub"));
    let signature = || fs::read(folder.join("data.minisig")).unwrap();

    minisign(folder, "-S -H -s alice.key -m data -x data.minisig");
    let keys = [mallory.clone(), alice.clone()];
    let verdict = verify(&keys, Cursor::new(&data), &signature()).unwrap();
    assert_eq!(verdict.trust(), format!("signed by minisign {}", alice.id()));
    assert!(verdict.says.contains("file:data"), "{verdict}");
    assert!(verdict.made.is_some());
    assert!(taken_by_minisign(folder, &data));
    let shown = fs::read_to_string(folder.join("alice.pub")).unwrap();
    assert!(shown.contains(&alice.id()), "minisign calls the key so, too: {shown}");

    let mut changed = data.clone();
    changed[3_000_000] ^= 1;
    assert!(matches!(verify(&keys, Cursor::new(&changed), &signature()), Err(Error::Bad(_))));
    assert!(!taken_by_minisign(folder, &changed));
    let retold = String::from_utf8(signature()).unwrap().replace("file:data", "file:kernel");
    assert!(matches!(verify(&keys, Cursor::new(&data), retold.as_bytes()), Err(Error::Bad(_))));

    let error = verify(std::slice::from_ref(&mallory), Cursor::new(&data), &signature()).unwrap_err().to_string();
    let expected = "signed by minisign key {A}, which is none of those that the site gives: {M}";
    assert_eq!(error, expected.replace("{A}", &alice.id()).replace("{M}", &mallory.id()));

    // minisign takes these; they would have to be in memory whole.
    minisign(folder, "-S -l -s alice.key -m data -x data.minisig");
    assert!(matches!(verify(&keys, Cursor::new(&data), &signature()), Err(Error::Legacy(id)) if id == alice.id()));
    assert!(taken_by_minisign(folder, &data));
}

#[test]
fn what_is_no_key_and_no_signature_says_so() {
    let line = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3";
    let key: Key = line.parse().unwrap();
    assert_eq!(format!("untrusted comment: x\n{line}\n").parse::<Key>().unwrap(), key);
    for text in ["", "RW", "untrusted comment: x\n", &line[1..], &format!("{line}\n{line}\n"), &"A".repeat(70_000)] {
        assert!(text.parse::<Key>().is_err(), "{text}");
    }
    for signature in [&b""[..], b"\xff", b"<html>", b"untrusted comment: x\nRW\ntrusted comment: y\nRW\n"] {
        assert!(matches!(verify(std::slice::from_ref(&key), Cursor::new(b""), signature), Err(Error::NotASignature)));
    }
}
