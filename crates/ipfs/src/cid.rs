//! Content identifiers (<https://github.com/multiformats/cid>): how to read a block, and its hash.

use crate::{
    base,
    multihash::{Function, Multihash, MultihashError},
    varint,
};
use std::{fmt, str::FromStr};

/// What a block's bytes mean: <https://github.com/multiformats/multicodec/blob/master/table.csv>.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Codec {
    /// Bytes of a file.
    Raw,
    /// A node with links: files and directories.
    DagPb,
    /// One that is not read here, by its code.
    Other(u64),
}

impl Codec {
    /// Its number in the multicodec table.
    pub fn code(self) -> u64 {
        match self {
            Codec::Raw => 0x55,
            Codec::DagPb => 0x70,
            Codec::Other(code) => code,
        }
    }

    fn from_code(code: u64) -> Codec {
        match code {
            0x55 => Codec::Raw,
            0x70 => Codec::DagPb,
            code => Codec::Other(code),
        }
    }
}

impl fmt::Display for Codec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Codec::Raw => f.write_str("raw"),
            Codec::DagPb => f.write_str("dag-pb"),
            Codec::Other(0x71) => f.write_str("dag-cbor"),
            Codec::Other(0x0129) => f.write_str("dag-json"),
            Codec::Other(0x72) => f.write_str("libp2p-key"),
            Codec::Other(code) => write!(f, "codec 0x{code:x}"),
        }
    }
}

/// The name of a block. Two CIDs that differ in version only name the same bytes, and are not equal.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Cid {
    version: Version,
    codec: Codec,
    hash: Multihash,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Version {
    V0,
    V1,
}

/// Why something is not a CID.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CidError {
    /// The text's first letter names no alphabet that is known, or a letter is not of its alphabet.
    #[error("it is damaged, or not written in base32 (b…), base36 (k…), base58 (z… or Qm…) or base16 (f…)")]
    Text,
    /// A number at its front cannot be read.
    #[error("it is cut off or damaged")]
    Number,
    /// Neither version 0 nor 1.
    #[error("CID version {0} is not known")]
    Version(u64),
    /// Its hash cannot be read.
    #[error("its hash: {0}")]
    Hash(#[from] MultihashError),
    /// There is more than a CID.
    #[error("{0} bytes too many at its end")]
    Rest(usize),
}

impl Cid {
    /// A CIDv1.
    pub fn new(codec: Codec, hash: Multihash) -> Cid {
        Cid { version: Version::V1, codec, hash }
    }

    /// The CIDv0 of a SHA-256, which is always of dag-pb; `None` for another hash.
    pub fn v0(hash: Multihash) -> Option<Cid> {
        (hash.function() == Function::Sha2_256).then_some(Cid { version: Version::V0, codec: Codec::DagPb, hash })
    }

    /// What the block's bytes mean.
    pub fn codec(&self) -> Codec {
        self.codec
    }

    /// The hash of the block's bytes.
    pub fn hash(&self) -> &Multihash {
        &self.hash
    }

    /// The content that stands in the CID itself, where its hash function is identity.
    pub fn inline(&self) -> Option<&[u8]> {
        (self.hash.function() == Function::Identity).then(|| self.hash.digest())
    }

    /// The CID at the front of `bytes`, in binary, and what follows it.
    pub fn take(bytes: &[u8]) -> Result<(Cid, &[u8]), CidError> {
        // A CIDv0 is a bare multihash; 0x12 is no version, so the two cannot be mistaken.
        if bytes.starts_with(&[0x12, 0x20]) {
            let (hash, rest) = Multihash::take(bytes)?;
            return Ok((Cid { version: Version::V0, codec: Codec::DagPb, hash }, rest));
        }
        let (version, bytes) = varint::take(bytes).map_err(|_| CidError::Number)?;
        if version != 1 {
            return Err(CidError::Version(version));
        }
        let (codec, bytes) = varint::take(bytes).map_err(|_| CidError::Number)?;
        let (hash, rest) = Multihash::take(bytes)?;
        Ok((Cid::new(Codec::from_code(codec), hash), rest))
    }

    /// Its binary form.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        if self.version == Version::V1 {
            varint::put(1, &mut bytes);
            varint::put(self.codec.code(), &mut bytes);
        }
        self.hash.put(&mut bytes);
        bytes
    }
}

