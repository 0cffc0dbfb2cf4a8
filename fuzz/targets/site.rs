//! A site of any text: a site or a report, and the report can be shown.
#![no_main]

use firstlight_boot::check_configs;
use firstlight_site::{Memory, Sources, parse, render, show};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match parse(&Sources::single("site", text), &Memory::default()) {
        Ok(loaded) => {
            show(&loaded.site);
            check_configs(&loaded.site);
        }
        Err(report) => drop(render(&report, true)),
    }
});
