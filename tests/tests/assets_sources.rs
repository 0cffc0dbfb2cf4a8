//! `firstlight assets` and sources that do wrong: what is recovered from, and what is said of the rest.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use firstlight_tests::{Fault, Misbehaving, Net, Output, Server, firstlight, repository, run};
use std::{fs, path::Path, process::Command, time::Duration};

/// Long enough for several reads, and no two parts of it alike.
fn body() -> Vec<u8> {
    (0..400_000_u32).flat_map(u32::to_le_bytes).collect()
}

/// As `seq`-like as it is, its hash was taken with sha256sum.
fn hash(dir: &Path) -> String {
    fs::write(dir.join("body"), body()).unwrap();
    let said = run(Command::new("sha256sum").arg(dir.join("body")), Duration::from_secs(60)).text;
    said.split(' ').next().unwrap().to_owned()
}

/// A site with one asset.
fn site(dir: &Path, asset: &str) {
    let text = format!(
        "network \"n\" {{ subnet = \"10.20.0.0/24\" }}\nprofile \"p\" {{ boot = \"disk\" }}\nasset \"kernel\" {{\n{asset}\n}}\n"
    );
    fs::write(dir.join("site.hcl"), text).unwrap();
}

fn assets(dir: &Path, arguments: &[&str]) -> Output {
    let mut command = Command::new(firstlight());
    command.arg("assets").args(arguments).arg("--site").arg(dir);
    run(&mut command, Duration::from_secs(120))
}

fn pull(dir: &Path) -> Output {
    assets(dir, &["pull", "--stall", "2s"])
}

/// What was said, without what differs from run to run.
fn lines(said: &str, dir: &Path, server: &Misbehaving) -> String {
    let said = said.replace(&server.url(), "https://boot.example/kernel").replace(&dir.display().to_string(), "mysite");
    let state = "mysite/.firstlight/state/";
    said.replace(state, "…/").lines().filter(|line| !line.starts_with("fetching ")).collect::<Vec<_>>().join("\n")
}

/// Plants faults, pulls, and says how it ended: the exit code, what was said, the ranges that were asked for.
fn plant(pinned: bool, faults: &[Fault]) -> (Option<i32>, String, Vec<String>) {
    let dir = tempfile::tempdir().unwrap();
    let server = Misbehaving::start(body(), faults);
    let pin = if pinned { format!("sha256 = \"{}\"", hash(dir.path())) } else { String::new() };
    site(dir.path(), &format!("url = \"{}\"\n{pin}", server.url()));
    let output = pull(dir.path());
    let verified = assets(dir.path(), &["verify"]);
    assert_eq!(verified.code, Some(0), "the store is good whatever came: {}", verified.text);
    (output.code, lines(&output.text, dir.path(), &server), server.asked())
}

/// The page shows what is said.
fn is_shown(message: &str) {
    let page = fs::read_to_string(repository().join("docs/assets.md")).unwrap();
    assert!(page.contains(message.trim()), "docs/assets.md does not show: {message}");
}

#[test]
fn what_passes_is_recovered_from() {
    use Fault::*;
    let cut = "cut off after 500000 of 1600000 bytes; trying again in 0.5 s";
    let cases: [(&[Fault], &str, &[&str]); 8] = [
        (&[Cut(500_000), None], cut, &["-", "500000-"]),
        (&[Reset(500_000), None], cut, &["-", "500000-"]),
        (&[Stall(500_000), None], "it sent nothing for 2 seconds; trying again in 0.5 s", &["-", "500000-"]),
        (&[Status(503), None], "it answers 503 Service Unavailable; trying again in 0.5 s", &["-", "-"]),
        (
            &[Cut(500_000), WrongRange, None],
            "asked for the bytes from 500000 on, it answers with bytes 0-1599999/1600000; trying again in 0.5 s",
            &["-", "500000-", "-"],
        ),
        (&[Cut(500_000), NoRanges], cut, &["-", "500000-"]),
        (&[NoLength], "", &["-"]),
        (
            &[Cut(500_000), OtherPart, None],
            "what came in pieces is not what it must be; once more from zero",
            &["-", "500000-", "-"],
        ),
    ];
    std::thread::scope(|scope| {
        for (faults, message, asked) in cases {
            scope.spawn(move || {
                let (code, said, ranges) = plant(true, faults);
                assert!(code == Some(0) && ranges == asked && said.contains(message), "{faults:?}: {said} {ranges:?}");
                is_shown(message);
            });
        }
    });
}

