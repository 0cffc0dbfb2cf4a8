//! What is known of a file that is kept: some lines of `key value`.

use std::fmt::Write;

/// The longest value that is taken over from an upstream.
const LONGEST: usize = 1024;

/// What is known of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Meta {
    /// Where it was fetched from.
    pub(crate) url: String,
    /// The file with its bytes.
    pub(crate) body: String,
    /// Bytes.
    pub(crate) size: u64,
    /// `Content-Type`.
    pub(crate) kind: Option<String>,
    /// `ETag`.
    pub(crate) etag: Option<String>,
    /// `Last-Modified`.
    pub(crate) modified: Option<String>,
}

impl Meta {
    pub(crate) fn write(&self) -> String {
        let mut text = format!("url {}\nbody {}\nsize {}\n", self.url, self.body, self.size);
        for (key, value) in [("kind", &self.kind), ("etag", &self.etag), ("modified", &self.modified)] {
            if let Some(value) = value.as_deref().and_then(one_line) {
                let _ = writeln!(text, "{key} {value}");
            }
        }
        text
    }

    /// `None` for what was not written by [`write`](Self::write).
    pub(crate) fn read(text: &str) -> Option<Meta> {
        let mut meta = Meta::default();
        for line in text.lines() {
            let (key, value) = line.split_once(' ')?;
            let value = value.to_owned();
            match key {
                "url" => meta.url = value,
                "body" => meta.body = value,
                "size" => meta.size = value.parse().ok()?,
                "kind" => meta.kind = Some(value),
                "etag" => meta.etag = Some(value),
                "modified" => meta.modified = Some(value),
                _ => {}
            }
        }
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        let complete = !meta.url.is_empty() && !meta.body.is_empty() && meta.body.bytes().all(plain);
        complete.then_some(meta)
    }
}

/// A value that can stand in a line, and in an answer's head.
pub(crate) fn one_line(text: &str) -> Option<&str> {
    let text = text.trim();
    let fits =
        !text.is_empty() && text.len() <= LONGEST && text.bytes().all(|byte| byte == b' ' || byte.is_ascii_graphic());
    fits.then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_written_is_read_back(url in "http://[!-~]{1,40}", body in "[a-zA-Z0-9_-]{1,80}", size: u64, etag in prop::option::of("\"[!-~]{0,30}\"")) {
            let meta = Meta { url, body, size, etag, kind: Some("text/plain; charset=x".into()), modified: None };
            prop_assert_eq!(Meta::read(&meta.write()), Some(meta));
        }

        #[test]
        fn other_text_is_nothing_or_a_name_without_a_path(text in "((url|body|size|etag) [ -~]{0,20}\n){0,5}") {
            if let Some(meta) = Meta::read(&text) {
                prop_assert!(!meta.body.contains(['/', '.']));
            }
        }
    }
}
