//! Against a real registry (Debian's docker-registry), and a layout by skopeo.

use super::*;
use crate::sources::Patience;
use std::{
    fs,
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// A folder with a layout in it: one image, tagged `v1`, of one layer.
struct Bench {
    dir: tempfile::TempDir,
    layer: Sha256,
    manifest: Sha256,
}

fn digest(bytes: &[u8]) -> Sha256 {
    Sha256(sha2::Sha256::digest(bytes).into())
}

fn content() -> Vec<u8> {
    (0..100_000u32).flat_map(u32::to_le_bytes).collect()
}

impl Bench {
    /// As ORAS makes an artefact: files as they are, by their titles.
    fn new() -> Bench {
        let dir = tempfile::tempdir().unwrap();
        let blobs = dir.path().join("layout/blobs/sha256");
        fs::create_dir_all(&blobs).unwrap();
        let put = |bytes: &[u8]| {
            fs::write(blobs.join(digest(bytes).to_string()), bytes).unwrap();
            format!(r#""digest":"sha256:{}","size":{}"#, digest(bytes), bytes.len())
        };
        let config = put(b"{}");
        let layer = put(&content());
        let manifest = format!(
            r#"{{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",
            "config":{{"mediaType":"application/vnd.oci.image.config.v1+json",{config}}},
            "layers":[{{"mediaType":"application/octet-stream",{layer},"annotations":{{"org.opencontainers.image.title":"linux"}}}}]}}"#
        );
        let index = put(manifest.as_bytes());
        let index = format!(
            r#"{{"schemaVersion":2,"manifests":[{{"mediaType":"application/vnd.oci.image.manifest.v1+json",{index},
            "annotations":{{"org.opencontainers.image.ref.name":"v1"}}}}]}}"#
        );
        fs::write(dir.path().join("layout/index.json"), index).unwrap();
        fs::write(dir.path().join("layout/oci-layout"), r#"{"imageLayoutVersion":"1.0.0"}"#).unwrap();
        Bench { dir, layer: digest(&content()), manifest: digest(manifest.as_bytes()) }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn get(&self, url: &str) -> Result<(Stream, Vec<u8>), SourceError> {
        self.get_from(url, 0)
    }

    fn get_from(&self, url: &str, from: u64) -> Result<(Stream, Vec<u8>), SourceError> {
        let http = Http::new(&Patience::default());
        let mut stream = open(&Ask { url, from, validator: None, have: None }, &http, self.dir.path())?;
        let mut bytes = Vec::new();
        stream.body.read_to_end(&mut bytes).unwrap();
        Ok((stream, bytes))
    }

    #[track_caller]
    fn refused(&self, url: &str, why: &str) {
        let error = self.get(url).err().expect("it was taken").to_string();
        assert!(error.contains(why), "{error}");
    }

    fn copy(&self, from: &str, to: &str) {
        let mut skopeo = Command::new("skopeo");
        skopeo.args([
            "--insecure-policy",
            "copy",
            "--preserve-digests",
            "--dest-tls-verify=false",
            "--src-tls-verify=false",
        ]);
        let output = skopeo.args([from, to]).current_dir(self.dir.path()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// A registry of this test's own.
struct Registered(Child, u16);

impl Registered {
    fn start(bench: &Bench) -> Registered {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let folder = bench.path("registry");
        fs::write(
            bench.path("registry.yml"),
            format!(
                "version: 0.1\nlog: {{level: error}}\nstorage: {{filesystem: {{rootdirectory: {}}}}}\nhttp: {{addr: 127.0.0.1:{port}}}\n",
                folder.display()
            ),
        )
        .unwrap();
        let mut command = Command::new("docker-registry");
        command.arg("serve").arg(bench.path("registry.yml")).stdout(Stdio::null()).stderr(Stdio::null());
        let started = Registered(command.spawn().unwrap(), port);
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(120), "the registry does not come up");
            thread::sleep(Duration::from_millis(50));
        }
        started
    }
}

impl Drop for Registered {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[test]
fn a_file_out_of_a_layout() {
    let bench = Bench::new();
    let Bench { manifest, layer, .. } = &bench;
    for url in [
        "oci:layout".to_owned(),
        "oci:layout:v1?title=linux".to_owned(),
        "oci:layout?type=application/octet-stream".to_owned(),
        format!("oci:{}@sha256:{manifest}", bench.path("layout").display()),
        format!("oci:layout?digest=sha256:{layer}"),
    ] {
        let (stream, bytes) = bench.get(&url).unwrap();
        assert_eq!((bytes, stream.sha256), (content(), Some(*layer)), "{url}");
    }
    assert_eq!(bench.get_from("oci:layout", 399_999).unwrap().1, content()[399_999..]);
    bench.refused("oci:layout:v2", "of its images, none are meant: say which one by its tag (v1)");
    bench.refused("oci:layout?title=initrd", "say which one by its title (linux)");
    bench.refused("oci:nowhere", "is no OCI layout");
    // A manifest that somebody has changed.
    let path = bench.path("layout/blobs/sha256").join(manifest.to_string());
    let changed = fs::read_to_string(&path).unwrap().replace("linux", "Linux");
    fs::write(path, changed).unwrap();
    bench.refused("oci:layout", "it is not the one that was asked for");
}

#[test]
fn the_same_file_from_a_registry() {
    let bench = Bench::new();
    let registry = Registered::start(&bench);
    let Bench { manifest, layer, .. } = &bench;
    let name = format!("127.0.0.1:{}/boot/kernel", registry.1);
    bench.copy("oci:layout:v1", &format!("docker://{name}:v1"));
    for what in [
        ":v1".to_owned(),
        format!("@sha256:{manifest}"),
        format!(":v1@sha256:{manifest}?title=linux"),
        format!("?digest=sha256:{layer}"),
    ] {
        let (stream, bytes) = bench.get(&format!("oci://{name}{what}")).unwrap();
        assert_eq!((bytes, stream.sha256, stream.total), (content(), Some(*layer), Some(400_000)), "{what}");
    }
    let (stream, bytes) = bench.get_from(&format!("oci://{name}:v1"), 399_000).unwrap();
    assert_eq!((&bytes[..], stream.starts_at), (&content()[399_000..], 399_000));
    bench.refused(&format!("oci://{name}:v2"), "it answers 404 Not Found");
    bench.refused(&format!("oci://{name}:v1@sha256:{}", digest(b"none")), "it answers 404 Not Found");
    // And back: what skopeo writes into a folder is read here.
    bench.copy(&format!("docker://{name}:v1"), "oci:again:x");
    assert_eq!(bench.get("oci:again:x").unwrap().1, content());
}

/// A registry that wants a token or a password, as public ones do: what it is asked for is said back as `path authorization`.
fn guarded(challenge: &'static str) -> (u16, thread::JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let bench = Bench::new();
    let manifest = fs::read(bench.path("layout/blobs/sha256").join(bench.manifest.to_string())).unwrap();
    let serve = move || {
        let mut asked = Vec::new();
        while !asked.last().is_some_and(|line: &String| line.contains("/blobs/")) {
            let (mut stream, _) = listener.accept().unwrap();
            let lines = BufReader::new(stream.try_clone().unwrap()).lines().map(Result::unwrap);
            let head: Vec<String> = lines.take_while(|line| !line.is_empty()).collect();
            let path = head[0].split(' ').nth(1).unwrap();
            let told = head.iter().find_map(|line| line.strip_prefix("authorization: ")).unwrap_or("nothing");
            asked.push(format!("{path} {told}"));
            let (status, more, body) = match (path, told) {
                (path, _) if path.starts_with("/token") => ("200 OK", String::new(), br#"{"token":"sesame"}"#.to_vec()),
                (_, "nothing") => (
                    "401 Unauthorized",
                    format!("WWW-Authenticate: {}\r\n", challenge.replace("PORT", &port.to_string())),
                    vec![],
                ),
                (path, _) if path.contains("/blobs/") => ("200 OK", String::new(), content()),
                _ => ("200 OK", String::new(), manifest.clone()),
            };
            let length = body.len();
            let head = format!("HTTP/1.1 {status}\r\n{more}Content-Length: {length}\r\nConnection: close\r\n\r\n");
            stream.write_all(&[head.into_bytes(), body].concat()).unwrap();
        }
        asked
    };
    (port, thread::spawn(serve))
}

#[test]
fn a_token_that_anybody_gets() {
    let (port, asked) = guarded(r#"Bearer realm="http://127.0.0.1:PORT/token",service="a registry",scope="x""#);
    assert_eq!(Bench::new().get(&format!("oci://127.0.0.1:{port}/boot/kernel:v1")).unwrap().1, content());
    let asked = asked.join().unwrap();
    assert_eq!(asked[0], "/v2/boot/kernel/manifests/v1 nothing");
    assert_eq!(asked[1], "/token?service=a%20registry&scope=repository%3Aboot%2Fkernel%3Apull nothing");
    assert_eq!(asked[2], "/v2/boot/kernel/manifests/v1 Bearer sesame");
    assert!(asked[3].starts_with("/v2/boot/kernel/blobs/sha256:") && asked[3].ends_with(" Bearer sesame"), "{asked:?}");
}

#[test]
fn a_user_and_a_password() {
    let (port, asked) = guarded(r#"Basic realm="x""#);
    assert_eq!(Bench::new().get(&format!("oci://me:p%40ss@127.0.0.1:{port}/boot/kernel:v1")).unwrap().1, content());
    assert_eq!(asked.join().unwrap()[1], "/v2/boot/kernel/manifests/v1 Basic bWU6cEBzcw==");
    let (port, _) = guarded(r#"Basic realm="x""#);
    Bench::new().refused(&format!("oci://127.0.0.1:{port}/boot/kernel:v1"), "it answers 401 Unauthorized");
    let (port, _) = guarded(r#"Bearer realm="http://token.example/""#);
    Bench::new()
        .refused(&format!("oci://127.0.0.1:{port}/boot/kernel:v1"), "from a place that is not reached over TLS");
}
