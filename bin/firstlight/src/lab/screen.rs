//! What is on the screen while a lab boots: lines that scroll by, and on a terminal a line for each machine below them.

use super::boots::{Boots, Progress, STEPS, firmware};
use crate::{Outcome, output};
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::IsTerminal;

pub(super) struct Screen {
    bars: Vec<ProgressBar>,
    all: MultiProgress,
    quiet: bool,
}

impl Screen {
    pub(super) fn new(boots: &Boots, quiet: bool) -> Screen {
        let terminal = std::io::stdout().is_terminal() && !quiet;
        let target = if terminal { ProgressDrawTarget::stdout() } else { ProgressDrawTarget::hidden() };
        let all = MultiProgress::with_draw_target(target);
        let style = ProgressStyle::with_template("{spinner} {prefix}  {wide_msg}")
            .unwrap_or_else(|_| ProgressStyle::default_spinner());
        let bar = |machine: &Progress| {
            let bar = all.add(ProgressBar::new_spinner().with_style(style.clone()));
            bar.set_prefix(format!("{:1$}  {2:9}", machine.name, boots.longest, firmware(machine.firmware)));
            bar
        };
        let bars = if terminal { boots.machines.iter().map(bar).collect() } else { Vec::new() };
        Screen { bars, all, quiet }
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
        for (bar, machine) in self.bars.iter().zip(&boots.machines) {
            bar.set_message(so_far(machine));
            bar.tick();
        }
    }

    pub(super) fn finish(&self) {
        self.bars.iter().for_each(ProgressBar::finish_and_clear);
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
