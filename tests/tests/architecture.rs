//! The allowed arrows between crates, as ARCHITECTURE.md draws them. Any other is a mistake, and so is a room without
//! a row here.
#![allow(clippy::expect_used, clippy::panic, clippy::unwrap_used)]

use std::{collections::BTreeMap, process::Command};

/// Each crate and the crates of ours that it may depend on.
const ALLOWED: [(&str, &[&str]); 21] = [
    ("model", &[]),
    // Bytes in, bytes out: it knows nothing of sites and assets.
    ("archive", &[]),
    // A language of its own, which knows nothing of sites and machines.
    ("butane", &[]),
    // The built-in `os` blocks, and what makers' listings look like.
    ("catalog", &["model"]),
    // It reads the catalog's text as it reads a user's, and knows a CID from a mistake.
    ("site", &["model", "catalog", "ipfs"]),
    ("cloudinit", &["model", "butane"]),
    ("wire", &["model"]),
    ("plan", &["model"]),
    ("boot", &["model", "site", "butane", "cloudinit", "plan"]),
    // It keeps where each machine stands, and takes it further one input after another.
    ("state", &["model", "plan"]),
    // Whose bytes these are; what for, it does not know.
    ("trust", &["model"]),
    ("assets", &["model", "archive", "site", "boot", "catalog", "trust", "ipfs"]),
    // It serves package managers, not machines that boot: nothing of what they are told is its business.
    ("packages", &["model", "site"]),
    ("image", &["model"]),
    ("ipfs", &[]),
    ("serve", &["model", "site", "wire", "plan", "boot", "state"]),
    // It asks the wire as the DHCP server does.
    ("doctor", &["model", "site", "boot", "serve"]),
    // What the lab does with machines it is told by the site; the boot server is a process to it.
    ("lab", &["model", "site"]),
    ("init", &["model", "wire"]),
    // The simulated clients speak the protocols; the server is a process to them.
    ("tests", &["model", "wire"]),
    (
        "firstlight",
        &[
            "model",
            "butane",
            "catalog",
            "site",
            "cloudinit",
            "wire",
            "plan",
            "boot",
            "state",
            "assets",
            "image",
            "packages",
            "serve",
            "doctor",
            "lab",
        ],
    ),
];

/// What a pure crate must never depend on: these do I/O, tell the time or make randomness.
const IMPURE: [&str; 7] = ["tokio", "nix", "socket2", "ureq", "getrandom", "axum", "mio"];
/// `butane` is as pure but for its files directory, which it needs the kernel's help to stay in.
const PURE: [&str; 10] = ["model", "archive", "catalog", "site", "cloudinit", "wire", "plan", "boot", "ipfs", "trust"];

struct Package {
    name: String,
    dependencies: Vec<String>,
}

/// The workspace's packages with what they are built from; what only their tests use does not count.
fn packages() -> Vec<Package> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--format-version", "1", "--offline"])
        .output()
        .expect("cargo runs");
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("cargo prints JSON");
    let package = |package: &serde_json::Value| {
        let dependencies = package["dependencies"].as_array().unwrap().iter();
        Package {
            name: short(package["name"].as_str().unwrap()),
            dependencies: dependencies
                .filter(|d| d["kind"].is_null())
                .map(|d| d["name"].as_str().unwrap().to_owned())
                .collect(),
        }
    };
    metadata["packages"].as_array().unwrap().iter().map(package).collect()
}

fn short(name: &str) -> String {
    name.strip_prefix("firstlight-").unwrap_or(name).to_owned()
}

#[test]
fn crates_depend_only_on_those_above_them() {
    let allowed: BTreeMap<&str, &[&str]> = ALLOWED.into();
    for package in packages() {
        let Some(may) = allowed.get(package.name.as_str()) else {
            panic!("{} has no row in this test: decide what it may depend on", package.name);
        };
        let ours = package.dependencies.iter().filter(|name| name.starts_with("firstlight-")).map(|name| short(name));
        for dependency in ours {
            assert!(may.contains(&dependency.as_str()), "{} may not depend on {dependency}", package.name);
        }
    }
}

#[test]
fn pure_crates_have_nothing_impure_below_them() {
    for package in packages().into_iter().filter(|package| PURE.contains(&package.name.as_str())) {
        let impure: Vec<&String> = package.dependencies.iter().filter(|name| IMPURE.contains(&name.as_str())).collect();
        assert!(impure.is_empty(), "{} is pure, and depends on {impure:?}", package.name);
    }
}
