//! `firstlight machines approve|arm|hold|retire|boot-once`: orders about machines. The running server carries them out;
//! where none runs, this does, under the state folder's lock and by the same code.

use super::{approve, release};
use crate::{Failure, Outcome, SiteOption, output, site};
use arc_swap::ArcSwap;
use firstlight_boot::BootSet;
use firstlight_plan::{Order, Standing};
use firstlight_serve::{
    Context, Lifecycle,
    control::{Answer, ControlError, Request, ask},
};
use firstlight_state::{Events, Standings, StateFolder};
use serde::Serialize;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::Arc,
};

/// What every order has.
#[derive(clap::Args)]
pub(super) struct Target {
    /// Declared names, or MAC addresses
    #[arg(required = true, value_name = "MACHINE")]
    pub(super) machines: Vec<String>,
    /// Print where each stands now as JSON
    #[arg(long)]
    pub(super) json: bool,
    /// Where the server keeps its state; `.firstlight/state` in the site where not given
    #[arg(long, value_name = "DIR", conflicts_with = "lab")]
    state: Option<PathBuf>,
    /// In the site's lab instead of its real network
    #[arg(long)]
    lab: bool,
    #[command(flatten)]
    site: SiteOption,
}

#[derive(clap::Args)]
pub(super) struct Approve {
    #[command(flatten)]
    target: Target,
    #[command(flatten)]
    declare: approve::Declare,
}

#[derive(clap::Args)]
pub(super) struct Hold {
    #[command(flatten)]
    target: Target,
    /// Why, for those who look at it later
    #[arg(long, default_value = "no reason was given")]
    reason: String,
}

#[derive(clap::Args)]
pub(super) struct BootOnce {
    #[command(flatten)]
    target: Target,
    /// The profile to boot, which must not be one that installs
    #[arg(long)]
    profile: String,
}

/// A machine after its order.
#[derive(Serialize)]
pub(super) struct Ordered {
    pub(super) machine: String,
    #[serde(flatten)]
    pub(super) standing: Standing,
}

impl Target {
    pub(super) fn dir(&self) -> &Path {
        &self.site.site
    }

    pub(super) fn state(&self) -> PathBuf {
        match self.lab {
            true => crate::lab::state_dir(self.dir()),
            false => site::state_dir(self.dir(), self.state.as_ref()),
        }
    }
}

pub(super) fn approve(Approve { target, declare }: Approve) -> Outcome {
    match declare.is_empty() {
        true => give(&target, &Order::Approve),
        false => approve::declare(&target, &declare),
    }
}

pub(super) fn arm(target: &Target) -> Outcome {
    give(target, &Order::Arm)
}

pub(super) fn hold(Hold { target, reason }: Hold) -> Outcome {
    give(&target, &Order::Hold { reason })
}

/// A name that a machine was given from its class's names goes back to them.
pub(super) fn retire(target: &Target) -> Outcome {
    let retired = give(target, &Order::Retire);
    release::names_of(target, &target.machines)?;
    retired
}

pub(super) fn boot_once(BootOnce { target, profile }: BootOnce) -> Outcome {
    give(&target, &Order::BootOnce { profile })
}

/// Orders it for each machine; says what came of each, and fails where one was refused.
fn give(target: &Target, order: &Order) -> Outcome {
    let (mut ordered, mut refused) = (Vec::new(), false);
    for machine in &target.machines {
        match one(target, machine, order)? {
            Ok(standing) => ordered.push(Ordered { machine: machine.clone(), standing }),
            Err(why) => {
                refused = true;
                output::complain(&format!("firstlight: {machine}: {why}\n"));
            }
        }
    }
    if target.json {
        output::json(&ordered)?;
    } else {
        let line = |Ordered { machine, standing }: &Ordered| match &standing.once {
            Some(once) => format!("{machine} is {}, and boots {} for once\n", standing.stage, once.profile),
            None => format!("{machine} is {}: {}\n", standing.stage, standing.cause),
        };
        output::print(&ordered.iter().map(line).collect::<String>())?;
    }
    if refused { Err(Failure::Silent) } else { Ok(()) }
}

/// Gives an order, by the running server or here. The inner error is its refusal.
pub(super) fn one(target: &Target, machine: &str, order: &Order) -> Result<Result<Standing, String>, Failure> {
    let request = Request::Order { machine: machine.to_owned(), what: order.clone() };
    let here = |lifecycle: &Lifecycle| lifecycle.order(machine, order.clone()).map(Answer::Ordered);
    Ok(match done(target, &request, here)? {
        Answer::Ordered(standing) => Ok(standing),
        Answer::Failed { why } => Err(why),
        other => return Err(odd(&other)),
    })
}

/// What the running server answers; where nobody serves, what `here` comes to by the same code.
pub(super) fn done(
    target: &Target,
    request: &Request,
    here: impl FnOnce(&Lifecycle) -> Result<Answer, String>,
) -> Result<Answer, Failure> {
    let state = target.state();
    match ask(&state, request) {
        Ok(answer) => Ok(answer),
        Err(ControlError::NobodyServes { .. }) => {
            Ok(without_server(target, &state, here)?.unwrap_or_else(|why| Answer::Failed { why }))
        }
        Err(error) => Err(error.into()),
    }
}

pub(super) fn odd(answer: &Answer) -> Failure {
    Failure::Failed(format!("the server answered something else: {answer:?}"))
}

/// On the state itself.
fn without_server<T>(target: &Target, state: &Path, act: impl FnOnce(&Lifecycle) -> T) -> Result<T, Failure> {
    let site = site::load(target.dir())?;
    let folder = StateFolder::lock(state)?;
    let (events, _events_writer) = Events::open(&folder)?;
    let (standings, _standings_writer) = Standings::open(&folder)?;
    let set = BootSet::new(site, BTreeMap::new(), BTreeMap::new(), 0);
    let context = Context { boot: Arc::new(ArcSwap::from_pointee(set)), events, mac_of: Arc::new(|_| None) };
    Ok(act(&Lifecycle::new(context, standings)))
}
