//! The model of the one-stop desks: dossiers are opened, handled in working time, closed, and some are late.
//!
//! Everything follows from the seed, the department and the day. Nothing here knows how dossiers travel. Public
//! holidays are not known: the simulated city works from Monday to Friday all year.

use super::life::{self, Life, Population, label};
use super::local::LocalTime;
use super::random::Seed;
use super::worktime::{OFFICE_DAY_S, WorkTime};
use jiff::tz::TimeZone;
use taydo_model::{AreaId, DepartmentId};

/// What kind of case a dossier is, as messages name it.
pub(super) const KIND: &str = "dossier";
/// How far back closed dossiers are told of at the start: what shares over 30 days need.
const TOLD_DAYS: i64 = 30;
/// No dossier stays open for longer, in working days.
const LONGEST_WORKDAYS: f64 = 45.0;
/// … which is, with the days until the applicant answers, less than this many calendar days.
const LONGEST_DAYS: i64 = 76;

/// The share of dossiers that their applicants take back.
const WITHDRAWN: f64 = 0.015;

/// A procedure: its name, the working days that it may take, and how often it is asked for.
struct Procedure {
    id: &'static str,
    allowance: i64,
    weight: f64,
    /// The share of businesses among those who ask.
    business: f64,
}

const PROCEDURES: &[Procedure] = &[
    Procedure { id: "chung-thuc", allowance: 1, weight: 1.6, business: 0.1 },
    Procedure { id: "ho-tich", allowance: 2, weight: 1.2, business: 0.0 },
    Procedure { id: "dang-ky-doanh-nghiep", allowance: 3, weight: 1.3, business: 1.0 },
    Procedure { id: "giay-phep-lai-xe", allowance: 5, weight: 1.4, business: 0.0 },
    Procedure { id: "giay-phep-lao-dong", allowance: 7, weight: 0.8, business: 0.9 },
    Procedure { id: "chung-chi-hanh-nghe", allowance: 10, weight: 0.7, business: 0.2 },
    Procedure { id: "giay-phep-xay-dung", allowance: 15, weight: 0.9, business: 0.4 },
    Procedure { id: "dat-dai", allowance: 15, weight: 1.1, business: 0.25 },
];

/// One department's desk.
#[derive(Debug, Clone)]
struct OneStop {
    department: DepartmentId,
    seed: Seed,
    /// Dossiers on a working day, on average.
    per_day: f64,
    /// The middle of handling times, as a share of the allowance.
    middle: f64,
    /// How much they differ.
    spread: f64,
}

/// The dossiers of all desks of the city.
#[derive(Debug, Clone)]
pub(super) struct Dossiers {
    desks: Vec<OneStop>,
    areas: Vec<AreaId>,
    zone: TimeZone,
}

impl Dossiers {
    pub(super) fn new(seed: Seed, departments: &[DepartmentId], areas: Vec<AreaId>, zone: TimeZone) -> Self {
        let desk = |department: &DepartmentId| {
            let seed = seed.of("desk").of(department.as_str());
            OneStop {
                department: department.clone(),
                per_day: seed.of("per day").between(14.0, 62.0),
                middle: seed.of("middle").between(0.40, 0.66),
                spread: seed.of("spread").between(0.35, 0.5),
                seed,
            }
        };
        Self { desks: departments.iter().map(desk).collect(), areas, zone }
    }

    /// The dossiers that a desk opens on a working day.
    fn of_desk(&self, desk: &OneStop, day: i64) -> impl Iterator<Item = Life> {
        let seed = desk.seed.day(day);
        // Mondays bring what the weekend left.
        let busy = if (LocalTime { day, second: 0 }).weekday() == 0 { 1.25 } else { 0.95 };
        let count = seed.poisson(desk.per_day * busy);
        (0..count).filter_map(move |number| self.dossier(desk, day, number, seed.with(1_000 + u64::from(number))))
    }

    fn dossier(&self, desk: &OneStop, day: i64, number: u32, seed: Seed) -> Option<Life> {
        let opened = WorkTime::new(day, (OFFICE_DAY_S as f64 * seed.of("opened").unit().powf(1.2)) as i64);
        let procedure = desk.procedure(seed.of("procedure"))?;
        let closed = opened.after(desk.handling_s(procedure, seed.of("handling")));
        let moment = |work: WorkTime| work.local().timestamp(&self.zone);
        let date = moment(opened).to_zoned(self.zone.clone()).strftime("%Y%m%d").to_string();
        let mut case = life::case(&format!("{}-{date}-{number:03}", desk.department), KIND, moment(opened))?;
        case.department = Some(desk.department.clone());
        case.area = self.areas.get(seed.of("area").below(self.areas.len())).cloned();
        case.due = Some(opened.end_of_day_after(procedure.allowance).timestamp(&self.zone));
        label(&mut case, "procedure", procedure.id);
        label(&mut case, "applicant", if seed.of("applicant").unit() < procedure.business { "business" } else { "citizen" });
        label(&mut case, "channel", channel(seed.of("channel").unit()));
        label(&mut case, "digitised", if seed.of("digitised").unit() < 0.93 { "yes" } else { "no" });
        let closed_at = moment(closed);
        let is_late = case.due.is_some_and(|due| due < closed_at);
        if seed.of("withdrawn").unit() < WITHDRAWN {
            return Some(Life::new(case).then(closed_at, |case| {
                case.withdrawn = Some(closed_at);
                case.closed = Some(closed_at);
            }));
        }
        let life = Life::new(case).then(closed_at, |case| case.closed = Some(closed_at));
        Some(match opinion(seed.of("opinion"), is_late) {
            // Whoever answers does so within two days of office.
            Some(word) => life.then(moment(closed.after(seed.of("answered").below(2 * OFFICE_DAY_S as usize) as i64)), |case| {
                label(case, "satisfaction", word);
            }),
            None => life,
        })
    }
}

