//! The command line as its users meet it: exit codes, what is printed where, and nothing that panics.

// The helpers are tests too.
#![allow(clippy::unwrap_used)]

use firstlight_tests::{Output, firstlight, repository, run};
use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};
use tempfile::TempDir;

const DEADLINE: Duration = Duration::from_secs(30);

const SITE: &str = r#"
network "boot" {
  interface = "eth1"
  subnet    = "10.20.0.0/24"
}
profile "hello" {
  script = "hello.ipxe"
}
machine "kitt" {
  mac = "52:54:00:00:00:01"
}
machine "spare" {
  serial = "S1"
}
"#;

fn site(text: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("site.hcl"), text).unwrap();
    fs::write(folder.path().join("hello.ipxe"), "#!ipxe\necho {{ machine.mac }}\n").unwrap();
    folder
}

fn firstlight_says(arguments: &[&str]) -> Output {
    let output = run(Command::new(firstlight()).args(arguments), DEADLINE);
    assert!(!output.text.contains("panicked") && !output.text.contains("os error"), "{arguments:?}: {}", output.text);
    output
}

/// Runs a command about a site's folder, its last argument.
fn about(folder: &Path, arguments: &str) -> Output {
    let folder = folder.display().to_string();
    firstlight_says(&arguments.split_whitespace().chain([folder.as_str()]).collect::<Vec<_>>())
}

const ABOUT_A_SITE: [&str; 10] = [
    "check",
    "config show",
    "explain -- kitt",
    "machines",
    "machines show kitt --site",
    "serve",
    "lab run",
    "lab up",
    "lab status",
    "lab console kitt --site",
];

/// The same, for `explain`, whose site comes first.
fn tried(folder: &Path, command: &str) -> Output {
    match command.strip_prefix("explain -- ") {
        Some(machine) => firstlight_says(&["explain", &folder.display().to_string(), machine]),
        None => about(folder, command),
    }
}

#[test]
fn every_command_has_help_and_refuses_unknown_flags() {
    for command in
        ["", "init", "check", "serve", "explain", "machines", "machines show", "config show", "lab run", "image initrd"]
    {
        let words: Vec<&str> = command.split_whitespace().collect();
        let help = firstlight_says(&[&words[..], &["--help"]].concat());
        assert_eq!(help.code, Some(0), "{command}");
        assert!(help.text.contains("Usage: firstlight"), "{command}: {}", help.text);
        let wrong = firstlight_says(&[&words[..], &["--no-such-flag"]].concat());
        assert_eq!(wrong.code, Some(2), "{command}: {}", wrong.text);
    }
    assert!(firstlight_says(&["help"]).text.contains("130  interrupted"));
}

#[test]
fn a_folder_that_is_missing_is_an_error_of_every_command() {
    for command in ABOUT_A_SITE {
        let output = tried(Path::new("/nowhere/at/all"), command);
        assert_eq!(output.code, Some(1), "{command}: {}", output.text);
        assert!(output.text.contains("/nowhere/at/all"), "{command}: {}", output.text);
    }
}

#[test]
fn a_site_with_a_mistake_is_reported_with_its_place() {
    let folder = site("network \"boot\" {\n  interface =\n}\n");
    for command in
        ABOUT_A_SITE.into_iter().filter(|command| !command.contains("lab status") && !command.contains("console"))
    {
        let output = tried(folder.path(), command);
        assert_eq!(output.code, Some(1), "{command}: {}", output.text);
        assert!(output.text.contains("site.hcl:2:14"), "{command}: {}", output.text);
    }
}

#[test]
fn a_valid_site_is_shown_in_words_and_as_json() {
    let folder = site(SITE);
    let checked = about(folder.path(), "check");
    assert_eq!(checked.code, Some(0), "{}", checked.text);
    assert!(
        checked.text.contains("is valid: 1 network, 2 machines, 0 classes, 1 profile, 0 assets."),
        "{}",
        checked.text
    );
    for flag in ["-json", "--json"] {
        for command in ["check", "config show", "machines", "machines show kitt --site", "lab status"] {
            let output = about(folder.path(), &command.replace("show kitt", &format!("show {flag} kitt")));
            assert_eq!(output.code, Some(0), "{command}: {}", output.text);
        }
        let json = about(folder.path(), &format!("machines {flag}"));
        let rows: serde_json::Value = serde_json::from_str(&json.text).unwrap();
        assert_eq!((&rows[0]["name"], &rows[0]["status"]), (&"kitt".into(), &"never seen".into()));
    }
}

#[test]
fn no_address_is_made_up_in_an_explanation() {
    let folder = site(SITE);
    let text = tried(folder.path(), "explain -- spare").text;
    assert!(text.contains("spare boots profile hello") && text.contains("not known to the site"), "{text}");
    assert!(text.contains("echo MAC\n"), "{text}");
    let unknown = tried(folder.path(), "explain -- nobody");
    assert_eq!(unknown.code, Some(1));
    assert!(unknown.text.contains("declared: kitt, spare"), "{}", unknown.text);
}

#[test]
fn what_is_shown_of_a_site_is_the_same_site() {
    let again = tempfile::tempdir().unwrap();
    for example in ["demo", "rack", "small-linux", "parking", "classes"] {
        let source = repository().join("examples").join(example);
        let copy = again.path().join(example);
        fs::create_dir(&copy).unwrap();
        for entry in fs::read_dir(&source).unwrap().flatten().filter(|entry| entry.path().is_file()) {
            fs::copy(entry.path(), copy.join(entry.file_name())).unwrap();
        }
        std::os::unix::fs::symlink(repository().join("examples/assets"), again.path().join("assets")).ok();
        std::os::unix::fs::symlink(source.join("files"), copy.join("files")).ok();
        let shown = about(&copy, "config show");
        assert_eq!(shown.code, Some(0), "{example}: {}", shown.text);
        fs::write(copy.join("site.hcl"), &shown.text).unwrap();
        assert_eq!(about(&copy, "config show").text, shown.text, "{example}");
    }
}

