//! What a machine's standing makes of what the site gives it. The standing is the one that its question has left it in
//! (see [`firstlight_plan::step`]): this decides nothing anew, it only says what such a standing boots.

use crate::{Ask, BootSet, Choice, Decision, Outcome, configs, decide::Why};
use firstlight_model::Timestamp;
use firstlight_plan::{Boots, Input, Install, Rules, Stage, Standing, step};
use firstlight_site::{Boot, Profile, ReportedBy};

impl BootSet {
    /// What the site says of the machine that asks, for [`firstlight_plan::step`].
    pub fn rules(&self, ask: &Ask, choice: Option<&Choice>, standing: &Standing) -> Rules {
        let decision = self.by_site(ask, choice, Why::nothing());
        let once = standing.once.as_ref().map(|once| once.profile.as_str());
        Rules {
            declared: decision.machine.is_some(),
            boots: decision.boots(),
            once_is_safe: once.is_none_or(|name| self.may_boot_once(name)),
        }
    }

    /// True for a profile that a machine may be given for one boot: it is there, and installs nothing.
    pub fn may_boot_once(&self, name: &str) -> bool {
        self.profile(name).is_some_and(|profile| profile.install.is_none() && !matches!(profile.boot, Boot::Menu))
    }

    /// Where a machine would stand if it asked for its script now: what `explain` shows, and what a machine that waits
    /// is told.
    pub fn foresee(&self, ask: &Ask, choice: Option<&Choice>, standing: &Standing, now: Timestamp) -> Standing {
        let rules = self.rules(ask, choice, standing);
        let asked = step(standing, &Input::Asked("TOKEN".to_owned()), &rules, now);
        asked.map_or_else(|_| standing.clone(), |transition| transition.standing)
    }

    /// The decision for an attempt that is under way: it goes on with the profile that its script named.
    pub fn resume(&self, ask: &Ask, choice: Option<&Choice>, profile: Option<&str>) -> Decision<'_> {
        let mut decision = self.by_site(ask, choice, Why::nothing());
        decision.outcome = match profile.and_then(|name| self.profile(name)) {
            Some(profile) => Outcome::Profile(profile),
            None => Outcome::Park("its attempt names no profile".to_owned()),
        };
        decision
    }

    /// Turns what the site gives a machine into what it boots where it stands.
    pub(crate) fn by_standing<'a>(
        &'a self,
        outcome: Outcome<'a>,
        standing: &Standing,
        why: &mut Why,
    ) -> (Outcome<'a>, bool) {
        if let Some(once) = standing.boots_once().and_then(|name| self.profile(name)).filter(|p| p.install.is_none()) {
            why.at(&once.place, || format!("it boots {} for once, by order", once.name));
            return (Outcome::Profile(once), false);
        }
        if standing.stage != Stage::Unknown {
            why.implied(|| format!("it is {}: {}", standing.stage, standing.cause));
        }
        match (standing.stage, outcome) {
            (_, Outcome::Ignore) => (Outcome::Ignore, false),
            (Stage::Held | Stage::Retired, _) => (Outcome::Park(waits(standing)), false),
            (Stage::Parked, _) => self.parked(standing.cause.clone(), why),
            (_, Outcome::Park(reason)) => self.parked(reason, why),
            (stage, Outcome::Profile(profile)) if profile.install.is_some() => {
                let starts_disk = standing.starts_what_it_installs();
                (if starts_disk { Outcome::Disk } else { installs(stage, profile) }, false)
            }
            (_, outcome) => (outcome, false),
        }
    }

    /// What parked machines boot, where the site names it; else they wait in iPXE.
    fn parked(&self, reason: String, why: &mut Why) -> (Outcome<'_>, bool) {
        let parking = self.site.parking.as_deref().and_then(|name| self.profile(name));
        match parking.filter(|profile| profile.install.is_none()) {
            Some(profile) => {
                why.set(
                    &self.site.set_at.parking,
                    &format!("while it waits it boots {}, which only looks", profile.name),
                );
                (Outcome::Profile(profile), true)
            }
            None => (Outcome::Park(reason), true),
        }
    }
}

fn waits(standing: &Standing) -> String {
    format!("it is {}: {}", standing.stage, standing.cause)
}

/// An installing profile is given in one stage only. Any other has its disk, or nothing.
fn installs(stage: Stage, profile: &Profile) -> Outcome<'_> {
    match stage {
        Stage::Installing => Outcome::Profile(profile),
        Stage::Installed | Stage::InService => Outcome::Disk,
        _ => Outcome::Park(format!("its profile {} installs, and it is {stage}", profile.name)),
    }
}

impl Decision<'_> {
    /// What it comes to in a machine's life.
    pub fn boots(&self) -> Boots {
        match &self.outcome {
            Outcome::Park(reason) => Boots::Nothing(reason.clone()),
            Outcome::Menu | Outcome::Ignore => Boots::Elsewhere,
            Outcome::Disk => Boots::Disk,
            Outcome::Profile(profile) => match (&profile.install, &profile.boot) {
                (Some(install), _) => Boots::Install(Install {
                    profile: profile.name.clone(),
                    wipe: install.wipe,
                    attempts: install.attempts,
                    timeout: install.timeout,
                    reported_by_system: install.reported_by == ReportedBy::System,
                }),
                (None, Boot::Disk(_)) => Boots::Disk,
                (None, Boot::Menu) => Boots::Elsewhere,
                (None, Boot::Linux(_) | Boot::Script(_)) => Boots::Live { reports: self.reports(profile) },
            },
        }
    }

    /// Whether it is told where to report to.
    fn reports(&self, profile: &Profile) -> bool {
        profile.reports() || configs::report(self) || configs::cloud_init::reports(self)
    }
}
