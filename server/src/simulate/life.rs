//! Cases as the simulated city lives them: whole lives, worked out from seed and day, and what of them is told when.
//!
//! A population is pure: it gives the lives that begin on a day. Which of them stand at a moment, and what is told in a
//! stretch of time, follows from them here, once for all kinds of cases.

use super::local::{DAY_S, LocalTime};
use jiff::{Timestamp, tz::TimeZone};
use taydo_model::{Case, CaseId, LabelName};

/// A case's life: what its desk says of it, and when, in order.
#[derive(Debug, Clone)]
pub(super) struct Life(Vec<(Timestamp, Case)>);

impl Life {
    /// Begins when the case is opened.
    pub(super) fn new(case: Case) -> Self {
        let opened = case.opened;
        Self(vec![(opened, Case { updated: Some(opened), ..case })])
    }

    /// From `time` on the desk says something else; what isn't later than what it said last is left out.
    pub(super) fn then(mut self, time: Timestamp, change: impl FnOnce(&mut Case)) -> Self {
        if let Some((last, case)) = self.0.last()
            && *last < time
        {
            let mut case = case.clone();
            change(&mut case);
            case.updated = Some(time);
            self.0.push((time, case));
        }
        self
    }

    /// What the desk says at `now`; nothing before the case is opened.
    fn as_of(&self, now: Timestamp) -> Option<&Case> {
        self.0.iter().rev().find(|(time, _)| *time <= now).map(|(_, case)| case)
    }

    fn told_in(self, after: Timestamp, until: Timestamp) -> impl Iterator<Item = (Timestamp, Case)> {
        self.0.into_iter().filter(move |(time, _)| after < *time && *time <= until)
    }
}

/// A new case; `None` where its name is none that an id may have.
pub(super) fn case(id: &str, kind: &str, opened: Timestamp) -> Option<Case> {
    Some(Case::new(CaseId::new(id).ok()?, kind, opened))
}

/// Sets a label; one whose value is empty says nothing.
pub(super) fn label(case: &mut Case, name: &str, value: &str) {
    if let (Ok(name), false) = (LabelName::new(name), value.is_empty()) {
        case.labels.set(name, value.to_owned());
    }
}

/// Cases of one origin.
pub(super) trait Population: std::fmt::Debug {
    /// The lives that begin on a local day.
    fn begun_on(&self, day: i64) -> Vec<Life>;

    /// After how many days at the latest the desk has said its last word on a case.
    fn longest_days(&self) -> i64;

    /// How far back closed cases are told of at the start, in days.
    fn told_days(&self) -> i64;
}

/// What several populations have to tell, as of one desk.
#[derive(Debug)]
pub(super) struct Desk {
    populations: Vec<Box<dyn Population + Send + Sync>>,
    zone: TimeZone,
}

impl Desk {
    pub(super) fn new(populations: Vec<Box<dyn Population + Send + Sync>>, zone: TimeZone) -> Self {
        Self { populations, zone }
    }

    /// What the desk knows at `now`: every open case, and those that were closed lately.
    pub(super) fn standing(&self, now: Timestamp) -> Vec<Case> {
        let today = LocalTime::at(now, &self.zone).day;
        let of = |population: &dyn Population| {
            let told_from = now.as_second() - population.told_days() * DAY_S;
            let days = today - population.told_days() - population.longest_days()..=today;
            let lives = days.flat_map(|day| population.begun_on(day));
            let is_told = |case: &Case| case.closed.is_none_or(|closed| closed.as_second() >= told_from);
            lives.filter_map(|life| life.as_of(now).filter(|case| is_told(case)).cloned()).collect::<Vec<Case>>()
        };
        self.populations.iter().flat_map(|population| of(&**population)).collect()
    }

    /// What the desk has to tell after `after` and up to `until`, in order.
    pub(super) fn told_in(&self, after: Timestamp, until: Timestamp) -> Vec<(Timestamp, Case)> {
        let day = |time| LocalTime::at(time, &self.zone).day;
        let mut told = Vec::new();
        for population in &self.populations {
            for day in day(after) - population.longest_days()..=day(until) {
                told.extend(population.begun_on(day).into_iter().flat_map(|life| life.told_in(after, until)));
            }
        }
        told.sort_by(|(a, x), (b, y)| (a, &x.id).cmp(&(b, &y.id)));
        told
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use std::collections::BTreeMap;

    /// Whether what stands at `now` is what stood at `before` and what was told since; gives what stands.
    pub(crate) fn check_seamless(desk: &Desk, before: &str, now: &str) -> Vec<Case> {
        let (before, now): (Timestamp, Timestamp) = (before.parse().unwrap(), now.parse().unwrap());
        let by_id = |cases: Vec<Case>| cases.into_iter().map(|case| (case.id.clone(), case)).collect::<BTreeMap<CaseId, Case>>();
        let mut replayed = by_id(desk.standing(before));
        for (time, case) in desk.told_in(before, now) {
            assert_eq!(case.updated, Some(time));
            assert!(case.opened <= time && case.closed.is_none_or(|closed| case.opened <= closed && closed <= time), "{case:?}");
            replayed.insert(case.id.clone(), case);
        }
        let standing = desk.standing(now);
        let all = by_id(standing.clone());
        assert_eq!(all.len(), standing.len(), "no two cases have one name");
        replayed.retain(|id, _| all.contains_key(id));
        assert_eq!(replayed, all);
        standing
    }
}
