//! Folds: what is remembered of a set of samples so that its aggregate can be told, and the parts of a set be merged.
//!
//! Adding and merging are exact in any order. Taking a sample out again is exact too, but may leave extremes unknown, which
//! are then found again from the samples. A stored pane is a fold's bytes: change its shape only together with the
//! version of that format. Nothing here may know KPIs, series or what a sample means.

use crate::mark::Marks;
use crate::moment::ALWAYS;
use crate::sketch::Sketch;
use serde::{Deserialize, Serialize};

/// What a KPI's folds hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// For count, sum, mean, min, max and last.
    Values,
    /// For the share beyond a limit.
    Share,
    /// For median and percentiles.
    Sketch,
    /// For a counter's increase and rate.
    Steps,
    /// For the time-weighted mean.
    Held,
    /// For the number of different labels.
    Distinct,
}

/// A sample as it is folded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Point {
    pub(crate) time: i64,
    pub(crate) ticks: i64,
    pub(crate) marks: Marks,
    pub(crate) part: Part,
}

/// What the sample adds beside its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    /// Nothing.
    Value,
    /// Whether it is beyond the limit.
    Beyond(bool),
    /// By how many ticks the counter grew since the sample before, so many microseconds ago; `None` when there is none.
    Step(Option<(i64, i64)>),
    /// The number of its series in the store.
    Series(i32),
}

/// Samples folded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Fold {
    /// How many there are.
    pub(crate) count: u64,
    /// The newest one's time; [`ALWAYS`] when there is none.
    pub(crate) newest: i64,
    /// How many of them are suspect, and provisional.
    pub(crate) suspect: u32,
    pub(crate) provisional: u32,
    pub(crate) content: Content,
}

/// A fold's part that depends on its kind. Sums are of ticks, lengths in microseconds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Content {
    /// `last` is of the newest sample; of several at that time, the largest.
    Values {
        sum: i128,
        min: i64,
        max: i64,
        last: i64,
    },
    /// How many are beyond the limit.
    Share {
        beyond: u64,
    },
    Sketch(Sketch),
    /// How far the counters grew, over how long, in how many steps.
    Steps {
        sum: i128,
        length: i64,
        known: u64,
    },
    /// Each value times how long it held, and how long any did.
    Held {
        area: i128,
        length: i64,
    },
    /// How many samples each series has, by its number in the store.
    Distinct(Vec<(i32, u32)>),
}

impl Fold {
    /// The fold of no samples.
    pub(crate) fn new(kind: Kind) -> Self {
        let content = match kind {
            Kind::Values => Content::Values { sum: 0, min: i64::MAX, max: i64::MIN, last: i64::MIN },
            Kind::Share => Content::Share { beyond: 0 },
            Kind::Sketch => Content::Sketch(Sketch::default()),
            Kind::Steps => Content::Steps { sum: 0, length: 0, known: 0 },
            Kind::Held => Content::Held { area: 0, length: 0 },
            Kind::Distinct => Content::Distinct(Vec::new()),
        };
        Self { count: 0, newest: ALWAYS, suspect: 0, provisional: 0, content }
    }

