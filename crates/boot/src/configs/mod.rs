//! Configs: the parts that a profile, a class and a machine bring, rendered for one machine and put together in the
//! format's own way. The server, `firstlight check` and `firstlight render` all come by here.

mod assemble;
mod cloud_config;
pub(crate) mod cloud_init;
mod compose;
mod finding;
mod ignition;
mod installers;
mod lines;
mod plain;
mod readable;

pub use cloud_config::{CloudConfig, cloud_configs};
pub use compose::{Document, Unclear};
pub use finding::Finding;
pub use readable::readable;

use crate::{
    Ask, BootSet, Decision, Outcome, RenderError, Secrets, Token,
    subject::Subject,
    templates::{Origin, Vault},
};
use assemble::{Part, assemble};
use firstlight_site::{Boot, Config, Network, SecretText};
use minijinja::Value;

/// A config as it is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// Its text.
    pub text: String,
    /// What it is, for HTTP (RFC 9110 section 8.3).
    pub media_type: &'static str,
    /// What is odd about it.
    pub warnings: Vec<Finding>,
    /// The secrets in it.
    pub secrets: Vec<String>,
}

/// Why there is no config.
#[derive(Debug, Clone, Default, PartialEq, Eq, thiserror::Error)]
#[error("{}", first(.findings))]
pub struct NotRendered {
    /// Everything that is wrong.
    pub findings: Vec<Finding>,
    /// The secrets that it asked for.
    pub secrets: Vec<String>,
}

/// The first of them, and how many there are besides.
fn first(findings: &[Finding]) -> String {
    match findings {
        [] => "this machine has no config".to_owned(),
        [one] => one.to_string(),
        [first, rest @ ..] => format!("{first} (and {} more)", rest.len()),
    }
}

impl NotRendered {
    /// Where it is wrong, and not in which words.
    fn veiled(mut self) -> NotRendered {
        for finding in &mut self.findings {
            finding.message = "what is wrong here shows only with the secrets in it, and is not told".to_owned();
            finding.help = Some("`firstlight render -show-secrets` tells it".to_owned());
        }
        self
    }
}

/// For whom a config is rendered.
#[derive(Debug, Clone, Copy)]
pub struct Recipient<'a> {
    /// What the machine has said of itself.
    pub ask: &'a Ask,
    /// What was decided for it.
    pub decision: &'a Decision<'a>,
    /// The network that it asks from.
    pub network: &'a Network,
    /// Its attempt's token.
    pub token: &'a Token,
    /// What it is told of secrets.
    pub secrets: Secrets,
}

impl<'a> Recipient<'a> {
    fn subject(&self, set: &BootSet) -> Subject<'a> {
        let Recipient { ask, decision, network, token, .. } = *self;
        Subject { ask, decision, network, urls: set.urls(network), token }
    }
}

