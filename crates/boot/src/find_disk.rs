//! The shell functions by which an installer finds the disk that it is to overwrite, and reports. Templates see them as
//! `install.find_disk`. What the site asks of the disk stands at their top, quoted.
//!
//! That exactly one disk fits is decided on the machine, by what it has at that moment, and not by an inventory that may
//! be old: where none or several fit, nothing is written, and the report says which disks there are.

use firstlight_site::{DiskChoice, DiskMatch, SizeRule};

const FUNCTIONS: &str = include_str!("find_disk.sh");

/// The functions for this disk, reporting to this URL.
pub(crate) fn find_disk(disk: &DiskChoice, report_url: &str) -> String {
    let none = DiskMatch::default();
    let wanted = match disk {
        DiskChoice::Path(_) => &none,
        DiskChoice::Fitting(wanted) => wanted,
    };
    let (least, most) = wanted.bounds();
    let settings = [
        ("report_url", report_url.to_owned()),
        ("disk_path", disk.path().unwrap_or_default().to_owned()),
        ("disk_wanted", disk.to_string()),
        ("disk_serial", wanted.serial.clone().unwrap_or_default()),
        ("disk_model", wanted.model.clone().unwrap_or_default()),
        ("disk_least", least.to_string()),
        ("disk_most", most.map(|most| most.to_string()).unwrap_or_default()),
        ("disk_pick", pick(wanted).to_owned()),
        ("disk_rotational", wanted.rotational.map(|turns| u8::from(turns).to_string()).unwrap_or_default()),
    ];
    let lines: String = settings.iter().map(|(name, value)| format!("{name}={}\n", quoted(value))).collect();
    format!("{lines}\n{FUNCTIONS}")
}

fn pick(wanted: &DiskMatch) -> &'static str {
    let named = |rule: &SizeRule| match rule {
        SizeRule::Smallest => Some("smallest"),
        SizeRule::Largest => Some("largest"),
        SizeRule::AtLeast(_) | SizeRule::AtMost(_) => None,
    };
    wanted.size.iter().find_map(named).unwrap_or_default()
}

