//! Configs: what an operating system or its installer reads of the machine. Which kind one is decides how it is served,
//! how the parts that a profile, a class and a machine bring are put together, and how it is checked.
//!
//! The kind is found by name and content, and only where the site does not say it. Rendering is not done here
//! (crates/boot).

use crate::{TextFile, site::REPORT_URL};
use serde::Serialize;

/// A file of a profile, class or machine that is rendered for a machine and served to it: one part of a config.
#[derive(Debug, Clone, Serialize)]
pub struct Config {
    /// The name in its URL, where the site says it. Else it goes by its kind's usual name, or its file's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// What reads it.
    pub kind: ConfigKind,
    /// Whether it is a template of ours.
    pub template: bool,
    /// The file.
    #[serde(flatten)]
    pub file: TextFile,
}

impl Config {
    /// True where it holds the URL to report to.
    pub fn reports(&self) -> bool {
        self.template && self.file.text.contains(REPORT_URL)
    }

    /// True where it may embed files of the site's folder of files.
    pub(crate) fn may_embed(&self) -> bool {
        let calls = ["file(", "ssh_keys("].iter().any(|call| self.file.text.contains(call));
        self.kind == ConfigKind::Ignition || (self.template && calls)
    }

    /// The name in its URL, as far as this part says: Butane is served as the Ignition that it becomes.
    pub fn served_as(&self) -> String {
        match &self.name {
            Some(name) => translated(self.kind, name),
            None => match self.kind.usual_name() {
                Some(name) => name.to_owned(),
                None => translated(self.kind, base_name(&self.file.file)),
            },
        }
    }
}

/// What reads a config.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ConfigKind {
    /// Flatcar's and Fedora CoreOS's Ignition, written as Butane or as Ignition's own JSON.
    Ignition,
    /// cloud-init's user-data; also the autoinstall of Ubuntu's installer.
    UserData,
    /// cloud-init's vendor-data.
    VendorData,
    /// cloud-init's meta-data.
    MetaData,
    /// cloud-init's network-config.
    NetworkConfig,
    /// The answers to the questions of Debian's installer.
    Preseed,
    /// The script of Fedora's and Red Hat's installer.
    Kickstart,
    /// The profile of SUSE's installer.
    #[serde(rename = "autoyast")]
    AutoYast,
    /// Anything else: served as it is.
    Text,
}

/// The words of `kind`.
pub(crate) const KINDS: &[(&str, ConfigKind)] = &[
    ("ignition", ConfigKind::Ignition),
    ("user-data", ConfigKind::UserData),
    ("vendor-data", ConfigKind::VendorData),
    ("meta-data", ConfigKind::MetaData),
    ("network-config", ConfigKind::NetworkConfig),
    ("preseed", ConfigKind::Preseed),
    ("kickstart", ConfigKind::Kickstart),
    ("autoyast", ConfigKind::AutoYast),
    ("text", ConfigKind::Text),
];

impl std::fmt::Display for ConfigKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let word = KINDS.iter().find(|(_, kind)| kind == self).map_or("", |(word, _)| *word);
        f.write_str(word)
    }
}

impl ConfigKind {
    /// The name that those who read it ask for, where there is one.
    pub fn usual_name(self) -> Option<&'static str> {
        match self {
            ConfigKind::UserData => Some("user-data"),
            ConfigKind::VendorData => Some("vendor-data"),
            ConfigKind::MetaData => Some("meta-data"),
            ConfigKind::NetworkConfig => Some("network-config"),
            _ => None,
        }
    }

    /// True where several parts make one config; else the last one holds.
    pub fn composes(self) -> bool {
        use ConfigKind::{Ignition, Kickstart, Preseed, UserData, VendorData};
        matches!(self, Ignition | UserData | VendorData | Preseed | Kickstart)
    }

    /// The kind of a file that is served by this name, as well as can be told.
    pub(crate) fn of(name: Option<&str>, file: &str, text: &str) -> ConfigKind {
        let by_name = name.into_iter().chain([base_name(file)]).find_map(of_name);
        by_name.or_else(|| of_text(text)).unwrap_or(ConfigKind::Text)
    }
}

/// A file's name without its folders, and without the ending that calls it a template.
fn base_name(file: &str) -> &str {
    let base = file.rsplit('/').next().unwrap_or(file);
    base.strip_suffix(".j2").unwrap_or(base)
}

/// What the endings of Butane become in a URL.
fn translated(kind: ConfigKind, name: &str) -> String {
    let stem = match kind {
        ConfigKind::Ignition => [".bu", ".butane", ".yaml", ".yml"].iter().find_map(|ending| name.strip_suffix(ending)),
        _ => None,
    };
    stem.map_or(name.to_owned(), |stem| format!("{stem}.ign"))
}

