//! The validated site: what everything downstream works with. Every reference in it resolves, every address lies in
//! its subnet, every name is unique. [`crate::parse`] is the only way to get one from text.

use crate::{Asset, AssetSettings, Config, DiskChoice, Files, Lock, Naming, Secret, System};
use firstlight_model::{Arch, ByteSize, Domain, Hostname, Ipv4Net, Mac, Uuid};
use serde::Serialize;
use std::{
    collections::{BTreeMap, BTreeSet},
    net::Ipv4Addr,
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

/// Where something stands in the site's files: what a reason or a complaint points at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Place {
    /// The file, relative to the site's folder.
    pub file: String,
    /// Counted from 1.
    pub line: usize,
    /// Counted from 1, in characters.
    pub column: usize,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

/// A whole site, validated, with everything implied filled in.
#[derive(Debug, Clone, Serialize)]
pub struct Site {
    /// The site's folder, as it was given.
    pub root: PathBuf,
    /// `site { name }`; the folder's name where it is not set.
    pub name: String,
    /// `site { domain }`: DHCP option 15 and 119 for every network that sets none of its own.
    pub domain: Option<Domain>,
    /// `site { http_port }`, 8080 where not set.
    pub http_port: u16,
    /// `site { unknown }`: what a machine that nobody declared gets.
    pub unknown: Unknown,
    /// `site { default_profile }`: for declared machines that name none. The only profile, where there is just one.
    pub default_profile: Option<String>,
    /// `site { parking }`: the profile that parked machines boot while they wait. They wait in iPXE where not set. Never
    /// one that installs.
    pub parking: Option<String>,
    /// `site { menu_timeout }`: how long the boot menu waits before it takes its default. 30 s where not set.
    #[serde(serialize_with = "as_written")]
    pub menu_timeout: Duration,
    /// `site { ipxe_dir }`: the folder of the iPXE binaries, `/usr/lib/ipxe` where not set.
    pub ipxe_dir: PathBuf,
    /// `site { secure_boot }`: whether UEFI machines get a chain of signed programs. A class or machine overrides it.
    pub secure_boot: bool,
    /// `site { age_identity }`: the file of the key that secrets are encrypted for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age_identity: Option<String>,
    /// `site { files_dir }`: what configs may embed; the folder `files` where it is there and nothing is set.
    #[serde(skip)]
    pub files: Files,
    /// The network boot programs that the site brings along, by name.
    pub loaders: BTreeMap<String, Loader>,
    /// The networks, by their order in the files.
    pub networks: Vec<Network>,
    /// The `dns` block, where there is one.
    pub dns: Option<crate::Dns>,
    /// The assets, by name.
    pub assets: BTreeMap<String, Asset>,
    /// The `assets` block: where assets come from besides their own sources.
    pub asset_settings: AssetSettings,
    /// The operating systems that profiles name, by what they call them.
    pub systems: BTreeMap<String, System>,
    /// The `package_cache` block, where there is one.
    pub package_cache: Option<crate::PackageCache>,
    /// `firstlight.lock`; empty where there is none.
    pub lock: Lock,
    /// The profiles, by name.
    pub profiles: BTreeMap<String, Profile>,
    /// The secrets, by name.
    pub secrets: BTreeMap<String, Secret>,
    /// The classes, by name, with what they inherit already merged in.
    pub classes: BTreeMap<String, Class>,
    /// The declared machines, by name.
    pub machines: BTreeMap<String, Machine>,
    /// The `lab` block, where there is one.
    pub lab: Option<Lab>,
    /// Where the `site` block sets what decides about machines, so that a reason can point there.
    #[serde(skip)]
    pub set_at: SetAt,
}

/// Where the `site` block sets things; `None` where it leaves them to their defaults.
#[derive(Debug, Clone, Default)]
pub struct SetAt {
    /// `unknown`.
    pub unknown: Option<Place>,
    /// `default_profile`.
    pub default_profile: Option<Place>,
    /// `parking`.
    pub parking: Option<Place>,
    /// `ipxe_dir`.
    pub ipxe_dir: Option<Place>,
    /// `secure_boot`.
    pub secure_boot: Option<Place>,
}

impl Site {
    /// Every config, wherever it is named.
    pub fn configs(&self) -> impl Iterator<Item = &Config> {
        let of_profiles = self.profiles.values().flat_map(|profile| &profile.configs);
        let of_classes = self.classes.values().flat_map(|class| &class.configs);
        of_profiles.chain(of_classes).chain(self.machines.values().flat_map(|machine| &machine.configs))
    }

    /// A class and those that it extends, itself first.
    pub fn line_of<'s>(&'s self, class: &'s Class) -> impl Iterator<Item = &'s Class> {
        let mut seen = BTreeSet::new();
        let next = |class: &&'s Class| class.extends.as_ref().and_then(|name| self.classes.get(name));
        std::iter::successors(Some(class), next).take_while(move |class| seen.insert(&class.name))
    }

    /// Every file whose text was read: configs and scripts.
    pub fn text_files(&self) -> impl Iterator<Item = &TextFile> {
        let scripts = self.profiles.values().filter_map(|profile| match &profile.boot {
            Boot::Script(script) => Some(script),
            Boot::Linux(_) | Boot::Disk(_) | Boot::Menu => None,
        });
        scripts.chain(self.configs().map(|config| &config.file))
    }

    /// True when any machine may get the signed chain.
    pub fn uses_secure_boot(&self) -> bool {
        let by_class = self.classes.values().any(|class| class.secure_boot == Some(true));
        self.secure_boot || by_class || self.machines.values().any(|machine| machine.secure_boot == Some(true))
    }
}

/// What a machine that nobody declared gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Unknown {
    /// An address, and a script that waits, says so on the screen and asks again. The default.
    Park,
    /// An address, and the boot menu.
    Menu,
    /// An address, and the default profile.
    Boot,
    /// No DHCP answer at all.
    Ignore,
}

