//! What is shown of fetches: on a terminal a bar for each, with rate and time left; without one, a line now and then.

use firstlight_assets::{Progress, Step};
use indicatif::{HumanBytes, HumanDuration, MultiProgress, ProgressBar, ProgressStyle};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

/// How often a line tells how far a fetch is, where there is no terminal.
const EVERY: Duration = Duration::from_secs(10);
const KNOWN: &str = "{msg:20!} {wide_bar} {bytes}/{total_bytes} {bytes_per_sec} {eta}";
const UNKNOWN: &str = "{msg:20!} {spinner} {bytes} {bytes_per_sec}";

/// The fetches that are under way.
pub(crate) struct Fetching {
    bars: MultiProgress,
    shown: Mutex<HashMap<String, Shown>>,
    /// Takes a line.
    say: fn(&str),
}

struct Shown {
    bar: ProgressBar,
    began: Instant,
    told: Instant,
}

impl Fetching {
    /// Lines go to `say`.
    pub(crate) fn new(say: fn(&str)) -> Fetching {
        Fetching { bars: MultiProgress::new(), shown: Mutex::default(), say }
    }

    /// Shows a step.
    pub(crate) fn show(&self, progress: Progress<'_>) {
        let name = progress.name;
        match progress.step {
            Step::From { url, at: 0, .. } => self.line(&format!("fetching {name} from {url}")),
            Step::From { url, at, .. } => {
                self.line(&format!("fetching {name} from {url}, going on after {}", HumanBytes(at)));
            }
            Step::Bytes { done, total } => self.bytes(name, done, total),
            Step::Failed { url, why, wait } if wait.is_zero() => self.line(&format!("{name}: {url}: {why}")),
            Step::Failed { url, why, wait } => {
                self.line(&format!("{name}: {url}: {why}; trying again in {:.1} s", wait.as_secs_f32()));
            }
            Step::Waits => self.line(&format!("{name} is fetched by another process already; waiting for it")),
            Step::Overridden(path) => self.line(&format!("{name} is overridden by {}", path.display())),
            Step::Locked { sha256, trust } => self.line(&format!("{name} is locked: sha256 {sha256}, {trust}")),
        }
    }

    fn line(&self, line: &str) {
        self.bars.suspend(|| (self.say)(line));
    }

    fn bytes(&self, name: &str, done: u64, total: Option<u64>) {
        let mut shown = self.shown.lock().unwrap_or_else(PoisonError::into_inner);
        let one = shown.entry(name.to_owned()).or_insert_with(|| {
            let bar = self.bars.add(ProgressBar::new(0).with_message(name.to_owned()));
            let style = ProgressStyle::with_template(if total.is_some() { KNOWN } else { UNKNOWN });
            bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
            // A part that was here before is no rate.
            bar.reset_eta();
            Shown { bar, began: Instant::now(), told: Instant::now() }
        });
        one.bar.set_length(total.unwrap_or(done));
        one.bar.set_position(done);
        let is_due = one.bar.is_hidden() && one.told.elapsed() > EVERY;
        if is_due {
            one.told = Instant::now();
            (self.say)(&plain(name, done, total, one.began.elapsed()));
        }
        if total == Some(done) {
            one.bar.finish_and_clear();
            shown.remove(name);
        }
    }
}

/// How far a fetch is, in a line.
fn plain(name: &str, done: u64, total: Option<u64>, time: Duration) -> String {
    let rate = done as f64 / time.as_secs_f64().max(0.001);
    let so_far = format!("{name}: {} so far, {}/s", HumanBytes(done), HumanBytes(rate as u64));
    match total.filter(|_| rate >= 1.0) {
        Some(total) => {
            let left = Duration::from_secs_f64((total.saturating_sub(done) as f64 / rate).min(1e9));
            format!("{so_far}, of {}, about {} left", HumanBytes(total), HumanDuration(left))
        }
        None => so_far,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_tells_how_long_it_will_take() {
        let line = plain("kernel", 10 << 20, Some(30 << 20), Duration::from_secs(10));
        assert_eq!(line, "kernel: 10.00 MiB so far, 1.00 MiB/s, of 30.00 MiB, about 20 seconds left");
        assert_eq!(plain("k", 0, Some(1), Duration::ZERO), "k: 0 B so far, 0 B/s");
    }
}
