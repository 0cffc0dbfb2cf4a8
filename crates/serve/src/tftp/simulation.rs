//! The state machine against a simulated client and link: loss, duplication and delay without sockets or real time.

use super::{
    rto::LONGEST,
    transfer::{Step, Terms, Transfer},
};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

const MS: Duration = Duration::from_millis(1);

/// What is under way between the two.
#[derive(Clone, Copy)]
enum Packet {
    Greeting,
    Block(u64),
    Ack(u64),
}

struct Link {
    now: Instant,
    delay: Duration,
    /// How long a packet keeps the link to itself, and until when it is taken.
    pace: Duration,
    taken: Instant,
    /// Of 1,000 packets.
    lost: u64,
    twice: u64,
    overtaken: u64,
    random: u64,
    queue: BTreeMap<(Instant, u64), Packet>,
    count: u64,
}

impl Link {
    fn chance(&mut self, of_thousand: u64) -> bool {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        self.random % 1000 < of_thousand
    }

    fn send(&mut self, packet: Packet) {
        let copies = if self.chance(self.lost) { 0 } else { 1 + u64::from(self.chance(self.twice)) };
        let delay = if self.chance(self.overtaken) { self.delay * 4 } else { self.delay };
        self.taken = self.taken.max(self.now) + self.pace;
        for _ in 0..copies {
            self.count += 1;
            self.queue.insert((self.taken + delay, self.count), packet);
        }
    }
}

/// A client as RFC 7440 describes it: acknowledges each window's end, and a gap once; repeats itself after 250 ms.
struct Client {
    terms: Terms,
    next: u64,
    in_window: u16,
    gap: bool,
    repeat: Instant,
    habits: Habits,
    /// The block that it last acknowledged again because it came again.
    answered: u64,
}

/// What clients do differently.
#[derive(Clone, Copy, PartialEq)]
enum Habits {
    /// Repeats itself 250 ms after it last said something, as iPXE does.
    Eager,
    /// atftp 0.8: acknowledges a block that comes again once, repeats itself after 5 seconds, and begins to wait anew
    /// with each packet that comes, useful or not.
    Stubborn,
}

impl Habits {
    fn wait(self) -> Duration {
        if self == Habits::Eager { 250 * MS } else { 5000 * MS }
    }
}

impl Client {
    fn ack(&mut self, link: &mut Link) {
        self.in_window = 0;
        self.repeat = link.now + self.habits.wait();
        link.send(Packet::Ack(self.next - 1));
    }

    fn block(&mut self, block: u64, link: &mut Link) {
        if self.habits == Habits::Stubborn {
            self.repeat = link.now + self.habits.wait();
            if block < self.next && std::mem::replace(&mut self.answered, block) == block {
                return;
            }
        }
        if block == self.next {
            (self.next, self.gap, self.in_window) = (self.next + 1, false, self.in_window + 1);
            if self.in_window == self.terms.window || block == self.terms.last() {
                self.ack(link);
            }
        } else if block + 1 == self.next || (block > self.next && !self.gap) {
            self.gap = block > self.next;
            self.ack(link);
        }
    }
}

struct Report {
    took: Duration,
    sent: u64,
    blocks: u64,
    complete: bool,
}

fn run(window: u16, size: u64, delay: Duration, lost: u64, twice: u64) -> Report {
    run_seeded(window, size, delay, lost, twice, 88_172_645_463_325_252)
}

fn run_seeded(window: u16, size: u64, delay: Duration, lost: u64, twice: u64, random: u64) -> Report {
    run_with(Habits::Eager, window, size, (delay, lost, twice, 0), random)
}

/// The link's delay, and of 1,000 packets how many are lost, come twice, and are overtaken.
type Conditions = (Duration, u64, u64, u64);

fn run_with(habits: Habits, window: u16, size: u64, conditions: Conditions, random: u64) -> Report {
    run_paced(Duration::ZERO, habits, window, size, conditions, random)
}