/// A `network` block.
#[derive(Debug, Clone, Serialize)]
pub struct Network {
    /// The block's label.
    pub name: String,
    /// Where it stands.
    pub place: Place,
    /// The interface that is served. `None` for a network reached only through DHCP relays.
    pub interface: Option<String>,
    /// The network.
    pub subnet: Ipv4Net,
    /// The server's own address in it; the subnet's first host where not set. For a network behind relays: the
    /// server's address in another network, by which it is reached from there.
    pub address: Ipv4Addr,
    /// Option 3. `None`: no router is announced.
    pub gateway: Option<Ipv4Addr>,
    /// Option 6; where not set and the site has a `dns` block, the server itself.
    pub dns: Vec<Ipv4Addr>,
    /// Option 42.
    pub ntp: Vec<Ipv4Addr>,
    /// Option 15; the site's where not set.
    pub domain: Option<Domain>,
    /// Option 119; just `domain` where not set.
    pub search: Vec<Domain>,
    /// Option 121 (RFC 3442): destination and router.
    pub routes: Vec<Route>,
    /// Option 26, interface MTU.
    pub mtu: Option<u16>,
    /// How DHCP is served.
    pub dhcp: Dhcp,
    /// Whether IPv6 router solicitations are answered (with a router lifetime of zero), so that iPXE does not wait
    /// for a router that never comes. True where not set.
    pub router_advertisements: bool,
}

/// A static route, DHCP option 121.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Route {
    /// Where to.
    pub to: Ipv4Net,
    /// Through which router.
    pub via: Ipv4Addr,
}

/// How DHCP is served in a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum DhcpMode {
    /// The network's only DHCP server. The default.
    #[default]
    Authoritative,
    /// Beside another DHCP server, which gives the addresses: only boot clients are answered, with what to boot
    /// (ProxyDHCP, PXE 2.1).
    Proxy,
}

