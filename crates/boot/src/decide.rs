//! The decision: which machine is this, and what does it boot. The servers and `firstlight explain` share it.
//!
//! ```text
//! identity   serial, then UUID, then MAC; a declared machine wins over a stranger
//! profile    the menu's choice, else the machine's own, else its class's, else the site's default
//! stranger   site.unknown: park | menu | boot | ignore
//! standing   held, parked, installing, in service…: what of that the machine gets now (module `lifecycle`)
//! ```

use crate::{Ask, BootSet};
use firstlight_model::Arch;
use firstlight_plan::Standing;
use firstlight_site::{Boot, Class, LeaveBy, Machine, Place, Profile, Unknown, Vars};
use serde::{Serialize, Serializer};
use std::{fmt, time::Duration};

/// What somebody chose at the boot menu.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Choice {
    /// A profile, by name.
    Profile(String),
    /// A class, by name: its profile with its variables.
    Class(String),
}

/// Whose a profile is that neither machine nor class names.
const DEFAULT: &str = "the site's default";

/// What a machine boots, and why.
#[derive(Debug, Clone)]
pub struct Decision<'a> {
    /// The declared machine that it is.
    pub machine: Option<&'a Machine>,
    /// The class whose variables it has.
    pub class: Option<&'a Class>,
    /// What it gets.
    pub outcome: Outcome<'a>,
    /// True where it is parked: it waits for somebody's word, be it in a profile that only looks.
    pub parked: bool,
    /// How long it is to wait before it asks again, where it waits.
    pub pause: Duration,
    /// Each step that led there, in order.
    pub reasons: Vec<Reason>,
}

/// What a machine gets.
#[derive(Debug, Clone)]
pub enum Outcome<'a> {
    /// It boots this profile.
    Profile(&'a Profile),
    /// It starts its local disk, by [`Decision::leave_by`]: it was installed.
    Disk,
    /// It is shown the boot menu.
    Menu,
    /// It waits, harmlessly, and asks again. Says why.
    Park(String),
    /// It gets no answer.
    Ignore,
}

/// One step of a decision, with the place in the site that decided it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reason {
    /// The step in words.
    pub text: String,
    /// What decided it. `None` where the site says nothing and the default holds.
    pub place: Option<Place>,
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.place {
            Some(place) => write!(f, "{} ({place})", self.text),
            None => f.write_str(&self.text),
        }
    }
}

impl Serialize for Reason {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl Outcome<'_> {
    /// A few words for lists: `profile linux`, `menu`, `parked`.
    pub fn summary(&self) -> String {
        match self {
            Outcome::Profile(profile) => format!("profile {}", profile.name),
            Outcome::Disk => "disk".to_owned(),
            Outcome::Menu => "menu".to_owned(),
            Outcome::Park(_) => "parked".to_owned(),
            Outcome::Ignore => "ignored".to_owned(),
        }
    }
}

impl Decision<'_> {
    /// A few words for lists; what a parked machine boots while it waits does not matter there.
    pub fn summary(&self) -> String {
        if self.parked { "parked".to_owned() } else { self.outcome.summary() }
    }

    /// How this machine leaves iPXE for its disk: its own way, else its class's, else the profile's.
    pub fn leave_by(&self) -> LeaveBy {
        let of_profile = match &self.outcome {
            Outcome::Profile(Profile { boot: Boot::Disk(way), .. }) => Some(*way),
            _ => None,
        };
        let of_machine = self.machine.and_then(|m| m.leave_by);
        of_machine.or(self.class.and_then(|c| c.leave_by)).or(of_profile).unwrap_or(LeaveBy::Exit)
    }

    /// Whether it gets the signed chain: the machine's own word, else its class's, else `default`, the site's.
    pub fn secure_boot(&self, default: bool) -> bool {
        let of_machine = self.machine.and_then(|machine| machine.secure_boot);
        of_machine.or(self.class.and_then(|class| class.secure_boot)).unwrap_or(default)
    }

    /// The variables that templates see: the profile's, under the class's, under the machine's.
    pub fn vars(&self) -> Vars {
        let mut vars = Vars::new();
        if let Outcome::Profile(profile) = &self.outcome {
            vars.extend(profile.vars.clone());
        }
        vars.extend(self.class.iter().flat_map(|class| class.vars.clone()));
        vars.extend(self.machine.iter().flat_map(|machine| machine.vars.clone()));
        vars
    }
}

