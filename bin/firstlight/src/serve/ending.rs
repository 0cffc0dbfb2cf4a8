//! The end: nothing new is accepted, what is under way may finish, but not for ever.

use super::{
    signals::{Heard, Signals},
    sockets::Servers,
};
use firstlight_serve::{LAST_CALL, Stop};
use std::{
    sync::mpsc::{RecvTimeoutError, channel},
    thread,
    time::{Duration, Instant},
};
use tokio::runtime::Runtime;

/// Between two looks at whether a second signal came.
const LOOK: Duration = Duration::from_millis(50);
/// What the servers need after [`LAST_CALL`] to give up what is left.
const GRACE: Duration = Duration::from_secs(2);

/// Tells the servers to end and waits until they have: until the transfers under way are through, [`LAST_CALL`] has
/// passed, or somebody asks a second time.
pub(super) fn end(servers: Servers, runtime: Runtime, signals: &Signals, stop: &Stop) {
    tracing::info!("stopping: transfers under way may take {} s more; a second signal ends them", LAST_CALL.as_secs());
    stop.stop();
    let (done, wait) = channel();
    let handle = runtime.handle().clone();
    let joined = thread::Builder::new().name("ending".to_owned()).spawn(move || {
        for thread in servers.threads {
            let _ = thread.join();
        }
        for task in servers.tasks {
            let _ = handle.block_on(task);
        }
        let _ = done.send(());
    });
    let begin = Instant::now();
    while joined.is_ok() && matches!(wait.recv_timeout(LOOK), Err(RecvTimeoutError::Timeout)) {
        if signals.next(Some(Duration::ZERO)) == Some(Heard::End) || begin.elapsed() > LAST_CALL + GRACE {
            tracing::warn!("ending now: what was under way is cut off");
            break;
        }
    }
    runtime.shutdown_background();
}