impl DhcpMode {
    /// The word in the site.
    pub fn word(self) -> &'static str {
        match self {
            DhcpMode::Authoritative => "authoritative",
            DhcpMode::Proxy => "proxy",
        }
    }
}

/// A network's `dhcp` block.
#[derive(Debug, Clone, Serialize)]
pub struct Dhcp {
    /// Whether addresses are given, or only what to boot.
    pub mode: DhcpMode,
    /// First and last address handed out to machines without a reservation. Empty: reservations only.
    /// Where not set: the upper half of the subnet. Always empty in proxy mode.
    pub ranges: Vec<(Ipv4Addr, Ipv4Addr)>,
    /// How long a lease lasts; 12 h where not set.
    #[serde(serialize_with = "as_written")]
    pub lease: Duration,
}

/// A `loader` block: a network boot program for some firmware, instead of the usual one or where there is none.
#[derive(Debug, Clone, Serialize)]
pub struct Loader {
    /// The block's label; also the folder that its files are served from.
    pub name: String,
    /// Where it stands.
    pub place: Place,
    /// The firmware that it is for: numbers of DHCP option 93 (IANA, "Processor Architecture Types").
    pub arch: Vec<u16>,
    /// The program's file. Whether it is there is not known to the site.
    pub path: PathBuf,
    /// What the program fetches from beside itself, by the name that it asks for.
    pub beside: BTreeMap<String, PathBuf>,
    /// How the firmware fetches it; where not set, as each number in `arch` says.
    pub over: Option<Over>,
    /// What it asks us for next. iPXE's script where not set.
    pub then: Then,
    /// Whether it is for the machines with `secure_boot`, or for the others.
    pub secure_boot: bool,
}

/// How a firmware fetches its loader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Over {
    /// By TFTP: it is told a file's name.
    Tftp,
    /// By HTTP: it is told a URL.
    Http,
}

/// What a network boot program asks us for once it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Then {
    /// A script in iPXE's language.
    Ipxe,
    /// A script in GRUB's language.
    Grub,
    /// Nothing that we decide: it knows by itself what to do.
    Nothing,
}

/// What a template calls the URL to report to.
pub(crate) const REPORT_URL: &str = "report_url";

/// A `profile` block: what to boot.
#[derive(Debug, Clone, Serialize)]
pub struct Profile {
    /// The block's label.
    pub name: String,
    /// Where it stands.
    pub place: Place,
    /// What the menu calls it; the name where not set.
    pub title: String,
    /// Whether the menu offers it. True where not set, but for a profile that installs, which no menu offers.
    pub menu: bool,
    /// The operating system that it names, which says what it boots: one of the site's systems.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub os: Option<String>,
    /// What a machine with this profile does.
    pub boot: Boot,
    /// What is rendered for the machine and served to it: the base, which a class's and a machine's are put upon.
    pub configs: Vec<Config>,
    /// Where it installs, if it does. Such a profile is booted until the machine has reported that the install is done;
    /// without it, a profile is booted each time.
    pub install: Option<Install>,
    /// The architectures that it runs on; empty means any.
    pub arch: Vec<Arch>,
    /// Variables, seen by templates; a class's and a machine's override them.
    pub vars: Vars,
}

impl Profile {
    /// True when the menu offers it. A menu is not offered in a menu, and what writes to a disk never is.
    pub fn is_offered(&self) -> bool {
        self.menu && !matches!(self.boot, Boot::Menu) && self.install.is_none()
    }

    /// True where its script, arguments or configs hold the URL to report to.
    pub fn reports(&self) -> bool {
        let text = match &self.boot {
            Boot::Linux(linux) => &*linux.args,
            Boot::Script(script) => &*script.text,
            Boot::Disk(_) | Boot::Menu => "",
        };
        text.contains(REPORT_URL) || self.configs.iter().any(Config::reports)
    }
}

