//! One transfer as a state machine: which blocks to send after an acknowledgement or a silence. No sockets, no files;
//! the time is passed in.
//!
//! ```text
//!            ┌─ options ──▶ Greet ── ACK 0 ──▶┐
//!  begin() ──┤                                ├──▶ Send window ──▶ ACK of the last block ──▶ Finished
//!            └─ none ────────────────────────▶┘      ▲    │
//!                                                    └────┴─ ACK, gap, silence        long silence ──▶ GiveUp
//! ```
//!
//! After a moment's silence in a window only its first and its last block are sent again, much as TCP probes for a lost tail
//! (RFC 8985 section 7). The first helps a client that lost it, and the last makes every client say what is missing; where
//! just an acknowledgement was lost or late, that cost two blocks instead of a window. The window follows when that is not
//! answered twice: on a slow link it would only keep the answer waiting.
//!
//! Blocks are counted from 1 without wrapping; only the numbers on the wire are modulo 65,536.

use super::rto::{FIRST, FIRST_OF_OPTIONS, LONGEST_MOMENT, Rto};
use std::{
    ops::Range,
    time::{Duration, Instant},
};

/// A client from which nothing new has come for this long is gone.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often something is repeated to a client that has not answered once: its address may be a forged one, and a real
/// client repeats its request. See the module's documentation for what a forger gains.
const REPEATS_TO_A_STRANGER: u32 = 2;
/// A request that comes again this soon was repeated by the network, not by a client that waits in vain.
const IMPATIENCE: Duration = Duration::from_millis(100);

/// What was agreed on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terms {
    /// The file's size in bytes.
    pub(super) size: u64,
    /// Bytes in a block, at least 8.
    pub(super) block: u16,
    /// Blocks in a window, at least 1.
    pub(super) window: u16,
    /// True when options were granted, so that the client acknowledges those first.
    pub(super) options: bool,
    /// The longest wait before something is sent again.
    pub(super) longest_wait: Duration,
}

impl Terms {
    /// The number of the last block: the first that is not full.
    pub(super) fn last(&self) -> u64 {
        self.size / u64::from(self.block.max(1)) + 1
    }

    /// Which of the file's bytes these blocks carry.
    pub(super) fn bytes(&self, blocks: &Range<u64>) -> Range<u64> {
        let start = |block: u64| block.saturating_sub(1).saturating_mul(self.block.into()).min(self.size);
        start(blocks.start)..start(blocks.end)
    }
}

/// What to do next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing before the next packet or deadline.
    Wait,
    /// Send the granted options.
    Greet,
    /// Send these blocks.
    Send(Range<u64>),
    /// Send these two blocks.
    Probe(u64, u64),
    /// The client has everything.
    Finished,
    /// The client is gone.
    GiveUp,
}

/// What the deadline is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum OnSilence {
    /// To ask what is missing.
    Probe,
    /// To ask once more, after a longer wait.
    ProbeAgain,
    /// To send what was reported missing, perhaps by mistake.
    Fill,
    /// To send everything again, and wait longer.
    Repeat,
}

/// A transfer.
#[derive(Debug)]
pub(super) struct Transfer {
    terms: Terms,
    greeting: bool,
    /// Every block up to this one has arrived.
    acked: u64,
    /// The last block of the window that is under way.
    sent: u64,
    /// The highest block that was ever sent.
    highest: u64,
    /// A repeated acknowledgement of a block before this one may answer a block that arrived twice, or be one of many that
    /// report the same gap (EDK2 sends one for each block behind it). Answering it would double every packet from then
    /// on: the Sorcerer's Apprentice (RFC 1123, 4.2.3.1).
    trusted: u64,
    /// The block that was sent again to ask what is missing; 0 for none.
    probed: u64,
    on_silence: OnSilence,
    /// Up to this block the client may have got each twice: an acknowledgement in the middle of a window then does not
    /// prove a loss.
    twice: u64,
    resent: u64,
    rto: Rto,
    /// The first block that was sent once only, and when: an acknowledgement of it, or of one after it, measures the
    /// link. One of a block that was sent twice does not, for nobody knows which sending it answers (Karn).
    sample: Option<(u64, Instant)>,
    last_sent: Instant,
    deadline: Instant,
    progressed: Instant,
    heard: bool,
    repeats: u32,
}

