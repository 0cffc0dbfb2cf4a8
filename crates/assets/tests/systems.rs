//! The versions and hashes of a site's systems, asked of a server whose listing moves on.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use firstlight_assets::{
    Fetcher, Known, Options, Patience, Store,
    systems::{keep, kept, newer, ready, update},
};
use firstlight_model::Sha256;
use firstlight_site::{AssetSource, LOCK_FILE, Pin, Site, Trust, parse_lock};
use sha2::Digest;
use std::{
    collections::BTreeMap,
    fs,
    io::{BufRead, BufReader, Write},
    net::{TcpListener, TcpStream},
    process::Command,
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};
use tempfile::TempDir;

/// A web server on the loopback, and what it has at each path; and how often it was asked for each.
#[derive(Clone)]
struct Web {
    url: String,
    files: Arc<Mutex<BTreeMap<String, Vec<u8>>>>,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Web {
    fn new() -> Web {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let web = Web { url, files: Arc::default(), asked: Arc::default() };
        let served = web.clone();
        thread::spawn(move || listener.incoming().for_each(|stream| drop(stream.map(|stream| served.answer(stream)))));
        web
    }

    fn answer(&self, stream: TcpStream) {
        let mut lines = BufReader::new(&stream).lines().map_while(Result::ok);
        let first = lines.next().unwrap_or_default();
        lines.take_while(|line| !line.is_empty()).for_each(drop);
        let path = first.split(' ').nth(1).unwrap_or_default().to_owned();
        let file = self.files.lock().unwrap().get(&path).cloned();
        self.asked.lock().unwrap().push(path);
        let status = if file.is_some() { "200 OK" } else { "404 Not Found" };
        let body = file.unwrap_or_default();
        let head = format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
        let _ = (&stream).write_all(head.as_bytes()).and_then(|()| (&stream).write_all(&body));
    }

    fn put(&self, path: &str, bytes: impl Into<Vec<u8>>) {
        self.files.lock().unwrap().insert(path.to_owned(), bytes.into());
    }

    /// A release, its list of hashes, and the listing that names it as the newest.
    fn release(&self, version: &str) {
        let (kernel, initrd) = (format!("kernel {version}"), format!("initrd {version}"));
        let sums = format!("{}  linux\n{}  initrd\n", hash(&kernel), hash(&initrd));
        for (name, bytes) in [("linux", kernel), ("initrd", initrd), ("SHA256SUMS", sums)] {
            self.put(&format!("/{version}/{name}"), bytes);
        }
        self.put("/current", format!("VERSION={version}\n"));
    }
}

fn hash(bytes: impl AsRef<[u8]>) -> Sha256 {
    Sha256(sha2::Sha256::digest(bytes).into())
}

/// A site's folder and a store.
struct Place {
    folder: TempDir,
}

impl Place {
    /// `inner` comes into the os block.
    fn new(web: &Web, inner: &str) -> Place {
        let folder = tempfile::tempdir().unwrap();
        let file = |name: &str, path: &str| {
            format!("file \"{name}\" {{\n url = \"{{mirror}}/{{version}}/{path}\"\n {inner}\n}}\n")
        };
        let (kernel, initrd, url) = (file("kernel", "linux"), file("initrd", "initrd"), &web.url);
        let text = format!(
            "network \"n\" {{\n interface = \"eth1\"\n subnet = \"10.9.0.0/24\"\n}}\nos \"test\" {{\n default = \"stable\"\n \
             arch \"amd64\" {{}}\n channel \"stable\" {{}}\n mirror = \"{url}\"\n \
             listing {{\n  url = \"{{mirror}}/current\"\n  format = \"fields\"\n  key = \"VERSION\"\n }}\n{kernel}{initrd}}}\n\
             profile \"p\" {{ os = \"test\" }}\n"
        );
        fs::write(folder.path().join("site.hcl"), text).unwrap();
        Place { folder }
    }

