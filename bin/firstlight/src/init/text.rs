//! What `firstlight init` writes.

use super::{Answers, INSTALLER};
use std::net::Ipv4Addr;

/// The site.
pub(super) fn site(answers: &Answers, installer: bool) -> String {
    let profile = INSTALLER_PROFILE.replace("FOLDER", INSTALLER);
    let profile = if installer { profile } else { NOT_INSTALLED.to_owned() + &commented(&profile) };
    format!("{HEAD}{}{profile}{}", network(answers), TAIL.replace("HOST", &host(answers).to_string()))
}

/// The site with ready profiles, which have files of their own.
pub(super) fn site_with(answers: &Answers, profiles: &[String]) -> String {
    let machine = TAIL.replace("HOST", &host(answers).to_string());
    let first = profiles.first().map_or("disk", String::as_str);
    let machine = machine
        .replace("profile = profile.disk\n", &format!("profile = profile.{first} # {first}.hcl lists its vars\n"));
    format!("{HEAD_WITH_DOMAIN}{}{}", network(answers), machine.trim_start())
}

fn host(answers: &Answers) -> Ipv4Addr {
    answers.subnet.nth(11).filter(|host| answers.subnet.is_host(*host)).unwrap_or(answers.address)
}

fn network(answers: &Answers) -> String {
    let Answers { interface, subnet, address, range: (first, last), gateway, dns } = answers;
    let gateway = match gateway {
        Some(gateway) => format!("  gateway   = \"{gateway}\"\n"),
        None => "  # gateway = \"…\"   # the router that machines are told; none where not set\n".to_owned(),
    };
    let servers: Vec<String> = dns.iter().map(|server| format!("\"{server}\"")).collect();
    let dns = match servers.is_empty() {
        true => "  # dns     = [\"…\"]\n".to_owned(),
        false => format!("  dns       = [{}]\n", servers.join(", ")),
    };
    format!(
        r#"# The network that machines boot from. Firstlight is its DHCP server: there must be no other.
network "boot" {{
  interface = "{interface}"
  subnet    = "{subnet}"
  address   = "{address}" # this server's own
{gateway}{dns}
  dhcp {{
    range = ["{first}", "{last}"] # for machines without an address of their own
    # lease = "12h"
  }}
}}

"#
    )
}

fn commented(text: &str) -> String {
    text.lines().map(|line| format!("# {line}").trim_end().to_owned() + "\n").collect()
}

const HEAD: &str = r#"# A Firstlight site. `firstlight check` finds every mistake in it, `firstlight config show` prints what it implies;
# docs/site.md describes every block.

# site {
#   domain  = "lab.example"
#   unknown = "park" # what undeclared machines get: park (they wait, untouched), menu, boot or ignore
# }

"#;

const HEAD_WITH_DOMAIN: &str = r#"# A Firstlight site. `firstlight check` finds every mistake in it, `firstlight config show` prints what it implies;
# docs/site.md describes every block, docs/installing.md the profiles beside this file.

site {
  domain = "lab.example" # your own
  # unknown = "park" # what undeclared machines get: park (they wait, untouched), menu, boot or ignore
}

"#;

const NOT_INSTALLED: &str = r"# Not in use: the package that it needs is not installed here. Once it is, take the `# ` away.
#
";

const INSTALLER_PROFILE: &str = r#"# Debian's network installer, from the package debian-installer-12-netboot-amd64.
asset "debian-linux" {
  path = "FOLDER/linux"
}

asset "debian-initrd" {
  path = "FOLDER/initrd.gz"
}

profile "debian" {
  title  = "Debian 12 installer"
  kernel = asset.debian-linux
  initrd = asset.debian-initrd
  config = "preseed.cfg" # rendered for each machine; {{ config_url }} is where it is served
  args   = "auto=true priority=critical url={{ config_url }} hostname={{ machine.name }}"
}
"#;

const TAIL: &str = r#"
# Start the machine's own disk: what an installed machine does.
profile "disk" {
  boot = "disk"
}

# Declare your machines: by MAC address, UUID or serial number. Undeclared ones are parked, and listed by
# `firstlight machines`.
# machine "kitt" {
#   mac     = "52:54:00:12:34:56"
#   address = "HOST"
#   profile = profile.disk
# }

# A machine for `firstlight lab run`: virtual, on an isolated network. This one is declared nowhere, so it is parked.
lab {
  machine "stranger" {
    firmware = "bios" # or uefi, uefi-http, arm64, arm64-http
    memory   = "512M"
    expect   = "parked"
  }
}
"#;

/// The installer's answers.
pub(super) const PRESEED: &str = r#"# Answers for Debian's installer, rendered for each machine: docs/configs.md lists what a template can use.
# It asks nothing up to the disk; what to do with the disk it asks you.
d-i debian-installer/locale string en_US.UTF-8
d-i keyboard-configuration/xkb-keymap select us
d-i netcfg/choose_interface select auto
d-i netcfg/get_hostname string {{ machine.name }}
d-i netcfg/get_domain string {{ network.domain | default("lab") }}
d-i mirror/country string manual
d-i clock-setup/utc boolean true
d-i time/zone string UTC
"#;
