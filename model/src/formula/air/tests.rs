//! The index against figures reckoned by hand from the decision's table, and its own worked examples.
//!
//! Nothing here may use the break points of the code.

use super::*;

/// A pollutant's hourly means, by how many hours back they are.
type Means<'a> = (Pollutant, &'a dyn Fn(u8) -> Option<f64>);

fn index_of(span: Span, means: &[Means<'_>]) -> Option<f64> {
    index(span, Wanted::Index, means)
}

fn index(span: Span, wanted: Wanted, means: &[Means<'_>]) -> Option<f64> {
    let from = means.iter().zip(0_u16..).map(|((pollutant, _), operand)| Concentration { pollutant: *pollutant, operand, factor: 1.0 });
    let air = AirQuality { span, wanted, from: from.collect() };
    air.value(&|operand, back| (back <= air.hours_back(operand)).then(|| means[usize::from(operand)].1(back)).flatten())
}

/// A little dust, whose index is 2, lets the other pollutant's show.
fn hourly(pollutant: Pollutant, concentration: f64) -> Option<f64> {
    index_of(Span::Hour, &[(Pollutant::Pm25, &|_| Some(1.0)), (pollutant, &|_| Some(concentration))])
}

#[test]
fn every_band_of_every_pollutant_begins_and_ends_where_the_decision_says() {
    use Pollutant::{Co, No2, O3, Pm10, Pm25, So2};
    // At each break point; at the middle of each band; and one step of rounding before the end of each.
    let table: [(Pollutant, [f64; 7]); 6] = [
        (O3, [160.0, 200.0, 300.0, 400.0, 800.0, 1000.0, 1200.0]),
        (Co, [10_000.0, 30_000.0, 45_000.0, 60_000.0, 90_000.0, 120_000.0, 150_000.0]),
        (So2, [125.0, 350.0, 550.0, 800.0, 1600.0, 2100.0, 2630.0]),
        (No2, [100.0, 200.0, 700.0, 1200.0, 2350.0, 3100.0, 3850.0]),
        (Pm10, [50.0, 150.0, 250.0, 350.0, 420.0, 500.0, 600.0]),
        (Pm25, [25.0, 50.0, 80.0, 150.0, 250.0, 350.0, 500.0]),
    ];
    let ends = [50.0, 100.0, 150.0, 200.0, 300.0, 400.0, 500.0];
    for (pollutant, points) in table {
        let mut below = (0.0, 0.0);
        for (point, end) in points.into_iter().zip(ends) {
            let check = |concentration: f64, expected: f64| {
                assert_eq!(hourly(pollutant, concentration), Some(expected), "{pollutant:?} {concentration}");
            };
            check(point, end);
            check((below.0 + point) / 2.0, (below.1 + end) / 2.0);
            let step = (point - below.0) / (end - below.1);
            check(point - 0.49 * step, end);
            check(point - 0.51 * step, end - 1.0);
            if end < 500.0 {
                check(point + 0.001 * step, end);
            }
            below = (point, end);
        }
        assert_eq!(hourly(pollutant, points[6] * 3.0), Some(500.0));
        assert_eq!(index_of(Span::Hour, &[(Pm25, &|_| Some(0.0)), (pollutant, &|_| Some(-4.0))]), Some(0.0));
    }
}

#[test]
fn between_the_bands_it_is_as_reckoned_by_hand() {
    use Pollutant::{Co, No2, O3, Pm10, Pm25, So2};
    for (pollutant, concentration, expected) in [
        (O3, 136.1, 43.0),     // 50/160·136.1 = 42.53
        (O3, 250.0, 125.0),    // 50/100·50 + 100
        (O3, 799.0, 300.0),    // 100/400·399 + 200 = 299.75
        (Co, 12_345.0, 56.0),  // 50/20000·2345 + 50 = 55.86
        (So2, 600.0, 160.0),   // 50/250·50 + 150
        (No2, 118.7, 59.0),    // 59.35, which the decision's example rounds to 60
        (No2, 3_500.0, 453.0), // 100/750·400 + 400 = 453.33
        (Pm10, 365.0, 221.0),  // 100/70·15 + 200 = 221.43
        (Pm25, 20.3, 41.0),    // 40.6, the decision's example
        (Pm25, 55.7, 110.0),   // 109.5, the decision's example of a day
        (Pm25, 425.0, 450.0),
    ] {
        assert_eq!(hourly(pollutant, concentration), Some(expected), "{pollutant:?} {concentration}");
    }
}

#[test]
fn nowcast_is_that_of_the_decisions_example() {
    let newest_first = [20.6, 19.6, 22.4, 20.3, 16.5, 19.0, 16.5, 19.5, 23.5, 20.5, 24.7, 26.9];
    let found = nowcast(&|back| newest_first.get(usize::from(back)).copied()).unwrap();
    assert!((found - 20.3).abs() < 0.05, "{found}");
}

#[test]
fn nowcast_weighs_the_hours_that_there_are() {
    let check = |hours: &[Option<f64>], expected: Option<f64>| {
        let found = nowcast(&|back| hours.get(usize::from(back)).copied().flatten());
        let same = match (found, expected) {
            (Some(found), Some(expected)) => (found - expected).abs() < 1e-9,
            (found, expected) => found == expected,
        };
        assert!(same, "{hours:?}: {found:?}, not {expected:?}");
    };
    let (some, none) = (Some, None);
    // Two of the last three are needed, and enough.
    check(&[], none);
    check(&[some(10.0)], none);
    check(&[some(10.0), none, none, some(10.0), some(10.0), some(10.0), some(10.0), some(10.0)], none);
    check(&[none, none, some(10.0), some(10.0)], none);
    check(&[some(10.0), some(10.0)], some(10.0));
    check(&[some(10.0), none, some(10.0)], some(10.0));
    check(&[none, some(10.0), some(10.0)], some(10.0));
    // w* = 10/40 is below a half: (40 + 10/2 + 10/4) / (1 + 1/2 + 1/4).
    check(&[some(40.0), some(10.0), some(10.0)], some(47.5 / 1.75));
    // The gap keeps its place in the powers: (40 + 10/4 + 20/8) / (1 + 1/4 + 1/8).
    check(&[some(40.0), none, some(10.0), some(20.0)], some(45.0 / 1.375));
    // w = 30/40 = 0.75: (40 + 30·0.75 + 30·0.75²) / (1 + 0.75 + 0.5625).
    check(&[some(40.0), some(30.0), some(30.0)], some((40.0 + 22.5 + 16.875) / 2.3125));
    // Exactly a half.
    check(&[some(40.0), some(20.0)], some(50.0 / 1.5));
    check(&[some(0.0), some(0.0), some(0.0)], some(0.0));
    check(&[some(-3.0), some(6.0)], some(3.0 / 1.5));
    // The thirteenth hour is none of its business.
    let mut long = vec![some(10.0); 12];
    long.push(some(1000.0));
    check(&long, some(10.0));
}

#[test]
fn without_dust_there_is_no_index() {
    let much = |_| Some(300.0);
    let gone = |_| None;
    assert_eq!(index_of(Span::Hour, &[(Pollutant::O3, &much)]), None);
    assert_eq!(index_of(Span::Hour, &[(Pollutant::O3, &much), (Pollutant::Pm10, &gone)]), None);
    // Dust without a valid NowCast is no dust.
    let late = |back: u8| (back > 1).then_some(40.0);
    assert_eq!(index_of(Span::Hour, &[(Pollutant::O3, &much), (Pollutant::Pm25, &late)]), None);
    let dust = |_| Some(10.0);
    assert_eq!(index_of(Span::Hour, &[(Pollutant::O3, &much), (Pollutant::Pm25, &gone), (Pollutant::Pm10, &dust)]), Some(150.0));
    // What a station doesn't measure, or didn't in this hour, is left out.
    assert_eq!(index_of(Span::Hour, &[(Pollutant::O3, &gone), (Pollutant::Pm10, &dust)]), Some(10.0));
    let before = |back: u8| (back > 0).then_some(900.0);
    assert_eq!(index_of(Span::Hour, &[(Pollutant::No2, &before), (Pollutant::Pm10, &dust)]), Some(10.0));
}

#[test]
fn the_pollutant_that_made_it_is_told() {
    let check = |o3: f64, dust: f64, expected: f64| {
        let means: [Means<'_>; 2] = [(Pollutant::O3, &|_| Some(o3)), (Pollutant::Pm25, &|_| Some(dust))];
        assert_eq!(index(Span::Hour, Wanted::Pollutant, &means), Some(expected));
    };
    check(300.0, 10.0, 1.0);
    check(30.0, 40.0, 6.0);
    check(160.0, 25.0, 6.0);
}

/// The ozone of the decision's example, from 18:00 of the day before to 00:00 at the day's end, newest first.
fn example_ozone(back: u8) -> Option<f64> {
    let hours = [
        15.7, 14.2, 17.7, 18.9, 19.3, 15.7, 19.7, 22.6, 27.1, 29.0, 31.9, 25.3, 34.7, 35.2, 41.6, 45.7, 49.2, 55.8, 69.6, 78.3, 91.5, 97.7,
        81.2, 71.8, 43.5, 34.3, 21.5, 20.5, 19.4, 20.4, 21.3,
    ];
    hours.iter().rev().nth(usize::from(back)).copied()
}

#[test]
fn a_day_is_that_of_the_decisions_examples() {
    // The largest eight-hour mean of the example is 74.4: 50/100·74.4; its largest hour is 97.7: 50/160·97.7 = 30.5.
    let clean = |_| Some(0.0);
    assert_eq!(index_of(Span::Day, &[(Pollutant::Pm25, &clean), (Pollutant::O3, &example_ozone)]), Some(37.0));
    // 89.3 as the mean of eight hours and 114.6 as the largest of one, 130.8 of NO2, 55.7 of PM2.5.
    let ozone = |back: u8| {
        Some(if back == 3 {
            114.6
        } else if back < 8 {
            (89.3 * 8.0 - 114.6) / 7.0
        } else {
            0.0
        })
    };
    let nitrogen = |back: u8| Some(if back == 20 { 130.8 } else { 90.0 });
    let dust = |back: u8| Some(if back.is_multiple_of(2) { 35.7 } else { 75.7 });
    let check = |means: &[Means<'_>], expected| {
        assert_eq!(index_of(Span::Day, means), Some(expected));
    };
    check(&[(Pollutant::Pm25, &clean), (Pollutant::O3, &ozone)], 45.0);
    check(&[(Pollutant::Pm25, &clean), (Pollutant::No2, &nitrogen)], 65.0);
    check(&[(Pollutant::Pm25, &dust), (Pollutant::O3, &ozone), (Pollutant::No2, &nitrogen)], 110.0);
}

#[test]
fn a_days_bands_of_ozone_are_those_of_eight_hours_up_to_their_end() {
    let clean = |_| Some(0.0);
    for (mean, expected) in [
        (50.0, 25.0),
        (100.0, 50.0),
        (110.0, 75.0),
        (120.0, 100.0),
        (145.0, 125.0),
        (170.0, 150.0),
        (210.0, 200.0),
        (305.0, 250.0),
        (400.0, 300.0),
        // Above 400 only the hourly mean counts: 100/400·1 + 200 = 200.25.
        (401.0, 200.0),
        (800.0, 300.0),
    ] {
        assert_eq!(index_of(Span::Day, &[(Pollutant::Pm10, &clean), (Pollutant::O3, &|_| Some(mean))]), Some(expected), "{mean}");
    }
}

#[test]
fn a_day_needs_three_quarters_of_its_hours() {
    let of_day = |needed: u8| move |back: u8| (back < needed).then_some(25.0);
    assert_eq!(index_of(Span::Day, &[(Pollutant::Pm25, &of_day(18))]), Some(50.0));
    assert_eq!(index_of(Span::Day, &[(Pollutant::Pm25, &of_day(17))]), None);
    let clean = |_| Some(0.0);
    assert_eq!(index_of(Span::Day, &[(Pollutant::Pm25, &clean), (Pollutant::So2, &of_day(17))]), Some(0.0));
    // Six of eight hours make a mean: 18 hours of ozone in blocks that never hold more than five give the hourly index.
    let sparse = |back: u8| (back % 4 != 3).then_some(100.0);
    assert_eq!(index_of(Span::Day, &[(Pollutant::Pm25, &clean), (Pollutant::O3, &sparse)]), Some(50.0));
    let early = |back: u8| if back < 18 { Some(if back < 5 { 160.0 } else { 0.0 }) } else { None };
    // Eight hours with five of 160: a mean of 100, so 50; the hour of 160 gives 50 too.
    assert_eq!(index_of(Span::Day, &[(Pollutant::Pm25, &clean), (Pollutant::O3, &early)]), Some(50.0));
}

#[test]
fn an_eight_hour_mean_reaches_into_the_day_before_and_no_hour_does() {
    let clean = |_| Some(0.0);
    // Ozone only in the seven hours before the day: the day's first mean, one hour of it in the day, is 7/8 of 112.
    let before = |back: u8| Some(if (24..31).contains(&back) { 112.0 } else { 0.0 });
    assert_eq!(index_of(Span::Day, &[(Pollutant::Pm25, &clean), (Pollutant::O3, &before)]), Some(49.0));
    assert_eq!(index_of(Span::Day, &[(Pollutant::Pm25, &clean), (Pollutant::No2, &before)]), Some(0.0));
}
