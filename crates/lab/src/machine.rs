//! One machine of a lab: its files and its QEMU.

use crate::{
    Accel, Folder, MachineState, MachineStatus, Result, error::file, folder::KEPT_DISK, process, programs::Emulator,
    qemu,
};
use firstlight_model::ByteSize;
use firstlight_site::LabMachine;
use std::{
    fs::{self, File},
    io::Write,
    os::unix::fs::OpenOptionsExt,
    path::Path,
    process::{Child, Command},
};

pub(crate) struct Machine {
    pub(crate) name: String,
    mac: firstlight_model::Mac,
    log: std::path::PathBuf,
    pub(crate) process: Child,
    /// We ended it, whatever QEMU makes of that.
    switched_off: bool,
}

/// What is in its drives.
pub(crate) struct Media<'a> {
    /// Whether its disk is one that stays.
    pub(crate) keep_disk: bool,
    /// The bytes of its seed, where it has one.
    pub(crate) seed: Option<&'a [u8]>,
}

const QEMU_LOG: &str = "qemu.log";

impl Machine {
    /// Makes the machine's files and starts it.
    pub(crate) fn start(
        spec: &LabMachine,
        tap: &str,
        accel: Accel,
        emulator: &Emulator,
        folder: &Folder,
        media: &Media<'_>,
    ) -> Result<Self> {
        let own = folder.path().join(spec.name.as_str());
        fs::create_dir_all(&own).map_err(file("cannot make", &own))?;
        if let Some(uefi) = &emulator.uefi {
            let copy = own.join(qemu::FIRMWARE_VARIABLES);
            fs::copy(&uefi.variables, &copy).map_err(file("cannot make", copy))?;
        }
        let disk = if media.keep_disk { KEPT_DISK } else { qemu::DISK };
        if let Some(size) = spec.disk {
            make_disk(&own.join(disk), size)?;
        }
        if spec.seed {
            make_seed(&own.join(qemu::SEED), media.seed.unwrap_or_default())?;
        }
        let log = own.join(QEMU_LOG);
        let output = File::create(&log).map_err(file("cannot make", &log))?;
        let mut command = Command::new(&emulator.qemu);
        command.args(qemu::arguments(spec, tap, disk, accel, emulator)).current_dir(folder.path());
        let process = process::spawn(command, output)?;
        Ok(Machine { name: spec.name.to_string(), mac: spec.mac, log, process, switched_off: false })
    }

    pub(crate) fn power_off(&mut self) {
        self.switched_off = true;
        process::end([&mut self.process]);
    }

    pub(crate) fn status(&mut self) -> MachineStatus {
        let state = match self.process.try_wait() {
            Ok(None) => MachineState::Running { pid: self.process.id() },
            Ok(Some(status)) if status.success() || self.switched_off => MachineState::Off,
            Ok(Some(status)) => MachineState::Failed { why: format!("{status}: {}", last_lines(&self.log, 5)) },
            Err(error) => MachineState::Failed { why: error.to_string() },
        };
        MachineStatus { name: self.name.clone(), mac: self.mac, state }
    }
}

/// An empty disk takes no room until it is written to. One that was kept is used as it is.
fn make_disk(path: &Path, size: ByteSize) -> Result<()> {
    let disk = File::options().create(true).append(true).open(path).map_err(file("cannot make", path))?;
    let length = disk.metadata().map_err(file("cannot read", path))?.len();
    disk.set_len(length.max(size.0)).map_err(file("cannot make", path))
}

/// It may hold secrets: nobody else reads it, also for the moment in which it is made.
fn make_seed(path: &Path, bytes: &[u8]) -> Result<()> {
    let _ = fs::remove_file(path);
    let made = File::options().create_new(true).write(true).mode(0o600).open(path);
    made.and_then(|mut seed| seed.write_all(bytes)).map_err(file("cannot make", path))
}

/// The end of a log, for an error message.
pub(crate) fn last_lines(log: &Path, count: usize) -> String {
    let text = fs::read(log).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let lines: Vec<_> = text.lines().rev().filter(|line| !line.trim().is_empty()).take(count).collect();
    lines.into_iter().rev().collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_is_empty_until_it_is_written_to_and_never_shrinks() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("disk");
        make_disk(&path, ByteSize(1 << 30)).unwrap();
        fs::write(folder.path().join("x"), "").unwrap();
        make_disk(&path, ByteSize(1 << 20)).unwrap();
        let metadata = fs::metadata(&path).unwrap();
        assert_eq!(metadata.len(), 1 << 30);
        assert!(std::os::unix::fs::MetadataExt::blocks(&metadata) < 100);
    }

    #[test]
    fn a_seed_is_its_owners_to_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("seed.iso");
        fs::write(&path, "of an earlier lab, and longer").unwrap();
        make_seed(&path, b"new").unwrap();
        let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(&path).unwrap().permissions());
        assert_eq!((fs::read(&path).unwrap().as_slice(), mode & 0o777), (&b"new"[..], 0o600));
    }

    #[test]
    fn the_last_lines_are_in_their_order() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        fs::write(&log, "a\nb\n\nc\n").unwrap();
        assert_eq!(last_lines(&log, 2), "b\nc");
        assert_eq!(last_lines(Path::new("/nowhere"), 2), "");
    }
}
