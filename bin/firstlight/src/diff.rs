//! `firstlight diff`: what a machine would be served now, beside what it was last served.

use crate::{
    Failure, Outcome, SiteOption, output,
    render::{Look, Looked},
    site,
};
use firstlight_boot::{Secrets, readable};
use firstlight_model::Timestamp;
use firstlight_site::{ConfigKind, SecretText};
use firstlight_state::{KeptConfig, Marker, read_configs};
use serde::Serialize;
use similar::TextDiff;
use std::{collections::BTreeMap, path::PathBuf};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// The declared machine
    machine: String,
    /// Only this config, by its name in the URL
    config: Option<String>,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
    /// Where the server keeps what it has served; `.firstlight/state` in the site where not given
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    #[command(flatten)]
    site: SiteOption,
}

/// A config that is compared.
#[derive(Serialize)]
struct Compared {
    name: String,
    /// Since when it is served as it was last served.
    since: Timestamp,
    differs: bool,
    /// A unified diff.
    #[serde(skip_serializing_if = "String::is_empty")]
    diff: String,
    /// The secrets in it that are others than they were, by name.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    changed_secrets: Vec<String>,
}

/// Exit code 1 is for what differs, as with `diff` itself: what goes wrong is 2.
pub(crate) fn run(args: Args) -> Outcome {
    let compared = compare(&args).map_err(|failure| match failure {
        Failure::Failed(message) => Failure::Trouble(message),
        Failure::Silent => Failure::Trouble(format!("{} cannot be compared", args.machine)),
        other => other,
    })?;
    if args.json {
        output::json(&compared)?;
    } else {
        output::print(&text(&args.machine, &compared))?;
    }
    if compared.iter().any(|config| config.differs) { Err(Failure::Silent) } else { Ok(()) }
}

fn compare(args: &Args) -> Result<Vec<Compared>, Failure> {
    let looked = Looked::at(&args.site.site, &args.machine)?;
    let Some(machine) = looked.declared() else {
        let message = format!("{} is not declared: what strangers are served is not kept", args.machine);
        return Err(Failure::Failed(message));
    };
    let state = site::state_dir(&args.site.site, args.state.as_ref());
    let only = |kept: &KeptConfig| args.config.as_ref().is_none_or(|only| *only == kept.name);
    let kept: Vec<KeptConfig> = read_configs(&state, &machine)?.into_iter().filter(only).collect();
    if kept.is_empty() {
        let what = args.config.as_deref().unwrap_or("config");
        return Err(Failure::Failed(format!(
            "{machine} was served no {what} yet, as far as {} knows",
            state.display()
        )));
    }
    let marker = Marker::read(&state).unwrap_or_else(|error| {
        output::complain(&format!("firstlight: whether secrets have changed cannot be told: {error}\n"));
        None
    });
    looked.with(Secrets::Redacted, |look| {
        let kinds = look.documents()?.into_iter().map(|document| (document.name, document.kind));
        let kinds: BTreeMap<String, ConfigKind> = kinds.collect();
        let changed =
            |kept: &KeptConfig| marker.as_ref().map_or_else(Vec::new, |it| changed_secrets(look, it, &machine, kept));
        let one = |kept: &KeptConfig| one(look, kept, kinds.get(&kept.name).copied(), changed(kept));
        kept.iter().map(one).collect()
    })
}

/// The secrets that had another mark when the config was served. One that is new in it, or gone from it, shows in its text.
fn changed_secrets(look: &Look<'_>, marker: &Marker, machine: &str, kept: &KeptConfig) -> Vec<String> {
    let differs = |(name, text): &(&str, &SecretText)| {
        let now = marker.mark(machine, &kept.name, name, text.expose());
        kept.marks.get(*name).is_some_and(|then| *then != now)
    };
    let secrets = look.secrets(&kept.secrets);
    secrets.filter(differs).map(|(name, _)| name.to_owned()).collect()
}

/// `kind` is none where the machine has no config of that name any more.
fn one(
    look: &Look<'_>,
    kept: &KeptConfig,
    kind: Option<ConfigKind>,
    changed_secrets: Vec<String>,
) -> Result<Compared, Failure> {
    let now = match kind {
        Some(_) => look.rendered(&kept.name)?.text,
        None => String::new(),
    };
    let Some(before) = &kept.text else {
        return Err(Failure::Failed(format!(
            "{} was too long to be kept: there is nothing to compare with",
            kept.name
        )));
    };
    let kind = kind.unwrap_or(ConfigKind::Text);
    let (before, now) = (readable(kind, before), readable(kind, &now));
    let diff = TextDiff::from_lines(&before, &now);
    let (old, new) = (format!("{} as it is served since {}", kept.name, kept.since), format!("{} now", kept.name));
    let diff = diff.unified_diff().context_radius(3).header(&old, &new).to_string();
    let differs = before != now || !changed_secrets.is_empty();
    Ok(Compared { name: kept.name.clone(), since: kept.since, differs, diff, changed_secrets })
}

/// What is told of secrets that have changed.
fn told(config: &Compared) -> String {
    let line = |secret: &String| {
        format!("{}: the secret {secret} is another one than it is served with since {}\n", config.name, config.since)
    };
    config.changed_secrets.iter().map(line).collect()
}

fn text(machine: &str, compared: &[Compared]) -> String {
    match compared.iter().any(|config| config.differs) {
        true => compared.iter().map(|config| format!("{}{}", config.diff, told(config))).collect(),
        false => format!("{machine} would be served what it was last served.\n"),
    }
}
