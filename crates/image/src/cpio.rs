//! The cpio archive that Linux unpacks as its first root: the "newc" format of the kernel's
//! `Documentation/driver-api/early-userspace/buffer-format.rst`.
//!
//! Written only, never read. No hard links: each file has its own inode. What an archive holds decides its bytes.

use crate::{Error, Result};
use std::{
    collections::BTreeMap,
    io::{self, Write},
};

/// What a name in an archive stands for. Modes are permission bits only, like `0o755`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Node {
    /// A folder, 0755.
    Directory,
    /// A regular file.
    File {
        /// Permission bits.
        mode: u32,
        /// Its content.
        content: Vec<u8>,
    },
    /// A symbolic link and its target.
    Symlink(String),
    /// A character device.
    CharDevice {
        /// Permission bits.
        mode: u32,
        /// Major number.
        major: u32,
        /// Minor number.
        minor: u32,
    },
}

/// An archive being put together. Folders above a name are made with it.
#[derive(Debug, Clone, Default)]
pub struct Archive {
    nodes: BTreeMap<String, Node>,
}

impl Archive {
    /// Puts `node` at `name`, which is relative to the root: `etc/hostname`. What stood there before is replaced.
    ///
    /// # Errors
    /// A name that Linux would not unpack where it says, or one that runs through something other than a folder.
    pub fn insert(&mut self, name: &str, node: Node) -> Result<()> {
        let wrong = |why| Error::Name { name: name.to_owned(), why };
        check_name(name).map_err(wrong)?;
        if node != Node::Directory && self.has_below(name) {
            return Err(wrong("it is a folder already"));
        }
        for (end, _) in name.match_indices('/') {
            let parent = self.nodes.entry(name[..end].to_owned()).or_insert(Node::Directory);
            if *parent != Node::Directory {
                return Err(wrong("a part of it is not a folder"));
            }
        }
        self.nodes.insert(name.to_owned(), node);
        Ok(())
    }

    /// Writes the archive.
    ///
    /// # Errors
    /// A file of 4 GiB or more; what `out` reports.
    pub fn write(&self, mut out: impl Write) -> Result<()> {
        for ((name, node), inode) in self.nodes.iter().zip(1..) {
            let header = Header { inode, links: self.links(name, node), ..Header::of(name, node)? };
            entry(&mut out, &header, name, node.body())?;
        }
        let trailer = Header { links: 1, ..Header::default() };
        entry(&mut out, &trailer, TRAILER, &[])?;
        Ok(())
    }

    fn has_below(&self, name: &str) -> bool {
        self.below(name).next().is_some()
    }

    fn below<'a>(&'a self, name: &str) -> impl Iterator<Item = (&'a str, &'a Node)> + use<'a> {
        let prefix = format!("{name}/");
        let start = prefix.len();
        let from = self.nodes.range(prefix.clone()..);
        from.take_while(move |(n, _)| n.starts_with(&prefix)).map(move |(n, node)| (&n[start..], node))
    }

    /// A folder is linked from its parent, by its own `.`, and by each subfolder's `..`.
    fn links(&self, name: &str, node: &Node) -> u32 {
        if *node != Node::Directory {
            return 1;
        }
        self.below(name).filter(|(n, node)| !n.contains('/') && **node == Node::Directory).fold(2, |n, _| n + 1)
    }
}

const TRAILER: &str = "TRAILER!!!";

fn check_name(name: &str) -> std::result::Result<(), &'static str> {
    if name.len() > 4095 {
        Err("it is longer than 4095 bytes")
    } else if name == TRAILER {
        Err("it marks the archive's end")
    } else if name.contains('\0') {
        Err("it has a NUL in it")
    } else if name.split('/').any(|part| part.len() > 255) {
        Err("a part of it is longer than 255 bytes")
    } else if name.split('/').any(|part| matches!(part, "" | "." | "..")) {
        Err("its parts must be plain names, without a slash at either end")
    } else {
        Ok(())
    }
}

impl Node {
    fn mode(&self) -> u32 {
        match self {
            Node::Directory => 0o040_755,
            Node::File { mode, .. } => 0o100_000 | (mode & 0o7777),
            Node::Symlink(_) => 0o120_777,
            Node::CharDevice { mode, .. } => 0o020_000 | (mode & 0o7777),
        }
    }

    fn body(&self) -> &[u8] {
        match self {
            Node::File { content, .. } => content,
            Node::Symlink(target) => target.as_bytes(),
            Node::Directory | Node::CharDevice { .. } => &[],
        }
    }
}

/// The fields that differ; owner, group, time, device and checksum are always zero.
#[derive(Default)]
struct Header {
    inode: u32,
    mode: u32,
    links: u32,
    size: u32,
    major: u32,
    minor: u32,
}

impl Header {
    fn of(name: &str, node: &Node) -> Result<Header> {
        let size = u32::try_from(node.body().len()).map_err(|_| Error::TooLarge(name.to_owned()))?;
        let (major, minor) = match node {
            Node::CharDevice { major, minor, .. } => (*major, *minor),
            _ => (0, 0),
        };
        Ok(Header { mode: node.mode(), size, major, minor, ..Header::default() })
    }
}

/// One entry: the header in hexadecimal, the name with its NUL, the body; the last two padded to four bytes.
fn entry(out: &mut impl Write, header: &Header, name: &str, body: &[u8]) -> io::Result<()> {
    let Header { inode, mode, links, size, major, minor } = header;
    let name_size = name.len() + 1;
    write!(out, "070701{inode:08x}{mode:08x}{0:08x}{0:08x}{links:08x}{0:08x}{size:08x}", 0)?;
    write!(out, "{0:08x}{0:08x}{major:08x}{minor:08x}{name_size:08x}{0:08x}{name}\0", 0)?;
    pad(out, HEADER + name_size)?;
    out.write_all(body)?;
    pad(out, body.len())
}

/// The header's length: the magic number and thirteen fields of eight digits.
const HEADER: usize = 6 + 13 * 8;

fn pad(out: &mut impl Write, written: usize) -> io::Result<()> {
    let missing = written.wrapping_neg() % 4;
    out.write_all(&[0; 3][..missing])
}

#[cfg(test)]
mod tests;
