//! A packet's way through the rules.

use super::rules::{Name, Ruleset};
use serde_json::Value;

/// What is asked about a packet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Packet {
    interface: String,
    protocol: String,
    port: u16,
    state: &'static str,
}

impl Packet {
    pub(super) fn new(interface: &str, protocol: &str, port: u16, state: &'static str) -> Self {
        Packet { interface: interface.to_owned(), protocol: protocol.to_owned(), port, state }
    }
}

/// What becomes of it, and by which chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    Accepted,
    Dropped(String),
    /// A rule that cannot be judged here might decide otherwise.
    Unclear(String),
}

/// How deep chains may call one another; the kernel's own limit is 16.
const DEEPEST: usize = 16;

/// How one chain ended.
enum End {
    Accept,
    Drop(String),
    /// It came to the chain's end, or returned.
    Through,
}

struct Walk<'a> {
    rules: &'a Ruleset,
    packet: &'a Packet,
    /// A rule that is not judged would drop it, or let it through.
    perhaps_dropped: Option<String>,
    perhaps_accepted: bool,
}

pub(super) fn follow(rules: &Ruleset, packet: &Packet) -> Verdict {
    let mut walk = Walk { rules, packet, perhaps_dropped: None, perhaps_accepted: false };
    for (name, chain) in rules.on_the_way_in() {
        let dropped = match walk.chain(name, 0) {
            End::Drop(by) => Some(by),
            End::Through if chain.drops_by_default => Some(format!("the policy of {}", said(name))),
            End::Through | End::Accept => None,
        };
        match dropped {
            Some(by) if walk.perhaps_accepted => return Verdict::Unclear(by),
            Some(by) => return Verdict::Dropped(by),
            None => {}
        }
    }
    walk.perhaps_dropped.map_or(Verdict::Accepted, Verdict::Unclear)
}

fn said(name: &Name) -> String {
    format!("chain {} of table {} {}", name.2, name.0, name.1)
}

impl Walk<'_> {
    fn chain(&mut self, name: &Name, depth: usize) -> End {
        let Some(chain) = self.rules.chain(name).filter(|_| depth < DEEPEST) else { return End::Through };
        for rule in &chain.rules {
            match self.rule(rule, name, depth) {
                Some(End::Through) => return End::Through,
                Some(end) => return end,
                None => {}
            }
        }
        End::Through
    }

    /// What a rule decides; `None` where the next one is to be asked.
    fn rule(&mut self, rule: &[Value], name: &Name, depth: usize) -> Option<End> {
        let mut certain = true;
        for expression in rule {
            match self.matches(expression) {
                Some(false) => return None,
                Some(true) => {}
                None => certain = false,
            }
        }
        let end = self.verdict(rule, name, depth)?;
        if certain {
            return Some(end);
        }
        match end {
            End::Drop(by) => self.perhaps_dropped = Some(by),
            End::Accept => self.perhaps_accepted = true,
            End::Through => {}
        }
        None
    }

    fn verdict(&mut self, rule: &[Value], name: &Name, depth: usize) -> Option<End> {
        rule.iter().find_map(|expression| {
            let (verb, argument) = expression.as_object()?.iter().next()?;
            let target = || {
                (
                    name.0.clone(),
                    name.1.clone(),
                    argument.get("target").and_then(Value::as_str).unwrap_or_default().to_owned(),
                )
            };
            match verb.as_str() {
                "accept" => Some(End::Accept),
                "drop" | "reject" => Some(End::Drop(said(name))),
                "return" => Some(End::Through),
                "goto" => Some(self.chain(&target(), depth + 1)),
                "jump" => match self.chain(&target(), depth + 1) {
                    End::Through => None,
                    end => Some(end),
                },
                _ => None,
            }
        })
    }

    /// Whether an expression lets the packet go on to the next one; `None` where that cannot be told.
    fn matches(&self, expression: &Value) -> Option<bool> {
        let Some(condition) = expression.get("match") else {
            let (verb, _) = expression.as_object()?.iter().next()?;
            let decides = ["accept", "drop", "reject", "return", "jump", "goto"].contains(&verb.as_str());
            let looks_on = ["counter", "log", "comment", "notrack", "ct helper", "mangle"].contains(&verb.as_str());
            return (decides || looks_on).then_some(true);
        };
        let equal = self.equal(condition.get("left")?, condition.get("right")?)?;
        match condition.get("op")?.as_str()? {
            "==" | "in" => Some(equal),
            "!=" => Some(!equal),
            _ => None,
        }
    }

    fn equal(&self, left: &Value, right: &Value) -> Option<bool> {
        let key = |object: &str, field: &str| left.get(object)?.get(field)?.as_str();
        match (key("meta", "key"), key("payload", "field"), key("ct", "key")) {
            (Some("iifname" | "iif"), ..) => is_among(right, &|value| is_interface(value, &self.packet.interface)),
            (Some("l4proto"), ..) | (_, Some("protocol"), _) => {
                is_among(right, &|value| Some(value.as_str()? == self.packet.protocol))
            }
            (_, Some("dport"), _) => {
                let of = key("payload", "protocol")?;
                let ours = of == "th" || of == self.packet.protocol;
                if ours { is_among(right, &|value| is_port(value, self.packet.port)) } else { Some(false) }
            }
            (_, _, Some("state")) => is_among(right, &|value| Some(value.as_str()? == self.packet.state)),
            _ => None,
        }
    }
}

