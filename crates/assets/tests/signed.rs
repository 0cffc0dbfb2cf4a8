//! Assets that somebody has signed: by gpg and by minisign, in a list or themselves.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use firstlight_assets::{Error, Fetcher, Known, Options, Patience, Store, check_keys};
use firstlight_boot::Content;
use firstlight_model::Timestamp;
use firstlight_site::{Site, Trust};
use std::{
    fs,
    path::PathBuf,
    process::Command,
    time::{Duration, SystemTime},
};

/// A folder with a site, what it fetches (`up/`), keys, and a store.
struct Bench(tempfile::TempDir);

impl Bench {
    fn new() -> Bench {
        let bench = Bench(tempfile::Builder::new().prefix("sig").tempdir_in("/tmp").unwrap());
        for folder in ["site", "up", ".gnupg"] {
            fs::create_dir(bench.path(folder)).unwrap();
        }
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o700);
        fs::set_permissions(bench.path(".gnupg"), mode).unwrap();
        bench.write("up/linux", "the kernel");
        bench.write("up/initrd", "the initrd");
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    /// A command in the folder, its arguments separated by blanks. Returns what it printed.
    fn run(&self, command: &str) -> Vec<u8> {
        let mut words = command.split(' ');
        let mut command = Command::new(words.next().unwrap());
        command.args(words).env("GNUPGHOME", self.path(".gnupg")).current_dir(self.0.path());
        let output = command.output().unwrap();
        assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    fn gpg(&self, arguments: &str) -> Vec<u8> {
        self.run(&format!("gpg --batch --yes --pinentry-mode loopback --passphrase= {arguments}"))
    }

    /// A key, with its public part in the site. Returns its fingerprint.
    fn key(&self, user: &str) -> String {
        self.gpg(&format!("--quick-gen-key {user}@example.org ed25519 sign never"));
        self.write(&format!("site/{user}.asc"), self.gpg(&format!("--armor --export {user}")));
        let listed = String::from_utf8(self.gpg(&format!("--with-colons --list-keys {user}"))).unwrap();
        let line = listed.lines().find(|line| line.starts_with("fpr:")).unwrap();
        line.split(':').nth(9).unwrap().to_owned()
    }

    /// A site with one asset: `UP` in it is where things are fetched from.
    fn site(&self, asset: &str) -> Site {
        let up = format!("file://{}", self.path("up").display());
        self.write("site/site.hcl", format!("asset \"linux\" {{\n{}\n}}\n", asset.replace("UP", &up)));
        let loaded = firstlight_site::load(&self.path("site"));
        loaded.unwrap_or_else(|report| panic!("{report:?}")).site
    }

    fn fetcher(&self, site: &Site) -> Fetcher {
        let patience = Patience { tries: 1, first_wait: Duration::from_millis(1), ..Patience::default() };
        let store = Store::open(&self.path("store")).unwrap();
        Fetcher::new(site, store, Known::default(), Options { patience, ..Options::default() }).unwrap()
    }

    fn fetch(&self, asset: &str) -> Result<(Vec<u8>, Option<Trust>), Error> {
        let site = self.site(asset);
        let fetcher = self.fetcher(&site);
        let asset = &site.assets["linux"];
        let content = fetcher.fetch(asset, &|_| {})?;
        let Content::File { path, .. } = content else { panic!("{content:?}") };
        Ok((fs::read(path).unwrap(), fetcher.locked(asset).map(|locked| locked.trust)))
    }

    #[track_caller]
    fn refused(&self, asset: &str, why: &str) {
        match self.fetch(asset) {
            Ok(_) => panic!("it was taken"),
            Err(error) => assert!(error.to_string().contains(why), "{error}"),
        }
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = Command::new("gpgconf").args(["--kill", "all"]).env("GNUPGHOME", self.path(".gnupg")).status();
    }
}

const BY_LIST: &str = "url = \"UP/linux\"\nsigned {\n list = \"UP/SHA256SUMS\"\n signature = \"UP/SHA256SUMS.gpg\"\n key = \"alice.asc\"\n}";

/// Lists the files in `up` as sha256sum does, and signs that.
fn publish(bench: &Bench, how: &str) {
    let list = bench.run("sha256sum up/linux up/initrd");
    bench.write("up/SHA256SUMS", String::from_utf8(list).unwrap().replace("up/", "./"));
    bench.gpg(how);
}

#[test]
fn a_signed_list_says_what_the_bytes_are() {
    let bench = Bench::new();
    let alice = bench.key("alice");
    publish(&bench, "-u alice -o up/SHA256SUMS.gpg --detach-sign up/SHA256SUMS");
    let (bytes, trust) = bench.fetch(BY_LIST).unwrap();
    assert_eq!((&bytes[..], trust), (&b"the kernel"[..], Some(Trust::Signed(alice))));

    // What is in the store already is locked in the same way.
    let lock = "site/firstlight.lock";
    assert!(!bench.path(lock).exists());
    let site = bench.site(BY_LIST);
    let fetcher = bench.fetcher(&site);
    fs::remove_file(bench.path("up/linux")).unwrap();
    fetcher.fetch(&site.assets["linux"], &|_| {}).unwrap();
    fetcher.write_lock().unwrap();
    assert!(fs::read_to_string(bench.path(lock)).unwrap().contains("signed by "));
    // And what is locked needs neither the list nor its signature.
    fs::remove_file(bench.path("up/SHA256SUMS")).unwrap();
    assert_eq!(bench.fetch(BY_LIST).unwrap().0, b"the kernel");
}

#[test]
fn what_the_list_does_not_say_is_not_taken() {
    let bench = Bench::new();
    bench.key("alice");
    publish(&bench, "-u alice -o up/SHA256SUMS.gpg --detach-sign up/SHA256SUMS");
    bench.write("up/linux", "another kernel");
    bench.refused(BY_LIST, "is not what the signed list pins: expected sha256 ");
    bench.write("up/linux", "the kernel");
    bench.refused(&BY_LIST.replace("UP/linux", "UP/linus"), "it does not say the hash of linus; did you mean `linux`?");
    bench.write("up/SHA256SUMS", "00  linux\n");
    bench.refused(BY_LIST, "is not one of these bytes");
    fs::remove_file(bench.path("up/SHA256SUMS")).unwrap();
    bench.refused(BY_LIST, "the list of hashes cannot be had: file://");
}

#[test]
fn another_key_does_not_count() {
    let bench = Bench::new();
    let (alice, mallory) = (bench.key("alice"), bench.key("mallory"));
    publish(&bench, "-u mallory -o up/SHA256SUMS.gpg --detach-sign up/SHA256SUMS");
    bench.refused(BY_LIST, &format!("signed by {mallory}, which is none of the keys that the site gives: {alice}"));
    // Either may sign where both are named.
    let both = BY_LIST.replace("\"alice.asc\"", "[\"alice.asc\", \"mallory.asc\"]");
    assert_eq!(bench.fetch(&both).unwrap().1, Some(Trust::Signed(mallory)));
}

#[test]
fn a_list_may_hold_its_signature_itself() {
    let bench = Bench::new();
    bench.key("alice");
    let clear = "url = \"UP/initrd\"\nsigned {\n list = \"UP/SHA256SUMS.asc\"\n key = \"alice.asc\"\n}";
    publish(&bench, "-u alice -o up/SHA256SUMS.asc --clear-sign up/SHA256SUMS");
    assert_eq!(bench.fetch(clear).unwrap().0, b"the initrd");
    bench.refused(&clear.replace("SHA256SUMS.asc", "SHA256SUMS"), "name its signature with `signature`");
}

#[test]
fn what_is_signed_itself_is_released_only_once_that_holds() {
    let bench = Bench::new();
    let alice = bench.key("alice");
    let itself =
        "url = [\"UP/bad/linux\", \"UP/linux\"]\nsigned {\n signature = \"UP/linux.sig\"\n key = \"alice.asc\"\n}";
    bench.gpg("-u alice -o up/linux.sig --detach-sign up/linux");
    fs::create_dir(bench.path("up/bad")).unwrap();
    bench.write("up/bad/linux", "not the kernel");
    // The next mirror has the right one.
    let (bytes, trust) = bench.fetch(itself).unwrap();
    assert_eq!((&bytes[..], trust), (&b"the kernel"[..], Some(Trust::Signed(alice))));
    let kept: Vec<_> = fs::read_dir(bench.path("store/bad")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(kept.iter().any(|path| fs::read(path).unwrap() == b"not the kernel"), "{kept:?}");

    fs::remove_dir_all(bench.path("store")).unwrap();
    bench.write("up/linux", "nor this");
    bench.refused(itself, "its signature: the signature by ");
    assert_eq!(fs::read_dir(bench.path("store/sha256")).unwrap().count(), 0);
}

#[test]
fn minisign_signs_lists_and_assets() {
    let bench = Bench::new();
    bench.run("minisign -G -W -p alice.pub -s alice.key");
    let public = fs::read_to_string(bench.path("alice.pub")).unwrap();
    let public = public.lines().nth(1).unwrap().to_owned();
    bench.run("minisign -S -s alice.key -m up/linux -x up/linux.minisig");
    let itself =
        format!("url = \"UP/linux\"\nsigned {{\n signature = \"UP/linux.minisig\"\n minisign = \"{public}\"\n}}");
    let Some(Trust::Signed(key)) = bench.fetch(&itself).unwrap().1 else { panic!("it is not signed") };
    assert!(key.starts_with("minisign "), "{key}");

    publish(&bench, "--version");
    bench.run("minisign -S -s alice.key -m up/SHA256SUMS -x up/SHA256SUMS.gpg");
    let list = BY_LIST.replace("key = \"alice.asc\"", &format!("minisign = \"{public}\""));
    assert_eq!(bench.fetch(&list).unwrap().0, b"the kernel");
    bench.key("alice");
    bench.refused(BY_LIST, "it is by minisign, and the site gives OpenPGP keys only");
}

#[test]
fn a_local_file_may_be_signed_too() {
    let bench = Bench::new();
    bench.key("alice");
    publish(&bench, "-u alice -o up/SHA256SUMS.gpg --detach-sign up/SHA256SUMS");
    let local = BY_LIST.replace("url = \"UP/linux\"", "path = \"linux\"");
    bench.write("site/linux", "the kernel");
    assert_eq!(bench.fetch(&local).unwrap().0, b"the kernel");
    bench.write("site/linux", "another");
    bench.refused(&local, "is not what the signed list pins");
}

#[test]
fn keys_are_checked_before_they_are_needed() {
    let bench = Bench::new();
    bench.gpg("--faked-system-time 20200101T000000! --quick-gen-key alice@example.org ed25519 sign 1y");
    bench.write("site/alice.asc", bench.gpg("--armor --export alice"));
    let now = Timestamp(SystemTime::UNIX_EPOCH.elapsed().unwrap().as_millis().try_into().unwrap());
    let said = |asset: &str, now| {
        let problems = check_keys(&bench.site(asset), now);
        problems.iter().map(|problem| (problem.missing.error.to_string(), problem.warning)).collect::<Vec<_>>()
    };
    let problems = said(BY_LIST, now);
    assert!(problems[0].0.contains("it expired on 2020-12-31T") && problems[0].1, "{problems:?}");
    assert!(said(BY_LIST, Timestamp(1_590_000_000_000)).is_empty());
    bench.write("site/alice.asc", "no key");
    let problems = said(BY_LIST, now);
    assert!(problems[0].0.contains("it holds no OpenPGP public key") && !problems[0].1, "{problems:?}");
}