/// A profile's `install` block: it writes an operating system to a disk.
#[derive(Debug, Clone, Serialize)]
pub struct Install {
    /// Where it stands.
    pub place: Place,
    /// The disk that is overwritten.
    pub disk: DiskChoice,
    /// Whether this declaration alone allows the disk to be overwritten, at the first boot of each machine that has the
    /// profile. False where not set: then somebody has to approve each machine.
    pub wipe: bool,
    /// How often an install is tried until the machine is held; 3 where not set.
    pub attempts: u32,
    /// How long an attempt may take until it has reported; 1 h where not set.
    #[serde(serialize_with = "as_written")]
    pub timeout: Duration,
    /// Who reports that the install is done; the installer where not set.
    pub reported_by: ReportedBy,
}

/// Who reports that an install is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ReportedBy {
    /// The installer, at its end.
    Installer,
    /// The system that was installed, at its first start. A machine that asks again in the middle of an install is sent to
    /// its disk, once in each attempt.
    System,
}

/// What a profile boots.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Boot {
    /// A Linux kernel with its initrds, arguments and configs.
    Linux(Linux),
    /// Leave the network boot and start the local disk.
    Disk(LeaveBy),
    /// Show the boot menu.
    Menu,
    /// An iPXE script of the user's own: a template.
    Script(TextFile),
}

/// A Linux kernel and what goes with it.
#[derive(Debug, Clone, Serialize)]
pub struct Linux {
    /// The kernel: an asset's name.
    pub kernel: String,
    /// The initrds, in order: assets' names.
    pub initrds: Vec<String>,
    /// The kernel's command line: a template (minijinja; see docs/site.md for what it sees).
    pub args: String,
    /// Where `args` stands.
    pub args_place: Place,
}

/// A text file of the site, read when the site was loaded. Rendered as a template when it is served.
#[derive(Debug, Clone, Serialize)]
pub struct TextFile {
    /// Relative to the site's folder.
    pub file: String,
    /// Where the site names it.
    pub place: Place,
    /// Its text.
    #[serde(skip)]
    pub text: Arc<str>,
}

/// How iPXE is left for the local disk. Firmware differs in what works.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum LeaveBy {
    /// `exit`: back to the firmware, which tries its next boot device. Right for most UEFI machines and many BIOSes.
    Exit,
    /// `sanboot --no-describe --drive 0x80`: start the first BIOS disk directly.
    Sanboot,
    /// The script's URL answers 404, which some chained loaders take as "go on".
    #[serde(rename = "404")]
    NotFound,
}

/// A `class` block: machines that share a profile and variables. What it inherits is merged in.
#[derive(Debug, Clone, Serialize)]
pub struct Class {
    /// The block's label.
    pub name: String,
    /// Where it stands.
    pub place: Place,
    /// The class that it extends.
    pub extends: Option<String>,
    /// Its profile, its own or inherited.
    pub profile: Option<String>,
    /// Where machines that are approved into it have their names from, its own or inherited.
    #[serde(flatten)]
    pub naming: Option<Naming>,
    /// How its machines leave iPXE for the disk; the machine's own overrides it.
    pub leave_by: Option<LeaveBy>,
    /// Whether its machines get the signed chain; the machine's own overrides it.
    pub secure_boot: Option<bool>,
    /// Its configs, those that it inherits first.
    pub configs: Vec<Config>,
    /// How many of them it inherits.
    #[serde(skip)]
    pub inherited_configs: usize,
    /// Its variables over the inherited ones.
    pub vars: Vars,
}

