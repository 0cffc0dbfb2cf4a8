//! Patterns of names: `rack{rack}-{n:02}`. What stands in braces is a variable of the class, or `n`, the number that is
//! counted up; behind a colon, how many digits a number has at least.

use crate::Vars;
use firstlight_model::Hostname;
use serde::{Serialize, Serializer};
use std::fmt;

/// The number that is counted up.
const NUMBER: &str = "n";
/// A number has no more digits than this.
const WIDEST: usize = 9;

/// A pattern of names, with an `{n}` in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamePattern {
    text: String,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Variable { name: String, digits: usize },
}

/// What is wrong with a pattern, and which of its bytes it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wrong {
    pub(crate) at: std::ops::Range<usize>,
    pub(crate) why: String,
    pub(crate) next: String,
}

impl Wrong {
    fn new(at: std::ops::Range<usize>, why: impl Into<String>, next: impl Into<String>) -> Wrong {
        Wrong { at, why: why.into(), next: next.into() }
    }
}

impl NamePattern {
    /// Reads a pattern.
    pub(crate) fn parse(text: &str) -> Result<NamePattern, Wrong> {
        let (mut parts, mut at) = (Vec::new(), 0);
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            let literal = rest.find(['{', '}']).unwrap_or(rest.len());
            if literal > 0 {
                parts.push(Part::Text(rest[..literal].to_owned()));
                at += literal;
                continue;
            }
            let end = rest.find('}').filter(|_| rest.starts_with('{'));
            let end = end.ok_or_else(|| unbalanced(at, rest))?;
            parts.push(variable(&rest[1..end], at + 1)?);
            at += end + 1;
        }
        let counts = |part: &Part| matches!(part, Part::Variable { name, .. } if name == NUMBER);
        if !parts.iter().any(counts) {
            let next = format!("put `{{{NUMBER}}}` where the number is to stand, as in `node-{{{NUMBER}:02}}`");
            return Err(Wrong::new(0..text.len(), "every machine would have the same name", next));
        }
        Ok(NamePattern { text: text.to_owned(), parts })
    }

    /// The name with this number.
    ///
    /// # Errors
    /// Why that is none, in words.
    pub(crate) fn name(&self, vars: &Vars, number: u64) -> Result<Hostname, String> {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(literal) => text.push_str(literal),
                Part::Variable { name, digits } if name == NUMBER => text.push_str(&padded(number, *digits)),
                Part::Variable { name, digits } => text.push_str(&value(vars, name, *digits)?),
            }
        }
        text.parse().map_err(|error: firstlight_model::Invalid| error.to_string())
    }
}

fn unbalanced(at: usize, rest: &str) -> Wrong {
    match rest.starts_with('{') {
        true => Wrong::new(at..at + rest.len(), "this `{` is never closed", "add the `}` behind the variable's name"),
        false => Wrong::new(at..at + 1, "this `}` closes nothing", "remove it; no host name has a `}`"),
    }
}

/// What stands between braces, from this byte on: `rack`, `n:02`.
fn variable(inside: &str, at: usize) -> Result<Part, Wrong> {
    let (name, width) = inside.split_once(':').map_or((inside, None), |(name, width)| (name, Some(width)));
    let word = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_' || c == '-');
    if !word {
        let next = "name a variable of the class, or `n` for the number";
        return Err(Wrong::new(at..at + name.len().max(1), format!("`{name}` is no variable's name"), next));
    }
    let digits = match width {
        None => 0,
        Some(width) => digits(width).ok_or_else(|| {
            let at = at + name.len() + 1;
            let why = format!("`{width}` is no number of digits");
            Wrong::new(at..at + width.len().max(1), why, format!("expected one from 1 to {WIDEST}, as in `{{n:02}}`"))
        })?,
    };
    Ok(Part::Variable { name: name.to_owned(), digits })
}

/// `2` and `02` are the same.
fn digits(width: &str) -> Option<usize> {
    let plain = (1..=2).contains(&width.len()) && width.bytes().all(|byte| byte.is_ascii_digit());
    width.parse().ok().filter(|digits| plain && (1..=WIDEST).contains(digits))
}

fn padded(number: u64, digits: usize) -> String {
    format!("{number:0digits$}")
}

fn value(vars: &Vars, name: &str, digits: usize) -> Result<String, String> {
    match vars.get(name) {
        Some(serde_json::Value::String(text)) if digits == 0 => Ok(text.clone()),
        Some(serde_json::Value::Number(number)) => match number.as_u64() {
            Some(number) => Ok(padded(number, digits)),
            None => Err(format!("the variable `{name}` is {number}, and no part of a name")),
        },
        Some(serde_json::Value::String(text)) => match text.parse() {
            Ok(number) => Ok(padded(number, digits)),
            Err(_) => Err(format!("the variable `{name}` is `{text}`, and only a number has digits")),
        },
        Some(_) => Err(format!("the variable `{name}` is neither a string nor a number")),
        None => Err(format!("the class has no variable `{name}`")),
    }
}

impl fmt::Display for NamePattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Serialize for NamePattern {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn vars() -> Vars {
        [("rack".to_owned(), json!(7)), ("row".to_owned(), json!("b")), ("odd".to_owned(), json!([1]))].into()
    }

    #[test]
    fn names_have_the_classs_variables_and_a_number() {
        let name = |pattern: &str, number| NamePattern::parse(pattern).unwrap().name(&vars(), number).unwrap();
        assert_eq!(name("rack{rack}-{n:02}", 3).as_str(), "rack7-03");
        assert_eq!(name("rack{rack:03}-{n:02}", 123).as_str(), "rack007-123", "a number that is longer is whole");
        assert_eq!(name("{row}{n}", 1).as_str(), "b1");
    }

    #[test]
    fn a_mistake_is_found_at_its_place() {
        let wrong = |pattern: &str| NamePattern::parse(pattern).map_err(|wrong| (wrong.at, wrong.why)).unwrap_err();
        assert_eq!(wrong("node-{n"), (5..7, "this `{` is never closed".to_owned()));
        assert_eq!(wrong("node-n}"), (6..7, "this `}` closes nothing".to_owned()));
        assert_eq!(wrong("a{}{n}"), (2..3, "`` is no variable's name".to_owned()));
        assert_eq!(wrong("a{b c}{n}"), (2..5, "`b c` is no variable's name".to_owned()));
        assert_eq!(wrong("a{n:}"), (4..5, "`` is no number of digits".to_owned()));
        assert_eq!(wrong("a{n:0x}"), (4..6, "`0x` is no number of digits".to_owned()));
        assert_eq!(wrong("a{n:99}"), (4..6, "`99` is no number of digits".to_owned()));
        assert_eq!(wrong("rack{rack}"), (0..10, "every machine would have the same name".to_owned()));
        assert_eq!(wrong("{{n}}"), (1..3, "`{n` is no variable's name".to_owned()));
        assert_eq!(wrong(""), (0..0, "every machine would have the same name".to_owned()));
    }

    #[test]
    fn what_is_no_name_is_said_why() {
        let why = |pattern: &str| NamePattern::parse(pattern).unwrap().name(&vars(), 1).unwrap_err();
        assert_eq!(why("{shelf}-{n}"), "the class has no variable `shelf`");
        assert_eq!(why("{odd}-{n}"), "the variable `odd` is neither a string nor a number");
        assert_eq!(why("{row:02}-{n}"), "the variable `row` is `b`, and only a number has digits");
        assert!(why("-{n}").contains("`-1` is not a host name"));
    }
}
