//! A series' samples, as far back as a correction may reach, each with its marks.
//!
//! It decides which of several samples of one time counts, and keeps the marks right. It must never aggregate.

use crate::mark::Marks;
use crate::row::{Entry, Row};
use crate::suspicion::{Rules, takes_part};
use std::collections::BTreeMap;

/// How many samples that take part are kept of the time before the floor where the next one's growth is counted from
/// them: as many as may be jumped over, and what decides whether they jumped.
pub const ANCHORS: usize = 6;
/// Anchors are sought out when so many samples lie before the floor.
const SLACK: usize = 4 * ANCHORS;
/// On both sides of a change, how many samples beyond suspicion must lie between it and what can't have changed.
const CLEAR: usize = 4;

/// What became of a sample.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Placed {
    /// It is the newest of its series.
    Appended(Entry),
    /// It came among others, or instead of one: the stretch of samples that changed with it, and what they were. At both
    /// ends is as much that didn't change as it takes to tell what each sample adds.
    Inserted { before: Vec<Entry>, after: Vec<Entry> },
    /// Nothing changes.
    Unchanged,
    /// It is older than what is kept, so nobody can say whether it replaces another.
    TooOld(Entry),
}

/// How a metric's samples are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Keeping {
    pub(crate) rules: Rules,
    /// Whether what a sample adds depends on its neighbours.
    pub(crate) linked: bool,
    /// Whether the last samples before the floor are kept, for the growth since them.
    pub(crate) anchored: bool,
    /// Samples up to here are not needed any more.
    pub(crate) floor: i64,
}

/// A series' samples in order of time.
#[derive(Debug, Default)]
pub(crate) struct Track {
    entries: Row,
    /// The revisions other than zero, by time. Few sources revise, so most tracks have none.
    revisions: BTreeMap<i64, i32>,
}

impl Track {
    /// Takes a sample: for one time the highest revision counts, then the larger ticks, then the larger state.
    pub(crate) fn place(&mut self, keeping: &Keeping, time: i64, ticks: i64, revision: i32, sent: Marks) -> Placed {
        let entry = Entry::new(time, ticks, keeping.rules.own_marks(ticks, sent));
        // In order of time, as a restart reads them, samples are marked right wherever the floor is.
        if self.entries.newest().is_none_or(|newest| newest < time) {
            let at = self.entries.len();
            let entry = Entry::new(time, ticks, keeping.rules.marks(&self.entries, at, &entry));
            self.entries.insert(at, entry);
            self.set_revision(time, revision);
            return Placed::Appended(entry);
        }
        if time <= keeping.floor && !self.may_anchor(keeping, time) {
            return Placed::TooOld(entry);
        }
        match self.entries.find(time) {
            Err(at) => {
                let (begin, end) = self.stretch(keeping, at, at);
                let before = self.slice(begin, end);
                self.entries.insert(at, entry);
                self.set_revision(time, revision);
                self.mark(&keeping.rules, at, end + 1);
                Placed::Inserted { before, after: self.slice(begin, end + 1) }
            }
            Ok(at) => self.replace(keeping, at, entry, revision),
        }
    }

    /// Whether a sample from before the floor can be one that growth is counted from: unless enough newer ones are kept.
    fn may_anchor(&self, keeping: &Keeping, time: i64) -> bool {
        let old = || self.entries.iter().take_while(|entry| entry.time <= keeping.floor).filter(|entry| takes_part(entry.marks()));
        keeping.anchored && (self.oldest().is_some_and(|oldest| oldest <= time) || old().nth(ANCHORS - 1).is_none())
    }

    fn replace(&mut self, keeping: &Keeping, at: usize, entry: Entry, revision: i32) -> Placed {
        let have_revision = self.revisions.get(&entry.time).copied().unwrap_or(0);
        let Some(have) = self.entries.get(at) else { return Placed::Unchanged };
        let content = |entry: &Entry| (entry.ticks(), entry.marks().sent().bits());
        if (revision, content(&entry)) <= (have_revision, content(&have)) {
            return Placed::Unchanged;
        }
        self.set_revision(entry.time, revision);
        if content(&entry) == content(&have) {
            return Placed::Unchanged;
        }
        let (begin, end) = self.stretch(keeping, at, at + 1);
        let before = self.slice(begin, end);
        self.entries.set(at, entry);
        self.mark(&keeping.rules, at, end);
        Placed::Inserted { before, after: self.slice(begin, end) }
    }

    /// The entries that a change at `at` may concern, as indices before the change; `next` is the first one after it.
    fn stretch(&self, keeping: &Keeping, at: usize, next: usize) -> (usize, usize) {
        let end = keeping.rules.affected(&self.entries, next);
        if !keeping.linked {
            return (at, end);
        }
        let is_clear = |at: &usize| self.entries.get(*at).is_some_and(|entry| !entry.marks().has_any(Marks::VOID.with(Marks::SUSPECT)));
        let begin = (0..at).rev().filter(is_clear).nth(CLEAR - 1).unwrap_or(0);
        let clear_after = (end..self.entries.len()).filter(is_clear).nth(CLEAR - 1);
        (begin, clear_after.map_or(self.entries.len(), |at| at + 1))
    }

