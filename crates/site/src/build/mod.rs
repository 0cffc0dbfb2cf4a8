//! Blocks as written → the validated [`Site`]. Each kind of block is read into a draft with positions; what concerns
//! more than one block is checked on the drafts.

mod assets;
mod classes;
mod configs;
mod disk;
mod dns;
mod lab;
mod loaders;
mod machines;
mod naming;
mod networks;
mod os;
mod package_cache;
mod pool;
mod profiles;
mod secrets;
mod site_block;

pub(crate) use pool::first_host;
pub use pool::free_ranges;
pub(crate) use site_block::implied_name;

use crate::{LeaveBy, Site, world::World};
use std::collections::BTreeMap;

/// The words of `leave_by`.
const LEAVE_BY: &[(&str, LeaveBy)] =
    &[("exit", LeaveBy::Exit), ("sanboot", LeaveBy::Sanboot), ("404", LeaveBy::NotFound)];

/// Builds the site. It means something only when no error was reported.
pub(crate) fn build(world: &World<'_>) -> Site {
    world.check_locals();
    let settings = site_block::read(world);
    let loaders = loaders::read(world);
    let mut assets = assets::read(world);
    let asset_settings = assets::settings(world);
    os::check(world);
    let systems = os::Systems::default();
    let (profiles, chosen) = profiles::read(world, &systems);
    let systems = systems.finish(&mut assets);
    let package_cache = package_cache::read(world, settings.http_port);
    let classes = classes::read(world);
    naming::check(world, &classes);
    let default_profile = site_block::default_profile(world, &settings);
    let parking = site_block::parking(world, &profiles);
    site_block::check_strangers(world, settings.unknown, default_profile.as_deref(), &profiles);
    let machines = machines::read(world);
    let networks = networks::read(world, &settings);
    machines::check(world, &machines, &networks);
    profiles::check_configs(world, &chosen, &classes, &machines, default_profile.as_deref());
    networks::check(world, &networks);
    let added = classes.values().flat_map(|class| &class.configs).chain(machines.iter().flat_map(|m| &m.configs));
    profiles::warn_unreported(world, &profiles, added.clone());
    let files = site_block::files(world, profiles.values().flat_map(|profile| &profile.configs).chain(added));
    machines::warn_parked(world, &machines, &classes, default_profile.is_some());
    let secrets = secrets::read(world, &machines, settings.age_identity.as_ref());
    let dns = dns::read(world, &settings, &machines);
    let networks = networks::finish(world, &networks, &machines);
    let machines: BTreeMap<_, _> =
        machines.into_iter().map(|draft| (draft.name.value.to_string(), draft.finish())).collect();
    let lab = lab::read(world, &machines, &networks);
    Site {
        root: world.root.to_owned(),
        name: settings.name,
        domain: settings.domain,
        http_port: settings.http_port,
        unknown: settings.unknown,
        default_profile,
        parking,
        menu_timeout: settings.menu_timeout,
        ipxe_dir: settings.ipxe_dir,
        secure_boot: settings.secure_boot,
        set_at: settings.set_at,
        files,
        age_identity: settings.age_identity.map(|at| at.value),
        secrets,
        loaders,
        networks,
        dns,
        assets,
        asset_settings,
        systems,
        package_cache,
        lock: world.lock.clone(),
        profiles,
        classes,
        machines,
        lab,
    }
}