#[test]
fn what_does_not_pass_is_named() {
    use Fault::*;
    let cases: [(&[Fault], &str); 7] = [
        (&[Status(404)], ": it answers 404 Not Found"),
        (&[RedirectLoop], ": it redirects without end: more than 10 times"),
        (&[Gzip], ": it sends the file gzip-encoded, though it was asked for it as it is"),
        (&[Page], ": it sends a web page (text/html) instead of the file"),
        (&[Cut(0)], ": cut off after 0 of 1600000 bytes"),
        (&[OtherBytes], " is not what the site pins: expected sha256 "),
        (&[ShortLength(1_000_000)], " is not what the site pins: expected sha256 "),
    ];
    std::thread::scope(|scope| {
        for (faults, message) in cases {
            scope.spawn(move || {
                let message = format!("firstlight: kernel: https://boot.example/kernel{message}");
                let (code, said, ranges) = plant(true, faults);
                assert!(code == Some(1) && said.contains(&message), "{faults:?}: {code:?} {said} {ranges:?}");
                is_shown(&message);
            });
        }
    });
}

#[test]
fn wrong_bytes_are_kept_and_the_next_mirror_is_asked() {
    let dir = tempfile::tempdir().unwrap();
    let (liar, honest) = (Misbehaving::start(body(), &[Fault::OtherBytes]), Misbehaving::start(body(), &[Fault::None]));
    let pin = hash(dir.path());
    site(dir.path(), &format!("url = [\"{}\", \"{}\"]\nsha256 = \"{pin}\"", liar.url(), honest.url()));
    let output = pull(dir.path());
    assert!(output.code == Some(0) && output.text.contains("they are kept in "), "{}", output.text);
    let bad = dir.path().join(".firstlight/state/assets/bad");
    let note = fs::read_dir(&bad).unwrap().flatten().find(|entry| entry.path().extension().is_some()).unwrap();
    let note = fs::read_to_string(note.path()).unwrap();
    assert!(note.contains(&format!("expected  sha256 {pin} (the site)")) && note.contains(&liar.url()), "{note}");
    assert_eq!(fs::read_dir(&bad).unwrap().count(), 2);
}

#[test]
fn one_mirror_goes_on_where_another_was_cut_off() {
    let dir = tempfile::tempdir().unwrap();
    let (first, second) = (
        Misbehaving::start(body(), &[Fault::Cut(700_000), Fault::Status(404)]),
        Misbehaving::start(body(), &[Fault::None]),
    );
    let pin = hash(dir.path());
    site(dir.path(), &format!("url = [\"{}\", \"{}\"]\nsha256 = \"{pin}\"", first.url(), second.url()));
    assert_eq!(pull(dir.path()).code, Some(0));
    assert_eq!(second.asked(), ["700000-"]);

    // Where nothing says what the bytes must be, mirrors are not mixed.
    let dir = tempfile::tempdir().unwrap();
    let (first, second) = (
        Misbehaving::start(body(), &[Fault::Cut(700_000), Fault::Status(404)]),
        Misbehaving::start(body(), &[Fault::None]),
    );
    site(dir.path(), &format!("url = [\"{}\", \"{}\"]", first.url(), second.url()));
    assert_eq!(pull(dir.path()).code, Some(0));
    assert_eq!((second.asked(), first.asked().len()), (vec!["-".to_owned()], 2));
}

