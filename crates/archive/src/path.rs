//! Paths inside an archive. They are names to compare, and never touch a file system.

/// The names that a path is made of: without empty ones and `.`.
pub(crate) fn parts(path: &str) -> impl DoubleEndedIterator<Item = &str> {
    path.split('/').filter(|part| !part.is_empty() && *part != ".")
}

/// A path from the root, without `./`, `//` and `/` in front, each `..` resolved as far as the root.
pub(crate) fn normal(path: &str) -> String {
    let mut normal: Vec<&str> = Vec::new();
    for part in parts(path) {
        match part {
            ".." => {
                normal.pop();
            }
            part => normal.push(part),
        }
    }
    normal.join("/")
}

#[cfg(test)]
mod tests {
    use super::normal;

    #[test]
    fn every_way_to_write_a_path_is_one() {
        for path in ["a/b", "./a/b", "/a//b", "a/./b/", "../a/c/../b"] {
            assert_eq!(normal(path), "a/b", "{path}");
        }
        assert_eq!(normal("./"), "");
    }
}
