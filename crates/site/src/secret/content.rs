//! What a secret's content is: all of it, or one entry of a map in JSON or in lines of `KEY=value`.

use serde_json::Value;

/// The secret itself, out of the content of its file or variable. A line break at the end is not part of it.
///
/// # Errors
/// What is wrong with the content; nothing of it is in the message.
pub(crate) fn pick(content: &str, key: Option<&str>) -> Result<String, String> {
    let whole = content.strip_suffix('\n').map_or(content, |line| line.strip_suffix('\r').unwrap_or(line));
    let text = match key {
        None => whole.to_owned(),
        Some(key) if content.trim_start().starts_with('{') => of_json(content, key)?,
        Some(key) => of_lines(content, key)?,
    };
    if text.is_empty() { Err("it is empty".to_owned()) } else { Ok(text) }
}

fn of_json(content: &str, key: &str) -> Result<String, String> {
    // The parser's own message may quote the content.
    let map: Value =
        serde_json::from_str(content).map_err(|error| format!("it is not JSON, in line {}", error.line()))?;
    match map.get(key) {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(value @ (Value::Number(_) | Value::Bool(_))) => Ok(value.to_string()),
        Some(_) => Err(format!("its `{key}` is neither a text nor a number")),
        None => Err(missing(key)),
    }
}

fn of_lines(content: &str, key: &str) -> Result<String, String> {
    let entry = |line: &str| -> Option<String> {
        let line = line.trim();
        let (name, value) = line.strip_prefix("export ").unwrap_or(line).split_once('=')?;
        (name.trim() == key).then(|| unquoted(value.trim()).to_owned())
    };
    content.lines().filter(|line| !line.trim_start().starts_with('#')).find_map(entry).ok_or_else(|| missing(key))
}

fn missing(key: &str) -> String {
    format!("it has no `{key}`: expected lines of {key}=…, or an object of JSON")
}

fn unquoted(value: &str) -> &str {
    let inner = |quote: char| value.strip_prefix(quote)?.strip_suffix(quote);
    inner('"').or_else(|| inner('\'')).unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_is_all_or_one_entry() {
        let lines = "# comment\nA=1\nexport B = \"two words\"\nC='x=y'\n";
        let json = "{\"A\": 1, \"B\": \"two words\", \"C\": []}";
        assert_eq!(pick("hunter2\n", None).as_deref(), Ok("hunter2"));
        assert_eq!(pick("two\nlines\n\n", None).as_deref(), Ok("two\nlines\n"));
        assert_eq!(pick(lines, Some("B")).as_deref(), Ok("two words"));
        assert_eq!(pick(lines, Some("C")).as_deref(), Ok("x=y"));
        assert_eq!(pick(json, Some("A")).as_deref(), Ok("1"));
        assert_eq!(pick(json, Some("B")).as_deref(), Ok("two words"));
    }

    #[test]
    fn what_is_wrong_with_it_does_not_give_it_away() {
        for (content, key) in [("", None), ("\n", None), ("hunter2", Some("A")), ("{hunter2", Some("A"))] {
            let error = pick(content, key).unwrap_err();
            assert!(!error.contains("hunter2"), "{error}");
        }
        assert!(pick("{\"A\": [\"hunter2\"]}", Some("A")).unwrap_err().contains("neither"));
    }
}