    fn slice(&self, begin: usize, end: usize) -> Vec<Entry> {
        self.entries.range(begin, end).collect()
    }

    /// Finds the marks of these entries, in order.
    fn mark(&mut self, rules: &Rules, begin: usize, end: usize) {
        for at in begin..end.min(self.entries.len()) {
            if let Some(entry) = self.entries.get(at) {
                let marks = rules.marks(&self.entries, at, &entry);
                self.entries.set(at, Entry::new(entry.time, entry.ticks(), marks));
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

    /// Forgets samples up to the floor, but for the last ones where they are anchors. Not at once: several together, when
    /// there are many or room is wanted.
    pub(crate) fn forget(&mut self, keeping: &Keeping) {
        if !keeping.anchored && !self.entries.is_full() {
            return;
        }
        let newest = self.entries.newest().unwrap_or(keeping.floor);
        let floor = keeping.floor.min(newest - keeping.rules.reach() - 1);
        if !keeping.anchored {
            self.entries.forget(floor);
        } else if self.entries.get(SLACK).is_some_and(|entry| entry.time <= floor) {
            let old = self.entries.count_until(floor);
            let kept: Vec<Entry> = self.entries.range(0, old).rev().filter(|entry| takes_part(entry.marks())).take(ANCHORS).collect();
            self.entries.remove_oldest(old);
            kept.into_iter().for_each(|entry| self.entries.insert(0, entry));
        }
        let oldest = self.oldest().map_or(floor, |oldest| floor.min(oldest - 1));
        while self.revisions.first_key_value().is_some_and(|(time, _)| *time <= oldest) {
            self.revisions.pop_first();
        }
    }

    /// What two tracks of the same series hold together.
    pub(crate) fn joined(self, other: Self, keeping: &Keeping) -> Self {
        if other.entries.len() == 0 {
            return self;
        }
        let mut joined = Self::default();
        let (mut left, mut right) = (self.sent().peekable(), other.sent().peekable());
        // In order of time, so that each is marked by those before it.
        while let Some((entry, revision)) = match (left.peek(), right.peek()) {
            (Some((one, _)), Some((two, _))) if one.time <= two.time => left.next(),
            (_, Some(_)) => right.next(),
            (_, None) => left.next(),
        } {
            joined.place(keeping, entry.time, entry.ticks(), revision, entry.marks().sent());
        }
        joined
    }

    /// The samples with their revisions, in order of time.
    fn sent(&self) -> impl Iterator<Item = (Entry, i32)> {
        self.entries.iter().map(|entry| (entry, self.revisions.get(&entry.time).copied().unwrap_or(0)))
    }

    /// The newest sample's time.
    pub(crate) fn newest(&self) -> Option<i64> {
        self.entries.newest()
    }

    /// The newest sample's ticks.
    pub(crate) fn last_ticks(&self) -> Option<i64> {
        self.entries.get(self.entries.len().checked_sub(1)?).map(|entry| entry.ticks())
    }

    /// The oldest sample that is kept.
    pub(crate) fn oldest(&self) -> Option<i64> {
        self.entries.get(0).map(|entry| entry.time)
    }

    /// The samples with `after < time ≤ until`, in order.
    pub(crate) fn within(&self, after: i64, until: i64) -> impl Iterator<Item = Entry> {
        let first = self.entries.count_until(after);
        self.entries.range(first, usize::MAX).take_while(move |entry| entry.time <= until)
    }

    /// The samples before the newest one, the nearest first.
    pub(crate) fn before_newest(&self) -> impl Iterator<Item = Entry> {
        self.entries.iter().rev().skip(1)
    }

    /// The samples up to and including `until`, the newest first.
    pub(crate) fn back_from(&self, until: i64) -> impl Iterator<Item = Entry> {
        self.entries.range(0, self.entries.count_until(until)).rev()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use taydo_model::{Metric, Text, Unit};

    #[test]
    fn a_track_keeps_little_more_than_what_is_needed() {
        let metric = Metric {
            id: "m".parse().unwrap(),
            title: Text::default(),
            unit: Unit::default(),
            resolution: 0.1,
            range: None,
            jump: None,
            frozen_s: None,
            kind: Default::default(),
        };
        let mut keeping = Keeping { rules: Rules::new(&metric), linked: false, anchored: false, floor: 0 };
        let mut track = Track::default();
        for time in 0..10_000 {
            keeping.floor = time - 100;
            track.place(&keeping, time, time, 0, Marks::default());
            track.forget(&keeping);
            assert!(track.within(-1, i64::MAX).count() <= 125);
            assert!(track.oldest().is_some_and(|oldest| oldest <= (time - 99).max(0)));
        }
    }
}
