//! Amounts as a function of time: how much is counted at a moment.
//!
//! Whatever is counted of cases, a case counts from some moment on, until another. Adding and removing a span are exact
//! inverses, in any order. Moments before the floor are folded into one amount and can't be asked for.

use crate::moment::ALWAYS;
use std::collections::BTreeMap;
use std::ops::{AddAssign, Neg};

/// A span of time: `from` is in it, `to` is not; empty unless `from < to`.
pub(crate) type Span = (i64, i64);

/// What cases come to. Whole numbers, so that sums are exact in any order, and wide enough that none overflows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Amount {
    /// How many cases.
    pub(crate) cases: i64,
    /// What is counted of them.
    pub(crate) whole: i128,
    /// The part of it that a share is the share of.
    pub(crate) part: i128,
}

impl Amount {
    /// One case, of which nothing is counted.
    pub(crate) const CASE: Self = Self { cases: 1, whole: 0, part: 0 };
}

impl AddAssign for Amount {
    fn add_assign(&mut self, other: Self) {
        self.cases += other.cases;
        self.whole += other.whole;
        self.part += other.part;
    }
}

impl Neg for Amount {
    type Output = Self;

    fn neg(self) -> Self {
        Self { cases: -self.cases, whole: -self.whole, part: -self.part }
    }
}

/// How much is counted at a moment.
#[derive(Debug)]
pub(crate) struct Steps {
    floor: i64,
    base: Amount,
    changes: BTreeMap<i64, Amount>,
}

impl Default for Steps {
    fn default() -> Self {
        Self { floor: ALWAYS, base: Amount::default(), changes: BTreeMap::new() }
    }
}

impl Steps {
    /// Adds an amount for a span; the negated amount takes it away again.
    pub(crate) fn put(&mut self, span: Span, amount: Amount) {
        if span.0 < span.1 {
            self.change(span.0, amount);
            self.change(span.1, -amount);
        }
    }

    fn change(&mut self, at: i64, by: Amount) {
        if at <= self.floor {
            self.base += by;
            return;
        }
        let change = self.changes.entry(at).or_default();
        *change += by;
        if *change == Amount::default() {
            self.changes.remove(&at);
        }
    }

    /// How much is counted at the moment, which is not before the floor.
    pub(crate) fn at(&self, moment: i64) -> Amount {
        let mut amount = self.base;
        self.changes.range(..=moment).for_each(|(_, by)| amount += *by);
        amount
    }

    /// The first change after the moment.
    pub(crate) fn next_after(&self, moment: i64) -> Option<i64> {
        self.changes.range(moment + 1..).next().map(|(at, _)| *at)
    }

    /// Gives up the moments before `floor`.
    pub(crate) fn forget(&mut self, floor: i64) {
        self.floor = self.floor.max(floor);
        while let Some(first) = self.changes.first_entry().filter(|first| *first.key() <= self.floor) {
            self.base += first.remove();
        }
    }
}

/// The moments at which two spans differ, as at most two spans.
pub(crate) fn difference(a: Span, b: Span) -> [Span; 2] {
    let full = |span: &Span| span.0 < span.1;
    match (full(&a), full(&b)) {
        (false, _) => [b, (0, 0)],
        (_, false) => [a, (0, 0)],
        _ => [(a.0.min(b.0), a.0.max(b.0)), (a.1.min(b.1), a.1.max(b.1))],
    }
}
