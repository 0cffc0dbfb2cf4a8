//! Signatures by GnuPG, and what gpgv thinks of each of them. Where we are stricter than gpgv, a test says so.
#![allow(clippy::unwrap_used, clippy::panic)]

mod home;

use firstlight_trust::openpgp::{BadKeys, Keys};
use home::{Home, clear_verdict, verdict, verdict_of};

const DATA: &str = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824  linux\n";

/// A home with something to sign.
fn home() -> Home {
    let home = Home::new();
    home.write("data", DATA);
    home.write("changed", DATA.replace("linux", "Linux"));
    home
}

fn sign(home: &Home, user: &str, more: &str) {
    home.gpg(format!("{more} -u {user} -o data.sig --detach-sign data").trim_start());
}

#[track_caller]
fn begins(said: &str, with: &str) {
    assert!(said.starts_with(with), "expected: {with}…\n     got: {said}");
}

#[track_caller]
fn contains(said: &str, part: &str) {
    assert!(said.contains(part), "expected: …{part}…\n     got: {said}");
}

#[test]
fn every_kind_of_key_and_signature_that_is_in_use() {
    let home = home();
    for kind in ["rsa3072", "ed25519", "nistp256", "nistp384"] {
        let user = format!("{kind}@example.org");
        home.gpg(&format!("--quick-gen-key {user} {kind} sign never"));
        let keys = home.keys(&user);
        for how in ["", "--armor", "--textmode", "--digest-algo SHA512"] {
            sign(&home, &user, how);
            let said = verdict(&keys, &home.path("data"), &home.read("data.sig"));
            begins(&said, &format!("signed by {} ({user}) on 20", keys.list()[0].fingerprint));
            assert_eq!(home.gpgv(&user, "data.sig", Some("data")), "GOODSIG", "{kind} {how}");

            contains(&verdict(&keys, &home.path("changed"), &home.read("data.sig")), "is not one of these bytes");
            assert_eq!(home.gpgv(&user, "data.sig", Some("changed")), "BADSIG", "{kind} {how}");
        }
    }
}

#[test]
fn a_subkey_signs_for_its_primary_key() {
    let home = home();
    home.gpg("--quick-gen-key bea@example.org ed25519 cert never");
    let primary = home.keys("bea@example.org").list()[0].fingerprint.clone();
    assert!(home.keys("bea@example.org").list()[0].useless.unwrap().contains("for certifying only"));
    home.gpg(&format!("--quick-add-key {primary} rsa3072 sign never"));
    home.gpg(&format!("--quick-add-key {primary} cv25519 encr never"));
    sign(&home, "bea@example.org", "");
    let keys = home.keys("bea@example.org");
    let verdict = keys.verify(std::io::Cursor::new(DATA), &home.read("data.sig"), home::now()).unwrap();
    assert_eq!(verdict.key, primary);
    assert_ne!(verdict.subkey.as_ref().unwrap(), &primary);
    assert_eq!(verdict.says, "bea@example.org");
    assert_eq!(verdict.trust(), format!("signed by {primary}"));
    assert_eq!(home.gpgv("bea@example.org", "data.sig", Some("data")), "GOODSIG");

    home.gpg_told("--edit-key bea@example.org", "key 1\nrevkey\ny\n0\n\ny\nsave\n");
    let said = verdict_of(&home.keys("bea@example.org"), DATA.as_bytes(), &home.read("data.sig"));
    contains(&said, "which does not count: the subkey was revoked");
    assert_eq!(home.gpgv("bea@example.org", "data.sig", Some("data")), "REVKEYSIG");
}

