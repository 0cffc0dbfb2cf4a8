//! Bytes that stand in the journals as hex digits.

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};
use std::fmt;

/// Bytes, written as hex digits.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Hex(pub Box<[u8]>);

impl Hex {
    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<&[u8]> for Hex {
    fn from(bytes: &[u8]) -> Self {
        Hex(bytes.into())
    }
}

impl fmt::Display for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Hex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Serialize for Hex {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        let digit = |byte: &u8| char::from(*byte).to_digit(16);
        let byte = |pair: &[u8]| match pair {
            [high, low] => u8::try_from(digit(high)? << 4 | digit(low)?).ok(),
            _ => None,
        };
        let bytes: Option<Box<[u8]>> = text.as_bytes().chunks(2).map(byte).collect();
        bytes.map(Hex).ok_or_else(|| D::Error::custom("expected pairs of hex digits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_read_back_and_anything_else_is_refused() {
        let bytes = Hex::from([0, 0x7f, 0xff].as_slice());
        let text = serde_json::to_string(&bytes).unwrap();
        assert_eq!(text, "\"007fff\"");
        assert_eq!(serde_json::from_str::<Hex>(&text).unwrap(), bytes);
        for odd in ["\"0\"", "\"0g\"", "\"é\""] {
            assert!(serde_json::from_str::<Hex>(odd).is_err(), "{odd}");
        }
    }
}
