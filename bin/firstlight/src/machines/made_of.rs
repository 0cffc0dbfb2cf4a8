//! What a machine says that it is made of, for people.

use crate::output;
use firstlight_model::{BootedBy, ByteSize, Disk, Inventory, Nic, Said, Timestamp};

/// Where the values begin, below those of the machine itself.
const INDENT: usize = 13;

/// The lines of `machines show` about it.
pub(super) fn block(inventory: &Inventory, at: Timestamp, width: usize) -> String {
    let mut text = format!("\nMade of, as it said itself at {at}:\n");
    for (key, value) in rows(inventory).into_iter().filter(|(_, value)| !value.is_empty()) {
        text.push_str(&format!("  {key:10} {}\n", output::hang(&value, INDENT, width)));
    }
    text
}

fn rows(inventory: &Inventory) -> Vec<(&'static str, String)> {
    let text = |said: &Option<Said>| said.as_ref().map(Said::to_string).unwrap_or_default();
    let mut rows = vec![
        ("system", joined([text(&inventory.vendor), text(&inventory.product)], " ")),
        ("serial", text(&inventory.serial)),
        ("uuid", inventory.uuid.map(|uuid| uuid.to_string()).unwrap_or_default()),
        ("firmware", firmware(inventory)),
        ("processors", processors(inventory)),
        ("memory", inventory.memory.map(|bytes| ByteSize(bytes).to_string()).unwrap_or_default()),
    ];
    rows.extend(inventory.disks.iter().map(|part| ("disk", disk(part))));
    rows.extend(inventory.nics.iter().map(|part| ("network", nic(part))));
    rows
}

fn joined(parts: impl IntoIterator<Item = String>, by: &str) -> String {
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(by)
}

fn firmware(inventory: &Inventory) -> String {
    let kind = inventory.firmware.map(|kind| match kind {
        BootedBy::Bios => "BIOS",
        BootedBy::Uefi => "UEFI",
    });
    let secure = inventory.secure_boot.map(|on| if on { "Secure Boot enforced" } else { "Secure Boot off" });
    joined([kind, secure].into_iter().flatten().map(str::to_owned), ", ")
}

fn processors(inventory: &Inventory) -> String {
    let count = inventory.cpus.map(|count| count.to_string());
    let arch = inventory.arch.map(|arch| arch.to_string());
    let model = inventory.cpu.as_ref().map(Said::to_string);
    joined([count, arch, model].into_iter().flatten(), " ")
}

fn disk(disk: &Disk) -> String {
    let kind = disk.rotational.map(|turns| if turns { "rotational" } else { "solid state" }.to_owned());
    let serial = disk.serial.as_ref().map(|serial| format!("serial {serial}"));
    let model = disk.model.as_ref().map(Said::to_string);
    let about = joined([model, serial, kind].into_iter().flatten(), ", ");
    joined([disk.name.to_string(), ByteSize(disk.size).to_string(), about], "  ")
}

fn nic(nic: &Nic) -> String {
    let link = nic.link.map(|link| if link { "link" } else { "no link" }.to_owned());
    let about = joined([link, nic.driver.as_ref().map(Said::to_string)].into_iter().flatten(), ", ");
    joined([nic.name.to_string(), nic.mac.to_string(), about], "  ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_machine_is_told_part_by_part() {
        let said = r#"{"vendor": "QEMU", "product": "Standard PC", "firmware": "uefi", "secure_boot": false,
            "cpus": 2, "arch": "amd64", "memory": 499122176, "colour": "red",
            "disks": [{"name": "vda", "size": 67108864, "serial": "a\u001b[2Jb", "rotational": true}],
            "nics": [{"name": "eth0", "mac": "52:54:00:00:00:01", "link": true, "driver": "virtio_net"}]}"#;
        let inventory: Inventory = serde_json::from_str(said).unwrap();
        assert_eq!(
            block(&inventory, Timestamp(0), 200),
            "\nMade of, as it said itself at 1970-01-01T00:00:00.000Z:\n  \
             system     QEMU Standard PC\n  firmware   UEFI, Secure Boot off\n  processors 2 amd64\n  \
             memory     476 MiB\n  disk       vda  64 MiB  serial a [2Jb, rotational\n  \
             network    eth0  52:54:00:00:00:01  link, virtio_net\n"
        );
    }
}
