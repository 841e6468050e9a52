//! A KPI's course over a range of time: from which relation it is read, and how its readings become buckets.
//!
//! It must never bridge a stretch without readings, nor lose a bucket's smallest or largest value.

use crate::{KpiId, Quality, Scope, Unit};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// From so many seconds on, buckets are made of hours; from a day on, of the city's days.
const HOUR_S: i64 = 3_600;
const DAY_S: i64 = 86_400;
/// The widths that buckets may have, in seconds. Hours follow on 20 minutes, so that a month is never read minute by minute.
const WIDTHS_S: [i64; 18] = [
    60,
    120,
    300,
    600,
    1_200,
    HOUR_S,
    2 * HOUR_S,
    3 * HOUR_S,
    6 * HOUR_S,
    12 * HOUR_S,
    DAY_S,
    2 * DAY_S,
    7 * DAY_S,
    14 * DAY_S,
    28 * DAY_S,
    91 * DAY_S,
    182 * DAY_S,
    364 * DAY_S,
];
/// So many readings are folded into buckets for one answer; where there are more, hours are read.
const FOLDED: i64 = 50_000;

/// What a course is read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub enum Relation {
    /// Recorded readings, one by one.
    #[serde(rename = "reading")]
    Reading,
    /// Their rollup by hour.
    #[serde(rename = "reading_1h")]
    Hour,
    /// Their rollup by the city's day.
    #[serde(rename = "reading_1d")]
    Day,
}

/// [`CoursePage`] as a chart reads it, which has no use for the rest.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct CourseNotes {
    /// A point's width in seconds; absent: readings as they are.
    #[serde(default)]
    pub width_s: Option<i64>,
    /// The points, in order of time.
    pub points: Vec<crate::api::Point>,
}

/// How finely a course is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grain {
    /// From what it is read.
    pub relation: Relation,
    /// A bucket's width in seconds; `None`: readings as they are.
    pub width_s: Option<i64>,
}

impl Grain {
    /// The finest one that tells a range of a KPI with a reading every `every_s` seconds in about `points` points: single
    /// readings where they are few enough, else buckets.
    #[must_use]
    pub fn of(every_s: i64, (from, to): (Timestamp, Timestamp), points: u32) -> Self {
        let (every_s, points) = (every_s.max(1), i64::from(points.max(1)));
        let span_s = to.duration_since(from).as_secs().max(0);
        if span_s / every_s < points {
            return Self { relation: Relation::Reading, width_s: None };
        }
        // The bucket that the range ends in counts too.
        let fits = |width_s: &&i64| span_s / **width_s < points && **width_s >= every_s;
        let widest = 364 * DAY_S;
        let width_s = WIDTHS_S.iter().find(fits).copied().unwrap_or(widest);
        let width_s = if span_s / every_s > FOLDED { width_s.max(HOUR_S) } else { width_s };
        let relation = match width_s {
            width_s if width_s >= DAY_S => Relation::Day,
            width_s if width_s >= HOUR_S => Relation::Hour,
            _ => Relation::Reading,
        };
        Self { relation, width_s: Some(width_s) }
    }

    /// The range with the whole of its first and last bucket: the first moment, and the one after the last. Moments are whole
    /// microseconds.
    #[must_use]
    pub fn whole(self, (from, to): (Timestamp, Timestamp), zone: &TimeZone) -> (Timestamp, Timestamp) {
        let Some(width_s) = self.width_s else { return (from, to.checked_add(jiff::SignedDuration::from_micros(1)).unwrap_or(to)) };
        (start(number(from, width_s, zone), width_s, zone), start(number(to, width_s, zone).saturating_add(1), width_s, zone))
    }
}

