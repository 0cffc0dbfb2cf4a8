//! `firstlight config show`: the site as HCL, with everything implied filled in. It reads back as the same site.

mod assets;
mod dns;
mod package_cache;

use crate::{
    AssetSettings, Boot, Class, Config, DhcpMode, DiskChoice, DiskMatch, Expect, Lab, LabFirmware, LabMachine, LeaveBy,
    Linux, Loader, Machine, Naming, Network, Over, Pool, Profile, ReportedBy, Secret, SecretSource, Site, Then,
    Unknown, Vars,
};
use firstlight_model::format_duration;
use serde_json::{Value, json};
use std::fmt::{Display, Write};

/// The site as HCL.
pub fn show(site: &Site) -> String {
    let mut page = Page::default();
    page.block("site", None, |page| settings(page, site));
    for network in &site.networks {
        page.block("network", Some(&network.name), |page| self::network(page, network));
    }
    if let Some(dns) = &site.dns {
        page.block("dns", None, |page| self::dns::dns(page, dns));
    }
    for loader in site.loaders.values() {
        page.block("loader", Some(&loader.name), |page| self::loader(page, loader, site));
    }
    if site.asset_settings != AssetSettings::default() {
        page.block("assets", None, |page| assets::settings(page, site));
    }
    if let Some(cache) = &site.package_cache {
        page.block("package_cache", None, |page| package_cache::show(page, cache));
    }
    for asset in site.assets.values() {
        page.block("asset", Some(&asset.name), |page| assets::asset(page, asset, site));
    }
    for profile in site.profiles.values() {
        page.block("profile", Some(&profile.name), |page| self::profile(page, profile));
    }
    for secret in site.secrets.values() {
        page.block("secret", Some(&secret.name), |page| self::secret(page, secret));
    }
    for class in site.classes.values() {
        page.block("class", Some(&class.name), |page| self::class(page, class));
    }
    for machine in site.machines.values() {
        page.block("machine", Some(machine.name.as_str()), |page| self::machine(page, machine));
    }
    if let Some(lab) = &site.lab {
        page.block("lab", None, |page| self::lab(page, lab));
    }
    page.text
}

/// The page as far as it is written.
#[derive(Default)]
struct Page {
    text: String,
    indent: usize,
}

impl Page {
    fn block(&mut self, kind: &str, label: Option<&str>, body: impl FnOnce(&mut Page)) {
        if !self.text.is_empty() && !self.text.ends_with("{\n") {
            self.text.push('\n');
        }
        let label = label.map(|label| format!(" {}", quoted(label))).unwrap_or_default();
        self.line(&format!("{kind}{label} {{"));
        let mut inner = Page { text: String::new(), indent: self.indent + 1 };
        body(&mut inner);
        self.text.push_str(&aligned(&inner.text));
        self.line("}");
    }

    fn line(&mut self, line: &str) {
        let _ = writeln!(self.text, "{:width$}{line}", "", width = 2 * self.indent);
    }

    fn set(&mut self, name: &str, value: impl Into<Value>) {
        let value = hcl(&value.into(), self.indent);
        self.line(&format!("{name} = {value}"));
    }

    fn text(&mut self, name: &str, value: impl Display) {
        self.set(name, value.to_string());
    }

    fn maybe<T: Display>(&mut self, name: &str, value: &Option<T>) {
        if let Some(value) = value {
            self.text(name, value);
        }
    }

    fn flag(&mut self, name: &str, value: Option<bool>) {
        value.into_iter().for_each(|value| self.set(name, value));
    }

    fn list<T: Display>(&mut self, name: &str, values: &[T]) {
        self.set(name, values.iter().map(T::to_string).collect::<Vec<_>>());
    }

    fn configs(&mut self, configs: &[Config]) {
        if configs.is_empty() {
            return;
        }
        let long = |config: &Config| {
            let mut long = json!({ "file": config.file.file, "kind": config.kind, "template": config.template });
            if let (Some(name), Some(long)) = (&config.name, long.as_object_mut()) {
                long.insert("name".to_owned(), json!(name));
            }
            long
        };
        self.set("config", configs.iter().map(long).collect::<Vec<_>>());
    }

    fn vars(&mut self, vars: &Vars) {
        if !vars.is_empty() {
            self.set("vars", json!(vars));
        }
    }
}

/// Lines up the equals signs of attributes that stand together, as `terraform fmt` does.
fn aligned(text: &str) -> String {
    let lines: Vec<&str> = text.lines().collect();
    let key = |line: &str| -> Option<usize> {
        let (key, _) = line.split_once(" = ")?;
        key.trim_start().chars().all(|c| c.is_ascii_alphanumeric() || c == '_').then_some(key.len())
    };
    let indent = |line: &str| line.len() - line.trim_start().len();
    let outer = lines.first().map_or(0, |line| indent(line));
    let width = lines
        .iter()
        .take_while(|line| !line.is_empty())
        .filter(|line| indent(line) == outer)
        .filter_map(|line| key(line))
        .max();
    let mut whole = String::new();
    let mut attributes = true;
    for line in lines {
        attributes &= !line.is_empty();
        match (key(line), width) {
            (Some(length), Some(width)) if attributes && indent(line) == outer => {
                let _ = writeln!(whole, "{}{:pad$}{}", &line[..length], "", &line[length..], pad = width - length);
            }
            _ => {
                let _ = writeln!(whole, "{line}");
            }
        }
    }
    whole
}

