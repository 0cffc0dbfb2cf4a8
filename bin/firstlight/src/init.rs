//! `firstlight init`: a new site, commented. Asks the few things that it must know, or takes them as flags.

use crate::{Failure, Outcome, output};
use firstlight_model::Ipv4Net;
use nix::ifaddrs::getifaddrs;
use std::{
    fs,
    io::{self, BufRead, IsTerminal, Write},
    net::Ipv4Addr,
    path::{Path, PathBuf},
};

/// Debian's network installer, when its package is installed: something to boot from the first minute.
const INSTALLER: &str = "/usr/lib/debian-installer/images/12/amd64/text/debian-installer/amd64";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The folder to make
    site: PathBuf,
    /// The interface that machines boot from
    #[arg(long)]
    interface: Option<String>,
    /// Its network, like 10.20.0.0/24
    #[arg(long)]
    subnet: Option<Ipv4Net>,
    /// The server's own address in it
    #[arg(long)]
    address: Option<Ipv4Addr>,
    /// The first and last address to hand out, like 10.20.0.100-10.20.0.200
    #[arg(long, value_parser = parse_range)]
    range: Option<(Ipv4Addr, Ipv4Addr)>,
    /// The router that machines are told; none where not given
    #[arg(long)]
    gateway: Option<Ipv4Addr>,
}

/// What a site must know.
struct Answers {
    interface: String,
    subnet: Ipv4Net,
    address: Ipv4Addr,
    range: (Ipv4Addr, Ipv4Addr),
    gateway: Option<Ipv4Addr>,
}

fn parse_range(text: &str) -> Result<(Ipv4Addr, Ipv4Addr), String> {
    let wrong = || format!("`{text}` is not a range; expected one like 10.20.0.100-10.20.0.200");
    let (first, last) = text.split_once('-').ok_or_else(wrong)?;
    Ok((first.trim().parse().map_err(|_| wrong())?, last.trim().parse().map_err(|_| wrong())?))
}

pub(crate) fn run(args: Args) -> Outcome {
    let file = args.site.join("site.hcl");
    if file.exists() {
        return Err(Failure::Failed(format!("{} exists already; nothing was changed", file.display())));
    }
    let answers = ask(&args)?;
    fs::create_dir_all(&args.site)?;
    fs::write(&file, site_text(&answers))?;
    fs::write(args.site.join("preseed.cfg"), PRESEED)?;
    fs::write(args.site.join(".gitignore"), format!("{}/\n", crate::site::HIDDEN))?;
    let name = args.site.display();
    output::print(&format!(
        "Wrote {}. Next:\n  edit it: declare your machines\n  firstlight check {name}\n  firstlight lab run {name}      try it with virtual machines, on no real network\n  firstlight serve {name}        serve {}: only on a network with no other DHCP server\n",
        file.display(),
        answers.interface
    ))
}

fn ask(args: &Args) -> Result<Answers, Failure> {
    let known = interfaces();
    let interface = match &args.interface {
        Some(interface) => interface.clone(),
        None => {
            let names: Vec<String> =
                known.iter().map(|(name, address, net)| format!("{name} ({address}, {net})")).collect();
            question(
                "Which interface do the machines boot from",
                "--interface",
                &names.join(", "),
                known.first().map(|(name, ..)| name.as_str()),
            )?
        }
    };
    let of_interface = known.iter().find(|(name, ..)| *name == interface);
    let subnet = match args.subnet {
        Some(subnet) => subnet,
        None => {
            let default = of_interface.map(|(_, _, net)| net.to_string());
            question("Which network is on it", "--subnet", "like 10.20.0.0/24", default.as_deref())?.parse()?
        }
    };
    let of_interface = of_interface.map(|(_, address, _)| *address).filter(|address| subnet.contains(*address));
    let first = subnet.nth(1).unwrap_or(subnet.base());
    let address = args.address.or(of_interface).unwrap_or(first);
    let range = match args.range {
        Some(range) => range,
        None => {
            let (first, last) = upper_half(subnet);
            let default = format!("{first}-{last}");
            let answer = question("Which addresses may be handed out", "--range", "first-last", Some(&default));
            parse_range(&answer?).map_err(Failure::Failed)?
        }
    };
    Ok(Answers { interface, subnet, address, range, gateway: args.gateway })
}

/// The machine's own interfaces with an IPv4 address, without loopback.
fn interfaces() -> Vec<(String, Ipv4Addr, Ipv4Net)> {
    let Ok(all) = getifaddrs() else { return Vec::new() };
    let with_address = all.filter_map(|found| {
        let address = found.address?.as_sockaddr_in()?.ip();
        let mask = found.netmask?.as_sockaddr_in()?.ip();
        let net = Ipv4Net::containing(address, mask.to_bits().leading_ones() as u8)?;
        (!address.is_loopback()).then_some((found.interface_name, address, net))
    });
    with_address.collect()
}

