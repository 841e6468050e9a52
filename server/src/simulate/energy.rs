//! The model of an electricity meter: a feeder, a public building or a cabinet of street lights.
//!
//! Everything follows from the seed, the meter and the time. Nothing here knows how its numbers travel.

use super::local::{LocalTime, bump, rise};
use super::random::Seed;

/// What hangs behind a meter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A medium-voltage feeder: homes, shops, workshops.
    Feeder,
    /// An office, a school, a hospital's wing.
    Building,
    /// Street lights.
    Lighting,
}

/// One meter.
#[derive(Debug, Clone)]
pub(super) struct Meter {
    /// The whole city's seed, for the weather.
    city: Seed,
    seed: Seed,
    kind: Kind,
    /// The load when all is on, kW.
    full: f64,
    /// What the building used a year before, as a multiple of what it uses now.
    before: f64,
}

/// What one lamp draws, kW.
const LAMP_KW: f64 = 0.12;
/// A year of whole weeks, in days: what is compared is the same day of the week.
const YEAR_DAYS: i64 = 364;
/// On so many days together a cabinet's switch sticks, or it does not.
const STUCK_DAYS: i64 = 3;

impl Meter {
    pub(super) fn new(seed: Seed, asset: &str, kind: Kind) -> Self {
        let city = seed;
        let seed = city.of("meter").of(asset);
        let full = match kind {
            Kind::Feeder => seed.of("full").between(4_500.0, 11_500.0),
            Kind::Building => seed.of("full").between(45.0, 240.0),
            Kind::Lighting => seed.of("full").between(9.0, 38.0),
        };
        Self { city, kind, full, before: seed.of("before").between(0.985, 1.085), seed }
    }

    /// The mean load of the interval that ends at `local`, kW.
    pub(super) fn load(&self, local: LocalTime) -> f64 {
        let second = local.seconds();
        let share = match self.kind {
            Kind::Feeder => feeder(local, self.city) * (1.0 + 0.05 * self.seed.of("hours").wave(second, 5_400)),
            Kind::Building => building(local, self.seed) * (1.0 + 0.08 * self.seed.of("hours").wave(second, 2_700)),
            Kind::Lighting if self.is_stuck(local) => 1.0,
            Kind::Lighting => lighting(local, self.seed),
        };
        let jitter = 1.0 + 0.012 * self.seed.of("sample").day(second).normal();
        (self.full * share * jitter).max(0.0)
    }
}

impl Meter {
    /// The mean load of the same interval a year before, kW.
    pub(super) fn load_before(&self, local: LocalTime) -> f64 {
        self.before * self.load(LocalTime { day: local.day - YEAR_DAYS, ..local })
    }

    /// How many lamps burn although it is day.
    pub(super) fn lamps_by_day(&self, local: LocalTime) -> f64 {
        if is_night(local.hour()) || !self.is_stuck(local) { 0.0 } else { (self.full / LAMP_KW).round() }
    }

    /// Whether the cabinet's switch sticks, so that its lamps burn by day.
    fn is_stuck(&self, local: LocalTime) -> bool {
        self.seed.of("stuck").day(local.day.div_euclid(STUCK_DAYS)).unit() < 0.02
    }
}

/// When street lights should burn, with some minutes of twilight to spare.
fn is_night(hour: f64) -> bool {
    !(6.0..17.8).contains(&hour)
}

/// A feeder's load as a share of its peak: nights low, hot afternoons, everyone at home in the evening.
fn feeder(local: LocalTime, city: Seed) -> f64 {
    let hour = local.hour();
    let (work, evening) = if local.is_weekend() { (0.12, 0.38) } else { (0.19, 0.41) };
    // Some days are hotter than others, everywhere at once.
    let heat = 0.13 + 0.06 * city.of("heat").wave(local.day, 4);
    0.42 + work * rise(hour, 7.6, 0.5) * rise(-hour, -17.2, 0.6)
        + heat * bump(hour, 14.3, 2.2)
        + evening * bump(hour, 19.2, 1.9)
        + 0.06 * bump(hour, 11.3, 0.7)
}

