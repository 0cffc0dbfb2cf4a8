//! Bech32 (BIP 173) as far as age's secret keys need it: one prefix, 32 bytes, upper case.

const LETTERS: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const PREFIX: &str = "AGE-SECRET-KEY-1";
/// 52 letters of five bits for 256 bits, and six for the sum.
const DATA: usize = 52;
const SUM: usize = 6;

/// The key in `AGE-SECRET-KEY-1…`.
pub(super) fn secret_key(text: &str) -> Option<[u8; 32]> {
    let data = text.strip_prefix(PREFIX)?;
    let value = |letter: u8| LETTERS.iter().position(|known| known.to_ascii_uppercase() == letter);
    let values: Option<Vec<u32>> = data.bytes().map(|letter| u32::try_from(value(letter)?).ok()).collect();
    let values = values.filter(|values| values.len() == DATA + SUM)?;
    (sum(&values) == 1).then_some(())?;
    bytes(values.get(..DATA)?)
}

/// Groups of five bits as bytes; what is over at the end is zero.
fn bytes(values: &[u32]) -> Option<[u8; 32]> {
    let mut key = [0; 32];
    let (mut bits, mut held) = (0_u32, 0_u32);
    let mut filled = key.iter_mut();
    for value in values {
        bits = (bits << 5 | value) & 0xfff;
        held += 5;
        if held >= 8 {
            held -= 8;
            *filled.next()? = u8::try_from(bits >> held & 0xff).ok()?;
        }
    }
    (filled.next().is_none() && bits & ((1 << held) - 1) == 0).then_some(key)
}

/// The checksum over prefix and data; 1 where it is right.
fn sum(values: &[u32]) -> u32 {
    const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];
    let prefix = || "age-secret-key-".bytes().map(u32::from);
    let all = prefix().map(|c| c >> 5).chain([0]).chain(prefix().map(|c| c & 31)).chain(values.iter().copied());
    all.fold(1, |sum, value| {
        let top = sum >> 25;
        let bits = GENERATOR.iter().enumerate().filter(|(bit, _)| top >> bit & 1 == 1);
        bits.fold((sum & 0x01ff_ffff) << 5 ^ value, |sum, (_, generator)| sum ^ generator)
    })
}
