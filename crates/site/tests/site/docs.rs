//! Every example in docs/site.md is a site, and so is every folder in examples but the one with the mistakes.

use crate::common::outside;
use firstlight_site::{Sources, load, parse};
use std::{fs, path::Path};

fn top() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The fenced ```hcl blocks, with the line where each begins.
fn examples(page: &str) -> Vec<(usize, String)> {
    let mut examples = Vec::new();
    let mut lines = page.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        if line.trim() == "```hcl" {
            let body: Vec<&str> =
                lines.by_ref().map(|(_, line)| line).take_while(|line| line.trim() != "```").collect();
            examples.push((at + 2, body.join("\n") + "\n"));
        }
    }
    examples
}

#[test]
fn every_example_of_the_reference_parses() {
    let mut files = outside();
    let named = ["hello.ipxe", "rescue.ipxe", "preseed.cfg", "first.preseed", "second.preseed", "etcd.preseed"];
    for name in named {
        files.files.insert(Path::new("site").join(name), String::new());
    }
    files.files.insert("site/secrets/join".into(), "hunter2\n".to_owned());
    for (page, at_least) in [("docs/site.md", 9), ("docs/configs.md", 3)] {
        let examples = examples(&fs::read_to_string(top().join(page)).unwrap());
        assert!(examples.len() >= at_least, "only {} examples found in {page}", examples.len());
        for (line, text) in examples {
            if let Err(report) = parse(&Sources::single("site", text), &files) {
                panic!("{page}, the example at line {line}:\n{report}");
            }
        }
    }
}

#[test]
fn the_readmes_example_parses() {
    let page = fs::read_to_string(top().join("README.md")).unwrap();
    let examples = examples(&page);
    let mut files = outside();
    files.files.insert("site/vmlinuz".into(), String::new());
    assert_eq!(examples.len(), 1);
    if let Err(report) = parse(&Sources::single("site", examples[0].1.clone()), &files) {
        panic!("{report}");
    }
}

#[test]
fn the_reference_names_every_function() {
    let page = fs::read_to_string(top().join("docs/site.md")).unwrap();
    let source = ["text", "collection", "network", "various"].map(|name| {
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("src/functions/{name}.rs"))).unwrap()
    });
    let names: Vec<String> = source
        .iter()
        .flat_map(|text| text.split("function(").skip(1))
        .filter_map(|call| Some(call.trim_start().strip_prefix('"')?.split('"').next()?.to_owned()))
        .collect();
    assert!(names.len() > 40, "{names:?}");
    for name in names {
        assert!(page.contains(&format!("`{name}`")), "docs/site.md does not name the function `{name}`");
    }
}

#[test]
fn the_rack_is_a_site() {
    let loaded = load(&top().join("examples/rack")).unwrap_or_else(|report| panic!("{report}"));
    assert!(loaded.warnings.problems.is_empty(), "{}", loaded.warnings);
    assert_eq!(loaded.site.machines.len(), 10);
    assert_eq!(loaded.site.machines["worker-03"].address, Some([10, 20, 0, 13].into()));
}
