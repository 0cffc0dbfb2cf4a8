//! TFTP over a bad cable with the field's clients: every byte arrives, soon.
#![allow(clippy::expect_used, clippy::panic, clippy::print_stdout, clippy::unwrap_used)]

use firstlight_tests::{Faults, Net, Server};
use std::time::{Duration, Instant};

const SITE: &str = "asset \"file\" {\n  path = \"file\"\n}\n";
const BAD: Faults = Faults { lost: 50, twice: 20, overtaken: 30, late: Duration::from_millis(3) };

fn file(size: usize) -> Vec<u8> {
    (0..size as u64).map(|n| (n.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 56) as u8).collect()
}

fn serve(faults: Faults, size: usize) -> (Net, Server) {
    let net = Net::over(faults);
    net.give_client("10.20.0.50/24");
    let server = Server::start(&net, SITE, &[("file", &file(size))]);
    (net, server)
}

/// atftp 0.7 and 0.8 give up where granted options come twice, as they must when the answer to them is lost. Whoever uses
/// them tries again.
const GIVES_UP: &str = "unexpected OACK";

/// Fetches the file with this command line, which writes `got`, and compares.
fn fetch(net: &Net, server: &Server, line: &str) {
    let begun = Instant::now();
    let go = || net.client(&format!("cd {} && rm -f got && {line} && cmp got file", server.folder().display()));
    let output = (0..5).map(|_| go()).find(|output| !output.text.contains(GIVES_UP)).expect("atftp gives up each time");
    println!("{:>6} ms  {line}", begun.elapsed().as_millis());
    assert_eq!(output.code, Some(0), "{line}: {}", output.text);
}

#[test]
fn windows_of_every_size_survive_loss_doubling_and_reordering() {
    let (net, server) = serve(BAD, 1 << 20);
    for window in [1, 4, 16, 64] {
        let options = format!("--option 'blksize 1468' --option 'windowsize {window}'");
        fetch(&net, &server, &format!("atftp {options} -g -r file -l got 10.20.0.1"));
    }
    let sent: Vec<_> = server.events().into_iter().filter(|event| event["event"] == "sent").collect();
    sent.iter().for_each(|event| println!("{event}"));
    let blocks = (1 << 20) / 1468 + 1;
    for event in sent {
        let resent = event["resent"].as_u64().unwrap_or(0);
        assert!(resent < 8 * blocks, "{resent} blocks were sent again for {blocks}");
    }
}

#[test]
fn clients_of_one_block_at_a_time_survive_it_too() {
    let (net, server) = serve(BAD, 256 << 10);
    fetch(&net, &server, "curl -sS -m 50 --tftp-blksize 1468 -o got tftp://10.20.0.1/file");
    fetch(&net, &server, "tftp -m binary 10.20.0.1 -c get file got");
}

#[test]
fn what_is_only_doubled_is_not_multiplied() {
    let (net, server) = serve(Faults { twice: 300, ..Faults::default() }, 1 << 20);
    fetch(&net, &server, "atftp --option 'blksize 1468' -g -r file -l got 10.20.0.1");
    let sent = server.wait_for("sent", "file");
    let resent = sent["resent"].as_u64().unwrap_or(0);
    assert!(resent < 20, "the Sorcerer's Apprentice: {sent}");
}