impl BootSet {
    /// The configs that go with a decision: first the profile's, then what its class and the machine add.
    ///
    /// # Errors
    /// The site does not say which config one belongs to.
    pub fn documents<'a>(&self, decision: &Decision<'a>) -> Result<Vec<Document<'a>>, Unclear> {
        compose::documents(parts(decision))
    }

    /// The same with what is made for cloud-init besides, which has no parts.
    ///
    /// # Errors
    /// The site does not say which config one belongs to.
    pub fn all_documents<'a>(&self, recipient: &Recipient<'a>) -> Result<Vec<Document<'a>>, Unclear> {
        let mut documents = self.documents(recipient.decision)?;
        for (name, kind) in cloud_init::KINDS {
            let own = documents.iter().any(|document| document.name == name);
            if !own && self.made_for_cloud_init(recipient, name).is_some() {
                documents.push(Document { name: name.to_owned(), kind, parts: Vec::new() });
            }
        }
        Ok(documents)
    }

    /// A config's parts as its templates render them, by file, before they are put together.
    ///
    /// # Errors
    /// Of each, why there is none.
    pub fn rendered_parts<'a>(
        &self,
        recipient: &Recipient<'_>,
        document: &Document<'a>,
    ) -> Vec<(&'a Config, Result<String, RenderError>)> {
        let Outcome::Profile(profile) = &recipient.decision.outcome else { return Vec::new() };
        let vault = Vault::of(&self.site, recipient.decision.machine, recipient.secrets);
        let context = recipient.subject(self).context(&self.site, &self.templates.fleet, vault, profile);
        document.parts.iter().map(|config| (*config, self.render_part(config, &context))).collect()
    }

    /// A config as [`BootSet::config`] renders it, but what is said of it may quote secrets.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    pub fn config_candidly(&self, recipient: &Recipient<'_>, name: &str) -> Option<Result<Rendered, NotRendered>> {
        let documents = self.documents(recipient.decision).unwrap_or_default();
        match documents.iter().find(|document| document.name == name) {
            Some(document) => Some(self.render_candidly(recipient, document)),
            None => self.config(recipient, name),
        }
    }

    /// A config, rendered: the site's own, or what is made for cloud-init where that asks for something that the site does
    /// not say. `None` where there is none of that name.
    ///
    /// # Errors
    /// Everything that is wrong with it. Nothing of a secret is in that.
    pub fn config(&self, recipient: &Recipient<'_>, name: &str) -> Option<Result<Rendered, NotRendered>> {
        self.own_config(recipient, name).or_else(|| self.made_for_cloud_init(recipient, name).map(Ok))
    }

    fn own_config(&self, recipient: &Recipient<'_>, name: &str) -> Option<Result<Rendered, NotRendered>> {
        match self.documents(recipient.decision) {
            Ok(documents) => {
                let document = documents.into_iter().find(|document| document.name == name)?;
                Some(self.render_document(recipient, &document))
            }
            Err(unclear) => Some(Err(NotRendered { findings: vec![unclear.into()], secrets: Vec::new() })),
        }
    }

    /// Where secrets were shown, what is said of the result is said of one without them: a message may quote the text
    /// that it is about.
    pub(crate) fn render_document(
        &self,
        recipient: &Recipient<'_>,
        document: &Document<'_>,
    ) -> Result<Rendered, NotRendered> {
        let rendered = self.render_candidly(recipient, document);
        let secrets = rendered.as_ref().map_or_else(|not| &not.secrets, |rendered| &rendered.secrets);
        if recipient.secrets != Secrets::Shown || secrets.is_empty() {
            return rendered;
        }
        let redacted = self.render_candidly(&Recipient { secrets: Secrets::Redacted, ..*recipient }, document);
        match (rendered, redacted) {
            (Ok(rendered), Ok(redacted)) => Ok(Rendered { warnings: redacted.warnings, ..rendered }),
            (Ok(rendered), Err(_)) => Ok(Rendered { warnings: Vec::new(), ..rendered }),
            (Err(_), Err(redacted)) => Err(redacted),
            (Err(not), Ok(_)) => Err(not.veiled()),
        }
    }

    /// The same, and what is said of it may quote secrets.
    ///
    /// # Errors
    /// Everything that is wrong with it.
    fn render_candidly(&self, recipient: &Recipient<'_>, document: &Document<'_>) -> Result<Rendered, NotRendered> {
        let Outcome::Profile(profile) = &recipient.decision.outcome else { return Err(NotRendered::default()) };
        let vault = Vault::of(&self.site, recipient.decision.machine, recipient.secrets);
        let context = recipient.subject(self).context(&self.site, &self.templates.fleet, vault.clone(), profile);
        let (mut parts, mut findings) = (Vec::new(), Vec::new());
        for config in &document.parts {
            match self.render_part(config, &context) {
                Ok(text) => parts.push(Part { config, text }),
                Err(error) => findings.push(error.into()),
            }
        }
        let secrets = vault.asked();
        let assembled =
            if findings.is_empty() { assemble(document.kind, &parts, &self.site.files) } else { Err(findings) };
        match assembled {
            Ok((text, warnings)) => {
                Ok(Rendered { text, media_type: assemble::media_type(document.kind), warnings, secrets })
            }
            Err(findings) => Err(NotRendered { findings, secrets }),
        }
    }

    fn render_part(&self, config: &Config, context: &Value) -> Result<String, RenderError> {
        match config.template {
            true => self.templates.render(&Origin::of_file(&config.file), context),
            false => Ok(config.file.text.to_string()),
        }
    }
}

impl BootSet {
    /// Those of these secrets that the machine of a decision has, by name.
    pub fn secrets<'a>(
        &'a self,
        decision: &Decision<'a>,
        names: &'a [String],
    ) -> impl Iterator<Item = (&'a str, &'a SecretText)> {
        let machine = decision.machine;
        names.iter().filter_map(move |name| {
            let text = self.site.secrets.get(name)?.of(&self.site, machine?).ok()?;
            Some((name.as_str(), text))
        })
    }
}

/// What a decision brings along, the most general first.
fn parts<'a>(decision: &Decision<'a>) -> impl Iterator<Item = &'a Config> {
    let profile = match decision.outcome {
        Outcome::Profile(profile) if matches!(profile.boot, Boot::Linux(_) | Boot::Script(_)) => Some(profile),
        _ => None,
    };
    // What is not booted for a config has no use for one.
    let (class, machine) =
        (decision.class.filter(|_| profile.is_some()), decision.machine.filter(|_| profile.is_some()));
    let of_profile = profile.map(|profile| &profile.configs[..]);
    let of_class = class.map(|class| &class.configs[..]);
    let of_machine = machine.map(|machine| &machine.configs[..]);
    [of_profile, of_class, of_machine].into_iter().flatten().flatten()
}

/// The configs of a decision, for what only wants their names; none where the site is unclear, which is reported
/// where they are rendered.
pub(crate) fn documents<'a>(decision: &Decision<'a>) -> Vec<Document<'a>> {
    compose::documents(parts(decision)).unwrap_or_default()
}

/// True where what is booted will report by itself: its configs hold the URL.
pub(crate) fn report(decision: &Decision<'_>) -> bool {
    parts(decision).any(Config::reports)
}
