//! What can go wrong while an image is made.

use std::{io, path::PathBuf};

/// The crate's result.
pub type Result<T> = std::result::Result<T, Error>;

/// Why an image could not be made.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A file could not be read.
    #[error("cannot read {}: {source}", path.display())]
    Read {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The archive could not be written.
    #[error("cannot write the archive: {0}")]
    Write(#[from] io::Error),
    /// A name that an archive cannot hold.
    #[error("`{name}` cannot be a name in an archive: {why}")]
    Name {
        /// The name.
        name: String,
        /// Why not.
        why: &'static str,
    },
    /// A file of 4 GiB or more: newc has 32 bits for the size.
    #[error("`{0}` is too large for a cpio archive, which holds files under 4 GiB")]
    TooLarge(String),
    /// A kernel module that is neither a file nor built in.
    #[error("kernel module `{name}` is neither built in nor a file under {}", tree.display())]
    NoModule {
        /// The module.
        name: String,
        /// Where it was looked for.
        tree: PathBuf,
    },
    /// A file that is no kernel module.
    #[error("{} is not a kernel module: {why}", path.display())]
    NotModule {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: &'static str,
    },
    /// The program that unpacks a compressed kernel module is missing or failed.
    #[error("cannot unpack {}: {why} (the program `{program}` comes with the package {package})", path.display())]
    Unpack {
        /// The module.
        path: PathBuf,
        /// The program.
        program: &'static str,
        /// The Debian package that has it.
        package: &'static str,
        /// Why.
        why: String,
    },
}

/// Names the file in an I/O error.
pub(crate) fn reading(path: &std::path::Path) -> impl FnOnce(io::Error) -> Error {
    let path = path.to_owned();
    move |source| Error::Read { path, source }
}
