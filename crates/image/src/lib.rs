//! Boot media made here: the initrd of the small Linux that reports back, and volumes of files such as a seed for
//! cloud-init.
//!
//! The same input gives the same bytes, on every computer and at any time: names are sorted, times are zero, owners
//! are root. Nothing here needs root, `cpio`, `depmod` or an installed kernel; a kernel package that was only
//! unpacked is enough.

mod compressed;
mod cpio;
mod error;
mod initrd;
mod iso;
mod modinfo;
mod modules;

pub use cpio::{Archive, Node};
pub use error::{Error, Result};
pub use initrd::Initrd;
pub use iso::Volume;
pub use modules::{Module, ModuleTree};
