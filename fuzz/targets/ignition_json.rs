//! Ignition JSON of any bytes: a config or everything that is wrong with it, shown; and what it makes of another config.
#![no_main]

use firstlight_butane::{
    ignition::{merge_documents, parse, to_json},
    render::{Columns, Source, render},
};
use libfuzzer_sys::fuzz_target;

const OTHER: &str = r#"{"ignition":{"version":"3.5.0"},"storage":{"files":[{"path":"/a"}]}}"#;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    let report = match parse(bytes) {
        Ok(parsed) => {
            let written = to_json(&parsed.config, parsed.version, true);
            assert!(parse(written.as_bytes()).is_ok(), "what was written is read: {written}");
            parsed.report
        }
        Err(refusal) => refusal.into_report(),
    };
    render(&report, Source { name: "a.ign", text: &text, columns: Columns::Bytes }, None, false);
    let _ = merge_documents(&text, OTHER);
    let _ = merge_documents(OTHER, &text);
});
