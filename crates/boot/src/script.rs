//! iPXE scripts, rendered from a decision. Commands as in <https://ipxe.org/cmd>.
//!
//! What a machine says of itself is never copied into a script: only values that were parsed first are.

use crate::{Ask, BootSet, Choice, Decision, Outcome, RenderError, Token, Urls, subject::Subject};
use firstlight_site::{Boot, Class, LeaveBy, Linux, Network, Profile};

/// How long a machine waits after something failed.
pub(crate) const RETRY_SECONDS: u32 = 10;
/// How long a machine waits whose script cannot be rendered: until somebody has corrected the site.
pub(crate) const UNRENDERED_SECONDS: u32 = 30;

impl BootSet {
    /// `autoexec.ipxe`. iPXE runs it in place of its own boot, with the network card still closed: it must ask for an
    /// address itself (seen in iPXE 1.21.1+git20250501: without that it has no route).
    pub fn autoexec(&self, network: &Network) -> String {
        format!("#!ipxe\ndhcp\nchain --replace {}\n", self.urls(network).script_by_ipxe())
    }

    /// What a machine gets that may be known by its serial number and has not said it yet: ask again with everything
    /// that iPXE knows.
    pub fn first_script(&self, network: &Network) -> String {
        format!("#!ipxe\nchain --replace {}\n", self.urls(network).script_by_ipxe())
    }

    /// The boot script for a decision. `None` where the machine leaves iPXE by a "not found".
    pub fn script(
        &self,
        ask: &Ask,
        decision: &Decision<'_>,
        network: &Network,
        token: &Token,
    ) -> Result<Option<String>, RenderError> {
        let subject = Subject { ask, decision, network, urls: self.urls(network), token };
        let body = match &decision.outcome {
            Outcome::Profile(profile) => match &profile.boot {
                Boot::Linux(linux) => self.linux(&subject, profile, linux)?,
                Boot::Script(script) => return self.render_script(&subject, profile, script).map(Some),
                Boot::Disk(_) if decision.leave_by() == LeaveBy::NotFound => return Ok(None),
                Boot::Disk(_) => disk(decision.leave_by()),
                Boot::Menu => self.menu(&subject),
            },
            Outcome::Disk if decision.leave_by() == LeaveBy::NotFound => return Ok(None),
            Outcome::Disk => disk(decision.leave_by()),
            Outcome::Menu => self.menu(&subject),
            Outcome::Park(reason) => park(&subject, reason),
            Outcome::Ignore => disk(LeaveBy::Exit),
        };
        Ok(Some(format!("#!ipxe\n{}{body}", header(&subject))))
    }

