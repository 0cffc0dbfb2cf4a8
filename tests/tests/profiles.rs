//! The ready profiles in examples/profiles: each is served to a machine by the real server, its configs are fetched as the
//! installer fetches them, and are checked by whoever knows them best and is to be had here.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used, clippy::print_stdout)]

use firstlight_tests::{Net, Server, firstlight, repository, run};
use std::{fs, path::Path, process::Command, time::Duration};

const MAC: &str = "52:54:00:00:00:01";

/// What each profile needs beside its own files. Their content is no kernel: nothing is booted here.
const ASSETS: [&str; 16] = [
    "debian/linux",
    "debian/initrd.gz",
    "ubuntu/vmlinuz",
    "ubuntu/initrd",
    "ubuntu/live-server.iso",
    "fedora/vmlinuz",
    "fedora/initrd.img",
    "flatcar/vmlinuz",
    "flatcar/image.cpio.gz",
    "coreos/live-kernel",
    "coreos/live-initramfs.img",
    "coreos/live-rootfs.img",
    "talos/vmlinuz-amd64",
    "talos/initramfs-amd64.xz",
    "opensuse/linux",
    "opensuse/initrd",
];
const ALPINE_ASSETS: [&str; 3] = ["alpine/vmlinuz-lts", "alpine/initramfs-lts", "alpine/modloop-lts"];

/// A server whose site has all profiles, and a machine with one of them.
struct Served {
    net: Net,
    server: Server,
    script: String,
}

impl Served {
    fn profile(name: &str) -> Served {
        let net = Net::new();
        let site = format!(
            "site {{ domain = \"lab.example\" }}\nmachine \"kitt\" {{\n mac = \"{MAC}\"\n profile = \"{name}\"\n vars = {{ ssh_keys = \
             [\"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA \\\"me\\\" & co\"] }}\n}}\n"
        );
        let server = Server::start_with(&net, &site, |folder| {
            profiles(folder);
            let file = folder.join(format!("{name}.hcl"));
            let profile = fs::read_to_string(&file).unwrap();
            // No word of a person's is needed here.
            let wiping =
                ["    wipe = false", "    wipe        = false"].map(|line| (line, line.replace("false", "true")));
            fs::write(&file, wiping.iter().fold(profile, |text, (from, to)| text.replace(from, to))).unwrap();
        });
        net.give_client("10.20.0.11/24");
        let script = net.client(&format!("curl -sS -f 'http://10.20.0.1:8080/boot.ipxe?mac={MAC}'"));
        assert_eq!(script.code, Some(0), "{}", script.text);
        Served { net, server, script: script.text }
    }

    /// The URL of a config, as it stands in the script.
    fn config(&self, name: &str) -> String {
        let token = self.script.split("/b/").nth(1).and_then(|rest| rest.get(..32)).expect("a token");
        let output = self.net.client(&format!("curl -sS -f http://10.20.0.1:8080/c/{token}/{name}"));
        assert_eq!(output.code, Some(0), "{name}: {}\n{}", output.text, self.server.log());
        output.text
    }

    /// A config, put into a file.
    fn in_a_file(&self, name: &str) -> std::path::PathBuf {
        let path = self.server.folder().join(format!("served-{name}"));
        fs::write(&path, self.config(name)).unwrap();
        path
    }

    fn boots_with(&self, arguments: &[&str]) {
        for argument in arguments {
            assert!(self.script.contains(argument), "{argument} in {}", self.script);
        }
    }
}

/// Copies the profiles, and puts something in place of what has to be fetched.
fn profiles(folder: &Path) {
    let from = repository().join("examples/profiles");
    let copied =
        run(Command::new("cp").arg("-r").arg(format!("{}/.", from.display())).arg(folder), Duration::from_secs(20));
    assert_eq!(copied.code, Some(0), "{}", copied.text);
    for asset in ASSETS.iter().chain(&ALPINE_ASSETS) {
        let path = folder.join("assets").join(asset);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, format!("this is not {asset}\n")).unwrap();
    }
    let mut overlay = Command::new(folder.join("alpine/make-overlay"));
    let made = run(overlay.arg(folder.join("assets/alpine/overlay.tar.gz")), Duration::from_secs(20));
    assert_eq!(made.code, Some(0), "{}", made.text);
}

/// Runs a checker; false where this computer does not have it.
fn check(program: &str, arguments: &[&str], file: &Path) -> bool {
    let found = run(Command::new("sh").args(["-c", &format!("command -v {program}")]), Duration::from_secs(10));
    if found.code != Some(0) {
        println!("SKIPPED: {program}: it is not on this computer");
        return false;
    }
    let output = run(Command::new(program).args(arguments).arg(file), Duration::from_secs(60));
    assert_eq!(output.code, Some(0), "{program}: {}\n{}", output.text, fs::read_to_string(file).unwrap());
    true
}

