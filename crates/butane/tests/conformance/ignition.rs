//! Ignition JSON: `ignition-validate` 2.26, and 2.14 where it says the same.

use firstlight_butane::ignition::{Refusal, parse};
use std::collections::BTreeSet;

/// What a validation says, as `ignition-validate` does.
struct Said {
    failed: bool,
    stdout: String,
    stderr: String,
}

fn say(text: &str) -> Said {
    let (stdout, stderr) = match parse(text.as_bytes()) {
        Ok(parsed) => return Said { failed: false, stdout: parsed.report.to_string(), stderr: String::new() },
        Err(Refusal::Syntax(report, _) | Refusal::Invalid(report)) => (report.to_string(), String::new()),
        Err(refusal) => (String::new(), format!("couldn't parse config: {refusal}\n")),
    };
    Said { failed: true, stdout, stderr }
}

#[test]
fn ignition_json() {
    super::compare("ignition-validate.jsonl", |case| {
        let said = say(case["in"].as_str().unwrap());
        let expected = &case["expect"]["2.26"];
        let stdout = expected["stdout"].as_str().unwrap();
        if said.failed != (expected["rc"] != 0) {
            return Err(format!("failed: {}, expected {expected}, said {}{}", said.failed, said.stdout, said.stderr));
        }
        if stdout.contains("json: cannot unmarshal") {
            return same_line(stdout, &said.stdout);
        }
        let same = lines(stdout) == lines(&said.stdout) && expected["stderr"].as_str() == Some(&*said.stderr);
        if same { Ok(()) } else { Err(format!("expected {expected}\n  said {}{}", said.stdout, said.stderr)) }
    });
}

/// Values of wrong types: the reference names types of its program; ours must name the same line.
fn same_line(expected: &str, said: &str) -> Result<(), String> {
    let line = |text: &str| text.split_once("line ").map(|(_, rest)| rest.split(' ').next().map(str::to_owned));
    if line(expected) == line(said) { Ok(()) } else { Err(format!("expected {expected}  said {said}")) }
}

/// Several unused keys of one object come in no order.
fn lines(text: &str) -> BTreeSet<&str> {
    text.lines().collect()
}
