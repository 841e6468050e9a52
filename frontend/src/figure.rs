//! One figure as a tile shows it: the number's text, how it has changed, how it stands to its target, how much it can
//! be relied on.
//!
//! Must never write a zero for what is missing, nor judge: status and quality are the model's.

use crate::{locale, store::Course};
use jiff::Timestamp;
use taydo_model::{Kpi, Quality, Reading, Scope, Status, Unit, text::Language};

/// Changes are told against this long ago, in seconds, or one grid step where that is longer.
const BACK_S: u32 = 900;
/// A change below this share of the earlier value is none.
const LEVEL_SHARE: f64 = 0.005;

/// What a tile shows.
#[derive(Debug, Clone, PartialEq)]
pub struct Figure {
    /// The number; `None` when it is missing.
    pub value: Option<String>,
    /// What people read beside it; empty for plain numbers.
    pub unit: String,
    /// How much it can be relied on, by now.
    pub quality: Quality,
    /// How far it lies towards the bad side.
    pub status: Status,
    /// Against a while ago; `None` where either end is missing.
    pub change: Option<Change>,
    /// The target, where there is one.
    pub target: Option<Target>,
}

/// Which way a figure went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// It is larger.
    Up,
    /// It is smaller.
    Down,
    /// It is nearly the same.
    Level,
}

/// How a figure has changed.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Which way.
    pub direction: Direction,
    /// By how much, with its sign; `None` when it is level.
    pub by: Option<String>,
    /// Since how long ago.
    pub span: String,
}

/// A figure's target.
#[derive(Debug, Clone, PartialEq)]
pub struct Target {
    /// The target's number and unit.
    pub text: String,
    /// Whether the value is on its good side; `None` without a value or a direction.
    pub met: Option<bool>,
}

/// How far back a tile's course must reach, in seconds.
#[must_use]
pub fn course_span_s(kpi: &Kpi) -> u32 {
    back_s(kpi).saturating_add(tolerance_s(kpi))
}

fn back_s(kpi: &Kpi) -> u32 {
    BACK_S.max(kpi.every_s)
}

/// How much older than wanted the point may be that a change is told against.
fn tolerance_s(kpi: &Kpi) -> u32 {
    (kpi.every_s.saturating_mul(3)).max(300)
}

/// A value with its unit, as a sentence needs it: `30,0 km/h`, `12 %` as `12%`.
#[must_use]
pub fn with_unit(kpi: &Kpi, value: f64, language: Language) -> String {
    amount(value, (kpi.decimals, kpi.unit), language)
}

/// The same of a figure of which no more is known than how it is written.
#[must_use]
pub fn amount(value: f64, (decimals, unit): (u8, Unit), language: Language) -> String {
    let number = locale::number(value, decimals, language);
    match unit.symbol().get(language) {
        "" => number,
        "%" => format!("{number}%"),
        unit => format!("{number}\u{a0}{unit}"),
    }
}

/// A scope's figure at `now`. Without a reading all that is known is the KPI: the value is missing.
#[must_use]
pub fn figure(kpi: &Kpi, scope: &Scope, reading: Option<&Reading>, course: Option<&Course>, now: Timestamp, language: Language) -> Figure {
    let quality = reading.map_or(Quality::Missing, |reading| kpi.quality_at(reading, now));
    let value = reading.filter(|_| quality != Quality::Missing).and_then(|reading| reading.value);
    Figure {
        value: value.map(|value| locale::number(value, kpi.decimals, language)),
        unit: kpi.unit.symbol().get(language).to_owned(),
        quality: if value.is_some() { quality } else { Quality::Missing },
        status: value.map_or(Status::Normal, |value| kpi.status(scope, value)),
        change: value.zip(reading).and_then(|(value, reading)| change(kpi, value, reading.time, course?, language)),
        target: kpi
            .target_of(scope)
            .map(|target| Target { text: with_unit(kpi, target, language), met: value.and_then(|value| kpi.meets_target(scope, value)) }),
    }
}

