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
use firstlight_lab::{End, Lab};
use firstlight_site::Site;
use firstlight_state::{EventFilter, EventTail, read_events};
use std::time::{Duration, Instant};

/// How often the record is looked at for news.
const LOOK_EVERY: Duration = Duration::from_millis(100);

pub(super) fn run(which: &Which, timeout: Duration, json: bool) -> Outcome {
    let site = site::load(&which.site)?;
    fetch(&site)?;
    if !json {
        output::print(&format!("Starting the lab of {}, on an isolated network of its own.\n", site.name))?;
    }
    let mut watched = Watched::start(&site, which, json).inspect_err(|failure| say_early(failure, json))?;
    let end = watched.until_the_end(timeout);
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
struct Watched {
    lab: Lab,
    boots: Boots,
    screen: Screen,
    events: EventTail,
    began: Instant,
}

impl Watched {
    fn start(site: &Site, which: &Which, json: bool) -> Result<Watched, Failure> {
        let options = options(which)?;
        let began = Instant::now();
        let mut lab = start(site, &options)?;
        let boots = Boots::new(site, &lab, &which.machines, firstlight_serve::now());
        let screen = Screen::new(&boots, json);
        let machines = words::count(boots.machines.len(), "machine has", "machines have");
        screen.line(&format!("{machines} power ({}).", lab.status().accel))?;
        let events = read_events(&state_dir(&which.site), EventFilter::default());
        Ok(Watched { lab, boots, screen, events, began })
    }

    /// Shows the boots until all machines are where they should be, or something ends the wait for them.
    fn until_the_end(&mut self, timeout: Duration) -> Outcome {
        loop {
            self.show_news()?;
            if self.boots.over() {
                return self.verdict();
            }
            if self.began.elapsed() > timeout {
                return Err(Failure::Failed(format!("not all machines were done after {} s", timeout.as_secs())));
            }
            match self.lab.wait(LOOK_EVERY)? {
                None => {}
                Some(End::Signal | End::Asked) => return Err(Failure::Interrupted),
                Some(End::ServerEnded(said)) => return Err(Failure::Failed(format!("the boot server ended: {said}"))),
            }
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
