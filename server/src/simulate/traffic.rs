//! The model of a road sensor: motorcycle-heavy flow, and what it does to speed and occupancy.
//!
//! Everything follows from the seed, the road, the sensor and the time. Nothing here knows how its numbers travel.

use super::local::{LocalTime, bump, rise};
use super::random::Seed;

/// What a sensor measures in one interval.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Traffic {
    /// Mean speed, km/h.
    pub(super) speed: f64,
    /// Vehicles an hour, motorcycles included.
    pub(super) flow: f64,
    /// Share of the time that the detector is covered, %.
    pub(super) occupancy: f64,
}

/// One sensor on one road.
#[derive(Debug, Clone)]
pub(super) struct RoadSensor {
    seed: Seed,
    road: Seed,
    /// Speed on the empty road, km/h.
    free: f64,
    /// What the road can carry, vehicles an hour.
    capacity: f64,
    lanes: f64,
    /// Demand at a weekday's peak as a share of capacity; above 1 the road jams.
    load: f64,
}

/// The most that demand is reckoned with, as a share of capacity: beyond it drivers take another road.
const MOST_DEMAND: f64 = 1.4;
/// Detector length and mean vehicle, metres; four of five vehicles are motorcycles.
const COVERED_M: f64 = 3.4;

impl RoadSensor {
    pub(super) fn new(seed: Seed, asset: &str, site: &str) -> Self {
        let road = seed.of("road").of(site);
        let seed = seed.of("sensor").of(asset);
        let lanes = 2.0 + road.of("lanes").below(3) as f64;
        Self {
            free: road.of("free").between(36.0, 54.0) * seed.of("free").between(0.93, 1.07),
            capacity: lanes * road.of("capacity").between(1_900.0, 2_500.0),
            lanes,
            load: road.of("load").between(0.68, 1.0) * seed.of("load").between(0.88, 1.12),
            seed,
            road,
        }
    }

    /// What it measures at `local`, where rain, water and incidents on demand leave `passable` of the speed.
    pub(super) fn at(&self, local: LocalTime, passable: f64) -> Traffic {
        let second = local.seconds();
        let drift = 1.0 + 0.07 * self.road.of("hours").wave(second, 7_200) + 0.05 * self.seed.of("minutes").wave(second, 600);
        let jitter = self.seed.of("sample").day(second);
        let demand = (profile(local) * self.load * drift * (1.0 + 0.03 * jitter.normal())).clamp(0.004, MOST_DEMAND);
        let incident = self.incident(local) * passable;

        // The form of the Bureau of Public Roads' function (1964), with a factor fitted to mixed urban traffic.
        let unhindered = self.free / (1.0 + 0.65 * demand.powi(4));
        let speed = (unhindered * incident * (1.0 + 0.025 * jitter.with(1).normal())).clamp(3.0, 90.0);
        // Past its capacity a road carries less, not more; so does one that is partly blocked.
        let carried = demand.min(1.0) * (1.0 - 0.3 * (demand - 1.0).max(0.0)) * (0.35 + 0.65 * incident);
        let flow = self.capacity * carried;
        let occupancy = (flow / speed * COVERED_M / 1_000.0 / self.lanes * 100.0).clamp(0.0, 95.0);
        Traffic { speed, flow, occupancy }
    }

    /// What an accident or a flooded lane leaves of the speed; 1 on most roads on most days.
    fn incident(&self, local: LocalTime) -> f64 {
        let day = self.road.of("incident").day(local.day);
        if day.unit() >= 0.04 {
            return 1.0;
        }
        let start = day.with(1).between(6.0, 20.0);
        let long_h = day.with(2).between(0.3, 1.2);
        let here = (start..start + long_h).contains(&local.hour());
        if here { day.with(3).between(0.3, 0.6) } else { 1.0 }
    }
}