/// A subkey that somebody put beside a key which has not bound it to itself.
#[test]
fn a_subkey_of_somebody_else_counts_for_nothing() {
    let home = home();
    for user in ["alice", "mallory"] {
        home.gpg(&format!("--quick-gen-key {user}@example.org ed25519 sign never"));
        home.gpg(&format!("--quick-add-key {} ed25519 sign never", home.keys(user).list()[0].fingerprint));
    }
    sign(&home, "mallory@example.org", "");
    begins(&verdict(&home.keys("mallory"), &home.path("data"), &home.read("data.sig")), "signed by ");
    // Each key is: key, user ID, signature, subkey, signature.
    let packets = |user| split_packets(&home.gpg(&format!("--export {user}")));
    let (alice, mallory) = (packets("alice"), packets("mallory"));
    assert_eq!((alice.len(), mallory.len()), (5, 5));
    home.write("grafted", [&alice[..3], &mallory[3..]].concat().concat());
    let grafted = Keys::read(&home.read("grafted")).unwrap();
    contains(&verdict(&grafted, &home.path("data"), &home.read("data.sig")), "which is none of the keys");
    assert_eq!(home.gpgv_with("grafted", "data.sig", Some("data")), "ERRSIG");
}

/// Packets of the old format, which gpg exports keys in.
fn split_packets(mut bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut packets = Vec::new();
    while let Some(first) = bytes.first() {
        let length = match first & 3 {
            0 => 2 + usize::from(bytes[1]),
            1 => 3 + usize::from(u16::from_be_bytes([bytes[1], bytes[2]])),
            _ => panic!("a packet of {first:x}"),
        };
        let (packet, rest) = bytes.split_at(length);
        packets.push(packet.to_vec());
        bytes = rest;
    }
    packets
}

#[test]
fn a_wrong_key_is_named_and_so_are_the_right_ones() {
    let home = home();
    for user in ["alice", "mallory"] {
        home.gpg(&format!("--quick-gen-key {user}@example.org ed25519 sign never"));
    }
    sign(&home, "mallory@example.org", "");
    let [alice, mallory] = ["alice", "mallory"].map(|user| home.keys(user).list()[0].fingerprint.clone());
    assert_eq!(
        verdict(&home.keys("alice"), &home.path("data"), &home.read("data.sig")),
        format!("signed by {mallory}, which is none of the keys that the site gives: {alice} (alice@example.org)")
    );
    assert_eq!(home.gpgv("alice", "data.sig", Some("data")), "ERRSIG");

    // One of several signatures is enough, and one of several keys, in whichever form they are.
    home.gpg("-u mallory@example.org -u alice@example.org -o data.sig --detach-sign data");
    begins(&verdict(&home.keys("alice"), &home.path("data"), &home.read("data.sig")), &format!("signed by {alice}"));
    assert_eq!(home.gpgv("alice", "data.sig", Some("data")), "ERRSIG GOODSIG");
    let armoured = ["mallory", "alice"].map(|user| home.gpg(&format!("--armor --export {user}"))).concat();
    let binary = home.gpg("--export mallory alice");
    for ring in [armoured, binary] {
        let ring = Keys::read(&ring).unwrap();
        assert_eq!(ring.list().len(), 2);
        sign(&home, "alice@example.org", "--armor");
        begins(&verdict(&ring, &home.path("data"), &home.read("data.sig")), &format!("signed by {alice}"));
    }
}

#[test]
fn what_was_signed_in_time_counts_after_the_key_has_expired() {
    let home = home();
    home.gpg("--faked-system-time 20200101T000000! --quick-gen-key old@example.org ed25519 sign never");
    home.gpg("--faked-system-time 20200601T000000! -o early.sig --detach-sign data");
    home.gpg("--faked-system-time 20220601T000000! -o late.sig --detach-sign data");
    let fingerprint = home.keys("old").list()[0].fingerprint.clone();
    home.gpg(&format!("--faked-system-time 20230101T000000! --quick-set-expire {fingerprint} 20210101T000000"));
    let keys = home.keys("old");
    assert_eq!(keys.list()[0].expires.unwrap().to_string(), "2021-01-01T00:00:00.000Z");

    // gpgv says EXPKEYSIG of both and ends with success.
    assert_eq!(
        verdict(&keys, &home.path("data"), &home.read("early.sig")),
        format!("signed by {fingerprint} (old@example.org) on 2020-06-01; its key has expired since, on 2021-01-01")
    );
    assert_eq!(home.gpgv("old", "early.sig", Some("data")), "EXPKEYSIG");
    assert_eq!(
        verdict(&keys, &home.path("data"), &home.read("late.sig")),
        format!(
            "the key {fingerprint} (old@example.org) expired on 2021-01-01, and signed on 2022-06-01: is there a newer copy of the key?"
        )
    );
    assert_eq!(home.gpgv("old", "late.sig", Some("data")), "EXPKEYSIG");
}

