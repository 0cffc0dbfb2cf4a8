//! No text makes the checks panic, and what is put together has each part as it was.
#![allow(clippy::unwrap_used)]

use firstlight_cloudinit::{Kind, NAMES, Part, check, join};
use proptest::{collection::vec, prelude::*, sample::select};

/// Pieces that texts are made of: what is known, what is nearly so, and what YAML is sensitive to.
fn piece() -> impl Strategy<Value = String> {
    let fixed = [
        "#cloud-config\n",
        "#cloud-config-archive\n",
        "## template: jinja\n",
        "#!/bin/sh\n",
        "users:\n",
        "  - name: x\n",
        "write_files:\n",
        "  - path: /x\n",
        "    permissions: 0644\n",
        "runcmd: [a, [b, c]]\n",
        "runcmd:\n",
        "- a\n",
        "? b\n",
        "&a [",
        "*a",
        "<<: *a\n",
        "]",
        "{",
        "}",
        ": ",
        "\t",
        "\r\n",
        "version: 2\n",
        "version: 1\n",
        "ethernets:\n",
        "  eth0: { addresses: [10.0.0.1/24], mtu: -1 }\n",
        "config:\n",
        "instance-id: x\n",
        "!!binary x\n",
        "---\n",
        "\u{feff}",
        "--==firstlight-0==\n",
        "MIME-Version: 1.0\n",
        "\n",
    ];
    prop_oneof![8 => select(fixed.to_vec()).prop_map(str::to_owned), 1 => any::<String>()]
}

fn text() -> impl Strategy<Value = String> {
    vec(piece(), 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_text_is_survived(text in text()) {
        for name in NAMES {
            for finding in check(name, &text).unwrap() {
                prop_assert!(finding.line >= 1 && finding.column >= 1);
            }
        }
    }

    #[test]
    fn parts_stay_as_they_are(bodies in vec(text(), 2..4)) {
        let texts: Vec<String> = bodies.iter().map(|body| format!("#cloud-config\n{body}")).collect();
        let parts: Vec<Part<'_>> = texts.iter().map(|text| Part { name: "x.yaml", text }).collect();
        if texts.iter().any(|text| Kind::of(text) != Some(Kind::CloudConfig)) {
            return Ok(());
        }
        let joined = join(&parts).unwrap();
        let boundary = joined.lines().next().unwrap().split('"').nth(1).unwrap().to_owned();
        let entities: Vec<&str> = joined.split(&format!("\n--{boundary}")).collect();
        // Before the first, the parts, behind the last.
        prop_assert_eq!(entities.len(), texts.len() + 2);
        for (entity, text) in entities[1..=texts.len()].iter().zip(texts.iter().rev()) {
            let (head, body) = entity.split_once("\n\n").unwrap();
            if head.contains("7bit") {
                prop_assert_eq!(body, text);
            }
        }
    }
}
