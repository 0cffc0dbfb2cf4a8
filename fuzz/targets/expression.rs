//! An expression of any text, evaluated: a value or a report, in bounded time and memory.
#![no_main]

use firstlight_site::{Memory, Sources, parse, render};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let site = format!(
        "locals {{\n  a = [1, \"b\", {{ c = true }}]\n  x = {text}\n}}\nsite {{\n  name = \"${{local.x}}\"\n}}\n"
    );
    if let Err(report) = parse(&Sources::single("site", site), &Memory::default()) {
        render(&report, false);
    }
});
