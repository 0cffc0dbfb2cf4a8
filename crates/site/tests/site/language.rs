//! Expressions: what Terraform's users expect to work, and what is said when it does not.

use crate::common::{said, site, value};
use serde_json::json;

#[test]
fn operators_conditionals_and_templates() {
    for (expression, expected) in [
        ("1 + 2 * 3", json!(7)),
        ("7 / 2", json!(3.5)),
        ("6 / 2", json!(3)),
        ("-7 % 3", json!(-1)),
        ("1 == 1.0 && !false", json!(true)),
        ("false && nothing.at.all", json!(false)),
        ("true ? \"yes\" : nothing", json!("yes")),
        ("\"a-${1 + 1}-$${x}-\\u00e9\\n\"", json!("a-2-${x}-é\n")),
        ("\"${[1, 2]}\"", json!([1, 2])),
        ("\"%{ for x in [1, 2] ~} ${x}, %{ endfor ~} end\"", json!("1, 2, end")),
        ("\"%{ if false }a%{ else }b%{ endif }\"", json!("b")),
        ("<<-E\n    two\n      lines\n    E\n", json!("two\n  lines\n")),
        ("[for i, x in [\"a\", \"b\"] : \"${i}${x}\" if x != \"a\"]", json!(["1b"])),
        ("{ for x in [\"a\", \"b\"] : upper(x) => 1 }", json!({ "A": 1, "B": 1 })),
        ("{ for x in [\"aa\", \"ab\", \"b\"] : substr(x, 0, 1) => x... }", json!({ "a": ["aa", "ab"], "b": ["b"] })),
        ("[{ a = 1 }, { a = 2 }][*].a", json!([1, 2])),
        ("{ a = { b = [10, 20] } }.a[\"b\"][1]", json!(20)),
    ] {
        assert_eq!(value(expression), expected, "{expression}");
    }
}

#[test]
fn functions() {
    for (expression, expected) in [
        (
            "format(\"%02d|%-4s|%5.1f|%x|%q|%%|%v\", 3, \"a\", 1.25, 255, \"q\", [1])",
            json!("03|a   |  1.2|ff|\"q\"|%|[1]"),
        ),
        ("formatlist(\"%s.%s\", [\"a\", \"b\"], \"lab\")", json!(["a.lab", "b.lab"])),
        ("range(3)", json!([0, 1, 2])),
        ("range(5, 1, -2)", json!([5, 3])),
        ("cidrhost(\"10.20.0.0/24\", 5)", json!("10.20.0.5")),
        ("cidrhost(\"10.20.0.0/24\", -2)", json!("10.20.0.254")),
        ("cidrsubnet(\"10.20.0.0/16\", 8, 3)", json!("10.20.3.0/24")),
        ("cidrnetmask(\"10.20.0.0/20\")", json!("255.255.240.0")),
        ("join(\",\", split(\".\", \"a.b\"))", json!("a,b")),
        ("upper(lower(\"AbC\"))", json!("ABC")),
        ("replace(trim(\"  a-b \"), \"-\", \"_\")", json!("a_b")),
        ("length([1, 2]) + length({ a = 1 }) + length(\"äöü\")", json!(6)),
        ("concat([1], [2], [])", json!([1, 2])),
        ("merge({ a = 1, b = 1 }, { b = 2 })", json!({ "a": 1, "b": 2 })),
        ("concat(keys({ b = 2, a = 1 }), values({ b = 2, a = 1 }))", json!(["a", "b", 1, 2])),
        ("[lookup({ a = 1 }, \"a\"), lookup({ a = 1 }, \"b\", 9)]", json!([1, 9])),
        ("[contains([1], 1.0), contains([\"a\"], \"b\")]", json!([true, false])),
        ("element([\"a\", \"b\"], 3)", json!("b")),
        ("flatten([[1], [[2], 3]])", json!([1, 2, 3])),
        ("distinct([2, 1, 2])", json!([2, 1])),
        ("sort(toset([\"b\", \"a\", \"b\"]))", json!(["a", "b"])),
        ("[min(2, 1), max([1, 3]...), sum([1, 2])]", json!([1, 3, 3])),
        ("[tostring(1), tonumber(\"1.5\")]", json!(["1", 1.5])),
        ("jsondecode(jsonencode({ a = [1, null] }))", json!({ "a": [1, null] })),
        (
            "[base64encode(\"\"), base64encode(\"f\"), base64encode(\"fo\"), base64encode(\"foobar\")]",
            json!(["", "Zg==", "Zm8=", "Zm9vYmFy"]),
        ),
        ("substr(sha256(\"abc\"), 0, 8)", json!("ba7816bf")),
        ("file(\"a.ipxe\")", json!("the text of site/a.ipxe\n")),
        ("[env(\"HOME_DOMAIN\"), env(\"NOT_SET\", \"x\")]", json!(["home.example", "x"])),
        ("[site.name, site.domain]", json!(["site", null])),
        ("coalesce(null, \"\", \"a\")", json!("a")),
    ] {
        assert_eq!(value(expression), expected, "{expression}");
    }
}

