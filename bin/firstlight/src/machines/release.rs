//! What `firstlight machines retire` does for a machine whose name came from its class's names: its block goes out of
//! `approved.hcl`, where `approve` had put it, and the name is free again. A machine that is declared elsewhere by now keeps
//! its name: that block is its owner's.

use super::{
    approve::{FILE, alone, put, reload},
    order::{Target, without_server},
};
use crate::{Failure, Outcome, output, site, tried};
use firstlight_serve::control::{Answer, ControlError, Request, ask};
use firstlight_state::read_standings;
use std::{collections::BTreeSet, fs, path::Path};

/// Takes back the names of those among these retired machines that were given one.
pub(super) fn names_of(target: &Target, machines: &[String]) -> Outcome {
    let state = target.state();
    let given: BTreeSet<String> = read_standings(&state)?.into_iter().filter_map(|(_, s)| s.name).collect();
    for machine in machines.iter().map(|machine| machine.to_lowercase()).filter(|machine| given.contains(machine)) {
        release(target, &state, &machine)?;
    }
    Ok(())
}

fn release(target: &Target, state: &Path, name: &str) -> Outcome {
    if let Some(declared) = site::load(target.dir())?.machines.get(name) {
        if declared.place.file != FILE {
            let place = &declared.place;
            output::complain(&format!(
                "firstlight: {name} keeps its name, for it is declared in {place}: take the block out, and retire {name} again\n"
            ));
            return Ok(());
        }
        take_out(target.dir(), name)?;
        reload(state)?;
    }
    let released = match ask(state, &Request::Release { name: name.to_owned() }) {
        Ok(Answer::Ordered(_)) => Ok(()),
        Ok(Answer::Failed { why }) => Err(why),
        Ok(other) => return Err(Failure::Failed(format!("the server answered something else: {other:?}"))),
        Err(ControlError::NobodyServes { .. }) => {
            without_server(target, state, |lifecycle| lifecycle.release(name).map(drop))?
        }
        Err(error) => return Err(error.into()),
    };
    released.map_err(|why| Failure::Failed(format!("{name}: {why}")))?;
    match target.json {
        true => Ok(()),
        false => output::print(&format!("the name {name} is free again, and its block is out of {FILE}\n")),
    }
}

fn take_out(dir: &Path, name: &str) -> Outcome {
    let _alone = alone(dir)?;
    let path = dir.join(FILE);
    let text = fs::read_to_string(&path).map_err(tried("read", &path))?;
    let rest = firstlight_site::without_machine(&text, name);
    let rest = rest.ok_or_else(|| Failure::Failed(format!("{FILE} has no block of its own for {name}: edit it")))?;
    put(dir, &rest, &format!("without {name}; {FILE} stays as it is"))
}
