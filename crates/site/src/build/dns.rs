//! The `dns` block: who is asked, who may ask, and the records.

use super::{machines, site_block::Settings};
use crate::{
    Dns, Mx, Record, Srv,
    fields::Fields,
    source::{At, Span},
    world::World,
};
use firstlight_model::{Domain, Ipv4Net};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    time::Duration,
};

/// RFC 2181 section 8: 31 bits. A week is more than any site that changes wants.
const LONGEST_TTL: Duration = Duration::from_secs(7 * 24 * 3600);

pub(super) fn read(world: &World<'_>, settings: &Settings, machines: &[machines::Draft]) -> Option<Dns> {
    let block = world.find("dns", "")?;
    let fields = Fields::new(world, block);
    let Some(domain) = &settings.domain else {
        let note = fields.error(block.header, "`dns` needs the site's domain, and there is none");
        note.next("add `domain = \"lab.example\"` to the `site` block");
        return None;
    };
    let mut records = BTreeMap::new();
    for inner in &block.blocks {
        let fields = Fields::new(world, inner);
        let (name, record) = (name(&fields, domain), record(&fields, domain));
        let Some(name) = name.filter(|name| is_free(&fields, name, &record, machines)) else { continue };
        if records.insert(name.value.clone(), record).is_some() {
            let note = fields.error(name.span, format!("a second record is named `{}`", name.value));
            note.label("case does not matter in DNS").next("put all that the name stands for into one block");
        }
    }
    let networks = fields.parsed_list("allow").unwrap_or_default();
    Some(Dns {
        place: fields.place(),
        upstreams: fields
            .texts("upstreams")
            .unwrap_or_default()
            .iter()
            .filter_map(|at| upstream(&fields, at))
            .collect(),
        ttl: ttl(&fields),
        allow: networks.into_iter().map(|at: At<Ipv4Net>| at.value).collect(),
        records,
    })
}

fn upstream(fields: &Fields<'_, '_>, text: &At<String>) -> Option<SocketAddr> {
    let address =
        text.value.parse().map(|address: IpAddr| SocketAddr::new(address, 53)).or_else(|_| text.value.parse());
    match address {
        Ok(address) if address.port() != 0 && !address.ip().is_unspecified() => Some(address),
        _ => {
            let note = fields.error(text.span, format!("`{}` is not the address of a name server", text.value));
            note.label("not a valid `upstreams`").next("write it like \"9.9.9.9\", or with a port: \"10.0.0.1:5353\"");
            None
        }
    }
}

fn ttl(fields: &Fields<'_, '_>) -> Duration {
    let usual = Duration::from_secs(60);
    let Some(ttl) = fields.duration("ttl") else { return usual };
    if ttl.value > LONGEST_TTL {
        fields.error(ttl.span, "`ttl` is at most 7d").next("1m is usual: machines come and go");
    }
    ttl.value
}

/// The record's name below the site's domain, in lower case.
fn name(fields: &Fields<'_, '_>, domain: &Domain) -> Option<At<String>> {
    let At { value, span } = fields.label();
    let name = value.to_ascii_lowercase();
    let label = |label: &str| {
        (1..=63).contains(&label.len()) && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
    };
    let fits = name.len() + domain.as_str().len() < 253;
    if fits && (name == "@" || name.split('.').all(label)) {
        return Some(At::new(name, span));
    }
    let note = fields.error(span, format!("`{value}` is not a name below `{domain}`"));
    note.next("letters, digits, `-`, `_` and dots; `@` is the domain itself; without the domain at its end");
    None
}

/// A machine's name has its machine's address, and nothing else may be its address.
fn is_free(fields: &Fields<'_, '_>, name: &At<String>, record: &Record, machines: &[machines::Draft]) -> bool {
    let clashes = !record.a.is_empty() || record.cname.is_some();
    let Some(machine) = machines.iter().find(|m| m.name.value.as_str() == name.value && clashes) else { return true };
    let note = fields.error(name.span, format!("the machine `{}` has this name", name.value));
    drop(
        note.related(machine.name.span, "declared here").next(
            "its A record is its address; give the record another name, or leave only what is not an address in it",
        ),
    );
    false
}

