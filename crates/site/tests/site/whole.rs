//! Whole sites: what is implied, what is shown, what is read from disk.

use crate::common::{outside, report, site};
use firstlight_site::{Boot, DhcpMode, Expect, LabFirmware, Memory, Sources, Unknown, load, parse, render, show};
use std::{fs, time::Duration};

const FULL: &str = r#"
site {
  domain       = env("HOME_DOMAIN")
  unknown      = "menu"
  menu_timeout = "1m30s"
  parking      = "linux"
}
network "boot" {
  interface = "eth1"
  subnet    = "10.20.0.0/24"
  gateway   = "10.20.0.254"
  dns       = "9.9.9.9"
  routes    = [{ to = "10.0.0.0/8", via = "10.20.0.253" }]
}
network "relayed" {
  subnet  = "10.30.0.0/24"
  address = "10.20.0.1"
  domain  = "far.example"
  dhcp {
    ranges = []
    lease  = "10m"
  }
}
dns {
  upstreams = ["9.9.9.9", "10.0.0.1:5353"]
  allow     = "10.40.0.0/16"
  record "NAS" {
    a   = "10.20.0.5"
    txt = ["say \"hi\"", "twice"]
    mx  = [{ target = "mail.far.example." }]
  }
  record "www" { cname = "nas" }
  record "_http._tcp" { srv = [{ port = 80, target = "nas" }] }
}
asset "k" { path = "vmlinuz" }
asset "i" {
  url    = "https://boot.example/i"
  sha256 = sha256("x")
}
asset "mirrored" {
  url = ["https://boot.example/m", "ipfs://bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354/m"]
  signed {
    list     = "https://boot.example/SHA256SUMS"
    name     = "m-amd64"
    key      = ["initrd", "vmlinuz"]
    minisign = "RWQf6LRCGA9i53mlYecO4IzT51TGPpvWucNSCh1CBM0QTaLn73Y7GFO3"
  }
}
asset "tarball" {
  url    = "ftp://boot.example/t.tar.gz"
  sha512 = "${sha256("x")}${sha256("y")}"
}
asset "linux" {
  from = asset.tarball
  path = "./boot/linux"
}
asset "packed" {
  from = "initrd"
  path = "/linux"
}
assets {
  local    = "boot"
  gateways = ["http://127.0.0.1:8080/", "https://gateway.example"]
  peers    = "http://10.20.0.2:8080"
  check    = "24h"
}
package_cache {
  port    = 3143
  size    = "2G"
  allow   = ["deb.example.org", "*.example.net", "https://secure.example"]
  mirrors = { debian = "https://mirror.example/debian/" }
}
profile "installer" {
  kernel = asset.k
  args   = "{{ report_url }} {{ install.disk }}"
  install {
    disk     = "/dev/vda"
    wipe     = true
    attempts = 5
    timeout  = "2h"
  }
}
profile "choosy" {
  kernel = asset.k
  args   = "{{ report_url }}"
  install {
    disk {
      serial     = "it's \"S 1\""
      model      = "Samsung *"
      size       = [">=100G", "<2T", "smallest"]
      rotational = false
    }
  }
}
profile "linux" {
  title  = "Say \"hi\" {{ machine.name }} ${"$"}{x} \\ %%{y}"
  kernel = asset.k
  initrd = "i"
  args   = ["quiet", "", "config={{ config_url }}"]
  config = ["worker.yaml"]
  arch   = "amd64"
  vars   = { a = { "odd key" = [1, null, true] }, long = "0123456789012345678901234567890123456789012345678901234567890123456789" }
}
profile "local" {
  boot     = "disk"
  leave_by = "sanboot"
}
profile "own" { script = "a.ipxe" }
class "base" {
  profile  = "linux"
  leave_by = "404"
  vars     = { region = "fra1", tier = 1 }
}
class "worker" {
  extends = class.base
  vars    = { tier = 2 }
}
machine "kitt" {
  mac     = "52-54-00-12-34-56"
  class   = "worker"
  address = "10.20.0.130"
}
lab {
  machine "kitt" { firmware = "uefi" }
  machine "stranger" {
    expect = "parked"
    memory = "512M"
    disk   = "1536M"
  }
}
"#;

