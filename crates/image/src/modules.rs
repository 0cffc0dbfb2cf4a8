//! Which files a set of kernel modules needs, in the order to load them.
//!
//! The folder is a kernel's `lib/modules/<version>`. Dependencies are read from the modules themselves, not from
//! `modules.dep`: that file is made by `depmod` at installation, and a package that was only unpacked has none.
//! Soft dependencies and aliases of hardware are not followed: say each module that must be there.

use crate::{Error, Result, compressed, error::reading, modinfo};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

/// The modules of one kernel.
#[derive(Debug)]
pub struct ModuleTree {
    root: PathBuf,
    /// By name, with `_` for `-`: the path relative to `root`.
    files: BTreeMap<String, PathBuf>,
    builtin: BTreeSet<String>,
}

/// A module to load: its path relative to the tree, without a compression's suffix, and its unpacked bytes.
#[derive(Debug, PartialEq, Eq)]
pub struct Module {
    /// Like `kernel/drivers/net/virtio_net.ko`.
    pub path: PathBuf,
    /// The ELF file.
    pub content: Vec<u8>,
}

impl ModuleTree {
    /// Looks through `root`, a kernel's `lib/modules/<version>`.
    ///
    /// # Errors
    /// What cannot be read.
    pub fn open(root: &Path) -> Result<Self> {
        let mut files = BTreeMap::new();
        collect(root, Path::new(""), &mut files)?;
        let builtin = match fs::read_to_string(root.join("modules.builtin")) {
            Ok(list) => list.lines().filter_map(|line| module_name(Path::new(line))).collect(),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => BTreeSet::new(),
            Err(error) => return Err(reading(&root.join("modules.builtin"))(error)),
        };
        Ok(ModuleTree { root: root.to_owned(), files, builtin })
    }

    /// The modules of these names and all that they need, each once, what is needed before what needs it.
    /// `-` and `_` are the same in a name. What is built into the kernel needs no file.
    ///
    /// # Errors
    /// An unknown name, a file that cannot be read or is no module.
    pub fn resolve<S: AsRef<str>>(&self, names: &[S]) -> Result<Vec<Module>> {
        let mut resolution = Resolution { tree: self, seen: BTreeSet::new(), ordered: Vec::new() };
        for name in names {
            resolution.add(name.as_ref())?;
        }
        Ok(resolution.ordered)
    }
}

struct Resolution<'a> {
    tree: &'a ModuleTree,
    seen: BTreeSet<String>,
    ordered: Vec<Module>,
}

impl Resolution<'_> {
    /// Depth first. A circle, which the kernel could not load either, ends where it closes.
    fn add(&mut self, name: &str) -> Result<()> {
        let name = name.replace('-', "_");
        if !self.seen.insert(name.clone()) {
            return Ok(());
        }
        let Some(path) = self.tree.files.get(&name) else {
            return match self.tree.builtin.contains(&name) {
                true => Ok(()),
                false => Err(Error::NoModule { name, tree: self.tree.root.clone() }),
            };
        };
        let file = self.tree.root.join(path);
        let content = compressed::read_module(&file)?;
        for needed in modinfo::depends(&content).map_err(|why| Error::NotModule { path: file, why })? {
            self.add(&needed)?;
        }
        let path = path.with_file_name(compressed::plain_name(&path.file_name().unwrap_or_default().to_string_lossy()));
        self.ordered.push(Module { path, content });
        Ok(())
    }
}

/// Symbolic links are not followed: `build` and `source` lead out of the tree.
fn collect(root: &Path, below: &Path, files: &mut BTreeMap<String, PathBuf>) -> Result<()> {
    let folder = root.join(below);
    for entry in fs::read_dir(&folder).map_err(reading(&folder))? {
        let entry = entry.map_err(reading(&folder))?;
        let path = below.join(entry.file_name());
        let kind = entry.file_type().map_err(reading(&entry.path()))?;
        if kind.is_dir() {
            collect(root, &path, files)?;
        } else if let Some(name) = module_name(&path).filter(|_| kind.is_file()) {
            files.insert(name, path);
        }
    }
    Ok(())
}

/// The module's name, `virtio_rng` for `…/virtio-rng.ko.xz`. `None` for other files.
fn module_name(path: &Path) -> Option<String> {
    let name = compressed::plain_name(path.file_name()?.to_str()?).strip_suffix(".ko")?;
    Some(name.replace('-', "_"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::modinfo::tests::module;
    use std::process::Command;

    fn tree() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        let put = |path: &str, depends: &str| {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, module(&format!("depends={depends}\0"))).unwrap();
        };
        put("kernel/net/core/failover.ko", "");
        put("kernel/drivers/net/net_failover.ko", "failover");
        put("kernel/drivers/net/virtio_net.ko", "net_failover,virtio,built-in");
        put("kernel/drivers/virtio/virtio.ko", "");
        put("kernel/drivers/char/virtio-rng.ko", "virtio");
        fs::write(dir.path().join("modules.builtin"), "kernel/lib/built-in.ko\n").unwrap();
        dir
    }

    fn names(modules: &[Module]) -> Vec<&str> {
        modules.iter().map(|m| m.path.file_name().unwrap().to_str().unwrap()).collect()
    }

    #[test]
    fn what_is_needed_comes_first_and_once() {
        let dir = tree();
        let found = ModuleTree::open(dir.path()).unwrap().resolve(&["virtio_net", "virtio-rng", "virtio_rng"]).unwrap();
        assert_eq!(names(&found), ["failover.ko", "net_failover.ko", "virtio.ko", "virtio_net.ko", "virtio-rng.ko"]);
        assert_eq!(found[4].path, Path::new("kernel/drivers/char/virtio-rng.ko"));
    }

    #[test]
    fn what_is_built_in_needs_no_file_and_what_is_unknown_is_named() {
        let dir = tree();
        let tree = ModuleTree::open(dir.path()).unwrap();
        assert!(tree.resolve(&["built_in"]).unwrap().is_empty());
        let error = tree.resolve(&["virtio", "nosuch"]).unwrap_err();
        assert!(error.to_string().contains("`nosuch` is neither built in nor a file"), "{error}");
    }

    #[test]
    fn compressed_modules_are_unpacked() {
        let dir = tree();
        let plain = dir.path().join("kernel/drivers/virtio/virtio.ko");
        let content = fs::read(&plain).unwrap();
        assert!(Command::new("gzip").arg(&plain).status().unwrap().success());
        let found = ModuleTree::open(dir.path()).unwrap().resolve(&["virtio"]).unwrap();
        assert_eq!(found, [Module { path: "kernel/drivers/virtio/virtio.ko".into(), content }]);
    }

    #[test]
    fn a_damaged_archive_is_an_error_that_names_file_and_program() {
        let dir = tree();
        fs::write(dir.path().join("kernel/broken.ko.gz"), "no gzip").unwrap();
        let error = ModuleTree::open(dir.path()).unwrap().resolve(&["broken"]).unwrap_err().to_string();
        assert!(error.contains("broken.ko.gz") && error.contains("`gzip`"), "{error}");
    }
}
