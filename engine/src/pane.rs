//! Panes: a window's samples, folded per fixed width of time, so that a window is a sum of few parts.
//!
//! A cell is the row of panes of one set of samples. Nothing here may know KPIs or series, nor what a fold holds.

use crate::fold::{Fold, Kind, Point};
use crate::moment::ALWAYS;
use std::collections::VecDeque;

#[derive(Debug)]
struct Pane {
    number: i64,
    fold: Fold,
}

/// A row of panes, by number; only those that hold anything exist. Pane `n` of width `w` covers ((n−1)·w, n·w].
#[derive(Debug)]
pub(crate) struct Cell {
    kind: Kind,
    panes: VecDeque<Pane>,
    /// The newest sample in panes that were forgotten.
    older: Option<i64>,
    /// The newest forgotten sample that may not count after all.
    doubtful: Option<i64>,
}

impl Cell {
    pub(crate) fn new(kind: Kind) -> Self {
        Self { kind, panes: VecDeque::new(), older: None, doubtful: None }
    }

    pub(crate) fn add(&mut self, number: i64, point: &Point) {
        self.change(number, |fold| fold.add(point));
    }

    /// Notes a sample that is older than the panes that are kept.
    pub(crate) fn add_older(&mut self, time: i64) {
        self.older = self.older.max(Some(time));
    }

    /// Notes that a sample older than the panes that are kept may not count.
    pub(crate) fn doubt(&mut self, time: i64) {
        self.doubtful = self.doubtful.max(Some(time));
    }

    /// Whether [`Cell::newest`] of these panes may be wrong: it is not newer than a sample in doubt after `after`.
    pub(crate) fn is_doubtful(&self, after: i64, until: i64) -> bool {
        self.doubtful.is_some_and(|time| time > after && self.newest(until).is_none_or(|newest| newest <= time))
    }

    /// Puts one sample in the place of another of the same pane; false when the pane's extremes must be found again.
    pub(crate) fn replace(&mut self, number: i64, old: Option<&Point>, new: Option<&Point>) -> bool {
        let mut known = true;
        self.change(number, |fold| known = fold.replace(old, new));
        known
    }

    /// Notes that a value held for so many microseconds of the pane, or (with a negative number) that it didn't.
    pub(crate) fn hold(&mut self, number: i64, ticks: i64, micros: i64) {
        self.change(number, |fold| fold.hold(ticks, micros));
    }

    /// Changes a pane, which exists as long as it holds anything.
    fn change(&mut self, number: i64, change: impl FnOnce(&mut Fold)) {
        let at = self.place(number).unwrap_or_else(|at| {
            self.panes.insert(at, Pane { number, fold: Fold::new(self.kind) });
            at
        });
        if let Some(pane) = self.panes.get_mut(at) {
            change(&mut pane.fold);
            if pane.fold.is_empty() {
                self.panes.remove(at);
            }
        }
    }

    /// Finds again what taking samples out has left unknown, given the (time, ticks) of all that are in the pane.
    pub(crate) fn find_extremes(&mut self, number: i64, samples: impl Iterator<Item = (i64, i64)>) {
        if let Ok(at) = self.place(number)
            && let Some(pane) = self.panes.get_mut(at)
        {
            pane.fold.find_extremes(samples);
        }
    }

    fn place(&self, number: i64) -> Result<usize, usize> {
        match self.panes.back() {
            None => Err(0),
            Some(pane) if pane.number < number => Err(self.panes.len()),
            Some(pane) if pane.number == number => Ok(self.panes.len() - 1),
            Some(_) => self.panes.binary_search_by(|pane| pane.number.cmp(&number)),
        }
    }

    /// The fold of the panes with `after < number ≤ until`; `None` when they hold nothing.
    pub(crate) fn fold(&self, after: i64, until: i64) -> Option<Fold> {
        let mut all: Option<Fold> = None;
        for pane in self.panes.iter().rev().skip_while(|pane| pane.number > until).take_while(|pane| pane.number > after) {
            match &mut all {
                None => all = Some(pane.fold.clone()),
                Some(all) => all.merge(&pane.fold),
            }
        }
        all
    }

    /// The newest sample's time in panes up to `until`, or in those that were forgotten, which are before it.
    pub(crate) fn newest(&self, until: i64) -> Option<i64> {
        self.newest_kept(until).max(self.older)
    }

    /// The same, without those that were forgotten.
    pub(crate) fn newest_kept(&self, until: i64) -> Option<i64> {
        let mut held = self.panes.iter().rev().skip_while(|pane| pane.number > until).map(|pane| pane.fold.newest);
        held.find(|time| *time > ALWAYS)
    }

    /// The number of the first pane after this one that has samples.
    pub(crate) fn next_after(&self, number: i64) -> Option<i64> {
        let later = self.panes.range(self.panes.partition_point(|pane| pane.number <= number)..);
        later.filter(|pane| pane.fold.count > 0).map(|pane| pane.number).next()
    }

    /// Forgets panes up to and including `until`, but not when their newest sample was.
    pub(crate) fn forget(&mut self, until: i64) {
        while let Some(pane) = self.panes.front().filter(|pane| pane.number <= until) {
            self.older = self.older.max(Some(pane.fold.newest).filter(|time| *time > ALWAYS));
            self.panes.pop_front();
        }
    }
}