/// Which bucket of this width a moment lies in. Those of whole days are the city's, and weeks begin on Monday; shorter ones
/// are counted from the Unix epoch.
fn number(time: Timestamp, width_s: i64, zone: &TimeZone) -> i64 {
    if width_s < DAY_S {
        return time.as_second().div_euclid(width_s);
    }
    let since = zone.to_datetime(time).date().since(monday()).map_or(0, |span| i64::from(span.get_days()));
    since.div_euclid(width_s / DAY_S)
}

/// A bucket's first moment.
fn start(number: i64, width_s: i64, zone: &TimeZone) -> Timestamp {
    if width_s < DAY_S {
        return Timestamp::from_second(number.saturating_mul(width_s)).unwrap_or(Timestamp::MIN);
    }
    let days = number.saturating_mul(width_s / DAY_S);
    let date = jiff::Span::new().try_days(days).and_then(|days| monday().checked_add(days)).unwrap_or(Date::MIN);
    date.to_zoned(zone.clone()).map_or(Timestamp::MIN, |midnight| midnight.timestamp())
}

fn monday() -> Date {
    Date::constant(1970, 1, 5)
}

/// What is known of the readings of a stretch of time: of one reading, of an hour, of a day.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
#[allow(missing_docs)]
pub struct Stretch {
    /// Its first moment, or the reading's instant.
    pub time: Timestamp,
    /// The first and the last value, the smallest and the largest, and the sum; `None` where no reading has a value.
    pub values: Option<Values>,
    /// How many readings have a value …
    pub count: u64,
    /// … how many readings there are …
    pub readings: u64,
    /// … and how many of those are of each quality but good.
    pub partial: u64,
    pub stale: u64,
    pub missing: u64,
}

/// The values of a stretch.
#[derive(Debug, Clone, Copy, PartialEq)]
#[allow(missing_docs)]
pub struct Values {
    pub first: f64,
    pub last: f64,
    pub min: f64,
    pub max: f64,
    pub sum: f64,
}

impl Stretch {
    /// Of one reading.
    #[must_use]
    pub fn reading(time: Timestamp, value: Option<f64>, quality: Quality) -> Self {
        let is = |other: Quality| u64::from(quality == other);
        Self {
            time,
            values: value.map(|value| Values { first: value, last: value, min: value, max: value, sum: value }),
            count: u64::from(value.is_some()),
            readings: 1,
            partial: is(Quality::Partial),
            stale: is(Quality::Stale),
            missing: is(Quality::Missing),
        }
    }

    /// Takes in a later stretch.
    fn take(&mut self, later: &Self) {
        self.values = match (self.values, later.values) {
            (Some(a), Some(b)) => {
                Some(Values { first: a.first, last: b.last, min: a.min.min(b.min), max: a.max.max(b.max), sum: a.sum + b.sum })
            }
            (a, b) => a.or(b),
        };
        self.count = self.count.saturating_add(later.count);
        self.readings = self.readings.saturating_add(later.readings);
        self.partial = self.partial.saturating_add(later.partial);
        self.stale = self.stale.saturating_add(later.stale);
        self.missing = self.missing.saturating_add(later.missing);
    }

    /// The worst quality of the readings with a value, and not good where any reading lacks one.
    fn quality(&self) -> Quality {
        match self {
            Self { values: None, .. } => Quality::Missing,
            Self { stale: 1.., .. } => Quality::Stale,
            Self { partial: 1.., .. } | Self { missing: 1.., .. } => Quality::Partial,
            _ => Quality::Good,
        }
    }

    fn point(&self) -> CoursePoint {
        #[allow(clippy::cast_precision_loss)]
        let mean = |sum: f64| sum / self.count.max(1) as f64;
        CoursePoint {
            time: self.time,
            value: self.values.map(|values| values.last),
            quality: self.quality(),
            first: self.values.map(|values| values.first),
            min: self.values.map(|values| values.min),
            max: self.values.map(|values| values.max),
            mean: self.values.map(|values| mean(values.sum)),
            readings: Some(self.readings),
            missing: Some(self.missing),
        }
    }
}

