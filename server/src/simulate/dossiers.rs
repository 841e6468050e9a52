//! The model of the one-stop desks: dossiers are opened, handled in working time, closed, and some are late.
//!
//! Everything follows from the seed, the department and the day. Nothing here knows how dossiers travel. Public
//! holidays are not known: the simulated city works from Monday to Friday all year.

mod worktime;

use super::local::{DAY_S, LocalTime};
use super::random::Seed;
use jiff::{Timestamp, tz::TimeZone};
use taydo_model::{AreaId, Case, CaseId, DepartmentId, LabelName, Labels};
use worktime::{OFFICE_DAY_S, WorkTime};

/// What kind of case a dossier is, as messages name it.
pub(super) const KIND: &str = "dossier";
/// How far back closed dossiers are told of at the start: what shares over 30 days need.
const TOLD_DAYS: i64 = 30;
/// No dossier stays open for longer, in working days.
const LONGEST_WORKDAYS: f64 = 45.0;
/// … which is less than this many calendar days.
const LONGEST_DAYS: i64 = 70;

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
struct Desk {
    department: DepartmentId,
    seed: Seed,
    /// Dossiers on a working day, on average.
    per_day: f64,
    /// The middle of handling times, as a share of the allowance.
    middle: f64,
    /// How much they differ.
    spread: f64,
}

/// All desks of the city.
#[derive(Debug, Clone)]
pub(super) struct Desks {
    desks: Vec<Desk>,
    areas: Vec<AreaId>,
    zone: TimeZone,
}

/// A dossier's whole life.
#[derive(Debug, Clone)]
struct Dossier {
    case: Case,
    closed: Timestamp,
}

impl Dossier {
    /// As the desk would tell of it at `now`; `None` before it is opened.
    fn as_of(&self, now: Timestamp) -> Option<Case> {
        if self.case.opened > now {
            return None;
        }
        let closed = (self.closed <= now).then_some(self.closed);
        Some(Case { closed, updated: Some(closed.unwrap_or(self.case.opened)), ..self.case.clone() })
    }
}

impl Desks {
    pub(super) fn new(seed: Seed, departments: &[DepartmentId], areas: Vec<AreaId>, zone: TimeZone) -> Self {
        let desk = |department: &DepartmentId| {
            let seed = seed.of("desk").of(department.as_str());
            Desk {
                department: department.clone(),
                per_day: seed.of("per day").between(14.0, 62.0),
                middle: seed.of("middle").between(0.40, 0.66),
                spread: seed.of("spread").between(0.35, 0.5),
                seed,
            }
        };
        Self { desks: departments.iter().map(desk).collect(), areas, zone }
    }

    /// What the desks know at `now`: every open dossier, and those closed in the last 30 days.
    pub(super) fn standing(&self, now: Timestamp) -> Vec<Case> {
        let today = LocalTime::at(now, &self.zone).day;
        let told_from = now.as_second() - TOLD_DAYS * DAY_S;
        let of_day = |day| self.desks.iter().flat_map(move |desk| self.opened_on(desk, day));
        (today - TOLD_DAYS - LONGEST_DAYS..=today)
            .flat_map(of_day)
            .filter(|dossier| dossier.closed.as_second() >= told_from)
            .filter_map(|dossier| dossier.as_of(now))
            .collect()
    }

    /// What the desks have to tell after `after` and up to `until`, in order: each opening and each closing.
    pub(super) fn told_in(&self, after: Timestamp, until: Timestamp) -> Vec<(Timestamp, Case)> {
        let first = LocalTime::at(after, &self.zone).day - LONGEST_DAYS;
        let last = LocalTime::at(until, &self.zone).day;
        let mut told = Vec::new();
        for day in first..=last {
            for dossier in self.desks.iter().flat_map(|desk| self.opened_on(desk, day)) {
                for moment in [dossier.case.opened, dossier.closed] {
                    if after < moment && moment <= until {
                        told.extend(dossier.as_of(moment).map(|case| (moment, case)));
                    }
                }
            }
        }
        told.sort_by(|(a, x), (b, y)| (a, &x.id).cmp(&(b, &y.id)));
        told
    }

    /// The dossiers that a desk opens on a local day.
    fn opened_on(&self, desk: &Desk, day: i64) -> Vec<Dossier> {
        let local = LocalTime { day, second: 0 };
        if local.is_weekend() {
            return Vec::new();
        }
        let seed = desk.seed.day(day);
        // Mondays bring what the weekend left.
        let busy = if local.weekday() == 0 { 1.25 } else { 0.95 };
        let count = seed.poisson(desk.per_day * busy);
        (0..count).filter_map(|number| self.dossier(desk, day, number, seed.with(1_000 + u64::from(number)))).collect()
    }

