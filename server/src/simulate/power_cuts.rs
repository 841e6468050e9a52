//! The model of power cuts: planned works and faults, each a case of the power company from the switch's opening to its
//! closing, with the customers that it cut off.
//!
//! Everything follows from the seed, the day and the weather; what is asked for happens besides. Nothing here knows how
//! cases travel.

use super::incident::{Incident, Kind};
use super::life::{self, Life, Population, label};
use super::local::{DAY_S, LocalTime};
use super::random::Seed;
use super::world::World;
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use taydo_model::{AreaId, DepartmentId};

/// What kind of case a power cut is, as messages name it.
pub(super) const KIND: &str = "outage";
/// A year and the same period of the year before, and some days.
const TOLD_DAYS: i64 = 800;
/// Cuts on a day, on average.
const PLANNED: f64 = 2.2;
const FAULTS: f64 = 2.6;
/// A planned cut should be over in this time, a fault in the second.
const PLANNED_WITHIN: SignedDuration = SignedDuration::from_hours(4);
const FAULT_WITHIN: SignedDuration = SignedDuration::from_hours(2);
/// The industrial zones, with their wards' codes.
const ZONES: &[(&str, &str)] = &[
    ("tra-noc-1", "31174"),
    ("tra-noc-2", "31162"),
    ("hung-phu-1", "31201"),
    ("hung-phu-2b", "31201"),
    ("thot-not", "31207"),
    ("an-nghiep", "31507"),
    ("song-hau", "31366"),
    ("tan-phu-thanh", "31360"),
];

/// The power cuts of a city.
#[derive(Debug)]
pub(super) struct PowerCuts {
    world: Arc<World>,
    areas: Vec<AreaId>,
    company: Option<DepartmentId>,
}

/// One cut.
struct Cut<'a> {
    from: Timestamp,
    to: Timestamp,
    area: AreaId,
    zone: &'a str,
    planned: bool,
    customers: u32,
}

impl PowerCuts {
    /// In these wards; `company` is who mends them, where the city has it.
    pub(super) fn new(world: Arc<World>, areas: Vec<AreaId>, company: Option<DepartmentId>) -> Self {
        Self { world, areas, company }
    }

    fn cut(&self, day: i64, planned: bool, seed: Seed) -> Option<Cut<'static>> {
        let hour = if planned { seed.of("hour").between(7.0, 13.0) } else { seed.of("hour").between(0.0, 24.0) };
        let local = LocalTime { day, second: ((hour * 3_600.0) as i64).min(DAY_S - 1) };
        let zone = ZONES.get(seed.of("zone").below(8 * ZONES.len())).filter(|(_, area)| self.has(area));
        let (zone, area) = match zone {
            Some((zone, area)) => (*zone, AreaId::new(*area).ok()?),
            None => ("", self.areas.get(seed.of("area").below(self.areas.len()))?.clone()),
        };
        // In a zone few customers are many megawatts.
        let customers =
            if zone.is_empty() { seed.of("customers").between(6.1, 7.9).exp() } else { seed.of("customers").between(4.0, 42.0) };
        let minutes = if planned { seed.of("long").between(70.0, 225.0) } else { 48.0 * (0.65 * seed.of("long").normal()).exp() };
        let from = local.timestamp(&self.world.zone);
        let to = from.checked_add(SignedDuration::from_secs((minutes.clamp(6.0, 600.0) * 60.0) as i64)).ok()?;
        Some(Cut { from, to, area, zone, planned, customers: customers as u32 })
    }

    fn has(&self, area: &str) -> bool {
        self.areas.iter().any(|one| one.as_str() == area)
    }

    fn asked_for(incident: &Incident, area: &AreaId) -> Cut<'static> {
        let zone = ZONES.iter().find(|(_, place)| *place == area.as_str()).map_or("", |(zone, _)| *zone);
        Cut { from: incident.from, to: incident.to, area: area.clone(), zone, planned: false, customers: 9_000 }
    }

    fn life(&self, cut: &Cut<'_>, number: usize) -> Option<Life> {
        let date = cut.from.to_zoned(self.world.zone.clone()).strftime("%Y%m%d").to_string();
        let mut case = life::case(&format!("md-{date}-{number:02}"), KIND, cut.from)?;
        case.area = Some(cut.area.clone());
        case.department = self.company.clone();
        case.due = cut.from.checked_add(if cut.planned { PLANNED_WITHIN } else { FAULT_WITHIN }).ok();
        label(&mut case, "customers", &cut.customers.to_string());
        label(&mut case, "planned", if cut.planned { "yes" } else { "no" });
        label(&mut case, "industrial", if cut.zone.is_empty() { "no" } else { "yes" });
        label(&mut case, "zone", cut.zone);
        Some(Life::new(case).then(cut.to, |case| case.closed = Some(cut.to)))
    }
}

impl Population for PowerCuts {
    fn begun_on(&self, day: i64) -> Vec<Life> {
        let seed = self.world.seed.of("power cuts").day(day);
        let many = |name: &str, mean: f64, planned: bool| {
            let seed = seed.of(name);
            (0..seed.poisson(mean)).filter_map(move |number| self.cut(day, planned, seed.with(1_000 + u64::from(number))))
        };
        let asked = self.world.incidents.iter().filter(|incident| incident.kind == Kind::Outage);
        let asked = asked.filter(|incident| LocalTime::at(incident.from, &self.world.zone).day == day);
        let asked = asked.flat_map(|incident| incident.areas.iter().map(move |area| Self::asked_for(incident, area)));
        let usual = many("planned", PLANNED, true).chain(many("faults", FAULTS, false));
        usual.chain(asked).enumerate().filter_map(|(number, cut)| self.life(&cut, number)).collect()
    }

    fn longest_days(&self) -> i64 {
        2
    }

    fn told_days(&self) -> i64 {
        TOLD_DAYS
    }
}

#[cfg(test)]
mod tests {
    use super::super::device::tests::{city, world};
    use super::super::life::{Desk, tests::check_seamless};
    use super::*;

    #[test]
    fn a_year_has_as_much_darkness_as_such_a_city_has() {
        let areas = (0..103).map(|n| AreaId::new(format!("{}", 31_100 + n)).unwrap()).collect();
        let world = world(&city(), Vec::new());
        let desk = Desk::new(vec![Box::new(PowerCuts::new(world.clone(), areas, None))], world.zone.clone());
        let standing = check_seamless(&desk, "2026-03-01T02:00:00Z", "2026-03-12T09:00:00Z");
        let minutes: f64 = standing
            .iter()
            .filter_map(|case| {
                let customers: f64 = case.labels.get("customers")?.parse().ok()?;
                Some(customers * case.closed?.duration_since(case.opened).as_secs_f64() / 60.0)
            })
            .sum();
        let a_year = minutes / 1_250_000.0 * 365.0 / TOLD_DAYS as f64;
        assert!((60.0..260.0).contains(&a_year), "{a_year} minutes for each of 1,250,000 customers");
        let zones = standing.iter().filter(|case| case.labels.get("industrial") == Some("yes")).count() as f64;
        assert!((0.005..0.2).contains(&(zones / standing.len() as f64)), "{zones} of {}", standing.len());
    }
}
