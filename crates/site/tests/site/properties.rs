//! No text makes the crate panic, overflow its stack or run out of memory, and every report can be rendered.

use crate::common::outside;
use firstlight_site::{Sources, parse, render, show};
use proptest::prelude::*;

const VALID: &str = r#"
locals { a = [for x in range(3) : { k = "é${x}", v = x / 2 } if x != 1] }
site { domain = env("HOME_DOMAIN") }
network "boot" {
  subnet = "10.20.0.0/24"
  dhcp { range = ["10.20.0.100", cidrhost("10.20.0.0/24", -6)] }
}
asset "k" { path = "vmlinuz" }
profile "p" {
  kernel = asset.k
  args   = <<-E
    quiet %{ if true ~} x=${local.a[0].k} %{ endif }
  E
  config = { "x" = "worker.yaml" }
}
class "c" { extends = "d" }
class "d" { vars = { x = local.a[*].v, y = -1 } }
machine "m" {
  for_each = { a = 1, b = 2 }
  mac      = "52:54:00:00:00:0${each.value}"
  address  = cidrhost(network.boot.subnet, 10 + each.value)
  class    = class.c
}
lab {
  machine "m-a" { memory = "512M" }
}
"#;

/// Reads a text and renders or shows whatever comes of it.
fn survive(text: &str) {
    match parse(&Sources::single("site", text), &outside()) {
        Ok(loaded) => drop((show(&loaded.site), render(&loaded.warnings, true))),
        Err(report) => {
            assert!(report.errors() > 0);
            let rendered = render(&report, false);
            assert!(rendered.len() > 10);
        }
    }
}

/// Pieces of the language, so that random texts get past the parser.
fn piece() -> impl Strategy<Value = String> {
    let fixed = [
        "\n",
        " ",
        "{",
        "}",
        "[",
        "]",
        "(",
        ")",
        "\"",
        "${",
        "%{",
        "=",
        ",",
        "?",
        ":",
        "-",
        "!",
        "+",
        "/",
        "%",
        "*",
        ".",
        "...",
        "#",
        "/*",
        "<<E\n",
        "E\n",
        "é",
        "\u{0}",
        "\t",
        "\r\n",
        "\\",
        "for x in ",
        "if",
        "null",
        "true",
        "0",
        "1",
        "9223372036854775807",
        "-9223372036854775808",
        "18446744073709551615",
        "1e308",
        "1.5",
        "local.",
        "local.a",
        "each.key",
        "machine.m",
        "network.boot",
        "[*]",
        ".*",
        "range(",
        "format(",
        "cidrsubnet(",
        "substr(",
        "element(",
        "\"%d\"",
        "count",
        "for_each",
        "subnet",
        "dhcp {",
        "0.0.0.0/0",
        "255.255.255.255",
        "::",
    ];
    prop_oneof![8 => proptest::sample::select(fixed.to_vec()).prop_map(str::to_owned), 1 => any::<char>().prop_map(String::from)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_text_is_survived(text in any::<String>()) {
        survive(&text);
    }

    #[test]
    fn any_expression_is_survived(pieces in proptest::collection::vec(piece(), 0..12)) {
        survive(&format!("locals {{\na = {}\n}}\n", pieces.concat()));
    }

    #[test]
    fn a_damaged_site_is_survived(damage in proptest::collection::vec((any::<prop::sample::Index>(), 0usize..20, piece()), 1..4)) {
        let mut chars: Vec<char> = VALID.chars().collect();
        for (at, length, piece) in damage {
            let at = at.index(chars.len());
            let end = (at + length).min(chars.len());
            chars.splice(at..end, piece.chars());
        }
        survive(&chars.into_iter().collect::<String>());
    }

    #[test]
    fn any_string_is_shown_so_that_it_reads_back(text in any::<String>(), odd in "[$%{}\\\\\"~a\n]{0,12}") {
        for text in [text, odd] {
            let site = crate::common::site(&format!("machine \"m\" {{\n serial = \"1\"\n vars = {{ x = jsondecode({}) }}\n}}\n", hcl(&serde_json::to_string(&text).unwrap())));
            prop_assert_eq!(&site.machines["m"].vars["x"], &text);
            let again = crate::common::site(&show(&site));
            prop_assert_eq!(&again.machines["m"].vars["x"], &text);
        }
    }
}

/// A string as HCL, every character of it as an escape.
fn hcl(text: &str) -> String {
    let escaped: String = text.chars().map(|c| format!("\\U{:08x}", u32::from(c))).collect();
    format!("\"{escaped}\"")
}

#[test]
fn the_undamaged_site_is_valid() {
    if let Err(report) = parse(&Sources::single("site", VALID), &outside()) {
        panic!("{report}");
    }
}

#[test]
fn depth_is_bounded() {
    for (open, close) in [
        ("[", "]"),
        ("(", ")"),
        ("{ a = ", " }"),
        ("!", ""),
        ("-", ""),
        ("upper(", ")"),
        ("\"${", "}\""),
        ("[for x in ", ": x]"),
        ("true ? 1 : ", ""),
        ("1 + ", "1"),
        ("x[", "]"),
    ] {
        for depth in [50, 63, 500, 20_000] {
            survive(&format!("locals {{\na = {}1{}\n}}\n", open.repeat(depth), close.repeat(depth)));
        }
    }
    survive(&"network \"a\" {\n".repeat(20_000));
    survive(&format!("locals {{\na = x{}\n}}\n", "[*]".repeat(20_000)));
    survive(&format!("locals {{\na = x{}\n}}\n", ".a".repeat(20_000)));
}

#[test]
fn long_chains_of_references_are_bounded() {
    let chain = |link: &dyn Fn(usize) -> String| -> String {
        let links: String = (1..5000).map(|n| format!("  a{n:04} = {}\n", link(n))).collect();
        format!("locals {{\n  a0000 = \"x\"\n{links}}}\n")
    };
    survive(&chain(&|n| format!("local.a{:04}", n - 1)));
    survive(&chain(&|n| format!("local.a{:04}", (n + 1) % 5000)));
    survive(&chain(&|n| format!("[[[[local.a{:04}]]]]", n - 1)));
    survive(&chain(&|n| format!("((((local.a{:04}))))", (n + 1).min(4999))));
}

#[test]
fn growth_is_bounded() {
    let doubling = |link: &str| -> String {
        let links: String =
            (1..60).map(|n| format!("  a{n:04} = {}\n", link.replace('@', &format!("local.a{:04}", n - 1)))).collect();
        format!("locals {{\n  a0000 = \"x\"\n{links}}}\n")
    };
    survive(&doubling("\"${@}${@}\""));
    survive(&doubling("[@, @]"));
    survive(&doubling("join(@, [@, @, @])"));
    survive("locals { a = [for x in range(60000) : [for y in range(60000) : [for z in range(60000) : 1]]] }\n");
    survive(
        "locals { a = \"%{ for x in range(60000) }%{ for x in range(60000) }aaaaaaaaaaaaaaaaa%{ endfor }%{ endfor }\" }\n",
    );
}
