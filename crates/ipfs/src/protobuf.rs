//! The wire format of Protocol Buffers (<https://protobuf.dev/programming-guides/encoding/>), as far as IPFS uses it.

/// One field of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Value<'a> {
    /// A number.
    Number(u64),
    /// Bytes, text or a message.
    Bytes(&'a [u8]),
    /// A number of fixed length; nothing that is read here has one.
    Fixed,
}

/// The message cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("it is not a Protocol Buffers message")]
pub(crate) struct Malformed;

/// The fields of a message with their numbers, in their order.
pub(crate) struct Fields<'a>(pub(crate) &'a [u8]);

impl<'a> Iterator for Fields<'a> {
    type Item = Result<(u64, Value<'a>), Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.0 = &[];
        }
        Some(field)
    }
}

impl<'a> Fields<'a> {
    fn field(&mut self) -> Result<(u64, Value<'a>), Malformed> {
        let key = self.number()?;
        let value = match key & 7 {
            0 => Value::Number(self.number()?),
            1 => self.bytes(8).map(|_| Value::Fixed)?,
            2 => {
                let length = self.number()?;
                Value::Bytes(self.bytes(length)?)
            }
            5 => self.bytes(4).map(|_| Value::Fixed)?,
            _ => return Err(Malformed),
        };
        Ok((key >> 3, value))
    }

    /// Unlike the multiformats' numbers these have 64 bits, and may be padded.
    fn number(&mut self) -> Result<u64, Malformed> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first().ok_or(Malformed)?;
            self.0 = rest;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Malformed)
    }

    fn bytes(&mut self, length: u64) -> Result<&'a [u8], Malformed> {
        let length = usize::try_from(length).map_err(|_| Malformed)?;
        let (bytes, rest) = self.0.split_at_checked(length).ok_or(Malformed)?;
        self.0 = rest;
        Ok(bytes)
    }
}

/// The numbers of a packed field.
pub(crate) fn packed(bytes: &[u8]) -> impl Iterator<Item = Result<u64, Malformed>> {
    let mut fields = Fields(bytes);
    std::iter::from_fn(move || {
        let number = (!fields.0.is_empty()).then(|| fields.number())?;
        if number.is_err() {
            fields.0 = &[];
        }
        Some(number)
    })
}

/// Appends a number.
pub(crate) fn put_number(field: u64, value: u64, to: &mut Vec<u8>) {
    crate::varint::put(field << 3, to);
    crate::varint::put(value, to);
}

/// Appends bytes, text or a message.
pub(crate) fn put_bytes(field: u64, value: &[u8], to: &mut Vec<u8>) {
    crate::varint::put(field << 3 | 2, to);
    crate::varint::put(value.len() as u64, to);
    to.extend_from_slice(value);
}