#[test]
fn a_reader_that_goes_away_ends_a_command_quietly() {
    let folder = site(SITE);
    let mut command = Command::new(firstlight());
    command.args(["config", "show"]).arg(folder.path()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert_eq!(output.status.code(), Some(1));
}

#[test]
fn a_new_site_is_valid_and_never_overwritten() {
    let folder = tempfile::tempdir().unwrap();
    let new = folder.path().join("new");
    let site = new.display().to_string();
    let flags = ["--interface", "eth1", "--subnet", "10.20.0.0/24", "--dns", "9.9.9.9"];
    let made = firstlight_says(&[&["init", &site][..], &flags].concat());
    assert_eq!(made.code, Some(0), "{}", made.text);
    let shown = about(&new, "config show").text;
    assert!(shown.contains("[\"9.9.9.9\"]") && shown.contains("\"10.20.0.128\", \"10.20.0.254\""), "{shown}");
    let text = fs::read_to_string(new.join("site.hcl")).unwrap();
    let again = firstlight_says(&[&["init", &site][..], &flags].concat());
    assert_eq!(again.code, Some(1));
    assert!(again.text.contains("nothing was changed"), "{}", again.text);
    assert_eq!(fs::read_to_string(new.join("site.hcl")).unwrap(), text);
}

#[test]
fn a_new_site_begins_with_ready_profiles() {
    let folder = tempfile::tempdir().unwrap();
    let new = folder.path().join("new");
    let site = new.display().to_string();
    let flags = ["--interface", "eth1", "--subnet", "10.20.0.0/24", "--profile", "debian", "--profile", "alpine"];
    let made = firstlight_says(&[&["init", &site][..], &flags].concat());
    assert!(made.code == Some(0) && made.text.contains("new/assets/debian/linux"), "{}", made.text);
    let examples = repository().join("examples/profiles");
    for file in ["debian.hcl", "debian/preseed.cfg", "alpine/overlay/firstlight.start"] {
        assert_eq!(fs::read(new.join(file)).unwrap(), fs::read(examples.join(file)).unwrap(), "{file}");
    }
    // What is to be fetched is missed by name, and then it is right.
    let missed = about(&new, "check").text;
    assert!(missed.contains("assets/debian/linux"), "{missed}");
    for asset in
        ["debian/linux", "debian/initrd.gz", "alpine/vmlinuz-lts", "alpine/initramfs-lts", "alpine/modloop-lts"]
    {
        let path = new.join("assets").join(asset);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, "content").unwrap();
    }
    let overlay = new.join("assets/alpine/overlay.tar.gz");
    let mut make = std::process::Command::new(new.join("alpine/make-overlay"));
    assert!(make.arg(&overlay).status().unwrap().success() && overlay.is_file());
    let checked = about(&new, "check");
    assert_eq!(checked.code, Some(0), "{}", checked.text);
    let unknown = firstlight_says(&["init", "x", "--interface", "eth1", "--profile", "debain"]);
    assert!(unknown.code == Some(2) && unknown.text.contains("possible values: alpine, coreos"), "{}", unknown.text);
}

#[test]
fn answers_that_do_not_fit_together_write_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let new = folder.path().join("new");
    let site = new.display().to_string();
    let flags = ["--interface", "eth1", "--subnet", "10.20.0.0/24", "--range", "10.21.0.1-10.21.0.9"];
    let refused = firstlight_says(&[&["init", &site][..], &flags].concat());
    assert_eq!(refused.code, Some(1));
    assert!(refused.text.contains("outside of 10.20.0.0/24") && !new.exists(), "{}", refused.text);
    let asked = firstlight_says(&["init", &site]);
    assert!(asked.code == Some(1) && asked.text.contains("--interface is needed"), "{}", asked.text);
    assert_eq!(firstlight_says(&["init", &site, "--range", "nonsense"]).code, Some(2));
}

#[test]
fn an_ignition_config_is_validated_with_the_users_lines() {
    let folder = tempfile::tempdir().unwrap();
    let validate = |text: &str, flag: &str| {
        let file = folder.path().join("a.ign");
        fs::write(&file, text).unwrap();
        let file = file.display().to_string();
        firstlight_says(
            &["ignition", "validate", flag, &file].into_iter().filter(|word| !word.is_empty()).collect::<Vec<_>>(),
        )
    };
    let good = validate(r#"{"ignition": {"version": "3.4.0"}}"#, "");
    assert!(good.code == Some(0) && good.text.contains("is valid: Ignition 3.4.0."), "{}", good.text);

    let bad = "{\"ignition\": {\"version\": \"3.4.0\"},\n  \"storage\": {\"files\": [{\"path\": \"etc\"}]}}";
    let said = validate(bad, "");
    assert!(
        said.code == Some(1) && said.text.contains("a.ign:2:34") && said.text.contains("$.storage.files.0.path"),
        "{}",
        said.text
    );
    let raw = validate(bad, "--raw-errors");
    assert_eq!(raw.text, "error at $.storage.files.0.path, line 2 col 34: path not absolute\n");
    let json = validate(bad, "-json");
    assert!(json.code == Some(1) && json.text.contains("\"line\": 2"), "{}", json.text);

    let old = validate(r#"{"ignition": {"version": "2.3.0"}}"#, "");
    assert!(old.code == Some(1) && old.text.contains("of Ignition 1 or 2"), "{}", old.text);
    let other = validate("#cloud-config\n", "");
    assert!(other.code == Some(1) && other.text.contains("this is cloud-config"), "{}", other.text);
}