#[test]
fn nothing_by_a_revoked_key_counts() {
    let home = home();
    home.gpg("--quick-gen-key gone@example.org ed25519 sign never");
    sign(&home, "gone@example.org", "");
    let fingerprint = home.keys("gone").list()[0].fingerprint.clone();
    let revocation = home.read(&format!(".gnupg/openpgp-revocs.d/{fingerprint}.rev"));
    // A colon before its first line keeps people from importing it by mistake.
    home.write("revoke", String::from_utf8(revocation).unwrap().replace(":-----BEGIN", "-----BEGIN"));
    home.gpg("--import revoke");
    contains(
        &verdict(&home.keys("gone"), &home.path("data"), &home.read("data.sig")),
        "does not count: the key was revoked",
    );
    assert_eq!(home.keys("gone").list()[0].useless, Some("the key was revoked"));
    assert_eq!(home.gpgv("gone", "data.sig", Some("data")), "REVKEYSIG");
}

#[test]
fn signatures_have_their_time() {
    let home = home();
    home.gpg("--faked-system-time 20200101T000000! --quick-gen-key alice@example.org ed25519 sign never");
    home.gpg("--faked-system-time 20200601T000000! --default-sig-expire 10d -o short.sig --detach-sign data");
    contains(&verdict(&home.keys("alice"), &home.path("data"), &home.read("short.sig")), "expired on 2020-06-11");
    assert_eq!(home.gpgv("alice", "short.sig", Some("data")), "EXPSIG");

    // gpgv does not mind.
    home.gpg("--faked-system-time 20990101T000000! -o future.sig --detach-sign data");
    contains(
        &verdict(&home.keys("alice"), &home.path("data"), &home.read("future.sig")),
        "says that it was made on 2099-01-01, which is still to come: this computer's clock says 20",
    );
    assert_eq!(home.gpgv("alice", "future.sig", Some("data")), "GOODSIG");
}

/// gpgv of 2022 takes all of these.
#[test]
fn weak_hashes_and_keys_are_refused() {
    let home = home();
    home.gpg("--quick-gen-key alice@example.org rsa3072 sign never");
    for hash in ["SHA1", "RIPEMD160"] {
        sign(&home, "alice@example.org", &format!("--digest-algo {hash}"));
        contains(
            &verdict(&home.keys("alice"), &home.path("data"), &home.read("data.sig")),
            &format!("is over a hash by {hash}"),
        );
        assert_eq!(home.gpgv("alice", "data.sig", Some("data")), "GOODSIG");
    }
    for (kind, why) in [("rsa1024", "its RSA key is shorter than 2048 bits"), ("dsa2048", "DSA is not accepted")] {
        home.gpg(&format!("--quick-gen-key {kind}@example.org {kind} sign never"));
        sign(&home, &format!("{kind}@example.org"), "");
        contains(&verdict(&home.keys(kind), &home.path("data"), &home.read("data.sig")), why);
        assert_eq!(home.gpgv(kind, "data.sig", Some("data")), "GOODSIG");
    }
}