impl Population for Dossiers {
    fn begun_on(&self, day: i64) -> Vec<Life> {
        if (LocalTime { day, second: 0 }).is_weekend() {
            return Vec::new();
        }
        self.desks.iter().flat_map(|desk| self.of_desk(desk, day)).collect()
    }

    fn longest_days(&self) -> i64 {
        LONGEST_DAYS
    }

    fn told_days(&self) -> i64 {
        TOLD_DAYS
    }
}

/// What an applicant says when the desk asks: a third answer, and those who waited too long are less pleased.
pub(super) fn opinion(seed: Seed, is_late: bool) -> Option<&'static str> {
    let pleased = if is_late { 0.55 } else { 0.93 };
    match seed.unit() {
        ..0.33 => Some(if seed.with(1).unit() < pleased {
            "satisfied"
        } else if seed.with(2).unit() < 0.5 {
            "neutral"
        } else {
            "dissatisfied"
        }),
        _ => None,
    }
}

impl OneStop {
    /// Which procedure it is; each department has its own favourites.
    fn procedure(&self, seed: Seed) -> Option<&'static Procedure> {
        let weight = |procedure: &Procedure| procedure.weight * self.seed.of(procedure.id).between(0.0, 1.0).powi(2);
        let mut left = seed.unit() * PROCEDURES.iter().map(weight).sum::<f64>();
        let found = PROCEDURES.iter().find(|procedure| {
            left -= weight(procedure);
            left < 0.0
        });
        found.or(PROCEDURES.last())
    }

    /// How long it is worked on, in seconds of office time: log-normal, and one in sixty lies forgotten.
    fn handling_s(&self, procedure: &Procedure, seed: Seed) -> i64 {
        let forgotten = if seed.of("forgotten").unit() < 1.0 / 60.0 { 2.5 } else { 1.0 };
        let share = self.middle * (self.spread * seed.normal()).exp() * forgotten;
        let days = (share * procedure.allowance as f64).min(LONGEST_WORKDAYS);
        ((days * OFFICE_DAY_S as f64) as i64).max(300)
    }
}

fn channel(chance: f64) -> &'static str {
    match chance {
        ..0.62 => "online",
        ..0.94 => "counter",
        _ => "post",
    }
}

#[cfg(test)]
mod tests {
    use super::super::life::{Desk, tests::check_seamless};
    use super::*;
    use jiff::Timestamp;
    use taydo_model::Case;

    fn zone() -> TimeZone {
        TimeZone::get("Asia/Ho_Chi_Minh").unwrap()
    }

    fn desk() -> Desk {
        let departments: Vec<DepartmentId> = (0..15).map(|n| DepartmentId::new(format!("so-{n}")).unwrap()).collect();
        let areas = (0..103).map(|n| AreaId::new(format!("{}", 31_000 + n)).unwrap()).collect();
        Desk::new(vec![Box::new(Dossiers::new(Seed::new(1), &departments, areas, zone()))], zone())
    }

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn what_stands_now_is_what_stood_before_and_what_was_told_since() {
        let standing = check_seamless(&desk(), "2026-03-10T02:00:00Z", "2026-03-12T09:00:00Z");
        assert!(standing.len() > 5_000, "{}", standing.len());
    }

    #[test]
    fn dossiers_are_handled_in_office_hours() {
        for (moment, case) in desk().told_in(time("2026-03-01T00:00:00Z"), time("2026-03-29T00:00:00Z")) {
            let local = LocalTime::at(moment, &zone());
            assert!(!local.is_weekend(), "{moment}");
            assert!((7.0..=11.5).contains(&local.hour()) || (13.0..=17.0).contains(&local.hour()), "{moment}");
            assert!(case.due.unwrap() > case.opened && case.closed.is_none_or(|closed| closed > case.opened));
        }
    }

    #[test]
    fn most_are_on_time_some_are_overdue_and_most_who_answer_are_content() {
        let now = time("2026-03-12T09:00:00Z");
        let cases = desk().standing(now);
        let (open, closed): (Vec<&Case>, Vec<&Case>) = cases.iter().partition(|case| case.is_open(now));
        let on_time = closed.iter().filter(|case| case.closed <= case.due).count() as f64 / closed.len() as f64;
        let overdue = open.iter().filter(|case| case.is_overdue(now)).count() as f64 / open.len() as f64;
        assert!((0.80..0.97).contains(&on_time), "{on_time}");
        assert!((0.005..0.15).contains(&overdue), "{overdue} of {}", open.len());
        let answered: Vec<&str> = closed.iter().filter_map(|case| case.labels.get("satisfaction")).collect();
        let content = answered.iter().filter(|word| **word == "satisfied").count() as f64 / answered.len() as f64;
        assert!(answered.len() * 5 > closed.len() && (0.8..0.97).contains(&content), "{content} of {}", answered.len());
    }
}
