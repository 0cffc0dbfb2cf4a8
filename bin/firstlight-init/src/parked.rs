//! Sixth phase, of a machine that is parked: ask the server, where `firstlight.parked` says, whether there is something
//! else to boot by now, as often as it wants to be asked; and start again when there is.

use crate::{
    console::say,
    http::{self, Answer},
    node::Node,
    signals::leave,
    wait::stay,
};
use nix::sys::reboot::RebootMode;
use std::time::Duration;

/// Before it asks a server again that does not answer.
const NO_ANSWER: Duration = Duration::from_secs(60);
/// Before it starts again where the server does not know it any more: by a new script it is known again.
const FORGOTTEN: Duration = Duration::from_secs(600);
/// What the server may want, at least and at most.
const PAUSES: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(3600));

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
enum Next {
    Wait(Duration),
    Boot,
    Forgotten,
}

pub(crate) fn run(node: &mut Node) -> Result<(), String> {
    let Some(url) = node.arguments.parked.clone() else { return Ok(()) };
    say("parked: this machine waits until somebody says what is to become of it");
    let mut last = String::new();
    loop {
        match http::get(&url).map(|answer| next(&answer)) {
            Ok(Next::Wait(pause)) => stay(node, pause)?,
            Ok(Next::Boot) => {
                say("there is something else to boot now");
                leave(RebootMode::RB_AUTOBOOT);
                stay(node, NO_ANSWER)?;
            }
            Ok(Next::Forgotten) => {
                say("the server does not know this boot any more: starting again in a while");
                stay(node, FORGOTTEN)?;
                leave(RebootMode::RB_AUTOBOOT);
            }
            Err(cause) => {
                if cause != last {
                    say(format_args!("parked: {cause}"));
                    last = cause;
                }
                stay(node, NO_ANSWER)?;
            }
        }
    }
}

/// `wait SECONDS` or `boot`. Whatever is neither is no reason to start again.
fn next(answer: &Answer) -> Next {
    if answer.is_refusal() {
        return Next::Forgotten;
    }
    let line = if answer.is_ok() { answer.first_line() } else { "" };
    match line.strip_prefix("wait ").and_then(|seconds| seconds.parse().ok()) {
        Some(seconds) => Next::Wait(Duration::from_secs(seconds).clamp(PAUSES.0, PAUSES.1)),
        None if line == "boot" => Next::Boot,
        None => Next::Wait(NO_ANSWER),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_starts_again_only_where_it_is_told_so_or_is_forgotten() {
        let answered = |status, text: &str| next(&Answer { status, text: text.to_owned() });
        let seconds = |seconds| Next::Wait(Duration::from_secs(seconds));
        assert_eq!(answered(200, "wait 45\n"), seconds(45));
        assert_eq!([answered(200, "wait 0\n"), answered(200, "wait 99999\n")], [seconds(5), seconds(3600)]);
        assert_eq!(answered(200, "boot\n"), Next::Boot);
        assert_eq!(answered(403, "unknown token\n"), Next::Forgotten);
        for (status, text) in [(503, "boot\n"), (200, ""), (200, "boot something\n"), (200, "wait for ever\n")] {
            assert_eq!(answered(status, text), seconds(60), "{status} {text}");
        }
    }
}
