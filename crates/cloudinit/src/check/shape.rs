//! What a value has to be, as data, and whether it is.

use super::Findings;
use firstlight_butane::tree::{Key, Node, Value};
use firstlight_model::nearest::suggestion;

/// What a value may be.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shape {
    /// Whatever it is: not known here, or of many forms.
    Any,
    Null,
    Bool,
    Text,
    Whole,
    /// One of these words.
    Word(&'static [&'static str]),
    List(&'static Shape),
    /// A map with these keys.
    Map(&'static [Field]),
    /// A map from names of the user's own.
    Names(&'static Shape),
    /// One of these, the usual one first.
    Either(&'static [Shape]),
    /// A file's mode, which is text of octal digits.
    Mode,
    /// An IPv4 or IPv6 address.
    Address,
    /// An address with the length of its prefix.
    Network,
    /// A hardware address.
    Mac,
}

/// A key, and what its value may be.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    pub(super) required: bool,
}

pub(super) const fn field(name: &'static str, shape: Shape) -> Field {
    Field { name, shape, required: false }
}

pub(super) const fn required(name: &'static str, shape: Shape) -> Field {
    Field { name, shape, required: true }
}

/// Looks whether a value is what it has to be; `what` names it.
pub(super) fn check(node: &Node, what: &str, shape: Shape, findings: &mut Findings) {
    match (shape, &node.value) {
        (Shape::Any, _) => {}
        (Shape::List(inner), Value::List(items)) => {
            for (at, item) in items.iter().enumerate() {
                check(item, &format!("{what}[{at}]"), *inner, findings);
            }
        }
        (Shape::Map(fields), Value::Map(entries)) => check_map(node, entries, what, fields, findings),
        (Shape::Names(inner), Value::Map(entries)) => {
            for (key, value) in entries {
                check(value, &below(what, &key.name), *inner, findings);
            }
        }
        (Shape::Either(shapes), _) => match shapes.iter().find(|shape| fits(node, **shape)) {
            Some(shape) => check(node, what, *shape, findings),
            None => wrong(node, what, shape, findings),
        },
        (Shape::Mode, Value::Int(number)) => check_mode(node, what, *number, findings),
        (shape, _) if fits(node, shape) => check_text(node, what, shape, findings),
        (shape, _) => wrong(node, what, shape, findings),
    }
}

/// Whether a value is of a kind, without a look into it.
fn fits(node: &Node, shape: Shape) -> bool {
    match (shape, &node.value) {
        (Shape::Any, _) => true,
        (Shape::Either(shapes), _) => shapes.iter().any(|shape| fits(node, *shape)),
        (Shape::Null, Value::Null) | (Shape::Bool, Value::Bool(_)) | (Shape::Whole, Value::Int(_)) => true,
        (Shape::Bool, Value::Str(word)) => is_truth(word),
        (Shape::Word(words), Value::Str(word)) => words.contains(&word.as_str()),
        (Shape::Text | Shape::Mode | Shape::Address | Shape::Network | Shape::Mac, Value::Str(_)) => true,
        (Shape::List(_), Value::List(_)) | (Shape::Map(_) | Shape::Names(_), Value::Map(_)) => true,
        _ => false,
    }
}

/// cloud-init reads YAML 1.1, where these are truth values.
fn is_truth(word: &str) -> bool {
    ["yes", "no", "on", "off", "true", "false"].contains(&word.to_ascii_lowercase().as_str())
}

fn check_map(node: &Node, entries: &[(Key, Node)], what: &str, fields: &[Field], findings: &mut Findings) {
    for (key, value) in entries {
        // Older spellings have hyphens, and are known still.
        let spelled = key.name.replace('-', "_");
        match fields.iter().find(|field| field.name == key.name || field.name.replace('-', "_") == spelled) {
            Some(field) => check(value, &below(what, &key.name), field.shape, findings),
            None => {
                let message = format!("cloud-init does not know `{}` in {}", key.name, whole(what));
                let known = fields.iter().map(|field| field.name);
                findings.warning(key.at.or(value.origin.at), message).help(suggestion(&key.name, known));
            }
        }
    }
    for field in fields.iter().filter(|field| field.required && node.get(field.name).is_none()) {
        let message = format!("`{}` is missing in {}", field.name, whole(what));
        findings.error(node.origin.at, message).help(None);
    }
}

/// A mode without quotes is a number: with a 0 before it, the right one, else quite another.
fn check_mode(node: &Node, what: &str, number: i64, findings: &mut Findings) {
    let help = Some("quote it, like \"0644\"".to_owned());
    match number {
        0..=0o777 => {
            let message = format!("`{what}` is a number, the mode {number:04o}; cloud-init's schema wants a text");
            findings.warning(node.origin.at, message).help(help);
        }
        _ => {
            let message = format!("`{what}` is the number {number} and not what it looks like: the mode {number:05o}");
            findings.error(node.origin.at, message).help(help);
        }
    }
}

/// Texts of which more is known than that they are texts.
fn check_text(node: &Node, what: &str, shape: Shape, findings: &mut Findings) {
    let Some(text) = node.as_str() else { return };
    let wrong = match shape {
        Shape::Mode if mode(text).is_none() => "is no file mode, which has octal digits, like \"0644\"",
        Shape::Address if text.parse::<std::net::IpAddr>().is_err() => "is no address, like 10.20.0.1",
        Shape::Network if !is_network(text) => "is no address with the length of its prefix, like 10.20.0.11/24",
        Shape::Mac if text.parse::<firstlight_model::Mac>().is_err() => {
            "is no hardware address, like 52:54:00:12:34:56"
        }
        _ => return,
    };
    let shown: String = text.chars().take(60).collect();
    findings.error(node.origin.at, format!("`{what}`: `{shown}` {wrong}")).help(None);
}

fn mode(text: &str) -> Option<u32> {
    let digits = text.trim_start_matches("0o");
    u32::from_str_radix(digits, 8).ok().filter(|mode| *mode <= 0o7777)
}

fn is_network(text: &str) -> bool {
    let Some((address, prefix)) = text.split_once('/') else { return false };
    let bits = match address.parse::<std::net::IpAddr>() {
        Ok(address) => {
            if address.is_ipv4() {
                32
            } else {
                128
            }
        }
        Err(_) => return false,
    };
    prefix.parse::<u8>().is_ok_and(|prefix| prefix <= bits)
}

fn wrong(node: &Node, what: &str, shape: Shape, findings: &mut Findings) {
    let message = format!("`{what}` is {}, and has to be {}", is(&node.value), wanted(shape));
    findings.error(node.origin.at, message).help(match (shape, &node.value) {
        (Shape::Text, Value::Int(_) | Value::Float(_) | Value::Bool(_)) => Some("quote it".to_owned()),
        (Shape::List(_), Value::Str(_)) => Some("write it as a list: `- …` on a line of its own".to_owned()),
        _ => None,
    });
}

fn is(value: &Value) -> &'static str {
    match value {
        Value::Null => "empty",
        Value::Bool(_) => "a truth value",
        Value::Int(_) | Value::Float(_) => "a number",
        Value::Str(_) => "a text",
        Value::List(_) => "a list",
        Value::Map(_) => "a map",
    }
}

fn wanted(shape: Shape) -> String {
    match shape {
        Shape::Any => "anything".to_owned(),
        Shape::Null => "empty".to_owned(),
        Shape::Bool => "true or false".to_owned(),
        Shape::Text | Shape::Mode => "a text".to_owned(),
        Shape::Whole => "a whole number".to_owned(),
        Shape::Word(words) => words.iter().map(|word| format!("`{word}`")).collect::<Vec<_>>().join(" or "),
        Shape::List(_) => "a list".to_owned(),
        Shape::Map(_) | Shape::Names(_) => "a map".to_owned(),
        Shape::Either(shapes) => shapes.iter().map(|shape| wanted(*shape)).collect::<Vec<_>>().join(" or "),
        Shape::Address | Shape::Network | Shape::Mac => "an address".to_owned(),
    }
}

fn below(what: &str, key: &str) -> String {
    if what.is_empty() { key.to_owned() } else { format!("{what}.{key}") }
}

fn whole(what: &str) -> String {
    if what.is_empty() { "this".to_owned() } else { format!("`{what}`") }
}
