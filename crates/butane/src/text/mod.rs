//! The small languages inside a config's texts: paths, URLs, data URLs and systemd's units.

pub mod base64;
pub mod dataurl;
pub mod path;
pub mod quote;
pub mod unit;
pub mod url;
