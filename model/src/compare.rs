//! Comparisons: a figure beside what it was, what it should be, and where it is going.
//!
//! Which moment a figure is compared with is decided here, by the calendar of the city, so that every screen, report and
//! message compares with the same one. It must never compare what is not alike without saying so, and never give a
//! percentage that rests on too little.

mod align;
mod sentence;
#[cfg(test)]
mod tests;
mod trend;

pub use align::{Aligned, Alignment, Dates, aligned};
#[cfg(test)]
pub(crate) use tests::speed;
pub use trend::{Course, Trend, TrendWay, course, trend};

use crate::kpi::{Aggregate, Better, From};
use crate::{Flags, Kpi, KpiId, Quality, Reading, Scope, Text};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Counts below this are too few for a percentage: from 2 to 3 cases is no rise of half.
const LEAST_COUNT: u64 = 10;

/// `GET /api/v1/kpis/{id}/compare?scope&at`: a figure and what it is to be seen beside.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ComparePage {
    /// The KPI.
    pub kpi: KpiId,
    /// For whom.
    pub scope: Scope,
    /// The newest recorded reading at the moment that was asked for.
    pub now: Side,
    /// The same figure at other moments.
    pub comparisons: Vec<Comparison>,
    /// What it should be, where it has a target.
    pub target: Option<TargetGap>,
    /// Where it is going.
    pub trend: Trend,
}

/// What a figure is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Against {
    /// The period before, at the same point of it; for a sliding window the window before, for a level an hour or one
    /// reading before, whichever is longer.
    Previous,
    /// The same time of the day before.
    Yesterday,
    /// The same time seven days before.
    LastWeek,
    /// The same period of last year (*cùng kỳ*): the same weekday, the same date, or the same day of the lunar new year.
    LastYear,
}

impl Against {
    /// All of them, in the order that they are shown in.
    pub const ALL: [Self; 4] = [Self::Previous, Self::Yesterday, Self::LastWeek, Self::LastYear];
}

/// A recorded reading, as far as a comparison needs it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Side {
    /// Its grid instant.
    pub time: Timestamp,
    /// Its value, in the KPI's unit.
    pub value: Option<f64>,
    /// How much it can be relied on; of the newest reading, by now.
    pub quality: Quality,
    /// What else is to be known of it.
    #[serde(default, skip_serializing_if = "Flags::is_empty")]
    pub flags: Flags,
    /// How many samples or cases it rests on.
    pub samples: u64,
}

impl Side {
    /// A moment without a reading.
    #[must_use]
    pub fn missing(time: Timestamp) -> Self {
        Self { time, value: None, quality: Quality::Missing, flags: Flags::default(), samples: 0 }
    }

    /// A recorded reading.
    #[must_use]
    pub fn of(reading: &Reading) -> Self {
        Self { time: reading.time, value: reading.value, quality: reading.quality, flags: reading.flags, samples: reading.samples }
    }
}

/// The same answer as a tile reads it, which has no use for the rest.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct CompareNotes {
    /// One for each comparison.
    pub comparisons: Vec<CompareNote>,
}

/// A comparison in words.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct CompareNote {
    /// What with.
    pub against: Against,
    /// Which way the figure has gone.
    pub way: Option<TrendWay>,
    /// The rest.
    pub words: Text,
}

/// A figure beside what it was at another moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Comparison {
    /// What with.
    pub against: Against,
    /// By what the moments are alike.
    pub aligned: Alignment,
    /// Whether the other moment lies around the lunar new year and this one does not: then it is no fair comparison.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_unlike: bool,
    /// What it was.
    pub then: Side,
    /// Now less then, in the KPI's unit.
    pub difference: Option<f64>,
    /// The difference as a share of what it was, in per cent …
    pub percent: Option<f64>,
    /// … or why there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub without_percent: Option<Withheld>,
    /// Whether that is good; absent where the KPI has no direction, or too little is known.
    pub verdict: Option<Verdict>,
    /// Which way the figure has gone; absent where nothing can be said.
    pub way: Option<TrendWay>,
    /// By how much, against what and whether that is good, in words.
    pub words: Text,
}