    fn dossier(&self, desk: &Desk, day: i64, number: u32, seed: Seed) -> Option<Dossier> {
        let opened = WorkTime::new(day, (OFFICE_DAY_S as f64 * seed.of("opened").unit().powf(1.2)) as i64);
        let procedure = desk.procedure(seed.of("procedure"))?;
        let closed = opened.after(desk.handling_s(procedure, seed.of("handling")));
        let date = opened.local().timestamp(&self.zone).to_zoned(self.zone.clone()).strftime("%Y%m%d").to_string();
        let labels = [
            ("procedure", procedure.id),
            ("applicant", if seed.of("applicant").unit() < procedure.business { "business" } else { "citizen" }),
            ("channel", channel(seed.of("channel").unit())),
        ];
        let label = |(name, value): (&str, &str)| LabelName::new(name).ok().map(|name| (name, value.to_owned()));
        let id = CaseId::new(format!("{}-{date}-{number:03}", desk.department)).ok()?;
        let case = Case {
            department: Some(desk.department.clone()),
            area: self.areas.get(seed.of("area").below(self.areas.len())).cloned(),
            due: Some(opened.end_of_day_after(procedure.allowance).timestamp(&self.zone)),
            labels: labels.into_iter().filter_map(label).collect::<Labels>(),
            ..Case::new(id, KIND, opened.local().timestamp(&self.zone))
        };
        Some(Dossier { case, closed: closed.local().timestamp(&self.zone) })
    }
}

impl Desk {
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
    use super::*;

    fn desks() -> Desks {
        let departments: Vec<DepartmentId> = (0..15).map(|n| DepartmentId::new(format!("so-{n}")).unwrap()).collect();
        let areas = (0..103).map(|n| AreaId::new(format!("{}", 31_000 + n)).unwrap()).collect();
        Desks::new(Seed::new(1), &departments, areas, TimeZone::get("Asia/Ho_Chi_Minh").unwrap())
    }

    fn time(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn what_stands_now_is_what_stood_before_and_what_was_told_since() {
        let desks = desks();
        let (before, now) = (time("2026-03-10T02:00:00Z"), time("2026-03-12T09:00:00Z"));
        let mut replayed: std::collections::BTreeMap<CaseId, Case> =
            desks.standing(before).into_iter().map(|case| (case.id.clone(), case)).collect();
        for (_, case) in desks.told_in(before, now) {
            replayed.insert(case.id.clone(), case);
        }
        let told_from = now.as_second() - TOLD_DAYS * DAY_S;
        replayed.retain(|_, case| case.closed.is_none_or(|closed| closed.as_second() >= told_from));
        let standing: std::collections::BTreeMap<CaseId, Case> =
            desks.standing(now).into_iter().map(|case| (case.id.clone(), case)).collect();
        assert_eq!(replayed, standing);
        assert!(standing.len() > 5_000, "{}", standing.len());
    }

    #[test]
    fn dossiers_are_opened_and_closed_in_office_hours() {
        let desks = desks();
        for (moment, case) in desks.told_in(time("2026-03-01T00:00:00Z"), time("2026-03-29T00:00:00Z")) {
            let local = LocalTime::at(moment, &desks.zone);
            assert!(!local.is_weekend(), "{moment}");
            assert!((7.0..=11.5).contains(&local.hour()) || (13.0..=17.0).contains(&local.hour()), "{moment}");
            assert!(case.due.unwrap() > case.opened && case.closed.is_none_or(|closed| closed > case.opened));
        }
    }

    #[test]
    fn most_are_on_time_and_some_are_overdue() {
        let now = time("2026-03-12T09:00:00Z");
        let cases = desks().standing(now);
        let (open, closed): (Vec<&Case>, Vec<&Case>) = cases.iter().partition(|case| case.is_open(now));
        let on_time = closed.iter().filter(|case| case.closed <= case.due).count() as f64 / closed.len() as f64;
        let overdue = open.iter().filter(|case| case.is_overdue(now)).count() as f64 / open.len() as f64;
        assert!((0.80..0.97).contains(&on_time), "{on_time}");
        assert!((0.005..0.15).contains(&overdue), "{overdue} of {}", open.len());
        assert_eq!(cases.len(), cases.iter().map(|case| &case.id).collect::<std::collections::BTreeSet<_>>().len());
    }
}