fn settings(page: &mut Page, site: &Site) {
    page.text("name", &site.name);
    page.maybe("domain", &site.domain);
    page.set("http_port", site.http_port);
    page.text(
        "unknown",
        match site.unknown {
            Unknown::Park => "park",
            Unknown::Menu => "menu",
            Unknown::Boot => "boot",
            Unknown::Ignore => "ignore",
        },
    );
    page.maybe("default_profile", &site.default_profile);
    page.maybe("parking", &site.parking);
    page.text("menu_timeout", format_duration(site.menu_timeout));
    page.text("ipxe_dir", relative(&site.ipxe_dir, site));
    page.set("secure_boot", site.secure_boot);
    page.maybe("age_identity", &site.age_identity);
    if !site.files.folder().is_empty() {
        page.text("files_dir", site.files.folder());
    }
}

/// A path as it is written in the site: relative to its folder where it lies in it.
fn relative(path: &std::path::Path, site: &Site) -> String {
    path.strip_prefix(&site.root).unwrap_or(path).display().to_string()
}

fn network(page: &mut Page, network: &Network) {
    page.maybe("interface", &network.interface);
    page.text("subnet", network.subnet);
    page.text("address", network.address);
    page.maybe("gateway", &network.gateway);
    page.list("dns", &network.dns);
    page.list("ntp", &network.ntp);
    page.maybe("domain", &network.domain);
    page.list("search", &network.search);
    let routes = network.routes.iter().map(|route| json!({ "to": route.to.to_string(), "via": route.via.to_string() }));
    page.set("routes", routes.collect::<Vec<_>>());
    if let Some(mtu) = network.mtu {
        page.set("mtu", mtu);
    }
    page.set("router_advertisements", network.router_advertisements);
    page.block("dhcp", None, |page| {
        page.text("mode", network.dhcp.mode.word());
        if network.dhcp.mode == DhcpMode::Proxy {
            return;
        }
        let ranges = network.dhcp.ranges.iter().map(|(first, last)| json!([first.to_string(), last.to_string()]));
        page.set("ranges", ranges.collect::<Vec<_>>());
        page.text("lease", format_duration(network.dhcp.lease));
    });
}

fn loader(page: &mut Page, loader: &Loader, site: &Site) {
    page.set("arch", loader.arch.clone());
    page.text("path", relative(&loader.path, site));
    let file = |(name, path): (&String, &std::path::PathBuf)| (name.clone(), Value::from(relative(path, site)));
    page.set("beside", Value::Object(loader.beside.iter().map(file).collect()));
    if let Some(over) = loader.over {
        page.text("over", if over == Over::Tftp { "tftp" } else { "http" });
    }
    page.text(
        "then",
        match loader.then {
            Then::Ipxe => "ipxe",
            Then::Grub => "grub",
            Then::Nothing => "nothing",
        },
    );
    page.set("secure_boot", loader.secure_boot);
}

fn profile(page: &mut Page, profile: &Profile) {
    page.text("title", &profile.title);
    page.set("menu", profile.menu);
    page.list("arch", &profile.arch);
    match (&profile.boot, &profile.os) {
        // Its script has no file that could be named instead.
        (Boot::Script(_), Some(os)) => return page.text("os", os),
        (_, Some(os)) => page.line(&format!("# os = {}", quoted(os))),
        (_, None) => {}
    }
    match &profile.boot {
        Boot::Linux(linux) => self::linux(page, linux),
        Boot::Script(script) => page.text("script", &script.file),
        Boot::Menu => page.text("boot", "menu"),
        Boot::Disk(by) => {
            page.text("boot", "disk");
            page.text("leave_by", leave_by(*by));
        }
    }
    page.configs(&profile.configs);
    page.vars(&profile.vars);
    if let Some(install) = &profile.install {
        page.block("install", None, |page| {
            page.set("wipe", install.wipe);
            page.set("attempts", install.attempts);
            page.text("timeout", format_duration(install.timeout));
            page.text("reported_by", reported_by(install.reported_by));
            match &install.disk {
                DiskChoice::Path(path) => page.text("disk", path),
                DiskChoice::Fitting(wanted) => page.block("disk", None, |page| disk(page, wanted)),
            }
        });
    }
}

fn disk(page: &mut Page, wanted: &DiskMatch) {
    page.maybe("serial", &wanted.serial);
    page.maybe("model", &wanted.model);
    if !wanted.size.is_empty() {
        page.list("size", &wanted.size);
    }
    page.flag("rotational", wanted.rotational);
}

fn linux(page: &mut Page, linux: &Linux) {
    page.text("kernel", &linux.kernel);
    page.list("initrd", &linux.initrds);
    page.text("args", &linux.args);
}

fn reported_by(by: ReportedBy) -> &'static str {
    match by {
        ReportedBy::Installer => "installer",
        ReportedBy::System => "system",
    }
}

