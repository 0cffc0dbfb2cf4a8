//! One machine of a lab: its files and its QEMU.

use crate::{
    Accel, Folder, MachineState, MachineStatus, Result, error::file, folder::KEPT_DISK, process, programs::Emulator,
    qemu,
};
use firstlight_model::ByteSize;
use firstlight_site::LabMachine;
use std::{
    fs::{self, File},
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

const QEMU_LOG: &str = "qemu.log";

impl Machine {
    /// Makes the machine's files and starts it.
    pub(crate) fn start(
        spec: &LabMachine,
        tap: &str,
        accel: Accel,
        emulator: &Emulator,
        folder: &Folder,
        keep_disk: bool,
    ) -> Result<Self> {
        let own = folder.path().join(spec.name.as_str());
        fs::create_dir_all(&own).map_err(file("cannot make", &own))?;
        if let Some(uefi) = &emulator.uefi {
            let copy = own.join(qemu::FIRMWARE_VARIABLES);
            fs::copy(&uefi.variables, &copy).map_err(file("cannot make", copy))?;
        }
        let disk = if keep_disk { KEPT_DISK } else { qemu::DISK };
        if let Some(size) = spec.disk {
            make_disk(&own.join(disk), size)?;
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
    fn the_last_lines_are_in_their_order() {
        let folder = tempfile::tempdir().unwrap();
        let log = folder.path().join("log");
        fs::write(&log, "a\nb\n\nc\n").unwrap();
        assert_eq!(last_lines(&log, 2), "b\nc");
        assert_eq!(last_lines(Path::new("/nowhere"), 2), "");
    }
}
