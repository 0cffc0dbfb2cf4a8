//! What is on the screen while a lab boots: lines that scroll by, and on a terminal a line for each machine below them.

use super::boots::{Boots, Progress, STEPS, firmware};
use crate::{Outcome, output};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;

/// What stands in a machine's line beside its name and its steps.
const MARGIN: usize = 16;

pub(super) struct Screen {
    /// An empty line above the machines'. A terminal's own `^C` moves everything by one line, so that the topmost is
    /// left behind when the lines are cleared.
    gap: ProgressBar,
    bars: Vec<ProgressBar>,
    all: MultiProgress,
    quiet: bool,
}

impl Screen {
    pub(super) fn new(boots: &Boots, quiet: bool) -> Screen {
        let terminal = std::io::stdout().is_terminal() && !quiet;
        let target = if terminal { ProgressDrawTarget::stdout() } else { ProgressDrawTarget::hidden() };
        let all = MultiProgress::with_draw_target(target);
        let style = ProgressStyle::with_template("{spinner} {prefix}  {msg}")
            .unwrap_or_else(|_| ProgressStyle::default_spinner());
        let bar = |machine: &Progress| {
            let bar = all.add(ProgressBar::new_spinner().with_style(style.clone()));
            bar.set_prefix(format!("{:1$}  {2:9}", machine.name, boots.longest, firmware(machine.firmware)));
            bar
        };
        let empty = ProgressStyle::with_template("{msg}").unwrap_or_else(|_| ProgressStyle::default_spinner());
        let gap = all.add(ProgressBar::new_spinner().with_style(empty).with_message(" "));
        let bars = if terminal { boots.machines.iter().map(bar).collect() } else { Vec::new() };
        Screen { gap, bars, all, quiet }
    }

    /// Shows a line; on a terminal no more of it than fits.
    pub(super) fn line(&self, line: &str) -> Outcome {
        match (self.quiet, self.bars.is_empty()) {
            (true, _) => Ok(()),
            (false, true) => output::print(&format!("{line}\n")),
            (false, false) => Ok(self.all.println(console::truncate_str(line, output::width(), "…"))?),
        }
    }

    pub(super) fn update(&self, boots: &Boots) {
        let room = output::width().saturating_sub(MARGIN + boots.longest);
        self.gap.tick();
        for (bar, machine) in self.bars.iter().zip(&boots.machines) {
            bar.set_message(console::truncate_str(&so_far(machine), room, "…").into_owned());
            bar.tick();
        }
    }

    pub(super) fn finish(&self) {
        // All at once: cleared one by one, the others are drawn again each time.
        let _ = self.all.clear();
        self.all.set_draw_target(ProgressDrawTarget::hidden());
    }
}

/// The steps so far, and when the last of them came.
fn so_far(machine: &Progress) -> String {
    let reached: Vec<&str> = STEPS.iter().filter(|step| machine.steps.contains_key(*step)).copied().collect();
    let last = machine.steps.values().copied().fold(0.0, f64::max);
    let mark = match (machine.done, &machine.failed) {
        (Some(_), _) => "✓",
        (None, Some(_)) => "✗",
        (None, None) => " ",
    };
    match reached.is_empty() {
        true => format!("{mark} firmware starts"),
        false => format!("{mark} {last:5.1} s  {}", reached.join(" · ")),
    }
}

#[cfg(test)]
mod tests {
    use super::super::boots::tests::boots;
    use super::*;
    use crate::overview::tests::{acked, at, reported};
    use firstlight_site::Expect;

    #[test]
    fn a_machines_line_has_its_steps_and_its_end() {
        let mut boots = boots(Expect::Reported);
        assert_eq!(so_far(&boots.machines[0]), "  firmware starts");
        boots.take(&at(3000, acked("BIOS")));
        assert_eq!(so_far(&boots.machines[0]), "    2.0 s  DHCP");
        boots.take(&at(6500, reported()));
        assert_eq!(so_far(&boots.machines[0]), "✓   5.5 s  DHCP · up");
    }
}
