//! Panes: a window's samples, folded per fixed width of time, so that a window is a sum of few parts.
//!
//! A cell is the row of panes of one set of samples. Nothing here may know KPIs or series, nor what a fold holds.

use crate::fold::{Fold, Kind, Point};
use crate::moment::{ALWAYS, step_ceil};
use std::collections::VecDeque;

/// Panes in a block.
const BLOCK: i64 = 8;

#[derive(Debug)]
struct Pane {
    number: i64,
    fold: Fold,
}

/// Panes in a row, so that a window needn't fold each. Block `n` has the panes (8·(n−1), 8·n].
#[derive(Debug)]
struct Block {
    number: i64,
    panes: Vec<Pane>,
    /// The fold of all of them, from when a later block begins.
    whole: Option<Fold>,
}

impl Block {
    fn place(&self, number: i64) -> Result<usize, usize> {
        match self.panes.last() {
            None => Err(0),
            Some(pane) if pane.number < number => Err(self.panes.len()),
            Some(pane) if pane.number == number => Ok(self.panes.len() - 1),
            Some(_) => self.panes.binary_search_by(|pane| pane.number.cmp(&number)),
        }
    }

    fn fold(&self) -> Option<Fold> {
        let mut folds = self.panes.iter().map(|pane| &pane.fold);
        let first = folds.next()?.clone();
        Some(folds.fold(first, Fold::merged))
    }

    /// Folds it anew, where that is kept.
    fn fold_again(&mut self) {
        if self.whole.is_some() {
            self.whole = self.fold();
        }
    }
}

/// A row of panes, by number; only those that hold anything exist. Pane `n` of width `w` covers ((n−1)·w, n·w].
#[derive(Debug)]
pub(crate) struct Cell {
    kind: Kind,
    blocks: VecDeque<Block>,
    /// The newest sample in panes that were forgotten.
    older: Option<i64>,
    /// The newest forgotten sample that may not count after all.
    doubtful: Option<i64>,
}

impl Cell {
    pub(crate) fn new(kind: Kind) -> Self {
        Self { kind, blocks: VecDeque::new(), older: None, doubtful: None }
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
        if let Some(block) = self.change_pane(number, |fold| known = fold.replace(old, new)) {
            block.fold_again();
        }
        known
    }

    /// Notes that a value held for so many microseconds of the pane, or (with a negative number) that it didn't.
    pub(crate) fn hold(&mut self, number: i64, ticks: i64, micros: i64) {
        self.change(number, |fold| fold.hold(ticks, micros));
    }

    /// Changes a pane in a way that can be done to its block as well.
    fn change(&mut self, number: i64, change: impl Fn(&mut Fold)) {
        if let Some(whole) = self.change_pane(number, &change).and_then(|block| block.whole.as_mut()) {
            change(whole);
        }
    }

    /// Changes a pane, which exists as long as it holds anything. Gives its block, if that still exists.
    fn change_pane(&mut self, number: i64, change: impl FnOnce(&mut Fold)) -> Option<&mut Block> {
        let at = self.block(number);
        let block = self.blocks.get_mut(at)?;
        let place = block.place(number).unwrap_or_else(|place| {
            block.panes.insert(place, Pane { number, fold: Fold::new(self.kind) });
            place
        });
        let pane = block.panes.get_mut(place)?;
        change(&mut pane.fold);
        if pane.fold.is_empty() {
            block.panes.remove(place);
            if block.panes.is_empty() {
                self.blocks.remove(at);
                return None;
            }
        }
        self.blocks.get_mut(at)
    }

    /// The place of the block that has this pane, made if it doesn't exist.
    fn block(&mut self, pane: i64) -> usize {
        let number = step_ceil(pane, BLOCK);
        let found = match self.blocks.back() {
            Some(last) if last.number == number => Ok(self.blocks.len() - 1),
            Some(last) if last.number > number => self.blocks.binary_search_by(|block| block.number.cmp(&number)),
            _ => Err(self.blocks.len()),
        };
        found.unwrap_or_else(|at| {
            if let Some(last) = self.blocks.back_mut().filter(|last| last.number < number) {
                last.whole = last.fold();
            }
            self.blocks.insert(at, Block { number, panes: Vec::new(), whole: None });
            at
        })
    }

    /// Finds again what taking samples out has left unknown, given the (time, ticks) of all that are in the pane.
    pub(crate) fn find_extremes(&mut self, number: i64, samples: impl Iterator<Item = (i64, i64)>) {
        let Ok(at) = self.blocks.binary_search_by(|block| block.number.cmp(&step_ceil(number, BLOCK))) else { return };
        let Some(block) = self.blocks.get_mut(at) else { return };
        if let Ok(place) = block.place(number)
            && let Some(pane) = block.panes.get_mut(place)
        {
            pane.fold.find_extremes(samples);
            block.fold_again();
        }
    }

    /// The fold of the panes with `after < number ≤ until`; `None` when they hold nothing.
    pub(crate) fn fold(&self, after: i64, until: i64) -> Option<Fold> {
        let mut all: Option<Fold> = None;
        let mut add = |fold: &Fold| match &mut all {
            None => all = Some(fold.clone()),
            Some(all) => all.merge(fold),
        };
        let begin = |block: &Block| (block.number - 1) * BLOCK;
        for block in self.blocks.iter().rev().skip_while(|block| begin(block) >= until).take_while(|block| begin(block) + BLOCK > after) {
            match &block.whole {
                Some(whole) if after <= begin(block) && begin(block) + BLOCK <= until => add(whole),
                _ => block.panes.iter().filter(|pane| after < pane.number && pane.number <= until).for_each(|pane| add(&pane.fold)),
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
        let panes = self.blocks.iter().rev().flat_map(|block| block.panes.iter().rev());
        let mut held = panes.skip_while(|pane| pane.number > until).map(|pane| pane.fold.newest);
        held.find(|time| *time > ALWAYS)
    }

    /// The number of the first pane after this one that has samples.
    pub(crate) fn next_after(&self, number: i64) -> Option<i64> {
        let later = self.blocks.range(self.blocks.partition_point(|block| block.number * BLOCK <= number)..);
        let mut panes = later.flat_map(|block| &block.panes);
        panes.find(|pane| pane.number > number && pane.fold.count > 0).map(|pane| pane.number)
    }

    /// Forgets panes up to and including `until`, but not when their newest sample was.
    pub(crate) fn forget(&mut self, until: i64) {
        while let Some(block) = self.blocks.front_mut() {
            let old = block.panes.partition_point(|pane| pane.number <= until);
            let newest = block.panes.iter().take(old).map(|pane| pane.fold.newest).max();
            self.older = self.older.max(newest.filter(|time| *time > ALWAYS));
            if old < block.panes.len() {
                if old > 0 {
                    block.panes.drain(..old);
                    block.whole = None;
                }
                return;
            }
            self.blocks.pop_front();
        }
    }
}