    fn site(&self) -> Site {
        firstlight_site::load(self.folder.path()).unwrap_or_else(|report| panic!("{report}")).site
    }

    fn store(&self) -> Store {
        Store::open(&self.folder.path().join(".state")).unwrap()
    }

    fn version(&self) -> Option<String> {
        let text = fs::read_to_string(self.folder.path().join(LOCK_FILE)).ok()?;
        Some(parse_lock(&text).unwrap().os.get("test/stable")?.version.clone())
    }

    /// What the kernel's asset holds, fetched.
    fn kernel(&self, site: &Site) -> Result<String, String> {
        let fetcher = Fetcher::new(site, self.store(), Known::default(), options()).unwrap();
        let content = fetcher.fetch(&site.assets["test-stable-kernel"], &|_| {}).map_err(|error| error.to_string())?;
        match content {
            firstlight_boot::Content::File { path, .. } => Ok(fs::read_to_string(path).unwrap()),
            other => panic!("{other:?}"),
        }
    }
}

fn options() -> Options {
    let wait = Duration::from_millis(1);
    Options {
        patience: Patience { tries: 2, first_wait: wait, longest_wait: wait, ..Patience::default() },
        ..Options::default()
    }
}

const SUMS: &str = "sums = [\"{mirror}/{version}/SHA256SUMS\"]";

#[test]
fn the_version_is_found_out_once_and_stays_until_the_lock_is_moved() {
    let web = Web::new();
    web.release("1.9.0");
    let place = Place::new(&web, SUMS);
    let before = place.site();
    assert!(matches!(before.assets["test-stable-kernel"].source, AssetSource::Later(_)));
    assert!(place.kernel(&before).unwrap_err().contains("does not say which version of `test/stable`"));

    let first = ready(before, &place.store(), &options()).unwrap();
    assert!(first.missing.is_empty() && first.moved.len() == 1, "{first:?}");
    assert_eq!(place.kernel(&first.site).unwrap(), "kernel 1.9.0");
    assert_eq!(first.site.assets["test-stable-kernel"].pin, Pin::Sha256(hash("kernel 1.9.0")));

    // The listing moves on; what is locked stays, and nothing is asked.
    web.release("1.10.0");
    let asked = web.asked.lock().unwrap().len();
    let again = ready(place.site(), &place.store(), &options()).unwrap();
    assert!(again.moved.is_empty());
    assert_eq!(web.asked.lock().unwrap().len(), asked);
    assert_eq!(place.kernel(&again.site).unwrap(), "kernel 1.9.0");

    // To look changes nothing.
    let found = newer(&place.site(), &options().patience);
    assert_eq!((found.len(), found[0].locked.as_deref(), found[0].is_newer()), (1, Some("1.9.0"), Some("1.10.0")));
    assert_eq!(place.version().as_deref(), Some("1.9.0"));
    keep(&place.store(), &found).unwrap();
    assert_eq!(kept(&place.store()), BTreeMap::from([("test/stable".to_owned(), "1.10.0".to_owned())]));

    let moved = update(place.site(), &place.store(), &options(), &["test/stable".to_owned()]).unwrap();
    assert_eq!((moved.moved.len(), place.version().as_deref()), (1, Some("1.10.0")));
    assert_eq!(place.kernel(&moved.site).unwrap(), "kernel 1.10.0");
    assert_eq!(newer(&place.site(), &options().patience)[0].is_newer(), None);
    assert!(update(place.site(), &place.store(), &options(), &["another".to_owned()]).unwrap().moved.is_empty());
}

#[test]
fn what_is_to_be_locked_only_is_not_asked() {
    let web = Web::new();
    web.release("1.0");
    let place = Place::new(&web, SUMS);
    let locked = Options { locked: true, ..options() };
    let site = ready(place.site(), &place.store(), &locked).unwrap().site;
    assert!(matches!(site.assets["test-stable-kernel"].source, AssetSource::Later(_)));
    assert!(web.asked.lock().unwrap().is_empty() && place.version().is_none());
}

#[test]
fn a_listing_that_is_away_takes_nothing_else_with_it() {
    let web = Web::new();
    let place = Place::new(&web, SUMS);
    let missing = ready(place.site(), &place.store(), &options()).unwrap().missing;
    assert_eq!((missing.len(), &*missing[0].name), (1, "test/stable"));
    assert!(missing[0].error.to_string().contains("/current: "), "{}", missing[0].error);
    assert!(place.version().is_none());

    // Another page in its place is no listing.
    web.put("/current", "<html>Please log in</html>");
    let missing = ready(place.site(), &place.store(), &options()).unwrap().missing;
    assert!(missing[0].error.to_string().contains("it offers no version"), "{}", missing[0].error);

    // A file that its list does not name is not served, though it could be fetched.
    web.release("1.0");
    web.put("/1.0/SHA256SUMS", format!("{}  initrd\n", hash("initrd 1.0")));
    let half = ready(place.site(), &place.store(), &options()).unwrap();
    assert!(half.missing[0].error.to_string().contains("linux"), "{}", half.missing[0].error);
    assert!(matches!(half.site.assets["test-stable-kernel"].source, AssetSource::Later(_)));
    assert_eq!(half.site.assets["test-stable-initrd"].pin, Pin::Sha256(hash("initrd 1.0")));
    assert!(place.kernel(&half.site).is_err());
}

#[test]
fn bytes_that_are_not_what_the_maker_stated_are_not_served() {
    let web = Web::new();
    web.release("1.0");
    web.put("/1.0/linux", "something else");
    let place = Place::new(&web, SUMS);
    let site = ready(place.site(), &place.store(), &options()).unwrap().site;
    let error = place.kernel(&site).unwrap_err();
    assert!(error.contains("sha256") && error.contains(&hash("kernel 1.0").to_string()), "{error}");
}

/// A key of gpg's, which signs.
struct Gpg(TempDir);

impl Gpg {
    fn new() -> Gpg {
        let gpg = Gpg(tempfile::tempdir().unwrap());
        gpg.run(&["--passphrase", "", "--quick-generate-key", "Test <test@x.example>", "ed25519", "sign", "never"]);
        gpg
    }