/// A value, a list of them, or a set without a name.
fn is_among(right: &Value, is: &dyn Fn(&Value) -> Option<bool>) -> Option<bool> {
    let many = right.get("set").unwrap_or(right).as_array();
    match many {
        None => is(right),
        Some(many) => many.iter().map(is).try_fold(false, |any, one| Some(any || one?)),
    }
}

fn is_interface(value: &Value, interface: &str) -> Option<bool> {
    let name = value.as_str()?;
    match name.strip_suffix('*') {
        Some(prefix) => Some(interface.starts_with(prefix)),
        None => (!name.starts_with('@')).then_some(name == interface),
    }
}

fn is_port(value: &Value, port: u16) -> Option<bool> {
    if let Some([first, last]) = value.get("range").and_then(Value::as_array).map(Vec::as_slice) {
        return Some((first.as_u64()?..=last.as_u64()?).contains(&u64::from(port)));
    }
    value.as_u64().map(|number| number == u64::from(port))
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: &str = r#"{"nftables": [
        {"metainfo": {"version": "1.0.6"}},
        {"table": {"family": "inet", "name": "filter"}},
        {"chain": {"family": "inet", "table": "filter", "name": "input", "type": "filter", "hook": "input", "prio": 0, "policy": "drop"}},
        {"chain": {"family": "inet", "table": "filter", "name": "lan"}},
        {"rule": {"family": "inet", "table": "filter", "chain": "input", "expr": [
            {"match": {"op": "in", "left": {"ct": {"key": "state"}}, "right": ["established", "related"]}}, {"accept": null}]}},
        {"rule": {"family": "inet", "table": "filter", "chain": "input", "expr": [
            {"match": {"op": "==", "left": {"meta": {"key": "iifname"}}, "right": "eth*"}}, {"counter": {}}, {"jump": {"target": "lan"}}]}},
        {"rule": {"family": "inet", "table": "filter", "chain": "lan", "expr": [
            {"match": {"op": "==", "left": {"payload": {"protocol": "udp", "field": "dport"}}, "right": {"set": [67, {"range": [69, 70]}]}}}, {"accept": null}]}},
        {"rule": {"family": "inet", "table": "filter", "chain": "lan", "expr": [
            {"match": {"op": "==", "left": {"payload": {"protocol": "tcp", "field": "dport"}}, "right": 8080}},
            {"match": {"op": "==", "left": {"payload": {"protocol": "ip", "field": "saddr"}}, "right": "10.0.0.1"}}, {"accept": null}]}}
    ]}"#;

    fn verdict(interface: &str, protocol: &str, port: u16, state: &'static str) -> Verdict {
        follow(&Ruleset::parse(RULES.as_bytes()).unwrap(), &Packet::new(interface, protocol, port, state))
    }

    #[test]
    fn a_packet_is_followed_through_chains_sets_and_states() {
        let by_policy = "the policy of chain input of table inet filter".to_owned();
        assert_eq!(verdict("eth1", "udp", 67, "new"), Verdict::Accepted);
        assert_eq!(verdict("eth1", "udp", 70, "new"), Verdict::Accepted);
        assert_eq!(verdict("wlan0", "udp", 67, "new"), Verdict::Dropped(by_policy.clone()));
        assert_eq!(verdict("eth1", "udp", 4011, "new"), Verdict::Dropped(by_policy.clone()));
        assert_eq!(verdict("wlan0", "udp", 40_000, "established"), Verdict::Accepted);
        assert_eq!(verdict("eth1", "tcp", 8080, "new"), Verdict::Unclear(by_policy));
    }

    #[test]
    fn without_rules_everything_comes_in() {
        let none = Ruleset::parse(br#"{"nftables": []}"#).unwrap();
        assert_eq!(follow(&none, &Packet::new("eth1", "udp", 67, "new")), Verdict::Accepted);
        assert!(Ruleset::parse(b"x").is_err());
    }

    #[test]
    fn chains_that_call_themselves_end() {
        let rules = r#"{"nftables": [
            {"chain": {"family": "ip", "table": "t", "name": "in", "hook": "input", "prio": 0, "policy": "accept"}},
            {"rule": {"family": "ip", "table": "t", "chain": "in", "expr": [{"jump": {"target": "in"}}]}}]}"#;
        let rules = Ruleset::parse(rules.as_bytes()).unwrap();
        assert_eq!(follow(&rules, &Packet::new("eth1", "udp", 67, "new")), Verdict::Accepted);
    }
}
