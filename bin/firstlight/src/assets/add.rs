//! `firstlight assets add`: into the store, and the block for the site.

use super::{Asking, Common, shown};
use crate::{Failure, Outcome, output, site};
use firstlight_assets::{Options, Step};
use firstlight_boot::Content;
use firstlight_model::Sha256;
use firstlight_site::{Asset, AssetSource, Pin, Place};
use serde::Serialize;
use std::path::Path;

#[derive(clap::Args)]
pub(crate) struct Args {
    /// A file of this computer, or a URL
    #[arg(value_name = "FILE|URL")]
    source: String,
    /// What the asset is called; the file's name where not given
    #[arg(long)]
    name: Option<String>,
    #[command(flatten)]
    asking: Asking,
    #[command(flatten)]
    common: Common,
}

#[derive(Serialize)]
struct Added {
    name: String,
    url: String,
    size: u64,
    sha256: Sha256,
}

pub(super) fn run(args: &Args) -> Outcome {
    let site = site::load(&args.common.site.site)?;
    let url = url(&args.source)?;
    let name = args.name.clone().unwrap_or_else(|| implied_name(&url));
    let options = Options { patience: args.asking.patience(), ..Options::default() };
    let fetcher = args.common.fetcher(&site, options)?;
    let place = Place { file: String::new(), line: 1, column: 1 };
    let asset = Asset { name: name.clone(), place, source: AssetSource::Urls(vec![url.clone()]), pin: Pin::Lock };
    let shown = shown();
    // It is pinned in the block that is printed: the lock is not written.
    let content = fetcher.fetch(&asset, &|progress| match progress.step {
        Step::Locked { .. } => {}
        _ => shown.show(progress),
    });
    let content = content.map_err(|error| Failure::Failed(format!("{name}: {error}")))?;
    let (size, Content::File { sha256, .. }) = (content.size(), content) else { return Err(Failure::Silent) };
    let added = Added { name, url, size, sha256 };
    if args.common.json { output::json(&added) } else { output::print(&block(&added)) }
}

/// A file becomes its `file:` URL.
fn url(source: &str) -> Result<String, Failure> {
    if source.contains("://") || source.starts_with("ipfs:") || source.starts_with("oci:") {
        return Ok(source.to_owned());
    }
    let path = Path::new(source).canonicalize().map_err(crate::tried("read", Path::new(source)))?;
    let text = path.to_str().ok_or_else(|| Failure::Failed("the file's name is not UTF-8".to_owned()))?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-~+,".contains(&byte);
    let escaped: String =
        text.bytes().map(|b| if plain(b) { char::from(b).to_string() } else { format!("%{b:02X}") }).collect();
    Ok(format!("file://{escaped}"))
}

/// The last part of a URL, as a name can be.
fn implied_name(url: &str) -> String {
    let path = url.split(['?', '#']).next().unwrap_or_default();
    let last = path.rsplit('/').find(|part| !part.is_empty()).unwrap_or("asset");
    let name: String =
        last.chars().map(|c| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '-' }).collect();
    name.trim_start_matches('.').to_owned()
}

fn block(added: &Added) -> String {
    let Added { name, url, sha256, .. } = added;
    format!("asset \"{name}\" {{\n  url    = {}\n  sha256 = \"{sha256}\"\n}}\n", firstlight_site::quoted(url))
}
