//! The model of the weather: showers that come up, drift over the city and rain themselves out.
//!
//! Everything follows from the seed, the place and the time. Nothing here knows who gets wet.

use super::local::{DAY_S, LocalTime};
use super::random::Seed;
use std::f64::consts::{PI, TAU};

/// A place on the city's plane, in kilometres.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(super) struct Spot {
    pub(super) x_km: f64,
    pub(super) y_km: f64,
}

/// What one step between neighbours of the tile map stands for: 103 wards on 6,400 square kilometres.
const HEX_KM: f64 = 8.0;
/// Showers come up within so far of the tile map's middle.
const REACH_KM: f64 = 45.0;
/// The day of the year, counted from 0, around which it rains least.
const DRIEST_DAY: f64 = 45.0;
const YEAR_DAYS: f64 = 365.2425;

impl Spot {
    /// The middle of a tile, from its axial coordinates.
    pub(super) fn of_hex((q, r): (i32, i32)) -> Self {
        let (q, r) = (f64::from(q), f64::from(r));
        Self { x_km: HEX_KM * (q + r / 2.0), y_km: HEX_KM * r * 3_f64.sqrt() / 2.0 }
    }
}

/// The weather of one city.
#[derive(Debug, Clone, Copy)]
pub(super) struct Weather(Seed);

/// One shower.
struct Shower {
    start: f64,
    long_s: f64,
    /// At its middle and its height, mm/h.
    peak: f64,
    middle: Spot,
    /// How fast its middle moves, km/h.
    drift: (f64, f64),
    radius_km: f64,
}

impl Weather {
    pub(super) fn new(seed: Seed) -> Self {
        Self(seed.of("weather"))
    }

    /// How hard it rains, mm/h.
    pub(super) fn rain(&self, spot: Spot, local: LocalTime) -> f64 {
        // A shower that came up late yesterday may still rain.
        (local.day - 1..=local.day).flat_map(|day| self.showers(day)).map(|shower| shower.rain(spot, local)).sum()
    }

    /// How much fell in the `span_s` before `local`, mm, summed over steps of a twelfth of it.
    pub(super) fn fallen(&self, spot: Spot, local: LocalTime, span_s: i64) -> f64 {
        let step_s = (span_s / 12).max(1);
        let moment = |step: i64| LocalTime::from_seconds(local.seconds() - step * step_s - step_s / 2);
        (0..12).map(|step| self.rain(spot, moment(step)) * step_s as f64 / 3_600.0).sum()
    }

    /// How wet the season is: 0 in mid-February, 1 in mid-August.
    pub(super) fn season(day: i64) -> f64 {
        0.5 - 0.5 * ((day as f64 % YEAR_DAYS - DRIEST_DAY) / YEAR_DAYS * TAU).cos()
    }

    fn showers(&self, day: i64) -> impl Iterator<Item = Shower> + use<> {
        let seed = self.0.day(day);
        let count = seed.poisson(0.08 + 1.2 * Self::season(day));
        (0..count).map(move |number| shower(seed.with(100 + u64::from(number)), day))
    }
}

/// Most come in the afternoon.
fn shower(seed: Seed, day: i64) -> Shower {
    let hour = (15.0 + 3.5 * seed.of("hour").normal()).clamp(0.0, 23.9);
    let along = |name: &str| seed.of(name).between(-REACH_KM, REACH_KM);
    let wind = |name: &str| seed.of(name).between(-12.0, 12.0);
    Shower {
        start: day as f64 * DAY_S as f64 + hour * 3_600.0,
        long_s: seed.of("long").between(0.5, 2.6) * 3_600.0,
        peak: 4.0 + 56.0 * seed.of("peak").unit().powi(2),
        middle: Spot { x_km: along("x"), y_km: along("y") },
        drift: (wind("east"), wind("north")),
        radius_km: seed.of("radius").between(8.0, 26.0),
    }
}

impl Shower {
    fn rain(&self, spot: Spot, local: LocalTime) -> f64 {
        let since = local.seconds() as f64 - self.start;
        if !(0.0..self.long_s).contains(&since) {
            return 0.0;
        }
        let hours = since / 3_600.0;
        let (east, north) = self.drift;
        let (dx, dy) = (spot.x_km - self.middle.x_km - east * hours, spot.y_km - self.middle.y_km - north * hours);
        let near = (-(dx * dx + dy * dy) / (self.radius_km * self.radius_km)).exp();
        let strength = (PI * since / self.long_s).sin().powi(2);
        let rain = self.peak * near * strength;
        // Less than a drizzle is none.
        if rain < 0.1 { 0.0 } else { rain }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 10 February and 10 August 2026.
    const DRY: i64 = 20_494;
    const WET: i64 = 20_675;

    fn hours_of_rain(weather: Weather, from: i64) -> usize {
        let spot = Spot::of_hex((2, -4));
        let hour = |n: i64| LocalTime::from_seconds(from * DAY_S + n * 3_600);
        (0..60 * 24).filter(|n| weather.rain(spot, hour(*n)) > 0.5).count()
    }

    #[test]
    fn it_rains_in_the_rainy_season_and_now_and_then_otherwise() {
        let weather = Weather::new(Seed::new(1));
        let (dry, wet) = (hours_of_rain(weather, DRY), hours_of_rain(weather, WET));
        assert!(wet > 20 && wet < 300 && dry * 4 < wet, "{dry} {wet}");
    }

    #[test]
    fn showers_are_local_and_what_falls_is_what_rained() {
        let weather = Weather::new(Seed::new(3));
        let (here, far) = (Spot::of_hex((2, -4)), Spot::of_hex((3, 7)));
        let hours: Vec<LocalTime> = (0..120 * 24).map(|n| LocalTime::from_seconds(WET * DAY_S + n * 3_600)).collect();
        let differing = hours.iter().filter(|hour| (weather.rain(here, **hour) > 1.0) != (weather.rain(far, **hour) > 1.0)).count();
        assert!(differing > 20, "{differing}");
        for hour in hours.iter().step_by(7) {
            let fine: f64 = (0..3_600).step_by(30).map(|s| weather.rain(here, LocalTime::from_seconds(hour.seconds() - s)) / 120.0).sum();
            let fallen = weather.fallen(here, *hour, 3_600);
            assert!((fallen - fine).abs() <= 0.15 * fine + 0.3, "{fallen} {fine}");
        }
    }
}
