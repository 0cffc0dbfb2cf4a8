//! The packet filter's rules, as far as they are followed here: libnftables-json(5).

use serde_json::Value;
use std::collections::BTreeMap;

/// All chains with their rules.
#[derive(Debug, Default)]
pub(super) struct Ruleset {
    chains: BTreeMap<Name, Chain>,
}

/// Family, table, chain.
pub(super) type Name = (String, String, String);

#[derive(Debug, Default)]
pub(super) struct Chain {
    /// Where the kernel calls it, if it does.
    pub(super) hook: Option<String>,
    pub(super) priority: i64,
    pub(super) drops_by_default: bool,
    /// Each rule's expressions.
    pub(super) rules: Vec<Vec<Value>>,
}

impl Ruleset {
    pub(super) fn parse(json: &[u8]) -> serde_json::Result<Ruleset> {
        let all: Value = serde_json::from_slice(json)?;
        let mut rules = Ruleset::default();
        for object in all.get("nftables").and_then(Value::as_array).into_iter().flatten() {
            if let Some(chain) = object.get("chain") {
                rules.add_chain(chain);
            } else if let Some(rule) = object.get("rule") {
                rules.add_rule(rule);
            }
        }
        Ok(rules)
    }

    fn add_chain(&mut self, json: &Value) {
        let entry = self.chains.entry(name(json, "name")).or_default();
        entry.hook = json.get("hook").and_then(Value::as_str).map(str::to_owned);
        entry.priority = json.get("prio").and_then(Value::as_i64).unwrap_or(0);
        entry.drops_by_default = json.get("policy").and_then(Value::as_str) == Some("drop");
    }

    fn add_rule(&mut self, json: &Value) {
        let expressions = json.get("expr").and_then(Value::as_array).cloned().unwrap_or_default();
        self.chains.entry(name(json, "chain")).or_default().rules.push(expressions);
    }

    pub(super) fn chain(&self, name: &Name) -> Option<&Chain> {
        self.chains.get(name)
    }

    /// The chains that an IPv4 packet for this computer goes through, in their order.
    pub(super) fn on_the_way_in(&self) -> Vec<(&Name, &Chain)> {
        let hook = |chain: &Chain| match chain.hook.as_deref() {
            Some("prerouting") => Some(0),
            Some("input") => Some(1),
            _ => None,
        };
        let ipv4 = |family: &str| matches!(family, "ip" | "inet");
        let mut chains: Vec<(i32, &Name, &Chain)> =
            self.chains.iter().filter(|(name, _)| ipv4(&name.0)).filter_map(|(n, c)| Some((hook(c)?, n, c))).collect();
        chains.sort_by_key(|(hook, _, chain)| (*hook, chain.priority));
        chains.into_iter().map(|(_, name, chain)| (name, chain)).collect()
    }
}

fn name(json: &Value, chain: &str) -> Name {
    let text = |key: &str| json.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    (text("family"), text("table"), text(chain))
}
