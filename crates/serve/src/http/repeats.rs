//! GRUB asks for a file again where it goes back in it (`grub_net_seek_real` in its `net/net.c`), by TFTP and by HTTP; and
//! a request by TFTP may come twice by itself. Neither is another boot: whoever asks for the same again within moments, and
//! has used nothing of its script, is given the very same script.

use firstlight_model::{Mac, Timestamp};
use firstlight_plan::Standing;
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

/// No machine comes from its script through a restart to its script again within this time.
const SOON: Duration = Duration::from_secs(5);

/// How many scripts are kept; at some KiB each.
const KEPT: usize = 4096;

#[derive(Debug, Default)]
pub(super) struct Repeats {
    scripts: Mutex<HashMap<Mac, Kept>>,
}

#[derive(Debug)]
struct Kept {
    from: IpAddr,
    asked: String,
    /// Where the machine stood then.
    standing: Standing,
    script: String,
    at: Timestamp,
}

impl Repeats {
    fn lock(&self) -> MutexGuard<'_, HashMap<Mac, Kept>> {
        self.scripts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps what a machine was told, to be told again for a moment.
    pub(super) fn keep(&self, mac: Mac, asked: (IpAddr, &str), standing: Standing, script: String, now: Timestamp) {
        let mut scripts = self.lock();
        if scripts.len() >= KEPT {
            scripts.retain(|_, kept| now.since(kept.at) <= SOON);
        }
        if scripts.len() < KEPT {
            let (from, asked) = (asked.0, asked.1.to_owned());
            scripts.insert(mac, Kept { from, asked, standing, script, at: now });
        }
    }

    /// The script again, where the same is asked for soon and the machine stands where it stood.
    pub(super) fn find(
        &self,
        mac: Mac,
        (from, asked): (IpAddr, &str),
        standing: &Standing,
        now: Timestamp,
    ) -> Option<String> {
        let scripts = self.lock();
        let kept = scripts.get(&mac).filter(|kept| now.since(kept.at) <= SOON)?;
        let same = kept.from == from && kept.asked == asked && kept.standing == *standing;
        same.then(|| kept.script.clone())
    }

    /// What it asks for next is another boot's.
    pub(super) fn forget(&self, mac: Mac) {
        self.lock().remove(&mac);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use firstlight_plan::Stage;

    #[test]
    fn the_same_is_told_again_only_soon_to_the_same_and_where_nothing_happened() {
        let (repeats, mac, asked) = (Repeats::default(), Mac([2, 0, 0, 0, 0, 1]), "mac=02:00:00:00:00:01");
        let (here, there) = (IpAddr::from([10, 0, 0, 1]), IpAddr::from([10, 0, 0, 2]));
        let standing = Standing { stage: Stage::Installing, ..Standing::default() };
        let find = |from, asked, standing: &Standing, at| repeats.find(mac, (from, asked), standing, Timestamp(at));
        assert_eq!(find(here, asked, &standing, 0), None);
        repeats.keep(mac, (here, asked), standing.clone(), "script".to_owned(), Timestamp(0));
        assert_eq!(find(here, asked, &standing, 5000).as_deref(), Some("script"));
        assert_eq!(find(here, asked, &standing, 5001), None, "later");
        assert_eq!(find(there, asked, &standing, 0), None, "somebody else");
        assert_eq!(find(here, "mac=02:00:00:00:00:01&profile=x", &standing, 0), None, "something else");
        assert_eq!(find(here, asked, &Standing { stage: Stage::Held, ..standing.clone() }, 0), None, "held meanwhile");
        repeats.forget(mac);
        assert_eq!(find(here, asked, &standing, 0), None, "it has fetched its kernel");
    }
}