/// Demand over a day as a share of a weekday's peak.
pub(super) fn profile(local: LocalTime) -> f64 {
    let hour = local.hour();
    let (morning, evening, leisure, plateau) = match local.weekday() {
        5 => (0.28, 0.36, 0.14, 0.39),
        6 => (0.10, 0.30, 0.18, 0.36),
        4 => (0.50, 0.60, 0.08, 0.42),
        _ => (0.50, 0.55, 0.03, 0.42),
    };
    let awake = rise(hour, 5.6, 0.35) * rise(-hour, -21.2, 0.6);
    0.05 + plateau * awake
        + morning * bump(hour, 7.2, 0.65)
        + 0.14 * bump(hour, 11.4, 0.5)
        + evening * bump(hour, 17.45, 0.85)
        + leisure * bump(hour, 19.6, 0.9)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Monday, 9 March 2026.
    const MONDAY: i64 = 20_521;

    fn city() -> Vec<RoadSensor> {
        (0..120).map(|n| RoadSensor::new(Seed::new(1), &format!("s{n}"), &format!("road {}", n / 6))).collect()
    }

    fn mean(day: i64, hour: f64, of: fn(Traffic) -> f64) -> f64 {
        let city = city();
        let local = LocalTime { day, second: (hour * 3_600.0) as i64 };
        city.iter().map(|sensor| of(sensor.at(local, 1.0))).sum::<f64>() / city.len() as f64
    }

    #[test]
    fn flow_peaks_when_people_go_to_work_and_home() {
        assert_eq!(LocalTime { day: MONDAY, second: 0 }.weekday(), 0);
        let flow: Vec<f64> = (0..96).map(|quarter| mean(MONDAY, f64::from(quarter) / 4.0, |t| t.flow)).collect();
        let top = |range: std::ops::Range<usize>| range.max_by(|a, b| flow[*a].total_cmp(&flow[*b])).unwrap() as f64 / 4.0;
        assert!((6.5..=8.0).contains(&top(0..40)), "{}", top(0..40));
        assert!((16.5..=18.5).contains(&top(56..96)), "{}", top(56..96));
        assert!((11.0..=12.0).contains(&top(40..52)), "{}", top(40..52));
        assert!(flow[12] * 6.0 < flow[29], "a night at {} of a peak at {}", flow[12], flow[29]);
    }

    #[test]
    fn speed_falls_and_occupancy_rises_at_the_peak() {
        let (night, noon, peak) = (mean(MONDAY, 3.0, |t| t.speed), mean(MONDAY, 14.0, |t| t.speed), mean(MONDAY, 7.2, |t| t.speed));
        assert!(peak < 0.85 * noon && noon <= night * 1.02, "{peak} {noon} {night}");
        assert!((24.0..36.0).contains(&peak), "{peak}");
        assert!(mean(MONDAY, 7.2, |t| t.occupancy) > 4.0 * mean(MONDAY, 3.0, |t| t.occupancy));
    }

    #[test]
    fn weekends_are_calmer() {
        for weekend in [MONDAY + 5, MONDAY + 6] {
            assert!(mean(weekend, 7.2, |t| t.flow) < 0.8 * mean(MONDAY + 1, 7.2, |t| t.flow));
        }
    }

    #[test]
    fn everything_is_repeatable_and_physical() {
        for sensor in city() {
            for minute in 0..7 * 1_440 {
                let local = LocalTime::from_seconds(MONDAY * 86_400 + minute * 60 + 17);
                let traffic = sensor.at(local, 1.0);
                assert_eq!(traffic, sensor.at(local, 1.0));
                assert!(sensor.at(local, 0.3).speed <= traffic.speed);
                assert!((3.0..=90.0).contains(&traffic.speed), "{traffic:?}");
                assert!((0.0..=12_000.0).contains(&traffic.flow), "{traffic:?}");
                assert!((0.0..=95.0).contains(&traffic.occupancy), "{traffic:?}");
            }
        }
    }
}
