//! A Butane config, translated by `firstlight butane` and applied to a folder by Debian's own Ignition (package
//! `ignition`, the program that runs in an initrd): files, directories, links, users, groups and units are there as they
//! were asked for.

// The helpers are tests too.
#![allow(clippy::unwrap_used, clippy::panic)]

use firstlight_tests::{firstlight, run};
use nix::unistd::Uid;
use std::{
    fs,
    os::unix::fs::{MetadataExt, symlink},
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};
use tempfile::TempDir;

const ENGINE: &str = "/usr/lib/dracut/modules.d/30ignition/ignition";
const DEADLINE: Duration = Duration::from_secs(60);

const BUTANE: &str = r#"
variant: flatcar
version: 1.0.0
passwd:
  groups:
    - name: ops
      gid: 1500
  users:
    - name: core
      uid: 1234
      groups: [ops]
      shell: /bin/bash
      home_dir: /home/core
      password_hash: $y$j9T$salt$hash
      ssh_authorized_keys: ["ssh-ed25519 AAAA one", "ssh-ed25519 BBBB two"]
storage:
  directories:
    - path: /srv/data
      mode: 0750
      user: { name: core }
      group: { id: 1500 }
  files:
    - path: /etc/motd
      mode: 0640
      contents: { inline: "Grüße, <you> & 100 %\n" }
      append:
        - inline: "and goodbye\n"
    - path: /srv/big
      user: { id: 1234 }
      contents: { local: big }
    - path: /etc/hostname
      overwrite: true
      contents: { inline: kitt }
  links:
    - path: /etc/motd.link
      target: motd
    - path: /srv/hard
      target: /srv/big
      hard: true
  trees:
    - local: tree
      path: /opt
systemd:
  units:
    - name: hello.service
      enabled: true
      contents: |
        [Service]
        ExecStart=/opt/bin/tool
        [Install]
        WantedBy=multi-user.target
      dropins:
        - name: 10-user.conf
          contents: |
            [Service]
            User=core
    - name: noisy.service
      mask: true
"#;

/// A folder with the files that the config embeds, a root with the little that a system has before, and the engine's own
/// files.
struct Machine {
    folder: TempDir,
}

