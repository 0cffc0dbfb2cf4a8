//! "Did you mean …?": the nearest known name, by edit distance.

/// The known name nearest to `word`, if one is near enough to be what was meant: at most a third of its letters
/// differ, and at least one may.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if word.len() > 64 {
        return None;
    }
    let limit = (word.chars().count() / 3).max(1);
    known
        .into_iter()
        .filter(|name| name.len() <= 64)
        .map(|name| (distance(&word.to_lowercase(), &name.to_lowercase()), name))
        .filter(|(distance, name)| *distance <= limit && *distance < name.chars().count())
        .min()
        .map(|(_, name)| name)
}

/// A help line: the nearest name, else the list of what is known when it is short enough to read.
pub fn suggestion<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let mut known: Vec<&str> = known.into_iter().collect();
    known.sort_unstable();
    known.dedup();
    match nearest(word, known.iter().copied()) {
        Some(name) => Some(format!("did you mean `{name}`?")),
        None if known.is_empty() => None,
        None if known.len() <= 24 => Some(format!("known here: {}", known.join(", "))),
        None => None,
    }
}

/// Optimal string alignment distance: insert, delete, replace, swap two neighbours.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 0..a.len() {
        let mut row = vec![i + 1];
        for j in 0..b.len() {
            let replaced = last[j] + usize::from(a[i] != b[j]);
            let mut best = replaced.min(last[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j] {
                best = best.min(before_last[j - 1] + 1);
            }
            row.push(best);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_of_the_finger_is_recognised() {
        let known = ["interface", "subnet", "address"];
        assert_eq!(nearest("subent", known), Some("subnet"));
        assert_eq!(nearest("Adress", known), Some("address"));
        assert_eq!(nearest("colour", known), None);
        assert_eq!(nearest("a", ["b"]), None, "a name of one letter is not near to another");
    }

    #[test]
    fn a_short_list_is_shown_whole() {
        assert_eq!(suggestion("x", ["b", "a", "a"]).unwrap(), "known here: a, b");
        assert_eq!(suggestion("x", []), None);
    }
}
