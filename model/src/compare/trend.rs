//! The trend: which way a figure has been going over a span that is stated, by a robust slope.
//!
//! The slope is Theil's and Sen's, the median of the slopes between all pairs of points: up to three in ten points may be
//! wild without turning it. It must never name a direction where the points scatter as widely as they rise.

use super::{Verdict, half_step, verdict};
use crate::Kpi;
use crate::kpi::{From, Period, Window};
use crate::median::{NORMAL, median};
use jiff::civil::{DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp, ToSpan};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Points of a trend, at most; all pairs of them are looked at.
const MOST_POINTS: u32 = 60;
/// With fewer there is no trend.
const LEAST_POINTS: usize = 5;
const HOUR_S: u32 = 3600;
const DAY_S: u32 = 24 * HOUR_S;

/// Which way a figure is going.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Trend {
    /// The span that it is told over: its first possible moment …
    pub from: Timestamp,
    /// … and its last.
    pub to: Timestamp,
    /// How many readings of the span have a value.
    pub points: usize,
    /// How much the figure changes over the whole span, by the slope, in its unit; absent when there are too few points.
    pub change: Option<f64>,
    /// The direction; absent when there are too few points.
    pub way: Option<TrendWay>,
    /// Whether that is good.
    pub verdict: Option<Verdict>,
}

/// A direction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum TrendWay {
    Rising,
    Falling,
    /// It changes by less than it scatters, or by less than is shown.
    Level,
}

/// The moments that a trend is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Course {
    /// The span's beginning.
    pub from: Timestamp,
    /// Its end.
    pub to: Timestamp,
    /// Grid instants in it.
    pub moments: Vec<Timestamp>,
}

/// The moments whose readings make the trend of a KPI at `at`, a grid instant. Figures to date begin anew with every
/// period, so theirs are the ends of the periods before.
#[must_use]
pub fn course(kpi: &Kpi, at: Timestamp, zone: &TimeZone) -> Course {
    let mut moments = match kpi.window() {
        Window::Calendar(period) => ends(kpi, period, at, zone),
        Window::Sliding(length_s) => steps(kpi, length_s, at),
    };
    moments.sort_unstable();
    moments.dedup();
    Course { from: moments.first().copied().unwrap_or(at), to: moments.last().copied().unwrap_or(at), moments }
}

fn steps(kpi: &Kpi, length_s: u32, at: Timestamp) -> Vec<Timestamp> {
    let scale_s = match kpi.from {
        // Offices work by days: what a backlog does within an hour says nothing.
        From::Cases { .. } => length_s.max(kpi.every_s).max(HOUR_S),
        _ => length_s.max(kpi.every_s),
    };
    let span_s = match scale_s {
        0..900 => HOUR_S,
        900..HOUR_S => 12 * HOUR_S,
        HOUR_S..DAY_S => 7 * DAY_S,
        _ if scale_s < 28 * DAY_S => 90 * DAY_S,
        _ => 730 * DAY_S,
    };
    let every = i64::from(kpi.every_s.max(1));
    let step = (i64::from(span_s / MOST_POINTS).div_euclid(every) * every).max(every);
    let count = i64::from(span_s) / step;
    (0..=count).filter_map(|n| at.checked_sub(SignedDuration::from_secs(n * step)).ok()).collect()
}

/// The ends of the periods that ended at or before the moment.
fn ends(kpi: &Kpi, period: Period, at: Timestamp, zone: &TimeZone) -> Vec<Timestamp> {
    let now = zone.to_datetime(at);
    let midnight = DateTime::from_parts(now.date(), Time::midnight());
    let day = |days: i64| midnight.checked_sub(days.days()).ok();
    let (last, length, count): (Option<DateTime>, fn(i64) -> Span, i64) = match period {
        Period::Hour => (now.with().minute(0).second(0).subsec_nanosecond(0).build().ok(), |n| n.hours(), 24),
        Period::Day => (Some(midnight), |n| n.days(), 14),
        Period::Week => (day(now.weekday().to_monday_zero_offset().into()), |n| n.weeks(), 12),
        Period::Month => (midnight.with().day(1).build().ok(), |n| n.months(), 12),
        Period::Year => (midnight.with().day(1).month(1).build().ok(), |n| n.years(), 10),
    };
    let Some(last) = last else { return Vec::new() };
    let end = |n| kpi.last_instant(zone.to_ambiguous_timestamp(last.checked_sub(length(n)).ok()?).compatible().ok()?);
    (0..count).filter_map(end).collect()
}

/// The trend of what was read at the course's moments.
#[must_use]
pub fn trend(kpi: &Kpi, course: &Course, values: &[(Timestamp, f64)]) -> Trend {
    #[allow(clippy::cast_precision_loss)]
    let points: Vec<(f64, f64)> = values.iter().map(|(time, value)| (time.duration_since(course.from).as_secs() as f64, *value)).collect();
    #[allow(clippy::cast_precision_loss)]
    let span_s = course.to.duration_since(course.from).as_secs() as f64;
    let mut trend = Trend { from: course.from, to: course.to, points: points.len(), change: None, way: None, verdict: None };
    let Some((slope, scatter)) = (points.len() >= LEAST_POINTS).then(|| line(&points)).flatten() else { return trend };
    let change = slope * span_s;
    let way = match change {
        change if change.abs() <= scatter.max(half_step(kpi)) => TrendWay::Level,
        change if change > 0.0 => TrendWay::Rising,
        _ => TrendWay::Falling,
    };
    trend.change = Some(change);
    trend.way = Some(way);
    trend.verdict = if way == TrendWay::Level { verdict(kpi, 0.0) } else { verdict(kpi, change) };
    trend
}

/// The slope per second, and how widely the points scatter about the line, as a standard deviation.
fn line(points: &[(f64, f64)]) -> Option<(f64, f64)> {
    let pairs = points.iter().enumerate().flat_map(|(n, a)| points.iter().skip(n + 1).map(move |b| (a, b)));
    let mut slopes: Vec<f64> = pairs.filter(|(a, b)| a.0 != b.0).map(|(a, b)| (b.1 - a.1) / (b.0 - a.0)).collect();
    let slope = median(&mut slopes)?;
    let mut rests: Vec<f64> = points.iter().map(|(at, value)| value - slope * at).collect();
    let middle = median(&mut rests)?;
    rests.iter_mut().for_each(|rest| *rest = (*rest - middle).abs());
    Some((slope, NORMAL * median(&mut rests)?))
}
