//! Scalars of YAML that mean themselves, whatever they hold. A JSON string is one in YAML 1.1 as well, and quotes keep a
//! MAC address from being read as a number to the base of 60.

/// A quoted scalar.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A list of quoted scalars, on one line.
pub(crate) fn list(items: impl IntoIterator<Item = impl ToString>) -> String {
    let items: Vec<String> = items.into_iter().map(|item| quoted(&item.to_string())).collect();
    format!("[{}]", items.join(", "))
}
