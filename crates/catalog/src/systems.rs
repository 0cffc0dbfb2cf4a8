//! The built-in `os` blocks, as text. Each is a file of its own, so that a user can read what is built in, and copy it.

/// What the name of each file begins with where a complaint or a reason points into it.
pub const FOLDER: &str = "catalog:";

/// The built-in systems: the name of each file, and its text. One `os` block in each.
pub const SYSTEMS: &[(&str, &str)] = &[
    ("catalog:almalinux.hcl", include_str!("../os/almalinux.hcl")),
    ("catalog:alpine.hcl", include_str!("../os/alpine.hcl")),
    ("catalog:arch.hcl", include_str!("../os/arch.hcl")),
    ("catalog:debian.hcl", include_str!("../os/debian.hcl")),
    ("catalog:debian-installer.hcl", include_str!("../os/debian-installer.hcl")),
    ("catalog:fedora.hcl", include_str!("../os/fedora.hcl")),
    ("catalog:fedora-coreos.hcl", include_str!("../os/fedora-coreos.hcl")),
    ("catalog:flatcar.hcl", include_str!("../os/flatcar.hcl")),
    ("catalog:linux-image.hcl", include_str!("../os/linux-image.hcl")),
    ("catalog:memtest86plus.hcl", include_str!("../os/memtest86plus.hcl")),
    ("catalog:netboot.xyz.hcl", include_str!("../os/netboot.xyz.hcl")),
    ("catalog:opensuse.hcl", include_str!("../os/opensuse.hcl")),
    ("catalog:rocky.hcl", include_str!("../os/rocky.hcl")),
    ("catalog:talos.hcl", include_str!("../os/talos.hcl")),
    ("catalog:ubuntu.hcl", include_str!("../os/ubuntu.hcl")),
];