#[test]
fn what_was_first_used_is_locked_and_only_an_update_moves_it() {
    let dir = tempfile::tempdir().unwrap();
    let server = Misbehaving::start(body(), &[Fault::None, Fault::OtherBytes]);
    site(dir.path(), &format!("url = \"{}\"", server.url()));
    let said = assets(dir.path(), &["pull", "--locked"]);
    assert!(said.code == Some(1) && said.text.contains("firstlight.lock has no entry for it"), "{}", said.text);
    assert!(!dir.path().join("firstlight.lock").exists() && server.asked().is_empty());

    assert_eq!(pull(dir.path()).code, Some(0));
    let lock = fs::read_to_string(dir.path().join("firstlight.lock")).unwrap();
    assert!(lock.contains(&hash(dir.path())) && lock.contains("\"first use\""), "{lock}");
    assert_eq!(assets(dir.path(), &["pull", "--locked"]).code, Some(0));

    // Elsewhere, without the store: the source has other bytes by now.
    fs::remove_dir_all(dir.path().join(".firstlight")).unwrap();
    let said = pull(dir.path());
    assert!(said.code == Some(1) && said.text.contains("is not what firstlight.lock pins"), "{}", said.text);
    let said = assets(dir.path(), &["update"]);
    assert!(said.code == Some(0) && said.text.contains(" → "), "{}", said.text);
    assert_ne!(fs::read_to_string(dir.path().join("firstlight.lock")).unwrap(), lock);
    assert_eq!(assets(dir.path(), &["pull", "--locked"]).code, Some(0));
}

#[test]
fn two_processes_cost_one_transfer() {
    let dir = tempfile::tempdir().unwrap();
    let server = Misbehaving::start(body(), &[Fault::Slow(800_000)]);
    let pin = hash(dir.path());
    site(dir.path(), &format!("url = \"{}\"\nsha256 = \"{pin}\"", server.url()));
    let both: Vec<Output> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..2).map(|_| scope.spawn(|| pull(dir.path()))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(both.iter().all(|output| output.code == Some(0)), "{both:?}");
    assert_eq!(server.asked(), ["-"]);
}

#[test]
fn a_local_file_overrides_any_source() {
    let dir = tempfile::tempdir().unwrap();
    let local = dir.path().join("mine");
    fs::create_dir(&local).unwrap();
    fs::write(local.join("kernel"), "my own").unwrap();
    site(dir.path(), &format!("url = \"http://127.0.0.1:9/kernel\"\nsha256 = \"{}\"", "0".repeat(64)));
    let said = assets(dir.path(), &["pull", "--local", &local.display().to_string()]);
    assert!(said.code == Some(0) && said.text.contains("kernel is overridden by "), "{}", said.text);
    assert!(assets(dir.path(), &["list", "--local", &local.display().to_string()]).text.contains("overridden by"));
}

#[test]
fn what_the_site_no_longer_uses_is_collected() {
    let dir = tempfile::tempdir().unwrap();
    let server = Misbehaving::start(body(), &[Fault::None]);
    let pin = hash(dir.path());
    site(dir.path(), &format!("url = \"{}\"\nsha256 = \"{pin}\"", server.url()));
    assert_eq!(pull(dir.path()).code, Some(0));
    assert!(assets(dir.path(), &["gc"]).text.contains("0 files removed, 0 B; 1 object kept"));
    site(dir.path(), &format!("path = \"{}\"", dir.path().join("body").display()));
    assert!(assets(dir.path(), &["gc", "-dry-run"]).text.contains("1 file would be removed, 1.53 MiB"));
    let said = assets(dir.path(), &["gc", "-json"]);
    let said: serde_json::Value = serde_json::from_str(&said.text).unwrap();
    assert_eq!((said["removed"][0]["size"].as_u64(), said["kept"].as_u64()), (Some(1_600_000), Some(0)));
}