#[test]
fn what_is_not_said_is_implied() {
    let site = site(FULL);
    assert_eq!((&*site.name, site.http_port, site.unknown), ("site", 8080, Unknown::Menu));
    assert_eq!(site.default_profile, None, "there is more than one profile");
    let [boot, relayed] = &site.networks[..] else { panic!("{:?}", site.networks) };
    assert_eq!(boot.address.to_string(), "10.20.0.1");
    assert_eq!(boot.domain.as_ref().unwrap().as_str(), "home.example");
    let ranges: Vec<String> = boot.dhcp.ranges.iter().map(|(a, b)| format!("{a}-{b}")).collect();
    assert_eq!(ranges, ["10.20.0.128-10.20.0.129", "10.20.0.131-10.20.0.253"], "reservation and gateway are left out");
    assert_eq!(boot.dhcp.lease, Duration::from_secs(12 * 3600));
    assert!(relayed.dhcp.ranges.is_empty() && relayed.interface.is_none());
    assert_eq!(relayed.search[0].as_str(), "far.example");

    let dns = site.dns.as_ref().unwrap();
    assert_eq!(format!("{:?}", dns.upstreams), "[9.9.9.9:53, 10.0.0.1:5353]");
    assert_eq!(dns.ttl, Duration::from_secs(60));
    assert_eq!(dns.records["www"].cname.as_ref().unwrap().as_str(), "nas.home.example");
    assert_eq!(dns.records["nas"].mx[0].target.as_str(), "mail.far.example");
    assert_eq!((boot.dns[0].to_string(), relayed.dns[0].to_string()), ("9.9.9.9".into(), "10.20.0.1".into()));

    let Boot::Linux(linux) = &site.profiles["linux"].boot else { panic!() };
    assert_eq!(linux.args, "quiet config={{ config_url }}");
    assert_eq!(&*site.profiles["linux"].configs[0].file.text, "the text of site/worker.yaml\n");
    let worker = &site.classes["worker"];
    assert_eq!(
        (worker.profile.as_deref(), &worker.vars["tier"], &worker.vars["region"]),
        (Some("linux"), &2.into(), &"fra1".into())
    );

    let lab = site.lab.unwrap();
    let (kitt, stranger) = (&lab.machines["kitt"], &lab.machines["stranger"]);
    assert_eq!(Some(kitt.mac), site.machines["kitt"].mac, "a declared machine keeps its MAC address in the lab");
    assert_eq!(
        (kitt.firmware, kitt.expect, kitt.memory.mib(), kitt.cpus),
        (LabFirmware::Uefi, Expect::Reported, 1024, 1)
    );
    assert!(stranger.mac.to_string().starts_with("52:54:00:") && stranger.network == "boot");
}

#[test]
fn the_only_profile_is_the_default() {
    let site = site("network \"n\" { subnet = \"10.9.0.0/24\" }\nprofile \"p\" { boot = \"disk\" }\n");
    assert_eq!(site.default_profile.as_deref(), Some("p"));
}

#[test]
fn configs_are_kept_in_order_and_a_class_has_those_that_it_inherits_first() {
    let text = "network \"n\" { subnet = \"10.9.0.0/24\" }\nprofile \"p\" {\n script = \"a.ipxe\"\n \
                config = { \"x.ign\" = { file = \"worker.yaml\", kind = \"ignition\", template = false } }\n}\n\
                class \"base\" { config = \"worker.yaml\" }\n\
                class \"big\" {\n extends = \"base\"\n config = [\"sub/worker.yaml\"]\n}\n\
                machine \"m\" {\n serial = \"1\"\n class = \"big\"\n config = \"a.ipxe\"\n}\n";
    let files = |configs: &[firstlight_site::Config]| -> Vec<String> {
        configs.iter().map(|config| format!("{} {}", config.served_as(), config.file.file)).collect()
    };
    for site in [site(text), site(&show(&site(text)))] {
        assert_eq!(files(&site.profiles["p"].configs), ["x.ign worker.yaml"]);
        assert!(!site.profiles["p"].configs[0].template);
        assert_eq!(files(&site.classes["big"].configs), ["worker.yaml worker.yaml", "worker.yaml sub/worker.yaml"]);
        assert_eq!(files(&site.machines["m"].configs), ["a.ipxe a.ipxe"]);
    }
}

#[test]
fn a_secret_is_read_and_never_shown() {
    let text = "secret \"s\" {\n env = \"HOME_DOMAIN\"\n machines = \"m\"\n}\nmachine \"m\" { serial = \"1\" }\n";
    let site = site(text);
    let secret = site.secrets["s"].of(&site, &site.machines["m"]).unwrap();
    assert_eq!(secret.expose(), "home.example");
    let shown = format!("{site:?} {} {}", show(&site), serde_json::to_string(&site).unwrap());
    assert!(!shown.contains("home.example") && show(&site).contains("env      = \"HOME_DOMAIN\""), "{shown}");
}