fn record(fields: &Fields<'_, '_>, domain: &Domain) -> Record {
    let record = Record {
        a: fields.parsed_list("a").unwrap_or_default().into_iter().map(|at| at.value).collect(),
        aaaa: fields.parsed_list("aaaa").unwrap_or_default().into_iter().map(|at| at.value).collect(),
        cname: fields.text("cname").and_then(|at| target(fields, at, domain)),
        txt: fields.texts("txt").unwrap_or_default().into_iter().filter_map(|at| text(fields, at)).collect(),
        mx: fields.items("mx").unwrap_or_default().iter().filter_map(|item| mx(fields, item, domain)).collect(),
        srv: fields.items("srv").unwrap_or_default().iter().filter_map(|item| srv(fields, item, domain)).collect(),
    };
    let written = |name: &&str| fields.is_written(name);
    if let Some(other) = ["a", "aaaa", "txt", "mx", "srv"].into_iter().find(written)
        && let Some(cname) = fields.written("cname")
    {
        let note = fields.error(cname.key, "a name with a `cname` has no other records (RFC 1034 section 3.6.2)");
        drop(note.related(fields.written(other).map_or(cname.key, |at| at.key), "one of them").next("remove one"));
    }
    if !["a", "aaaa", "cname", "txt", "mx", "srv"].into_iter().any(|name| fields.is_written(name)) {
        let note = fields.error(fields.block.header, format!("the record `{}` is empty", fields.label().value));
        note.next("add `a = [\"10.20.0.5\"]`, or `aaaa`, `cname`, `txt`, `mx` or `srv`");
    }
    record
}

/// A single label lies in the site's domain; with a dot in it, it is the whole name.
fn target(fields: &Fields<'_, '_>, text: At<String>, domain: &Domain) -> Option<Domain> {
    let whole = if text.value.contains('.') { text.value } else { format!("{}.{domain}", text.value) };
    fields.parse(At::new(whole, text.span), "target").map(|at| at.value)
}

fn text(fields: &Fields<'_, '_>, text: At<String>) -> Option<String> {
    if text.value.len() > 255 {
        let note = fields.error(text.span, format!("a text has at most 255 bytes, and this one {}", text.value.len()));
        note.next("make a list of shorter ones of it");
        return None;
    }
    Some(text.value)
}

fn mx(fields: &Fields<'_, '_>, item: &At<Value>, domain: &Domain) -> Option<Mx> {
    let next = "for example: mx = [{ preference = 10, target = \"mail\" }]";
    let part = Part { fields, item, domain, next };
    part.only(&["preference", "target"])?;
    Some(Mx { preference: part.number("preference", Some(10))?, target: part.target()? })
}

fn srv(fields: &Fields<'_, '_>, item: &At<Value>, domain: &Domain) -> Option<Srv> {
    let next = "for example: srv = [{ port = 80, target = \"nas\" }], with `priority` and `weight` where wanted";
    let part = Part { fields, item, domain, next };
    part.only(&["priority", "weight", "port", "target"])?;
    Some(Srv {
        priority: part.number("priority", Some(0))?,
        weight: part.number("weight", Some(0))?,
        port: part.number("port", None)?,
        target: part.target()?,
    })
}

/// One map in a list of records.
struct Part<'p, 'w, 'a> {
    fields: &'p Fields<'w, 'a>,
    item: &'p At<Value>,
    domain: &'p Domain,
    next: &'static str,
}

impl Part<'_, '_, '_> {
    fn wrong<T>(&self, span: Span, message: String) -> Option<T> {
        self.fields.error(span, message).next(self.next);
        None
    }

    fn only(&self, known: &[&str]) -> Option<()> {
        let Some(map) = self.item.value.as_object() else {
            return self.wrong(self.item.span, "this is a map".to_owned());
        };
        match map.keys().find(|key| !known.contains(&key.as_str())) {
            Some(key) => self.wrong(self.item.span, format!("there is no `{key}` in it")),
            None => Some(()),
        }
    }

    fn number(&self, name: &str, implied: Option<u16>) -> Option<u16> {
        let value = self.item.value.get(name).filter(|value| !value.is_null());
        let Some(value) = value else {
            return implied.or_else(|| self.wrong(self.item.span, format!("`{name}` is missing")));
        };
        let number = value.as_u64().and_then(|number| u16::try_from(number).ok());
        number.or_else(|| self.wrong(self.item.span, format!("`{name}` is from 0 to 65535, not `{value}`")))
    }

    fn target(&self) -> Option<Domain> {
        match self.item.value.get("target").and_then(Value::as_str) {
            Some(text) => target(self.fields, At::new(text.to_owned(), self.item.span), self.domain),
            None => self.wrong(self.item.span, "`target` is missing".to_owned()),
        }
    }
}