fn of_name(name: &str) -> Option<ConfigKind> {
    let (stem, ending) = name.split_once('.').unwrap_or((name, ""));
    match stem {
        "user-data" => return Some(ConfigKind::UserData),
        "vendor-data" => return Some(ConfigKind::VendorData),
        "meta-data" => return Some(ConfigKind::MetaData),
        "network-config" => return Some(ConfigKind::NetworkConfig),
        "preseed" => return Some(ConfigKind::Preseed),
        "autoinst" | "autoyast" => return Some(ConfigKind::AutoYast),
        "ks" | "kickstart" => return Some(ConfigKind::Kickstart),
        _ => {}
    }
    match ending.rsplit('.').next().unwrap_or(ending) {
        "bu" | "butane" | "ign" => Some(ConfigKind::Ignition),
        "ks" => Some(ConfigKind::Kickstart),
        "preseed" => Some(ConfigKind::Preseed),
        _ => None,
    }
}

/// What cloud-init tells its formats by, at the very beginning.
const CLOUD_INIT: [&str; 7] = [
    "#cloud-config",
    "#cloud-config-archive",
    "#cloud-boothook",
    "#include",
    "#include-once",
    "#part-handler",
    "## template: jinja",
];

fn of_text(text: &str) -> Option<ConfigKind> {
    let first = text.lines().next().unwrap_or_default().trim_end();
    let any = |begins: &[&str]| text.lines().any(|line| begins.iter().any(|begin| line.starts_with(begin)));
    if CLOUD_INIT.contains(&first) || first.starts_with("Content-Type: multipart/") || any(&["autoinstall:"]) {
        return Some(ConfigKind::UserData);
    }
    if first.starts_with("#!") {
        return Some(ConfigKind::Text);
    }
    if any(&["variant:"]) || (text.trim_start().starts_with('{') && text.contains("\"ignition\"")) {
        return Some(ConfigKind::Ignition);
    }
    if any(&["d-i "]) {
        return Some(ConfigKind::Preseed);
    }
    if any(&["%packages"]) {
        return Some(ConfigKind::Kickstart);
    }
    text.contains("http://www.suse.com/1.0/yast2ns").then_some(ConfigKind::AutoYast)
}

/// True for a file that says in its first line that cloud-init will render it: it is no template of ours.
pub(crate) fn is_for_cloud_init_to_render(text: &str) -> bool {
    text.lines().next().is_some_and(|line| line.trim_end() == "## template: jinja")
}

#[cfg(test)]
mod tests {
    use super::*;
    use ConfigKind::*;

    #[test]
    fn a_kind_is_found_by_name_then_by_content() {
        for (file, text, kind) in [
            ("a/worker.bu", "", Ignition),
            ("worker.ign", "", Ignition),
            ("worker.bu.j2", "", Ignition),
            ("worker.yaml", "# a comment\nvariant: flatcar\nversion: 1.0.0\n", Ignition),
            ("worker.json", "{\"ignition\": {\"version\": \"3.3.0\"}}", Ignition),
            ("user-data", "", UserData),
            ("user-data.yaml", "", UserData),
            ("node.yaml", "#cloud-config\nhostname: a\n", UserData),
            ("node.yaml", "## template: jinja\n#cloud-config\n", UserData),
            ("ubuntu.yaml", "autoinstall:\n  version: 1\n", UserData),
            ("vendor-data", "", VendorData),
            ("meta-data", "", MetaData),
            ("network-config", "", NetworkConfig),
            ("preseed.cfg", "", Preseed),
            ("debian.cfg", "# answers\nd-i netcfg/get_hostname string a\n", Preseed),
            ("ks.cfg", "", Kickstart),
            ("fedora.ks", "", Kickstart),
            ("fedora.cfg", "text\n%packages\n@core\n%end\n", Kickstart),
            ("autoinst.xml", "", AutoYast),
            ("suse.xml", "<profile xmlns=\"http://www.suse.com/1.0/yast2ns\">", AutoYast),
            ("setup.sh", "#!/bin/sh\ngrep ^variant: x\n", Text),
            ("talos.yaml", "version: v1alpha1\nmachine: {}\n", Text),
            ("node.cfg", "name {{ machine.name }}\n", Text),
        ] {
            assert_eq!(ConfigKind::of(None, file, text), kind, "{file}");
        }
        assert_eq!(ConfigKind::of(Some("user-data"), "ubuntu.yaml", "a: 1\n"), UserData);
    }
}
