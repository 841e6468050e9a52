//! The model of an air station: dust and gases over the day, washed out by rain, and the station's own checks.
//!
//! Everything follows from the seed, the station and the time. Nothing here knows how its numbers travel.

use super::incident::{Kind, Troubles};
use super::local::{DAY_S, LocalTime, bump};
use super::random::Seed;
use super::weather::{Spot, Weather};

/// What a station measures, µg/m³.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Air {
    pub(super) pm25: f64,
    pub(super) pm10: f64,
    pub(super) o3: f64,
    pub(super) co: f64,
    pub(super) so2: f64,
    pub(super) no2: f64,
}

/// What a station says of its own values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum State {
    Measuring,
    Calibrating,
    Fault,
}

/// A station.
#[derive(Debug, Clone)]
pub(super) struct AirStation {
    /// The whole city's seed: some days are hazy everywhere.
    city: Seed,
    seed: Seed,
    spot: Spot,
    /// The yearly mean of fine dust here, µg/m³.
    dust: f64,
    /// How near the traffic is: 0.5 to 1.5.
    roadside: f64,
    troubles: Troubles,
}

/// Rain of so long still keeps the air clean.
const WASHED_S: i64 = 10_800;
/// What burning straw or rubbish on demand adds to fine dust, µg/m³.
const INCIDENT_PM25: f64 = 190.0;

impl AirStation {
    pub(super) fn new(seed: Seed, asset: &str, spot: Spot, troubles: Troubles) -> Self {
        let city = seed;
        let seed = city.of("air station").of(asset);
        Self { city, spot, dust: seed.of("dust").between(13.0, 24.0), roadside: seed.of("roadside").between(0.5, 1.5), seed, troubles }
    }

    /// What it measures at `local`; while it calibrates or is at fault, what it shows then.
    pub(super) fn at(&self, weather: &Weather, local: LocalTime) -> (Air, State) {
        let air = self.true_air(weather, local);
        match self.state(local) {
            State::Measuring => (air, State::Measuring),
            // The span gas: the same high value of everything.
            State::Calibrating => (air.times(0.0).plus(400.0), State::Calibrating),
            State::Fault => (air.times(0.0), State::Fault),
        }
    }

    /// The mean of the hour that ends at `local`, for stations that report so.
    pub(super) fn hour(&self, weather: &Weather, local: LocalTime) -> (Air, State) {
        const PARTS: i64 = 6;
        let part = |n: i64| self.true_air(weather, LocalTime::from_seconds(local.seconds() - n * 600 - 300));
        let sum = (0..PARTS).map(part).fold(Air { pm25: 0.0, pm10: 0.0, o3: 0.0, co: 0.0, so2: 0.0, no2: 0.0 }, Air::and);
        (sum.times(1.0 / PARTS as f64), self.state(local))
    }

    fn true_air(&self, weather: &Weather, local: LocalTime) -> Air {
        let (second, hour) = (local.seconds(), local.hour());
        let dry = 1.25 - 0.5 * Weather::season(local.day);
        let haze = 1.0 + 0.3 * self.city.of("haze").wave(second, 2 * DAY_S) + 0.1 * self.seed.of("air").wave(second, 3 * 3_600);
        let rush = (bump(hour, 7.3, 1.2) + bump(hour, 18.0, 1.6)) * self.roadside * if local.is_weekend() { 0.6 } else { 1.0 };
        let washed = (-weather.fallen(self.spot, local, WASHED_S) / 12.0).exp().max(0.45);
        let noise = |name: &str, share: f64| 1.0 + share * self.seed.of(name).day(second).normal();
        let burning = if self.troubles.are(Kind::Air, local) { INCIDENT_PM25 } else { 0.0 };
        let pm25 = self.dust * dry * haze * (0.8 + 0.35 * rush) * washed * noise("pm25", 0.05) + burning;
        let sun = bump(hour, 13.8, 2.8);
        let clamp = |value: f64| value.max(0.5);
        Air {
            pm25: clamp(pm25),
            pm10: clamp((1.45 * pm25 + 7.0) * noise("pm10", 0.05)),
            o3: clamp((22.0 + 62.0 * sun * washed - 9.0 * rush) * noise("o3", 0.03)),
            co: clamp((420.0 + 520.0 * rush) * haze * noise("co", 0.05) + 12.0 * burning),
            so2: clamp((9.0 + 5.0 * rush) * haze * noise("so2", 0.06)),
            no2: clamp((13.0 + 21.0 * rush) * haze * noise("no2", 0.05)),
        }
    }

