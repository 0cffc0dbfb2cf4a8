//! How much of a document may lie behind aliases, so that a text of a kilobyte does not become a gigabyte ("billion
//! laughs"). Nodes are counted as yaml.v3 counts them; it need not count texts, since it shares them.

use super::Decoder;
use crate::tree::Origin;

/// Bytes of text behind aliases.
const MAX_TEXT: usize = 64 << 20;

/// What was decoded, and how much of it behind an alias.
#[derive(Default)]
pub(super) struct Counts {
    nodes: u64,
    aliased: u64,
    text: usize,
}

impl Decoder<'_> {
    /// Counts a node, and stops where aliases make more of a text than anyone writes by hand ("billion laughs").
    pub(super) fn count(&mut self) -> Option<()> {
        if self.stopped {
            return None;
        }
        self.counts.nodes += 1;
        self.counts.aliased += u64::from(!self.following.is_empty());
        let Counts { nodes, aliased, .. } = self.counts;
        if aliased > 100 && nodes > 1000 && aliased as f64 > nodes as f64 * allowed(nodes) {
            return self.excessive();
        }
        Some(())
    }

    /// Counts a text.
    pub(super) fn count_text(&mut self, length: usize) -> Option<()> {
        if !self.following.is_empty() {
            self.counts.text = self.counts.text.saturating_add(length);
        }
        if self.counts.text > MAX_TEXT { self.excessive() } else { Some(()) }
    }

    fn excessive(&mut self) -> Option<()> {
        self.stop(&Origin::default(), "document contains excessive aliasing".to_owned())
    }
}

/// How great a share of all nodes may lie behind aliases: nearly all in a small document, a tenth in a huge one.
fn allowed(decoded: u64) -> f64 {
    const LOW: f64 = 400_000.0;
    const HIGH: f64 = 4_000_000.0;
    0.99 - 0.89 * ((decoded as f64 - LOW) / (HIGH - LOW)).clamp(0.0, 1.0)
}