    fn run(&self, args: &[&str]) -> Vec<u8> {
        let mut command = Command::new("gpg");
        let output = command
            .arg("--homedir")
            .arg(self.0.path())
            .args(["--batch", "--quiet", "--yes"])
            .args(args)
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        output.stdout
    }

    fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        let file = self.0.path().join("data");
        fs::write(&file, bytes).unwrap();
        self.run(&["--detach-sign", "--armor", "--output", "-", file.to_str().unwrap()])
    }
}

impl Drop for Gpg {
    fn drop(&mut self) {
        let _ = Command::new("gpgconf").arg("--homedir").arg(self.0.path()).args(["--kill", "all"]).status();
    }
}

/// As Debian does it: a signed list names the list that names the files.
#[test]
fn a_signed_list_leads_to_another_and_that_to_the_files() {
    let (web, gpg) = (Web::new(), Gpg::new());
    web.release("12.1");
    let sums = web.files.lock().unwrap()["/12.1/SHA256SUMS"].clone();
    let release = format!("Version: 12.1\nSHA256:\n {} {} 12.1/SHA256SUMS\n", hash(&sums), sums.len());
    web.put("/Release.gpg", gpg.sign(release.as_bytes()));
    web.put("/Release", release.clone());
    let chain =
        "sums = [\"{mirror}/Release\", \"{mirror}/{version}/SHA256SUMS\"]\n signature = \"{mirror}/Release.gpg\"";
    let place = Place::new(&web, chain);
    let change = |from: &str, to: &str| {
        let file = place.folder.path().join("site.hcl");
        fs::write(&file, fs::read_to_string(&file).unwrap().replacen(from, to, 1)).unwrap();
    };
    fs::write(place.folder.path().join("key.asc"), gpg.run(&["--export", "--armor"])).unwrap();
    change("os \"test\" {", "os \"test\" {\n keys = \"key.asc\"");

    let first = ready(place.site(), &place.store(), &options()).unwrap();
    assert!(first.missing.is_empty(), "{:?}", first.missing);
    assert_eq!(place.kernel(&first.site).unwrap(), "kernel 12.1");
    let trust = first.site.lock.os["test/stable"].trust.clone().unwrap();
    let Trust::Signed(signer) = &trust else { panic!("{trust:?}") };
    let listed = String::from_utf8(gpg.run(&["--with-colons", "--list-keys"])).unwrap();
    assert!(listed.contains(signer), "{signer}");

    let fails = |expected: &str| {
        fs::remove_file(place.folder.path().join(LOCK_FILE)).unwrap();
        let ready = ready(place.site(), &place.store(), &options()).unwrap();
        let error = ready.missing[0].error.to_string();
        assert!(error.contains(expected), "{error}");
        assert!(matches!(ready.site.assets["test-stable-kernel"].source, AssetSource::Later(_)));
    };
    // The second list is another than the first one says.
    web.put("/12.1/SHA256SUMS", format!("{}  linux\n{}  initrd\n", hash("evil"), hash("evil")));
    fails("and the list before it says");
    // The first list is another than the one that was signed.
    web.put("/Release", format!("{release} "));
    fails("its signature: ");
    // It is signed, and by a key of the ring, but the maker's is another.
    web.put("/Release", release);
    web.put("/12.1/SHA256SUMS", sums);
    change("keys = ", "fingerprints = [\"00112233\"]\n keys = ");
    fails("and the maker's key is 00112233");
}

