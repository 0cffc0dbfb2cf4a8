//! Templates, compiled: kernel arguments, scripts and configs, in Jinja's language by minijinja.
//!
//! An undefined variable is an error at its line. What a template sees is made in `subject`.

mod fleet;
mod helpers;
mod vault;
mod yaml;

pub(crate) use fleet::{Fleet, fqdn};
pub use vault::Secrets;
pub(crate) use vault::Vault;

use firstlight_site::{Boot, Linux, Place, Profile, Site, TextFile};
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, syntax::SyntaxConfig};
use std::{collections::BTreeMap, sync::Arc};

/// Why something could not be rendered.
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

/// Every template of a site, compiled, by [`Origin::key`].
#[derive(Debug)]
pub(crate) struct Templates {
    pub(crate) fleet: Arc<Fleet>,
    environment: Environment<'static>,
    broken: BTreeMap<String, RenderError>,
}

/// A template's source and where it stands.
#[derive(Debug, Clone)]
pub(crate) struct Origin<'a> {
    key: String,
    pub(crate) text: &'a str,
    file: &'a str,
    first_line: usize,
    /// Where the site names it.
    pub(crate) named_at: &'a Place,
}

impl<'a> Origin<'a> {
    /// A profile's kernel arguments.
    pub(crate) fn of_args(profile: &'a Profile, linux: &'a Linux) -> Origin<'a> {
        let place = &linux.args_place;
        let key = format!("args {}", profile.name);
        Origin { key, text: &linux.args, file: &place.file, first_line: place.line, named_at: place }
    }

    /// A file, which is the same template wherever the site names it.
    pub(crate) fn of_file(file: &'a TextFile) -> Origin<'a> {
        let key = format!("file {}", file.file);
        Origin { key, text: &file.text, file: &file.file, first_line: 1, named_at: &file.place }
    }

    /// The template in what a profile boots.
    pub(crate) fn of_boot(profile: &'a Profile) -> Option<Origin<'a>> {
        match &profile.boot {
            Boot::Disk(_) | Boot::Menu => None,
            Boot::Script(file) => Some(Origin::of_file(file)),
            Boot::Linux(linux) => Some(Origin::of_args(profile, linux)),
        }
    }

    /// Every template of a site; one that it names twice comes twice.
    pub(crate) fn all(site: &'a Site) -> impl Iterator<Item = Origin<'a>> {
        let boots = site.profiles.values().filter_map(Origin::of_boot);
        boots.chain(site.configs().filter(|config| config.template).map(|config| Origin::of_file(&config.file)))
    }

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

fn environment() -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::None);
    // A line that holds only a `{% block %}` leaves no empty line behind: YAML and preseed would mind.
    if let Ok(syntax) =
        SyntaxConfig::builder().keep_trailing_newline(true).trim_blocks(true).lstrip_blocks(true).build()
    {
        environment.set_syntax(syntax);
    }
    environment
}

impl Templates {
    pub(crate) fn of(site: &Site) -> Templates {
        let fleet = Arc::new(Fleet::of(site, Origin::all(site).map(|origin| origin.text)));
        let mut environment = environment();
        helpers::add(&mut environment, fleet.clone(), &site.files);
        let mut templates = Templates { fleet, environment, broken: BTreeMap::new() };
        for origin in Origin::all(site) {
            templates.compile(&origin);
        }
        templates
    }

    fn compile(&mut self, origin: &Origin<'_>) {
        if self.environment.get_template(&origin.key).is_ok() || self.broken.contains_key(&origin.key) {
            return;
        }
        if let Err(error) = self.environment.add_template_owned(origin.key.clone(), origin.text.to_owned()) {
            self.broken.insert(origin.key.clone(), origin.error(&error));
        }
    }

    /// Why a template does not compile, if it does not.
    pub(crate) fn broken(&self, origin: &Origin<'_>) -> Option<&RenderError> {
        self.broken.get(&origin.key)
    }

    pub(crate) fn render(&self, origin: &Origin<'_>, context: &Value) -> Result<String, RenderError> {
        if let Some(error) = self.broken(origin) {
            return Err(error.clone());
        }
        let rendered = self.environment.get_template(&origin.key).and_then(|template| template.render(context));
        rendered.map_err(|error| origin.error(&error))
    }
}
