//! What each machine was last served, of each of its configs: for `firstlight diff`. In a file for each, which is replaced
//! whole: after a crash there is the old one or the new one.
//!
//! It is for people, and nothing is decided by it: a failure to keep it is no failure of what was served. What is kept was
//! rendered without secrets and tokens; of the secrets there are marks, by which a change is seen.

use crate::{StateError, segment::write_aside};
use firstlight_model::{Sha256, Timestamp};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
};

/// The longest text that is kept; of a longer one its hash is.
pub const CONFIG_KEPT: usize = 1 << 20;
/// How many configs of one machine are kept.
const KEPT_EACH: usize = 32;
const FOLDER: &str = "configs";

/// A config as a machine was last served it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptConfig {
    /// Since when it is served like this.
    pub since: Timestamp,
    /// Its name in the URL.
    pub name: String,
    /// The hash of its text, as it was rendered without secrets and tokens.
    pub sha256: Sha256,
    /// The secrets that it had in it, by name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<String>,
    /// Marks of those secrets ([`crate::Marker`]), by name; none of what was kept without a key.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub marks: BTreeMap<String, Sha256>,
    /// That text; none where it is longer than [`CONFIG_KEPT`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
}

/// Keeps a config in the place of an earlier one of its name. `state` is the state folder.
///
/// # Errors
/// A name that is none of a file, or what the system says.
pub fn keep_config(state: &Path, machine: &str, config: &KeptConfig) -> Result<(), StateError> {
    let folder = state.join(FOLDER).join(machine);
    let path = folder.join(format!("{}.json", config.name));
    if !is_plain(machine) || !is_plain(&config.name) {
        return Err(StateError::io("keep", &path)(io::ErrorKind::InvalidFilename.into()));
    }
    let failed = |error| StateError::io("keep", &path)(error);
    let text = serde_json::to_vec(config).map_err(|error| failed(error.into()))?;
    fs::create_dir_all(&folder).map_err(failed)?;
    make_room(&folder, &path).map_err(failed)?;
    write_aside(&path, &text).map(drop).map_err(failed)
}

/// Names of machines and configs are of letters, digits and `._-`; nothing else becomes the name of a file.
fn is_plain(name: &str) -> bool {
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || "._-".contains(c));
    plain && !name.is_empty() && !name.starts_with('.') && name.len() <= 200
}

/// Configs that a machine has no more would stay for ever: the one that is unchanged for longest goes.
fn make_room(folder: &Path, path: &Path) -> io::Result<()> {
    let mut others: Vec<PathBuf> = paths(folder)?.into_iter().filter(|other| other != path).collect();
    if others.len() < KEPT_EACH {
        return Ok(());
    }
    others.sort_by_key(|other| other.metadata().and_then(|metadata| metadata.modified()).ok());
    others.first().map_or(Ok(()), fs::remove_file)
}

fn paths(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let paths = fs::read_dir(folder)?.map(|entry| entry.map(|entry| entry.path()));
    let mut paths: Vec<PathBuf> = paths.collect::<io::Result<_>>()?;
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "json"));
    paths.sort();
    Ok(paths)
}

/// What a machine was last served, sorted by name; nothing where nothing was kept.
///
/// # Errors
/// What the system says. A file that cannot be understood is passed over.
pub fn read_configs(state: &Path, machine: &str) -> Result<Vec<KeptConfig>, StateError> {
    let folder = state.join(FOLDER).join(machine);
    if !is_plain(machine) || !folder.is_dir() {
        return Ok(Vec::new());
    }
    let failed = |error| StateError::io("read", &folder)(error);
    let texts: io::Result<Vec<Vec<u8>>> = paths(&folder).map_err(failed)?.into_iter().map(fs::read).collect();
    Ok(texts.map_err(failed)?.iter().filter_map(|text| serde_json::from_slice(text).ok()).collect())
}

/// Forgets what machines were served of which `known` says no more.
///
/// # Errors
/// What the system says.
pub fn forget_configs(state: &Path, known: impl Fn(&str) -> bool) -> Result<(), StateError> {
    let folder = state.join(FOLDER);
    if !folder.is_dir() {
        return Ok(());
    }
    let failed = |error| StateError::io("clean up", &folder)(error);
    for entry in fs::read_dir(&folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.file_name().to_str().is_some_and(|name| is_plain(name) && !known(name)) {
            fs::remove_dir_all(entry.path()).map_err(failed)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(name: &str, text: &str) -> KeptConfig {
        let (since, sha256) = (Timestamp(1), Sha256([7; 32]));
        KeptConfig {
            since,
            name: name.to_owned(),
            sha256,
            secrets: vec!["join".to_owned()],
            marks: [("join".to_owned(), Sha256([8; 32]))].into(),
            text: Some(text.to_owned()),
        }
    }

    #[test]
    fn the_last_one_is_kept() {
        let state = tempfile::tempdir().unwrap();
        assert_eq!(read_configs(state.path(), "kitt").unwrap(), []);
        for text in ["one", "two"] {
            keep_config(state.path(), "kitt", &config("user-data", text)).unwrap();
        }
        keep_config(state.path(), "kitt", &config("a.ign", "x")).unwrap();
        keep_config(state.path(), "hal", &config("a.ign", "y")).unwrap();
        assert_eq!(read_configs(state.path(), "kitt").unwrap(), [config("a.ign", "x"), config("user-data", "two")]);
        forget_configs(state.path(), |name| name == "kitt").unwrap();
        assert_eq!(read_configs(state.path(), "hal").unwrap(), []);
        assert_eq!(read_configs(state.path(), "kitt").unwrap().len(), 2);
    }

    #[test]
    fn a_machine_takes_its_share_and_no_more() {
        let state = tempfile::tempdir().unwrap();
        for n in 0..KEPT_EACH + 5 {
            keep_config(state.path(), "kitt", &config(&format!("c{n}"), "x")).unwrap();
        }
        assert_eq!(read_configs(state.path(), "kitt").unwrap().len(), KEPT_EACH);
    }

    #[test]
    fn no_name_leads_elsewhere() {
        let state = tempfile::tempdir().unwrap();
        for (machine, name) in [("../x", "a"), ("kitt", "../../a"), (".", "a"), ("kitt", ".a"), ("kitt", "")] {
            keep_config(state.path(), machine, &config(name, "x")).unwrap_err();
        }
        assert_eq!(read_configs(state.path(), "..").unwrap(), []);
    }

    #[test]
    fn what_was_cut_off_is_passed_over() {
        let state = tempfile::tempdir().unwrap();
        keep_config(state.path(), "kitt", &config("a", "x")).unwrap();
        fs::write(state.path().join("configs/kitt/b.json"), "{\"since\": 1").unwrap();
        assert_eq!(read_configs(state.path(), "kitt").unwrap().len(), 1);
    }
}
