//! Which of two versions is newer, for versions of any maker: `4230.2.1`, `1.11.0-beta.1`, `2025.11.01`, `3.22.0_rc2`,
//! `20250803+deb13u2`, `6.1.0-40-amd64`.
//!
//! A version is read as a row of numbers and words; what stands between them only separates. Numbers are compared as
//! numbers, and a word that announces a release (`alpha`, `beta`, `rc` and the like) comes before its end. It is no
//! package manager's order: epochs and Debian's `~` have no meaning here.

use std::{cmp::Ordering, iter::Peekable, str::Chars};

/// Words that announce a release, the earliest first.
const ANNOUNCING: [&str; 8] = ["dev", "nightly", "alpha", "a", "beta", "b", "pre", "rc"];

/// A part of a version. The order of the variants is the order of what a version goes on with: one that ends is newer
/// than one that goes on with `rc`, and older than one that goes on with anything else.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Announcing(usize),
    End,
    Word(String),
    /// Digits without zeros in front: of two, the longer is the larger.
    Number(usize, String),
}

/// Which version is newer. Versions that mean the same (`1.0` and `1-0`) are ordered by their text, so that only equal
/// texts are equal.
pub fn compare(a: &str, b: &str) -> Ordering {
    let (mut left, mut right) = (a.chars().peekable(), b.chars().peekable());
    loop {
        match (next(&mut left), next(&mut right)) {
            (Part::End, Part::End) => return a.cmp(b),
            (one, other) if one == other => {}
            (one, other) => return one.cmp(&other),
        }
    }
}

/// True for a version that announces one: an alpha, a beta, a release candidate.
pub fn is_announcement(version: &str) -> bool {
    let mut rest = version.chars().peekable();
    loop {
        match next(&mut rest) {
            Part::Announcing(_) => return true,
            Part::End => return false,
            Part::Word(_) | Part::Number(..) => {}
        }
    }
}

fn next(rest: &mut Peekable<Chars<'_>>) -> Part {
    while rest.next_if(|c| !c.is_alphanumeric()).is_some() {}
    match rest.peek() {
        None => Part::End,
        Some(c) if c.is_ascii_digit() => {
            let digits = run(rest, |c| c.is_ascii_digit());
            let digits = digits.trim_start_matches('0').to_owned();
            Part::Number(digits.len(), digits)
        }
        Some(_) => {
            let word = run(rest, |c| c.is_alphanumeric() && !c.is_ascii_digit()).to_lowercase();
            ANNOUNCING.iter().position(|known| *known == word).map_or(Part::Word(word), Part::Announcing)
        }
    }
}

fn run(rest: &mut Peekable<Chars<'_>>, belongs: impl Fn(char) -> bool) -> String {
    std::iter::from_fn(|| rest.next_if(|c| belongs(*c))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn versions_are_in_the_order_of_their_release() {
        let rows: [&[&str]; 9] = [
            &["3510.3.9", "3510.10.1", "4230.2.1", "4230.2.10"],
            &["1.9.5", "1.10.0-alpha.0", "1.10.0-alpha.10", "1.10.0-beta.1", "1.10.0-rc.1", "1.10.0", "1.10.1"],
            &["2024.12.01", "2025.02.01", "2025.11.01"],
            &["24.04", "24.04.1", "24.04.10"],
            &["42", "43 Beta", "43"],
            &["3.21.4", "3.22.0_rc1", "3.22.0_rc2", "3.22.0", "3.22.2"],
            &["20250803", "20250803+deb13u1", "20250803+deb13u2", "20250803+deb13u10"],
            &["6.1.0-9-amd64", "6.1.0-40-amd64", "6.12.0-1-amd64"],
            &["43.20251024.3.0", "44.20260707.3.1"],
        ];
        for row in rows {
            let mut sorted = row.to_vec();
            sorted.reverse();
            sorted.sort_by(|a, b| compare(a, b));
            assert_eq!(sorted, row);
        }
    }

    #[test]
    fn numbers_of_any_length_are_numbers() {
        assert_eq!(compare("1.99999999999999999999999", "1.100000000000000000000000"), Ordering::Less);
        assert_eq!(compare("1.010", "1.9"), Ordering::Greater);
    }

    #[test]
    fn announcements_are_known() {
        for announcement in ["1.10.0-rc.1", "3.22.0_rc1", "43 Beta", "1.0alpha2"] {
            assert!(is_announcement(announcement), "{announcement}");
        }
        for release in ["1.10.0", "20250803+deb13u1", "6.1.0-40-amd64", "2025.11.01", "9.6-arch1"] {
            assert!(!is_announcement(release), "{release}");
        }
    }

    proptest! {
        #[test]
        fn it_is_an_order(a in "[0-9a-c.rc~+-]{0,8}", b in "[0-9a-c.rc~+-]{0,8}", c in "[0-9a-c.rc~+-]{0,8}") {
            prop_assert_eq!(compare(&a, &b), compare(&b, &a).reverse());
            prop_assert_eq!(compare(&a, &b) == Ordering::Equal, a == b);
            if compare(&a, &b).is_le() && compare(&b, &c).is_le() {
                prop_assert!(compare(&a, &c).is_le(), "{} {} {}", a, b, c);
            }
        }

        #[test]
        fn no_text_is_too_odd(a in ".*", b in ".*") {
            compare(&a, &b);
            is_announcement(&a);
        }
    }
}
