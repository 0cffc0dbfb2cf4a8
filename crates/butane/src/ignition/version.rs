//! Which versions of the specification there are, and how one is read from a config.

use std::fmt;

/// A version of Ignition's specification that we know: 3.0.0 to 3.6.0, and 3.7.0-experimental.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    minor: u8,
}

/// Why a config's version is not one of ours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum VersionError {
    /// It is not a semantic version, or is missing.
    #[error("invalid config version (couldn't parse)")]
    Malformed,
    /// It is one that the reference implementation does not read either.
    #[error("unsupported config version")]
    Unknown(String),
}

impl Version {
    /// The oldest.
    pub const V3_0: Self = Self { minor: 0 };
    /// HTTP headers, proxies, mount options.
    pub const V3_1: Self = Self { minor: 1 };
    /// LUKS.
    pub const V3_2: Self = Self { minor: 2 };
    /// Kernel arguments.
    pub const V3_3: Self = Self { minor: 3 };
    /// Options of LUKS devices, advertisements of Tang servers, ARNs.
    pub const V3_4: Self = Self { minor: 4 };
    /// IBM's crypto cards.
    pub const V3_5: Self = Self { minor: 5 };
    /// Set-user-ID and its like in modes; any Clevis pin.
    pub const V3_6: Self = Self { minor: 6 };
    /// 3.7.0-experimental, which is 3.6.0 so far: virtiofs came after the reference that we follow.
    pub const V3_7_EXPERIMENTAL: Self = Self { minor: 7 };
    /// All of them, the oldest first.
    pub const ALL: [Self; 8] =
        [Self::V3_0, Self::V3_1, Self::V3_2, Self::V3_3, Self::V3_4, Self::V3_5, Self::V3_6, Self::V3_7_EXPERIMENTAL];

    /// The version that a config claims: a semantic version as the reference reads it (leading zeros are allowed).
    ///
    /// # Errors
    /// It is none, or none that we know.
    pub fn parse(text: &str) -> Result<Self, VersionError> {
        let (numbers, prerelease) = semantic(text).ok_or(VersionError::Malformed)?;
        let known = |version: &&Self| numbers == [3, i64::from(version.minor), 0] && prerelease == version.prerelease();
        Self::ALL.iter().find(known).copied().ok_or_else(|| VersionError::Unknown(text.to_owned()))
    }

    const fn prerelease(self) -> &'static str {
        if self.minor == 7 { "experimental" } else { "" }
    }
}

/// The three numbers and what follows them; metadata counts as a part of that, since no known version has any.
fn semantic(text: &str) -> Option<([i64; 3], &str)> {
    let (version, metadata) = text.split_once('+').unwrap_or((text, ""));
    let (dotted, prerelease) = version.split_once('-').unwrap_or((version, ""));
    let mut parts = dotted.splitn(3, '.').map(|part| part.parse::<i64>().ok());
    let numbers = [parts.next()??, parts.next()??, parts.next()??];
    let rest = if metadata.is_empty() { prerelease } else { text.get(dotted.len()..)? };
    (identifiers(prerelease) && identifiers(metadata)).then_some((numbers, rest))
}

fn identifiers(text: &str) -> bool {
    let identifier = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    text.is_empty() || text.split('.').all(identifier)
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dash = if self.prerelease().is_empty() { "" } else { "-" };
        write!(f, "3.{}.0{dash}{}", self.minor, self.prerelease())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_version_reads_what_it_writes() {
        for version in Version::ALL {
            assert_eq!(Version::parse(&version.to_string()), Ok(version));
        }
    }

    #[test]
    fn what_is_no_version_is_told_from_what_is_none_of_ours() {
        for text in ["", "1", "3.3", "v3.3.0", "3.3.0-", "3.3.x", "3.3.0-a..b"] {
            let expected = if text == "3.3.0-" { Ok(Version::V3_3) } else { Err(VersionError::Malformed) };
            assert_eq!(Version::parse(text), expected, "{text}");
        }
        for text in ["2.2.0", "3.8.0", "3.7.0", "3.4.0-experimental", "3.3.0+meta", "3.3.1"] {
            assert_eq!(Version::parse(text), Err(VersionError::Unknown(text.to_owned())), "{text}");
        }
    }
}
