//! A virtual machine with a disk, over several of its boots.

use crate::{Output, boot::ONE_AT_A_TIME, firstlight, installer::make_installer, repository, run};
use std::{
    fs,
    io::{BufRead, BufReader, Write},
    os::unix::net::UnixStream,
    path::{Path, PathBuf},
    process::Command,
    sync::{MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// How long each thing that is waited for may take on a busy computer.
const DEADLINE: Duration = Duration::from_secs(240);

/// The machine's disk, below the site's folder.
const KEPT_DISK: &str = ".firstlight/lab/kitt/disk-kept.raw";

/// The hardware address of the lab's machine, which is called `kitt` there.
pub const MAC: &str = "52:54:00:00:00:01";

/// A site's lab with one machine, until it is dropped.
#[derive(Debug)]
pub struct Lifetime {
    site: TempDir,
    patience: Duration,
    _alone: MutexGuard<'static, ()>,
}

impl Lifetime {
    /// Gives a machine power whose disk is full of `b"precious "`. In `site` stands `ASSETS` for the folder with the kernel
    /// and its initrd; `installer` is beside it.
    pub fn begin(site: &str) -> Lifetime {
        let assets = repository().join("examples/assets");
        assert!(assets.join("vmlinuz").exists(), "there is nothing to boot: make prepare");
        let lab = format!(
            "lab {{\n machine \"kitt\" {{\n mac = \"{MAC}\"\n firmware = \"bios\"\n memory = \"512M\"\n disk = \"16M\"\n }}\n}}\n"
        );
        let text = format!("{site}{lab}").replace("ASSETS", &assets.display().to_string());
        let make = |folder: &Path| {
            fs::write(folder.join("site.hcl"), text).expect("the site is written");
            make_installer(&folder.join("installer"));
            let disk = folder.join(KEPT_DISK);
            fs::create_dir_all(disk.parent().expect("a folder")).expect("a folder for the disk");
            fs::write(&disk, b"precious ".repeat((16 << 20) / 9 + 1).get(..16 << 20).expect("long enough"))
                .expect("the disk is written");
        };
        Lifetime::begin_with(make, DEADLINE)
    }

    /// Gives a machine power in the lab of the site that `make` puts into a folder; its name there is `kitt`. Each thing that
    /// is waited for may take as long as `patience`.
    pub fn begin_with(make: impl FnOnce(&Path), patience: Duration) -> Lifetime {
        let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        let site = tempfile::tempdir().expect("a folder for the site");
        make(site.path());
        let lifetime = Lifetime { site, patience, _alone };
        let up = lifetime.firstlight("lab up --keep-disks SITE");
        assert_eq!(up.code, Some(0), "{}", up.text);
        lifetime
    }

    /// The process of the lab, which is in its network namespace.
    pub fn lab(&self) -> u32 {
        let status: serde_json::Value =
            serde_json::from_str(&self.firstlight("lab status --json SITE").text).expect("the lab's status");
        status["pid"].as_u64().and_then(|pid| pid.try_into().ok()).expect("the lab runs")
    }

    /// Presses the machine's reset button.
    pub fn reset(&self) {
        let socket = self.site.path().join(".firstlight/lab/kitt/qmp");
        let mut monitor = UnixStream::connect(socket).expect("the machine's monitor");
        for command in ["qmp_capabilities", "system_reset"] {
            writeln!(monitor, "{{\"execute\": \"{command}\"}}").expect("the monitor listens");
        }
        // The monitor ends with its connection: not before it has answered both, and greeted.
        let answers = BufReader::new(monitor).lines().take(3).collect::<Result<Vec<_>, _>>();
        answers.expect("the monitor answers");
    }

    fn disk(&self) -> PathBuf {
        self.site.path().join(KEPT_DISK)
    }

    /// Runs `firstlight`; `SITE` stands for the site's folder.
    pub fn firstlight(&self, line: &str) -> Output {
        let site = self.site.path().display().to_string();
        let words = line.split(' ').map(|word| if word == "SITE" { site.as_str() } else { word });
        run(Command::new(firstlight()).args(words), Duration::from_secs(60))
    }

    /// What `machines show` says of the machine.
    pub fn shown(&self, name: &str) -> String {
        self.firstlight(&format!("machines show {name} --lab --site SITE")).text
    }

    /// Waits until `look` shows this, and gives all that it showed then.
    pub fn wait_until(&self, look: impl Fn(&Lifetime) -> String, text: &str) -> String {
        let end = Instant::now() + self.patience;
        loop {
            let seen = look(self);
            if seen.contains(text) {
                return seen;
            }
            assert!(Instant::now() < end, "never {text:?} in\n{seen}\n--- console\n{}", self.console());
            std::thread::sleep(Duration::from_millis(500));
        }
    }

    /// The SHA-256 of its disk.
    pub fn disk_sum(&self) -> String {
        let sum = run(Command::new("sha256sum").arg(self.disk()), Duration::from_secs(60)).text;
        sum.split(' ').next().unwrap_or_default().to_owned()
    }

    /// What its serial console showed.
    pub fn console(&self) -> String {
        let log = self.site.path().join(".firstlight/lab/kitt/console.log");
        String::from_utf8_lossy(&fs::read(log).unwrap_or_default()).into_owned()
    }
}

impl Drop for Lifetime {
    fn drop(&mut self) {
        let _ = self.firstlight("lab down SITE");
    }
}