    /// Every fourth night some minutes of calibration; on one day of two hundred some hours of a fault.
    fn state(&self, local: LocalTime) -> State {
        let since = |hour: f64| local.hour() - hour;
        let own = self.seed.of("checks");
        if (local.day + own.below(4) as i64).rem_euclid(4) == 0 && (0.0..0.3).contains(&since(own.of("hour").between(1.0, 5.0))) {
            return State::Calibrating;
        }
        let bad = self.seed.of("fault").day(local.day);
        let long_h = bad.with(2).between(0.5, 4.0);
        if bad.unit() < 0.005 && (0.0..long_h).contains(&since(bad.with(1).between(0.0, 20.0))) { State::Fault } else { State::Measuring }
    }
}

impl Air {
    fn each(self, other: Self, with: impl Fn(f64, f64) -> f64) -> Self {
        Self {
            pm25: with(self.pm25, other.pm25),
            pm10: with(self.pm10, other.pm10),
            o3: with(self.o3, other.o3),
            co: with(self.co, other.co),
            so2: with(self.so2, other.so2),
            no2: with(self.no2, other.no2),
        }
    }

    fn and(self, other: Self) -> Self {
        self.each(other, |a, b| a + b)
    }

    fn times(self, factor: f64) -> Self {
        self.each(self, |a, _| a * factor)
    }

    fn plus(self, more: f64) -> Self {
        self.each(self, |a, _| a + more)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Monday, 9 March 2026.
    const MONDAY: i64 = 20_521;

    fn station(n: usize) -> AirStation {
        AirStation::new(Seed::new(1), &format!("a{n}"), Spot::of_hex((2, -4)), Troubles::default())
    }

    fn minutes() -> impl Iterator<Item = LocalTime> {
        (0..28 * 288).map(|n| LocalTime::from_seconds(MONDAY * DAY_S + n * 300))
    }

    #[test]
    fn the_air_is_mostly_fair_and_never_impossible() {
        let weather = Weather::new(Seed::new(1));
        let (mut sum, mut count) = (0.0, 0.0);
        for n in 0..8 {
            for local in minutes() {
                let (air, state) = station(n).at(&weather, local);
                assert_eq!((air, state), station(n).at(&weather, local));
                if state == State::Measuring {
                    assert!(air.pm25 > 0.0 && air.pm25 < 120.0 && air.pm10 > air.pm25 && air.co < 4_000.0, "{air:?}");
                    sum += air.pm25;
                    count += 1.0;
                }
            }
        }
        assert!((12.0..32.0).contains(&(sum / count)), "{}", sum / count);
    }

    #[test]
    fn stations_calibrate_now_and_then_and_say_so() {
        let weather = Weather::new(Seed::new(1));
        let states: Vec<State> = minutes().map(|local| station(1).at(&weather, local).1).collect();
        let calibrating = states.iter().filter(|state| **state == State::Calibrating).count();
        assert!((7..80).contains(&calibrating), "{calibrating}");
    }

    #[test]
    fn an_hours_mean_is_what_the_hour_had() {
        let weather = Weather::new(Seed::new(1));
        let local = LocalTime { day: MONDAY, second: 9 * 3_600 };
        let (mean, _) = station(1).hour(&weather, local);
        let all: Vec<f64> =
            (0..60).map(|n| station(1).true_air(&weather, LocalTime::from_seconds(local.seconds() - n * 60)).pm25).collect();
        let exact = all.iter().sum::<f64>() / all.len() as f64;
        assert!((mean.pm25 - exact).abs() < 0.1 * exact, "{} {exact}", mean.pm25);
    }
}
