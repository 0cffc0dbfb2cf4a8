//! What a profile boots, rendered for one machine: kernel arguments and scripts.

use crate::{
    BootSet, RenderError, Secrets,
    subject::Subject,
    templates::{Origin, Vault},
};
use firstlight_site::{Linux, Profile, TextFile};
use minijinja::Value;

/// Why there is no secret in what is rendered here.
const OPEN: &str = "kernel arguments and scripts are told to whoever knows the MAC address; put it into a config";

impl BootSet {
    /// What templates see in what anybody may fetch.
    pub(crate) fn open_context(&self, subject: &Subject<'_>, profile: &Profile) -> Value {
        let vault = Vault::of(&self.site, subject.decision.machine, Secrets::Withheld(OPEN));
        subject.context(&self.site, &self.templates.fleet, vault, profile)
    }

    /// The kernel's command line, on one line.
    pub(crate) fn render_args(
        &self,
        subject: &Subject<'_>,
        profile: &Profile,
        linux: &Linux,
    ) -> Result<String, RenderError> {
        let text = self.templates.render(&Origin::of_args(profile, linux), &self.open_context(subject, profile))?;
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
    pub(crate) fn render_script(
        &self,
        subject: &Subject<'_>,
        profile: &Profile,
        script: &TextFile,
    ) -> Result<String, RenderError> {
        self.templates.render(&Origin::of_file(script), &self.open_context(subject, profile))
    }
}
