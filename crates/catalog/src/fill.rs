//! `{version}` and its like in the text of an `os` block. `{{ … }}` is left as it is: templates are rendered later. So is `${…}`, which is iPXE's.

/// Replaces each `{word}` that `value` knows. A brace that another one or a `$` stands before, or another behind, begins no word.
pub fn fill<'v>(text: &str, value: impl Fn(&str) -> Option<std::borrow::Cow<'v, str>>) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, word, after)) = split(rest) {
        filled.push_str(before);
        match value(word) {
            Some(value) => filled.push_str(&value),
            None => filled.push_str(&format!("{{{word}}}")),
        }
        rest = after;
    }
    filled + rest
}

/// The words in a text that [`fill`] asks for.
pub fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = text;
    while let Some((_, word, after)) = split(rest) {
        words.push(word);
        rest = after;
    }
    words
}

/// What stands before the first word, the word, and what stands behind it.
fn split(text: &str) -> Option<(&str, &str, &str)> {
    let mut from = 0;
    loop {
        let open = from + text.get(from..)?.find('{')?;
        let inside = text.get(open + 1..)?;
        let length = inside.find(|c: char| !(c.is_ascii_alphanumeric() || "_-".contains(c))).unwrap_or(inside.len());
        let doubled = text.get(..open)?.ends_with(['{', '$']) || inside.starts_with('{');
        if !doubled && length > 0 && inside.get(length..)?.starts_with('}') {
            return Some((text.get(..open)?, inside.get(..length)?, inside.get(length + 1..)?));
        }
        from = open + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_words_in_single_braces_are_filled_in() {
        let value = |word: &str| (word == "version").then_some("1.2".into());
        for (text, filled) in [
            ("https://x/{version}/v{version}.iso", "https://x/1.2/v1.2.iso"),
            ("{arch}/{version}", "{arch}/1.2"),
            ("url={{ config_url }} {{version}}", "url={{ config_url }} {{version}}"),
            ("{ version } {} {version ${version}", "{ version } {} {version ${version}"),
            ("{{{version}}}", "{{{version}}}"),
            ("é{version}ö", "é1.2ö"),
        ] {
            assert_eq!(fill(text, value), filled, "{text}");
        }
        assert_eq!(words("{a}/{b-c}/{{ d }}"), ["a", "b-c"]);
    }

    proptest::proptest! {
        #[test]
        fn no_text_is_too_odd(text in "[{}a é]{0,20}") {
            proptest::prop_assert_eq!(fill(&text, |_| None), text);
        }
    }
}
