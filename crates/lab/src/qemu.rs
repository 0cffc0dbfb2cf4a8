//! The command line of a lab machine. Pure: a machine and where its parts are give the arguments of
//! QEMU for its processor. All paths of the machine's own are relative, so that sockets' names stay short whatever folder
//! the site is in: QEMU runs in the lab's folder.

use crate::{Accel, programs::Emulator};
use firstlight_model::Arch;
use firstlight_site::{LabFirmware, LabMachine};
use std::{ffi::OsString, path::PathBuf};

/// A lab machine's files, below the lab's folder.
pub(crate) const SERIAL: &str = "serial";
pub(crate) const QMP: &str = "qmp";
pub(crate) const CONSOLE_LOG: &str = "console.log";
pub(crate) const FIRMWARE_VARIABLES: &str = "vars.fd";
pub(crate) const DISK: &str = "disk.raw";
pub(crate) const SEED: &str = "seed.iso";

/// The arguments, without the program itself.
pub(crate) fn arguments(
    machine: &LabMachine,
    tap: &str,
    disk: &str,
    accel: Accel,
    emulator: &Emulator,
) -> Vec<OsString> {
    let mut line = Line(Vec::new());
    line.add("-name", machine.name.as_str());
    computer(&mut line, machine, accel);
    line.add("-m", machine.memory.mib().to_string());
    line.add("-smp", machine.cpus.to_string());
    line.flags(&["-no-user-config", "-nodefaults"]);
    line.add("-display", "none");
    identity(&mut line, machine);
    sockets(&mut line, machine);
    line.add("-object", "rng-random,id=rng,filename=/dev/urandom");
    line.add("-device", "virtio-rng-pci,rng=rng");
    firmware(&mut line, machine, emulator);
    network(&mut line, machine, tap);
    if machine.disk.is_some() {
        line.add(
            "-drive",
            format!("if=none,id=disk,format=raw,cache=unsafe,discard=unmap,file={}/{disk}", machine.name),
        );
        line.add("-device", "virtio-blk-pci,drive=disk,bootindex=1");
    }
    if machine.seed {
        seed(&mut line, machine);
    }
    line.0
}

struct Line(Vec<OsString>);

impl Line {
    fn add(&mut self, option: &str, value: impl Into<OsString>) {
        self.0.extend([option.into(), value.into()]);
    }

    fn flags(&mut self, flags: &[&str]) {
        self.0.extend(flags.iter().map(OsString::from));
    }
}

/// Its board and processor. An Arm machine is always translated: the computer's own processor is an x86-64. It has a
/// Cortex-A57, for that is translated faster than QEMU's `max` with all its extensions.
fn computer(line: &mut Line, machine: &LabMachine, accel: Accel) {
    if machine.firmware.arch() == Arch::Arm64 {
        line.add("-accel", Accel::Tcg.argument());
        line.add("-machine", "virt");
        return line.add("-cpu", "cortex-a57");
    }
    line.add("-accel", accel.argument());
    // Without a screen SeaBIOS and iPXE speak on the serial port.
    match machine.firmware.is_secure() {
        false => line.add("-machine", "q35,graphics=off"),
        true => {
            // The system must not write to the firmware's variables, keys among them, but through the firmware's own
            // management mode; which does not survive a suspend to memory.
            line.add("-machine", "q35,smm=on,graphics=off");
            line.add("-global", "driver=cfi.pflash01,property=secure,value=on");
            line.add("-global", "ICH9-LPC.disable_s3=1");
        }
    }
    // Translated by QEMU 7.2, kernels with `cmpxchg16b` were seen to crash behind that instruction once in some hours of
    // boots: flags full of nonsense, then a double fault. Without it they take another way.
    line.add("-cpu", if accel == Accel::Kvm { "host" } else { "qemu64,-cx16" });
}

fn identity(line: &mut Line, machine: &LabMachine) {
    if let Some(uuid) = machine.uuid {
        line.add("-uuid", uuid.to_string());
    }
    if let Some(serial) = &machine.serial {
        line.add("-smbios", format!("type=1,serial={}", escaped(serial)));
    }
}

fn sockets(line: &mut Line, machine: &LabMachine) {
    let name = &machine.name;
    let options = "server=on,wait=off";
    let log = format!("logfile={name}/{CONSOLE_LOG},logappend=off");
    line.add("-chardev", format!("socket,id=serial,path={name}/{SERIAL},{options},{log}"));
    line.add("-serial", "chardev:serial");
    line.add("-chardev", format!("socket,id=qmp,path={name}/{QMP},{options}"));
    line.add("-mon", "chardev=qmp,mode=control");
}

/// OVMF and AAVMF offer what their fw_cfg switches leave: PXE over IPv4, else HTTP. IPv6 is not served.
fn firmware(line: &mut Line, machine: &LabMachine, emulator: &Emulator) {
    let Some(uefi) = &emulator.uefi else { return };
    line.add("-drive", with_path("if=pflash,format=raw,unit=0,readonly=on,file=", &uefi.code));
    line.add("-drive", format!("if=pflash,format=raw,unit=1,file={}/{FIRMWARE_VARIABLES}", machine.name));
    let pxe = if machine.firmware.is_http() { "n" } else { "y" };
    line.add("-fw_cfg", format!("name=opt/org.tianocore/IPv4PXESupport,string={pxe}"));
    line.add("-fw_cfg", "name=opt/org.tianocore/IPv6PXESupport,string=n");
}

