//! Against what the real `age` 1.1.1 has encrypted, for a key that it made.

use super::*;
use base64::{Engine, engine::general_purpose::STANDARD};

const IDENTITY: &str =
    "# created by age-keygen\nAGE-SECRET-KEY-1HLL3TMAFQ23H7QRDV3RG2688NF3SHMNSMGLNAYT3DSV4G2F9NM2SRPT9RE\n";
const PLAIN: &str = "YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSA4aHd6bHZRQ1kzVTJ5QmNDdUdKaUc2aDBCNjhORkhHKzJZcjZrK2dIUlJnCkxqYzF3OThpREZybzZjUEM4Uk1vYk1YdXRta2JTWFEwQWV0STI1T3NxQU0KLS0tIDFtSmlFOEkrZnlNbGNISlNLVnlsczFmRmw3eUl1bTA0Q2pqck5wUUxZeDgKEDPJTo7wAG/bIacB956EPbWRvf/iGgHDQq3tYQNsfzftdkPu2D6AGg==";
const ARMOURED: &str = "\
-----BEGIN AGE ENCRYPTED FILE-----\n\
YWdlLWVuY3J5cHRpb24ub3JnL3YxCi0+IFgyNTUxOSAzMGpZaW9pN3BlaFczcXlp\n\
Qlo3OXQxSHF5cElZL0JWbUN6ME5FVkx1VTNJCjlZaTNqNjYzeGVwVGVxSnZ4Tkls\n\
amRXUHBZbnR2aFEzamxVN2VvSklMQzQKLS0tIGZaNHNWU1pQVUFKL0lZK2dESXc5\n\
cUJUY2ltNWVwd2Jxc2d1VllxS25RRXcKqvBzLw7DIzEpchMgblqzDPWmcVZkrU5D\n\
qxEKnDAvpRFKgGz52gXqIA==\n\
-----END AGE ENCRYPTED FILE-----\n\n";

fn file() -> Vec<u8> {
    STANDARD.decode(PLAIN).unwrap()
}

fn text(file: &[u8]) -> Result<String, NotDecrypted> {
    let content = decrypt(file, &Identity::parse(IDENTITY.as_bytes()).ok().unwrap())?;
    Ok(String::from_utf8(content.to_vec()).unwrap())
}

#[test]
fn what_age_has_encrypted_is_read() {
    assert_eq!(text(&file()).as_deref(), Ok("hunter2\n"));
    assert_eq!(text(ARMOURED.as_bytes()).as_deref(), Ok("hunter2\n"));
}

#[test]
fn nothing_that_was_changed_is_read() {
    let file = file();
    for at in 0..file.len() {
        let mut changed = file.clone();
        changed[at] ^= 1;
        assert!(text(&changed).is_err(), "byte {at}");
        assert!(text(&file[..at]).is_err(), "the first {at} bytes");
    }
    assert!(text(&[file.as_slice(), b"x"].concat()).is_err());
}

#[test]
fn it_is_said_what_is_wrong() {
    let said = |file: &[u8]| text(file).unwrap_err();
    let mut changed = file();
    *changed.last_mut().unwrap() ^= 1;
    assert_eq!(said(&changed), NotDecrypted::Changed);
    assert_eq!(said(b"hunter2\n"), NotDecrypted::Foreign);
    assert_eq!(said(b"age-encryption.org/v2\n-> X25519\n\n---\n"), NotDecrypted::Version);
    assert_eq!(said(b"age-encryption.org/v1\n-> X25519\n\n---\n"), NotDecrypted::Header);
    assert_eq!(said(b"age-encryption.org/v1\n-> X25519\n"), NotDecrypted::Long);
    assert_eq!(said(ARMOURED.replace("YWdl", "?Wdl").as_bytes()), NotDecrypted::Armour);
    assert_eq!(said(ARMOURED.replace("END", "SEND").as_bytes()), NotDecrypted::Armour);
    let other = Identity(vec![x25519::Identity::generate()]);
    assert_eq!(decrypt(&file(), &other).unwrap_err(), NotDecrypted::Stranger);
}

