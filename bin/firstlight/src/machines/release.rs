//! What `firstlight machines retire` does for a machine whose name came from its class's names: its block goes out of
//! `approved.hcl`, where `approve` had put it, and the name is free again. A machine that is declared elsewhere by now keeps
//! its name: that block is its owner's.

use super::{
    approve::{FILE, alone, put, reload},
    order::{Target, done, odd},
};
use crate::{Failure, Outcome, output, site, tried};
use firstlight_serve::control::{Answer, Request};
use firstlight_state::{Who, read_standings};
use std::{fs, path::Path};

/// Takes back the names of those among these retired machines that were given one.
pub(super) fn names_of(target: &Target, machines: &[String]) -> Outcome {
    let given = read_standings(&target.state())?.into_iter().filter_map(|(who, standing)| Some((who, standing.name?)));
    let given: Vec<(Who, String)> = given.collect();
    let ordered: Vec<Who> = machines.iter().map(|machine| Who::from(machine.as_str())).collect();
    for (who, name) in &given {
        if ordered.contains(who) || ordered.contains(&Who::Machine(name.clone())) {
            release(target, name)?;
        }
    }
    Ok(())
}

fn release(target: &Target, name: &str) -> Outcome {
    if let Some(declared) = site::load(target.dir())?.machines.get(name) {
        if declared.place.file != FILE {
            let place = &declared.place;
            output::complain(&format!(
                "firstlight: {name} keeps its name, for it is declared in {place}: take the block out, and retire {name} again\n"
            ));
            return Ok(());
        }
        take_out(target.dir(), name)?;
        reload(&target.state())?;
    }
    let request = Request::Release { name: name.to_owned() };
    match done(target, &request, |lifecycle| lifecycle.release(name).map(Answer::Ordered))? {
        Answer::Ordered(_) => {}
        Answer::Failed { why } => return Err(Failure::Failed(format!("{name}: {why}"))),
        other => return Err(odd(&other)),
    }
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
