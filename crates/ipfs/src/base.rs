//! The alphabets that CIDs are written in (<https://github.com/multiformats/multibase>): base16, base32, base36,
//! base58btc. All without padding.

/// Longer texts are no CIDs: what is written as one large number takes quadratic time.
pub(crate) const MAX_TEXT: usize = 512;

const BASE16: &[u8] = b"0123456789abcdef";
const BASE32: &[u8] = b"abcdefghijklmnopqrstuvwxyz234567";
const BASE36: &[u8] = b"0123456789abcdefghijklmnopqrstuvwxyz";
const BASE58: &[u8] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// Decodes what follows a multibase prefix. `None` for a prefix that is not known, and for letters outside its alphabet.
pub(crate) fn decode(prefix: char, text: &str) -> Option<Vec<u8>> {
    if text.len() > MAX_TEXT {
        return None;
    }
    let lower = || text.bytes().all(|byte| !byte.is_ascii_uppercase()).then(|| text.to_owned());
    let upper = || text.bytes().all(|byte| !byte.is_ascii_lowercase()).then(|| text.to_ascii_lowercase());
    match prefix {
        'f' => bits(&lower()?, BASE16, 4),
        'F' => bits(&upper()?, BASE16, 4),
        'b' => bits(&lower()?, BASE32, 5),
        'B' => bits(&upper()?, BASE32, 5),
        'k' => number(&lower()?, BASE36),
        'K' => number(&upper()?, BASE36),
        'z' => number(text, BASE58),
        _ => None,
    }
}

/// Base58btc without a prefix, as CIDv0 is written.
pub(crate) fn decode_base58(text: &str) -> Option<Vec<u8>> {
    decode('z', text)
}

/// Base58btc without a prefix.
pub(crate) fn encode_base58(bytes: &[u8]) -> String {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let mut digits: Vec<u8> = Vec::new();
    for byte in bytes {
        multiply_add(&mut digits, 58, 256, u32::from(*byte));
    }
    let letters = digits.iter().rev().map(|digit| letter(BASE58, *digit));
    std::iter::repeat_n(letter(BASE58, 0), zeros).chain(letters).collect()
}

/// Base32 in lower case, without the prefix `b`.
pub(crate) fn encode_base32(bytes: &[u8]) -> String {
    let mut text = String::new();
    let (mut held, mut count) = (0_u32, 0);
    for byte in bytes {
        held = held << 8 | u32::from(*byte);
        count += 8;
        while count >= 5 {
            count -= 5;
            text.push(letter(BASE32, (held >> count & 31) as u8));
        }
        held &= (1 << count) - 1;
    }
    if count > 0 {
        text.push(letter(BASE32, (held << (5 - count) & 31) as u8));
    }
    text
}

fn letter(alphabet: &[u8], digit: u8) -> char {
    alphabet.get(usize::from(digit)).map_or('?', |byte| char::from(*byte))
}

fn digit(alphabet: &[u8], letter: u8) -> Option<u32> {
    alphabet.iter().position(|byte| *byte == letter).map(|at| at as u32)
}

/// `width` bits a letter, the highest first. What is left over at the end must be zero, so that each CID has one name.
fn bits(text: &str, alphabet: &[u8], width: u32) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let (mut held, mut count) = (0_u32, 0);
    for letter in text.bytes() {
        held = held << width | digit(alphabet, letter)?;
        count += width;
        if count >= 8 {
            count -= 8;
            bytes.push((held >> count) as u8);
            held &= (1 << count) - 1;
        }
    }
    (held == 0 && count < width).then_some(bytes)
}

/// One large number, the highest digit first; each leading zero stands for a byte of zero.
fn number(text: &str, alphabet: &[u8]) -> Option<Vec<u8>> {
    let zero = *alphabet.first()?;
    let zeros = text.bytes().take_while(|letter| *letter == zero).count();
    let mut bytes: Vec<u8> = Vec::new();
    for letter in text.bytes() {
        multiply_add(&mut bytes, 256, alphabet.len() as u32, digit(alphabet, letter)?);
    }
    bytes.extend(std::iter::repeat_n(0, zeros));
    bytes.reverse();
    Some(bytes)
}

/// `digits * factor + term`, where `digits` are those of `base`, the lowest first.
fn multiply_add(digits: &mut Vec<u8>, base: u32, factor: u32, term: u32) {
    let mut carry = term;
    for digit in digits.iter_mut() {
        carry += u32::from(*digit) * factor;
        *digit = (carry % base) as u8;
        carry /= base;
    }
    while carry > 0 {
        digits.push((carry % base) as u8);
        carry /= base;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// From the multibase specification's test vectors (`basic.csv`, `leading_zero.csv`).
    #[test]
    fn the_vectors_of_the_specification() {
        for (prefix, text, bytes) in [
            ('f', "796573206d616e692021", &b"yes mani !"[..]),
            ('F', "796573206D616E692021", b"yes mani !"),
            ('b', "pfsxgidnmfxgsibb", b"yes mani !"),
            ('B', "PFSXGIDNMFXGSIBB", b"yes mani !"),
            ('k', "2lcpzo5yikidynfl", b"yes mani !"),
            ('z', "7paNL19xttacUY", b"yes mani !"),
            ('k', "02lcpzo5yikidynfl", b"\x00yes mani !"),
            ('z', "17paNL19xttacUY", b"\x00yes mani !"),
            ('b', "ab4wk4zanvqw42jaee", b"\x00yes mani !"),
        ] {
            assert_eq!(decode(prefix, text).as_deref(), Some(bytes), "{prefix}{text}");
        }
        assert_eq!(encode_base58(b"\x00yes mani !"), "17paNL19xttacUY");
        assert_eq!(encode_base32(b"yes mani !"), "pfsxgidnmfxgsibb");
    }

    #[test]
    fn other_letters_and_alphabets_are_refused() {
        for (prefix, text) in
            [('b', "ABC"), ('b', "a1"), ('z', "0OIl"), ('u', "eWVz"), ('f', "0"), ('b', "b"), ('b', "ab")]
        {
            assert_eq!(decode(prefix, text), None, "{prefix}{text}");
        }
        assert_eq!(decode('z', &"z".repeat(MAX_TEXT + 1)), None);
    }

    proptest! {
        #[test]
        fn bytes_read_back(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
            prop_assert_eq!(decode_base58(&encode_base58(&bytes)), Some(bytes.clone()));
            prop_assert_eq!(decode('b', &encode_base32(&bytes)), Some(bytes));
        }

        #[test]
        fn any_text_is_decoded_or_refused(prefix: char, text: String) {
            let _ = decode(prefix, &text);
        }
    }
}
