//! The `site` block: what concerns the whole site.

use crate::{Boot, Config, Files, Place, Profile, SetAt, Unknown, fields::Fields, source::At, world::World};
use firstlight_model::Domain;
use std::{collections::BTreeMap, path::PathBuf, time::Duration};

/// What the `site` block says or implies.
pub(super) struct Settings {
    pub(super) name: String,
    pub(super) domain: Option<Domain>,
    pub(super) http_port: u16,
    pub(super) unknown: Unknown,
    pub(super) menu_timeout: Duration,
    pub(super) ipxe_dir: PathBuf,
    pub(super) secure_boot: bool,
    pub(super) age_identity: Option<At<String>>,
    pub(super) set_at: SetAt,
}

const UNKNOWN: &[(&str, Unknown)] =
    &[("park", Unknown::Park), ("menu", Unknown::Menu), ("boot", Unknown::Boot), ("ignore", Unknown::Ignore)];

pub(super) fn read(world: &World<'_>) -> Settings {
    let fields = world.find("site", "").map(|block| Fields::new(world, block));
    let fields = fields.as_ref();
    let dir = fields.and_then(|f| f.text("ipxe_dir")).map_or("/usr/lib/ipxe".to_owned(), |text| text.value);
    Settings {
        name: fields.and_then(name).unwrap_or_else(|| implied_name(&world.problems.lines.sources.folder)),
        domain: fields.and_then(|f| f.parsed("domain")).map(|at| at.value),
        http_port: fields.and_then(|f| f.number("http_port", 1..=65_535)).unwrap_or(8080),
        unknown: fields.and_then(|f| f.word("unknown", UNKNOWN)).map_or(Unknown::Park, |at| at.value),
        menu_timeout: fields.and_then(|f| f.duration("menu_timeout")).map_or(Duration::from_secs(30), |at| at.value),
        ipxe_dir: world.root.join(dir),
        secure_boot: fields.and_then(|f| f.flag("secure_boot")).unwrap_or(false),
        age_identity: fields.and_then(|f| f.text("age_identity")),
        set_at: SetAt {
            unknown: set_at(world, fields, "unknown"),
            default_profile: set_at(world, fields, "default_profile"),
            parking: set_at(world, fields, "parking"),
            ipxe_dir: set_at(world, fields, "ipxe_dir"),
            secure_boot: set_at(world, fields, "secure_boot"),
        },
    }
}

fn set_at(world: &World<'_>, fields: Option<&Fields<'_, '_>>, name: &str) -> Option<Place> {
    Some(world.problems.place(fields?.written(name)?.key))
}

fn name(fields: &Fields<'_, '_>) -> Option<String> {
    let name = fields.text("name")?;
    if name.value.trim().is_empty() || name.value.chars().any(char::is_control) {
        fields.error(name.span, "the site's name is empty or holds control characters");
        return None;
    }
    Some(name.value)
}

/// The folder of files that configs may embed. Where nothing is set, it is only read where a config may want it.
pub(super) fn files<'c>(world: &World<'_>, mut configs: impl Iterator<Item = &'c Config>) -> Files {
    let set = world.find("site", "").and_then(|block| Fields::new(world, block).text("files_dir"));
    if set.is_none() && !configs.any(Config::may_embed) {
        return Files::default();
    }
    let name = set.as_ref().map_or("files", |at| &*at.value);
    let why = match world.outside.folder(&world.root.join(name)) {
        Ok(Some(entries)) => return Files::new(name, entries),
        Ok(None) if set.is_none() => return Files::default(),
        Ok(None) => "there is no such folder".to_owned(),
        Err(unreadable) if unreadable.path.is_empty() => unreadable.why,
        Err(unreadable) => format!("`{}`: {}", unreadable.path, unreadable.why),
    };
    let message = format!("the folder of files `{name}` cannot be read: {why}");
    let help = "it holds what configs embed; what is large belongs into an `asset`";
    match set {
        Some(at) => drop(world.problems.error(at.span, message).next(help)),
        None => {
            world.problems.of_folder(message, "set `files_dir` in the `site` block to a folder for what configs embed")
        }
    }
    Files::default()
}

/// A folder's name as a label: what letters, digits and hyphens are left of it.
pub(crate) fn implied_name(folder: &str) -> String {
    let label: String =
        folder.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' }).collect();
    let label: String = label.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-");
    let label: String = label.chars().take(63).collect();
    if label.is_empty() { "site".to_owned() } else { label.trim_end_matches('-').to_owned() }
}

/// The profile for machines that name none: the one that is set, else the only one there is.
pub(super) fn default_profile(world: &World<'_>, settings: &Settings) -> Option<String> {
    let fields = world.find("site", "").map(|block| Fields::new(world, block));
    let set = fields.is_some_and(|f| f.is_set("default_profile"));
    let named = fields.and_then(|f| f.reference("default_profile", "profile")).map(|at| at.value);
    let mut all = world.names("profile");
    let only = all.next().filter(|_| !set && all.next().is_none()).map(str::to_owned);
    if let (Some(fields), Unknown::Boot, None, false) = (fields, settings.unknown, &only, set)
        && let Some(unknown) = fields.written("unknown")
    {
        let note = fields.error(unknown.span, "`unknown = \"boot\"` needs a `default_profile`");
        note.label("this boots machines that nobody declared")
            .next("add `default_profile = \"…\"` to the `site` block");
    }
    named.or(only)
}

/// The profile that parked machines boot. Nothing that installs, nor what leads elsewhere.
pub(super) fn parking(world: &World<'_>, profiles: &BTreeMap<String, Profile>) -> Option<String> {
    let fields = world.find("site", "").map(|block| Fields::new(world, block))?;
    let named = fields.reference("parking", "profile")?;
    let profile = profiles.get(&named.value)?;
    let wrong = match (&profile.boot, &profile.install) {
        (_, Some(_)) => "it installs: a machine that nobody declared would be overwritten",
        (Boot::Linux(_) | Boot::Script(_), None) => return Some(named.value),
        (Boot::Disk(_) | Boot::Menu, None) => "a parked machine waits, and boots neither its disk nor a menu",
    };
    let note = fields.error(named.span, format!("the profile `{}` cannot be the one for parked machines", named.value));
    note.label(wrong).next("name a `kernel` or `script` profile without `install`, or none: then they wait in iPXE");
    None
}

/// What machines that nobody declared boot must not write to their disks.
pub(super) fn check_strangers(
    world: &World<'_>,
    unknown: Unknown,
    default: Option<&str>,
    profiles: &BTreeMap<String, Profile>,
) {
    let Some(fields) = world.find("site", "").map(|block| Fields::new(world, block)) else { return };
    let install = default.and_then(|name| profiles.get(name)).and_then(|profile| profile.install.as_ref());
    if let (Unknown::Boot, Some(_), Some(name), Some(unknown)) = (unknown, install, default, fields.written("unknown"))
    {
        let note =
            fields.error(unknown.span, format!("`unknown = \"boot\"` with the profile `{name}`, which installs"));
        note.label("it would overwrite the disks of machines that nobody declared")
            .next("set `unknown = \"park\"`, or a `default_profile` that installs nothing");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_gives_the_site_its_name() {
        for (folder, name) in [("My Site_1", "my-site-1"), ("-x-", "x"), ("", "site"), ("…", "site"), ("lab", "lab")]
        {
            assert_eq!(implied_name(folder), name);
        }
    }
}