/// A building's load as a share of its peak: office hours on working days, little otherwise.
fn building(local: LocalTime, seed: Seed) -> f64 {
    let idle = seed.of("idle").between(0.12, 0.2);
    if local.is_weekend() {
        return idle;
    }
    let hour = local.hour() + seed.of("shift").between(-0.25, 0.25);
    let open = rise(hour, 7.0, 0.15) * rise(-hour, -17.1, 0.2);
    let lunch = 0.22 * bump(hour, 12.2, 0.45);
    idle + (0.72 - lunch) * open + 0.08 * open * bump(hour, 14.5, 1.5)
}

/// Street lights: on from 18:00 to 05:45, every other lamp after 23:00, and the controller always.
fn lighting(local: LocalTime, seed: Seed) -> f64 {
    // Twilight switches differ by some minutes.
    let minutes = seed.of("switch").between(-4.0, 4.0);
    let hour = local.hour() + minutes / 60.0;
    if hour >= 18.0 {
        if hour >= 23.0 { 0.55 } else { 1.0 }
    } else if hour < 5.75 {
        0.55
    } else {
        0.006
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MONDAY: i64 = 20_521;

    fn load(kind: Kind, day: i64, hour: f64) -> f64 {
        (0..40).map(|n| Meter::new(Seed::new(1), &format!("m{n}"), kind).load(LocalTime { day, second: (hour * 3_600.0) as i64 })).sum()
    }

    #[test]
    fn feeders_peak_in_the_evening_after_a_hot_afternoon() {
        let at = |hour| load(Kind::Feeder, MONDAY, hour);
        let peak = (0..96).max_by(|a, b| at(f64::from(*a) / 4.0).total_cmp(&at(f64::from(*b) / 4.0))).unwrap();
        assert!((17.5..=20.5).contains(&(f64::from(peak) / 4.0)), "{}", f64::from(peak) / 4.0);
        assert!(at(14.3) > at(12.3) && at(14.3) > 1.4 * at(3.0));
        assert!(load(Kind::Feeder, MONDAY + 6, 10.0) < at(10.0));
    }

    #[test]
    fn buildings_work_in_office_hours() {
        assert!(load(Kind::Building, MONDAY, 10.0) > 3.0 * load(Kind::Building, MONDAY, 22.0));
        assert!(load(Kind::Building, MONDAY, 10.0) > 3.0 * load(Kind::Building, MONDAY + 5, 10.0));
    }

    #[test]
    fn street_lights_burn_at_night_only() {
        for (hour, lit) in [(5.5, true), (6.0, false), (12.0, false), (17.8, false), (18.2, true), (23.5, true)] {
            let share = load(Kind::Lighting, MONDAY, hour) / load(Kind::Lighting, MONDAY, 20.0);
            assert_eq!(share > 0.4, lit, "{hour}: {share}");
        }
    }

    #[test]
    fn lamps_burn_by_day_where_a_switch_sticks_and_nowhere_else() {
        let cabinets: Vec<Meter> = (0..40).map(|n| Meter::new(Seed::new(1), &format!("m{n}"), Kind::Lighting)).collect();
        let (mut stuck, mut all) = (0, 0);
        for day in 0..120 {
            for cabinet in &cabinets {
                let noon = LocalTime { day: MONDAY + day, second: 12 * 3_600 };
                let lamps = cabinet.lamps_by_day(noon);
                assert_eq!(lamps > 0.0, cabinet.load(noon) > 0.5 * cabinet.full);
                assert_eq!(cabinet.lamps_by_day(LocalTime { second: 20 * 3_600, ..noon }), 0.0);
                stuck += usize::from(lamps > 0.0);
                all += 1;
            }
        }
        let share = f64::from(stuck as u32) / f64::from(all as u32);
        assert!((0.005..0.05).contains(&share), "{share}");
    }

    #[test]
    fn loads_are_repeatable_and_physical() {
        for kind in [Kind::Feeder, Kind::Building, Kind::Lighting] {
            let meter = Meter::new(Seed::new(9), "m", kind);
            for minute in 0..7 * 1_440 {
                let local = LocalTime::from_seconds(MONDAY * 86_400 + minute * 60);
                let load = meter.load(local);
                assert_eq!(load, meter.load(local));
                assert!((0.0..=15_000.0).contains(&load), "{kind:?} {load}");
            }
        }
    }
}
