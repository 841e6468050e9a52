//! The model of what people tell the city: reports of what is wrong, how they are handled, and what road users answer
//! when they are asked.
//!
//! Everything follows from the seed, the day and the weather. Nothing here knows how reports travel.

use super::dossiers::opinion;
use super::life::{self, Life, Population, label};
use super::local::{DAY_S, LocalTime};
use super::random::Seed;
use super::worktime::{OFFICE_DAY_S, WorkTime};
use super::world::World;
use std::sync::Arc;
use taydo_model::{AreaId, DepartmentId};

/// What kind of case a report is, as messages name it.
pub(super) const REPORT: &str = "report";
/// … and a road user's answer to the survey.
pub(super) const SURVEY: &str = "road-survey";
/// How far back answered ones are told of at the start.
const TOLD_DAYS: i64 = 62;
/// No report is worked on for longer, re-opened ones included.
const LONGEST_DAYS: i64 = 60;
/// … which is more than so much office time.
const LONGEST_OFFICE_DAYS: f64 = 18.0;
/// Reports on a dry day, on average.
const PER_DAY: f64 = 70.0;
/// Answers to the survey on a day, on average.
const SURVEYED: f64 = 14.0;

/// What reports are about.
struct Category {
    id: &'static str,
    department: &'static str,
    /// The working days that an answer may take.
    allowance: i64,
    weight: f64,
    /// The share of businesses among those who report.
    business: f64,
    /// How much more there is of it in heavy rain.
    wet: f64,
}

const CATEGORIES: &[Category] = &[
    Category { id: "traffic", department: "so-xay-dung", allowance: 3, weight: 2.2, business: 0.12, wet: 0.5 },
    Category { id: "lighting", department: "so-xay-dung", allowance: 3, weight: 1.1, business: 0.05, wet: 0.3 },
    Category { id: "drainage", department: "so-xay-dung", allowance: 2, weight: 0.8, business: 0.1, wet: 6.0 },
    Category { id: "waste", department: "so-nong-nghiep-moi-truong", allowance: 3, weight: 1.8, business: 0.1, wet: 0.0 },
    Category { id: "noise", department: "cong-an-thanh-pho", allowance: 2, weight: 1.0, business: 0.05, wet: 0.0 },
    Category { id: "security", department: "cong-an-thanh-pho", allowance: 5, weight: 0.7, business: 0.1, wet: 0.0 },
    Category { id: "procedures", department: "van-phong-uy-ban", allowance: 7, weight: 0.8, business: 0.55, wet: 0.0 },
    Category { id: "taxes-and-land", department: "so-tai-chinh", allowance: 10, weight: 0.5, business: 0.7, wet: 0.0 },
    Category { id: "industrial-zones", department: "ban-quan-ly-khu-cong-nghiep", allowance: 7, weight: 0.3, business: 1.0, wet: 0.0 },
];

/// What people tell of a city.
#[derive(Debug)]
pub(super) struct Reports {
    world: Arc<World>,
    areas: Vec<AreaId>,
}

impl Reports {
    pub(super) fn new(world: Arc<World>, areas: Vec<AreaId>) -> Self {
        Self { world, areas }
    }

    fn report(&self, category: &Category, day: i64, number: u32, seed: Seed) -> Option<Life> {
        let local = told_at(day, seed.of("time"));
        let area = self.areas.get(seed.of("area").below(self.areas.len()))?;
        // Of all that might be reported, the rain decides how much is.
        let wet = 1.0 - (-self.world.weather.fallen(self.world.spot(area), local, 6 * 3_600) / 15.0).exp();
        let likely = (1.0 + category.wet * wet) / (1.0 + category.wet);
        if seed.of("luck").unit() >= likely {
            return None;
        }
        let opened = local.timestamp(&self.world.zone);
        let date = opened.to_zoned(self.world.zone.clone()).strftime("%Y%m%d").to_string();
        let mut case = life::case(&format!("pa-{date}-{}-{number:02}", category.id), REPORT, opened)?;
        case.department = DepartmentId::new(category.department).ok();
        case.area = Some(area.clone());
        label(&mut case, "category", category.id);
        label(&mut case, "applicant", if seed.of("applicant").unit() < category.business { "business" } else { "citizen" });
        let office = WorkTime::at(local);
        case.due = Some(office.end_of_day_after(category.allowance).timestamp(&self.world.zone));
        Some(self.answered(Life::new(case), office, category, seed))
    }