#[test]
fn a_failed_expression_is_pointed_at() {
    for (expression, expected) in [
        ("1 / 0", "3:9 this divides by zero"),
        ("5 % 0", "3:9 this divides by zero"),
        ("1 + \"a\"", "3:9 `+` needs numbers, but this is a string"),
        ("uper(\"a\")", "3:5 there is no function `uper`"),
        ("upper()", "3:5 `upper`: takes one argument, not 0"),
        ("upper([])", "3:11 `upper`: needs a string here, not a list"),
        ("join(\",\", [[]])", "3:15 `join`: needs a list of strings here, but it holds a list"),
        ("cidrhost(\"10.0.0.0/30\", 9)", "3:29 `cidrhost`: 10.0.0.0/30 has no address number 9"),
        ("cidrhost(\"10.0.0.1/30\", 1)", "3:14 `cidrhost`: `10.0.0.1/30` has host bits set; did you mean 10.0.0.0/30?"),
        ("file(\"b.ipxe\")", "3:10 `file`: `b.ipxe` cannot be read: there is no such file"),
        ("env(\"NOT_SET\")", "3:9 `env`: the environment variable `NOT_SET` is not set"),
        ("range(1, 9000000000)", "3:5 `range`: makes over 65536 numbers"),
        ("locl.x", "3:5 there is no variable `locl`"),
        ("local.b", "3:5 there is no local `b`"),
        ("network.nix.subnet", "3:5 there is no network `nix`"),
        ("each.key", "3:5 `each` is known only in a machine with `for_each`"),
        ("[1][2]", "3:5 this list of 1 has no element `2`"),
        ("{ ab = 1 }.ac", "3:5 this map has no key `ac`"),
        ("\"a${[]}b\"", "3:9 a list cannot be part of a text"),
        ("[for x in 5 : x]", "3:15 `for` runs over a list or a map, not a number"),
        ("{ for x in [1, 2] : \"k\" => x }", "3:25 the key `k` comes twice"),
    ] {
        let said = said(&format!("network \"n\" {{ subnet = \"10.9.0.0/24\" }}\nlocals {{\na = {expression}\n}}\n"));
        assert_eq!(said, [expected], "{expression}");
    }
}

#[test]
fn values_are_found_in_any_order_and_a_cycle_is_named() {
    let site = site(
        r#"
        machine "b" {
          mac     = "52:54:00:00:00:02"
          address = cidrhost(network.boot.subnet, local.offset)
          vars    = { server = network.boot.address, friend = machine.a.address, me = machine.b, title = profile.p.title }
        }
        machine "a" {
          mac     = "52:54:00:00:00:01"
          address = "10.20.0.9"
        }
        locals { offset = local.base + 2 }
        locals { base = 10 }
        network "boot" { subnet = "10.20.0.0/24" }
        profile "p" { boot = "disk" }
        "#,
    );
    let b = &site.machines["b"];
    assert_eq!(b.address, Some([10, 20, 0, 12].into()));
    let expected = json!({ "server": "10.20.0.1", "friend": "10.20.0.9", "me": "b", "title": "p" });
    assert_eq!(json!(b.vars), expected);

    let said = said("locals {\n a = local.b\n b = [local.c]\n c = \"${local.a}\"\n d = local.a\n}\n");
    assert_eq!(said[1..], ["4:9 a value depends on itself: local.a → local.b → local.c → local.a"], "{said:?}");
}

#[test]
fn a_rack_is_a_few_lines() {
    let site = site(
        r#"
        network "boot" { subnet = "10.20.0.0/24" }
        machine "rack" {
          for_each = { a = 1, b = 2 }
          mac      = "52:54:00:00:00:0${each.value}"
          address  = cidrhost(network.boot.subnet, 10 + each.value)
          vars     = { first = machine.rack["a"].address, spare = machine.spare[1] }
        }
        machine "spare" {
          count  = 2
          name   = "spare${count.index + 1}"
          serial = "S${count.index}"
        }
        machine "listed" {
          for_each = toset(["x"])
          serial   = each.value
        }
        machine "none" {
          count  = 0
          serial = "unused"
        }
        "#,
    );
    let names: Vec<&str> = site.machines.keys().map(|name| &**name).collect();
    assert_eq!(names, ["listed-x", "rack-a", "rack-b", "spare1", "spare2"]);
    assert_eq!(json!(site.machines["rack-b"].vars), json!({ "first": "10.20.0.11", "spare": "spare2" }));
}
