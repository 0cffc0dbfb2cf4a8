//! The `package_cache` block as HCL.

use super::Page;
use crate::PackageCache;
use serde_json::json;

pub(super) fn show(page: &mut Page, cache: &PackageCache) {
    page.set("port", cache.port);
    page.text("size", cache.size);
    page.list("allow", &cache.allow);
    if !cache.mirrors.is_empty() {
        page.set("mirrors", json!(cache.mirrors));
    }
}
