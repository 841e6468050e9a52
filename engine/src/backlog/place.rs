//! One scope's part of a KPI from cases.
//!
//! It must never know what is counted, nor for whom.

use super::measure::Part;
use crate::moment::{NEVER, micros};
use crate::range::Ranges;
use crate::ranks::Ranks;
use crate::steps::{Amount, Span, Steps, difference};
use std::collections::BTreeMap;
use taydo_model::Case;

/// What a case is to one scope.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Share {
    pub(super) part: Part,
    /// While it vouches for the scope.
    pub(super) known: Span,
    pub(super) events: [Option<i64>; 3],
}

/// What happened to a case: each is news of its scopes.
pub(super) fn events(case: &Case) -> [Option<i64>; 3] {
    [Some(case.opened), case.closed, case.reopened].map(|time| time.map(micros))
}

/// A scope's cases.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) is_city: bool,
    pub(super) counted: Steps,
    pub(super) known: Steps,
    /// Where the cases must be in order.
    pub(super) ranks: Option<Ranks>,
    /// How many cases were opened, closed or opened again at a moment, as far back as is remembered.
    events: BTreeMap<i64, u32>,
}

impl Place {
    pub(super) fn new(is_city: bool, is_ranked: bool) -> Self {
        let ranks = is_ranked.then(Ranks::default);
        Self { is_city, counted: Steps::default(), known: Steps::default(), ranks, events: BTreeMap::new() }
    }

    /// Puts what a case is in the place of what it was. The moments whose readings change are added to `touched`. Events
    /// at or before `floor` are not kept, and one is the newest for no longer than `memory`.
    pub(super) fn replace(&mut self, was: &Share, is: &Share, floor: i64, memory: i64, touched: &mut Ranges) {
        for (share, sign) in [(was, -1), (is, 1)] {
            let part = &share.part;
            self.counted.put(part.span, if sign < 0 { -part.amount } else { part.amount });
            self.known.put(share.known, if sign < 0 { -Amount::CASE } else { Amount::CASE });
            if let Some(ranks) = &mut self.ranks {
                ranks.put(part.span, part.rank, sign);
            }
        }
        let alike = (was.part.amount, was.part.rank) == (is.part.amount, is.part.rank);
        let counted = if alike { difference(was.part.span, is.part.span) } else { [was.part.span, is.part.span] };
        for (from, to) in counted.into_iter().chain(difference(was.known, is.known)) {
            touched.add(from, to - 1);
        }
        self.replace_events(was.events, is.events, floor, memory, touched);
    }

    fn replace_events(&mut self, old: [Option<i64>; 3], new: [Option<i64>; 3], floor: i64, memory: i64, touched: &mut Ranges) {
        let gone = old.into_iter().flatten().filter(|time| !new.contains(&Some(*time)));
        let come = new.into_iter().flatten().filter(|time| !old.contains(&Some(*time)));
        let changed: Vec<i64> = gone.chain(come).collect();
        for time in old.into_iter().flatten().filter(|time| *time > floor) {
            if let Some(count) = self.events.get_mut(&time) {
                *count -= 1;
                if *count == 0 {
                    self.events.remove(&time);
                }
            }
        }
        for time in new.into_iter().flatten().filter(|time| *time > floor) {
            *self.events.entry(time).or_default() += 1;
        }
        for time in changed {
            let next = self.events.range(time + 1..).next().map_or(NEVER, |(next, _)| *next);
            touched.add(time, next.min(time + memory) - 1);
        }
    }

    /// The newest event at or before the moment, if it is later than `after`.
    pub(super) fn newest(&self, at: i64, after: i64) -> Option<i64> {
        self.events.range(..=at).next_back().map(|(time, _)| *time).filter(|time| *time > after)
    }

    /// The first change after the moment.
    pub(super) fn next_after(&self, at: i64) -> Option<i64> {
        [&self.counted, &self.known].into_iter().filter_map(|steps| steps.next_after(at)).min()
    }

    /// Folds away what lies below the floor.
    pub(super) fn forget(&mut self, floor: i64, memory: i64) {
        self.counted.forget(floor);
        self.known.forget(floor);
        if let Some(ranks) = &mut self.ranks {
            ranks.forget(floor);
        }
        while self.events.first_key_value().is_some_and(|(time, _)| *time <= floor - memory) {
            self.events.pop_first();
        }
    }
}
