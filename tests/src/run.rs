//! Running programs with a deadline.

use std::{
    io::Read,
    path::PathBuf,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

/// How a program ended.
#[derive(Debug)]
pub struct Output {
    /// Its exit code; `None` where it was killed at its deadline.
    pub code: Option<i32>,
    /// Standard output and standard error.
    pub text: String,
}

/// The repository's top folder.
pub fn repository() -> PathBuf {
    let tests = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    tests.parent().expect("the tests lie in the repository").to_owned()
}

/// The program under test, from the same build as the tests.
pub fn firstlight() -> PathBuf {
    let test = std::env::current_exe().expect("a test knows its own path");
    let folder = test.parent().and_then(|deps| deps.parent()).expect("tests lie in target/PROFILE/deps");
    let program = folder.join("firstlight");
    assert!(program.exists(), "{} is not built: cargo build -p firstlight", program.display());
    program
}

/// Runs a program to its end, or kills it at the deadline.
pub fn run(command: &mut Command, deadline: Duration) -> Output {
    run_while(command, deadline, |_| true)
}

/// As [`run`]; meanwhile calls `meddle` with the process's number until it says that all is done.
pub(crate) fn run_while(command: &mut Command, deadline: Duration, mut meddle: impl FnMut(u32) -> bool) -> Output {
    let shown = format!("{command:?}");
    let spawned = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let mut child = spawned.unwrap_or_else(|error| panic!("{shown}: {error}"));
    let readers = [reader(child.stdout.take()), reader(child.stderr.take())];
    let end = Instant::now() + deadline;
    let mut done = false;
    let code = loop {
        match child.try_wait().expect("a child can be waited for") {
            Some(status) => break status.code(),
            None if Instant::now() > end => {
                child.kill().expect("a child can be killed");
                child.wait().expect("a child can be waited for");
                break None;
            }
            None => {
                done = done || meddle(child.id());
                thread::sleep(Duration::from_millis(10));
            }
        }
    };
    let text = readers.into_iter().map(|reader| reader.join().unwrap_or_default()).collect();
    Output { code, text }
}

fn reader(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<String> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let _ = pipe.map(|mut pipe| pipe.read_to_end(&mut bytes));
        String::from_utf8_lossy(&bytes).into_owned()
    })
}
