//! Which samples of a series are suspect: not physically possible, jumped, or the same for too long.
//!
//! Whether a sample is suspect follows from the series' samples up to it in order of event time and from nothing else, so
//! arrival, batches and KPIs don't matter. Samples that measure nothing take no part, and one that isn't physically
//! possible is no measure for the next. Nothing here may leave a sample out.

use crate::mark::Marks;
use crate::moment::seconds;
use crate::row::{Entry, Row};
use taydo_model::Metric;

/// A metric's rules, in ticks and microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rules {
    /// What is physically possible, both ends included.
    range: (i64, i64),
    /// More than so many ticks within so long is a jump.
    jump: Option<(i64, i64)>,
    /// The same value for so long is frozen.
    frozen: Option<i64>,
}

impl Rules {
    pub(crate) fn new(metric: &Metric) -> Self {
        let (least, most) = metric.range.unwrap_or((f64::NEG_INFINITY, f64::INFINITY));
        let jump = metric.jump.map(|jump| {
            // A step that is meant to be allowed must not be a jump for the last digit of a quotient.
            let steps = jump.more_than / metric.resolution;
            #[allow(clippy::cast_possible_truncation)]
            let ticks = (steps + steps.abs() * 1e-12).floor() as i64;
            (ticks, seconds(jump.within_s))
        });
        Self {
            range: (metric.ticks(least).unwrap_or(i64::MIN), metric.ticks(most).unwrap_or(i64::MAX)),
            jump,
            frozen: metric.frozen_s.map(seconds),
        }
    }

    /// How long before a sample lies what decides about it, at most; and so how long after one lies what it decides about.
    pub(crate) fn reach(&self) -> i64 {
        let jump = self.jump.map_or(0, |(_, within)| 2 * within);
        jump.max(self.frozen.map_or(0, |frozen| 2 * frozen))
    }

    /// A sample's marks by itself.
    pub(crate) fn own_marks(&self, ticks: i64, sent: Marks) -> Marks {
        let possible = (self.range.0..=self.range.1).contains(&ticks) || sent.has_any(Marks::VOID);
        if possible { sent } else { sent.with(Marks::OUTSIDE) }
    }

    /// A sample's marks, those before its place being right.
    pub(crate) fn marks(&self, entries: &Row, at: usize, entry: &Entry) -> Marks {
        let mut marks = self.own_marks(entry.ticks(), entry.marks().sent());
        if !takes_part(marks) {
            return marks;
        }
        if self.jump.is_some_and(|rule| jumped(rule, entry, before(entries, at))) {
            marks = marks.with(Marks::JUMP);
        }
        if self.frozen.is_some_and(|frozen| is_frozen(frozen, entry, before(entries, at))) {
            marks = marks.with(Marks::FROZEN);
        }
        marks
    }

    /// The end (exclusive) of the entries whose marks may change with what lies before `next`, the first that didn't change
    /// itself.
    pub(crate) fn affected(&self, entries: &Row, next: usize) -> usize {
        let mut end = next;
        if self.jump.is_none() && self.frozen.is_none() {
            return end;
        }
        // A jump is told from two samples before. A run of equal values can begin anew with the first sample after the
        // change, and has been as long as it takes again after that time.
        let mut seen = 0;
        let mut settled = i64::MAX;
        for entry in entries.range(next, usize::MAX) {
            if seen >= 2 && entry.time >= settled {
                break;
            }
            if takes_part(entry.marks()) {
                seen += 1;
                settled = settled.min(entry.time + self.frozen.unwrap_or(0));
            }
            end += 1;
        }
        end
    }
}

/// Whether others are measured by it.
pub(crate) fn takes_part(marks: Marks) -> bool {
    !marks.has_any(Marks::VOID.with(Marks::OUTSIDE))
}

/// The samples before one that take part, the nearest first.
pub(crate) fn before(entries: &Row, at: usize) -> impl Iterator<Item = Entry> {
    entries.range(0, at).rev().filter(|entry| takes_part(entry.marks()))
}

