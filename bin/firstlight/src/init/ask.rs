//! The questions of `firstlight init`. A wrong answer is asked for again; without a terminal the defaults hold, and
//! what has none is a flag that is needed.

use super::{Answers, Args, Range, parse_range};
use crate::{Failure, output};
use firstlight_model::Ipv4Net;
use nix::ifaddrs::getifaddrs;
use std::{
    collections::BTreeMap,
    io::{self, BufRead, IsTerminal},
    net::Ipv4Addr,
};

/// This computer's interfaces without loopback, each with its first IPv4 address and network.
type Interfaces = BTreeMap<String, Option<(Ipv4Addr, Ipv4Net)>>;

pub(super) fn ask(args: &Args) -> Result<Answers, Failure> {
    let known = interfaces();
    let interface = match &args.interface {
        Some(interface) => interface.clone(),
        None => ask_interface(&known)?,
    };
    let own = known.get(&interface).copied().flatten();
    let subnet = match (args.subnet, own) {
        (Some(subnet), _) => subnet,
        (None, own) => Question {
            text: "Which network is on it, like 10.20.0.0/24?",
            flag: "--subnet",
            default: own.map(|(_, net)| net.to_string()),
        }
        .ask(|answer| answer.parse::<Ipv4Net>().map_err(|error| error.to_string()))?,
    };
    let own = own.map(|(address, _)| address).filter(|address| subnet.contains(*address));
    let address = args.address.or(own).or(subnet.nth(1)).unwrap_or(subnet.base());
    let range = match args.range {
        Some(range) => range,
        None => ask_range(subnet, address)?,
    };
    Ok(Answers { interface, subnet, address, range, gateway: args.gateway, dns: args.dns.clone() })
}

fn interfaces() -> Interfaces {
    let mut known = Interfaces::new();
    for found in getifaddrs().into_iter().flatten() {
        let address = || Some((found.address?.as_sockaddr_in()?.ip(), found.netmask?.as_sockaddr_in()?.ip()));
        let with_net = address().and_then(|(address, mask)| {
            let prefix = u8::try_from(mask.to_bits().leading_ones()).ok()?;
            Some((address, Ipv4Net::containing(address, prefix)?))
        });
        let loopback = found.flags.contains(nix::net::if_::InterfaceFlags::IFF_LOOPBACK);
        if !loopback {
            let known = known.entry(found.interface_name).or_insert(None);
            *known = known.or(with_net);
        }
    }
    known
}

fn ask_interface(known: &Interfaces) -> Result<String, Failure> {
    let mut text = "Which interface do the machines boot from?\n".to_owned();
    for (name, own) in known {
        let own = own.map_or_else(|| "no IPv4 address".to_owned(), |(address, net)| format!("{address} in {net}"));
        text.push_str(&format!("  {name:10} {own}\n"));
    }
    if !io::stdin().is_terminal() {
        return Err(needed("--interface"));
    }
    let default = known.iter().find(|(_, own)| own.is_some()).map(|(name, _)| name.clone());
    let question = Question { text: &format!("{text}Its name"), flag: "--interface", default };
    question.ask(|answer| match known.contains_key(answer) {
        true => Ok(answer.to_owned()),
        false => Err(format!("there is no interface {answer} here (--interface takes any name)")),
    })
}

fn ask_range(subnet: Ipv4Net, server: Ipv4Addr) -> Result<Range, Failure> {
    let (first, last) = usual_range(subnet, server);
    let question = Question {
        text: "Which addresses may be handed out, first-last?",
        flag: "--range",
        default: Some(format!("{first}-{last}")),
    };
    question.ask(|answer| {
        let (first, last) = parse_range(answer)?;
        match [first, last].into_iter().find(|address| !subnet.is_host(*address)) {
            Some(outside) => Err(format!("{outside} is no address for a machine in {subnet}")),
            None if first > last => Err(format!("{first} comes after {last}")),
            None if (first..=last).contains(&server) => Err(format!("{server}, the server's own, is among them")),
            None => Ok((first, last)),
        }
    })
}

/// The upper half of a network, or the larger part of it beside the server's own address.
fn usual_range(subnet: Ipv4Net, server: Ipv4Addr) -> Range {
    let (base, end) = (subnet.base().to_bits(), subnet.broadcast().to_bits());
    let last = end.saturating_sub(1).max(base);
    let first = (base + (end - base) / 2 + 1).min(last);
    let server = server.to_bits();
    let (first, last) = match server {
        _ if !(first..=last).contains(&server) => (first, last),
        _ if server - first > last - server => (first, server - 1),
        _ => ((server + 1).min(last), last),
    };
    (Ipv4Addr::from_bits(first), Ipv4Addr::from_bits(last))
}

/// Something to ask a person.
struct Question<'a> {
    text: &'a str,
    /// The flag that answers it.
    flag: &'a str,
    default: Option<String>,
}

impl Question<'_> {
    /// Asks until the answer is right. Where there is nobody to ask, the default holds.
    fn ask<T>(&self, right: impl Fn(&str) -> Result<T, String>) -> Result<T, Failure> {
        if !io::stdin().is_terminal() {
            let default = self.default.as_deref().ok_or_else(|| needed(self.flag))?;
            return right(default).map_err(|error| Failure::Failed(format!("{}: {error}", self.flag)));
        }
        let default = self.default.as_ref().map(|default| format!(" [{default}]")).unwrap_or_default();
        output::print(&format!("{}{default} ", self.text))?;
        loop {
            let answer = read_line()?.ok_or(Failure::Interrupted)?;
            match (answer.trim(), &self.default) {
                ("", None) => output::print("An answer is needed: ")?,
                (answer, default) => {
                    let answer = if answer.is_empty() { default.as_deref().unwrap_or_default() } else { answer };
                    match right(answer) {
                        Ok(value) => return Ok(value),
                        Err(error) => output::print(&format!("  {error}\nAgain: "))?,
                    }
                }
            }
        }
    }
}

fn needed(flag: &str) -> Failure {
    Failure::Failed(format!(
        "{flag} is needed, for there is no terminal to ask on; `firstlight init --help` lists the flags"
    ))
}

/// A line; `None` at the input's end: Ctrl-D.
fn read_line() -> Result<Option<String>, Failure> {
    let mut line = String::new();
    let length = io::stdin().lock().read_line(&mut line)?;
    if length == 0 {
        output::print("\nNothing was written.\n")?;
    }
    Ok((length > 0).then_some(line))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(subnet: &str, server: &str) -> String {
        let (first, last) = usual_range(subnet.parse().unwrap(), server.parse().unwrap());
        format!("{first}-{last}")
    }

    #[test]
    fn the_usual_range_is_the_upper_half_without_the_server() {
        assert_eq!(range("10.20.0.0/24", "10.20.0.1"), "10.20.0.128-10.20.0.254");
        assert_eq!(range("10.20.0.0/24", "10.20.0.254"), "10.20.0.128-10.20.0.253");
        assert_eq!(range("10.20.0.0/24", "10.20.0.130"), "10.20.0.131-10.20.0.254");
        assert_eq!(range("10.20.0.0/30", "10.20.0.1"), "10.20.0.2-10.20.0.2");
    }
}
