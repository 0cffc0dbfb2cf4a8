//! The lock file as text.

use super::{Lock, LockedAsset, LockedOs};
use crate::show::quoted;
use std::fmt;

/// What stands at the top of the file.
const HEADER: &str = "\
# Written by `firstlight assets`. Commit it beside the site: the same site then boots the same bytes everywhere.
";

impl fmt::Display for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(HEADER)?;
        for (name, LockedAsset { url, size, sha256, trust }) in &self.assets {
            writeln!(f, "\nasset {} {{", quoted(name))?;
            writeln!(f, "  url    = {}\n  size   = {size}\n  sha256 = \"{sha256}\"", quoted(url))?;
            writeln!(f, "  trust  = {}\n}}", quoted(&trust.to_string()))?;
        }
        for (name, os) in &self.os {
            self::os(f, name, os)?;
        }
        Ok(())
    }
}

fn os(f: &mut fmt::Formatter<'_>, name: &str, os: &LockedOs) -> fmt::Result {
    writeln!(f, "\nos {} {{\n  version = {}", quoted(name), quoted(&os.version))?;
    if let Some(trust) = &os.trust {
        writeln!(f, "  trust   = {}", quoted(&trust.to_string()))?;
    }
    if !os.sha256.is_empty() {
        writeln!(f, "  sha256 = {{")?;
        for (asset, hash) in &os.sha256 {
            writeln!(f, "    {} = \"{hash}\"", quoted(asset))?;
        }
        writeln!(f, "  }}")?;
    }
    writeln!(f, "}}")
}
