//! The small Linux's initrd: firstlight-init as `/init`, the kernel modules it loads, and the folders it mounts on.

use crate::{Archive, Error, ModuleTree, Node, Result, error::reading};
use flate2::{Compression, write::GzEncoder};
use std::{
    fs,
    path::{Path, PathBuf},
};

/// What goes into an initrd.
#[derive(Debug, Clone)]
pub struct Initrd {
    /// The program that becomes PID 1: a static executable.
    pub init: PathBuf,
    /// A kernel's `lib/modules/<version>`. `None` for a kernel with everything built in; `modules` is ignored then.
    pub modules_dir: Option<PathBuf>,
    /// The modules that init loads, by name; what they need comes along.
    pub modules: Vec<String>,
}

/// Where init finds the modules' paths, one on a line, in the order to load them.
const MODULE_LIST: &str = "etc/firstlight/modules";

impl Initrd {
    /// The initrd: a gzipped cpio archive. The same files give the same bytes.
    ///
    /// # Errors
    /// A file that cannot be read, a module that does not exist.
    pub fn build(&self) -> Result<Vec<u8>> {
        let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
        self.archive()?.write(&mut gzip)?;
        Ok(gzip.finish()?)
    }

    /// The archive inside.
    ///
    /// # Errors
    /// As [`Initrd::build`].
    pub fn archive(&self) -> Result<Archive> {
        let mut archive = Archive::default();
        for folder in ["dev", "etc", "proc", "run", "sys", "tmp"] {
            archive.insert(folder, Node::Directory)?;
        }
        // The kernel opens /dev/console for init before init has mounted anything.
        archive.insert("dev/console", Node::CharDevice { mode: 0o600, major: 5, minor: 1 })?;
        archive.insert("dev/null", Node::CharDevice { mode: 0o666, major: 1, minor: 3 })?;
        let content = fs::read(&self.init).map_err(reading(&self.init))?;
        archive.insert("init", Node::File { mode: 0o755, content })?;
        let list = match &self.modules_dir {
            Some(dir) => add_modules(&mut archive, dir, &self.modules)?,
            None => String::new(),
        };
        archive.insert(MODULE_LIST, Node::File { mode: 0o644, content: list.into_bytes() })?;
        Ok(archive)
    }
}

/// Adds the modules and what they need; returns their paths, one on a line.
fn add_modules(archive: &mut Archive, dir: &Path, names: &[String]) -> Result<String> {
    let mut list = String::new();
    let version = text(Path::new(dir.file_name().unwrap_or_default()))?;
    for module in ModuleTree::open(dir)?.resolve(names)? {
        let path = format!("lib/modules/{version}/{}", text(&module.path)?);
        list.push_str(&format!("/{path}\n"));
        archive.insert(&path, Node::File { mode: 0o644, content: module.content })?;
    }
    Ok(list)
}

fn text(path: &Path) -> Result<&str> {
    let wrong = || Error::Name { name: path.display().to_string(), why: "it is not UTF-8" };
    path.to_str().ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::read::GzDecoder;
    use std::io::Read;

    fn spec(dir: &Path) -> Initrd {
        fs::write(dir.join("init-program"), b"\x7fELF program").unwrap();
        let modules = dir.join("lib/modules/6.1.0-cloud");
        fs::create_dir_all(modules.join("kernel")).unwrap();
        for (name, depends) in [("a", "depends=b\0"), ("b", "depends=\0")] {
            let path = modules.join(format!("kernel/{name}.ko"));
            fs::write(path, crate::modinfo::tests::module(depends)).unwrap();
        }
        Initrd { init: dir.join("init-program"), modules_dir: Some(modules), modules: vec!["a".into()] }
    }

    fn contains(haystack: &[u8], needle: &str) -> bool {
        haystack.windows(needle.len()).any(|window| window == needle.as_bytes())
    }

    #[test]
    fn the_initrd_has_init_its_modules_and_their_list() {
        let dir = tempfile::tempdir().unwrap();
        let mut cpio = Vec::new();
        GzDecoder::new(&spec(dir.path()).build().unwrap()[..]).read_to_end(&mut cpio).unwrap();
        let list = "/lib/modules/6.1.0-cloud/kernel/b.ko\n/lib/modules/6.1.0-cloud/kernel/a.ko\n";
        for part in [list, "\x7fELF program", "etc/firstlight/modules", "dev/console", "TRAILER!!!"] {
            assert!(contains(&cpio, part), "{part:?}");
        }
    }

    #[test]
    fn two_builds_are_the_same_bytes_whatever_the_files_times() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let first = spec(one.path()).build().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(1100));
        assert_eq!(first, spec(two.path()).build().unwrap());
    }

    #[test]
    fn a_missing_init_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let error =
            Initrd { init: dir.path().join("nowhere"), modules_dir: None, modules: vec![] }.build().unwrap_err();
        assert!(error.to_string().contains("nowhere"), "{error}");
    }
}
