//! Paths of the machine that a config is for. They are texts here, and lead nowhere on this one.

/// Whether a path is one that Ignition takes: absolute and without detours.
///
/// # Errors
/// What is wrong with it, in the reference's words.
pub fn check(path: &str) -> Result<(), &'static str> {
    match path {
        "" => Err("path not specified"),
        path if !path.starts_with('/') => Err("path not absolute"),
        path if clean(path) != path => Err("path is not fully simplified"),
        _ => Ok(()),
    }
}

/// The shortest path that means the same, without looking at any file system: no `.`, no `..` but at the front of a
/// relative path, no empty steps. An empty path is `.`.
pub fn clean(path: &str) -> String {
    let rooted = path.starts_with('/');
    let mut steps: Vec<&str> = Vec::new();
    for step in path.split('/') {
        match step {
            "" | "." => {}
            ".." if steps.last().is_some_and(|last| *last != "..") => {
                steps.pop();
            }
            ".." if rooted => {}
            step => steps.push(step),
        }
    }
    let joined = steps.join("/");
    match (rooted, joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => String::from("."),
        (false, false) => joined,
    }
}

/// A path continued by another one, and [cleaned](clean()); one that is empty counts for nothing, and two for an empty
/// path.
pub fn join(path: &str, more: &str) -> String {
    match (path, more) {
        ("", "") => String::new(),
        ("", one) | (one, "") => clean(one),
        (path, more) => clean(&format!("{path}/{more}")),
    }
}

/// What follows the last dot of the last step, with the dot; empty if there is none.
pub fn extension(name: &str) -> &str {
    let last = name.rsplit('/').next().unwrap_or(name);
    last.rfind('.').and_then(|dot| last.get(dot..)).unwrap_or("")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn detours_are_taken_out() {
        for (path, cleaned) in
            [("/a//b/./c/../d/", "/a/b/d"), ("/..", "/"), ("", "."), ("a/..", "."), ("../../a", "../../a"), ("/", "/")]
        {
            assert_eq!(clean(path), cleaned);
        }
    }

    #[test]
    fn a_path_must_be_absolute_and_straight() {
        assert_eq!(check("/etc/hosts"), Ok(()));
        assert_eq!(check("/"), Ok(()));
        assert_eq!(check(""), Err("path not specified"));
        assert_eq!(check("etc"), Err("path not absolute"));
        assert_eq!(check("/etc/"), Err("path is not fully simplified"));
    }

    #[test]
    fn paths_are_joined() {
        for (path, more, joined) in [("/a", "../b", "/b"), ("/a", "", "/a"), ("", "b/", "b"), ("", "", "")] {
            assert_eq!(join(path, more), joined);
        }
    }

    #[test]
    fn an_extension_has_its_dot() {
        assert_eq!(extension("a@b.c.service"), ".service");
        assert_eq!(extension("a.d/b"), "");
    }
}
