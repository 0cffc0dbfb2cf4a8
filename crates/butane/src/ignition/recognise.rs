//! What someone gives to a machine that is no Ignition config of today: other formats, and older ones. Each is told by
//! its first lines or its keys, never by running anything, and has a next step for whoever wrote it.

use crate::tree::Node;

/// A format that is not read here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Foreign {
    Butane,
    CloudConfig,
    ContainerLinuxConfig,
    Gzip,
    IgnitionV1,
    IgnitionV2,
    Script,
}

impl Foreign {
    /// What it is, and what to do.
    pub fn advice(self) -> &'static str {
        match self {
            Self::Butane => "this is a Butane config: translate it with `firstlight butane` first",
            Self::CloudConfig => {
                "this is cloud-config, which Ignition does not read: describe the machine as a Butane config \
                 (users become passwd.users, write_files storage.files, runcmd a systemd unit), or serve it as \
                 cloud-init user data"
            }
            Self::ContainerLinuxConfig => {
                "this is a Container Linux Config, which ended with Container Linux: put `variant: flatcar` and \
                 `version: 1.1.0` at its top and run `firstlight butane`. Files lose `filesystem: root`; `etcd`, \
                 `flannel`, `docker`, `locksmith`, `update` and `networkd` become files and systemd units of your own"
            }
            Self::Gzip => "this is compressed: unpack it first",
            Self::IgnitionV1 | Self::IgnitionV2 => {
                "this is of Ignition 1 or 2, which only Container Linux and old Flatcar releases read. Best is to go \
                 back to the Butane config or Container Linux Config that it was made of and translate that anew; in \
                 JSON: `ignition.version` becomes 3.x, files lose `filesystem` and gain `overwrite: true`, \
                 `networkd` becomes files below /etc/systemd/network, and what is in `append` has its own list"
            }
            Self::Script => "this is a script: put it into a file of the config, and let a systemd unit run it",
        }
    }

    /// What a text is that is no JSON.
    pub fn of_text(text: &[u8]) -> Option<Self> {
        if text.starts_with(&[0x1f, 0x8b]) {
            return Some(Self::Gzip);
        }
        let text = String::from_utf8_lossy(text.get(..64 * 1024).unwrap_or(text));
        let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or("");
        match first.trim_start_matches('\u{feff}') {
            line if line.starts_with("#cloud-config") => Some(Self::CloudConfig),
            line if line.starts_with("#!") => Some(Self::Script),
            _ => Self::of_yaml(&text),
        }
    }

    /// What YAML is, by the keys at its top; none if it could be anything.
    pub fn of_yaml(text: &str) -> Option<Self> {
        let has = |key: &str| text.lines().any(|line| line.strip_prefix(key).is_some_and(|rest| rest.starts_with(':')));
        let clc = ["etcd", "flannel", "docker", "locksmith", "update", "networkd"];
        if has("variant") {
            Some(Self::Butane)
        } else if clc.iter().any(|key| has(key)) || text.lines().any(is_root_filesystem) {
            Some(Self::ContainerLinuxConfig)
        } else if ["users", "write_files", "runcmd", "coreos"].iter().any(|key| has(key)) {
            Some(Self::CloudConfig)
        } else if ["passwd", "storage", "systemd", "ignition"].iter().any(|key| has(key)) {
            Some(Self::ContainerLinuxConfig)
        } else {
            None
        }
    }

    /// What a JSON config of an unknown version is.
    pub fn of_json(json: &Node) -> Option<Self> {
        let version = json.get("ignition").and_then(|ignition| ignition.get("version")?.as_str());
        if json.get("ignitionVersion").is_some() {
            return Some(Self::IgnitionV1);
        }
        version.filter(|version| version.starts_with("2.")).map(|_| Self::IgnitionV2)
    }
}

/// `filesystem: root` in a file's mapping, which no other format has.
fn is_root_filesystem(line: &str) -> bool {
    let line = line.trim_start().trim_start_matches("- ").trim();
    line.strip_prefix("filesystem:").is_some_and(|value| matches!(value.trim(), "root" | "\"root\"" | "'root'"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_format_is_told_from_the_others() {
        for (text, format) in [
            ("variant: flatcar\nversion: 1.0.0\n", Some(Foreign::Butane)),
            ("\n#cloud-config\nhostname: x\n", Some(Foreign::CloudConfig)),
            ("#!/bin/bash\n", Some(Foreign::Script)),
            ("locksmith:\n  reboot_strategy: off\n", Some(Foreign::ContainerLinuxConfig)),
            ("storage:\n  files:\n    - filesystem: \"root\"\n", Some(Foreign::ContainerLinuxConfig)),
            ("\u{1f}\u{fffd}", None),
            ("hello", None),
        ] {
            assert_eq!(Foreign::of_text(text.as_bytes()), format, "{text}");
        }
        assert_eq!(Foreign::of_text(&[0x1f, 0x8b, 8]), Some(Foreign::Gzip));
    }
}
