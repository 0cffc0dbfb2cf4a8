//! What a machine is told whose kernel or initrd is not here yet: what is fetched and how far it is, and to ask again.
//! That is no boot: nothing of its life changes meanwhile.

use crate::{Ask, BootSet, Choice, script::plain};
use firstlight_model::ByteSize;
use firstlight_site::{Asset, Network};
use std::fmt;

/// After how many seconds a machine that waits for a fetch asks again.
const AGAIN_SECONDS: u32 = 5;

/// An asset that a machine waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Awaited {
    /// The asset's name.
    pub name: String,
    /// How far it is.
    pub how_far: HowFar,
}

/// How far a fetch is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HowFar {
    /// It goes on.
    Fetching {
        /// Bytes so far.
        done: u64,
        /// Bytes in all, where the source told.
        total: Option<u64>,
    },
    /// It failed, and will be tried again.
    Failed(String),
}

impl fmt::Display for Awaited {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        match &self.how_far {
            HowFar::Fetching { done, total: Some(total) } if *total > 0 => {
                let percent = (u128::from(*done) * 100 / u128::from(*total)).min(100);
                write!(f, "{name}: {percent} % of {}", ByteSize(*total))
            }
            HowFar::Fetching { done, .. } => write!(f, "{name}: {} so far", ByteSize(*done)),
            HowFar::Failed(why) => write!(f, "{name} cannot be fetched: {why}"),
        }
    }
}

impl BootSet {
    /// The site's assets that a script names and whose content is not here.
    pub fn awaited_by(&self, script: &str) -> impl Iterator<Item = &Asset> {
        let absent = self.site.assets.values().filter(|asset| self.asset(&asset.name).is_none());
        absent.filter(|asset| names(script, &asset.name))
    }

    /// True when every asset of the site is here.
    pub fn is_complete(&self) -> bool {
        self.site.assets.keys().all(|name| self.asset(name).is_some())
    }

    /// The script for a machine that waits for a fetch.
    pub fn waiting_script(&self, ask: &Ask, choice: Option<&Choice>, network: &Network, awaited: &[Awaited]) -> String {
        let lines: String = awaited.iter().map(|awaited| format!("echo {}\n", plain(&awaited.to_string()))).collect();
        let again = self.urls(network).script_again(ask, choice);
        format!(
            "#!ipxe\n:again\necho Firstlight: what this machine boots is being fetched\n{lines}\
             sleep {AGAIN_SECONDS}\nchain --replace {again} || goto again\n"
        )
    }

    /// The same for GRUB, which reads its script anew for as long as it runs. It asks for a script's length before it
    /// asks for the script: this one always has the same.
    pub fn waiting_grub_script(&self) -> String {
        format!("echo 'Firstlight: what this machine boots is being fetched'\nsleep {AGAIN_SECONDS}\n")
    }
}

/// True where a URL in the script ends in this name.
fn names(script: &str, name: &str) -> bool {
    let needle = format!("/{name}");
    let ends = |at: usize| !script[at..].starts_with(|c: char| c.is_ascii_alphanumeric() || "._-%/".contains(c));
    script.match_indices(&needle).any(|(at, found)| ends(at + found.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_found_at_the_end_of_a_url_only() {
        let script = "kernel http://10.20.0.1/b/00/linux initrd=initrd fetch=http://10.20.0.1/asset/root.squashfs\n";
        assert!(names(script, "linux") && names(script, "root.squashfs"));
        assert!(!names(script, "root") && !names(script, "lin") && !names(script, "initrd") && !names(script, "asset"));
    }

    #[test]
    fn how_far_it_is_in_a_line() {
        let line = |how_far| Awaited { name: "linux".to_owned(), how_far }.to_string();
        assert_eq!(line(HowFar::Fetching { done: 50 << 20, total: Some(200 << 20) }), "linux: 25 % of 200 MiB");
        assert_eq!(line(HowFar::Fetching { done: 3 << 20, total: None }), "linux: 3 MiB so far");
        assert_eq!(line(HowFar::Failed("no route".to_owned())), "linux cannot be fetched: no route");
    }
}
