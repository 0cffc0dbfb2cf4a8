//! One member of an archive by its path, streamed out: a kernel out of a netboot tarball, a package or an ISO.
//!
//! What is read, told apart by its bytes and never by its name:
//!
//! - tar: ustar, GNU's and PAX's long names (POSIX.1-2001), plain or compressed by gzip, xz, zstd or bzip2
//! - Debian packages (deb(5)): the files in `data.tar.*`
//! - RPM packages: the cpio payload
//! - cpio of the kind `newc`: one or several behind each other, each plain or compressed, as an initrd is made of
//!   (the kernel's Documentation/driver-api/early-userspace/buffer-format)
//! - zip (APPNOTE 6.3): stored and deflated members, zip64
//! - ISO 9660 (ECMA-119): names of Rock Ridge, else of Joliet, else plain ones in small letters; files of several extents
//!
//! Links are followed inside the archive. No path ever touches a file system. Everything is bounded by [`Limits`]: a
//! small file that unpacks to a very large one is an error, not a full disk.
//!
//! Not read: sparse members of tar, encrypted members of zip, UDF, compression by lz4, lzo or lzma alone.

mod ar;
mod bytes;
mod compressed;
mod cpio;
mod error;
mod find;
mod iso;
mod path;
mod peek;
mod rpm;
mod tar;
mod walk;
mod zip;

use std::{
    io::{Read, Seek, Write},
    ops::ControlFlow,
};

pub use error::{Error, Result};

/// What an archive may cost. What goes beyond is [`Error::TooLarge`].
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Bytes that come out of decompression, in all of one pass through the archive.
    pub unpacked: u64,
    /// How many members it has.
    pub members: usize,
    /// Bytes of all paths and link targets.
    pub names: usize,
}

impl Default for Limits {
    /// 64 GiB, a million members, 128 MiB of names.
    fn default() -> Limits {
        Limits { unpacked: 64 << 30, members: 1_000_000, names: 128 << 20 }
    }
}

/// One entry of an archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// Its path from the archive's root, without `./` or `/` in front. What is not UTF-8 in it is replaced.
    pub path: String,
    /// What it is.
    pub kind: Kind,
    /// Bytes of its content.
    pub size: u64,
    /// In cpio: which file this is a name of, when it has several names. Only one of them has the content.
    same: Option<[u32; 4]>,
}

/// What a member is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A file with content.
    File,
    /// A folder.
    Folder,
    /// A symbolic link, with its target as written.
    Symlink(String),
    /// Another name for an earlier member, with that one's path.
    HardLink(String),
    /// Something that has no content here; a phrase for people, as in "it is …".
    Other(&'static str),
}

impl Member {
    fn new(path: &[u8], kind: Kind, size: u64) -> Member {
        Member { path: path::normal(&String::from_utf8_lossy(path)), kind, size, same: None }
    }
}

/// Both, as one can name it in a type.
trait Source: Read + Seek {}
impl<T: Read + Seek> Source for T {}

/// Whether a walk goes on.
type Flow = ControlFlow<()>;
/// Is shown every member in turn, with what its content is read from. It need not read to the end.
type Visit<'a> = dyn FnMut(Member, &mut dyn Read) -> Result<Flow> + 'a;

/// An archive whose members are known.
#[derive(Debug)]
pub struct Archive<R> {
    reader: R,
    limits: Limits,
    members: Vec<Member>,
}

impl<R: Read + Seek> Archive<R> {
    /// Reads through an archive and learns its members.
    ///
    /// # Errors
    /// It is none of the kinds that are read here, is cut off or broken, or goes beyond the limits.
    pub fn open(mut reader: R, limits: Limits) -> Result<Archive<R>> {
        let mut members: Vec<Member> = Vec::new();
        let mut names = 0_usize;
        let _ = walk::walk(&mut reader, limits.unpacked, &mut |member, _| {
            names = names.saturating_add(member.path.len()).saturating_add(target_length(&member.kind));
            if members.len() >= limits.members {
                return Err(Error::TooLarge { what: "members", limit: limits.members as u64 });
            }
            if names > limits.names {
                return Err(Error::TooLarge { what: "bytes of names", limit: limits.names as u64 });
            }
            members.push(member);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(Archive { reader, limits, members })
    }

    /// Its members, in the archive's order. A path that comes twice is the later one, as when it is unpacked.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// The file behind a path, links followed inside the archive.
    ///
    /// # Errors
    /// No such member, with those near to it; one that is not a file; links in a circle.
    pub fn find(&self, path: &str) -> Result<&Member> {
        let at = find::find(&self.members, path)?;
        self.members.get(at).ok_or(Error::Broken { why: "its members have changed".into() })
    }

    /// Writes the content of the file behind a path to `out`, and returns how many bytes that is.
    ///
    /// # Errors
    /// As [`find`](Self::find) and [`open`](Self::open); and where `out` cannot be written.
    pub fn extract(&mut self, path: &str, out: &mut dyn Write) -> Result<u64> {
        let wanted = find::find(&self.members, path)?;
        let mut at = 0;
        let mut written = None;
        let _ = walk::walk(&mut self.reader, self.limits.unpacked, &mut |member, content| {
            if at == wanted {
                written = Some(copy(content, out, member.size)?);
                return Ok(ControlFlow::Break(()));
            }
            at += 1;
            Ok(ControlFlow::Continue(()))
        })?;
        written.ok_or(Error::Broken { why: "it has changed while it was read".into() })
    }
}

fn target_length(kind: &Kind) -> usize {
    match kind {
        Kind::Symlink(target) | Kind::HardLink(target) => target.len(),
        Kind::File | Kind::Folder | Kind::Other(_) => 0,
    }
}

/// Copies a member that must have as many bytes as its head says.
fn copy(content: &mut dyn Read, out: &mut dyn Write, size: u64) -> Result<u64> {
    let mut buffer = vec![0; 128 << 10];
    let mut done = 0_u64;
    loop {
        let n = content.read(&mut buffer)?;
        if n == 0 {
            break;
        }
        out.write_all(&buffer[..n]).map_err(Error::Write)?;
        done += n as u64;
    }
    if done != size {
        return Err(Error::Broken { why: format!("a member ends after {done} of {size} bytes") });
    }
    Ok(done)
}

#[cfg(test)]
mod tests;
