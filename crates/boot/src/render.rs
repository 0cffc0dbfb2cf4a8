//! Templates: kernel arguments, configs and scripts, rendered for one machine with minijinja.
//!
//! An undefined variable is an error at its line. What a template sees is made in `subject`.

use crate::{Ask, BootSet, Client, Decision, Outcome, Token, decide::Why, subject::Subject};
use firstlight_model::{Firmware, Mac};
use firstlight_site::{Boot, Linux, Machine, Network, Place, Profile, Site, TextFile};
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, syntax::SyntaxConfig};
use std::collections::{BTreeMap, BTreeSet};

/// Why a template could not be rendered.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
#[error("{file}:{line}: {message}")]
pub struct RenderError {
    /// The file, relative to the site's folder.
    pub file: String,
    /// The line in it, counted from 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

/// A template that fails, found before any machine asks for it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct TemplateProblem {
    /// What fails and where.
    pub error: RenderError,
    /// The text of the file that it stands in; empty where that is one of the site's own HCL files.
    pub text: String,
    /// Where the site names the template.
    pub named_at: Place,
    /// The machines that it fails for; empty where it does not compile at all.
    pub machines: Vec<String>,
}

/// Every template of a site, compiled. Named `args PROFILE`, `script PROFILE` and `config PROFILE/NAME`.
#[derive(Debug)]
pub(crate) struct Templates {
    environment: Environment<'static>,
    broken: BTreeMap<String, RenderError>,
}

/// A template's source and where it stands.
struct Origin<'a> {
    key: String,
    text: &'a str,
    file: &'a str,
    first_line: usize,
    named_at: &'a Place,
}

fn origins(profile: &Profile) -> Vec<Origin<'_>> {
    match &profile.boot {
        Boot::Disk(_) | Boot::Menu => Vec::new(),
        Boot::Script(file) => vec![from_file(format!("script {}", profile.name), file)],
        Boot::Linux(linux) => {
            let place = &linux.args_place;
            let args = Origin {
                key: format!("args {}", profile.name),
                text: &linux.args,
                file: &place.file,
                first_line: place.line,
                named_at: place,
            };
            let config = |(name, file)| from_file(format!("config {}/{name}", profile.name), file);
            std::iter::once(args).chain(linux.configs.iter().map(config)).collect()
        }
    }
}

fn from_file(key: String, file: &TextFile) -> Origin<'_> {
    Origin { key, text: &file.text, file: &file.file, first_line: 1, named_at: &file.place }
}

impl Origin<'_> {
    fn error(&self, error: &minijinja::Error) -> RenderError {
        let line = self.first_line + error.line().unwrap_or(1).saturating_sub(1);
        RenderError { file: self.file.to_owned(), line, message: describe(error) }
    }
}

/// minijinja's own words, and the detail that it keeps apart.
fn describe(error: &minijinja::Error) -> String {
    match error.detail() {
        Some(detail) => format!("{}: {detail}", error.kind()),
        None => error.kind().to_string(),
    }
}

impl Templates {
    pub(crate) fn of(site: &Site) -> Templates {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| AutoEscape::None);
        // A line that holds only a `{% block %}` leaves no empty line behind: YAML and preseed would mind.
        if let Ok(syntax) =
            SyntaxConfig::builder().keep_trailing_newline(true).trim_blocks(true).lstrip_blocks(true).build()
        {
            environment.set_syntax(syntax);
        }
        let mut broken = BTreeMap::new();
        for origin in site.profiles.values().flat_map(origins) {
            if let Err(error) = environment.add_template_owned(origin.key.clone(), origin.text.to_owned()) {
                broken.insert(origin.key.clone(), origin.error(&error));
            }
        }
        Templates { environment, broken }
    }

    fn render(&self, origin: &Origin<'_>, context: &Value) -> Result<String, RenderError> {
        if let Some(error) = self.broken.get(&origin.key) {
            return Err(error.clone());
        }
        let rendered = self.environment.get_template(&origin.key).and_then(|template| template.render(context));
        rendered.map_err(|error| origin.error(&error))
    }
}

