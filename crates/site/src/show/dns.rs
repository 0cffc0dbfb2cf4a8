//! The `dns` block as HCL.

use super::Page;
use crate::{Dns, Record};
use firstlight_model::format_duration;
use serde_json::json;

pub(super) fn dns(page: &mut Page, dns: &Dns) {
    page.list("upstreams", &dns.upstreams);
    page.text("ttl", format_duration(dns.ttl));
    page.list("allow", &dns.allow);
    for (name, record) in &dns.records {
        page.block("record", Some(name), |page| self::record(page, record));
    }
}

fn record(page: &mut Page, record: &Record) {
    let some = |page: &mut Page, name: &str, values: Vec<serde_json::Value>| {
        if !values.is_empty() {
            page.set(name, values);
        }
    };
    some(page, "a", record.a.iter().map(|a| json!(a)).collect());
    some(page, "aaaa", record.aaaa.iter().map(|a| json!(a)).collect());
    page.maybe("cname", &record.cname);
    some(page, "txt", record.txt.iter().map(|text| json!(text)).collect());
    let mx = |mx: &crate::Mx| json!({ "preference": mx.preference, "target": mx.target });
    some(page, "mx", record.mx.iter().map(mx).collect());
    let srv = |srv: &crate::Srv| json!({ "priority": srv.priority, "weight": srv.weight, "port": srv.port, "target": srv.target });
    some(page, "srv", record.srv.iter().map(srv).collect());
}