impl Transfer {
    /// A transfer and its first step.
    pub(super) fn begin(terms: Terms, now: Instant) -> (Self, Step) {
        let mut transfer = Transfer {
            terms,
            greeting: terms.options,
            acked: 0,
            sent: 0,
            highest: 0,
            trusted: 0,
            probed: 0,
            on_silence: OnSilence::Repeat,
            twice: 0,
            resent: 0,
            rto: Rto::new(if terms.options { FIRST_OF_OPTIONS } else { FIRST }, terms.longest_wait),
            sample: Some((0, now)),
            last_sent: now,
            deadline: now,
            progressed: now,
            heard: false,
            repeats: 0,
        };
        transfer.deadline = now + transfer.rto.wait();
        let step = if transfer.greeting { Step::Greet } else { transfer.send_window(now) };
        (transfer, step)
    }

    /// An acknowledgement arrived.
    pub(super) fn acknowledged(&mut self, number: u16, now: Instant) -> Step {
        // How far it is ahead of what is known to have arrived; a late one from long before looks far ahead.
        let ahead = u64::from(number.wrapping_sub(self.acked as u16));
        if self.greeting {
            return if number == 0 { self.advance(0, now) } else { Step::Wait };
        }
        match ahead {
            0 => self.repeated(now),
            ahead if ahead <= self.sent - self.acked => self.advance(ahead, now),
            _ => Step::Wait,
        }
    }

    /// The deadline may have passed.
    pub(super) fn silent(&mut self, now: Instant) -> Step {
        if now < self.deadline {
            return Step::Wait;
        }
        match self.on_silence {
            OnSilence::Probe => return self.probe(OnSilence::ProbeAgain, now),
            OnSilence::ProbeAgain => {
                self.rto.expired();
                return self.probe(OnSilence::Repeat, now);
            }
            OnSilence::Fill => return self.fill_gap(now),
            OnSilence::Repeat => {}
        }
        self.repeats += 1;
        let stranger = !self.heard && self.repeats > REPEATS_TO_A_STRANGER;
        if stranger || now.saturating_duration_since(self.progressed) >= PATIENCE {
            return Step::GiveUp;
        }
        self.rto.expired();
        self.send_again(now)
    }

    /// The request came again: the answer to it was lost, and the client's own wait is shorter than ours.
    pub(super) fn asked_again(&mut self, now: Instant) -> Step {
        let soon = now.saturating_duration_since(self.last_sent) < IMPATIENCE;
        if self.heard || soon { Step::Wait } else { self.send_again(now) }
    }

    /// When [`Transfer::silent`] wants to be called.
    pub(super) fn deadline(&self) -> Instant {
        self.deadline
    }

    /// How many of the file's bytes are known to have arrived.
    pub(super) fn arrived(&self) -> u64 {
        self.terms.bytes(&(1..self.acked + 1)).end
    }

    /// How many blocks were sent more than once, counted each time.
    pub(super) fn resent(&self) -> u64 {
        self.resent
    }

    /// True while the client has not answered the granted options.
    pub(super) fn is_greeting(&self) -> bool {
        self.greeting
    }

    /// True when the client has acknowledged anything.
    pub(super) fn is_heard(&self) -> bool {
        self.heard
    }

    /// True when only the last acknowledgement is missing.
    pub(super) fn all_sent(&self) -> bool {
        self.sent == self.terms.last()
    }

    /// What was agreed on.
    pub(super) fn terms(&self) -> &Terms {
        &self.terms
    }

