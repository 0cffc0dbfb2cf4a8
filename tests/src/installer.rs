//! An installer to test with: a small Linux that overwrites the disk that it is told to, reports, and starts again. What it
//! puts there is a system of one sector, which says on the serial console that it runs.

use crate::run;
use std::{fs, os::unix::fs::PermissionsExt, path::Path, process::Command, time::Duration};

/// What the installed system says.
pub const INSTALLED_SAYS: &str = "the installed system runs";

/// PID 1, where the kernel is told `rdinit=/installer`. Without `install.report` it does its work and reports nothing.
const INSTALLER: &str = r#"#!/bin/busybox sh
b=/bin/busybox
$b mount -t proc proc /proc
$b mount -t sysfs sysfs /sys
$b mount -t devtmpfs devtmpfs /dev
say() { echo "installer: $1" >/dev/console; }
for module in $($b cat /etc/firstlight/modules); do $b insmod $module; done
for word in $($b cat /proc/cmdline); do
  case $word in
    install.disk=*) disk=${word#*=} ;;
    install.address=*) address=${word#*=} ;;
    install.report=*) report=${word#*=} ;;
  esac
done
$b ip address add $address/24 dev eth0
$b ip link set eth0 up
until [ -b $disk ] && [ "$($b cat /sys/class/net/eth0/carrier)" = 1 ]; do $b sleep 1; done
[ -z "$report" ] || $b wget -q -O - --post-data="writing to $disk" $report/progress >/dev/console
$b dd if=/system of=$disk conv=notrunc,fsync 2>/dev/null
# Each time it leaves something else behind.
$b dd if=/proc/sys/kernel/random/boot_id of=$disk bs=512 seek=8 conv=notrunc,fsync 2>/dev/null
say "wrote to $disk"
[ -z "$report" ] || $b wget -q -O - --post-data="installed on $disk" $report >/dev/console
say "starting again"
$b reboot -f
"#;

/// Puts the archive with the installer at `path`. It comes behind the small Linux's initrd, whose modules it loads.
pub fn make_installer(path: &Path) {
    let folder = tempfile::tempdir().expect("a folder for the installer");
    let at = |name: &str| folder.path().join(name);
    fs::write(at("installer"), INSTALLER).expect("the installer is written");
    fs::set_permissions(at("installer"), fs::Permissions::from_mode(0o755)).expect("it is executable");
    fs::write(at("system"), system()).expect("the system is written");
    // With its libraries, where the distribution's busybox has any.
    let pack = "set -e; mkdir -p bin; cp -L \"$(command -v busybox)\" bin/busybox; \
        for library in $(ldd bin/busybox 2>/dev/null | grep -o '/[^ )]*'); do \
          mkdir -p .$(dirname $library); cp -L $library .$library; done; \
        find . | cpio --quiet -o -H newc >\"$0\"";
    let packed =
        run(Command::new("sh").args(["-c", pack]).arg(path).current_dir(folder.path()), Duration::from_secs(20));
    assert_eq!(packed.code, Some(0), "{}", packed.text);
}

/// A boot sector that writes its text to the first serial port, and halts.
fn system() -> Vec<u8> {
    let mut sector = vec![
        0x31, 0xc0, // xor ax, ax
        0x8e, 0xd8, // mov ds, ax
        0xfc, // cld
        0xbe, 0x16, 0x7c, // mov si, 0x7c16: the text
        0xba, 0xf8, 0x03, // mov dx, 0x3f8
        0xac, // next: lodsb
        0x84, 0xc0, // test al, al
        0x74, 0x03, // jz end
        0xee, // out dx, al
        0xeb, 0xf8, // jmp next
        0xf4, // end: hlt
        0xeb, 0xfd, // jmp end
    ];
    sector.extend(format!("\r\n{INSTALLED_SAYS}\r\n\0").bytes());
    sector.resize(510, 0);
    sector.extend([0x55, 0xaa]);
    sector
}