fn run_paced(pace: Duration, habits: Habits, window: u16, size: u64, conditions: Conditions, random: u64) -> Report {
    let (delay, lost, twice, overtaken) = conditions;
    let terms = Terms { size, block: 1468, window, options: true, longest_wait: LONGEST };
    let start = Instant::now();
    let queue = BTreeMap::new();
    let mut link = Link { now: start, delay, pace, taken: start, lost, twice, overtaken, random, queue, count: 0 };
    let mut client =
        Client { terms, next: 1, in_window: 0, gap: false, repeat: start + habits.wait(), habits, answered: 0 };
    let (mut transfer, mut step) = Transfer::begin(terms, start);
    let mut sent = 0;
    loop {
        match step {
            Step::Wait => {}
            Step::Greet => link.send(Packet::Greeting),
            Step::Send(blocks) => blocks.for_each(|block| {
                sent += 1;
                link.send(Packet::Block(block));
            }),
            Step::Probe(first, last) => [first, last].into_iter().for_each(|block| {
                sent += 1;
                link.send(Packet::Block(block));
            }),
            Step::Finished | Step::GiveUp => {
                let complete = step == Step::Finished && client.next == terms.last() + 1;
                return Report { took: link.now - start, sent, blocks: terms.last(), complete };
            }
        }
        step = Step::Wait;
        let timer = transfer.deadline().min(client.repeat);
        match link.queue.first_key_value().filter(|((at, _), _)| *at <= timer).map(|(key, packet)| (*key, *packet)) {
            Some((key, packet)) => {
                link.queue.remove(&key);
                link.now = key.0;
                match packet {
                    Packet::Greeting if client.next == 1 => client.ack(&mut link),
                    Packet::Greeting => {}
                    Packet::Block(block) => client.block(block, &mut link),
                    Packet::Ack(block) => step = transfer.acknowledged(block as u16, link.now),
                }
            }
            None if timer == client.repeat => {
                link.now = timer;
                client.ack(&mut link);
            }
            None => {
                link.now = timer;
                step = transfer.silent(link.now);
            }
        }
    }
}

const MIB: u64 = 1 << 20;

#[test]
fn a_clean_link_sends_each_block_once() {
    for window in [1, 4, 16, 64, 500] {
        let report = run(window, MIB, MS / 10, 0, 0);
        assert!(report.complete && report.sent == report.blocks, "window {window}: {} sent", report.sent);
    }
}

#[test]
fn sizes_at_the_edges_of_a_block_end_with_a_short_one() {
    for (size, blocks) in [(0, 1), (1, 1), (1467, 1), (1468, 2), (1469, 2), (2936, 3)] {
        let report = run(16, size, MS, 0, 0);
        assert!(report.complete && report.blocks == blocks, "{size} bytes in {} blocks", report.blocks);
    }
}

#[test]
fn block_numbers_wrap() {
    let report = run(64, 1468 * 200_000, MS / 100, 1, 0);
    assert!(report.complete && report.blocks == 200_001);
}

#[test]
fn a_loss_of_one_in_a_hundred_costs_milliseconds() {
    for (window, limit) in [(1, 800), (16, 250), (64, 250)] {
        let report = run(window, MIB, MS / 10, 10, 0);
        assert!(report.complete && report.took < limit * MS, "window {window}: {:?}", report.took);
    }
}

#[test]
fn a_heavy_loss_still_ends_well() {
    for window in [1, 4, 16, 64] {
        let report = run(window, MIB, MS, 100, 20);
        assert!(report.complete && report.took < 20_000 * MS, "window {window}: {:?}", report.took);
    }
}

#[test]
fn a_slow_link_is_not_taken_for_a_bad_one() {
    for (window, pace) in [(16, 400), (64, 100), (64, 400), (64, 1200), (500, 100)] {
        let pace = Duration::from_micros(pace);
        let report = run_paced(pace, Habits::Eager, window, 4 * MIB, (MS / 10, 0, 0, 0), 1);
        let sent = report.sent * 100 / report.blocks;
        assert!(report.complete && sent < 104, "window {window}, {pace:?}: {sent} % sent");
    }
}

#[test]
fn a_lost_acknowledgement_costs_two_blocks_and_no_window() {
    let terms = Terms { size: MIB, block: 512, window: 16, options: true, longest_wait: Duration::from_secs(4) };
    let start = Instant::now();
    let (mut transfer, _) = Transfer::begin(terms, start);
    assert_eq!(transfer.acknowledged(0, start + MS), Step::Send(1..17));
    assert_eq!(transfer.acknowledged(16, start + 2 * MS), Step::Send(17..33));
    let moment = transfer.deadline();
    assert!(moment < start + 20 * MS, "{:?}", moment - start);
    assert_eq!(transfer.silent(moment), Step::Probe(17, 32));
    assert_eq!(transfer.acknowledged(32, moment + MS), Step::Send(33..49));
    assert_eq!(transfer.resent(), 2);
}

