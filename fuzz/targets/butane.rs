//! A Butane config of any text: Ignition JSON that we take ourselves, or a report that can be shown.
#![no_main]

use firstlight_butane::{
    NoFiles, Options, ignition,
    render::{Columns, Source, render},
    translate,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let outcome = translate(text, &NoFiles, Options::default());
    drop(render(&outcome.report, Source { name: "fuzz.bu", text, columns: Columns::Characters }, None, true));
    match outcome.ignition {
        Some(json) => drop(ignition::parse(json.as_bytes()).expect("what was translated is valid")),
        None => assert!(outcome.failure.is_some()),
    }
});
