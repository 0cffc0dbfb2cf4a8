//! Files that are not in memory. `sendfile` and `read` would wait for the disk, and with them every connection that the
//! same thread serves. So it is asked first whether a part is there (`preadv2` with `RWF_NOWAIT`, which never waits);
//! where it is not, a thread that may wait reads it.
//!
//! What is asked for is the last byte: files are read in order, so what lies before it is there as well, or nearly all
//! of it. On a file system that cannot tell, the part is taken to be there.

use super::pipe::CHUNK;
use rustix::io::{Errno, ReadWriteFlags, preadv2};
use std::{
    fs::File,
    io::{self, IoSliceMut},
    num::NonZeroU64,
    ops::Range,
    os::unix::fs::FileExt,
    sync::Arc,
};

/// Makes sure that a part of a file, of [`CHUNK`] bytes at most, is in memory.
///
/// # Errors
/// The part cannot be read.
pub(super) async fn load(file: &Arc<File>, part: Range<u64>) -> io::Result<()> {
    if is_in_memory(file, &part) {
        return Ok(());
    }
    let file = file.clone();
    tokio::task::spawn_blocking(move || read_over(&file, part)).await?
}

fn is_in_memory(file: &File, part: &Range<u64>) -> bool {
    let Some(last) = part.end.checked_sub(1) else { return true };
    let mut byte = [0];
    let asked = preadv2(file, &mut [IoSliceMut::new(&mut byte)], last, ReadWriteFlags::NOWAIT);
    asked != Err(Errno::AGAIN)
}

/// Reads a part, and lets the system begin with the one after it.
fn read_over(file: &File, part: Range<u64>) -> io::Result<()> {
    let mut buffer = [0; 32 << 10];
    let mut at = part.start;
    // Only advice: without it, it is slower.
    let _ = rustix::fs::fadvise(file, at, NonZeroU64::new(2 * CHUNK), rustix::fs::Advice::WillNeed);
    while at < part.end {
        match file.read_at(&mut buffer, at)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            n => at += n as u64,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_is_not_in_memory_is_read() {
        let folder = tempfile::tempdir_in(env!("CARGO_MANIFEST_DIR")).unwrap();
        let path = folder.path().join("file");
        std::fs::write(&path, vec![7; 3 << 20]).unwrap();
        let file = Arc::new(File::open(&path).unwrap());
        file.sync_all().unwrap();
        rustix::fs::fadvise(&*file, 0, None, rustix::fs::Advice::DontNeed).unwrap();
        load(&file, CHUNK..3 << 20).await.unwrap();
        assert!(is_in_memory(&file, &(CHUNK..3 << 20)));
        let gone = load(&file, (1 << 30)..(1 << 30) + 5).await;
        assert!(gone.is_ok() || gone.is_err_and(|error| error.kind() == io::ErrorKind::UnexpectedEof));
    }
}
