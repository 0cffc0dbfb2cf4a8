//! `firstlight assets`: a site's content, and the store that it is kept in.

mod add;
mod export;
mod gc;
mod import;
mod list;
mod pull;
mod update;
mod verify;

use crate::{Failure, Outcome, SiteOption, fetching::Fetching, lab, output, site};
use firstlight_assets::{Fetcher, Known, Options, Patience, Store};
use firstlight_model::parse_duration;
use firstlight_site::{Asset, AssetSource, Moved, Site};
use std::{
    path::{Path, PathBuf},
    time::Duration,
};

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// List a site's assets: where each comes from, whether it is here, why it is trusted
    List {
        #[command(flatten)]
        common: Common,
    },
    /// Fetch what a site needs and lock what nothing pins
    Pull(pull::Args),
    /// Read everything in the store again, and the site's local files, and compare it with its hash
    Verify {
        #[command(flatten)]
        common: Common,
    },
    /// Remove from the store what neither the site nor its lock nor a running server uses
    Gc {
        /// Only say what would be removed
        #[arg(long)]
        dry_run: bool,
        #[command(flatten)]
        common: Common,
    },
    /// Put a file or what a URL holds into the store, and print the block for the site
    Add(add::Args),
    /// Fetch what the lock holds anew, move the lock and show what has changed
    Update(update::Args),
    /// Write everything that a site fetches into one file, for a place without a network
    Export(export::Args),
    /// Take in what `export` wrote
    Import(import::Args),
}

/// What the commands share.
#[derive(clap::Args)]
pub(crate) struct Common {
    #[command(flatten)]
    pub(crate) site: SiteOption,
    /// Where the server keeps its state; `.firstlight/state` in the site where not given
    #[arg(long, value_name = "DIR", conflicts_with = "lab")]
    state: Option<PathBuf>,
    /// The store of the site's lab instead of the server's
    #[arg(long)]
    lab: bool,
    /// Use the files in this folder in place of the sources of assets of the same name
    #[arg(long, value_name = "DIR")]
    local: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// How sources are asked.
#[derive(clap::Args)]
struct Asking {
    /// Give up a source that sends nothing for so long
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = stall)]
    stall: Duration,
}

fn stall(text: &str) -> Result<Duration, String> {
    let time = parse_duration(text).map_err(|error| error.to_string())?;
    if time.is_zero() { Err("it is longer than nothing".to_owned()) } else { Ok(time) }
}

impl Asking {
    fn patience(&self) -> Patience {
        Patience { stall: self.stall, ..Patience::default() }
    }
}

pub(crate) fn run(command: Command) -> Outcome {
    match command {
        Command::List { common } => list::run(&common),
        Command::Pull(args) => pull::run(&args),
        Command::Verify { common } => verify::run(&common),
        Command::Gc { dry_run, common } => gc::run(&common, dry_run),
        Command::Add(args) => add::run(&args),
        Command::Update(args) => update::run(&args),
        Command::Export(args) => export::run(&args),
        Command::Import(args) => import::run(&args),
    }
}

impl Common {
    /// The store's folder.
    pub(crate) fn folder(&self) -> PathBuf {
        let site = &self.site.site;
        let state = if self.lab { lab::state_dir(site) } else { site::state_dir(site, self.state.as_ref()) };
        state.join("assets")
    }

    fn options(&self) -> Options {
        Options { local: self.local.clone(), ..Options::default() }
    }

    /// A fetcher that only looks.
    fn looker(&self, site: &Site) -> Result<Fetcher, Failure> {
        Ok(Fetcher::new(site, Store::at(&self.folder()), Known::default(), self.options())?)
    }

    fn fetcher(&self, site: &Site, options: Options) -> Result<Fetcher, Failure> {
        let store = Store::open(&self.folder())?;
        Ok(Fetcher::new(site, store, Known::default(), options)?)
    }
}

/// Progress on standard error.
fn shown() -> Fetching {
    Fetching::new(|line| output::complain(&format!("{line}\n")))
}

/// The assets of these names; all of them where none is given.
fn named<'s>(site: &'s Site, names: &[String]) -> Result<Vec<&'s Asset>, Failure> {
    if names.is_empty() {
        return Ok(site.assets.values().collect());
    }
    let find = |name: &String| {
        site.assets.get(name).ok_or_else(|| {
            let help = firstlight_model::nearest::suggestion(name, site.assets.keys().map(String::as_str));
            Failure::Failed(format!(
                "there is no asset `{name}`{}",
                help.map(|help| format!(": {help}")).unwrap_or_default()
            ))
        })
    };
    names.iter().map(find).collect()
}

/// Where an asset comes from, in a few words.
fn source(asset: &Asset, site: &Site) -> String {
    let in_site = |path: &Path| path.strip_prefix(&site.root).unwrap_or(path).display().to_string();
    match &asset.source {
        AssetSource::Path(path) => in_site(path),
        AssetSource::Urls(urls) => match &urls[..] {
            [url, _, ..] => format!("{} and {} more", firstlight_assets::shown(url), urls.len() - 1),
            _ => urls.first().map(|url| firstlight_assets::shown(url)).unwrap_or_default(),
        },
        AssetSource::Later(system) => format!("a file of {system}, whose version is not locked yet"),
        AssetSource::Member { archive: firstlight_site::Archive::Asset(name), path } => format!("{path} in {name}"),
        AssetSource::Member { archive: firstlight_site::Archive::Path(file), path } => {
            format!("{path} in {}", in_site(file))
        }
    }
}

/// What has changed in a lock, a line for each entry.
fn moves(moved: &[Moved]) -> String {
    moved.iter().map(|moved| format!("  {}\n", one_move(moved))).collect()
}

fn one_move(moved: &Moved) -> String {
    let size = |bytes: u64| indicatif::HumanBytes(bytes).to_string();
    match moved {
        Moved::Asset { name, from: None, to: Some(new) } => {
            format!("{name}: {} ({}), {}", new.sha256.short(), size(new.size), new.trust)
        }
        Moved::Asset { name, from: Some(old), to: Some(new) } if old.sha256 == new.sha256 => {
            format!(
                "{name}: {} as before, from {}, {}",
                new.sha256.short(),
                firstlight_assets::shown(&new.url),
                new.trust
            )
        }
        Moved::Asset { name, from: Some(old), to: Some(new) } => {
            let (from, to) = (size(old.size), size(new.size));
            format!("{name}: {} ({from}) → {} ({to}), {}", old.sha256.short(), new.sha256.short(), new.trust)
        }
        Moved::Asset { name, to: None, .. } => format!("{name}: no longer locked"),
        Moved::Os { name, from, to } => {
            let version = |os: &Option<firstlight_site::LockedOs>| {
                os.as_ref().map_or_else(|| "nothing".to_owned(), |os| os.version.clone())
            };
            format!("{name}: {} → {}", version(from), version(to))
        }
    }
}