impl TryFrom<&[u8]> for Cid {
    type Error = CidError;

    fn try_from(bytes: &[u8]) -> Result<Cid, CidError> {
        match Cid::take(bytes)? {
            (cid, []) => Ok(cid),
            (_, rest) => Err(CidError::Rest(rest.len())),
        }
    }
}

impl FromStr for Cid {
    type Err = CidError;

    fn from_str(text: &str) -> Result<Cid, CidError> {
        let v0 = text.len() == 46 && text.starts_with("Qm");
        let bytes = if v0 {
            base::decode_base58(text)
        } else {
            text.chars().next().and_then(|prefix| base::decode(prefix, text.get(prefix.len_utf8()..)?))
        };
        let bytes = bytes.ok_or(CidError::Text)?;
        match Cid::try_from(&bytes[..])? {
            // The specification forbids a CIDv0 behind a multibase prefix.
            cid if (cid.version == Version::V0) != v0 => Err(CidError::Text),
            cid => Ok(cid),
        }
    }
}

/// The usual form: base58 for CIDv0, base32 for CIDv1.
impl fmt::Display for Cid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.version {
            Version::V0 => f.write_str(&base::encode_base58(&self.to_bytes())),
            Version::V1 => write!(f, "b{}", base::encode_base32(&self.to_bytes())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The empty directory, which every IPFS node knows.
    const EMPTY: &str = "QmUNLLsPACCz1vLxQVkXqqLX5R1X345qqfHbsf67hvA3Nn";
    const EMPTY_V1: &str = "bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354";

    #[test]
    fn both_versions_are_read_and_printed() {
        let (v0, v1): (Cid, Cid) = (EMPTY.parse().unwrap(), EMPTY_V1.parse().unwrap());
        assert_eq!((v0.to_string(), v1.to_string()), (EMPTY.to_owned(), EMPTY_V1.to_owned()));
        assert_eq!(v0.hash(), v1.hash());
        assert_eq!(v0.codec(), Codec::DagPb);
        assert_ne!(v0, v1);
        // A directory without entries is a node whose data is the UnixFS type 1.
        assert_eq!(v0.hash().fits(&[0x0a, 0x02, 0x08, 0x01]), Some(true));
    }

    #[test]
    fn one_cid_in_every_alphabet() {
        let same: Cid = EMPTY_V1.parse().unwrap();
        for text in [
            "BAFYBEICZSSCDSBS7FFQZ55ASQDF3SMV6KLCW3GOFSZVWLYARCI47BGF354",
            "f0170122059948439065f29619ef41280cbb932be52c56d99c5966b65e0111239f098bbef",
            "zdj7WbTaiJT1fgatdet9Ei9iDB5hdCxkbVyhyh8YTUnXMiwYi",
            "k2jmtxtlhjl3fhmgndf92e48by79ryjuvqp3y2qgehpao6v3lurvnmcv",
        ] {
            match text.parse::<Cid>() {
                Ok(cid) => assert_eq!(cid, same, "{text}"),
                Err(error) => panic!("{text}: {error}"),
            }
        }
    }

    #[test]
    fn what_is_no_cid_is_refused_with_the_reason() {
        let error = |text: &str| text.parse::<Cid>().unwrap_err().to_string();
        assert!(error("").contains("not written in base32"));
        assert!(error("hello").contains("not written in base32"));
        assert!(error(&EMPTY[..45]).contains("not written in base32"));
        assert_eq!(error(&EMPTY_V1[..57]), "its hash: the digest is cut off: 31 of 32 bytes");
        assert!(error(&format!("z{EMPTY}")).contains("not written in base32"));
        assert!(error("f02701220").contains("version 2"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_cid_that_prints_the_same_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            if let Ok((cid, rest)) = Cid::take(&bytes) {
                prop_assert_eq!(&bytes[..bytes.len() - rest.len()], &cid.to_bytes()[..]);
                prop_assert_eq!(cid.to_string().parse::<Cid>(), Ok(cid));
            }
        }

        #[test]
        fn any_text_is_a_cid_or_refused(text in "[bzkfQm][a-zA-Z0-9]{0,80}|\\PC*") {
            let _ = text.parse::<Cid>();
        }
    }
}
