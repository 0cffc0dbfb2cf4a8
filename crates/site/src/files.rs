//! The site's folder of files that configs embed: read whole when the site is, so that rendering touches no disk and no
//! name in a config ever reaches the file system.
//!
//! Symbolic links are kept as what they are, and followed in here: one that leads out of the folder leads nowhere.

use std::{collections::BTreeMap, fmt, path::Path, sync::Arc};

/// How much the files may hold together, in bytes.
pub const FILES_LIMIT: u64 = 64 << 20;
/// How many files, folders and links there may be.
const FILES_COUNT: usize = 100_000;
/// How many links are followed on the way to one file; more are a circle.
const LINKS: usize = 40;

/// What lies in the folder, by its path with `/` between the names. Cheap to clone.
#[derive(Debug, Clone, Default)]
pub struct Files {
    /// What the site calls the folder.
    folder: String,
    entries: Arc<BTreeMap<String, Entry>>,
}

/// Something in the folder.
#[derive(Clone, PartialEq, Eq)]
pub enum Entry {
    /// A file.
    File {
        /// Its content.
        bytes: Vec<u8>,
        /// Whether anybody may execute it.
        executable: bool,
    },
    /// A folder.
    Folder,
    /// A symbolic link, as it is written.
    Link(String),
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Entry::File { bytes, executable } => write!(f, "File({} bytes, {executable})", bytes.len()),
            Entry::Folder => f.write_str("Folder"),
            Entry::Link(target) => write!(f, "Link({target})"),
        }
    }
}

/// Why a file cannot be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoFile {
    /// Nothing of that name is there.
    Missing {
        /// What was asked for.
        path: String,
        /// Where it was looked for.
        folder: String,
    },
    /// It is a folder.
    IsFolder(String),
    /// The path, or a link on it, leads out of the folder.
    Outside(String),
    /// Links lead to each other.
    Circle(String),
}

impl fmt::Display for NoFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoFile::Missing { path, folder } if folder.is_empty() => {
                write!(
                    f,
                    "`{path}` cannot be read: the site has no folder of files (`files`, or what `files_dir` says)"
                )
            }
            NoFile::Missing { path, folder } => write!(f, "there is no `{path}` in `{folder}`"),
            NoFile::IsFolder(path) => write!(f, "`{path}` is a folder"),
            NoFile::Outside(path) => write!(f, "`{path}` leads out of the site's folder of files"),
            NoFile::Circle(path) => write!(f, "`{path}` is a circle of symbolic links"),
        }
    }
}

impl std::error::Error for NoFile {}

impl Files {
    /// What lies in a folder. `entries` are by path.
    pub fn new(folder: &str, entries: BTreeMap<String, Entry>) -> Files {
        Files { folder: folder.to_owned(), entries: Arc::new(entries) }
    }

    /// A file's content; links on the way are followed as long as they stay in the folder.
    ///
    /// # Errors
    /// There is no such file in the folder.
    pub fn read(&self, path: &str) -> Result<&[u8], NoFile> {
        match self.find(path)? {
            (_, Entry::File { bytes, .. }) => Ok(bytes),
            _ => Err(NoFile::IsFolder(path.to_owned())),
        }
    }

    /// A file or folder and its own path, after every link on the way.
    ///
    /// # Errors
    /// There is none of that name in the folder.
    pub fn find(&self, path: &str) -> Result<(String, &Entry), NoFile> {
        let outside = || NoFile::Outside(path.to_owned());
        if path.starts_with('/') {
            return Err(outside());
        }
        let mut waiting: Vec<String> = path.rsplit('/').map(str::to_owned).collect();
        let (mut at, mut links): (Vec<String>, usize) = (Vec::new(), 0);
        while let Some(name) = waiting.pop() {
            match name.as_str() {
                "" | "." => continue,
                ".." => {
                    at.pop().ok_or_else(outside)?;
                    continue;
                }
                _ => at.push(name),
            }
            let Some(entry) = self.entries.get(&at.join("/")) else { return Err(self.missing(path)) };
            if let Entry::Link(target) = entry {
                links += 1;
                if links > LINKS {
                    return Err(NoFile::Circle(path.to_owned()));
                }
                if target.starts_with('/') {
                    return Err(outside());
                }
                at.pop();
                waiting.extend(target.rsplit('/').map(str::to_owned));
            }
        }
        let own = at.join("/");
        match self.entries.get(&own) {
            Some(entry) => Ok((own, entry)),
            None if own.is_empty() => Ok((own, &Entry::Folder)),
            None => Err(self.missing(path)),
        }
    }

    fn missing(&self, path: &str) -> NoFile {
        NoFile::Missing { path: path.to_owned(), folder: self.folder.clone() }
    }

    /// Everything below a folder, by its path from there, in the order of the paths; links are not followed.
    pub fn below<'f>(&'f self, folder: &str) -> impl Iterator<Item = (&'f str, &'f Entry)> {
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let from = self.entries.range(prefix.clone()..);
        from.map_while(move |(path, entry)| Some((path.strip_prefix(&prefix)?, entry)))
    }

    /// True where nothing is there.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What the site calls the folder; empty where it has none.
    pub fn folder(&self) -> &str {
        &self.folder
    }
}

/// Why a folder could not be read: what in it, and the reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreadable {
    /// The path in the folder; empty for the folder itself.
    pub path: String,
    /// The reason.
    pub why: String,
}

