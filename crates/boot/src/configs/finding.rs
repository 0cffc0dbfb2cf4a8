//! What is wrong or odd with a config, at the line of the user's own file.

use crate::RenderError;
use std::fmt;

/// Something about a config, before or after it is rendered.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The file, relative to the site's folder.
    pub file: String,
    /// The line in it, counted from 1.
    pub line: usize,
    /// The column in that line, counted from 1 in characters.
    pub column: usize,
    /// Whether the config works all the same.
    pub warning: bool,
    /// The cause.
    pub message: String,
    /// The next step.
    pub help: Option<String>,
}

impl Finding {
    pub(crate) fn error(file: &str, line: usize, message: String) -> Finding {
        Finding { file: file.to_owned(), line, column: 1, warning: false, message, help: None }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.file, self.line, self.message)
    }
}

impl From<RenderError> for Finding {
    fn from(error: RenderError) -> Finding {
        let message = format!("this template cannot be rendered: {}", error.message);
        let help = Some("docs/configs.md lists what a template can use".to_owned());
        Finding { help, ..Finding::error(&error.file, error.line, message) }
    }
}
