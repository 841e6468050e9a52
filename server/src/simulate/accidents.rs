//! The model of road accidents: each is a case of the police, from the crash until the scene is clear, and a call for an
//! ambulance, from the call until it arrives.
//!
//! Everything follows from the seed, the day and the weather; what is asked for happens besides. Nothing here knows how
//! cases travel.

use super::incident::Kind;
use super::life::{self, Life, Population, label};
use super::local::{DAY_S, LocalTime, bump};
use super::random::Seed;
use super::traffic::profile;
use super::world::World;
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use taydo_model::{AreaId, DepartmentId};

/// What kind of case an accident is, as messages name it.
pub(super) const ACCIDENT: &str = "accident";
/// … and a call for an ambulance.
pub(super) const EMERGENCY: &str = "emergency";
/// A year and the same period of the year before, and some days.
const TOLD_DAYS: i64 = 800;
/// Accidents that may come about on a day, on average; rain and darkness decide which do.
const PER_DAY: f64 = 5.0;
/// An ambulance should arrive within this time.
const AMBULANCE: SignedDuration = SignedDuration::from_mins(15);

/// The accidents of a city.
#[derive(Debug)]
pub(super) struct Accidents {
    world: Arc<World>,
    areas: Vec<AreaId>,
    police: Option<DepartmentId>,
    health: Option<DepartmentId>,
}

/// How bad one is.
struct Harm {
    injured: u32,
    deaths: u32,
}

impl Accidents {
    /// In these wards; `police` and `health` are who handles them, where the city has them.
    pub(super) fn new(world: Arc<World>, areas: Vec<AreaId>, police: Option<DepartmentId>, health: Option<DepartmentId>) -> Self {
        Self { world, areas, police, health }
    }

    /// One that may come about: at most times and places it does not.
    fn chance(&self, day: i64, number: u32, seed: Seed) -> Vec<Life> {
        let local = LocalTime { day, second: (seed.of("time").unit() * DAY_S as f64) as i64 };
        let Some(area) = self.areas.get(seed.of("area").below(self.areas.len())) else { return Vec::new() };
        let dark = 0.5 * bump(local.hour(), 21.5, 2.5);
        let wet = 1.0 - (-self.world.rain(area, local) / 10.0).exp();
        let likely = (0.25 + 0.45 * profile(local) + dark) * (1.0 + 1.5 * wet);
        if seed.of("luck").unit() >= likely.min(1.0) {
            return Vec::new();
        }
        let harm = Harm { injured: seed.of("injured").poisson(0.9), deaths: u32::from(seed.of("deaths").unit() < 0.28) };
        self.lives(local, number, area, &harm, seed)
    }

    fn lives(&self, local: LocalTime, number: u32, area: &AreaId, harm: &Harm, seed: Seed) -> Vec<Life> {
        let crash = local.timestamp(&self.world.zone);
        let date = crash.to_zoned(self.world.zone.clone()).strftime("%Y%m%d").to_string();
        let accident = self.accident(crash, &format!("tngt-{date}-{number:02}"), area, harm, seed);
        let is_called = harm.injured + harm.deaths > 0;
        let call = is_called.then(|| self.call(crash, &format!("cc-{date}-{number:02}"), area, seed)).flatten();
        accident.into_iter().chain(call).collect()
    }

    fn accident(&self, crash: Timestamp, id: &str, area: &AreaId, harm: &Harm, seed: Seed) -> Option<Life> {
        let mut case = life::case(id, ACCIDENT, crash)?;
        case.area = Some(area.clone());
        case.department = self.police.clone();
        label(&mut case, "injured", &harm.injured.to_string());
        label(&mut case, "deaths", &harm.deaths.to_string());
        label(&mut case, "cause", cause(seed.of("cause").unit()));
        let clear = later(crash, seed.of("clear").between(35.0, 150.0));
        Some(Life::new(case).then(clear, |case| case.closed = Some(clear)))
    }

    fn call(&self, crash: Timestamp, id: &str, area: &AreaId, seed: Seed) -> Option<Life> {
        let called = later(crash, seed.of("called").between(1.0, 6.0));
        let mut case = life::case(id, EMERGENCY, called)?;
        case.area = Some(area.clone());
        case.department = self.health.clone();
        case.due = called.checked_add(AMBULANCE).ok();
        let arrived = later(called, 9.0 * (0.4 * seed.of("way").normal()).exp());
        Some(Life::new(case).then(arrived, |case| case.closed = Some(arrived)))
    }
}

impl Population for Accidents {
    fn begun_on(&self, day: i64) -> Vec<Life> {
        let seed = self.world.seed.of("accidents").day(day);
        let mut lives: Vec<Life> =
            (0..seed.poisson(PER_DAY)).flat_map(|number| self.chance(day, number, seed.with(1_000 + u64::from(number)))).collect();
        let asked = self.world.incidents.iter().filter(|incident| incident.kind == Kind::Accident);
        for (number, (incident, area)) in asked.flat_map(|incident| incident.areas.iter().map(move |area| (incident, area))).enumerate() {
            let local = LocalTime::at(incident.from, &self.world.zone);
            if local.day == day {
                let number = 50 + u32::try_from(number).unwrap_or_default();
                lives.extend(self.lives(local, number, area, &Harm { injured: 3, deaths: 0 }, seed.with(u64::from(number))));
            }
        }
        lives
    }

    fn longest_days(&self) -> i64 {
        1
    }

    fn told_days(&self) -> i64 {
        TOLD_DAYS
    }
}

fn later(time: Timestamp, minutes: f64) -> Timestamp {
    time.checked_add(SignedDuration::from_secs((minutes * 60.0) as i64)).unwrap_or(time)
}

fn cause(chance: f64) -> &'static str {
    match chance {
        ..0.30 => "lane",
        ..0.52 => "speed",
        ..0.68 => "right-of-way",
        ..0.82 => "alcohol",
        _ => "other",
    }
}

#[cfg(test)]
mod tests {
    use super::super::device::tests::{city, world};
    use super::super::life::{Desk, tests::check_seamless};
    use super::*;

    fn accidents() -> Desk {
        let areas = (0..103).map(|n| AreaId::new(format!("{}", 31_000 + n)).unwrap()).collect();
        let world = world(&city(), Vec::new());
        Desk::new(vec![Box::new(Accidents::new(world.clone(), areas, None, None))], world.zone.clone())
    }

    #[test]
    fn a_year_has_as_many_accidents_as_such_a_city_has() {
        let standing = check_seamless(&accidents(), "2026-03-01T02:00:00Z", "2026-03-12T09:00:00Z");
        let of_kind = |kind: &str| standing.iter().filter(|case| case.kind == kind).collect::<Vec<_>>();
        let years = TOLD_DAYS as f64 / 365.0;
        let crashes = of_kind(ACCIDENT);
        let deaths: f64 = crashes.iter().map(|case| case.labels.get("deaths").unwrap().parse::<f64>().unwrap()).sum();
        assert!((500.0..1_300.0).contains(&(crashes.len() as f64 / years)), "{}", crashes.len());
        assert!((150.0..450.0).contains(&(deaths / years)), "{deaths}");
        let calls = of_kind(EMERGENCY);
        let in_time = calls.iter().filter(|case| case.closed.is_some_and(|closed| Some(closed) <= case.due)).count() as f64;
        assert!((0.75..0.98).contains(&(in_time / calls.len() as f64)), "{in_time} of {}", calls.len());
    }
}