fn change(kpi: &Kpi, value: f64, time: Timestamp, course: &Course, language: Language) -> Option<Change> {
    let then = Timestamp::from_second(time.as_second() - i64::from(back_s(kpi))).ok()?;
    let before = course.at(then)?;
    if then.as_second() - before.time.as_second() > i64::from(tolerance_s(kpi)) {
        return None;
    }
    let delta = value - before.value?;
    let shown_step = 0.5 * 10f64.powi(-i32::from(kpi.decimals));
    let is_level = delta.abs() < shown_step.max(LEVEL_SHARE * before.value?.abs());
    let direction = match delta {
        _ if is_level => Direction::Level,
        delta if delta > 0.0 => Direction::Up,
        _ => Direction::Down,
    };
    Some(Change {
        direction,
        by: (!is_level).then(|| locale::difference(delta, kpi.decimals, language)),
        span: locale::span(i64::from(back_s(kpi)), language),
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use taydo_model::{KpiId, Text, api::Point, kpi};

    pub(crate) fn speed() -> Kpi {
        Kpi {
            id: KpiId::new("traffic.speed").unwrap(),
            version: String::new(),
            title: Text::new("Tốc độ trung bình", "Mean traffic speed"),
            unit: Unit::parse("km/h").unwrap(),
            decimals: 1,
            better: kpi::Better::Higher,
            standard: None,
            owner: None,
            from: kpi::From::Cases {
                kind: String::new(),
                measure: kpi::CaseMeasure::Open,
                window: kpi::Window::Sliding(0),
                terms: kpi::CaseTerms::default(),
            },
            by: vec![kpi::Dimension::Area],
            every_s: 60,
            delay_s: 5,
            lateness_s: 900,
            coverage: None,
            stale_s: 300,
            target: Some(30.0),
            attention: Some(25.0),
            critical: Some(15.0),
            thresholds_for: vec![kpi::Dimension::Area],
        }
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    pub(crate) fn reading(scope: Scope, value: Option<f64>) -> Reading {
        let quality = if value.is_some() { Quality::Good } else { Quality::Missing };
        Reading {
            kpi: speed().id,
            scope,
            time: at(10_000),
            value,
            numerator: None,
            denominator: None,
            samples: 3,
            coverage: None,
            quality,
            flags: Default::default(),
            data_time: Some(at(10_000)),
        }
    }

    fn course(points: &[(i64, Option<f64>)]) -> Course {
        let mut course = Course::default();
        course.fill(points.iter().map(|(s, value)| Point { time: at(*s), value: *value, quality: Quality::Good }).collect());
        course
    }

    #[test]
    fn what_is_missing_is_never_zero() {
        for reading in [None, Some(reading(Scope::City, None))] {
            let shown = figure(&speed(), &Scope::City, reading.as_ref(), None, at(10_000), Language::Vi);
            assert_eq!((shown.value, shown.quality, shown.status), (None, Quality::Missing, Status::Normal));
            assert_eq!(shown.target, Some(Target { text: "30,0\u{a0}km/h".into(), met: None }));
        }
    }

    #[test]
    fn quality_ages_without_frames() {
        let reading = reading(Scope::City, Some(12.0));
        let quality = |now| figure(&speed(), &Scope::City, Some(&reading), None, at(now), Language::Vi).quality;
        assert_eq!((quality(10_300), quality(10_301)), (Quality::Good, Quality::Stale));
    }

    #[test]
    fn a_change_is_told_against_a_quarter_of_an_hour_ago() {
        let shown = |value: f64, points: &[(i64, Option<f64>)]| {
            let reading = reading(Scope::City, Some(value));
            let shown = figure(&speed(), &Scope::City, Some(&reading), Some(&course(points)), at(10_000), Language::Vi);
            shown.change.map(|change| (change.direction, change.by, change.span))
        };
        let quarter = || "15 phút".to_owned();
        let points = [(9_000, Some(30.0)), (9_100, Some(20.0)), (9_200, Some(1.0))];
        assert_eq!(shown(21.3, &points), Some((Direction::Up, Some("+1,3".into()), quarter())));
        assert_eq!(shown(18.0, &points), Some((Direction::Down, Some("−2,0".into()), quarter())));
        assert_eq!(shown(20.05, &points), Some((Direction::Level, None, quarter())));
        assert_eq!(shown(20.0, &[(9_100, None)]), None, "nothing can be told against a missing value");
        assert_eq!(shown(20.0, &[(8_000, Some(20.0))]), None, "nor against one that is too old");
    }

    #[test]
    fn a_ward_is_not_measured_by_what_is_meant_for_the_city() {
        let ward: Scope = "area:31135".parse().unwrap();
        let bad = reading(ward.clone(), Some(1.0));
        let shown = |kpi: &Kpi| {
            let figure = figure(kpi, &ward, Some(&bad), None, at(10_000), Language::Vi);
            (figure.status, figure.target.is_some())
        };
        assert_eq!(shown(&speed()), (Status::Critical, true));
        assert_eq!(shown(&Kpi { thresholds_for: vec![], ..speed() }), (Status::Normal, false));
    }

    #[test]
    fn a_value_that_reads_as_the_target_has_reached_it() {
        assert_eq!(speed().meets_target(&Scope::City, 29.96), Some(true), "shown as 30,0");
        assert_eq!(speed().meets_target(&Scope::City, 29.94), Some(false), "shown as 29,9");
    }
}