/// Signatures by the real programs: a list signed by gpg, clear-signed too, and an asset signed by minisign.
#[test]
fn what_somebody_has_signed_is_believed() {
    let (dir, www) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let make = r#"
        set -e
        export GNUPGHOME="$PWD/gpg"; mkdir -m 700 gpg
        printf 'kernel of today' > kernel; printf 'another' > other
        sha512sum kernel > SHA512SUMS
        gpg --batch --quiet --passphrase '' --quick-generate-key 'Releases <r@boot.example>' ed25519 sign never
        gpg --batch --quiet --armor --export > key.asc
        gpg --batch --quiet --detach-sign --output SHA512SUMS.gpg SHA512SUMS
        gpg --batch --quiet --clear-sign --output CHECKSUM SHA512SUMS
        minisign -G -W -p minisign.pub -s minisign.key >/dev/null
        minisign -S -s minisign.key -m kernel -x kernel.minisig >/dev/null
        gpgconf --kill all
    "#;
    let made = run(Command::new("sh").args(["-c", make]).current_dir(www.path()), Duration::from_secs(60));
    assert_eq!(made.code, Some(0), "{}", made.text);
    let www = www.path().display();
    let key = fs::read_to_string(format!("{www}/minisign.pub")).unwrap().lines().nth(1).unwrap().to_owned();
    let of = |file: &str, signed: &str| {
        site(dir.path(), &format!("url = \"file://{www}/{file}\"\nsigned {{\n{signed}\n}}"));
        let _ = fs::remove_file(dir.path().join("firstlight.lock"));
        pull(dir.path())
    };
    let key_file = format!("key = \"{www}/key.asc\"");
    let (list, clear) = (
        format!("list = \"file://{www}/SHA512SUMS\"\nsignature = \"file://{www}/SHA512SUMS.gpg\"\n{key_file}"),
        format!("list = \"file://{www}/CHECKSUM\"\n{key_file}"),
    );
    let own = format!("signature = \"file://{www}/kernel.minisig\"\nminisign = \"{key}\"");
    for signed in [&list, &clear, &own] {
        let said = of("kernel", signed);
        assert!(said.code == Some(0) && said.text.contains("signed by "), "{signed}\n{}", said.text);
    }
    let said = of("other", &own);
    assert!(said.code == Some(1) && said.text.contains("signature") && said.text.contains("kept in"), "{}", said.text);
    let said = of("other", &list);
    assert!(said.code == Some(1) && said.text.contains("other"), "{}", said.text);
    fs::write(format!("{www}/kernel"), "kernel of evil!").unwrap();
    // What the list says is in the store, and needs no source.
    let said = of("kernel", &list);
    assert!(said.code == Some(0) && !said.text.contains("fetching kernel from"), "{}", said.text);
    fs::remove_dir_all(dir.path().join(".firstlight")).unwrap();
    let said = of("kernel", &list);
    assert!(said.code == Some(1) && said.text.contains("is not what the signed list pins"), "{}", said.text);
    fs::write(format!("{www}/SHA512SUMS"), "0  kernel\n").unwrap();
    let said = of("kernel", &list);
    assert!(said.code == Some(1) && said.text.contains("signature"), "{}", said.text);
}

/// A server may not write into the site's folder once it has given its privileges up: what it is first to use is locked in
/// its store, until somebody who may write pulls.
#[test]
fn a_server_locks_what_it_uses_first() {
    let (net, www) = (Net::new(), tempfile::tempdir().unwrap());
    fs::set_permissions(www.path(), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    fs::write(www.path().join("thing"), "hello").unwrap();
    let blocks = format!(
        "asset \"thing\" {{ url = \"file://{}/thing\" }}\nprofile \"disk\" {{ boot = \"disk\" }}\n",
        www.path().display()
    );
    net.give_client("10.20.0.50/24");
    let get = || net.client("curl -s -m 20 --retry 20 --retry-delay 1 http://10.20.0.1:8080/asset/thing").text;
    let mut server = Server::start_as(&net, Some("nobody"), &blocks, &[]);
    assert_eq!(get(), "hello", "{}", server.log());
    let own = server.folder().join(".firstlight/state/assets/firstlight.lock");
    let locked = || fs::read_to_string(&own).is_ok_and(|text| text.contains("\"first use\""));
    (0..100)
        .find(|_| {
            locked() || {
                std::thread::sleep(Duration::from_millis(100));
                false
            }
        })
        .expect("it is locked");
    assert!(!server.folder().join("firstlight.lock").exists());

    // What it uses is not collected, whatever the site says now.
    let folder = server.folder().to_owned();
    let kept = fs::read_to_string(folder.join("site.hcl")).unwrap();
    fs::write(folder.join("site.hcl"), "network \"n\" { subnet = \"10.20.0.0/24\" }\n").unwrap();
    assert!(assets(&folder, &["gc"]).text.contains("0 files removed"));
    fs::write(folder.join("site.hcl"), kept).unwrap();

    // The source changes: the server stays with what it has locked, and the site takes that over.
    server.kill();
    fs::write(www.path().join("thing"), "hullo").unwrap();
    server.start_again(&net);
    assert_eq!(get(), "hello", "{}", server.log());
    assert_eq!(assets(&folder, &["pull"]).code, Some(0));
    let lock = fs::read_to_string(folder.join("firstlight.lock")).unwrap();
    assert!(lock.contains("2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824"), "{lock}");
}