    /// Whether nothing is in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.count == 0 && !matches!(self.content, Content::Held { length: 1.., .. })
    }

    pub(crate) fn add(&mut self, point: &Point) {
        self.count += 1;
        self.suspect += u32::from(point.marks.is_suspect());
        self.provisional += u32::from(point.marks.is_provisional());
        match (&mut self.content, point.part) {
            (Content::Values { sum, min, max, last }, _) => {
                *sum += i128::from(point.ticks);
                *min = point.ticks.min(*min);
                *max = point.ticks.max(*max);
                if (point.time, point.ticks) > (self.newest, *last) {
                    *last = point.ticks;
                }
            }
            (Content::Share { beyond }, Part::Beyond(is_beyond)) => *beyond += u64::from(is_beyond),
            (Content::Sketch(sketch), _) => sketch.add(point.ticks),
            (Content::Steps { sum, length, known }, Part::Step(Some((ticks, micros)))) => {
                *sum += i128::from(ticks);
                *length += micros;
                *known += 1;
            }
            (Content::Distinct(series), Part::Series(number)) => change(series, number, 1),
            _ => {}
        }
        self.newest = self.newest.max(point.time);
    }

    /// Puts `new` in the place of `old`, which is in it. Whether all is still known: otherwise the extremes must be found
    /// again by [`Fold::find_extremes`].
    pub(crate) fn replace(&mut self, old: Option<&Point>, new: Option<&Point>) -> bool {
        let known = old.is_none_or(|old| self.remove(old, new));
        if let Some(new) = new {
            self.add(new);
        }
        known
    }

    fn remove(&mut self, old: &Point, new: Option<&Point>) -> bool {
        self.count = self.count.saturating_sub(1);
        self.suspect = self.suspect.saturating_sub(u32::from(old.marks.is_suspect()));
        self.provisional = self.provisional.saturating_sub(u32::from(old.marks.is_provisional()));
        let mut known = old.time != self.newest || new.is_some_and(|new| new.time == old.time);
        match (&mut self.content, old.part) {
            (Content::Values { sum, min, max, last }, _) => {
                *sum -= i128::from(old.ticks);
                let at_least = |least: i64| new.is_some_and(|new| new.ticks >= least);
                let at_most = |most: i64| new.is_some_and(|new| new.ticks <= most);
                known &= old.ticks > *min || at_most(*min);
                known &= old.ticks < *max || at_least(*max);
                known &= (old.time, old.ticks) != (self.newest, *last) || at_least(*last);
            }
            (Content::Share { beyond }, Part::Beyond(is_beyond)) => *beyond = beyond.saturating_sub(u64::from(is_beyond)),
            (Content::Sketch(sketch), _) => sketch.remove(old.ticks),
            (Content::Steps { sum, length, known }, Part::Step(Some((ticks, micros)))) => {
                *sum -= i128::from(ticks);
                *length -= micros;
                *known = known.saturating_sub(1);
            }
            (Content::Distinct(series), Part::Series(number)) => change(series, number, -1),
            _ => {}
        }
        known
    }

    /// Notes that so many ticks held for so many microseconds, or (with a negative length) that they didn't.
    pub(crate) fn hold(&mut self, ticks: i64, micros: i64) {
        if let Content::Held { area, length } = &mut self.content {
            *area += i128::from(ticks) * i128::from(micros);
            *length += micros;
        }
    }

    pub(crate) fn merged(mut self, other: &Self) -> Self {
        self.merge(other);
        self
    }

    pub(crate) fn merge(&mut self, other: &Self) {
        match (&mut self.content, &other.content) {
            (Content::Values { sum, min, max, last }, Content::Values { sum: sum2, min: min2, max: max2, last: last2 }) => {
                *sum += sum2;
                *min = (*min).min(*min2);
                *max = (*max).max(*max2);
                if (other.newest, *last2) > (self.newest, *last) {
                    *last = *last2;
                }
            }
            (Content::Share { beyond }, Content::Share { beyond: more }) => *beyond += more,
            (Content::Sketch(sketch), Content::Sketch(more)) => sketch.merge(more),
            (Content::Steps { sum, length, known }, Content::Steps { sum: sum2, length: length2, known: known2 }) => {
                *sum += sum2;
                *length += length2;
                *known += known2;
            }
            (Content::Held { area, length }, Content::Held { area: area2, length: length2 }) => {
                *area += area2;
                *length += length2;
            }
            (Content::Distinct(series), Content::Distinct(more)) => *series = union(series, more),
            // The folds of one KPI are of one kind.
            _ => {}
        }
        self.count += other.count;
        self.suspect += other.suspect;
        self.provisional += other.provisional;
        self.newest = self.newest.max(other.newest);
    }

    /// Finds what taking samples out has left unknown, given the (time, ticks) of all that are in it.
    pub(crate) fn find_extremes(&mut self, samples: impl Iterator<Item = (i64, i64)>) {
        let all = samples.fold(None, |all: Option<(i64, i64, (i64, i64))>, (time, ticks)| match all {
            None => Some((ticks, ticks, (time, ticks))),
            Some((min, max, last)) => Some((min.min(ticks), max.max(ticks), last.max((time, ticks)))),
        });
        let (least, most, (time, newest)) = all.unwrap_or((i64::MAX, i64::MIN, (ALWAYS, i64::MIN)));
        self.newest = time;
        if let Content::Values { min, max, last, .. } = &mut self.content {
            (*min, *max, *last) = (least, most, newest);
        }
    }
}

/// Changes how many samples a series has; one without any is left out.
fn change(series: &mut Vec<(i32, u32)>, number: i32, by: i32) {
    match series.binary_search_by_key(&number, |(have, _)| *have) {
        Ok(at) => {
            let count = series.get_mut(at).map_or(0, |(_, count)| {
                *count = count.saturating_add_signed(by);
                *count
            });
            if count == 0 {
                series.remove(at);
            }
        }
        Err(at) => series.insert(at, (number, by.unsigned_abs())),
    }
}

fn union(a: &[(i32, u32)], b: &[(i32, u32)]) -> Vec<(i32, u32)> {
    let mut all: Vec<(i32, u32)> = a.iter().chain(b).copied().collect();
    all.sort_unstable();
    all.dedup_by(|next, kept| {
        let same = next.0 == kept.0;
        kept.1 += if same { next.1 } else { 0 };
        same
    });
    all
}
