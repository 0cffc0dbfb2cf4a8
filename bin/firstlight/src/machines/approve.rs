//! `firstlight machines approve MAC… --name NAME | --class CLASS`: machines that nobody declared become declared ones, by
//! this name or by the next of the class's names. Their blocks are written into `approved.hcl` in the site: the site stays the
//! one truth, and can be edited afterwards as any other file.
//!
//! The site is read with the new block before the file is replaced, whole, so that a mistake leaves it as it was.

use super::order::{Ordered, Target, done, odd, one};
use crate::{Failure, Outcome, output, site, tried};
use firstlight_model::{Hostname, Mac};
use firstlight_plan::{Order, Standing};
use firstlight_serve::control::{Answer, ControlError, Request, ask};
use nix::fcntl::{Flock, FlockArg};
use std::{fs, io::Write, path::Path};

pub(super) const FILE: &str = "approved.hcl";

#[derive(clap::Args)]
pub(super) struct Declare {
    /// For a machine that nobody declared: the name to declare it by; without it, the next of its class's names
    #[arg(long)]
    pub(super) name: Option<String>,
    /// The class to declare it with
    #[arg(long, conflicts_with = "profile")]
    class: Option<String>,
    /// The profile to declare it with
    #[arg(long)]
    profile: Option<String>,
}

impl Declare {
    pub(super) fn is_empty(&self) -> bool {
        self.name.is_none() && self.class.is_none() && self.profile.is_none()
    }
}

/// Declares and approves each; the first that cannot be ends it.
pub(super) fn declare(target: &Target, declare: &Declare) -> Outcome {
    if declare.name.is_some() && target.machines.len() > 1 {
        return Err(Failure::Failed("--name names one machine: give one MAC address".to_owned()));
    }
    let mut declared = Vec::new();
    for machine in &target.machines {
        let (name, standing) = declare_one(target, machine, declare)?;
        if !target.json {
            let Standing { stage, cause, .. } = &standing;
            output::print(&format!("{name} is declared in {FILE}\n{name} is {stage}: {cause}\n"))?;
        }
        declared.push(Ordered { machine: name.to_string(), standing });
    }
    if target.json { output::json(&declared) } else { Ok(()) }
}

fn declare_one(target: &Target, machine: &str, declare: &Declare) -> Result<(Hostname, Standing), Failure> {
    let mac: Mac = machine.parse().map_err(|_| {
        Failure::Failed(format!(
            "{machine} is no MAC address: --name, --class and --profile declare a machine that nobody has declared yet"
        ))
    })?;
    let site = site::load(target.dir())?;
    if let Some(known) = site.machines.values().find(|known| known.mac == Some(mac)) {
        return Err(Failure::Failed(format!(
            "{}: machine {} has that address already; `firstlight machines approve {}` approves it",
            known.place, known.name, known.name
        )));
    }
    let name: Hostname = match &declare.name {
        Some(name) => name.parse()?,
        None => name_of_class(target, mac, declare)?.parse()?,
    };
    if let Some(known) = site.machines.get(name.as_str()) {
        return Err(Failure::Failed(format!("{}: machine {name} has that name already", known.place)));
    }
    add(target.dir(), &block(&name, mac, declare))?;
    reload(&target.state())?;
    let standing = one(target, name.as_str(), &Order::Approve)?;
    Ok((name.clone(), standing.map_err(|why| Failure::Failed(format!("{name}: {why}")))?))
}

/// The next of the class's names, which is this machine's from now on.
fn name_of_class(target: &Target, mac: Mac, declare: &Declare) -> Result<String, Failure> {
    let Some(class) = declare.class.clone() else {
        return Err(Failure::Failed("give it a name with --name, or a class that has names with --class".to_owned()));
    };
    let request = Request::Name { machine: mac, class: class.clone() };
    match done(target, &request, |lifecycle| lifecycle.name(mac, &class).map(|name| Answer::Named { name }))? {
        Answer::Named { name } => Ok(name),
        Answer::Failed { why } => Err(Failure::Failed(format!("{mac}: {why}"))),
        other => Err(odd(&other)),
    }
}

/// Has the server, where one runs, read the site anew.
pub(super) fn reload(state: &Path) -> Outcome {
    match ask(state, &Request::Reload) {
        Ok(Answer::Failed { why }) => Err(Failure::Failed(format!("the server does not take it: {why}"))),
        Ok(_) | Err(ControlError::NobodyServes { .. }) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn block(name: &Hostname, mac: Mac, declare: &Declare) -> String {
    let mut text = format!("machine \"{name}\" {{\n  mac = \"{mac}\"\n");
    for (key, value) in [("class", &declare.class), ("profile", &declare.profile)] {
        if let Some(value) = value {
            text.push_str(&format!("  {key} = {}\n", serde_json::Value::from(value.replace("${", "$${"))));
        }
    }
    text + "}\n"
}

/// Held, nobody else changes the site's file by these commands.
pub(super) fn alone(dir: &Path) -> Result<Flock<fs::File>, Failure> {
    let folder = fs::File::open(dir).map_err(tried("open", dir))?;
    Flock::lock(folder, FlockArg::LockExclusive).map_err(|(_, error)| tried("lock", dir)(error.into()))
}

/// Adds a block to the file, if the site is right with it.
fn add(dir: &Path, block: &str) -> Outcome {
    let _alone = alone(dir)?;
    let path = dir.join(FILE);
    let old = match fs::read_to_string(&path) {
        Ok(text) => text + "\n",
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            "# Machines that were approved by `firstlight machines approve`. Edit it as you like.\n\n".to_owned()
        }
        Err(error) => return Err(tried("read", &path)(error)),
    };
    put(dir, &(old + block), &format!("with this block; {FILE} stays as it is:\n{block}"))
}

/// Replaces the file, if the site is right with its new text; else it would have mistakes `how`.
pub(super) fn put(dir: &Path, text: &str, how: &str) -> Outcome {
    if let Err(report) = firstlight_site::load_with(dir, FILE, text) {
        site::complain(&report);
        return Err(Failure::Failed(format!("the site would have mistakes {how}")));
    }
    let path = dir.join(FILE);
    replace(&path, text).map_err(tried("write", &path))
}

/// Whole, or not at all.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let aside = path.with_extension("hcl.new");
    let mut file = fs::File::create(&aside)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all())?;
    fs::rename(&aside, path)?;
    path.parent().map_or(Ok(()), |folder| fs::File::open(folder)?.sync_all())
}