/// A word of the shell, whatever it holds.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::{fs, path::Path, process::Command};

    /// Every shell that an installer may have, as far as this computer has it.
    const SHELLS: [&[&str]; 3] = [&["dash"], &["bash", "--posix"], &["busybox", "sh"]];

    struct Computer(tempfile::TempDir);

    impl Computer {
        fn new() -> Computer {
            let computer = Computer(tempfile::tempdir().unwrap());
            computer.put("sys/block/loop0/size", "8\n");
            computer.put("sys/block/sr0/size", "8\n");
            computer.put("sys/block/sr0/device/model", "DVD\n");
            computer
        }

        fn put(&self, name: &str, content: impl AsRef<[u8]>) {
            let path = self.0.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }

        /// A disk of so many GiB.
        fn disk(self, name: &str, gib: u64, turns: bool, model: &str) -> Computer {
            let at = |file: &str| format!("sys/block/{name}/{file}");
            self.put(&at("size"), format!("{}\n", gib << 21));
            self.put(&at("queue/rotational"), format!("{}\n", u8::from(turns)));
            self.put(&at("device/model"), format!("{model:<16}\n"));
            self
        }

        fn with(self, name: &str, file: &str, content: impl AsRef<[u8]>) -> Computer {
            self.put(&format!("sys/block/{name}/{file}"), content);
            self
        }

        /// What each shell finds: the same. `Ok` is standard output, `Err` standard error.
        fn finds(&self, disk: &str) -> Result<String, String> {
            let script = find_disk(&choice(disk), "http://10.20.0.1/r/TOKEN");
            let script = script.replace("/sys/", &format!("{}/sys/", self.0.path().display())) + "find_disk\n";
            let all: Vec<_> = SHELLS.iter().filter_map(|shell| run(shell, &script, self.0.path())).collect();
            assert!(!all.is_empty(), "no shell to test with");
            assert!(all.iter().all(|one| *one == all[0]), "{all:?}");
            all.into_iter().next().unwrap()
        }
    }

    fn run(shell: &[&str], script: &str, folder: &Path) -> Option<Result<String, String>> {
        let output = Command::new(shell[0]).args(&shell[1..]).args(["-c", script]).current_dir(folder).output().ok()?;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
        Some(match output.status.success() {
            true => Ok(text(&output.stdout)),
            false => Err(text(&output.stderr)),
        })
    }

    /// The disk of a site's `install` block.
    fn choice(disk: &str) -> DiskChoice {
        let text = format!(
            "network \"n\" {{ subnet = \"10.20.0.0/24\" }}\nasset \"k\" {{ path = \"k\" }}\n\
             profile \"p\" {{\n kernel = \"k\"\n args = \"{{{{ report_url }}}}\"\n install {{\n {disk}\n }}\n}}\n"
        );
        let files = firstlight_site::Memory { files: [("site/k".into(), String::new())].into(), ..Default::default() };
        let sources = firstlight_site::Sources::single("site", text);
        let loaded = firstlight_site::parse(&sources, &files).unwrap_or_else(|report| panic!("{report}"));
        loaded.site.profiles["p"].install.clone().unwrap().disk
    }

    /// Two SSDs, two disks that turn, a stick, a path of a multipath NVMe that is none of its own.
    fn server() -> Computer {
        let page_80 = |serial: &str| [b"\0\x80\0\x14".as_slice(), serial.as_bytes()].concat();
        Computer::new()
            .disk("sda", 4000, true, "WDC WD40EFRX")
            .with("sda", "device/vpd_pg80", page_80("     WD-WCC4E0XJ1   "))
            .disk("sdb", 4000, true, "WDC WD40EFRX")
            .with("sdb", "device/vpd_pg80", page_80("     WD-WCC4E0XJ2   "))
            .disk("nvme0n1", 477, false, "Samsung SSD 980")
            .with("nvme0n1", "device/serial", "S64DNF0R        \n")
            .disk("vda", 100, false, "")
            .with("vda", "serial", "it's ours")
            .disk("sdc", 32, false, "Ultra Fit")
            .with("sdc", "removable", "1\n")
            .disk("nvme0c0n1", 477, false, "Samsung SSD 980")
            .with("nvme0c0n1", "hidden", "1\n")
    }

    #[test]
    fn the_one_disk_that_fits_is_found() {
        for (disk, name) in [
            ("disk { serial = \"WD-WCC4E0XJ2\" }", "/dev/sdb"),
            ("disk { serial = \"S64DNF0R\" }", "/dev/nvme0n1"),
            ("disk { serial = \"it's ours\" }", "/dev/vda"),
            ("disk { model = \"Samsung*\" }", "/dev/nvme0n1"),
            ("disk { size = \"smallest\" }", "/dev/vda"),
            ("disk { size = [\">=200G\", \"smallest\"] }", "/dev/nvme0n1"),
            ("disk {\n size = \"largest\"\n rotational = false\n }", "/dev/nvme0n1"),
            ("disk { size = [\">100G\", \"<=1T\"] }", "/dev/nvme0n1"),
        ] {
            assert_eq!(server().finds(disk), Ok(name.to_owned()), "{disk}");
        }
    }

    #[test]
    fn several_that_fit_are_none_and_all_disks_are_named() {
        let why = server().finds("disk { size = \"largest\" }").unwrap_err();
        assert_eq!(
            why,
            "2 disks are the largest disk: sda sdb; there are: nvme0n1 (512174850048 bytes, Samsung SSD 980, serial \
             S64DNF0R); sda (4294967296000 bytes, WDC WD40EFRX, serial WD-WCC4E0XJ1); sdb (4294967296000 bytes, \
             WDC WD40EFRX, serial WD-WCC4E0XJ2); vda (107374182400 bytes, serial it's ours);"
        );
        let why = server().finds("disk { serial = \"WD-*\" }").unwrap_err();
        assert!(why.starts_with("the disk with the serial number WD-* is not there; there are: nvme0n1 "), "{why}");
        let why = Computer::new().finds("disk { size = \"smallest\" }").unwrap_err();
        assert_eq!(why, "the smallest disk is not there; there are: none");
    }

    #[test]
    fn a_name_that_is_no_disk_is_not_taken() {
        let why = server().finds("disk = \"/dev/disk/by-id/nowhere\"").unwrap_err();
        assert!(why.starts_with("there is no disk /dev/disk/by-id/nowhere; there are: nvme0n1 "), "{why}");
    }

    #[test]
    fn a_name_leads_to_the_disk_itself() {
        let computer = Computer::new();
        let (name, link) = (computer.0.path().join("disk"), computer.0.path().join("by-id"));
        let made = Command::new("mknod").arg(&name).args(["b", "7", "200"]).output();
        if !made.is_ok_and(|made| made.status.success()) {
            eprintln!("not run: block devices cannot be made here");
            return;
        }
        std::os::unix::fs::symlink(&name, &link).unwrap();
        let script = find_disk(&DiskChoice::Path(link.display().to_string()), "http://x/r/T") + "find_disk\n";
        assert_eq!(run(&["sh"], &script, computer.0.path()), Some(Ok(name.display().to_string())));
    }
}
