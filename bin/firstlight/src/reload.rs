//! `firstlight reload`: tells a running server to read its site anew, and what came of it.

use crate::{Failure, Outcome, output, site::Served};
use firstlight_serve::control::{Answer, Reloaded, Request, ask};

#[derive(clap::Args)]
pub(crate) struct Args {
    #[command(flatten)]
    served: Served,
    /// Print what changed as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: Args) -> Outcome {
    match ask(&args.served.state(), &Request::Reload)? {
        Answer::Reloaded(reloaded) if args.json => output::json(&reloaded),
        Answer::Reloaded(reloaded) => say(&reloaded),
        Answer::Failed { why } => Err(Failure::Failed(format!("the old site is served on: {why}"))),
        other => Err(Failure::Failed(format!("the server answered something else: {other:?}"))),
    }
}

fn say(Reloaded { generation, changes, warnings }: &Reloaded) -> Outcome {
    if let Some(warnings) = warnings {
        output::complain(warnings);
    }
    let changes = match changes.is_empty() {
        true => "  nothing is different\n".to_owned(),
        false => changes.iter().map(|change| format!("  {change}\n")).collect(),
    };
    output::print(&format!("Generation {generation} is served:\n{changes}"))
}
