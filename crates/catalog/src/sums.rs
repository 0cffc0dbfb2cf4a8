//! SHA-256 hashes that stand in a listing, where that is a list of hashes too (`SHA256SUMS`, `.treeinfo`): what it offers is then
//! known with its hash. Lists that are not listings, and what they are worth, are crates/trust's.

use firstlight_model::Sha256;
use std::collections::BTreeMap;

/// How many lines of a list count.
const MOST: usize = 200_000;

/// The hashes by the names that they are of, as they are written but for `./` and `*` in front.
fn read(text: &str) -> BTreeMap<&str, Sha256> {
    text.lines().take(MOST).filter_map(line).collect()
}

/// The hashes by the last parts of the names.
pub(crate) fn of_files(text: &str) -> BTreeMap<String, Sha256> {
    read(text).into_iter().map(|(name, hash)| (name.rsplit('/').next().unwrap_or(name).to_owned(), hash)).collect()
}

fn line(line: &str) -> Option<(&str, Sha256)> {
    let line = line.trim();
    let (name, hash) = bsd(line).or_else(|| treeinfo(line)).or_else(|| coreutils(line))?;
    let name = name.trim_start_matches('*').trim_start_matches("./");
    (!name.is_empty()).then_some((name, hash.parse().ok()?))
}

/// `HASH  NAME` of sha256sum, and `HASH SIZE NAME` of `Release`.
fn coreutils(line: &str) -> Option<(&str, &str)> {
    let (hash, rest) = line.split_once(char::is_whitespace)?;
    let rest = rest.trim_start();
    let sized = rest.split_once(' ').filter(|(size, _)| !size.is_empty() && size.bytes().all(|b| b.is_ascii_digit()));
    Some((sized.map_or(rest, |(_, name)| name.trim_start()), hash))
}

/// `SHA256 (NAME) = HASH`.
fn bsd(line: &str) -> Option<(&str, &str)> {
    line.strip_prefix("SHA256 (")?.split_once(") = ")
}

/// `NAME = sha256:HASH`.
fn treeinfo(line: &str) -> Option<(&str, &str)> {
    let (name, hash) = line.split_once('=')?;
    Some((name.trim_end(), hash.trim().strip_prefix("sha256:")?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_usual_form_is_read() {
        let hash = |digit: &str| digit.repeat(64);
        let [one, two, three, four, five] = ["1", "2", "3", "4", "5"].map(hash);
        let text = format!(
            "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA256\n\n{one} *a.iso\n{two}  ./netboot/linux\n\
             SHA256 (b.iso) = {three}\nSHA256:\n {four}    1234 main/installer-amd64/current/images/SHA256SUMS\n\
             [checksums]\nimages/pxeboot/vmlinuz = sha256:{five}\nimages/x = md5:aa\n"
        );
        let expected = [
            ("a.iso", one),
            ("b.iso", three),
            ("images/pxeboot/vmlinuz", five),
            ("main/installer-amd64/current/images/SHA256SUMS", four),
            ("netboot/linux", two),
        ];
        let sums = read(&text);
        let read: Vec<_> = sums.into_iter().map(|(name, hash)| (name, hash.to_string())).collect();
        assert_eq!(read, expected);
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_too_odd(text in "[ -=*()a-f0-9./\n]{0,200}") {
            of_files(&text);
        }
    }
}