impl BootSet {
    /// The kernel's command line, on one line.
    pub(crate) fn render_args(
        &self,
        subject: &Subject<'_>,
        profile: &Profile,
        linux: &Linux,
    ) -> Result<String, RenderError> {
        let text = self.render_keyed(subject, profile, &format!("args {}", profile.name))?;
        // A variable may have brought a line break along: it would end the script's line and begin a command.
        match text.contains(['\n', '\r']) {
            false => Ok(text),
            true => Err(RenderError {
                file: linux.args_place.file.clone(),
                line: linux.args_place.line,
                message: "the rendered kernel arguments contain a line break".to_owned(),
            }),
        }
    }

    /// The user's own iPXE script.
    pub(crate) fn render_script(&self, subject: &Subject<'_>, profile: &Profile) -> Result<String, RenderError> {
        self.render_keyed(subject, profile, &format!("script {}", profile.name))
    }

    /// A config of the profile that was decided, rendered for the machine that asks. `None` where the profile has no
    /// config of that name.
    pub fn config(
        &self,
        ask: &Ask,
        decision: &Decision<'_>,
        network: &Network,
        token: &Token,
        name: &str,
    ) -> Option<Result<String, RenderError>> {
        let Outcome::Profile(profile) = &decision.outcome else { return None };
        let Boot::Linux(Linux { configs, .. }) = &profile.boot else { return None };
        let file = configs.get(name)?;
        let subject = Subject { ask, decision, network, urls: self.urls(network), token };
        let origin = from_file(format!("config {}/{name}", profile.name), file);
        Some(self.templates.render(&origin, &subject.context(&self.site, profile)))
    }

    fn render_keyed(&self, subject: &Subject<'_>, profile: &Profile, key: &str) -> Result<String, RenderError> {
        match origins(profile).into_iter().find(|origin| origin.key == key) {
            Some(origin) => self.templates.render(&origin, &subject.context(&self.site, profile)),
            None => Ok(String::new()),
        }
    }
}

/// Renders every template for every machine that would be served it, and compiles the rest, so that mistakes are
/// found at `firstlight check` and not at a boot.
pub fn check_templates(site: &Site) -> Vec<TemplateProblem> {
    let set = BootSet::new(site.clone(), BTreeMap::new(), BTreeMap::new(), 0);
    let mut found: BTreeMap<(RenderError, Place), BTreeSet<String>> = BTreeMap::new();
    for origin in site.profiles.values().flat_map(origins) {
        if let Some(error) = set.templates.broken.get(&origin.key) {
            found.entry((error.clone(), origin.named_at.clone())).or_default();
        }
    }
    for machine in site.machines.values() {
        for (error, named_at) in set.failures_for(machine) {
            found.entry((error, named_at)).or_default().insert(machine.name.to_string());
        }
    }
    let problem = |((error, named_at), machines): ((RenderError, Place), BTreeSet<String>)| TemplateProblem {
        text: text_of(site, &error.file).unwrap_or_default().to_owned(),
        error,
        named_at,
        machines: machines.into_iter().collect(),
    };
    found.into_iter().map(problem).collect()
}

/// The text of a config or script, by its file's name.
fn text_of<'a>(site: &'a Site, file: &str) -> Option<&'a str> {
    let files = site.profiles.values().flat_map(|profile| match &profile.boot {
        Boot::Linux(linux) => linux.configs.values().collect(),
        Boot::Script(script) => vec![script],
        Boot::Disk(_) | Boot::Menu => Vec::new(),
    });
    files.into_iter().find(|text| text.file == file).map(|text| text.text.as_str())
}

impl BootSet {
    fn failures_for(&self, machine: &Machine) -> Vec<(RenderError, Place)> {
        let ask = Ask {
            mac: machine.mac.unwrap_or(Mac([0; 6])),
            uuid: machine.uuid,
            serial: machine.serial.clone(),
            client: Client::Ipxe(Some(Firmware::Bios)),
        };
        let decision = self.by_site(&ask, None, Why::nothing());
        let of_address = machine.address.and_then(|address| self.network_of(address));
        let (Outcome::Profile(profile), Some(network)) = (&decision.outcome, of_address.or(self.site.networks.first()))
        else {
            return Vec::new();
        };
        let token = Token::placeholder();
        let subject = Subject { ask: &ask, decision: &decision, network, urls: self.urls(network), token: &token };
        let context = subject.context(&self.site, profile);
        let fails = |origin: Origin<'_>| {
            let error = self.templates.render(&origin, &context).err()?;
            Some((error, origin.named_at.clone()))
        };
        origins(profile).into_iter().filter_map(fails).collect()
    }
}
