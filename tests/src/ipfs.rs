//! IPFS gateways: one of ours in Python, which can be as bad as a test needs, and Helia's.

use crate::repository;
use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex, PoisonError},
    thread,
};

/// A gateway that runs until it is dropped.
#[derive(Debug)]
pub struct Gateway {
    child: Child,
    asked: Arc<Mutex<Vec<String>>>,
    /// Its URL.
    pub url: String,
    /// What it serves.
    pub files: Vec<Served>,
}

/// A file that a gateway serves.
#[derive(Debug, Clone)]
pub struct Served {
    /// What it is, or how it is called.
    pub name: String,
    /// Its `ipfs:` URL.
    pub url: String,
    /// In bytes.
    pub length: u64,
    /// As whoever made it computed it.
    pub sha256: String,
}

impl Gateway {
    /// Serves files, in one directory of IPFS. `mood` is that of `tests/ipfs/gateway.py`.
    pub fn of_files(mood: &str, files: &[&str]) -> Gateway {
        let mut python = Command::new("python3");
        python.arg(repository().join("tests/ipfs/gateway.py")).args([mood, "0"]).args(files);
        Gateway::start(python)
    }

    /// The same on a port of its own, in the network namespace of a process.
    pub fn in_namespace_of(process: u32, port: u16, mood: &str, files: &[&str]) -> Gateway {
        let mut python = Command::new("nsenter");
        python.args([format!("--net=/proc/{process}/ns/net"), "python3".to_owned()]);
        python.arg(repository().join("tests/ipfs/gateway.py")).args([mood, &port.to_string()]).args(files);
        Gateway::start(python)
    }

    /// Files that Helia has put into IPFS. `None`, and it is said, where Helia cannot be had.
    pub fn helia() -> Option<Gateway> {
        let prepared = Command::new(repository().join("scripts/prepare-ipfs-peer")).status();
        if !prepared.is_ok_and(|status| status.success()) {
            return None;
        }
        // Beside its packages, which node looks for there.
        let program = repository().join("target/ipfs-peer/helia.mjs");
        std::fs::copy(repository().join("tests/ipfs/helia.mjs"), &program).expect("the program is copied");
        let mut node = Command::new("node");
        node.arg(program).arg("0");
        Some(Gateway::start(node))
    }

    fn start(mut command: Command) -> Gateway {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn().expect("the gateway starts");
        let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
        let mut files = Vec::new();
        let url = loop {
            let line = lines.next().expect("the gateway ended before it was ready").expect("its output is text");
            match line.strip_prefix("ready ") {
                Some(url) => break url.to_owned(),
                None => files.push(served(&line)),
            }
        };
        let asked = Arc::new(Mutex::new(Vec::new()));
        let heard = asked.clone();
        thread::spawn(move || {
            for line in lines.map_while(Result::ok) {
                let asked = line.strip_prefix("asked ").unwrap_or(&line).to_owned();
                heard.lock().unwrap_or_else(PoisonError::into_inner).push(asked);
            }
        });
        Gateway { child, asked, url, files }
    }

    /// The requests so far: path and query.
    pub fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

fn served(line: &str) -> Served {
    let file: serde_json::Value = serde_json::from_str(line).expect("a file in JSON");
    let text = |key: &str| file[key].as_str().expect("a text").to_owned();
    let length = file["length"].as_u64().expect("a length");
    Served { name: text("name"), url: text("url"), length, sha256: text("sha256") }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