#[test]
fn what_is_shown_reads_back_as_the_same_site() {
    let first = site(FULL);
    let shown = show(&first);
    let again = site(&shown);
    assert_eq!(show(&again), shown);
    assert_eq!(again.profiles["linux"].title, first.profiles["linux"].title, "{shown}");
    assert_eq!(again.profiles["linux"].vars, first.profiles["linux"].vars, "{shown}");
}

#[test]
fn the_report_is_json_as_well() {
    let json = serde_json::to_value(report("site {\n naem = 1\n}\n")).unwrap();
    let problem = &json["problems"][1];
    assert_eq!(problem["severity"], "error");
    assert_eq!(problem["place"], serde_json::json!({ "file": "site.hcl", "line": 2, "column": 2 }));
    assert_eq!(problem["help"], "did you mean `name`?");
}

#[test]
fn a_folder_is_read_in_the_order_of_its_names() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &[u8]| fs::write(folder.path().join(name), text).unwrap();
    let empty = load(folder.path()).unwrap_err();
    assert!(empty.problems[0].message.contains("holds no site"), "{empty}");
    write("b.hcl", b"\xef\xbb\xbfnetwork \"b\" { subnet = \"10.2.0.0/24\" }\r\n");
    write("a.hcl", b"network \"a\" { subnet = \"10.1.0.0/24\" }\nprofile \"p\" { script = \"p.ipxe\" }\n");
    write("p.ipxe", b"#!ipxe\n");
    write(".hidden.hcl", b"not a site");
    write("notes.txt", b"not a site");
    fs::create_dir(folder.path().join("sub.hcl")).unwrap();
    let site = load(folder.path()).unwrap().site;
    let names: Vec<&str> = site.networks.iter().map(|network| &*network.name).collect();
    assert_eq!(names, ["a", "b"]);
    write("c.hcl", b"\xff\xfe");
    let report = load(folder.path()).unwrap_err();
    assert_eq!(report.problems[0].message, "`c.hcl` cannot be read: it is not UTF-8 text");
    let missing = load(&folder.path().join("nowhere")).unwrap_err();
    assert!(missing.problems[0].message.ends_with("there is no such folder"), "{missing}");
}

#[test]
fn problems_of_more_files_come_in_the_order_of_the_files() {
    let mut sources = Sources::single("site", "class \"c\" { profile = \"x\" }\n");
    sources.files.insert(
        0,
        firstlight_site::Source { name: "a.hcl".into(), text: "class \"c\" {}\nclass \"d\" { a = 1 }\n".into() },
    );
    let report = parse(&sources, &outside()).unwrap_err();
    let places: Vec<String> = report.problems.iter().filter_map(|p| Some(p.place.as_ref()?.to_string())).collect();
    assert_eq!(places, ["a.hcl:1:1", "a.hcl:2:13", "site.hcl:1:1"]);
    assert!(render(&report, true).contains("\u{1b}["), "colour is there when it is asked for");
}

#[test]
fn ten_thousand_machines_are_no_burden() {
    let text = "network \"n\" { subnet = \"10.0.0.0/8\" }\nprofile \"p\" { boot = \"disk\" }\n\
                machine \"m\" {\n count = 10000\n mac = format(\"52:54:00:00:%02x:%02x\", floor, count.index)\n}\n"
        .replace("floor, count.index", "(count.index - count.index % 256) / 256, count.index % 256");
    assert_eq!(site(&text).machines.len(), 10_000);
}

#[test]
fn a_network_beside_another_dhcp_server_gives_no_addresses_and_reads_back() {
    let text = "network \"n\" {\n subnet = \"10.9.0.0/24\"\n dhcp { mode = \"proxy\" }\n}\nprofile \"p\" {\n boot = \"disk\"\n}";
    let site = parse(&Sources::single("site.hcl", text), &Memory::default()).unwrap().site;
    let again = parse(&Sources::single("site.hcl", show(&site)), &Memory::default()).unwrap().site;
    for site in [site, again] {
        assert_eq!(site.networks[0].dhcp.mode, DhcpMode::Proxy);
        assert!(site.networks[0].dhcp.ranges.is_empty());
    }
}
