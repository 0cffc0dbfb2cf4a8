//! GRUB scripts, rendered from the same decision as iPXE's. Commands as in GRUB's manual, of version 2.06 and later, and
//! only those that Debian's signed image has built in: it loads no modules.
//!
//! Files are named without a server: GRUB fetches them from where it was itself loaded, by TFTP or by HTTP. Debian 12's
//! signed image knows TFTP alone, so there is no other way for all.
//!
//! GRUB reads its script anew for as long as it runs: a script that has nothing to start waits and ends.

use crate::{Ask, BootSet, Choice, Decision, Outcome, RenderError, Token, script, subject::Subject, urls};
use firstlight_site::{Boot, Linux, Network, Profile};

/// How long GRUB waits before it reads its script again, in seconds.
const AGAIN_SECONDS: u32 = 5;

impl BootSet {
    /// `grub.cfg`: leads GRUB to its script, over and over until that starts something.
    pub fn first_grub_script(&self) -> String {
        let known = "smbios --type 1 --get-uuid 8 --set uuid\nsmbios --type 1 --get-string 7 --set serial\n";
        // What else a serial number may hold would not survive in a URL: GRUB escapes nothing.
        let checked = "if regexp '^[-._A-Za-z0-9]+$' \"$serial\"; then true; else set serial=''; fi\n";
        format!(
            "{known}{checked}while true; do\n  configfile \"{}\"\n  sleep {AGAIN_SECONDS}\ndone\n",
            urls::SCRIPT_BY_GRUB
        )
    }

    /// The boot script for a decision, in GRUB's language.
    pub fn grub_script(
        &self,
        ask: &Ask,
        decision: &Decision<'_>,
        network: &Network,
        token: &Token,
    ) -> Result<String, RenderError> {
        let subject = Subject { ask, decision, network, urls: self.urls(network), token };
        let body = match &decision.outcome {
            Outcome::Profile(profile) => match &profile.boot {
                Boot::Linux(linux) => self.linux_by_grub(&subject, profile, linux)?,
                Boot::Script(file) => not_ipxe(profile, &file.file),
                Boot::Disk(_) => disk(),
                Boot::Menu => self.grub_menu(&subject),
            },
            Outcome::Disk => disk(),
            Outcome::Menu => self.grub_menu(&subject),
            Outcome::Park(reason) => park(&subject, reason),
            Outcome::Ignore => disk(),
        };
        Ok(format!("{}{body}", header(&subject)))
    }

    /// The script for a machine whose own could not be rendered: it says why and waits.
    pub fn failed_grub_script(&self, error: &RenderError) -> String {
        let text = quoted(&format!("Firstlight: this machine's boot cannot be rendered: {error}"));
        format!("echo {text}\nsleep {}\n", script::UNRENDERED_SECONDS)
    }

    fn linux_by_grub(&self, subject: &Subject<'_>, profile: &Profile, linux: &Linux) -> Result<String, RenderError> {
        let file = |asset: &str| quoted(&urls::grub_asset(subject.token, asset));
        let args = self.render_args(subject, profile, linux)?;
        let args: String = words(&args).iter().map(|word| format!(" {}", quoted(word))).collect();
        let kernel = format!("linux {}{args}", file(&linux.kernel));
        let initrds: String = linux.initrds.iter().map(|name| format!(" {}", file(name))).collect();
        // GRUB's language has no `&&`.
        let start = match linux.initrds.is_empty() {
            true => format!("if {kernel}; then\n  boot\nfi\n"),
            false => format!("if {kernel}; then\n  if initrd{initrds}; then\n    boot\n  fi\nfi\n"),
        };
        let failed = quoted(&format!("Firstlight: that failed, trying again in {} seconds", script::RETRY_SECONDS));
        Ok(format!("{start}echo {failed}\nsleep {}\n", script::RETRY_SECONDS))
    }

    fn grub_menu(&self, subject: &Subject<'_>) -> String {
        let entry = |kind: &str, name: &str, title: &str, choice: &Choice| {
            let script = quoted(&urls::grub_script(subject.ask, Some(choice)));
            format!(
                "menuentry {} --id {} {{\n  configfile {script}\n}}\n",
                quoted(title),
                quoted(&format!("{kind}-{name}"))
            )
        };
        let profiles = self.offered_profiles();
        let profiles = profiles.map(|p| entry("profile", &p.name, &p.title, &Choice::Profile(p.name.clone())));
        let classes = self.offered_classes().map(|c| entry("class", &c.name, &c.name, &Choice::Class(c.name.clone())));
        let entries: String = profiles.chain(classes).collect();
        let timeout = match self.site.menu_timeout.as_secs() {
            0 => "-1".to_owned(),
            seconds => seconds.to_string(),
        };
        format!(
            "set timeout={timeout}\nset default={default}\n{entries}menuentry 'Start the local disk' --id 'disk' {{\n  exit\n}}\n\
             menuentry 'Reboot' --id 'reboot' {{\n  reboot\n}}\n",
            default = quoted(&self.menu_default()),
        )
    }
}

fn header(subject: &Subject<'_>) -> String {
    let what = subject.decision.outcome.summary();
    let reasons = subject.decision.reasons.iter().map(|reason| format!("# {}\n", one_line(&reason.to_string())));
    let reasons: String = reasons.collect();
    let who = subject.name();
    format!("# {who}: {what}\n{reasons}echo {}\n", quoted(&format!("Firstlight: {who} boots {what}")))
}

/// GRUB goes back to the firmware, which starts its next boot device. It knows no other way that all firmware takes.
fn disk() -> String {
    "echo 'Starting the local disk'\nexit\n".to_owned()
}

fn park(subject: &Subject<'_>, reason: &str) -> String {
    let mac = subject.ask.mac;
    let seconds = subject.decision.pause.as_secs();
    format!(
        "echo {}\necho 'Its MAC address is {mac}. It asks again in {seconds} seconds; nothing on its disks is touched.'\nsleep {seconds}\n",
        quoted(&format!("Parked: {reason}."))
    )
}

fn not_ipxe(profile: &Profile, file: &str) -> String {
    let text = format!("Firstlight: profile {} is the iPXE script {file}, and this is GRUB.", profile.name);
    format!("echo {}\nsleep {}\n", quoted(&text), script::UNRENDERED_SECONDS)
}

/// The words of a kernel's command line, as the kernel itself takes them apart: double quotes keep spaces within a word.
/// GRUB puts the quotes back where a word has spaces.
fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut inside) = (Vec::new(), String::new(), false);
    for c in line.chars() {
        match c {
            '"' => inside = !inside,
            c if c.is_whitespace() && !inside => words.push(std::mem::take(&mut word)),
            c => word.push(c),
        }
    }
    words.push(word);
    words.retain(|word| !word.is_empty());
    words
}

/// A word of GRUB's language that means itself, whatever it holds.
fn quoted(text: &str) -> String {
    format!("'{}'", one_line(text).replace('\'', "'\\''"))
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_line_is_taken_apart_as_the_kernel_does() {
        assert_eq!(words(" quiet  dyndbg=\"file x +p\"  \"a b\" "), ["quiet", "dyndbg=file x +p", "a b"]);
        assert_eq!(words(""), Vec::<String>::new());
    }

    #[test]
    fn nothing_in_a_quoted_word_is_a_command() {
        assert_eq!(quoted("it's $x; \"y\"\nreboot"), "'it'\\''s $x; \"y\" reboot'");
    }
}
