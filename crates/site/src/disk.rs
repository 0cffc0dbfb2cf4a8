//! Which disk an installer is to overwrite: one by its name, or the only one that has certain properties. It is chosen on
//! the machine, where its disks can be seen; the site says by what.

use firstlight_model::{ByteSize, Invalid};
use serde::{Serialize, Serializer};
use std::{fmt, str::FromStr};

/// `install { disk = … }`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum DiskChoice {
    /// By its name, as the installer will see it: `/dev/vda`, `/dev/disk/by-id/…`.
    Path(String),
    /// The one disk that fits. Where none or several do, nothing is installed.
    Fitting(Box<DiskMatch>),
}

/// What a disk must be. All that is set must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct DiskMatch {
    /// Its serial number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub serial: Option<String>,
    /// Its model; `*` stands for any text and `?` for any character.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// How large it is.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub size: Vec<SizeRule>,
    /// Whether it turns: `false` for an SSD.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rotational: Option<bool>,
}

/// How large a disk must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SizeRule {
    /// `>=100G`, or larger than a size: that size and a byte.
    AtLeast(ByteSize),
    /// `<=2T`, or smaller than a size.
    AtMost(ByteSize),
    /// The smallest of those that are left.
    Smallest,
    /// The largest of those that are left.
    Largest,
}

impl DiskChoice {
    /// The name, where it is chosen by that.
    pub fn path(&self) -> Option<&str> {
        match self {
            DiskChoice::Path(path) => Some(path),
            DiskChoice::Fitting(_) => None,
        }
    }
}

impl DiskMatch {
    /// The least and the greatest size, in bytes.
    pub fn bounds(&self) -> (u64, Option<u64>) {
        let least = self.size.iter().filter_map(|rule| match rule {
            SizeRule::AtLeast(size) => Some(size.0),
            _ => None,
        });
        let most = self.size.iter().filter_map(|rule| match rule {
            SizeRule::AtMost(size) => Some(size.0),
            _ => None,
        });
        (least.max().unwrap_or(0), most.min())
    }
}

/// In words, for people: `the disk with serial number S1 and at least 100 GiB`.
impl fmt::Display for DiskChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DiskChoice::Path(path) => f.write_str(path),
            DiskChoice::Fitting(wanted) => wanted.fmt(f),
        }
    }
}

impl fmt::Display for DiskMatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut with = Vec::new();
        with.extend(self.serial.as_ref().map(|serial| format!("the serial number {serial}")));
        with.extend(self.model.as_ref().map(|model| format!("a model like {model}")));
        let mut pick = "";
        for rule in &self.size {
            match rule {
                SizeRule::AtLeast(size) => with.push(format!("at least {size}")),
                SizeRule::AtMost(size) => with.push(format!("at most {size}")),
                SizeRule::Smallest => pick = "smallest ",
                SizeRule::Largest => pick = "largest ",
            }
        }
        let kind = match self.rotational {
            Some(true) => "rotating disk",
            Some(false) => "SSD",
            None => "disk",
        };
        write!(f, "the {pick}{kind}")?;
        if with.is_empty() { Ok(()) } else { write!(f, " with {}", with.join(" and ")) }
    }
}

impl FromStr for SizeRule {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let wrong = || {
            Invalid(format!(
                "`{text}` says no size: expected a bound like `>=100G` or `<=2T`, or `smallest` or `largest`"
            ))
        };
        let trimmed = text.trim();
        let bound = |prefix: &str| trimmed.strip_prefix(prefix).and_then(|size| size.trim().parse::<ByteSize>().ok());
        match trimmed {
            "smallest" => return Ok(SizeRule::Smallest),
            "largest" => return Ok(SizeRule::Largest),
            _ => {}
        }
        let least = bound(">=").or_else(|| bound(">")?.0.checked_add(1).map(ByteSize)).map(SizeRule::AtLeast);
        let most = || bound("<=").or_else(|| bound("<")?.0.checked_sub(1).map(ByteSize)).map(SizeRule::AtMost);
        least.or_else(most).ok_or_else(wrong)
    }
}

/// As a site writes it; exact, so that it reads back as the same.
impl fmt::Display for SizeRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SizeRule::AtLeast(size) => write!(f, ">={}", crate::show::exact(size.0)),
            SizeRule::AtMost(size) => write!(f, "<={}", crate::show::exact(size.0)),
            SizeRule::Smallest => f.write_str("smallest"),
            SizeRule::Largest => f.write_str("largest"),
        }
    }
}

impl Serialize for SizeRule {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_read_and_written_exactly() {
        for (text, rule, shown) in [
            (">=100G", SizeRule::AtLeast(ByteSize(100 << 30)), ">=100G"),
            ("> 1K", SizeRule::AtLeast(ByteSize(1025)), ">=1025"),
            ("<=2T", SizeRule::AtMost(ByteSize(2 << 40)), "<=2T"),
            ("<1M", SizeRule::AtMost(ByteSize((1 << 20) - 1)), "<=1048575"),
            ("smallest", SizeRule::Smallest, "smallest"),
            ("largest", SizeRule::Largest, "largest"),
        ] {
            assert_eq!(text.parse(), Ok(rule), "{text}");
            assert_eq!(rule.to_string(), shown);
            assert_eq!(shown.parse(), Ok(rule));
        }
        for text in ["", "100G", "=100G", ">=", ">=big", "<0", "small", ">18446744073709551615"] {
            assert!(text.parse::<SizeRule>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_choice_is_told_in_words() {
        let wanted = DiskMatch {
            serial: Some("S1".into()),
            size: vec![">=100G".parse().unwrap(), "smallest".parse().unwrap()],
            rotational: Some(false),
            ..DiskMatch::default()
        };
        assert_eq!(wanted.bounds(), (100 << 30, None));
        let choice = DiskChoice::Fitting(Box::new(wanted));
        assert_eq!(choice.to_string(), "the smallest SSD with the serial number S1 and at least 100 GiB");
        assert_eq!((choice.path(), DiskChoice::Path("/dev/vda".into()).path()), (None, Some("/dev/vda")));
    }
}
