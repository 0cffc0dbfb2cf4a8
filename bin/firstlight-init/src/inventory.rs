//! Fifth phase: tell the server what the machine is made of, where `firstlight.inventory` says where. Goes on until the
//! server takes or refuses it.

use crate::{console::say, hardware, http, node::BackOff, node::Node};
use std::time::Duration;

pub(crate) fn run(node: &mut Node) -> Result<(), String> {
    let Some(url) = &node.arguments.inventory else { return Ok(()) };
    let inventory = hardware::inventory(&hardware::Kernel::here());
    let mut last = String::new();
    for pause in BackOff::new(Duration::from_millis(500), Duration::from_secs(30)) {
        let cause = match http::post_json(url, &inventory) {
            Ok(answer) if answer.is_ok() => {
                say("told what this machine is made of");
                break;
            }
            Ok(answer) if answer.is_refusal() => return Err(format!("refused: {}", answer.first_line())),
            Ok(answer) => answer.first_line().to_owned(),
            Err(cause) => cause,
        };
        if cause != last {
            say(format_args!("cannot tell what this machine is made of yet: {cause}"));
            last = cause;
        }
        node.signals.pause(Some(pause));
    }
    Ok(())
}