/// Reasons, collected as the decision goes along; or not, where nobody will read them: DHCP decides for every packet.
pub(crate) struct Why(Option<Vec<Reason>>);

impl Why {
    pub(crate) fn nothing() -> Why {
        Why(None)
    }

    /// Where the site sets it; where it does not, the default holds.
    pub(crate) fn set(&mut self, place: &Option<Place>, text: &str) {
        if let Some(reasons) = &mut self.0 {
            reasons.push(Reason { text: text.to_owned(), place: place.clone() });
        }
    }

    pub(crate) fn at(&mut self, place: &Place, text: impl FnOnce() -> String) {
        if let Some(reasons) = &mut self.0 {
            reasons.push(Reason { text: text(), place: Some(place.clone()) });
        }
    }

    pub(crate) fn implied(&mut self, text: impl FnOnce() -> String) {
        if let Some(reasons) = &mut self.0 {
            reasons.push(Reason { text: text(), place: None });
        }
    }
}

impl BootSet {
    /// Decides what a machine boots that stands there: after its question, as [`firstlight_plan::step`] left it.
    /// `choice` is what was picked at the menu; it never gives a stranger more than the menu offered it.
    pub fn decide(&self, ask: &Ask, choice: Option<&Choice>, standing: &Standing) -> Decision<'_> {
        let mut decision = self.by_site(ask, choice, Why(Some(Vec::new())));
        let mut why = Why(Some(std::mem::take(&mut decision.reasons)));
        let outcome = std::mem::replace(&mut decision.outcome, Outcome::Ignore);
        (decision.outcome, decision.parked) = self.by_standing(outcome, standing, &mut why);
        decision.pause = standing.pause();
        decision.reasons = why.0.unwrap_or_default();
        decision
    }

    /// What the site alone gives it, wherever it stands: what `firstlight render` and `diff` look at.
    pub fn given_by_site(&self, ask: &Ask) -> Decision<'_> {
        self.by_site(ask, None, Why::nothing())
    }

    /// What the site alone gives it, wherever it stands; with reasons where somebody reads them.
    pub(crate) fn by_site(&self, ask: &Ask, choice: Option<&Choice>, mut why: Why) -> Decision<'_> {
        let machine = self.identify(ask, &mut why);
        let (class, outcome) = match (machine, choice) {
            (Some(machine), None) => self.for_machine(machine, &mut why),
            (None, None) => (None, self.for_stranger(&mut why)),
            (machine, Some(choice)) => self.for_choice(machine, choice, &mut why),
        };
        let outcome = self.check_arch(ask, outcome, &mut why);
        let pause = Standing::default().pause();
        Decision { machine, class, outcome, parked: false, pause, reasons: why.0.unwrap_or_default() }
    }

    /// The declared machine that asks.
    pub fn machine_of(&self, ask: &Ask) -> Option<&Machine> {
        self.identify(ask, &mut Why::nothing())
    }

    /// The declared machine that asks. A serial number and a UUID belong to the machine, a MAC only to a card that can
    /// move to another one: so they come first.
    fn identify(&self, ask: &Ask, why: &mut Why) -> Option<&Machine> {
        let by_serial = || Some(("serial number", self.machine_by_serial(ask.serial.as_deref()?)?));
        let by_uuid = || Some(("UUID", self.machine_by_uuid(ask.uuid?)?));
        let by_mac = || Some(("MAC address", self.machine_by_mac(ask.mac)?));
        match by_serial().or_else(by_uuid).or_else(by_mac) {
            Some((key, machine)) => {
                why.at(&machine.place, || format!("its {key} is that of machine {}", machine.name));
                Some(machine)
            }
            None => {
                why.implied(|| format!("no machine is declared with the MAC address {}{}", ask.mac, other_keys(ask)));
                None
            }
        }
    }

    fn for_machine<'a>(&'a self, machine: &'a Machine, why: &mut Why) -> (Option<&'a Class>, Outcome<'a>) {
        let class = machine.class.as_deref().and_then(|name| self.class(name));
        if let Some(class) = class {
            why.at(&class.place, || format!("it is of class {}", class.name));
        }
        let own = machine.profile.as_deref().map(|name| (name, "the machine's own"));
        let of_class = class.and_then(|c| c.profile.as_deref()).map(|name| (name, "its class's"));
        let default = self.site.default_profile.as_deref().map(|name| (name, DEFAULT));
        let outcome = match own.or(of_class).or(default) {
            Some((name, whose)) => {
                if whose == DEFAULT {
                    why.set(
                        &self.site.set_at.default_profile,
                        "neither it nor its class names a profile: the default holds",
                    );
                }
                self.boot_profile(name, whose, why)
            }
            None => {
                why.implied(|| "neither it, nor its class, nor the site names a profile".to_owned());
                Outcome::Park(format!("{} is declared, but has no profile", machine.name))
            }
        };
        (class, outcome)
    }

    fn for_stranger(&self, why: &mut Why) -> Outcome<'_> {
        match (self.site.unknown, &self.site.default_profile) {
            (Unknown::Park, _) => {
                why.set(
                    &self.site.set_at.unknown,
                    "unknown = \"park\": undeclared machines wait until they are declared",
                );
                Outcome::Park("no machine is declared with this MAC address".to_owned())
            }
            (Unknown::Ignore, _) => {
                why.set(&self.site.set_at.unknown, "unknown = \"ignore\": undeclared machines get no answer");
                Outcome::Ignore
            }
            (Unknown::Menu, _) => {
                why.set(&self.site.set_at.unknown, "unknown = \"menu\": undeclared machines get the boot menu");
                Outcome::Menu
            }
            (Unknown::Boot, Some(name)) => {
                why.set(&self.site.set_at.unknown, "unknown = \"boot\": undeclared machines boot the default profile");
                self.boot_profile(name, DEFAULT, why)
            }
            (Unknown::Boot, None) => {
                Outcome::Park("unknown = \"boot\", but the site has no default profile".to_owned())
            }
        }
    }

    /// The menu is offered to strangers only where the site says so, and offers only what `menu = true` allows.
    fn for_choice<'a>(
        &'a self,
        machine: Option<&'a Machine>,
        choice: &Choice,
        why: &mut Why,
    ) -> (Option<&'a Class>, Outcome<'a>) {
        if machine.is_none() && self.site.unknown != Unknown::Menu {
            why.implied(|| "it asks for a menu choice, but undeclared machines are not offered the menu".to_owned());
            return (None, self.for_stranger(why));
        }
        let class = match choice {
            Choice::Class(name) => self.class(name),
            Choice::Profile(_) => machine.and_then(|m| self.class(m.class.as_deref()?)),
        };
        let name = match choice {
            Choice::Profile(name) => Some(name.as_str()),
            Choice::Class(_) => class.and_then(|c| c.profile.as_deref()).or(self.site.default_profile.as_deref()),
        };
        match name.and_then(|name| self.profile(name)).filter(|profile| profile.is_offered()) {
            Some(profile) => {
                why.at(&profile.place, || format!("profile {} was chosen at the menu", profile.name));
                (class, Outcome::Profile(profile))
            }
            None => {
                why.implied(|| "what was chosen is not on the menu".to_owned());
                (None, Outcome::Menu)
            }
        }
    }

    fn boot_profile(&self, name: &str, whose: &str, why: &mut Why) -> Outcome<'_> {
        match self.profile(name) {
            Some(profile) => {
                why.at(&profile.place, || format!("its profile is {name}, {whose}"));
                match profile.boot {
                    Boot::Menu => Outcome::Menu,
                    _ => Outcome::Profile(profile),
                }
            }
            None => Outcome::Park(format!("its profile {name} does not exist")),
        }
    }

    fn check_arch<'a>(&self, ask: &Ask, outcome: Outcome<'a>, why: &mut Why) -> Outcome<'a> {
        let Outcome::Profile(profile) = outcome else { return outcome };
        match arch_of(ask) {
            Some(arch) if !profile.arch.is_empty() && !profile.arch.contains(&arch) => {
                why.at(&profile.place, || format!("profile {} does not run on {arch}", profile.name));
                Outcome::Park(format!("its profile {} does not run on {arch}", profile.name))
            }
            _ => Outcome::Profile(profile),
        }
    }
}

fn arch_of(ask: &Ask) -> Option<Arch> {
    use crate::Client::{Grub, HttpBoot, Ipxe, Other, Pxe};
    match ask.client {
        Pxe(firmware) | HttpBoot(firmware) | Ipxe(Some(firmware)) | Grub(Some(firmware)) => firmware.arch(),
        Ipxe(None) | Grub(None) | Other => None,
    }
}

fn other_keys(ask: &Ask) -> String {
    let uuid = ask.uuid.map(|uuid| format!(", the UUID {uuid}"));
    let serial = ask.serial.as_ref().map(|serial| format!(", the serial number {serial:?}"));
    [uuid, serial].into_iter().flatten().collect()
}