    /// What becomes of it: it is answered; one in thirty is opened again, and answered again.
    fn answered(&self, life: Life, opened: WorkTime, category: &Category, seed: Seed) -> Life {
        let moment = |work: WorkTime| work.local().timestamp(&self.world.zone);
        let days = |name: &str| {
            let share = 0.42 * (0.55 * seed.of(name).normal()).exp();
            ((share * category.allowance as f64).min(LONGEST_OFFICE_DAYS) * OFFICE_DAY_S as f64) as i64
        };
        let first = opened.after(days("handling").max(900));
        let closed = moment(first);
        let life = life.then(closed, |case| case.closed = Some(closed));
        if seed.of("again").unit() < 1.0 / 30.0 {
            let again = first.after(seed.of("when").below(OFFICE_DAY_S as usize) as i64);
            let second = moment(again.after(days("second").max(900)));
            let reopened = moment(again);
            let life = life.then(reopened, |case| {
                case.closed = None;
                case.reopened = Some(reopened);
            });
            return life.then(second, |case| case.closed = Some(second));
        }
        let is_late = first > opened.after(category.allowance * OFFICE_DAY_S);
        match opinion(seed.of("opinion"), is_late) {
            Some(word) => life.then(moment(first.after(OFFICE_DAY_S / 2)), |case| label(case, "satisfaction", word)),
            None => life,
        }
    }

    /// A road user's answer: opened and closed in one moment.
    fn survey(&self, day: i64, number: u32, seed: Seed) -> Option<Life> {
        let opened = told_at(day, seed.of("time")).timestamp(&self.world.zone);
        let date = opened.to_zoned(self.world.zone.clone()).strftime("%Y%m%d").to_string();
        let mut case = life::case(&format!("ks-{date}-{number:02}"), SURVEY, opened)?;
        case.area = self.areas.get(seed.of("area").below(self.areas.len())).cloned();
        case.closed = Some(opened);
        let word = match seed.of("answer").unit() {
            ..0.74 => "satisfied",
            ..0.90 => "neutral",
            _ => "dissatisfied",
        };
        label(&mut case, "satisfaction", word);
        Some(Life::new(case))
    }
}

impl Population for Reports {
    fn begun_on(&self, day: i64) -> Vec<Life> {
        let seed = self.world.seed.of("reports").day(day);
        let all: f64 = CATEGORIES.iter().map(|category| category.weight).sum();
        let mut lives = Vec::new();
        for category in CATEGORIES {
            let seed = seed.of(category.id);
            // As many as heavy rain all day would bring; `report` leaves out what a drier day does not.
            let count = seed.poisson(PER_DAY * category.weight / all * (1.0 + category.wet));
            lives.extend((0..count).filter_map(|number| self.report(category, day, number, seed.with(1_000 + u64::from(number)))));
        }
        let seed = seed.of("survey");
        lives.extend((0..seed.poisson(SURVEYED)).filter_map(|number| self.survey(day, number, seed.with(1_000 + u64::from(number)))));
        lives
    }

    fn longest_days(&self) -> i64 {
        LONGEST_DAYS
    }

    fn told_days(&self) -> i64 {
        TOLD_DAYS
    }
}

/// People report from six in the morning until eleven at night, most of them by day.
fn told_at(day: i64, seed: Seed) -> LocalTime {
    let hour = (6.0 + 17.0 * (seed.unit() + seed.with(1).unit()) / 2.0).min(23.99);
    LocalTime { day, second: ((hour * 3_600.0) as i64).min(DAY_S - 1) }
}

#[cfg(test)]
mod tests {
    use super::super::device::tests::{city, world};
    use super::super::life::{Desk, tests::check_seamless};
    use super::*;
    use taydo_model::Case;

    #[test]
    fn most_reports_are_answered_in_time_and_some_are_opened_again() {
        let areas = (0..103).map(|n| AreaId::new(format!("{}", 31_000 + n)).unwrap()).collect();
        let world = world(&city(), Vec::new());
        let desk = Desk::new(vec![Box::new(Reports::new(world.clone(), areas))], world.zone.clone());
        let standing = check_seamless(&desk, "2026-03-10T02:00:00Z", "2026-03-12T09:00:00Z");
        let reports: Vec<&Case> = standing.iter().filter(|case| case.kind == REPORT).collect();
        assert!((2_500..6_500).contains(&reports.len()), "{}", reports.len());
        let closed: Vec<&&Case> = reports.iter().filter(|case| case.closed.is_some()).collect();
        let in_time = closed.iter().filter(|case| case.closed <= case.due).count() as f64 / closed.len() as f64;
        assert!((0.85..0.99).contains(&in_time), "{in_time}");
        let open = reports.len() - closed.len();
        assert!((30..600).contains(&open), "{open}");
        let surveys = standing.iter().filter(|case| case.kind == SURVEY).count();
        assert!(surveys > 500, "{surveys}");
        let told = desk.told_in("2026-03-01T00:00:00Z".parse().unwrap(), "2026-03-12T00:00:00Z".parse().unwrap());
        let mut was_closed = std::collections::BTreeSet::new();
        let reopened = told.iter().filter(|(_, case)| {
            if case.closed.is_some() {
                was_closed.insert(case.id.clone());
            }
            case.closed.is_none() && was_closed.contains(&case.id)
        });
        assert!(reopened.count() > 3);
    }
}