#[test]
fn a_client_that_reports_a_gap_with_each_block_gets_the_window_once() {
    let terms = Terms { size: MIB, block: 512, window: 16, options: true, longest_wait: Duration::from_secs(4) };
    let start = Instant::now();
    let (mut transfer, _) = Transfer::begin(terms, start);
    assert_eq!(transfer.acknowledged(0, start), Step::Send(1..17));
    assert_eq!(transfer.acknowledged(2, start), Step::Send(3..19));
    for _ in 4..=16 {
        assert_eq!(transfer.acknowledged(2, start), Step::Wait);
    }
    assert_eq!(transfer.acknowledged(18, start), Step::Send(19..35));
    assert_eq!(transfer.resent(), 14);
}

#[test]
fn duplicated_packets_do_not_multiply() {
    for window in [1, 2, 16, 64] {
        let report = run(window, 4 * MIB, MS, 0, 30);
        let sent = report.sent * 100 / report.blocks;
        assert!(report.complete && sent < 200, "window {window}: {sent} % sent");
    }
}

#[test]
fn a_client_that_never_answers_gets_three_packets() {
    let terms = Terms { size: MIB, block: 512, window: 1, options: false, longest_wait: Duration::from_secs(4) };
    let start = Instant::now();
    let (mut transfer, mut step) = Transfer::begin(terms, start);
    let mut sent = 0;
    while step != Step::GiveUp {
        sent += 1;
        assert_eq!(step, Step::Send(1..2));
        assert_eq!(transfer.silent(transfer.deadline() - MS), Step::Wait);
        step = transfer.silent(transfer.deadline());
    }
    assert_eq!(sent, 3);
}

#[test]
fn a_late_or_foreign_acknowledgement_moves_nothing() {
    let terms = Terms { size: MIB, block: 512, window: 4, options: true, longest_wait: Duration::from_secs(4) };
    let now = Instant::now();
    let (mut transfer, _) = Transfer::begin(terms, now);
    assert_eq!(transfer.acknowledged(3, now), Step::Wait);
    assert_eq!(transfer.acknowledged(0, now), Step::Send(1..5));
    assert_eq!(transfer.acknowledged(4, now), Step::Send(5..9));
    assert_eq!(transfer.acknowledged(3, now), Step::Wait);
    assert_eq!(transfer.acknowledged(9, now), Step::Wait);
    assert_eq!(transfer.acknowledged(6, now), Step::Send(7..11));
    assert_eq!(transfer.acknowledged(6, now), Step::Wait, "a gap that is reported twice is filled once");
    assert_eq!(transfer.silent(transfer.deadline()), Step::Probe(7, 10));
    assert_eq!(transfer.acknowledged(6, now), Step::Send(7..11), "it was lost again");
    assert_eq!(transfer.acknowledged(10, now), Step::Send(11..15));
    assert_eq!(transfer.acknowledged(10, now), Step::Wait, "it may answer the probe");
    assert_eq!(transfer.resent(), 8);
}

#[test]
fn of_many_runs_with_loss_the_median_is_quick_and_the_worst_bearable() {
    for (window, lost, median, worst) in [(1, 10, 600, 2000), (16, 10, 30, 300), (64, 50, 300, 5000)] {
        let run = |seed: u64| run_seeded(window, MIB, MS / 10, lost, 0, seed.wrapping_mul(0x9e37_79b9_7f4a_7c15));
        let reports: Vec<_> = (1..=101).map(run).collect();
        assert!(reports.iter().all(|report| report.complete), "window {window}");
        let mut times: Vec<_> = reports.iter().map(|report| report.took).collect();
        times.sort();
        assert!(
            times[50] < median * MS && times[100] < worst * MS,
            "window {window}: {:?}, {:?}",
            times[50],
            times[100]
        );
    }
}

#[test]
fn packets_that_overtake_each_other_cost_little() {
    for window in [1, 4, 16, 64] {
        let report = run_with(Habits::Eager, window, 4 * MIB, (MS, 0, 0, 10), 88_172_645_463_325_252);
        let sent = report.sent * 100 / report.blocks;
        assert!(
            report.complete && sent < 200 && report.took < 8000 * MS,
            "window {window}: {sent} % {:?}",
            report.took
        );
    }
}

#[test]
fn a_client_that_only_silence_wakes_is_given_silence() {
    for window in [1, 4, 16, 64] {
        for seed in 1..=20u64 {
            let random = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let report = run_with(Habits::Stubborn, window, MIB, (MS / 10, 50, 20, 20), random);
            assert!(report.complete && report.took < 60_000 * MS, "window {window}, seed {seed}: {:?}", report.took);
        }
    }
}