    /// `blocks` more have arrived. Where those are not all that were sent, the one after them was lost, and the client
    /// waits for exactly that one (RFC 7440 section 4).
    fn advance(&mut self, blocks: u64, now: Instant) -> Step {
        let asked = self.probed > self.acked;
        self.acked += blocks;
        if self.greeting {
            // How long options took to be answered, perhaps after a loss, says little of blocks, and nothing of a window.
            self.rto = Rto::new(FIRST, self.terms.longest_wait);
            let soon = |sent| self.terms.window == 1 && now.saturating_duration_since(sent) < FIRST / 4;
            self.sample = self.sample.filter(|(_, sent)| soon(*sent));
        }
        match self.sample.filter(|(first, _)| self.acked >= *first) {
            Some((_, sent)) => {
                let took = now.saturating_duration_since(sent);
                // After a probe it may be the link that is slow, or the answer that was lost.
                let took = if asked { took.min(LONGEST_MOMENT) } else { took };
                self.rto.measured(took);
            }
            None => self.rto.progressed(),
        }
        self.greeting = false;
        self.heard = true;
        self.repeats = 0;
        self.progressed = now;
        match self.acked {
            acked if acked == self.terms.last() => Step::Finished,
            acked if acked < self.sent && acked <= self.twice => self.send_fresh(now),
            acked if acked < self.sent => self.fill_gap(now),
            _ => self.send_window(now),
        }
    }

    /// The last acknowledgement once more. Within a window it says that the first block was lost, and after some silence
    /// that the client waits in vain; else it may answer a block that came twice.
    fn repeated(&mut self, now: Instant) -> Step {
        let lost = self.terms.window > 1 && self.acked >= self.trusted && self.acked != self.probed;
        let waiting = now.saturating_duration_since(self.last_sent) >= self.rto.undoubled();
        if !lost && !waiting {
            return Step::Wait;
        }
        self.send_again(now)
    }

    /// Sends what is under way once more.
    fn send_again(&mut self, now: Instant) -> Step {
        if self.greeting {
            self.trusted = 1;
            self.sample = None;
            self.wait_for(OnSilence::Repeat, now);
            return Step::Greet;
        }
        self.fill_gap(now)
    }

    /// Sends the window from the first block on that is missing. More acknowledgements that ask for it are on their way.
    fn fill_gap(&mut self, now: Instant) -> Step {
        let step = self.send_window(now);
        self.trusted = self.sent + 1;
        step
    }

    /// What is acknowledged from now on was said in the knowledge of the whole window.
    fn probe(&mut self, next: OnSilence, now: Instant) -> Step {
        (self.probed, self.trusted) = (self.sent, 0);
        self.resent += 2;
        self.wait_for(next, now);
        Step::Probe(self.acked + 1, self.sent)
    }

    fn wait_for(&mut self, silence: OnSilence, now: Instant) {
        self.last_sent = now;
        self.on_silence = silence;
        self.deadline = now
            + match silence {
                OnSilence::Probe | OnSilence::Fill => self.rto.moment(),
                OnSilence::ProbeAgain | OnSilence::Repeat => self.rto.wait(),
            };
    }

    /// Fills up the window that the client counts from its acknowledgement with what was not sent yet; the silence that
    /// follows shows whether anything is missing.
    fn send_fresh(&mut self, now: Instant) -> Step {
        let first = self.sent + 1;
        self.sent = self.window_end();
        self.highest = self.highest.max(self.sent);
        self.sample = Some((first, now));
        self.wait_for(OnSilence::Fill, now);
        if first > self.sent { Step::Wait } else { Step::Send(first..self.sent + 1) }
    }

    fn window_end(&self) -> u64 {
        (self.acked + u64::from(self.terms.window)).min(self.terms.last())
    }

    fn send_window(&mut self, now: Instant) -> Step {
        let first = self.acked + 1;
        if first <= self.highest {
            self.twice = self.highest;
        }
        self.sent = self.window_end();
        self.resent += (self.highest + 1).saturating_sub(first);
        self.sample = Some((self.highest + 1, now));
        self.highest = self.highest.max(self.sent);
        let probe = self.heard && self.sent > first;
        self.wait_for(if probe { OnSilence::Probe } else { OnSilence::Repeat }, now);
        Step::Send(first..self.sent + 1)
    }
}
