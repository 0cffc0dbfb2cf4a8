//! What stands in braces in an `os` block: `{version}`, `{arch}`, `{channel}`, `{mirror}`, and the block's own `values`, in
//! which others may stand.

use super::layers::Layers;
use crate::{nearest::suggestion, source::At, world::World};
use firstlight_catalog::{fill, words};
use std::{borrow::Cow, collections::BTreeMap};

/// How deep values may stand in values.
const ROUNDS: usize = 8;
/// The longest text that is filled in, in bytes.
const LONGEST: usize = 8 << 10;
/// The words that a version makes.
const OF_VERSION: [&str; 4] = ["version", "version-major", "version-minor", "version-digits"];

/// The words and what they stand for.
pub(super) struct Words<'w, 'a> {
    world: &'w World<'a>,
    known: BTreeMap<String, String>,
}

/// A text with its words filled in.
pub(super) struct Filled {
    pub(super) text: String,
    /// The version is wanted, and not known yet.
    pub(super) later: bool,
}

impl<'w, 'a> Words<'w, 'a> {
    pub(super) fn new(world: &'w World<'a>, layers: &Layers<'_, '_>, channel: &str, arch: &str) -> Self {
        let mut known: BTreeMap<String, String> =
            [("channel", channel), ("arch", arch)].map(|(word, value)| (word.to_owned(), value.to_owned())).into();
        known.extend(layers.map("values").into_iter().map(|(word, at)| (word, at.value)));
        known.extend(layers.text("mirror").map(|at| ("mirror".to_owned(), at.value.trim_end_matches('/').to_owned())));
        Words { world, known }
    }

    /// Makes the words of a version known.
    pub(super) fn set_version(&mut self, version: &str) {
        let mut numbers = version.split(['.', '-', '_', '+']);
        let major = numbers.next().unwrap_or_default().to_owned();
        let minor = numbers.next().map_or(major.clone(), |minor| format!("{major}.{minor}"));
        let digits = version.chars().filter(char::is_ascii_digit).collect();
        let values = [version.to_owned(), major, minor, digits];
        self.known.extend(OF_VERSION.map(str::to_owned).into_iter().zip(values));
    }

    /// Makes one more word known.
    pub(super) fn set(&mut self, word: &str, value: String) {
        self.known.insert(word.to_owned(), value);
    }

    /// A word's own value, filled in.
    pub(super) fn value(&self, word: &str) -> String {
        self.known.get(word).map_or_else(|| word.to_owned(), |value| self.fill(value))
    }

    pub(super) fn fill(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for _ in 0..ROUNDS {
            let filled = fill(&text, |word| self.known.get(word).map(|value| Cow::Borrowed(&**value)));
            if filled == text || filled.len() > LONGEST {
                break;
            }
            text = filled;
        }
        text
    }

    /// The text filled in; a word that nothing stands for is complained about.
    pub(super) fn checked(&self, at: &At<String>) -> Option<Filled> {
        let text = self.fill(&at.value);
        let mut later = false;
        for word in words(&text) {
            if OF_VERSION.contains(&word) && !self.known.contains_key("version") {
                later = true;
                continue;
            }
            let message = match self.known.contains_key(word) {
                true => format!("`{{{word}}}` stands for something that holds itself, or is too long"),
                false => format!("nothing here is called `{{{word}}}`"),
            };
            let known = self.known.keys().map(String::as_str).chain(OF_VERSION);
            let help = suggestion(word, known);
            self.world.problems.error(at.span, message).help(help.or_else(|| Some("add it to `values`".to_owned())));
            return None;
        }
        Some(Filled { text, later })
    }
}
