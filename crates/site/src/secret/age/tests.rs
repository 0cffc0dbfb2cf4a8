//! Against what the real `age` 1.1.1 has encrypted, for a key that it made.

use super::*;

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

fn text(file: &[u8]) -> Result<String, &'static str> {
    let content = decrypt(file, &Identity::parse(IDENTITY).ok().unwrap()).map_err(|not| not.0)?;
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
    assert_eq!(text(b"hunter2\n"), Err("it is no file that age has encrypted"));
    let mut changed = file();
    *changed.last_mut().unwrap() ^= 1;
    assert_eq!(text(&changed), Err("it was changed, or is not whole"));
    for wrong in ["", "# only a comment\n", "hunter2\n", "age1qqqq\n", &IDENTITY.replace("KEY-1", "KEY-1Q")] {
        assert!(Identity::parse(wrong).is_err(), "{wrong}");
    }
    let mut letters: Vec<char> = IDENTITY.trim_end().chars().collect();
    let last = letters.len() - 1;
    letters[last] = if letters[last] == 'Q' { 'P' } else { 'Q' };
    assert!(Identity::parse(&letters.into_iter().collect::<String>()).is_err(), "the sum is checked");
}

#[test]
fn another_key_opens_nothing() {
    let other = Identity(vec![Zeroizing::new([7; 32])]);
    assert_eq!(decrypt(&file(), &other).unwrap_err().0, "it is encrypted for none of the keys of the identity");
}

proptest::proptest! {
    #[test]
    fn no_bytes_are_too_much(bytes: Vec<u8>, begins: bool) {
        let file = if begins { [b"age-encryption.org/v1\n-> X25519 ".as_slice(), &bytes].concat() } else { bytes };
        assert!(text(&file).is_err());
    }
}

/// Files whose content ends where a chunk does, and just behind it; with the `age` of this computer, where there is one.
#[test]
fn files_of_several_chunks_are_read() {
    use std::{
        io::Write,
        process::{Command, Stdio},
    };
    let folder = tempfile::tempdir().unwrap();
    let key = folder.path().join("key");
    std::fs::write(&key, IDENTITY).unwrap();
    let Ok(public) = Command::new("age-keygen").arg("-y").arg(&key).output() else { return };
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