/// With UEFI the card has no ROM, for the firmware has its own driver; with BIOS it has QEMU's iPXE.
fn network(line: &mut Line, machine: &LabMachine, tap: &str) {
    let rom = if machine.firmware == LabFirmware::Bios { "" } else { ",romfile=" };
    line.add("-netdev", format!("tap,id=net,ifname={tap},script=no,downscript=no"));
    line.add("-device", format!("virtio-net-pci,netdev=net,mac={},bootindex=0{rom}", machine.mac));
}

/// A drive with a CD. On virtio's SCSI bus, for kernels made for virtual machines have no driver for others.
fn seed(line: &mut Line, machine: &LabMachine) {
    line.add("-device", "virtio-scsi-pci,id=scsi");
    line.add("-drive", format!("if=none,id=seed,format=raw,readonly=on,media=cdrom,file={}/{SEED}", machine.name));
    line.add("-device", "scsi-cd,drive=seed");
}

/// A comma ends a value in QEMU's options; a doubled one is a comma.
fn escaped(value: &str) -> String {
    value.replace(',', ",,")
}

fn with_path(options: &str, path: &PathBuf) -> OsString {
    match path.to_str() {
        Some(path) => format!("{options}{}", escaped(path)).into(),
        None => [OsString::from(options), path.into()].into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::programs::Uefi;
    use firstlight_model::{ByteSize, Mac};
    use firstlight_site::{Expect, Place};

    fn machine(firmware: LabFirmware) -> LabMachine {
        LabMachine {
            name: "kitt".parse().unwrap(),
            place: Place { file: "site.hcl".into(), line: 1, column: 1 },
            mac: Mac([0x52, 0x54, 0, 0x12, 0x34, 0x56]),
            uuid: Some("4c4c4544-0051-3210-8052-b4c04f4d3532".parse().unwrap()),
            serial: Some("A,1".into()),
            network: "boot".into(),
            firmware,
            memory: ByteSize(512 << 20),
            cpus: 2,
            disk: None,
            seed: false,
            expect: Expect::Reported,
        }
    }

    fn line(machine: &LabMachine, accel: Accel) -> String {
        let uefi = Uefi { code: "/fw/code, 4M.fd".into(), variables: "/fw/vars.fd".into() };
        let uefi = (machine.firmware != LabFirmware::Bios).then_some(uefi);
        let words = arguments(machine, "tap3", DISK, accel, &Emulator { qemu: "/usr/bin/qemu".into(), uefi });
        words.iter().map(|word| word.to_str().unwrap()).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_bios_machine_boots_by_the_cards_rom() {
        let line = line(&machine(LabFirmware::Bios), Accel::Tcg);
        assert_eq!(
            line,
            "-name kitt -accel tcg,tb-size=256 -machine q35,graphics=off -cpu qemu64,-cx16 -m 512 -smp 2 -no-user-config -nodefaults \
             -display none -uuid 4c4c4544-0051-3210-8052-b4c04f4d3532 -smbios type=1,serial=A,,1 \
             -chardev socket,id=serial,path=kitt/serial,server=on,wait=off,logfile=kitt/console.log,logappend=off \
             -serial chardev:serial -chardev socket,id=qmp,path=kitt/qmp,server=on,wait=off -mon chardev=qmp,mode=control \
             -object rng-random,id=rng,filename=/dev/urandom -device virtio-rng-pci,rng=rng \
             -netdev tap,id=net,ifname=tap3,script=no,downscript=no \
             -device virtio-net-pci,netdev=net,mac=52:54:00:12:34:56,bootindex=0"
        );
    }

    #[test]
    fn a_uefi_machine_has_its_own_variables_and_no_rom() {
        let line = line(&machine(LabFirmware::Uefi), Accel::Kvm);
        for part in [
            "unit=0,readonly=on,file=/fw/code,, 4M.fd ",
            "unit=1,file=kitt/vars.fd ",
            "IPv4PXESupport,string=y",
            "bootindex=0,romfile=",
            "-accel kvm",
            "-cpu host",
        ] {
            assert!(line.contains(part), "{part} in {line}");
        }
    }

    #[test]
    fn an_arm_machine_is_translated_whatever_the_others_are() {
        let line = line(&machine(LabFirmware::Arm64Http), Accel::Kvm);
        for part in ["-accel tcg", "-machine virt -cpu cortex-a57 ", "file=/fw/code", "IPv4PXESupport,string=n"] {
            assert!(line.contains(part), "{part} in {line}");
        }
    }

    #[test]
    fn secure_boot_is_guarded_by_management_mode() {
        let line = line(&machine(LabFirmware::UefiSecureHttp), Accel::Tcg);
        for part in ["q35,smm=on,", "cfi.pflash01,property=secure,value=on", "IPv4PXESupport,string=n"] {
            assert!(line.contains(part), "{part} in {line}");
        }
    }

    #[test]
    fn http_boot_is_what_is_left_without_pxe_and_a_disk_comes_second() {
        let machine = LabMachine { disk: Some(ByteSize(1 << 30)), ..machine(LabFirmware::UefiHttp) };
        let line = line(&machine, Accel::Tcg);
        assert!(line.contains("IPv4PXESupport,string=n"), "{line}");
        assert!(line.contains("file=kitt/disk.raw -device virtio-blk-pci,drive=disk,bootindex=1"), "{line}");
    }

    #[test]
    fn a_seed_is_a_cd_that_nothing_boots_from() {
        let line = line(&LabMachine { seed: true, ..machine(LabFirmware::Bios) }, Accel::Tcg);
        assert!(line.ends_with("readonly=on,media=cdrom,file=kitt/seed.iso -device scsi-cd,drive=seed"), "{line}");
    }
}
