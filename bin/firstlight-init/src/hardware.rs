//! What the machine is made of, as the kernel tells in /sys and /proc. Nothing is mounted, opened or written: no disk is
//! read but by the kernel, which looks for partitions on its own. What cannot be found out is left out.

use crate::{interface::Interface, json::Object};
use firstlight_model::{PARTS_LIMIT, SAID_LIMIT, Uuid};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// Where the kernel's file systems are: `/`, but in tests.
pub(crate) struct Kernel {
    root: PathBuf,
}

/// The inventory as the server takes it: see `firstlight_model::Inventory`.
pub(crate) fn inventory(kernel: &Kernel) -> String {
    let dmi = |name: &str| kernel.said(&format!("sys/class/dmi/id/{name}"));
    let uuid = dmi("product_uuid").and_then(|uuid| uuid.parse::<Uuid>().ok());
    let (cpuinfo, meminfo) = (kernel.text("proc/cpuinfo"), kernel.text("proc/meminfo"));
    let is_uefi = kernel.root.join("sys/firmware/efi").exists();
    Object::default()
        .text("vendor", dmi("sys_vendor"))
        .text("product", dmi("product_name"))
        .text("serial", dmi("product_serial"))
        .text("uuid", uuid.map(|uuid| uuid.to_string()))
        .text("arch", arch().map(str::to_owned))
        .text("firmware", Some(if is_uefi { "uefi" } else { "bios" }.to_owned()))
        .value("secure_boot", kernel.secure_boot().filter(|_| is_uefi))
        .value("cpus", Some(cpus(&cpuinfo)).filter(|count| *count > 0))
        .text("cpu", cpu(&cpuinfo))
        .value("memory", memory(&meminfo))
        .list("disks", kernel.disks())
        .list("nics", Interface::all().iter().take(PARTS_LIMIT).map(nic))
        .end()
}

impl Kernel {
    /// That of this machine.
    pub(crate) fn here() -> Self {
        Kernel { root: "/".into() }
    }

    fn text(&self, path: &str) -> String {
        fs::read(self.root.join(path)).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    /// A text that says something, cut to what the server takes.
    fn said(&self, path: &str) -> Option<String> {
        let text: String = self.text(path).trim().chars().take(SAID_LIMIT).collect();
        (!text.is_empty()).then_some(text)
    }

    /// The kernel's boot parameters have at 0x1ec what its EFI stub found: 2 for off, 3 for enforced (x86 only;
    /// Documentation/arch/x86/zero-page.rst). The firmware's own variables would have to be mounted.
    fn secure_boot(&self) -> Option<bool> {
        match fs::read(self.root.join("sys/kernel/boot_params/data")).ok()?.get(0x1ec)? {
            2 => Some(false),
            3 => Some(true),
            _ => None,
        }
    }

    /// The disks of real (or virtual) hardware, by name.
    fn disks(&self) -> Vec<Object> {
        let entries = fs::read_dir(self.root.join("sys/block")).into_iter().flatten().flatten();
        let mut names: Vec<_> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort();
        names.iter().filter_map(|name| self.disk(name)).take(PARTS_LIMIT).collect()
    }

    /// `None` for what has no device below it, as loops have none; for drives that take a medium; and for what is hidden
    /// behind another one.
    fn disk(&self, name: &str) -> Option<Object> {
        let at = |file: &str| format!("sys/block/{name}/{file}");
        let is_drive = ["sr", "fd"].iter().any(|kind| name.starts_with(kind));
        if is_drive || !self.root.join(at("device")).exists() || self.text(&at("hidden")).trim() == "1" {
            return None;
        }
        let sectors: u64 = self.text(&at("size")).trim().parse().ok()?;
        let serial = [at("serial"), at("device/serial")].iter().find_map(|path| self.said(path));
        Some(
            Object::default()
                .text("name", Some(name.to_owned()))
                .value("size", sectors.checked_mul(512))
                .text("model", self.said(&at("device/model")))
                .text("serial", serial.or_else(|| self.scsi_serial(&at("device/vpd_pg80"))))
                .value("rotational", Some(self.text(&at("queue/rotational")).trim() == "1")),
        )
    }

    /// The serial number of a SCSI or SATA disk: page 0x80 of its vital product data, behind a head of four bytes.
    fn scsi_serial(&self, path: &str) -> Option<String> {
        let page = fs::read(self.root.join(path)).ok()?;
        let text = String::from_utf8_lossy(page.get(4..)?).trim_matches(['\0', ' ']).to_owned();
        (!text.is_empty()).then(|| text.chars().take(SAID_LIMIT).collect())
    }
}

fn nic(interface: &Interface) -> Object {
    Object::default()
        .text("name", Some(interface.name.clone()))
        .text("mac", Some(interface.mac.to_string()))
        .value("link", Some(interface.has_carrier()))
        .text("driver", interface.driver())
}

/// By Debian's name; what has none here is left out.
fn arch() -> Option<&'static str> {
    match std::env::consts::ARCH {
        "x86_64" => Some("amd64"),
        "aarch64" => Some("arm64"),
        "x86" => Some("i386"),
        _ => None,
    }
}

