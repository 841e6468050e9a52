//! A count as a function of time: how many spans cover a moment.
//!
//! Every measure of cases is one: a case counts from some moment on, until another. Adding and removing a span are
//! exact inverses, in any order. Moments before the floor are folded into one number and can't be asked for.

use crate::moment::ALWAYS;
use std::collections::BTreeMap;

/// A span of time: `from` is in it, `to` is not; empty unless `from < to`.
pub(crate) type Span = (i64, i64);

/// How many spans cover a moment.
#[derive(Debug)]
pub(crate) struct Steps {
    floor: i64,
    base: i64,
    changes: BTreeMap<i64, i64>,
}

impl Default for Steps {
    fn default() -> Self {
        Self { floor: ALWAYS, base: 0, changes: BTreeMap::new() }
    }
}

impl Steps {
    /// Adds the span (`sign` 1) or takes it away again (−1).
    pub(crate) fn put(&mut self, span: Span, sign: i64) {
        if span.0 < span.1 {
            self.change(span.0, sign);
            self.change(span.1, -sign);
        }
    }

    fn change(&mut self, at: i64, by: i64) {
        if at <= self.floor {
            self.base += by;
            return;
        }
        let change = self.changes.entry(at).or_default();
        *change += by;
        if *change == 0 {
            self.changes.remove(&at);
        }
    }

    /// How many cover the moment, which is not before the floor.
    pub(crate) fn count(&self, at: i64) -> u64 {
        let count = self.base + self.changes.range(..=at).map(|(_, by)| by).sum::<i64>();
        u64::try_from(count).unwrap_or(0)
    }

    /// The first change after the moment.
    pub(crate) fn next_after(&self, at: i64) -> Option<i64> {
        self.changes.range(at + 1..).next().map(|(at, _)| *at)
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
