//! Bytes as ECMA-119 writes them: numbers in both orders, texts padded to their field.

/// The length of a sector, and of a logical block.
pub(super) const SECTOR: usize = 2048;

#[derive(Default)]
pub(super) struct Bytes(pub(super) Vec<u8>);

impl Bytes {
    pub(super) fn extend(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    pub(super) fn byte(&mut self, byte: u8) {
        self.0.push(byte);
    }

    pub(super) fn zeros(&mut self, count: usize) {
        self.pad_to(self.0.len() + count);
    }

    /// Zeros up to this length.
    pub(super) fn pad_to(&mut self, length: usize) {
        self.0.resize(length.max(self.0.len()), 0);
    }

    /// 7.2.3: a number of 16 bits, in both orders.
    pub(super) fn both16(&mut self, number: u16) {
        self.extend(&number.to_le_bytes());
        self.extend(&number.to_be_bytes());
    }

    /// 7.3.3: a number of 32 bits, in both orders.
    pub(super) fn both32(&mut self, number: u32) {
        self.extend(&number.to_le_bytes());
        self.extend(&number.to_be_bytes());
    }

    /// A text in a field of so many bytes, padded with spaces; cut where it is longer.
    pub(super) fn text(&mut self, text: &str, length: usize) {
        let padded = text.bytes().chain(std::iter::repeat(b' '));
        self.0.extend(padded.take(length));
    }

    /// The same in Joliet's characters of 16 bits, big endian.
    pub(super) fn wide_text(&mut self, text: &str, length: usize) {
        let padded = text.encode_utf16().chain(std::iter::repeat(u16::from(b' ')));
        self.0.extend(padded.flat_map(u16::to_be_bytes).take(length));
    }
}