fn cpus(cpuinfo: &str) -> usize {
    cpuinfo.lines().filter(|line| line.split(':').next().is_some_and(|key| key.trim() == "processor")).count()
}

fn cpu(cpuinfo: &str) -> Option<String> {
    let line = cpuinfo.lines().find_map(|line| line.strip_prefix("model name"))?;
    let name: String = line.trim_start_matches([' ', '\t', ':']).trim().chars().take(SAID_LIMIT).collect();
    (!name.is_empty()).then_some(name)
}

/// `MemTotal:  488012 kB`, in bytes.
fn memory(meminfo: &str) -> Option<u64> {
    let line = meminfo.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.split_ascii_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
}

/// The driver that a device's link names.
pub(crate) fn driver(device: &Path) -> Option<String> {
    fs::read_link(device.join("driver")).ok()?.file_name()?.to_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use firstlight_model::{BootedBy, Inventory};

    fn kernel(files: &[(&str, &[u8])]) -> (PathBuf, Kernel) {
        let root =
            std::env::temp_dir().join(format!("firstlight-init-hardware-{}-{}", std::process::id(), files.len()));
        for (path, bytes) in files {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, bytes).unwrap();
        }
        (root.clone(), Kernel { root })
    }

    #[test]
    fn what_the_kernel_tells_is_what_the_server_takes() {
        let mut parameters = vec![0; 4096];
        parameters[0x1ec] = 3;
        let long = [b'x'; 300];
        let (root, kernel) = kernel(&[
            ("sys/class/dmi/id/sys_vendor", b"QEMU\n"),
            ("sys/class/dmi/id/product_name", &long),
            ("sys/class/dmi/id/product_uuid", b"no uuid\n"),
            ("sys/firmware/efi/fw_platform_size", b"64\n"),
            ("sys/kernel/boot_params/data", &parameters),
            ("proc/cpuinfo", b"processor\t: 0\nmodel name\t: A \xffCPU\n\nprocessor\t: 1\nmodel name\t: A CPU\n"),
            ("proc/meminfo", b"MemTotal:     488012 kB\n"),
            ("sys/block/loop0/size", b"8\n"),
            ("sys/block/sr0/device/model", b"CD\n"),
            ("sys/block/sda/size", b"131072\n"),
            ("sys/block/sda/queue/rotational", b"1\n"),
            ("sys/block/sda/device/model", b"HARDDISK        \n"),
            ("sys/block/sda/device/vpd_pg80", b"\0\x80\0\x08  QM0001"),
            ("sys/block/vda/size", b"8\n"),
            ("sys/block/vda/serial", b"S1\n"),
            ("sys/block/vda/device/vendor", b"0x1af4\n"),
        ]);
        let found: Inventory = serde_json::from_str(&inventory(&kernel)).unwrap();
        fs::remove_dir_all(root).unwrap();
        assert_eq!((found.vendor.unwrap().as_str(), found.product.unwrap().as_str().len()), ("QEMU", SAID_LIMIT));
        assert_eq!((found.firmware, found.secure_boot, found.uuid), (Some(BootedBy::Uefi), Some(true), None));
        assert_eq!((found.cpus, found.memory), (Some(2), Some(488_012 << 10)));
        let text = |said: &Option<firstlight_model::Said>| said.as_ref().map(ToString::to_string);
        let disks: Vec<_> =
            found.disks.iter().map(|d| (d.name.as_str(), d.size, text(&d.serial), d.rotational)).collect();
        let own = |text: &str| Some(text.to_owned());
        assert_eq!(disks, [("sda", 64 << 20, own("QM0001"), Some(true)), ("vda", 4096, own("S1"), Some(false))]);
    }

    #[test]
    fn this_machine_tells_something_and_an_empty_one_next_to_nothing() {
        let here: Inventory = serde_json::from_str(&inventory(&Kernel::here())).unwrap();
        assert!(here.cpus > Some(0) && here.memory > Some(0) && here.arch.is_some(), "{here:?}");
        let (_, nothing) = kernel(&[]);
        let nothing: Inventory = serde_json::from_str(&inventory(&nothing)).unwrap();
        assert_eq!((nothing.cpus, nothing.memory, nothing.disks.len()), (None, None, 0));
    }
}
