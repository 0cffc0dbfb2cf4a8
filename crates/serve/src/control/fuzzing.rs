//! See [`crate::fuzzing`].

use super::{Answer, Request, server::converse};
use firstlight_model::Timestamp;
use firstlight_plan::{Boots, Input, Rules, Standing, step};
use firstlight_state::Who;
use std::{
    io::{Read, Write},
    net::Shutdown,
    os::unix::net::UnixStream,
    sync::Arc,
};

/// Whoever may open the socket says any bytes, at most some KiB of them: the answer is a line that can be read, and an
/// order that is understood is one that can be given again.
pub(crate) fn control(bytes: &[u8]) {
    let (Ok((mut client, server)), true) = (UnixStream::pair(), bytes.len() <= 1 << 14) else { return };
    if client.write_all(bytes).and_then(|()| client.shutdown(Shutdown::Write)).is_err() {
        return;
    }
    let heard = converse(&server, &(Arc::new(carry_out) as Arc<dyn Fn(Request) -> Answer + Send + Sync>));
    drop(server);
    let mut line = String::new();
    assert!(client.read_to_string(&mut line).is_ok(), "the answer is no text");
    match heard {
        Ok(()) => assert!(serde_json::from_str::<Answer>(&line).is_ok() && line.ends_with('\n'), "{line}"),
        Err(_) => assert!(line.is_empty(), "{line}"),
    }
}

/// What the server does with an order, for a machine of which nothing is known.
fn carry_out(request: Request) -> Answer {
    let again = serde_json::to_string(&request).ok().and_then(|text| serde_json::from_str(&text).ok());
    assert_eq!(again.as_ref(), Some(&request));
    let Request::Order { machine, what } = request else { return Answer::Failed { why: "no".to_owned() } };
    let who = Who::from(machine.as_str());
    assert_eq!(Who::from(who.to_string().as_str()), who);
    let rules = Rules { declared: !who.is_stranger(), boots: Boots::Elsewhere, once_is_safe: true };
    match step(&Standing::default(), &Input::Ordered(what), &rules, Timestamp(0)) {
        Ok(transition) => Answer::Ordered(transition.standing),
        Err(why) => Answer::Failed { why: why.to_string() },
    }
}
