//! OpenPGP public keys that sign what the built-in systems are made of, in ASCII armour (RFC 9580 section 6). Only keys that
//! were taken from a package of their owner's stand here, unchanged; of the other systems the catalog knows the fingerprint,
//! and a site brings the key.

/// The keys by their name: `keys = ["catalog:debian-13"]`. Each text holds one or more.
pub const KEYS: &[(&str, &str)] = &[
    // Of the package debian-archive-keyring 2023.3+deb12u2: debian-archive-bookworm-{automatic,stable}.gpg and
    // debian-archive-trixie-{automatic,stable}.gpg.
    ("debian-12", include_str!("../keys/debian-12.asc")),
    ("debian-13", include_str!("../keys/debian-13.asc")),
];