/// Stretches in order of time as a course of this grain. Where nothing is recorded between two points, a missing one stands
/// between them, so that no line is drawn across.
#[must_use]
pub fn course(stretches: impl IntoIterator<Item = Stretch>, grain: Grain, every_s: i64, zone: &TimeZone) -> Vec<CoursePoint> {
    match grain.width_s {
        Some(width_s) => buckets(stretches, width_s, zone),
        None => readings(stretches, every_s),
    }
}

fn buckets(stretches: impl IntoIterator<Item = Stretch>, width_s: i64, zone: &TimeZone) -> Vec<CoursePoint> {
    let mut filled: Vec<(i64, Stretch)> = Vec::new();
    for stretch in stretches {
        let number = number(stretch.time, width_s, zone);
        match filled.last_mut() {
            Some((open, bucket)) if *open == number => bucket.take(&stretch),
            _ => filled.push((number, Stretch { time: start(number, width_s, zone), ..stretch })),
        }
    }
    let mut points = Vec::with_capacity(filled.len());
    let mut expected = None;
    for (number, bucket) in filled {
        if let Some(gap) = expected.filter(|expected| *expected < number) {
            points.push(CoursePoint::missing(start(gap, width_s, zone)));
        }
        points.push(bucket.point());
        expected = Some(number.saturating_add(1));
    }
    points
}

fn readings(stretches: impl IntoIterator<Item = Stretch>, every_s: i64) -> Vec<CoursePoint> {
    let mut points: Vec<CoursePoint> = Vec::new();
    // A range may reach back to when the KPI had another grid: there the readings' own distance counts.
    let mut step_s = every_s;
    for stretch in stretches {
        if let Some(before) = points.last().map(|point| point.time) {
            let distance_s = stretch.time.duration_since(before).as_secs();
            if distance_s > step_s.max(every_s) {
                let absent = before.checked_add(jiff::SignedDuration::from_secs(step_s.max(every_s)));
                points.extend(absent.map(CoursePoint::missing));
            }
            step_s = distance_s;
        }
        let value = stretch.values.map(|values| values.last);
        points.push(CoursePoint { time: stretch.time, value, quality: stretch.quality(), ..CoursePoint::default() });
    }
    points
}

/// `GET /api/v1/kpis/{id}/readings?scope&from&to[&points][&as_of]`: the course of a KPI.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CoursePage {
    /// The KPI.
    pub kpi: KpiId,
    /// For whom.
    pub scope: Scope,
    /// The unit of its values.
    pub unit: Unit,
    /// The first moment that was asked for …
    pub from: Timestamp,
    /// … and the last one. The first and the last bucket may reach beyond.
    pub to: Timestamp,
    /// The moment whose knowledge this is; absent: the present.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub as_of: Option<Timestamp>,
    /// What it is read from.
    pub relation: Relation,
    /// The width of its buckets in seconds, for days without clock changes; absent: the points are single readings.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width_s: Option<i64>,
    /// The points, in order of time.
    pub points: Vec<CoursePoint>,
}

/// A reading, or a bucket of them, as a chart needs it.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
pub struct CoursePoint {
    /// The grid instant, or the bucket's first moment.
    pub time: Timestamp,
    /// The value; of a bucket the last one.
    pub value: Option<f64>,
    /// Its quality; of a bucket the worst of those with a value, and not good where a reading has none.
    pub quality: Quality,
    /// A bucket's first value …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<f64>,
    /// … its smallest …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub min: Option<f64>,
    /// … its largest …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max: Option<f64>,
    /// … and the mean of its readings, each counting the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<f64>,
    /// How many readings it has …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub readings: Option<u64>,
    /// … and how many of them are missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub missing: Option<u64>,
}

impl CoursePoint {
    fn missing(time: Timestamp) -> Self {
        Self { time, ..Self::default() }
    }
}

#[cfg(test)]
mod tests;
