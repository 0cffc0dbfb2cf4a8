//! What a scalar becomes in a field, and what to say where it cannot.

use crate::{
    butane::schema::Holds,
    tree::Value,
    yaml::{Document, Id, Kind, scalar},
};

pub(super) fn wanted(holds: Holds) -> &'static str {
    match holds {
        Holds::Number => "a whole number is needed here",
        Holds::Truth => "true or false is needed here",
        _ => "a text is needed here",
    }
}

/// What a node is, for a message.
pub(super) fn found(document: &Document, id: Id) -> String {
    let node = document.node(id);
    match &node.kind {
        Kind::Sequence(_) => "a list".to_owned(),
        Kind::Mapping(_) => "a mapping".to_owned(),
        Kind::Scalar { text, .. } if node.is_quoted() => format!("a quoted text: {}", excerpt(text)),
        Kind::Scalar { text, .. } => format!("`{}`", excerpt(text)),
        Kind::Alias { name, .. } => format!("*{name}"),
    }
}

/// The beginning of a text, for a message.
fn excerpt(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    match line.char_indices().nth(40) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

/// What a scalar becomes in a field.
pub(super) fn coerce(read: &scalar::Scalar<'_>, text: &str, holds: Holds) -> Option<Value> {
    use scalar::Scalar;
    match (holds, read) {
        (Holds::Text, Scalar::Binary(bytes)) => Some(Value::Str(String::from_utf8_lossy(bytes).into_owned())),
        (Holds::Text, _) => Some(Value::Str(text.to_owned())),
        (Holds::Number, Scalar::Int(whole)) => Some(Value::Int(*whole)),
        // Cut off towards zero, as Go converts; what is no number at all is refused.
        (Holds::Number, Scalar::Float(number)) if *number <= i64::MAX as f64 => Some(Value::Int(*number as i64)),
        (Holds::Truth, Scalar::Bool(truth)) => Some(Value::Bool(*truth)),
        (Holds::Truth, Scalar::Text(word)) => scalar::truth(word).map(Value::Bool),
        _ => None,
    }
}
