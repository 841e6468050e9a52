//! Numbers in order as a function of time: which of those that count at a moment is the median.
//!
//! Like steps, a number counts for a span of time, adding and removing are exact inverses, and moments before the floor
//! can't be asked for. It must never interpolate: what lies between two numbers depends on what they stand for.

mod sorted;

use crate::moment::ALWAYS;
use crate::steps::Span;
use sorted::Sorted;
use std::collections::BTreeMap;

/// The numbers that count at a moment.
#[derive(Debug)]
pub(crate) struct Ranks {
    floor: i64,
    /// What counts at the floor.
    base: Sorted,
    /// What begins to count at a moment after it (1), and what ceases to (−1), by number.
    changes: BTreeMap<i64, BTreeMap<i64, i32>>,
}

/// The numbers of one moment.
#[derive(Debug)]
pub(crate) struct Ranked<'a> {
    base: &'a Sorted,
    /// By number, how many more than at the floor are no greater.
    more: Vec<(i64, i64)>,
    count: usize,
}

impl Default for Ranks {
    fn default() -> Self {
        Self { floor: ALWAYS, base: Sorted::default(), changes: BTreeMap::new() }
    }
}

impl Ranks {
    /// Lets a number count for a span (`sign` 1), or takes that back (−1).
    pub(crate) fn put(&mut self, span: Span, number: i64, sign: i32) {
        // What ceased before the floor was never in the base, or is in it no more.
        if span.0 < span.1 && span.1 > self.floor {
            self.change(span.0, number, sign);
            self.change(span.1, number, -sign);
        }
    }

    fn change(&mut self, at: i64, number: i64, by: i32) {
        if at <= self.floor {
            apply(&mut self.base, number, by);
            return;
        }
        let changes = self.changes.entry(at).or_default();
        let change = changes.entry(number).or_default();
        *change += by;
        if *change == 0 {
            changes.remove(&number);
        }
        if changes.is_empty() {
            self.changes.remove(&at);
        }
    }

    /// The numbers that count at the moment, which is not before the floor.
    pub(crate) fn at(&self, moment: i64) -> Ranked<'_> {
        let mut net: BTreeMap<i64, i64> = BTreeMap::new();
        for (number, by) in self.changes.range(..=moment).flat_map(|(_, changes)| changes) {
            *net.entry(*number).or_default() += i64::from(*by);
        }
        let mut sum = 0;
        let more: Vec<(i64, i64)> = net
            .into_iter()
            .filter(|(_, by)| *by != 0)
            .map(|(number, by)| {
                sum += by;
                (number, sum)
            })
            .collect();
        let count = i64::try_from(self.base.len()).unwrap_or(i64::MAX).saturating_add(sum);
        Ranked { base: &self.base, more, count: usize::try_from(count).unwrap_or(0) }
    }

    /// Gives up the moments before `floor`.
    pub(crate) fn forget(&mut self, floor: i64) {
        self.floor = self.floor.max(floor);
        while let Some(first) = self.changes.first_entry().filter(|first| *first.key() <= self.floor) {
            for (number, by) in first.remove() {
                apply(&mut self.base, number, by);
            }
        }
    }
}

fn apply(base: &mut Sorted, number: i64, by: i32) {
    for _ in 0..by.abs() {
        if by > 0 {
            base.insert(number);
        } else {
            base.remove(number);
        }
    }
}

impl Ranked<'_> {
    /// How many numbers there are.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// The number before which so many come, from the smallest on. `None` when there are no more than these.
    pub(crate) fn nth(&self, before: usize) -> Option<i64> {
        let wanted = i64::try_from(before).ok().filter(|_| before < self.count)?;
        let ends = [self.base.first(), self.base.last(), self.more.first().map(|one| one.0), self.more.last().map(|one| one.0)];
        let (mut low, mut high) = (ends.into_iter().flatten().min()?, ends.into_iter().flatten().max()?);
        // The smallest number that more than `before` are no greater than.
        while low < high {
            let middle = low + (high - low) / 2;
            if self.up_to(middle) > wanted {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
        Some(low)
    }

    /// How many are no greater than the number.
    fn up_to(&self, number: i64) -> i64 {
        let more = self.more.partition_point(|(have, _)| *have <= number).checked_sub(1);
        let more = more.and_then(|at| self.more.get(at)).map_or(0, |(_, sum)| *sum);
        i64::try_from(self.base.up_to(number)).unwrap_or(i64::MAX).saturating_add(more)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn the_nth_is_that_of_a_sorted_list(
            steps in proptest::collection::vec((0i64..60, 0i64..60, -20i64..20, any::<bool>(), 0i64..3), 1..120),
            ask in 0i64..60,
        ) {
            let mut ranks = Ranks::default();
            let mut spans: Vec<(Span, i64)> = Vec::new();
            let mut floor = -1;
            for (from, to, number, back, raise) in steps {
                if back && !spans.is_empty() {
                    let (span, number) = spans.swap_remove(usize::try_from(number.unsigned_abs()).unwrap() % spans.len());
                    ranks.put(span, number, -1);
                } else {
                    spans.push(((from, to), number));
                    ranks.put((from, to), number, 1);
                }
                floor += raise;
                ranks.forget(floor);
            }
            let at = ask.max(floor);
            let mut want: Vec<i64> = spans.iter().filter(|((from, to), _)| *from <= at && at < *to).map(|(_, number)| *number).collect();
            want.sort_unstable();
            let ranked = ranks.at(at);
            prop_assert_eq!(ranked.count(), want.len());
            let have: Vec<i64> = (0..want.len()).filter_map(|before| ranked.nth(before)).collect();
            prop_assert_eq!(have, want);
            prop_assert_eq!(ranked.nth(ranked.count()), None);
        }
    }
}