/// A shell script is one, for every shell that may have to read it.
fn is_script(file: &Path, shells: &[&str]) {
    for shell in shells {
        let mut words = shell.split(' ');
        let program = words.next().unwrap();
        let arguments: Vec<&str> = words.chain(["-n"]).collect();
        check(program, &arguments, file);
    }
}

const SMALL: [&str; 3] = ["dash", "busybox sh", "bash"];

#[test]
fn all_of_them_are_a_site_without_mistakes() {
    let folder = tempfile::tempdir().unwrap();
    profiles(folder.path());
    fs::write(
        folder.path().join("site.hcl"),
        "site { domain = \"x.example\" }\nnetwork \"boot\" { subnet = \"10.20.0.0/24\" }\n",
    )
    .unwrap();
    let output = run(Command::new(firstlight()).arg("check").arg(folder.path()), Duration::from_secs(20));
    assert!(output.code == Some(0) && !output.text.contains("warning"), "{}", output.text);
}

#[test]
fn debian() {
    let served = Served::profile("debian");
    served.boots_with(&["auto=true priority=critical url=http://", "BOOTIF=01-52-54-00-00-00-01"]);
    // Debian's own reader of preseed files.
    assert!(check("debconf-set-selections", &["--checkonly"], &served.in_a_file("preseed.cfg")));
    is_script(&served.in_a_file("install.sh"), &SMALL);
}

/// A folder with nothing in it but these of busybox's programs, and these of the computer's own.
fn programs(busybox: &[&str], own: &[&str]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for program in busybox {
        std::os::unix::fs::symlink("/usr/bin/busybox", folder.path().join(program)).unwrap();
    }
    for program in own {
        std::os::unix::fs::symlink(Path::new("/usr/bin").join(program), folder.path().join(program)).unwrap();
    }
    folder
}

#[test]
fn a_script_reports_by_whatever_it_has_and_gives_up_where_no_disk_is_clear() {
    let served = Served::profile("debian");
    let script = served.in_a_file("install.sh");
    let small = ["cat", "grep", "head", "sed", "sleep", "tr", "wc"];
    let tell = |programs: &tempfile::TempDir, what: &str| {
        // Whatever is written here, this computer is not started again: that program is not among those that there are.
        let line = format!("PATH={} /usr/bin/dash -c '. {}; {what}'", programs.path().display(), script.display());
        served.net.client(&line)
    };
    for (name, programs) in [
        ("curl", programs(&small, &["curl"])),
        ("wget", programs(&[&small[..], &["wget"]].concat(), &[])),
        ("nc", programs(&[&small[..], &["nc"]].concat(), &[])),
    ] {
        let told = tell(&programs, &format!("tell \"$report_url/progress\" \"@told by {name}: 50 % & more\""));
        assert_eq!(told.code, Some(0), "{name}: {}", told.text);
        assert!(served.server.machines("kitt").contains(&format!("@told by {name}: 50 % & more")), "{name}");
        let refused = tell(&programs, "tell_once http://10.20.0.1:8080/r/0123456789abcdef0123456789abcdef x");
        assert_ne!(refused.code, Some(0), "{name}: {}", refused.text);
    }
    let unclear =
        "sleep() { :; }; reboot() { echo starts again; }; find_disk() { echo several are >&2; return 1; }; choose_disk";
    let gave_up = tell(&programs(&small, &["curl"]), &unclear.replace("starts again", "starts_again"));
    assert!(gave_up.code == Some(1) && gave_up.text.contains("starts_again"), "{}", gave_up.text);
    let shown = served.server.machines("kitt");
    assert!(shown.contains("installing → install failed: reported that it failed: several are"), "{shown}");
}

#[test]
fn nothing_that_overwrites_is_served_without_wipe_until_somebody_approves() {
    let net = Net::new();
    let site = format!(
        "site {{ domain = \"lab.example\" }}\nmachine \"kitt\" {{\n mac = \"{MAC}\"\n profile = \"debian\"\n}}\n"
    );
    let server = Server::start_with(&net, &site, profiles);
    net.give_client("10.20.0.11/24");
    let script = || net.client(&format!("curl -sS -f 'http://10.20.0.1:8080/boot.ipxe?mac={MAC}'")).text;
    let parked = script();
    assert!(
        parked.contains("firstlight machines approve") && !parked.contains("/b/") && !parked.contains("/c/"),
        "{parked}"
    );
    let approve = ["machines", "approve", "kitt", "--site", &server.folder().display().to_string()];
    let approved = run(net.on_server(&firstlight().display().to_string()).args(approve), Duration::from_secs(20));
    assert_eq!(approved.code, Some(0), "{}", approved.text);
    let installs = script();
    assert!(installs.contains("/b/") && installs.contains("/preseed.cfg"), "{installs}");
}

