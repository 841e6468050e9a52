//! Panes: a window's samples, folded per fixed width of time, so that a sliding window is a sum of few parts.
//!
//! A cell is the row of panes of one set of samples. Adding is exact in any order; taking a sample's place is exact
//! too, but may leave a pane whose extremes must be found again. Nothing here may know KPIs or series.

use std::collections::VecDeque;

/// Samples folded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Fold {
    pub(crate) count: u64,
    pub(crate) sum: i128,
    pub(crate) min: i64,
    pub(crate) max: i64,
    /// The newest sample's time, and its ticks; of several at that time the largest.
    pub(crate) last: (i64, i64),
}

impl Fold {
    pub(crate) fn of(time: i64, ticks: i64) -> Self {
        Self { count: 1, sum: i128::from(ticks), min: ticks, max: ticks, last: (time, ticks) }
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        self.count += other.count;
        self.sum += other.sum;
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.last = self.last.max(other.last);
    }

    /// Puts `new` in the place of `old`; false when an extreme can't be known any more.
    fn replace(&mut self, time: i64, old: i64, new: i64) -> bool {
        self.sum += i128::from(new) - i128::from(old);
        let known = (old > self.min || new <= old) && (old < self.max || new >= old) && (self.last != (time, old) || new >= old);
        self.min = self.min.min(new);
        self.max = self.max.max(new);
        self.last = self.last.max((time, new));
        known
    }
}

#[derive(Debug)]
struct Pane {
    number: i64,
    fold: Fold,
}

/// A row of panes, by number; only those with samples exist. Pane `n` of width `w` covers ((n−1)·w, n·w].
#[derive(Debug, Default)]
pub(crate) struct Cell {
    panes: VecDeque<Pane>,
    /// The newest sample in panes that were forgotten.
    older: Option<i64>,
}

impl Cell {
    pub(crate) fn add(&mut self, number: i64, time: i64, ticks: i64) {
        let fold = Fold::of(time, ticks);
        match self.panes.back_mut() {
            Some(pane) if pane.number == number => pane.fold.merge(&fold),
            Some(pane) if pane.number > number => match self.panes.binary_search_by(|pane| pane.number.cmp(&number)) {
                Ok(at) => {
                    if let Some(pane) = self.panes.get_mut(at) {
                        pane.fold.merge(&fold);
                    }
                }
                Err(at) => self.panes.insert(at, Pane { number, fold }),
            },
            _ => self.panes.push_back(Pane { number, fold }),
        }
    }

    /// Notes a sample that is older than the panes that are kept.
    pub(crate) fn add_older(&mut self, time: i64) {
        self.older = self.older.max(Some(time));
    }

    /// Puts one sample's ticks in the place of others; false when the pane must be rebuilt.
    pub(crate) fn replace(&mut self, number: i64, time: i64, old: i64, new: i64) -> bool {
        self.pane_mut(number).is_none_or(|pane| pane.fold.replace(time, old, new))
    }

    /// Gives a pane the fold of its samples.
    pub(crate) fn rebuild(&mut self, number: i64, samples: impl Iterator<Item = (i64, i64)>) {
        let fold = samples.map(|(time, ticks)| Fold::of(time, ticks)).reduce(|mut all, one| {
            all.merge(&one);
            all
        });
        if let (Some(pane), Some(fold)) = (self.pane_mut(number), fold) {
            pane.fold = fold;
        }
    }

    fn pane_mut(&mut self, number: i64) -> Option<&mut Pane> {
        let at = self.panes.binary_search_by(|pane| pane.number.cmp(&number)).ok()?;
        self.panes.get_mut(at)
    }

    /// The fold of the panes with `after < number ≤ until`; `None` when they hold nothing.
    pub(crate) fn fold(&self, after: i64, until: i64) -> Option<Fold> {
        let mut all: Option<Fold> = None;
        for pane in self.panes.iter().rev().skip_while(|pane| pane.number > until).take_while(|pane| pane.number > after) {
            match &mut all {
                None => all = Some(pane.fold),
                Some(all) => all.merge(&pane.fold),
            }
        }
        all
    }

    /// The newest sample's time in panes up to `until`, or in those that were forgotten, which are before it.
    pub(crate) fn newest(&self, until: i64) -> Option<i64> {
        self.panes.iter().rev().find(|pane| pane.number <= until).map(|pane| pane.fold.last.0).max(self.older)
    }

    /// The number of the first pane after this one that holds anything.
    pub(crate) fn next_after(&self, number: i64) -> Option<i64> {
        self.panes.get(self.panes.partition_point(|pane| pane.number <= number)).map(|pane| pane.number)
    }

    /// Forgets panes up to and including `until`, but not when their newest sample was.
    pub(crate) fn forget(&mut self, until: i64) {
        while let Some(pane) = self.panes.front().filter(|pane| pane.number <= until) {
            self.older = self.older.max(Some(pane.fold.last.0));
            self.panes.pop_front();
        }
    }
}