impl Machine {
    fn new() -> Self {
        let machine = Self { folder: tempfile::tempdir().unwrap() };
        machine.write("files/big", &big());
        machine.write("files/tree/bin/tool", "#!/bin/sh\n");
        machine.write("files/tree/share/empty", "");
        fs::set_permissions(machine.path("files/tree/bin/tool"), std::os::unix::fs::PermissionsExt::from_mode(0o755))
            .unwrap();
        symlink("bin/tool", machine.path("files/tree/alias")).unwrap();
        machine.write("root/etc/passwd", "root:x:0:0:root:/root:/bin/sh\n");
        machine.write("root/etc/group", "root:x:0:\n");
        machine.write("root/etc/shadow", "root:*:19000:0:99999:7:::\n");
        machine.write("root/etc/gshadow", "root:*::\n");
        machine.write("root/etc/login.defs", "USERGROUPS_ENAB yes\nCREATE_HOME yes\n");
        // It labels what it has written in the end; here there are no labels, and a program that sets none.
        machine.write("root/etc/selinux/config", "SELINUX=disabled\nSELINUXTYPE=none\n");
        fs::create_dir(machine.path("bin")).unwrap();
        symlink("/bin/true", machine.path("bin/setfiles")).unwrap();
        machine.write("root/etc/hostname", "localhost");
        machine
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn root(&self, path: &str) -> PathBuf {
        self.path(&format!("root{path}"))
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn text(&self, path: &str) -> String {
        fs::read_to_string(self.root(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// A file's mode, without its type, and its owners.
    fn owned(&self, path: &str) -> (u32, u32, u32) {
        let metadata = fs::symlink_metadata(self.root(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        (metadata.mode() & 0o7777, metadata.uid(), metadata.gid())
    }

    /// Translates the config.
    fn translate(&self, butane: &str) {
        self.write("config.bu", butane);
        let mut command = Command::new(firstlight());
        command.args(["butane", "--strict", "--pretty", "--files-dir"]).arg(self.path("files"));
        command.arg("--output").arg(self.path("config.ign")).arg(self.path("config.bu"));
        let output = run(&mut command, DEADLINE);
        assert_eq!(output.code, Some(0), "{}", output.text);
    }

    /// Runs what a boot's initrd runs.
    fn apply(&self) {
        for stage in ["fetch-offline", "fetch", "files"] {
            let mut command = as_root();
            command.arg(ENGINE).args(["--platform=file", "--log-to-stdout"]).arg(format!("--stage={stage}"));
            for (flag, name) in
                [("root", "root"), ("config-cache", "cache"), ("state-file", "state"), ("neednet", "net")]
            {
                command.arg(format!("--{flag}={}", self.path(name).display()));
            }
            let path = std::env::var("PATH").unwrap();
            command.env("PATH", format!("{}:{path}", self.path("bin").display()));
            command.env_remove("JOURNAL_STREAM").env("IGNITION_CONFIG_FILE", self.path("config.ign"));
            let output = run(&mut command, DEADLINE);
            assert_eq!(output.code, Some(0), "{stage}: {}", output.text);
        }
    }
}

/// A command that runs as root, or seems to.
fn as_root() -> Command {
    if Uid::effective().is_root() {
        return Command::new("env");
    }
    let mut command = Command::new("unshare");
    command.args(["--user", "--map-root-user", "--map-auto"]);
    command
}

/// A text that is worth compressing.
fn big() -> String {
    "The quick brown fox jumps over the lazy dog.\n".repeat(2000)
}

#[test]
fn the_engine_makes_what_a_config_asks_for() {
    assert!(Path::new(ENGINE).exists(), "{ENGINE} is not there: scripts/install-packages test");
    let machine = Machine::new();
    machine.translate(BUTANE);
    machine.apply();

    assert_eq!(machine.text("/etc/motd"), "Grüße, <you> & 100 %\nand goodbye\n");
    assert_eq!(machine.owned("/etc/motd"), (0o640, 0, 0));
    assert_eq!(machine.text("/srv/big"), big());
    assert_eq!(machine.owned("/srv/big"), (0o644, 1234, 0));
    assert_eq!(machine.text("/etc/hostname"), "kitt");
    assert_eq!(machine.owned("/srv/data"), (0o750, 1234, 1500));

    assert_eq!(fs::read_link(machine.root("/etc/motd.link")).unwrap(), Path::new("motd"));
    let inode = |path| fs::metadata(machine.root(path)).unwrap().ino();
    assert_eq!(inode("/srv/hard"), inode("/srv/big"));

    assert_eq!((machine.text("/opt/bin/tool").as_str(), machine.owned("/opt/bin/tool").0), ("#!/bin/sh\n", 0o755));
    assert_eq!((machine.text("/opt/share/empty").as_str(), machine.owned("/opt/share/empty").0), ("", 0o644));
    assert_eq!(fs::read_link(machine.root("/opt/alias")).unwrap(), Path::new("bin/tool"));

    assert!(machine.text("/etc/passwd").contains("\ncore:x:1234:1234::/home/core:/bin/bash\n"));
    assert!(machine.text("/etc/group").contains("\nops:x:1500:core\n"));
    assert!(machine.text("/etc/shadow").contains("\ncore:$y$j9T$salt$hash:"));
    let keys = "/home/core/.ssh/authorized_keys.d/ignition";
    assert_eq!(machine.text(keys), "ssh-ed25519 AAAA one\nssh-ed25519 BBBB two\n");
    assert_eq!(machine.owned(keys), (0o600, 1234, 1234));

    let units = "/etc/systemd/system";
    assert!(machine.text(&format!("{units}/hello.service")).contains("ExecStart=/opt/bin/tool\n[Install]\n"));
    assert_eq!(machine.text(&format!("{units}/hello.service.d/10-user.conf")), "[Service]\nUser=core\n");
    assert_eq!(fs::read_link(machine.root(&format!("{units}/noisy.service"))).unwrap(), Path::new("/dev/null"));
    assert!(machine.text("/etc/systemd/system-preset/20-ignition.preset").contains("enable hello.service\n"));
}
