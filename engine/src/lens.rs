//! How a KPI sees a series: which samples count, and what each adds to the folds.
//!
//! What a sample adds follows from it and its neighbours in the series, and from nothing else. Nothing here may know
//! panes or scopes.

use crate::fold::{Kind, Part, Point};
use crate::mark::Marks;
use crate::moment::{HOUR, seconds};
use crate::row::Entry;
use crate::suspicion::takes_part;
use crate::track::Track;
use taydo_model::kpi::{Aggregate, Suspect};
use taydo_model::{Kpi, Metric};

/// A counter's growth since a sample that is older than this is not counted: nobody knows when it grew. It also bounds
/// how far a late sample reaches.
pub const LONGEST_STEP: i64 = 35 * 24 * HOUR;
/// Past so many samples in a row that jumped the next one is measured against the nearest of them all the same.
const LONGEST_BRIDGE: usize = 3;

/// How a KPI sees a series.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Lens {
    pub(crate) kind: Kind,
    /// Samples with any of these marks don't count.
    skipped: Marks,
    /// For shares: ticks from here on are beyond the limit, or with `below`, up to here.
    limit: i64,
    below: bool,
    /// For the time-weighted mean: how long a value holds.
    hold: i64,
}

/// What a value held for: after the first moment, up to and including the second.
pub(crate) type Span = (i64, i64, i64);

impl Lens {
    pub(crate) fn new(kpi: &Kpi, aggregate: &Aggregate, suspect: Suspect, metric: &Metric) -> Self {
        let skipped = match suspect {
            Suspect::Flag => Marks::VOID,
            Suspect::Exclude => Marks::VOID.with(Marks::SUSPECT),
        };
        let mut lens = Self { kind: Kind::Values, skipped, limit: 0, below: false, hold: 0 };
        match aggregate {
            Aggregate::Count | Aggregate::Sum | Aggregate::Mean | Aggregate::Min | Aggregate::Max | Aggregate::Last => {}
            Aggregate::Median | Aggregate::P90 | Aggregate::P95 | Aggregate::P99 => lens.kind = Kind::Sketch,
            Aggregate::Increase | Aggregate::Rate => lens.kind = Kind::Steps,
            Aggregate::Distinct { .. } => lens.kind = Kind::Distinct,
            Aggregate::TimeWeightedMean { hold_s } => {
                lens.kind = Kind::Held;
                lens.hold = seconds(hold_s.unwrap_or(kpi.stale_s));
            }
            Aggregate::ShareAbove { limit } => {
                lens.kind = Kind::Share;
                lens.limit = first_above(metric, *limit);
            }
            Aggregate::ShareBelow { limit } => {
                lens.kind = Kind::Share;
                lens.below = true;
                lens.limit = -first_above(metric, -*limit);
            }
        }
        lens
    }

    /// Whether what a sample adds depends on its neighbours.
    pub(crate) fn is_linked(&self) -> bool {
        matches!(self.kind, Kind::Steps | Kind::Held)
    }

    /// Whether a sample is measured against the one before, however old.
    pub(crate) fn is_anchored(&self) -> bool {
        self.kind == Kind::Steps
    }

    /// How long before a window lie samples that add to it, anchors apart.
    pub(crate) fn look_back(&self) -> i64 {
        self.hold
    }

    /// How long after a sample lie moments that it adds to, when nobody knows which sample follows.
    pub(crate) fn look_ahead(&self) -> i64 {
        match self.kind {
            Kind::Steps => LONGEST_STEP,
            _ => self.hold,
        }
    }

    pub(crate) fn counts(&self, entry: &Entry) -> bool {
        !entry.marks().has_any(self.skipped)
    }

    /// Whether the sample shows that its device is at work: one that is being calibrated does, a faulty one doesn't, nor
    /// one whose values are left out.
    pub(crate) fn reports(&self, entry: &Entry) -> bool {
        self.counts(entry) || entry.marks().has_any(Marks::CALIBRATING)
    }

    /// What a sample that counts adds, given those before it, the nearest first.
    pub(crate) fn point(&self, entry: &Entry, series: i32, before: impl Iterator<Item = Entry>) -> Point {
        let ticks = entry.ticks();
        let part = match self.kind {
            Kind::Values | Kind::Sketch | Kind::Held => Part::Value,
            Kind::Share => Part::Beyond(if self.below { ticks <= self.limit } else { ticks >= self.limit }),
            Kind::Distinct => Part::Series(series),
            Kind::Steps => Part::Step(self.step(entry, before)),
        };
        Point { time: entry.time, ticks, marks: entry.marks(), part }
    }

    /// By how much a counter grew since the sample before, and how long ago that was. A lower value is a new beginning.
    fn step(&self, entry: &Entry, before: impl Iterator<Item = Entry>) -> Option<(i64, i64)> {
        if !takes_part(entry.marks()) {
            return None;
        }
        let mut nearest: Option<Entry> = None;
        let mut base = None;
        for earlier in before.filter(|earlier| takes_part(earlier.marks())).take(LONGEST_BRIDGE + 1) {
            nearest = nearest.or(Some(earlier));
            if !(self.skipped.has_any(Marks::JUMP) && earlier.marks().has_any(Marks::JUMP)) {
                base = Some(earlier);
                break;
            }
        }
        let base = base.or(nearest).filter(|base| entry.time - base.time <= LONGEST_STEP)?;
        let grown = entry.ticks() - base.ticks();
        Some((if grown < 0 { entry.ticks() } else { grown }, entry.time - base.time))
    }

    /// What each sample of a stretch that counts adds.
    pub(crate) fn points(&self, stretch: &[Entry], series: i32) -> Vec<Point> {
        let counted = stretch.iter().enumerate().filter(|(_, entry)| self.counts(entry));
        counted.map(|(at, entry)| self.point(entry, series, stretch.iter().take(at).rev().copied())).collect()
    }

    /// How long each value of a stretch held, but for the last one's.
    pub(crate) fn spans(&self, stretch: &[Entry]) -> Vec<Span> {
        let counted: Vec<&Entry> = stretch.iter().filter(|entry| self.counts(entry)).collect();
        counted.windows(2).filter_map(|pair| if let [entry, next] = pair { Some(self.span(entry, next.time)) } else { None }).collect()
    }

    /// How long a value held until the next one at `next`.
    pub(crate) fn span(&self, entry: &Entry, next: i64) -> Span {
        (entry.time, next.min(entry.time + self.hold), entry.ticks())
    }

    /// What the series' newest sample adds to the time after `after`, up to and including `until`: how long its value
    /// holds is told only by the next one. `None` when there is a next one already.
    pub(crate) fn tail(&self, track: &Track, after: i64, until: i64) -> Option<Span> {
        let newest = track.back_from(i64::MAX).take_while(|entry| entry.time + self.hold > after).find(|entry| self.counts(entry))?;
        (newest.time <= until).then(|| self.span(&newest, until))
    }
}

/// The least number of ticks whose value is above the limit.
fn first_above(metric: &Metric, limit: f64) -> i64 {
    let Some(mut ticks) = metric.ticks(limit) else { return if limit < 0.0 { i64::MIN / 2 } else { i64::MAX / 2 } };
    // Rounding leaves at most one step either way.
    while metric.value(ticks) > limit {
        ticks -= 1;
    }
    while metric.value(ticks) <= limit {
        ticks += 1;
    }
    ticks
}