/// Reads everything below a folder.
pub(crate) fn read_folder(folder: &Path) -> Result<BTreeMap<String, Entry>, Unreadable> {
    let (mut entries, mut left) = (BTreeMap::new(), FILES_LIMIT);
    let mut folders = vec![String::new()];
    while let Some(path) = folders.pop() {
        let list = std::fs::read_dir(folder.join(&path)).map_err(|error| unreadable(&path, &error))?;
        for item in list {
            let item = item.map_err(|error| unreadable(&path, &error))?;
            let Ok(name) = item.file_name().into_string() else {
                return Err(Unreadable { path, why: "it holds a name that is not UTF-8".to_owned() });
            };
            let own = if path.is_empty() { name } else { format!("{path}/{name}") };
            let entry = entry(&item, &own, &mut left)?;
            if entry == Entry::Folder {
                folders.push(own.clone());
            }
            entries.insert(own, entry);
            if entries.len() > FILES_COUNT {
                return Err(Unreadable { path: String::new(), why: format!("it holds over {FILES_COUNT} files") });
            }
        }
    }
    Ok(entries)
}

fn unreadable(path: &str, error: &std::io::Error) -> Unreadable {
    Unreadable { path: path.to_owned(), why: crate::functions::reason(error) }
}

fn entry(item: &std::fs::DirEntry, path: &str, left: &mut u64) -> Result<Entry, Unreadable> {
    use std::{io::Read, os::unix::fs::PermissionsExt};
    let failed = |error: std::io::Error| unreadable(path, &error);
    let kind = item.file_type().map_err(failed)?;
    if kind.is_dir() {
        return Ok(Entry::Folder);
    }
    if kind.is_symlink() {
        let target = std::fs::read_link(item.path()).map_err(failed)?;
        let target = target.to_str().map(str::to_owned);
        let wrong = || Unreadable { path: path.to_owned(), why: "it leads to a name that is not UTF-8".to_owned() };
        return target.map(Entry::Link).ok_or_else(wrong);
    }
    if !kind.is_file() {
        return Err(Unreadable { path: path.to_owned(), why: "it is neither a file, a folder nor a link".to_owned() });
    }
    let file = std::fs::File::open(item.path()).map_err(failed)?;
    let mode = file.metadata().map_err(failed)?.permissions().mode();
    let mut bytes = Vec::new();
    // One byte more than allowed tells that there is more.
    file.take(*left + 1).read_to_end(&mut bytes).map_err(failed)?;
    let Some(rest) = left.checked_sub(bytes.len() as u64) else {
        let why = format!("with it the files are larger than {} MiB together", FILES_LIMIT >> 20);
        return Err(Unreadable { path: path.to_owned(), why });
    };
    *left = rest;
    Ok(Entry::File { bytes, executable: mode & 0o111 != 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files() -> Files {
        let file = |text: &str| Entry::File { bytes: text.into(), executable: false };
        let entries = [
            ("a", file("A")),
            ("sub", Entry::Folder),
            ("sub/b", file("B")),
            ("sub/up", Entry::Link("../a".into())),
            ("link", Entry::Link("sub".into())),
            ("out", Entry::Link("../../etc/passwd".into())),
            ("abs", Entry::Link("/etc/passwd".into())),
            ("round", Entry::Link("round".into())),
            ("gone", Entry::Link("nothing".into())),
        ];
        Files::new("files", entries.map(|(path, entry)| (path.to_owned(), entry)).into())
    }

    #[test]
    fn links_are_followed_within_the_folder() {
        let files = files();
        for (path, text) in [("a", "A"), ("sub/b", "B"), ("./sub//b", "B"), ("link/b", "B"), ("link/up", "A")] {
            assert_eq!(files.read(path), Ok(text.as_bytes()), "{path}");
        }
        assert_eq!(files.find("link/up").unwrap().0, "a");
    }

    #[test]
    fn nothing_leads_out_of_the_folder() {
        let files = files();
        for path in ["../a", "/etc/passwd", "out", "abs", "sub/../../a", "link/../../a"] {
            assert_eq!(files.read(path), Err(NoFile::Outside(path.to_owned())), "{path}");
        }
        assert_eq!(files.read("round"), Err(NoFile::Circle("round".to_owned())));
        assert_eq!(files.read("sub"), Err(NoFile::IsFolder("sub".to_owned())));
        assert_eq!(files.read("gone").unwrap_err().to_string(), "there is no `gone` in `files`");
        assert!(Files::default().read("a").unwrap_err().to_string().contains("files_dir"));
    }

    #[test]
    fn what_is_below_a_folder_is_in_order() {
        let files = files();
        let below: Vec<&str> = files.below("sub").map(|(path, _)| path).collect();
        assert_eq!(below, ["b", "up"]);
        assert_eq!(files.below("").count(), 9);
    }

    #[test]
    fn a_folder_is_read_with_its_links() {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("bin")).unwrap();
        std::fs::write(folder.path().join("bin/run"), "#!/bin/sh\n").unwrap();
        std::os::unix::fs::symlink("bin/run", folder.path().join("link")).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(folder.path().join("bin/run"), mode).unwrap();
        let entries = read_folder(folder.path()).unwrap();
        assert_eq!(entries["link"], Entry::Link("bin/run".into()));
        assert_eq!(entries["bin/run"], Entry::File { bytes: b"#!/bin/sh\n".to_vec(), executable: true });
        assert_eq!(entries.len(), 3);
    }
}