    /// What a machine gets that leaves iPXE by a "not found", when it is one of our own scripts that asks: that one would
    /// take a failure for a reason to try again.
    pub fn leave_script(&self) -> &'static str {
        "#!ipxe\nexit\n"
    }

    /// The script for a machine whose own could not be rendered: it says why, waits and asks again.
    pub fn failed_script(&self, ask: &Ask, network: &Network, error: &RenderError) -> String {
        let again = self.urls(network).script_again(ask, None);
        format!(
            "#!ipxe\necho Firstlight: this machine's boot cannot be rendered: {}\nsleep {UNRENDERED_SECONDS}\nchain --replace {again}\n",
            plain(&error.to_string())
        )
    }

    fn linux(&self, subject: &Subject<'_>, profile: &Profile, linux: &Linux) -> Result<String, RenderError> {
        let args = self.render_args(subject, profile, linux)?;
        let url = |asset: &str| subject.urls.asset(subject.token, asset);
        // A kernel started by UEFI finds its initrds by these arguments; one started by BIOS ignores them.
        let names: String = linux.initrds.iter().map(|name| format!(" initrd={name}")).collect();
        let mut script = format!("kernel {}{names}", url(&linux.kernel));
        if !args.is_empty() {
            script.push_str(&format!(" {args}"));
        }
        script.push_str(" || goto failed\n");
        for initrd in &linux.initrds {
            script.push_str(&format!("initrd {} || goto failed\n", url(initrd)));
        }
        script.push_str("boot || goto failed\n");
        script.push_str(&failed(&subject.urls, subject.ask));
        Ok(script)
    }

    fn menu(&self, subject: &Subject<'_>) -> String {
        let mut items = String::from("item --gap -- Operating systems\n");
        let mut targets = String::new();
        for profile in self.offered_profiles() {
            items.push_str(&format!("item profile-{} {}\n", profile.name, plain(&profile.title)));
            let choice = Choice::Profile(profile.name.clone());
            targets.push_str(&target("profile", &profile.name, &subject.urls.script_again(subject.ask, Some(&choice))));
        }
        let mut gap = "item --gap -- Classes\n";
        for class in self.offered_classes() {
            items.push_str(std::mem::take(&mut gap));
            items.push_str(&format!("item class-{0} {0}\n", class.name));
            let choice = Choice::Class(class.name.clone());
            targets.push_str(&target("class", &class.name, &subject.urls.script_again(subject.ask, Some(&choice))));
        }
        let milliseconds = self.site.menu_timeout.as_millis();
        let timeout = if milliseconds == 0 { String::new() } else { format!("--timeout {milliseconds} ") };
        format!(
            ":menu\nmenu Firstlight: {site}\n{items}item --gap -- This machine\nitem disk Start the local disk\nitem shell iPXE shell\n\
             item reboot Reboot\nchoose {timeout}--default {default} selected || goto menu\ngoto ${{selected}}\n{targets}\
             :disk\n{leave}:shell\nshell\ngoto menu\n:reboot\nreboot\n{failed}",
            site = plain(&self.site.name),
            default = self.menu_default(),
            leave = leave(subject.decision.leave_by()),
            failed = failed(&subject.urls, subject.ask),
        )
    }

    /// The profiles that the menu offers.
    pub(crate) fn offered_profiles(&self) -> impl Iterator<Item = &Profile> {
        self.site.profiles.values().filter(|profile| profile.is_offered())
    }

    /// The classes that the menu offers: those whose profile it offers.
    pub(crate) fn offered_classes(&self) -> impl Iterator<Item = &Class> {
        self.site.classes.values().filter(|class| {
            let profile = class.profile.as_deref().or(self.site.default_profile.as_deref());
            profile.and_then(|name| self.profile(name)).is_some_and(|profile| profile.is_offered())
        })
    }

    /// The menu's default: the site's default profile where the menu offers it, else the local disk, which harms nothing.
    pub(crate) fn menu_default(&self) -> String {
        let default = self.site.default_profile.as_deref().and_then(|name| self.profile(name));
        match default.filter(|profile| profile.is_offered()) {
            Some(profile) => format!("profile-{}", profile.name),
            None => "disk".to_owned(),
        }
    }
}

fn header(subject: &Subject<'_>) -> String {
    let what = subject.decision.summary();
    let reasons: String =
        subject.decision.reasons.iter().map(|reason| format!("# {}\n", plain(&reason.to_string()))).collect();
    format!("# {}: {what}\n{reasons}echo Firstlight: {} boots {what}\n", subject.name(), subject.name())
}

fn target(kind: &str, name: &str, url: &str) -> String {
    format!(":{kind}-{name}\nchain --replace {url} || goto failed\n")
}

fn failed(urls: &Urls, ask: &Ask) -> String {
    format!(
        ":failed\necho Firstlight: that failed, trying again in {RETRY_SECONDS} seconds\nsleep {RETRY_SECONDS}\nchain --replace {} || goto failed\n",
        urls.script_again(ask, None)
    )
}

/// A person at its screen sees it wait, and why.
fn park(subject: &Subject<'_>, reason: &str) -> String {
    let seconds = subject.decision.pause.as_secs();
    format!(
        ":park\necho Parked: {}.\necho Its MAC address is {}. It asks again in {seconds} seconds; nothing on its disks is touched.\n\
         sleep {seconds}\nchain --replace {} || goto park\n",
        plain(reason),
        subject.ask.mac,
        subject.urls.script_again(subject.ask, None)
    )
}

fn disk(way: LeaveBy) -> String {
    format!("echo Starting the local disk\n{}", leave(way))
}

fn leave(way: LeaveBy) -> String {
    match way {
        LeaveBy::Sanboot => "sanboot --no-describe --drive 0x80\n".to_owned(),
        LeaveBy::Exit | LeaveBy::NotFound => "exit\n".to_owned(),
    }
}

/// Text that stands on a line of its own without being taken for commands: no line breaks, no settings, no `||`.
pub(crate) fn plain(text: &str) -> String {
    let keep = |c: char| if c.is_control() { ' ' } else { c };
    text.chars().map(keep).collect::<String>().replace("${", "$ {").replace("||", "| |").replace("&&", "& &")
}
