//! A site's folder on disk: `*.hcl`, and `firstlight.lock`.

use crate::{Disk, LOCK_FILE, Loaded, Report, Source, Sources, parse, report::Problem};
use std::{fs, io, path::Path};

/// Loads the site in `folder`: its `*.hcl` files, sorted by name, and its lock file where it has one. Folders in it and files whose name begins with a dot
/// are left alone. Fails with every mistake found.
pub fn load(folder: &Path) -> Result<Loaded, Report> {
    parse(&read(folder)?, &Disk)
}

/// Loads the site as it would be if the file `name` in its folder had this text. Nothing is written.
pub fn load_with(folder: &Path, name: &str, text: &str) -> Result<Loaded, Report> {
    let mut sources = read(folder)?;
    sources.files.retain(|file| file.name != name);
    sources.files.push(Source { name: name.to_owned(), text: text.to_owned() });
    sources.files.sort_by(|a, b| a.name.cmp(&b.name));
    parse(&sources, &Disk)
}

fn read(folder: &Path) -> Result<Sources, Report> {
    let mut sources = Sources { root: folder.to_owned(), folder: own_name(folder), files: Vec::new() };
    let mut problems = Vec::new();
    let names = names(folder).map_err(|error| {
        let why = match error.kind() {
            io::ErrorKind::NotFound => "there is no such folder".to_owned(),
            io::ErrorKind::NotADirectory => "it is a file, and a site is a folder".to_owned(),
            _ => crate::functions::reason(&error),
        };
        let message = format!("the folder `{}` cannot be read: {why}", folder.display());
        whole(&sources, vec![Problem::of_folder(message, "`firstlight init` makes a new site")])
    })?;
    for name in names {
        match fs::read_to_string(folder.join(&name)) {
            // A byte order mark, as some editors on Windows write it, is not part of the text.
            Ok(text) => sources.files.push(Source { name, text: text.trim_start_matches('\u{feff}').to_owned() }),
            Err(error) => {
                let message = format!("`{name}` cannot be read: {}", crate::functions::reason(&error));
                problems.push(Problem::of_folder(message, "a site's files are UTF-8 text that the user can read"));
            }
        }
    }
    if sources.files.is_empty() && problems.is_empty() {
        let message = format!("`{}` holds no site: there is no `*.hcl` file in it", folder.display());
        problems.push(Problem::of_folder(message, "`firstlight init` makes a new site"));
    }
    match fs::read_to_string(folder.join(LOCK_FILE)) {
        Ok(text) => sources.files.push(Source { name: LOCK_FILE.to_owned(), text }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => {
            let message = format!("`{LOCK_FILE}` cannot be read: {}", crate::functions::reason(&error));
            problems
                .push(Problem::of_folder(message, "restore it, or delete it: `firstlight assets pull` writes it anew"));
        }
    }
    if problems.is_empty() { Ok(sources) } else { Err(whole(&sources, problems)) }
}

fn whole(sources: &Sources, problems: Vec<Problem>) -> Report {
    Report { problems, sources: sources.clone() }
}

fn names(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else { continue };
        if name.ends_with(".hcl") && !name.starts_with('.') && entry.path().is_file() {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// The folder's own name, also when it is given as `.`.
fn own_name(folder: &Path) -> String {
    let full = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
    full.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}