fn upper_half(subnet: Ipv4Net) -> (Ipv4Addr, Ipv4Addr) {
    let (base, end) = (subnet.base().to_bits(), subnet.broadcast().to_bits());
    let middle = base + (end - base) / 2 + 1;
    (Ipv4Addr::from_bits(middle.min(end)), Ipv4Addr::from_bits(end.saturating_sub(1).max(base)))
}

/// Asks a person. Where there is none, says which flag answers.
fn question(question: &str, flag: &str, hint: &str, default: Option<&str>) -> Result<String, Failure> {
    if !io::stdin().is_terminal() {
        return Err(Failure::Failed(format!("{flag} is needed ({hint}): there is no terminal to ask on")));
    }
    let shown = default.map(|default| format!(" [{default}]")).unwrap_or_default();
    let hint = if hint.is_empty() { String::new() } else { format!(" ({hint})") };
    print!("{question}?{hint}{shown} ");
    io::stdout().flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    match (answer.trim(), default) {
        ("", Some(default)) => Ok(default.to_owned()),
        ("", None) => Err(Failure::Failed(format!("an answer is needed, or {flag}"))),
        (answer, _) => Ok(answer.to_owned()),
    }
}

fn site_text(answers: &Answers) -> String {
    let Answers { interface, subnet, address, range: (first, last), gateway } = answers;
    let gateway = match gateway {
        Some(gateway) => format!("  gateway   = \"{gateway}\"\n"),
        None => "  # gateway = \"…\"              # the router that machines are told; none where not set\n".to_owned(),
    };
    let installer = if Path::new(INSTALLER).is_dir() { INSTALLER } else { "" };
    let comment = if installer.is_empty() { "# " } else { "" };
    let folder = if installer.is_empty() { INSTALLER } else { installer };
    let profile: String = PROFILE
        .replace("FOLDER", folder)
        .lines()
        .map(|line| format!("{comment}{line}").trim_end().to_owned() + "\n")
        .collect();
    format!(
        "# A Firstlight site. `firstlight check` finds every mistake in it, `firstlight config show` prints what it implies;\n\
         # docs/site.md describes every block.\n\n\
         # site {{\n#   domain  = \"lab.example\"\n#   unknown = \"park\"   # what undeclared machines get: park (they wait, untouched), menu, boot or ignore\n# }}\n\n\
         # The network that machines boot from. Firstlight is its DHCP server: there must be no other.\n\
         network \"boot\" {{\n  interface = \"{interface}\"\n  subnet    = \"{subnet}\"\n  address   = \"{address}\"   # this server's own\n{gateway}\
         \x20 # dns     = [\"…\"]\n\n  dhcp {{\n    range = [\"{first}\", \"{last}\"]   # for machines without an address of their own\n    # lease = \"12h\"\n  }}\n}}\n\n\
         {profile}\n\
         # Start the machine's own disk: what an installed machine does.\nprofile \"disk\" {{\n  boot = \"disk\"\n}}\n\n\
         # Declare your machines: by MAC address, UUID or serial number. Undeclared ones are parked, and listed by\n\
         # `firstlight machines`.\n\
         # machine \"kitt\" {{\n#   mac     = \"52:54:00:12:34:56\"\n#   address = \"{host}\"\n#   profile = profile.disk\n# }}\n\n\
         # A machine for `firstlight lab run`: virtual, on an isolated network. This one is declared nowhere, so it is parked.\n\
         lab {{\n  machine \"stranger\" {{\n    firmware = \"bios\"   # or uefi, uefi-http\n    memory   = \"512M\"\n    expect   = \"parked\"\n  }}\n}}\n",
        host = subnet.nth(11).unwrap_or(subnet.base()),
    )
}

const PROFILE: &str = r#"# Debian's network installer, from the package debian-installer-12-netboot-amd64.
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
  config = "preseed.cfg"   # rendered for each machine; {{ config_url }} is where it is served
  args   = "auto=true priority=critical url={{ config_url }} hostname={{ machine.name }}"
}
"#;

const PRESEED: &str = "# Answers for Debian's installer, rendered for each machine: docs/booting.md lists what a template can use.\n\
# It asks nothing up to the disk; what to do with the disk it asks you.\n\
d-i debian-installer/locale string en_US.UTF-8\n\
d-i keyboard-configuration/xkb-keymap select us\n\
d-i netcfg/choose_interface select auto\n\
d-i netcfg/get_hostname string {{ machine.name }}\n\
d-i netcfg/get_domain string {{ network.domain | default(\"lab\") }}\n\
d-i mirror/country string manual\n\
d-i clock-setup/utc boolean true\n\
d-i time/zone string UTC\n";
