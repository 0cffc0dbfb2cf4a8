//! A site in memory, and what is said about it.

use firstlight_site::{Memory, Report, Site, Sources, parse};

/// Files and variables that the tests' sites refer to.
pub(crate) fn outside() -> Memory {
    let files = ["site/a.ipxe", "site/vmlinuz", "site/initrd", "site/worker.yaml", "site/sub/worker.yaml"];
    Memory {
        files: files.iter().map(|name| (name.into(), format!("the text of {name}\n"))).collect(),
        env: [("HOME_DOMAIN".to_owned(), "home.example".to_owned())].into(),
    }
}

/// The site, its warnings ignored.
pub(crate) fn site(text: &str) -> Site {
    match parse(&Sources::single("site", text), &outside()) {
        Ok(loaded) => loaded.site,
        Err(report) => panic!("{report}"),
    }
}

/// The report on a site with mistakes, or with warnings.
pub(crate) fn report(text: &str) -> Report {
    match parse(&Sources::single("site", text), &outside()) {
        Ok(loaded) => loaded.warnings,
        Err(report) => report,
    }
}

/// What is said, one line for each problem: `line:column message`.
pub(crate) fn said(text: &str) -> Vec<String> {
    let line = |problem: &firstlight_site::Problem| {
        let place = problem.place.as_ref().unwrap();
        format!("{}:{} {}", place.line, place.column, problem.message)
    };
    report(text).problems.iter().map(line).collect()
}

/// The value of an expression, as a machine's variable.
pub(crate) fn value(expression: &str) -> serde_json::Value {
    let text = format!("machine \"m\" {{\n serial = \"1\"\n vars = {{ x = {expression} }}\n}}\n");
    site(&text).machines["m"].vars["x"].clone()
}