/// Why no percentage is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Withheld {
    /// One of the two has no value.
    Missing,
    /// One of the two rests on too few cases or samples.
    TooFew,
    /// It was zero.
    Zero,
    /// The figure is a share itself: its difference is in percentage points.
    Share,
}

/// A change by the KPI's direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "CompareVerdict")]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Verdict {
    Better,
    /// It reads the same.
    Same,
    Worse,
}

/// A figure beside its target.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TargetGap {
    /// The target, in the KPI's unit.
    pub target: f64,
    /// Value less target.
    pub difference: Option<f64>,
    /// The difference as a share of the target, in per cent; absent for shares and a target of zero.
    pub percent: Option<f64>,
    /// Whether it is met.
    pub is_met: Option<bool>,
}

/// Sets two readings of a KPI beside each other.
#[must_use]
pub fn compare(kpi: &Kpi, against: Against, now: &Side, then: Side, aligned: &Aligned) -> Comparison {
    let difference = now.value.zip(then.value).map(|(now, then)| now - then);
    let without_percent = withheld(kpi, now, &then);
    let percent = difference.zip(then.value).filter(|_| without_percent.is_none());
    let is_sound = !matches!(without_percent, Some(Withheld::Missing | Withheld::TooFew));
    let mut comparison = Comparison {
        against,
        aligned: aligned.by,
        is_unlike: aligned.is_unlike,
        then,
        difference,
        percent: percent.map(|(difference, then)| 100.0 * difference / then.abs()),
        without_percent,
        verdict: difference.filter(|_| is_sound).and_then(|difference| verdict(kpi, difference)),
        way: None,
        words: Text::default(),
    };
    comparison.way = comparison.way(kpi);
    comparison.words = comparison.in_words(kpi);
    comparison
}

/// Sets a reading beside the KPI's target.
#[must_use]
pub fn to_target(kpi: &Kpi, scope: &Scope, now: &Side) -> Option<TargetGap> {
    let target = kpi.target_of(scope)?;
    let difference = now.value.map(|value| value - target);
    let percent = difference.filter(|_| target != 0.0 && !is_share(kpi)).map(|difference| 100.0 * difference / target.abs());
    Some(TargetGap { target, difference, percent, is_met: now.value.and_then(|value| kpi.meets_target(scope, value)) })
}

fn withheld(kpi: &Kpi, now: &Side, then: &Side) -> Option<Withheld> {
    let sides = [now, then];
    let least = least_samples(kpi);
    if sides.iter().any(|side| side.flags.contains(Flags::TOO_FEW)) {
        return Some(Withheld::TooFew);
    }
    if sides.iter().any(|side| side.value.is_none()) {
        return Some(Withheld::Missing);
    }
    if sides.iter().any(|side| side.samples < least) {
        return Some(Withheld::TooFew);
    }
    if is_share(kpi) {
        return Some(Withheld::Share);
    }
    (then.value == Some(0.0)).then_some(Withheld::Zero)
}

/// The samples or cases below which a change is not told as a percentage. What is measured needs none; what is counted is
/// its own sample.
fn least_samples(kpi: &Kpi) -> u64 {
    match &kpi.from {
        From::Cases { .. } | From::Observations { aggregate: Aggregate::Count, .. } => LEAST_COUNT,
        _ => 0,
    }
}

fn is_share(kpi: &Kpi) -> bool {
    kpi.unit.code() == "%"
}

/// Whether a change is good. One that is not seen in the figure as it is written is none.
pub(crate) fn verdict(kpi: &Kpi, difference: f64) -> Option<Verdict> {
    let is_good = match kpi.better {
        Better::Higher => difference > 0.0,
        Better::Lower => difference < 0.0,
        Better::Neither => return None,
    };
    Some(match difference.abs() < half_step(kpi) {
        true => Verdict::Same,
        false if is_good => Verdict::Better,
        false => Verdict::Worse,
    })
}

/// Half of the last digit that is shown.
pub(crate) fn half_step(kpi: &Kpi) -> f64 {
    0.5 * 10_f64.powi(-i32::from(kpi.decimals))
}