#[test]
fn ubuntu() {
    let served = Served::profile("ubuntu");
    served.boots_with(&[
        "autoinstall ds=nocloud;s=http://10.20.0.1:8080/c/",
        "url=http://10.20.0.1:8080/asset/ubuntu-iso",
    ]);
    is_script(&served.in_a_file("install.sh"), &["bash"]);
    let user_data = served.in_a_file("user-data");
    assert!(served.config("meta-data").contains("instance-id: kitt"));
    // What Ubuntu's installer insists on, where PyYAML can read it as the installer does.
    let script = "import sys, yaml; a = yaml.safe_load(open(sys.argv[1]))['autoinstall']; \
        assert a['version'] == 1 and a['storage']['layout']['match'] == {'path': 'FIRSTLIGHT-DISK'}, a; \
        assert 'FIRSTLIGHT-DISK' in open(sys.argv[1]).read(); \
        assert a['user-data']['users'][0]['ssh_authorized_keys'][0].endswith('\"me\" & co'), a; \
        assert all(isinstance(c, str) for k in ('early-commands', 'late-commands', 'error-commands') for c in a[k]), a";
    check("python3", &["-c", script], &user_data);
}

#[test]
fn fedora() {
    let served = Served::profile("fedora");
    served.boots_with(&["inst.ks=http://10.20.0.1:8080/c/", "inst.repo=http://"]);
    let kickstart = served.in_a_file("install.ks");
    check("ksvalidator", &["-e", "-v", "RHEL9"], &kickstart);
    check("ksvalidator", &["-e"], &kickstart);
    for section in ["%pre", "%onerror"] {
        let text = fs::read_to_string(&kickstart).unwrap();
        let body = text.split(section).nth(1).and_then(|rest| rest.split_once('\n')).unwrap().1;
        let script = served.server.folder().join("section.sh");
        fs::write(&script, body.split("\n%end").next().unwrap()).unwrap();
        is_script(&script, &["bash"]);
    }
}

#[test]
fn flatcar_and_fedora_coreos() {
    for (profile, argument) in [
        ("flatcar", "flatcar.first_boot=1 ignition.config.url=http://10.20.0.1:8080/c/"),
        ("coreos", "coreos.live.rootfs_url=http://10.20.0.1:8080/asset/coreos-rootfs"),
    ] {
        let served = Served::profile(profile);
        served.boots_with(&[argument]);
        is_script(&served.in_a_file("install.sh"), &["bash"]);
        for name in ["live.ign", "target.ign"] {
            let text = served.config(name);
            let config: serde_json::Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{name}: {text}"));
            assert!(config["ignition"]["version"].is_string(), "{text}");
            check("ignition-validate", &[], &served.in_a_file(name));
        }
        let live: serde_json::Value = serde_json::from_str(&served.config("live.ign")).unwrap();
        let sources: Vec<_> = live["storage"]["files"].as_array().unwrap().iter().collect();
        assert!(
            sources
                .iter()
                .all(|file| file["contents"]["source"].as_str().unwrap().starts_with("http://10.20.0.1:8080/c/"))
        );
    }
}

#[test]
fn alpine() {
    let served = Served::profile("alpine");
    served.boots_with(&[
        "modloop=http://10.20.0.1:8080/asset/alpine-modloop",
        "firstlight_install=http://10.20.0.1:8080/c/",
    ]);
    is_script(&served.in_a_file("install.sh"), &["busybox sh", "dash"]);
    let overlay = served.net.client("curl -sS -f http://10.20.0.1:8080/asset/alpine.apkovl.tar.gz | tar -tz");
    assert!(overlay.text.contains("etc/local.d/firstlight.start"), "{}", overlay.text);
}

#[test]
fn talos() {
    let served = Served::profile("talos");
    served.boots_with(&["talos.platform=metal talos.config=http://10.20.0.1:8080/c/"]);
    let script = "import sys, yaml; m = yaml.safe_load(open(sys.argv[1]))['machine']; \
        assert m['install']['diskSelector'] == {'size': '>=10G'}, m; \
        assert m['pods'][0]['spec']['containers'][0]['command'][-1].startswith('http://10.20.0.1:8080/r/'), m";
    check("python3", &["-c", script], &served.in_a_file("machine.yaml"));
}

#[test]
fn opensuse() {
    let served = Served::profile("opensuse");
    served.boots_with(&["autoyast=http://10.20.0.1:8080/c/", "install=http://"]);
    check("xmllint", &["--noout"], &served.in_a_file("autoinst.xml"));
    is_script(&served.in_a_file("install.sh"), &["bash"]);
}
