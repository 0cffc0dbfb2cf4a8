//! A machine says anything of itself; its script has the same lines and commands as that of a machine that says nothing
//! odd, whatever the script is: Linux, a menu, a parking.
#![no_main]

use firstlight_boot::{Ask, BootSet, Token};
use firstlight_plan::Standing;
use firstlight_serve::fuzzing::ask;
use firstlight_site::{Memory, Sources, parse};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

const SITE: &str = r#"
site {
  unknown         = "UNKNOWN"
  default_profile = "small"
}
network "boot" {
  interface = "eth1"
  subnet    = "10.20.0.0/24"
}
asset "linux" {
  path = "linux"
}
profile "small" {
  kernel = asset.linux
  args   = "name={{ machine.name }} mac={{ machine.mac }} serial={{ machine.serial }} last"
}
"#;

static SETS: LazyLock<Vec<BootSet>> = LazyLock::new(|| ["boot", "menu", "park"].map(set).into());

fn set(unknown: &str) -> BootSet {
    let outside = Memory { files: [("site/linux".into(), String::new())].into(), ..Memory::default() };
    let sources = Sources::single("site", SITE.replace("UNKNOWN", unknown));
    let site = parse(&sources, &outside).expect("the site is right").site;
    BootSet::new(site, Default::default(), Default::default(), 1)
}

/// What iPXE makes of a script: each line's commands, without what varies.
fn shape(script: &str) -> Vec<Vec<String>> {
    let word = |command: &str| command.split_whitespace().next().unwrap_or_default().to_owned();
    let commands = |line: &str| match line.starts_with('#') {
        true => vec!["#".to_owned()],
        false => line.split("||").flat_map(|part| part.split("&&")).map(word).collect(),
    };
    script.split(['\n', '\r']).map(commands).collect()
}

fn script(set: &BootSet, ask: &Ask) -> Option<String> {
    let decision = set.decide(ask, None, &Standing::default());
    set.script(ask, &decision, &set.site.networks[0], &Token::new(1)).ok()?
}

fuzz_target!(|text: &str| {
    let Some((ask, choice)) = ask(text) else { return };
    for set in SETS.iter() {
        let _ = set.decide(&ask, choice.as_ref(), &Standing::default());
        let plain = Ask { serial: Some("A1".to_owned()), ..ask.clone() };
        let (Some(said), Some(expected)) = (script(set, &ask), script(set, &plain)) else { continue };
        assert_eq!(shape(&said), shape(&expected), "{said}");
        assert_eq!(said.matches("${").count(), expected.matches("${").count(), "{said}");
    }
});
