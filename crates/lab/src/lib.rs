//! An isolated datacenter on one computer: the site's networks as bridges in a network namespace of their own, the
//! site's boot server inside it, and QEMU machines that boot from it. The host's network is never touched.
//!
//! One process, the supervisor, holds it all: it puts itself into the namespace, which has no name and so ends with its
//! last process; its children are killed by the kernel when it dies, however it dies. It must be single-threaded when
//! it starts a lab, and the thread that starts one must live as long as the lab does: the kernel ties the children to
//! that thread (prctl(2), PR_SET_PDEATHSIG).
//!
//! In `<site>/.firstlight/lab` lie the lock that says whether a lab runs, the socket by which other processes find it,
//! and for each machine a folder with its sockets, its firmware's variables and the log of its serial console. When a
//! lab ends, the logs stay and the rest goes.
//!
//! What it does not do: decide what boots (that is the site's and the boot server's), or print.

mod accel;
mod address_server;
mod background;
mod client;
mod console;
mod control;
mod error;
mod folder;
mod lab;
mod machine;
mod namespace;
mod network;
mod process;
mod programs;
mod qemu;
mod signals;

pub use accel::Accel;
pub use background::{Detached, detach, start_in_background};
pub use client::{down, status};
pub use console::attach;
pub use control::{MachineState, MachineStatus, Status};
pub use error::{Error, Result};
pub use folder::Folder;
pub use lab::{End, Lab, Options};
pub use programs::{Emulator, Missing, Programs, Uefi};
