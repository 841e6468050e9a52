//! The models of what travels: buses on their routes, and lorries on the freight corridors.
//!
//! Everything follows from the seed, the vehicle or corridor and the time. Nothing here knows how its numbers travel.

use super::local::LocalTime;
use super::random::Seed;
use super::traffic::profile;

/// The first and the last hour of a day's service.
const SERVICE_H: std::ops::Range<f64> = 5.0..20.5;

/// What a bus tells of at a stop.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Passage {
    /// Seconds behind the timetable; negative when early.
    pub(super) delay_s: f64,
    /// Trips that ended since the last report: 0 or 1.
    pub(super) trips: f64,
}

/// A bus.
#[derive(Debug, Clone)]
pub(super) struct Bus {
    route: Seed,
    seed: Seed,
    /// How long a trip takes, s.
    trip_s: i64,
    /// When its trips begin, s after the first one of the day.
    phase_s: i64,
}

impl Bus {
    pub(super) fn new(seed: Seed, asset: &str, route: &str) -> Self {
        let route = seed.of("route").of(route);
        let seed = seed.of("bus").of(asset);
        let trip_s = route.of("trip").between(2_400.0, 4_500.0) as i64;
        Self { phase_s: (seed.of("phase").unit() * trip_s as f64) as i64, trip_s, route, seed }
    }

    /// What it tells at `local`, `interval_s` after its last report; `slowed` is how much longer the way takes now than
    /// on a dry and quiet day. Nothing at night.
    pub(super) fn at(&self, local: LocalTime, interval_s: i64, slowed: f64) -> Option<Passage> {
        if !SERVICE_H.contains(&local.hour()) {
            return None;
        }
        let trip = |second: i64| (second - self.phase_s).div_euclid(self.trip_s);
        let second = local.seconds();
        let along = (second - self.phase_s).rem_euclid(self.trip_s) as f64 / self.trip_s as f64;
        let driver = self.seed.of("trip").day(trip(second)).normal();
        let route = self.route.of("hours").wave(second, 5_400);
        // A trip begins nearly on time and falls behind on its way, faster when the streets are full.
        let late = 20.0 + along * (95.0 + 120.0 * driver + 90.0 * route + 150.0 * profile(local).powi(2) + 900.0 * (slowed - 1.0));
        let delay_s = late + 18.0 * self.seed.of("stop").day(second).normal();
        let trips = if trip(second) > trip(second - interval_s) { 1.0 } else { 0.0 };
        Some(Passage { delay_s: delay_s.clamp(-180.0, 5_400.0), trips })
    }
}

/// A corridor for freight: from a port or an industrial zone to the edge of the city.
#[derive(Debug, Clone)]
pub(super) struct Corridor {
    seed: Seed,
    /// The time on the empty road, min.
    free_min: f64,
    load: f64,
}

impl Corridor {
    pub(super) fn new(seed: Seed, asset: &str) -> Self {
        let seed = seed.of("corridor").of(asset);
        Self { free_min: seed.of("free").between(18.0, 52.0).round(), load: seed.of("load").between(0.7, 1.05), seed }
    }

    /// The time on the empty road, min.
    pub(super) fn free_min(&self) -> f64 {
        self.free_min
    }

    /// The time that lorries take now, min; `slowed` as for buses.
    pub(super) fn time_min(&self, local: LocalTime, slowed: f64) -> f64 {
        let second = local.seconds();
        let demand = (profile(local) * self.load * (1.0 + 0.1 * self.seed.of("hours").wave(second, 7_200))).clamp(0.0, 1.4);
        let noise = 1.0 + 0.02 * self.seed.of("sample").day(second).normal();
        self.free_min * (1.02 + 0.42 * demand.powi(3)) * slowed * noise
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Monday, 9 March 2026.
    const MONDAY: i64 = 20_521;

    fn at(hour: f64) -> LocalTime {
        LocalTime { day: MONDAY, second: (hour * 3_600.0) as i64 }
    }

    #[test]
    fn most_buses_are_on_time_and_fewer_at_the_peak_and_in_the_rain() {
        let share = |hours: std::ops::Range<f64>, slowed: f64| {
            let (mut on_time, mut all) = (0.0, 0.0);
            for n in 0..24 {
                let bus = Bus::new(Seed::new(1), &format!("b{n}"), &format!("r{}", n / 4));
                let mut hour = hours.start;
                while hour < hours.end {
                    let passage = bus.at(at(hour), 120, slowed).unwrap();
                    all += 1.0;
                    on_time += f64::from(u8::from(passage.delay_s <= 300.0));
                    hour += 1.0 / 30.0;
                }
            }
            on_time / all
        };
        let day = share(5.0..20.0, 1.0);
        assert!((0.85..0.99).contains(&day), "{day}");
        assert!(share(17.0..18.5, 1.0) < share(9.0..10.5, 1.0));
        assert!(share(9.0..10.5, 1.4) < share(9.0..10.5, 1.0) - 0.1);
        assert!(Bus::new(Seed::new(1), "b", "r").at(at(2.0), 120, 1.0).is_none());
    }

    #[test]
    fn a_bus_ends_as_many_trips_as_it_has_time_for() {
        let bus = Bus::new(Seed::new(1), "b1", "r1");
        let trips: f64 = (0..450).filter_map(|n| bus.at(at(5.0 + f64::from(n) / 30.0), 120, 1.0)).map(|passage| passage.trips).sum();
        let expected = 15.0 * 3_600.0 / bus.trip_s as f64;
        assert!((trips - expected).abs() <= 1.0, "{trips} {expected}");
    }

    #[test]
    fn lorries_take_longer_at_the_peak() {
        for n in 0..6 {
            let corridor = Corridor::new(Seed::new(1), &format!("c{n}"));
            let (night, peak) = (corridor.time_min(at(3.0), 1.0), corridor.time_min(at(17.5), 1.0));
            assert!(night < 1.15 * corridor.free_min() && peak > 1.1 * night && peak < 2.2 * night, "{night} {peak}");
        }
    }
}
