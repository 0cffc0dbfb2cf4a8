//! docs/mistakes.md shows what is said about examples/mistakes. `UPDATE_DOCS=1 cargo test -p firstlight-site` writes it.

use firstlight_site::{load, render};
use std::{fs, path::Path};

const INTRODUCTION: &str = "# Ten mistakes, one report\n\n\
`firstlight check` finds every mistake of a site at once. Each comes with its file, line and column, the line itself,\n\
the cause and the next step. This is what it says about the site in [examples/mistakes](../examples/mistakes), which\n\
holds ten different ones (`firstlight check -json` says the same to programs):\n";

#[test]
fn the_page_shows_what_is_said() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let report = load(&top.join("examples/mistakes")).unwrap_err();
    let page =
        format!("{INTRODUCTION}\n```text\n$ firstlight check examples/mistakes\n{}```\n", render(&report, false));
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(top.join("docs/mistakes.md"), &page).unwrap();
    }
    let written = fs::read_to_string(top.join("docs/mistakes.md")).unwrap();
    assert_eq!(report.errors(), 10, "{page}");
    assert!(written == page, "docs/mistakes.md is out of date; now it is:\n{page}");
}
