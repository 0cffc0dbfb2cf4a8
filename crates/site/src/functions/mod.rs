//! The functions of expressions, named and behaving as Terraform's of the same name.

mod collection;
mod network;
mod text;
mod various;

pub(crate) use various::{nearby, reason};

use crate::world::World;
use serde_json::Value;

/// A function.
pub(crate) struct Function {
    name: &'static str,
    /// How it is called, for help lines and the reference.
    pub(crate) usage: &'static str,
    least: usize,
    most: usize,
    body: fn(&World<'_>, &[Value]) -> Called,
}

pub(crate) type Called = Result<Value, Wrong>;

/// Why a call failed.
#[derive(Debug)]
pub(crate) struct Wrong {
    /// Which argument is to blame, counted from 0.
    pub(crate) argument: Option<usize>,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

impl Wrong {
    fn call(message: impl Into<String>) -> Self {
        Wrong { argument: None, message: message.into(), help: None }
    }

    fn argument(n: usize, message: impl Into<String>) -> Self {
        Wrong { argument: Some(n), message: message.into(), help: None }
    }
}

/// As many as there are.
const MANY: usize = usize::MAX;

const fn function(
    name: &'static str,
    usage: &'static str,
    least: usize,
    most: usize,
    body: fn(&World<'_>, &[Value]) -> Called,
) -> Function {
    Function { name, usage, least, most, body }
}

impl Function {
    pub(crate) fn call(&self, world: &World<'_>, arguments: &[Value]) -> Called {
        if (self.least..=self.most).contains(&arguments.len()) {
            return (self.body)(world, arguments);
        }
        let takes = match (self.least, self.most) {
            (0, 0) => "no arguments".to_owned(),
            (1, 1) => "one argument".to_owned(),
            (least, most) if least == most => format!("{least} arguments"),
            (least, MANY) => format!("at least {least}"),
            (least, most) => format!("{least} to {most} arguments"),
        };
        Err(Wrong::call(format!("takes {takes}, not {}", arguments.len())))
    }
}

pub(crate) fn find(name: &str) -> Option<&'static Function> {
    all().find(|function| function.name == name)
}

pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    all().map(|function| function.name)
}

fn all() -> impl Iterator<Item = &'static Function> {
    [collection::FUNCTIONS, network::FUNCTIONS, text::FUNCTIONS, various::FUNCTIONS].into_iter().flatten()
}

fn kind(value: &Value) -> &'static str {
    crate::eval::kind(value)
}

/// Argument `n` as text. Numbers and truth values become text, as in Terraform.
fn text(arguments: &[Value], n: usize) -> Result<String, Wrong> {
    let value = arguments.get(n).unwrap_or(&Value::Null);
    crate::eval::as_text(value).ok_or_else(|| Wrong::argument(n, format!("needs a string here, not {}", kind(value))))
}

fn list(arguments: &[Value], n: usize) -> Result<&Vec<Value>, Wrong> {
    match arguments.get(n).unwrap_or(&Value::Null) {
        Value::Array(list) => Ok(list),
        other => Err(Wrong::argument(n, format!("needs a list here, not {}", kind(other)))),
    }
}

fn map(arguments: &[Value], n: usize) -> Result<&serde_json::Map<String, Value>, Wrong> {
    match arguments.get(n).unwrap_or(&Value::Null) {
        Value::Object(map) => Ok(map),
        other => Err(Wrong::argument(n, format!("needs a map here, not {}", kind(other)))),
    }
}

fn whole(arguments: &[Value], n: usize) -> Result<i64, Wrong> {
    let value = arguments.get(n).unwrap_or(&Value::Null);
    let number = value.as_i64().or_else(|| value.as_str()?.parse().ok());
    number.ok_or_else(|| Wrong::argument(n, format!("needs a whole number here, not {}", kind(value))))
}

fn strings(arguments: &[Value], n: usize) -> Result<Vec<String>, Wrong> {
    let wrong = |value| Wrong::argument(n, format!("needs a list of strings here, but it holds {}", kind(value)));
    list(arguments, n)?.iter().map(|value| crate::eval::as_text(value).ok_or_else(|| wrong(value))).collect()
}
