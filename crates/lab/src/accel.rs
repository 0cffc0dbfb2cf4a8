//! Whether guests can run on the processor itself. A `/dev/kvm` that opens proves nothing: under some hypervisors guests
//! then hang. So a tiny guest must prove it, at every start; nothing is remembered.

use crate::{Result, error::file, process};
use std::{
    fs::{self, File},
    path::Path,
    process::Command,
    time::Duration,
};

/// How guests run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Accel {
    /// On the processor.
    Kvm,
    /// Translated: slower, and works everywhere.
    Tcg,
}

/// How long the tiny guest may take: on hardware well under half a second.
const DEADLINE: Duration = Duration::from_secs(2);

/// A boot sector that counts down from 20 million, waits for three ticks of the timer, and then writes 0x10 to port 0xf4,
/// where QEMU's isa-debug-exit makes an exit status of it. The counting is what tells: a KVM that emulates each instruction
/// does start a guest, and then takes minutes over what hardware does in some milliseconds.
const PROOF: [u8; 40] = [
    0x66, 0xb9, 0x00, 0x2d, 0x31, 0x01, // mov ecx, 20_000_000
    0x66, 0x49, // dec ecx
    0x75, 0xfc, // jnz to the dec
    0xfb, // sti
    0x31, 0xc0, // xor ax, ax
    0x8e, 0xd8, // mov ds, ax
    0xa1, 0x6c, 0x04, // mov ax, [0x46c]: the BIOS counts ticks there
    0x05, 0x03, 0x00, // add ax, 3
    0x89, 0xc3, // mov bx, ax
    0xf4, // hlt
    0xa1, 0x6c, 0x04, // mov ax, [0x46c]
    0x29, 0xd8, // sub ax, bx
    0x78, 0xf8, // js to the hlt
    0xb0, 0x10, // mov al, 0x10
    0xba, 0xf4, 0x00, // mov dx, 0xf4
    0xee, // out dx, al
    0xf4, // hlt
    0xeb, 0xfd, // jmp to the hlt
];
/// `(0x10 << 1) | 1`
const PROVEN: i32 = 0x21;

impl std::fmt::Display for Accel {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Accel::Kvm => "on the processor, by KVM",
            Accel::Tcg => "translated by QEMU: KVM does not work here",
        })
    }
}

impl Accel {
    /// The better one that works here. `folder` holds the tiny guest for as long as it runs.
    ///
    /// # Errors
    /// QEMU does not start, or the folder cannot be written to.
    pub fn find(qemu: &Path, folder: &Path) -> Result<Accel> {
        let kvm_opens = File::options().read(true).write(true).open("/dev/kvm").is_ok();
        Ok(if kvm_opens && Accel::Kvm.works(qemu, folder)? { Accel::Kvm } else { Accel::Tcg })
    }

    fn works(self, qemu: &Path, folder: &Path) -> Result<bool> {
        let disk = folder.join("proof.img");
        let mut sector = [0; 512];
        sector[..PROOF.len()].copy_from_slice(&PROOF);
        sector[510..].copy_from_slice(&[0x55, 0xaa]);
        fs::write(&disk, sector).map_err(file("cannot write", &disk))?;
        let proven = self.run(qemu, folder);
        fs::remove_file(&disk).map_err(file("cannot remove", &disk))?;
        proven
    }

    fn run(self, qemu: &Path, folder: &Path) -> Result<bool> {
        let mut command = Command::new(qemu);
        command
            .current_dir(folder)
            .args(["-accel", self.argument(), "-machine", "pc", "-m", "16", "-no-user-config", "-nodefaults"])
            .args(["-display", "none", "-device", "isa-debug-exit,iobase=0xf4,iosize=0x04"])
            .args(["-drive", "file=proof.img,format=raw,if=ide"]);
        let nowhere = File::options().write(true).open("/dev/null").map_err(file("cannot open", "/dev/null"))?;
        let mut guest = process::spawn(command, nowhere)?;
        let status = process::wait_until(&mut guest, DEADLINE);
        let _ = guest.kill();
        let _ = guest.wait();
        Ok(status.and_then(|status| status.code()) == Some(PROVEN))
    }

    /// For `-accel`. The translated code is kept within 256 MiB; QEMU's own limit is a part of the host's memory.
    pub(crate) fn argument(self) -> &'static str {
        match self {
            Accel::Kvm => "kvm",
            Accel::Tcg => "tcg,tb-size=256",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tiny_guest_proves_an_accelerator_that_works() {
        let qemu = Path::new("/usr/bin/qemu-system-x86_64");
        if !qemu.exists() {
            eprintln!("not run: there is no {}", qemu.display());
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        assert!(Accel::Tcg.works(qemu, folder.path()).unwrap());
        assert!(fs::read_dir(folder.path()).unwrap().next().is_none(), "nothing is left");
    }

    #[test]
    fn a_program_that_is_no_qemu_proves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        assert!(!Accel::Kvm.works(Path::new("/bin/true"), folder.path()).unwrap());
        assert!(Accel::Kvm.works(Path::new("/nowhere"), folder.path()).is_err());
    }
}
