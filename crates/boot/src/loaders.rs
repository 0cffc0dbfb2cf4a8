//! Which network boot program each firmware gets. iPXE's own names, as its build and Debian's `ipxe` package have them.

use firstlight_model::Firmware;

/// One row: a firmware, and the iPXE binary that it can run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loader {
    /// The firmware, which also tells whether it fetches by TFTP or by HTTP.
    pub firmware: Firmware,
    /// The file in the site's `ipxe_dir`.
    pub file: &'static str,
}

/// The table. `undionly.kpxe` and `snponly.efi` drive the card through the firmware that found it, so they work
/// wherever the firmware itself did. HTTP boot gets the build with drivers of its own: after HTTP boot some firmware
/// leaves its network stack in a state that `snponly.efi` cannot use.
pub const LOADERS: [Loader; 3] = [
    Loader { firmware: Firmware::Bios, file: "undionly.kpxe" },
    Loader { firmware: Firmware::UefiAmd64, file: "snponly.efi" },
    Loader { firmware: Firmware::UefiAmd64Http, file: "ipxe.efi" },
];

/// The file for a firmware; `None` where we know of no loader for it.
pub(crate) fn loader_for(firmware: Firmware) -> Option<&'static str> {
    LOADERS.iter().find(|loader| loader.firmware == firmware).map(|loader| loader.file)
}
