//! `firstlight lab run`: boots a site's lab machines and shows each boot, from the events that the servers record.

use super::{
    Which,
    boots::Boots,
    ending::{self, Ended},
    fetch, options,
    screen::Screen,
    start, state_dir,
};
use crate::{Failure, Outcome, output, site, words};
use firstlight_lab::{End, Lab, Options};
use firstlight_site::Site;
use firstlight_state::{EventFilter, EventTail, read_events};
use std::time::{Duration, Instant};

/// How often the record is looked at for news.
const LOOK_EVERY: Duration = Duration::from_millis(100);

/// How the machines are to boot.
pub(super) struct How {
    /// How long they may take: all together, or each of them where they boot one after another.
    pub(super) timeout: Duration,
    pub(super) one_at_a_time: bool,
    pub(super) json: bool,
}

pub(super) fn run(which: &Which, how: &How) -> Outcome {
    let json = how.json;
    let site = site::load(&which.site)?;
    fetch(&site)?;
    if !json {
        output::print(&format!("Starting the lab of {}, on an isolated network of its own.\n", site.name))?;
    }
    let mut watched = Watched::start(&site, which, how).inspect_err(|failure| say_early(failure, json))?;
    let end = watched.until_the_end();
    let ended = if matches!(end, Err(Failure::Interrupted)) { Ended::ByHand } else { Ended::ByItself };
    // What ended it is more to the point than a summary that nobody reads.
    let summed_up = watched.finish(ended, json);
    end.and(summed_up)
}

/// Ctrl-C before anything was there to be summed up.
fn say_early(failure: &Failure, json: bool) {
    if matches!(failure, Failure::Interrupted) && !json {
        output::complain("Interrupted before the machines had power. Nothing is left running.\n");
    }
}

/// A lab whose boots are watched.
struct Watched<'a> {
    how: &'a How,
    lab: Lab,
    boots: Boots,
    screen: Screen,
    events: EventTail,
    began: Instant,
}

impl<'a> Watched<'a> {
    fn start(site: &Site, which: &Which, how: &'a How) -> Result<Watched<'a>, Failure> {
        let options = Options { without_power: how.one_at_a_time, ..options(site, which)? };
        let began = Instant::now();
        let mut lab = start(site, &options)?;
        let mut boots = Boots::new(site, &lab, &which.machines);
        let screen = Screen::new(&boots, how.json);
        let accel = lab.status().accel;
        let count = |one, many| words::count(boots.machines.len(), one, many);
        if how.one_at_a_time {
            screen.line(&format!("{}, one after another ({accel}).", count("machine boots", "machines boot")))?;
        } else {
            screen.line(&format!("{} power ({accel}).", count("machine has", "machines have")))?;
            boots.all_have_power(firstlight_serve::now());
        }
        let events = read_events(&state_dir(&which.site), EventFilter::default());
        Ok(Watched { how, lab, boots, screen, events, began })
    }

    /// Shows the boots until all machines are where they should be, or something ends the wait for them.
    fn until_the_end(&mut self) -> Outcome {
        let timeout = self.how.timeout;
        loop {
            self.show_news()?;
            if self.how.one_at_a_time {
                self.go_on_to_the_next()?;
            } else if self.began.elapsed() > timeout && !self.boots.over() {
                return Err(Failure::Failed(format!("not all machines were done after {} s", timeout.as_secs())));
            }
            if self.boots.over() {
                return self.verdict();
            }
            match self.lab.wait(LOOK_EVERY)? {
                None => {}
                Some(End::Signal | End::Asked) => return Err(Failure::Interrupted),
                Some(End::ServerEnded(said)) => return Err(Failure::Failed(format!("the boot server ended: {said}"))),
            }
        }
    }

    /// Takes the power from a machine that takes too long, and gives it to the next where none has any.
    fn go_on_to_the_next(&mut self) -> Outcome {
        for name in self.boots.give_up(firstlight_serve::now(), self.how.timeout) {
            self.screen.line(&format!("{name}: given up"))?;
            self.lab.power_off(&name)?;
        }
        match self.boots.next() {
            Some(name) if !self.boots.under_way() => {
                self.boots.has_power(&name, firstlight_serve::now());
                Ok(self.lab.power_on(&name)?)
            }
            _ => Ok(()),
        }
    }

    fn show_news(&mut self) -> Outcome {
        for event in self.events.by_ref() {
            if let Some(line) = self.boots.take(&event?) {
                self.screen.line(&line)?;
            }
        }
        for name in self.boots.just_done() {
            self.lab.power_off(&name)?;
        }
        for line in self.boots.note_ends(self.lab.status().machines) {
            self.screen.line(&line)?;
        }
        self.screen.update(&self.boots);
        Ok(())
    }

    fn verdict(&self) -> Outcome {
        match self.boots.machines.len() - self.boots.done() {
            0 => Ok(()),
            failed => Err(Failure::Failed(format!("{} failed", words::count(failed, "machine", "machines")))),
        }
    }

    /// Takes the lab down and sums up.
    fn finish(self, ended: Ended, json: bool) -> Outcome {
        self.screen.finish();
        self.lab.stop();
        match json {
            true => output::json(&self.boots.machines),
            false => output::print(&ending::summary(&self.boots, ended, self.began.elapsed(), output::width())),
        }
    }
}