fn leave_by(by: LeaveBy) -> &'static str {
    match by {
        LeaveBy::Exit => "exit",
        LeaveBy::Sanboot => "sanboot",
        LeaveBy::NotFound => "404",
    }
}

fn secret(page: &mut Page, secret: &Secret) {
    match &secret.source {
        SecretSource::File(file) => page.text("file", file),
        SecretSource::Age(file) => page.text("age", file),
        SecretSource::Env(name) => page.text("env", name),
        SecretSource::Folder(folder) => page.text("folder", folder),
    }
    page.maybe("key", &secret.key);
    if !secret.classes.is_empty() {
        page.list("classes", &secret.classes);
    }
    if !secret.machines.is_empty() {
        page.list("machines", &secret.machines);
    }
}

fn class(page: &mut Page, class: &Class) {
    page.maybe("extends", &class.extends);
    page.maybe("profile", &class.profile);
    match &class.naming {
        Some(Naming::NamePool(Pool::Known(list))) => page.text("name_pool", list),
        Some(Naming::NamePool(Pool::Own(names))) => page.list("name_pool", names),
        Some(Naming::NamePattern(pattern)) => page.text("name_pattern", pattern),
        None => {}
    }
    page.maybe("leave_by", &class.leave_by.map(leave_by));
    page.flag("secure_boot", class.secure_boot);
    page.configs(class.configs.get(class.inherited_configs..).unwrap_or_default());
    page.vars(&class.vars);
}

fn machine(page: &mut Page, machine: &Machine) {
    page.maybe("mac", &machine.mac);
    page.maybe("uuid", &machine.uuid);
    page.maybe("serial", &machine.serial);
    page.maybe("class", &machine.class);
    page.maybe("profile", &machine.profile);
    page.maybe("address", &machine.address);
    page.maybe("leave_by", &machine.leave_by.map(leave_by));
    page.flag("secure_boot", machine.secure_boot);
    page.configs(&machine.configs);
    page.vars(&machine.vars);
}

fn lab(page: &mut Page, lab: &Lab) {
    for machine in lab.machines.values() {
        page.block("machine", Some(machine.name.as_str()), |page| lab_machine(page, machine));
    }
}

fn lab_machine(page: &mut Page, machine: &LabMachine) {
    page.text("mac", machine.mac);
    page.maybe("uuid", &machine.uuid);
    page.maybe("serial", &machine.serial);
    page.text("network", &machine.network);
    page.text(
        "firmware",
        match machine.firmware {
            LabFirmware::Bios => "bios",
            LabFirmware::Uefi => "uefi",
            LabFirmware::UefiHttp => "uefi-http",
            LabFirmware::UefiSecure => "uefi-secure",
            LabFirmware::UefiSecureHttp => "uefi-secure-http",
            LabFirmware::Arm64 => "arm64",
            LabFirmware::Arm64Http => "arm64-http",
        },
    );
    page.text("memory", exact(machine.memory.0));
    page.set("cpus", machine.cpus);
    page.maybe("disk", &machine.disk.map(|disk| exact(disk.0)));
    page.flag("seed", machine.seed.then_some(true));
    page.text(
        "expect",
        match machine.expect {
            Expect::Config => "config",
            Expect::Reported => "reported",
            Expect::Parked => "parked",
        },
    );
}

/// A size in the largest unit that divides it: what is shown reads back as the same size.
pub(crate) fn exact(bytes: u64) -> String {
    let units = [("T", 40), ("G", 30), ("M", 20), ("K", 10)];
    let unit = units.iter().find(|(_, shift)| bytes > 0 && bytes.trailing_zeros() >= *shift);
    unit.map_or(bytes.to_string(), |(unit, shift)| format!("{}{unit}", bytes >> shift))
}

/// A value as HCL. Maps of more than one entry stand on lines of their own.
fn hcl(value: &Value, indent: usize) -> String {
    match value {
        Value::String(text) => quoted(text),
        Value::Array(list) => {
            format!("[{}]", list.iter().map(|value| hcl(value, indent)).collect::<Vec<_>>().join(", "))
        }
        Value::Object(map) if map.is_empty() => "{}".to_owned(),
        Value::Object(map) => {
            let pairs: Vec<String> =
                map.iter().map(|(k, v)| format!("{} = {}", quoted(k), hcl(v, indent + 1))).collect();
            let one = pairs.join(", ");
            if one.len() + 2 * indent < 80 && !one.contains('\n') {
                return format!("{{ {one} }}");
            }
            let lines: String = pairs.iter().map(|pair| format!("\n{:1$}{pair}", "", 2 * (indent + 1))).collect();
            format!("{{{lines}\n{:1$}}}", "", 2 * indent)
        }
        other => other.to_string(),
    }
}

/// A string literal, with template sequences escaped so that they stay text.
pub fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            '{' if quoted.ends_with('$') => quoted.push_str("${"),
            '{' if quoted.ends_with('%') => quoted.push_str("%{"),
            c if c.is_control() => {
                let _ = write!(quoted, "\\u{:04x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted + "\""
}
