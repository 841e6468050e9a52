//! The model of the river and of the low places in the streets: tides that come twice a day, and water that stands
//! where the tide is high or more rain fell than the drains take.
//!
//! Everything follows from the seed, the place and the time. Nothing here knows how its numbers travel.

use super::incident::{Kind, Troubles};
use super::local::LocalTime;
use super::random::Seed;
use super::weather::{Spot, Weather};
use std::f64::consts::TAU;

/// The periods of the moon's half-day tide, of the daily one, and of springs and neaps, in hours.
const HALF_DAY_H: f64 = 12.420_6;
const DAY_H: f64 = 24.841_2;
const SPRING_H: f64 = 354.37;
const YEAR_H: f64 = 8_765.82;
/// The day of the year around which the flood of the Mekong is highest, in hours: mid-October.
const HIGH_WATER_H: f64 = 288.0 * 24.0;
/// Rain of so long stands in the streets.
const STANDING_S: i64 = 7_200;
/// From this depth on a gauge's alarm is on, cm.
pub(super) const ALARM_CM: f64 = 10.0;
/// What an incident on demand adds, cm.
const INCIDENT_CM: f64 = 45.0;

/// A water-level gauge in the river.
#[derive(Debug, Clone)]
pub(super) struct TideGauge {
    seed: Seed,
    /// How much later the tide comes here than at the first gauge, hours.
    lag_h: f64,
}

impl TideGauge {
    pub(super) fn new(seed: Seed, asset: &str) -> Self {
        let seed = seed.of("tide gauge").of(asset);
        Self { lag_h: seed.of("lag").between(0.0, 0.8), seed }
    }

    /// The level above the national datum, m.
    pub(super) fn level(&self, local: LocalTime) -> f64 {
        tide(local.seconds() as f64 / 3_600.0 - self.lag_h) + 0.015 * self.seed.of("sample").day(local.seconds()).normal()
    }
}

/// The level so many hours after 1970, m: a mean that follows the year, and the tide that follows the moon.
fn tide(hours: f64) -> f64 {
    let wave = |period: f64, phase: f64| (hours / period * TAU + phase).cos();
    let mean = 0.45 + 0.35 * ((hours - HIGH_WATER_H) / YEAR_H * TAU).cos();
    let springs = 1.0 + 0.22 * wave(SPRING_H, 0.6);
    mean + springs * (0.55 * wave(HALF_DAY_H, 0.0) + 0.28 * wave(DAY_H, 1.1))
}

/// A place in the streets that floods, with its gauge.
#[derive(Debug, Clone)]
pub(super) struct FloodPoint {
    seed: Seed,
    spot: Spot,
    /// The river stands in the street from this level on, m.
    brink_m: f64,
    /// What the drains take of two hours' rain, mm.
    drained_mm: f64,
    troubles: Troubles,
}

impl FloodPoint {
    pub(super) fn new(seed: Seed, asset: &str, spot: Spot, troubles: Troubles) -> Self {
        let seed = seed.of("flood point").of(asset);
        Self { brink_m: seed.of("brink").between(1.48, 1.85), drained_mm: seed.of("drains").between(8.0, 24.0), seed, spot, troubles }
    }

    /// How deep the water stands, cm.
    pub(super) fn depth(&self, weather: &Weather, local: LocalTime) -> f64 {
        let river = (tide(local.seconds() as f64 / 3_600.0) - self.brink_m).max(0.0) * 100.0;
        let rain = (weather.fallen(self.spot, local, STANDING_S) - self.drained_mm).max(0.0) * 0.9;
        let incident = if self.troubles.are(Kind::Flood, local) { INCIDENT_CM } else { 0.0 };
        let water = river + rain + incident;
        let ripple = 0.4 * self.seed.of("sample").day(local.seconds()).normal();
        if water > 0.5 { (water + ripple).clamp(0.0, 120.0) } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::simulate::local::DAY_S;

    #[test]
    fn the_tide_comes_twice_a_day_and_is_highest_in_autumn() {
        let gauge = TideGauge::new(Seed::new(1), "g");
        let level = |second: i64| tide(second as f64 / 3_600.0);
        let start = 20_521 * DAY_S;
        let highs = (1..29 * 144).filter(|n| {
            let at = |n: i64| level(start + n * 600);
            at(*n) > at(n - 1) && at(*n) >= at(n + 1)
        });
        assert!((54..=58).contains(&highs.clone().count()), "{}", highs.count());
        let highest = |from: i64| (0..30 * 144).map(|n| level((from * DAY_S) + n * 600)).fold(f64::MIN, f64::max);
        // April and October 2026.
        let (spring, autumn) = (highest(20_545), highest(20_730));
        assert!(autumn > spring + 0.4 && (1.5..2.2).contains(&autumn), "{spring} {autumn}");
        let local = LocalTime::from_seconds(start);
        assert_eq!(gauge.level(local), gauge.level(local));
    }

    #[test]
    fn streets_are_dry_on_most_days_and_wet_after_heavy_rain_or_on_demand() {
        let weather = Weather::new(Seed::new(1));
        let point = |troubles| FloodPoint::new(Seed::new(1), "f", Spot::of_hex((2, -4)), troubles);
        let dry = point(Troubles::default());
        let depths: Vec<f64> = (0..365 * 48).map(|n| dry.depth(&weather, LocalTime::from_seconds(20_454 * DAY_S + n * 1_800))).collect();
        let wet = depths.iter().filter(|depth| **depth >= ALARM_CM).count() as f64 / depths.len() as f64;
        assert!((0.0005..0.05).contains(&wet), "{wet}");
        let moment = LocalTime::from_seconds(20_521 * DAY_S);
        let flooded = point(Troubles::one(Kind::Flood, moment.seconds(), moment.seconds() + 60));
        assert!(flooded.depth(&weather, moment) > dry.depth(&weather, moment) + 30.0);
        assert_eq!(
            flooded.depth(&weather, LocalTime::from_seconds(moment.seconds() + 60)),
            dry.depth(&weather, LocalTime::from_seconds(moment.seconds() + 60))
        );
    }
}
