//! A series' samples, as far back as a correction may reach.
//!
//! It decides which of several samples of one time counts. It must never aggregate.

use std::collections::{BTreeMap, VecDeque};

/// What became of a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Placed {
    /// It is the first one of its time.
    New,
    /// It counts instead of the one with these ticks.
    Replaced {
        /// What counted until now.
        old: i64,
    },
    /// Nothing changes.
    Unchanged,
    /// It is older than what is kept, so nobody can say whether it replaces another.
    TooOld,
}

/// A series' samples in order of time, 16 bytes each.
#[derive(Debug, Default)]
pub(crate) struct Track {
    /// (time, ticks)
    samples: VecDeque<(i64, i64)>,
    /// The revisions other than zero, by time. Few sources revise, so most tracks have none.
    revisions: BTreeMap<i64, i32>,
}

impl Track {
    /// Takes a sample: for one time the highest revision counts, then the larger ticks.
    pub(crate) fn place(&mut self, time: i64, ticks: i64, revision: i32) -> Placed {
        if self.samples.back().is_none_or(|(newest, _)| *newest < time) {
            self.samples.push_back((time, ticks));
            self.set_revision(time, revision);
            return Placed::New;
        }
        match self.samples.binary_search_by(|(have, _)| have.cmp(&time)) {
            Err(at) => {
                self.samples.insert(at, (time, ticks));
                self.set_revision(time, revision);
                Placed::New
            }
            Ok(at) => {
                let have_revision = self.revisions.get(&time).copied().unwrap_or(0);
                let Some(have) = self.samples.get_mut(at) else { return Placed::Unchanged };
                let old = have.1;
                if (revision, ticks) <= (have_revision, old) {
                    return Placed::Unchanged;
                }
                have.1 = ticks;
                self.set_revision(time, revision);
                if ticks == old { Placed::Unchanged } else { Placed::Replaced { old } }
            }
        }
    }

    fn set_revision(&mut self, time: i64, revision: i32) {
        if revision != 0 {
            self.revisions.insert(time, revision);
        } else {
            self.revisions.remove(&time);
        }
    }

    /// Takes over what another track of the same series holds.
    pub(crate) fn absorb(&mut self, other: Self) {
        let (mine, others) = (std::mem::take(self), other);
        let (mut left, mut right) = (mine.entries().peekable(), others.entries().peekable());
        // In order of time, because placing a sample before others moves them.
        while let Some(next) = match (left.peek(), right.peek()) {
            (Some(one), Some(two)) if one.0 <= two.0 => left.next(),
            (_, Some(_)) => right.next(),
            (_, None) => left.next(),
        } {
            let (time, ticks, revision) = next;
            self.place(time, ticks, revision);
        }
    }

    /// (time, ticks, revision), in order of time.
    fn entries(&self) -> impl Iterator<Item = (i64, i64, i32)> {
        self.samples.iter().map(|(time, ticks)| (*time, *ticks, self.revisions.get(time).copied().unwrap_or(0)))
    }

    /// Forgets samples up to and including `until`.
    pub(crate) fn forget(&mut self, until: i64) {
        while self.samples.front().is_some_and(|(time, _)| *time <= until) {
            self.samples.pop_front();
        }
        while self.revisions.first_key_value().is_some_and(|(time, _)| *time <= until) {
            self.revisions.pop_first();
        }
    }

    /// The samples with `after < time ≤ until`, in order.
    pub(crate) fn within(&self, after: i64, until: i64) -> impl Iterator<Item = (i64, i64)> {
        let first = self.samples.partition_point(|(time, _)| *time <= after);
        self.samples.iter().skip(first).take_while(move |(time, _)| *time <= until).copied()
    }

    /// Whether there is a sample with `after < time ≤ until`.
    pub(crate) fn reported(&self, after: i64, until: i64) -> bool {
        match self.samples.back() {
            None => false,
            Some((newest, _)) if *newest <= until => *newest > after,
            Some(_) => self.within(after, until).next().is_some(),
        }
    }
}