#[test]
fn of_a_clear_signed_text_only_what_was_signed_comes_out() {
    let home = home();
    home.gpg("--quick-gen-key alice@example.org rsa3072 sign never");
    let keys = home.keys("alice");
    let text = "# two lines, and blanks at an end:  \t\n- a dash\n-----BEGIN nothing-----\n\nlast\n";
    home.write("text", text);
    home.gpg("-o text.asc --clear-sign text");
    let (said, body) = clear_verdict(&keys, &home.read("text.asc"));
    begins(&said, "signed by ");
    assert_eq!(body.unwrap(), text.replace("  \t\n", "\n").trim_end());
    assert_eq!(home.gpgv("alice", "text.asc", None), "GOODSIG");

    let signed = String::from_utf8(home.read("text.asc")).unwrap();
    // Ends of lines do not matter.
    begins(&clear_verdict(&keys, signed.replace('\n', "\r\n").as_bytes()).0, "signed by ");
    for (what, changed) in [
        ("is not one of these bytes", signed.replace("a dash", "a flash")),
        ("is not one of these bytes", signed.replace("\n\nlast", "\nlast")),
        ("something else than `Hash`", signed.replace("\n\n#", "\nSHA256: 12\n\n#")),
        ("does not begin with", format!("not signed\n{signed}")),
        ("there is no -----BEGIN PGP SIGNATURE-----", signed.replace("BEGIN PGP SIGNATURE", "BEGIN PGP SIGNATUR")),
    ] {
        let (said, body) = clear_verdict(&keys, changed.as_bytes());
        contains(&said, what);
        assert_eq!(body, None);
    }
    let (said, body) = clear_verdict(&keys, format!("{signed}\nnot signed\n").as_bytes());
    begins(&said, "signed by ");
    assert!(!body.unwrap().contains("not signed"));
}

/// As in Debian's InRelease: by several keys, of which the site knows one.
#[test]
fn a_clear_signed_text_of_many_lines_by_two_keys() {
    let home = home();
    for user in ["alice", "mallory"] {
        home.gpg(&format!("--quick-gen-key {user}@example.org ed25519 sign never"));
    }
    home.write("text", DATA.repeat(20_000));
    home.gpg("-u mallory@example.org -u alice@example.org -o text.asc --clear-sign text");
    let (said, body) = clear_verdict(&home.keys("alice"), &home.read("text.asc"));
    begins(&said, "signed by ");
    assert_eq!(body.unwrap().len() + 1, DATA.len() * 20_000);
}

#[test]
fn what_is_no_key_and_no_signature_says_so() {
    let home = home();
    home.gpg("--quick-gen-key alice@example.org ed25519 sign never");
    sign(&home, "alice@example.org", "--armor");
    home.gpg("-o text.asc --clear-sign data");
    let keys = home.keys("alice");
    let html = b"<html>404 Not Found</html>";
    for (what, signature) in [
        ("there is no -----BEGIN PGP SIGNATURE----- in it", html.to_vec()),
        ("there is no -----BEGIN PGP SIGNATURE----- in it", Vec::new()),
        ("it is a clear-signed text", home.read("text.asc")),
        ("not an OpenPGP signature", home.gpg("--export alice")),
        (
            "its armour is broken",
            home.read("data.sig").iter().map(|b| if b.is_ascii_lowercase() { b'?' } else { *b }).collect(),
        ),
        ("bytes long; at most", vec![b'x'; 100_000]),
    ] {
        contains(&verdict(&keys, &home.path("data"), &signature), what);
    }
    let refused = |bytes: &[u8]| Keys::read(bytes).unwrap_err();
    assert!(matches!(refused(html), BadKeys::None));
    assert!(matches!(refused(b""), BadKeys::None));
    assert!(matches!(refused(&home.read("data.sig")), BadKeys::None));
    assert!(matches!(refused(&home.gpg("--armor --export-secret-keys alice")), BadKeys::Private));
    assert!(matches!(refused(&home.gpg("--export-secret-keys alice")), BadKeys::Private | BadKeys::None));
    assert!(matches!(refused(&home.read(".gnupg/pubring.kbx")), BadKeys::Keybox));
}
