//! `firstlight machines approve MAC --name NAME`: a machine that nobody declared becomes a declared one. Its block is
//! written into `approved.hcl` in the site: the site stays the one truth, and can be edited afterwards as any other file.
//!
//! The site is read with the new block before the file is replaced, whole, so that a mistake leaves it as it was.

use super::order::{Target, one};
use crate::{Failure, Outcome, output, site, tried};
use firstlight_model::{Hostname, Mac};
use firstlight_plan::Order;
use firstlight_serve::control::{Answer, ControlError, Request, ask};
use std::{fs, io::Write, path::Path};

const FILE: &str = "approved.hcl";

#[derive(clap::Args)]
pub(super) struct Declare {
    /// For a machine that nobody declared: the name to declare it by
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

pub(super) fn declare(target: &Target, machines: &[String], declare: &Declare) -> Outcome {
    let [machine] = machines else {
        return Err(Failure::Failed("--name names one machine: give one MAC address".to_owned()));
    };
    let mac: Mac = machine.parse().map_err(|_| {
        Failure::Failed(format!("{machine} is no MAC address: --name declares a machine that nobody has declared yet"))
    })?;
    let name: Hostname = declare.name.as_deref().unwrap_or_default().parse()?;
    let site = site::load(target.dir())?;
    if let Some(known) = site.machines.values().find(|known| known.mac == Some(mac) || known.name == name) {
        let has = if known.name == name { "name" } else { "address" };
        return Err(Failure::Failed(format!("{}: machine {} has that {has} already", known.place, known.name)));
    }
    add(target.dir(), &block(&name, mac, declare))?;
    let state = target.state();
    output::print(&format!("{name} is declared in {FILE}\n"))?;
    match ask(&state, &Request::Reload) {
        Ok(Answer::Failed { why }) => return Err(Failure::Failed(format!("the server does not take it: {why}"))),
        Ok(_) | Err(ControlError::NobodyServes { .. }) => {}
        Err(error) => return Err(error.into()),
    }
    match one(target, &state, name.as_str(), &Order::Approve)? {
        Ok(standing) => output::print(&format!("{name} is {}: {}\n", standing.stage, standing.cause)),
        Err(why) => Err(Failure::Failed(format!("{name}: {why}"))),
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

/// Adds a block to the file, if the site is right with it.
fn add(dir: &Path, block: &str) -> Outcome {
    let path = dir.join(FILE);
    let old = match fs::read_to_string(&path) {
        Ok(text) => text + "\n",
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            "# Machines that were approved by `firstlight machines approve`. Edit it as you like.\n\n".to_owned()
        }
        Err(error) => return Err(tried("read", &path)(error)),
    };
    let new = old + block;
    if let Err(report) = firstlight_site::load_with(dir, FILE, &new) {
        site::complain(&report);
        return Err(Failure::Failed(format!(
            "the site would have mistakes with this block; {FILE} stays as it is:\n{block}"
        )));
    }
    replace(&path, &new).map_err(tried("write", &path))
}

/// Whole, or not at all.
fn replace(path: &Path, text: &str) -> std::io::Result<()> {
    let aside = path.with_extension("hcl.new");
    let mut file = fs::File::create(&aside)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all())?;
    fs::rename(&aside, path)?;
    path.parent().map_or(Ok(()), |folder| fs::File::open(folder)?.sync_all())
}
