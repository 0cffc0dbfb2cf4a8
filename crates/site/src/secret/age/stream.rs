//! The payload: a nonce, then chunks of 64 KiB, each sealed with its number and whether it is the last.

use super::{derived, opened};
use zeroize::Zeroizing;

const NONCE: usize = 16;
const TAG: usize = 16;
const CHUNK: usize = (64 << 10) + TAG;

pub(super) fn open(file_key: &[u8; 16], payload: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, sealed) = (payload.get(..NONCE)?, payload.get(NONCE..)?);
    let key = derived::<32>(nonce, file_key, "payload")?;
    let mut content = Zeroizing::new(Vec::with_capacity(sealed.len()));
    let count = sealed.chunks(CHUNK).count();
    for (at, chunk) in sealed.chunks(CHUNK).enumerate() {
        let mut nonce = [0; 12];
        let number = u64::try_from(at).ok()?.to_be_bytes();
        nonce.get_mut(3..11)?.copy_from_slice(&number);
        let last = at + 1 == count;
        nonce[11] = u8::from(last);
        let mut chunk = Zeroizing::new(chunk.to_vec());
        let opened = opened(&key, nonce, &mut chunk)?;
        // An empty chunk is only that of an empty file.
        if opened.is_empty() && count > 1 {
            return None;
        }
        content.extend_from_slice(opened);
    }
    (count > 0).then_some(content)
}