/// Whether the sample is too far from the one before; going back to near the one before that is no jump.
fn jumped((allowed, within): (i64, i64), entry: &Entry, mut before: impl Iterator<Item = Entry>) -> bool {
    let too_far = |a: &Entry, b: &Entry| (a.ticks() - b.ticks()).abs() > allowed;
    let Some(last) = before.next().filter(|last| entry.time - last.time <= within) else { return false };
    if !too_far(entry, &last) {
        return false;
    }
    let earlier = before.next().filter(|earlier| last.time - earlier.time <= within);
    !earlier.is_some_and(|earlier| too_far(&last, &earlier) && !too_far(entry, &earlier))
}

/// Whether the value has been the same for so long, without a pause as long.
fn is_frozen(frozen: i64, entry: &Entry, before: impl Iterator<Item = Entry>) -> bool {
    let mut since = entry.time;
    for earlier in before {
        if earlier.ticks() != entry.ticks() || since - earlier.time > frozen {
            return false;
        }
        if earlier.marks().has_any(Marks::FROZEN) || entry.time - earlier.time >= frozen {
            return true;
        }
        since = earlier.time;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::track::{Keeping, Track};
    use taydo_model::observation::Jump;
    use taydo_model::{SampleState, Text, Unit};

    /// Places `second value` pairs in this order, a `!` behind a fault's, and gives the marks in order of time: `.` for none,
    /// `o` outside, `j` jumped, `f` frozen, `x` for a fault.
    fn marks(script: &str) -> String {
        let metric = Metric {
            id: "m".parse().unwrap(),
            title: Text::default(),
            unit: Unit::default(),
            resolution: 0.1,
            range: Some((0.0, 100.0)),
            jump: Some(Jump { more_than: 10.0, within_s: 60 }),
            frozen_s: Some(100),
            kind: Default::default(),
        };
        let keeping = Keeping { rules: Rules::new(&metric), linked: false, anchored: false, floor: -1 };
        let mut track = Track::default();
        for step in script.split(';') {
            let (time, value) = step.trim().split_once(' ').unwrap();
            let state = if value.ends_with('!') { SampleState::Fault } else { SampleState::Normal };
            let ticks = metric.ticks(value.trim_end_matches('!').parse().unwrap()).unwrap();
            track.place(&keeping, seconds(time.parse().unwrap()), ticks, 0, Marks::of_state(state));
        }
        let letter = |entry: &Entry| match entry.marks() {
            marks if marks.has_any(Marks::FAULT) => 'x',
            marks if marks.has_any(Marks::OUTSIDE) => 'o',
            marks if marks.has_any(Marks::JUMP) => 'j',
            marks if marks.has_any(Marks::FROZEN) => 'f',
            _ => '.',
        };
        track.within(-1, i64::MAX).map(|entry| letter(&entry)).collect()
    }

    #[test]
    fn a_value_is_suspect_by_what_came_before_it() {
        let table = [
            // A jump, but neither what comes back from it nor what stays there.
            ("0 20; 10 30; 20 40.1; 30 41", "..j."),
            // Told from two samples before and no more, so that what a late sample changes is bounded.
            ("0 20; 10 90; 20 21; 30 90; 40 91", ".j..."),
            ("0 20; 10 35; 20 50; 30 65", ".jjj"),
            // Too long ago to say.
            ("0 20; 60 90", ".j"),
            ("0 20; 61 90", ".."),
            // What is outside and what measures nothing are no measure for the next.
            ("0 20; 10 100.1; 20 21; 30 -0.1; 40 40", ".o.oj"),
            ("0 20; 10 100; 20 100!; 30 21", ".jx."),
            ("0 20; 10 90!; 20 21", ".x."),
            // The same for 100 s, without a pause as long.
            ("0 20; 50 20; 99 20; 100 20; 130 20; 140 21", "...ff."),
            ("0 20; 100 20; 201 20", ".f."),
            ("0 20; 50 20!; 100 20; 150 -5; 160 20", ".xfof"),
            // In any order.
            ("100 20; 0 20; 50 25", "..."),
            ("130 20; 100 20; 0 20; 50 20; 99 20", "...ff"),
            ("20 21; 10 90; 0 20", ".j."),
            ("0 20; 20 90; 30 20; 10 60", ".jjj"),
            ("0 20; 50 20; 100 20; 130 20; 60 25", "....."),
            ("0 20; 50 20; 60 19; 100 20; 130 20; 60 26!", "..xff"),
        ];
        for (script, expected) in table {
            assert_eq!(marks(script), expected, "{script}");
        }
    }
}
