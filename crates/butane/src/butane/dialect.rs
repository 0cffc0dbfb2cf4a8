//! Which language a config is written in: its variant and version, and which Ignition it becomes.

use super::{Failure, schema::Since};
use crate::ignition::Version as Ignition;

/// A variant in one version.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dialect {
    pub(crate) variant: Variant,
    version: &'static str,
    /// The layer of the shared language, counted as the reference's `base/v0_x`: each adds to those below it.
    pub(crate) layer: u8,
    pub(crate) ignition: Ignition,
}

/// Whom a config is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Variant {
    Flatcar,
    /// Fedora CoreOS, with the minor version, which its own sugar goes by.
    Fcos(u8),
    /// RHEL for Edge.
    R4e,
    /// Fedora IoT.
    Fiot,
}

/// A version as semantic versioning writes it.
#[derive(Debug, PartialEq, Eq)]
struct Version(String);

use Variant::{Fcos, Fiot, Flatcar, R4e};

const DIALECTS: [Dialect; 17] = [
    dialect(Flatcar, "1.0.0", 4, Ignition::V3_3),
    dialect(Flatcar, "1.1.0", 5, Ignition::V3_4),
    dialect(Flatcar, "1.2.0-experimental", 8, Ignition::V3_7_EXPERIMENTAL),
    dialect(Fcos(0), "1.0.0", 1, Ignition::V3_0),
    dialect(Fcos(1), "1.1.0", 2, Ignition::V3_1),
    dialect(Fcos(2), "1.2.0", 3, Ignition::V3_2),
    dialect(Fcos(3), "1.3.0", 3, Ignition::V3_2),
    dialect(Fcos(4), "1.4.0", 4, Ignition::V3_3),
    dialect(Fcos(5), "1.5.0", 5, Ignition::V3_4),
    dialect(Fcos(6), "1.6.0", 6, Ignition::V3_5),
    dialect(Fcos(7), "1.7.0", 7, Ignition::V3_6),
    dialect(Fcos(8), "1.8.0-experimental", 8, Ignition::V3_7_EXPERIMENTAL),
    dialect(R4e, "1.0.0", 4, Ignition::V3_3),
    dialect(R4e, "1.1.0", 5, Ignition::V3_4),
    dialect(R4e, "1.2.0-experimental", 8, Ignition::V3_7_EXPERIMENTAL),
    dialect(Fiot, "1.0.0", 5, Ignition::V3_4),
    dialect(Fiot, "1.1.0-experimental", 8, Ignition::V3_7_EXPERIMENTAL),
];

const fn dialect(variant: Variant, version: &'static str, layer: u8, ignition: Ignition) -> Dialect {
    Dialect { variant, version, layer, ignition }
}

impl Dialect {
    /// For what is the same in every dialect.
    pub(crate) const ANY: Self = DIALECTS[0];

    /// The dialect of a variant and a version as a config's header names them.
    pub(crate) fn find(variant: &str, version: &str) -> Result<Self, Failure> {
        let version = Version::parse(version).ok_or(Failure::InvalidVersion)?;
        let known = DIALECTS.iter().find(|d| d.variant.name() == variant && d.version == version.0);
        match (known, variant) {
            (Some(dialect), _) => Ok(*dialect),
            (None, "rhcos") if version.0 == "0.1.0" => Err(Failure::Rhcos),
            (None, "openshift") => Err(Failure::OpenShift),
            (None, _) => Err(Failure::UnknownVersion { variant: variant.to_owned(), version: version.0 }),
        }
    }

    pub(crate) fn knows(&self, since: Since) -> bool {
        match since {
            Since::Layer(layer) => self.layer >= layer,
            Since::Fcos(minor) => matches!(self.variant, Fcos(this) if this >= minor),
        }
    }
}

impl Variant {
    /// As a config names it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Flatcar => "flatcar",
            Fcos(_) => "fcos",
            R4e => "r4e",
            Fiot => "fiot",
        }
    }
}

impl Version {
    /// Reads `MAJOR.MINOR.PATCH`, with `-PRERELEASE` and `+BUILD`.
    fn parse(text: &str) -> Option<Self> {
        let (rest, build) = text.split_once('+').map_or((text, None), |(rest, build)| (rest, Some(build)));
        let (core, pre) = rest.split_once('-').map_or((rest, None), |(core, pre)| (core, Some(pre)));
        let numbers: Vec<i64> = core.split('.').map(str::parse).collect::<Result<_, _>>().ok()?;
        let [major, minor, patch] = numbers[..] else { return None };
        let fine = |part: &str| {
            part.is_empty()
                || part
                    .split('.')
                    .all(|id| !id.is_empty() && id.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'))
        };
        if ![pre, build].into_iter().flatten().all(fine) {
            return None;
        }
        let tail = |mark: char, part: Option<&str>| part.map(|part| format!("{mark}{part}")).unwrap_or_default();
        Some(Self(format!("{major}.{minor}.{patch}{}{}", tail('-', pre), tail('+', build))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_semantic() {
        let parsed = |text| Version::parse(text).map(|version| version.0);
        assert_eq!(parsed("1.1.0").as_deref(), Some("1.1.0"));
        assert_eq!(parsed("01.2.0-experimental+b").as_deref(), Some("1.2.0-experimental+b"));
        for wrong in ["", "1.1", "1.1.0.0", "v1.1.0", "1.1.x", "1.1.0-a b"] {
            assert_eq!(parsed(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_header_names_a_dialect() {
        let found = |variant, version| Dialect::find(variant, version).map(|dialect| dialect.layer);
        assert_eq!(found("flatcar", "1.1.0").ok(), Some(5));
        let text = |variant, version| found(variant, version).unwrap_err().to_string();
        assert_eq!(text("flatcar", "1.2.0"), "No translator exists for variant flatcar with version 1.2.0");
        assert_eq!(text("flatcar", "1.1"), "error parsing version; must be a valid semver");
        assert!(text("openshift", "4.14.0").contains("openshift"));
        assert!(text("rhcos", "0.1.0").contains("openshift"));
    }
}