#[test]
fn keys_are_those_of_age_keygen() {
    let said = |text: &str| Identity::parse(text.as_bytes()).err();
    assert_eq!(said(&format!("\n  {IDENTITY}\r\n{IDENTITY}")), None);
    for empty in ["", "# only a comment\n"] {
        assert_eq!(said(empty), Some(NoIdentity::Empty));
    }
    for wrong in ["hunter2\n", "age1qqqq\n", "AGE-SECRET-KEY-PQ-1QQQQ\n", &IDENTITY.replace("KEY-1", "KEY-1Q")] {
        assert_eq!(
            said(&format!("#\n{}", wrong.trim_start_matches("# created by age-keygen\n"))),
            Some(NoIdentity::Line(2))
        );
    }
    assert_eq!(said(&IDENTITY.replace("9RE", "9RP")), Some(NoIdentity::Line(2)), "the sum is checked");
    assert_eq!(said(ARMOURED), Some(NoIdentity::Encrypted));
    assert_eq!(Identity::parse(&file()).err(), Some(NoIdentity::Encrypted));
    assert_eq!(Identity::parse(b"\xff").err(), Some(NoIdentity::Binary));
}

/// The work that a file with a passphrase asks for is never begun: 2^62 rounds.
#[test]
fn a_passphrase_is_refused() {
    let (salt, body, mac) = ("A".repeat(22), "A".repeat(43), "A".repeat(43));
    let file = format!("age-encryption.org/v1\n-> scrypt {salt} 62\n{body}\n--- {mac}\n{:032}", 0);
    assert_eq!(text(file.as_bytes()), Err(NotDecrypted::Passphrase));
}

/// Were there no bound, the test would not end in the time that it has: the crate's time grows with the square of the length.
#[test]
fn a_file_of_nothing_but_header_is_refused() {
    assert_eq!(text(&[V1, "-> a\n\n".repeat(170_000).as_bytes()].concat()), Err(NotDecrypted::Long));
    let long = format!("-> {}\n", "a".repeat(16_000));
    assert_eq!(text(&[V1, long.as_bytes(), b"\n".repeat(1 << 20).as_slice()].concat()), Err(NotDecrypted::Long));
    let stanza = format!("-> X25519 {}\n{}\n", "E".repeat(43), "E".repeat(43));
    let most = [V1, stanza.repeat(160).as_bytes(), format!("--- {}\n{:032}", "E".repeat(43), 0).as_bytes()].concat();
    assert_eq!(text(&most), Err(NotDecrypted::Stranger));
}

proptest::proptest! {
    #[test]
    fn no_bytes_are_too_much(bytes: Vec<u8>, begins in 0..4_usize) {
        let begins = [&b""[..], b"age-encryption.org/v1\n-> X25519 ", ARMOUR, MAGIC][begins];
        assert!(text(&[begins, &bytes].concat()).is_err());
        assert!(Identity::parse(&bytes).is_err());
    }

    #[test]
    fn no_change_is_too_much(bytes: Vec<u8>, at: proptest::sample::Index, armoured: bool) {
        let mut file = if armoured { ARMOURED.as_bytes().to_vec() } else { file() };
        let at = at.index(file.len());
        let end = file.len().min(at + bytes.len());
        file.splice(at..end, bytes);
        // What it may be is what it was: blanks behind the armour change nothing.
        assert!(text(&file).map_or(true, |text| text == "hunter2\n"));
    }
}

/// Files whose content ends where a chunk does, and just behind it; with the `age` of this computer, where there is one.
#[test]
#[allow(clippy::print_stderr)]
fn files_of_several_chunks_are_read() {
    use std::{
        io::Write,
        process::{Command, Stdio},
    };
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    std::fs::write(&key, IDENTITY).unwrap();
    let Ok(public) = Command::new("age-keygen").arg("-y").arg(&key).output() else {
        return eprintln!("SKIPPED: age is not on this computer");
    };
    let public = String::from_utf8(public.stdout).unwrap();
    for length in [0, 1, 65_536, 65_537, 200_000] {
        let mut age = Command::new("age")
            .args(["-r", public.trim()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = age.stdin.take().unwrap();
        let writing = std::thread::spawn(move || input.write_all(&vec![b'a'; length]).unwrap());
        let encrypted = age.wait_with_output().unwrap().stdout;
        writing.join().unwrap();
        assert_eq!(text(&encrypted).map(|text| text.len()), Ok(length));
    }
}