#[test]
fn what_a_server_may_not_write_beside_the_site_it_remembers_itself() {
    let web = Web::new();
    web.release("1.0");
    let place = Place::new(&web, SUMS);
    // What another user than the site's finds out lies in the store's own lock; here it is put there as that would be.
    let first = ready(place.site(), &place.store(), &options()).unwrap();
    let (beside, own) = (place.folder.path().join(LOCK_FILE), place.store().folder().join(LOCK_FILE));
    fs::rename(beside, own).unwrap();
    web.asked.lock().unwrap().clear();
    let again = ready(place.site(), &place.store(), &options()).unwrap();
    assert_eq!(again.site.assets["test-stable-kernel"].pin, first.site.assets["test-stable-kernel"].pin);
    assert!(web.asked.lock().unwrap().is_empty());
}

/// Real bytes: what apt keeps of Debian's mirror, where this runs on Debian 12 or 13.
#[test]
fn the_catalogs_keys_are_those_that_sign_debian() {
    let lists = fs::read_dir("/var/lib/apt/lists").into_iter().flatten().flatten();
    let (mut checked, now) = (0, std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap());
    for (path, name) in lists.filter_map(|entry| Some((entry.path(), entry.file_name().into_string().ok()?))) {
        for (release, key) in [("_dists_bookworm_InRelease", "debian-12"), ("_dists_trixie_InRelease", "debian-13")] {
            if !name.ends_with(release) {
                continue;
            }
            let (_, text) = firstlight_catalog::KEYS.iter().find(|(known, _)| *known == key).unwrap();
            let keys = firstlight_trust::openpgp::Keys::read(text.as_bytes()).unwrap();
            let now = firstlight_model::Timestamp(now.as_millis() as u64);
            let (verdict, list) = keys.verify_clear_signed(&fs::read(&path).unwrap(), now).unwrap();
            let sums = "main/installer-amd64/current/images/SHA256SUMS";
            let found = firstlight_trust::lists::find(list.as_bytes(), sums).unwrap();
            assert_eq!(found.name, sums, "{verdict}");
            checked += 1;
        }
    }
    if checked == 0 {
        eprintln!("SKIPPED: apt keeps no list of Debian 12 or 13 here");
    }
}
