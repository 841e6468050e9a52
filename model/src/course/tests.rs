//! Grains and buckets: which are chosen, and that what they tell is what the readings tell.

use super::*;
use proptest::prelude::*;

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap()
}

#[test]
fn the_grain_is_the_finest_that_fits() {
    let day = DAY_S;
    for (every_s, span_s, points, relation, width_s) in [
        (60, 3_600, 600, Relation::Reading, None),
        (60, 599 * 60, 600, Relation::Reading, None),
        (60, 600 * 60, 600, Relation::Reading, Some(120)),
        (60, day, 600, Relation::Reading, Some(300)),
        (60, 7 * day, 600, Relation::Reading, Some(1_200)),
        (60, 9 * day, 600, Relation::Hour, Some(3_600)),
        (60, 30 * day, 600, Relation::Hour, Some(7_200)),
        (60, 366 * day, 600, Relation::Day, Some(86_400)),
        (60, 40 * 366 * day, 600, Relation::Day, Some(28 * 86_400)),
        (10, 7 * day, 600, Relation::Hour, Some(3_600)),
        (300, 7 * day, 2_000, Relation::Reading, Some(600)),
        (3_600, 366 * day, 600, Relation::Day, Some(86_400)),
        (86_400, 366 * day, 600, Relation::Reading, None),
        (86_400, 5 * 366 * day, 600, Relation::Day, Some(7 * 86_400)),
    ] {
        let grain = Grain::of(every_s, (at(0), at(span_s)), points);
        assert_eq!(grain, Grain { relation, width_s }, "every {every_s} s, {span_s} s, {points} points");
    }
}

#[test]
fn days_are_the_zones_and_weeks_begin_on_monday() {
    let zone = TimeZone::fixed(jiff::tz::offset(7));
    let grain = |width_s| Grain { relation: Relation::Day, width_s: Some(width_s) };
    let range: (Timestamp, Timestamp) = ("2026-03-03T18:00:00Z".parse().unwrap(), "2026-03-03T18:30:00Z".parse().unwrap());
    let text = |width_s| {
        let (from, until) = grain(width_s).whole(range, &zone);
        format!("{from} {until}")
    };
    assert_eq!(text(DAY_S), "2026-03-03T17:00:00Z 2026-03-04T17:00:00Z");
    assert_eq!(text(7 * DAY_S), "2026-03-01T17:00:00Z 2026-03-08T17:00:00Z");
}

#[test]
fn a_hole_is_never_bridged() {
    let zone = TimeZone::UTC;
    let reading = |second: i64| Stretch::reading(at(second), Some(1.0), Quality::Good);
    let shape = |points: Vec<CoursePoint>| points.iter().map(|point| (point.time.as_second(), point.value.is_some())).collect::<Vec<_>>();
    let raw = Grain { relation: Relation::Reading, width_s: None };
    let points = course([0, 60, 300, 360].map(reading), raw, 60, &zone);
    assert_eq!(shape(points), [(0, true), (60, true), (120, false), (300, true), (360, true)]);
    // Before the KPI was recorded each minute it was each five minutes.
    let points = course([0, 300, 600, 660, 720].map(reading), raw, 60, &zone);
    assert_eq!(shape(points).iter().filter(|(_, has)| !has).count(), 1, "only the first distance can't be judged");
    let hours = Grain { relation: Relation::Hour, width_s: Some(3_600) };
    let points = course([0, 60, 4 * 3_600].map(reading), hours, 60, &zone);
    assert_eq!(shape(points), [(0, true), (3_600, false), (14_400, true)]);
}

#[test]
fn a_bucket_says_how_far_it_can_be_relied_on() {
    let zone = TimeZone::UTC;
    let hour = Grain { relation: Relation::Hour, width_s: Some(3_600) };
    let of = |readings: &[(Option<f64>, Quality)]| {
        let stretches = readings.iter().zip(0..).map(|((value, quality), at_s)| Stretch::reading(at(at_s * 60), *value, *quality));
        course(stretches, hour, 60, &zone)[0]
    };
    let good = (Some(1.0), Quality::Good);
    assert_eq!(of(&[good, good]).quality, Quality::Good);
    assert_eq!(of(&[good, (None, Quality::Missing)]).quality, Quality::Partial);
    assert_eq!(of(&[good, (Some(2.0), Quality::Stale)]).quality, Quality::Stale);
    let nothing = of(&[(None, Quality::Missing); 3]);
    assert_eq!((nothing.quality, nothing.value, nothing.readings, nothing.missing), (Quality::Missing, None, Some(3), Some(3)));
}

proptest! {
    /// Buckets made by way of hours equal those made of the readings themselves.
    #[test]
    fn hours_lose_nothing(values in prop::collection::vec(prop::option::of(-64..64_i32), 1..400), width in prop::sample::select(vec![7_200_i64, 21_600, 86_400])) {
        let zone = TimeZone::fixed(jiff::tz::offset(7));
        let readings: Vec<Stretch> = values.iter().zip(0..).map(|(value, number)| {
            let quality = if value.is_some() { Quality::Good } else { Quality::Missing };
            Stretch::reading(at(number * 600), value.map(|value| f64::from(value) / 8.0), quality)
        }).collect();
        let mut hours: Vec<Stretch> = Vec::new();
        for reading in &readings {
            let hour = at(reading.time.as_second().div_euclid(HOUR_S) * HOUR_S);
            match hours.last_mut() {
                Some(open) if open.time == hour => open.take(reading),
                _ => hours.push(Stretch { time: hour, ..*reading }),
            }
        }
        let grain = Grain { relation: Relation::Hour, width_s: Some(width) };
        prop_assert_eq!(course(hours, grain, 600, &zone), course(readings.clone(), grain, 600, &zone));
        let points = course(readings, grain, 600, &zone);
        let largest = values.iter().flatten().max().map(|value| f64::from(*value) / 8.0);
        prop_assert_eq!(points.iter().filter_map(|point| point.max).reduce(f64::max), largest);
    }
}