/// A `machine` block, or one instance of it where it has `count` or `for_each`.
#[derive(Debug, Clone, Serialize)]
pub struct Machine {
    /// The block's label, with the instance's key where it has `for_each` or `count`. A host name.
    pub name: Hostname,
    /// Where it stands.
    pub place: Place,
    /// Known by: hardware address.
    pub mac: Option<Mac>,
    /// Known by: system UUID.
    pub uuid: Option<Uuid>,
    /// Known by: system serial number.
    pub serial: Option<String>,
    /// Its class.
    pub class: Option<String>,
    /// Its own profile, before its class's.
    pub profile: Option<String>,
    /// Its reserved address.
    pub address: Option<Ipv4Addr>,
    /// How it leaves iPXE for its disk.
    pub leave_by: Option<LeaveBy>,
    /// Whether it gets the signed chain; where not set, its class's, else the site's.
    pub secure_boot: Option<bool>,
    /// Its own configs.
    pub configs: Vec<Config>,
    /// Its variables.
    pub vars: Vars,
}

/// The `lab` block: the machines that `firstlight lab up` makes.
#[derive(Debug, Clone, Serialize)]
pub struct Lab {
    /// Where it stands.
    pub place: Place,
    /// By name.
    pub machines: BTreeMap<String, LabMachine>,
}

/// A `lab { machine … }` block. Declared or not among the site's machines: an undeclared one is a stranger.
#[derive(Debug, Clone, Serialize)]
pub struct LabMachine {
    /// The block's label.
    pub name: Hostname,
    /// Where it stands.
    pub place: Place,
    /// Its MAC: its own, else the declared machine's of that name, else made from the name (52:54:00 + hash).
    pub mac: Mac,
    /// Its system UUID, its own or the declared machine's.
    pub uuid: Option<Uuid>,
    /// Its serial number, its own or the declared machine's.
    pub serial: Option<String>,
    /// Which network it is plugged into; the first one where not set.
    pub network: String,
    /// Its firmware and boot path.
    pub firmware: LabFirmware,
    /// Its memory; 1 GiB where not set.
    pub memory: ByteSize,
    /// Processors; 1 where not set.
    pub cpus: u8,
    /// The size of an empty disk; none where not set.
    pub disk: Option<ByteSize>,
    /// Whether it has a drive with what cloud-init reads, made from the declared machine's configs.
    pub seed: bool,
    /// When `lab run` counts it as done. `reported` where not set.
    pub expect: Expect,
}

/// A lab machine's firmware and boot path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum LabFirmware {
    /// SeaBIOS with QEMU's iPXE ROM.
    Bios,
    /// OVMF, PXE over IPv4.
    Uefi,
    /// OVMF, HTTP boot over IPv4.
    UefiHttp,
    /// OVMF with Microsoft's keys that enforces Secure Boot, PXE over IPv4.
    UefiSecure,
    /// The same, HTTP boot over IPv4.
    UefiSecureHttp,
    /// A 64-bit Arm machine: AAVMF, PXE over IPv4.
    Arm64,
    /// A 64-bit Arm machine: AAVMF, HTTP boot over IPv4.
    Arm64Http,
}

impl LabFirmware {
    /// The processor of a machine with this firmware.
    pub fn arch(self) -> Arch {
        match self {
            LabFirmware::Arm64 | LabFirmware::Arm64Http => Arch::Arm64,
            _ => Arch::Amd64,
        }
    }

    /// True where it boots by HTTP instead of PXE.
    pub fn is_http(self) -> bool {
        matches!(self, LabFirmware::UefiHttp | LabFirmware::UefiSecureHttp | LabFirmware::Arm64Http)
    }

    /// True where it starts nothing that is not signed.
    pub fn is_secure(self) -> bool {
        matches!(self, LabFirmware::UefiSecure | LabFirmware::UefiSecureHttp)
    }
}

/// What a lab machine must reach for `lab run` to count it as done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Expect {
    /// It fetched a config from us.
    Config,
    /// It reported that it is up.
    Reported,
    /// It was parked.
    Parked,
}

/// Variables: JSON values, because that is what templates see.
pub type Vars = BTreeMap<String, serde_json::Value>;

/// Durations as the site writes them: `12h`.
pub(crate) fn as_written<S: serde::Serializer>(duration: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&firstlight_model::format_duration(*duration))
}
