//! Ranges of moments, merged as they come: what late data touched.
//!
//! Bounded: more than a few ranges that don't overlap become one that covers them all, which costs the recompute
//! time and nothing else. Nothing here may know what is touched.

/// How many separate ranges are kept apart.
const MAX_RANGES: usize = 16;
/// How many may wait to be merged.
const MAX_UNMERGED: usize = 256;

/// Ranges with both ends included.
#[derive(Debug, Default)]
pub(crate) struct Ranges {
    unmerged: Vec<(i64, i64)>,
}

impl Ranges {
    pub(crate) fn add(&mut self, from: i64, to: i64) {
        match self.unmerged.last_mut() {
            _ if from > to => {}
            Some(last) if from <= last.1 && last.0 <= to => *last = (last.0.min(from), last.1.max(to)),
            _ => {
                self.unmerged.push((from, to));
                if self.unmerged.len() > MAX_UNMERGED {
                    self.unmerged = self.take();
                }
            }
        }
    }

    /// All of them, in order, without overlap; none is left.
    pub(crate) fn take(&mut self) -> Vec<(i64, i64)> {
        let mut ranges = std::mem::take(&mut self.unmerged);
        ranges.sort_unstable();
        let mut merged: Vec<(i64, i64)> = Vec::new();
        for (from, to) in ranges {
            match merged.last_mut() {
                Some(last) if from <= last.1 => last.1 = last.1.max(to),
                _ => merged.push((from, to)),
            }
        }
        match (merged.first(), merged.last()) {
            (Some(first), Some(last)) if merged.len() > MAX_RANGES => vec![(first.0, last.1)],
            _ => merged,
        }
    }
}
