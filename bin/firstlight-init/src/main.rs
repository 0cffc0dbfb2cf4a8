//! PID 1 of a small Linux: it mounts, loads modules, gets an address, reports that the machine is up, tells what it is
//! made of, and waits.
//!
//! A list of named phases, each in its own file. None of them ends the program: where one fails, its cause is printed
//! on the console and it is tried again, or the machine goes on without it. PID 1 must never exit, for the kernel
//! panics then. No shell, no second process, no file is written outside `/etc` and `/proc`.
//!
//! Kernel arguments: `BOOTIF=01-<mac>` chooses the interface; `firstlight.report=<url>` is where to report;
//! `firstlight.inventory=<url>` where to tell what the machine is made of; `firstlight.parked=<url>` where a machine that
//! is parked asks whether there is something else to boot; `firstlight.after=wait|poweroff|reboot` says what comes then.

mod arguments;
mod console;
mod dhcp;
mod hardware;
mod http;
mod interface;
mod inventory;
mod json;
mod modules;
mod mounts;
mod netlink;
mod network;
mod node;
mod parked;
mod report;
mod signals;
mod wait;

use node::Node;

/// A phase does its work or says why it could not; what follows copes.
type Phase = fn(&mut Node) -> Result<(), String>;

const PHASES: [(&str, Phase); 7] = [
    ("mounts", mounts::run),
    ("modules", modules::run),
    ("network", network::run),
    ("report", report::run),
    ("inventory", inventory::run),
    ("parked", parked::run),
    ("wait", wait::run),
];

fn main() {
    // A bug must leave a console to read, not a panicked kernel.
    let outcome = std::panic::catch_unwind(start);
    let cause = match outcome {
        Ok(never) => match never {},
        Err(_) => "a bug ended init; the machine stays as it is",
    };
    console::say(cause);
    loop {
        std::thread::park();
    }
}

fn start() -> std::convert::Infallible {
    let mut node = Node::new();
    for (name, phase) in PHASES {
        if let Err(cause) = phase(&mut node) {
            console::say(format_args!("{name}: {cause}"));
        }
    }
    loop {
        node.signals.pause(None);
    }
}
