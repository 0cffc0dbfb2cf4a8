//! Which files never change under their names, so that they need not be asked for again.

/// How the names of packages, and of what packages are made from, end.
const PACKAGES: [&str; 14] = [
    ".deb",
    ".udeb",
    ".ddeb",
    ".dsc",
    ".rpm",
    ".drpm",
    ".apk",
    ".pkg.tar.zst",
    ".pkg.tar.xz",
    ".pkg.tar.zst.sig",
    ".orig.tar.gz",
    ".orig.tar.xz",
    ".debian.tar.xz",
    ".diff.gz",
];

/// By the path in its URL: packages carry their version in their names, and what is below `by-hash` its hash.
pub(crate) fn is_lasting(url: &str) -> bool {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    path.contains("/by-hash/") || PACKAGES.iter().any(|end| path.ends_with(end)) || is_repodata(path)
}

/// The indexes of RPM repositories, whose names begin with their own hash: `repodata/<sha256>-primary.xml.gz`.
fn is_repodata(path: &str) -> bool {
    let Some((_, name)) = path.rsplit_once("/repodata/") else { return false };
    name.split_once('-').is_some_and(|(hash, _)| hash.len() >= 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::is_lasting;

    #[test]
    fn packages_and_hashed_indexes_last_and_lists_do_not() {
        let hash = "0f".repeat(32);
        for url in [
            "http://d/debian/pool/main/h/hello/hello_2.10-3_amd64.deb",
            "http://d/debian/dists/x/main/by-hash/SHA256/0f",
            "http://d/pool/grub_2_amd64.udeb?x",
            "http://d/f/Packages/b/bash-5.rpm",
            &format!("http://d/f/repodata/{hash}-primary.xml.zst"),
        ] {
            assert!(is_lasting(url), "{url}");
        }
        for url in [
            "http://d/debian/dists/x/InRelease",
            "http://d/x/Packages.xz",
            "http://d/f/repodata/repomd.xml",
            "http://d/a.deb/",
        ] {
            assert!(!is_lasting(url), "{url}");
        }
    }
}
