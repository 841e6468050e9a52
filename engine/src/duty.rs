//! The duty's figures: what a time's log lines and recorded shifts say of how alerts were answered, and of who carried how much.
//!
//! Everything is reckoned from what was written down when it happened. It must never look at a rota or at an alert as they are
//! now, nor count an exercise among what is real.

mod life;
mod load;
mod people;
pub mod record;
#[cfg(test)]
mod tests;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use life::Life;
use std::collections::BTreeMap;
use taydo_model::figures::{ExerciseFigures, Figures, Group, IncidentFigures, RecordedShift, Times};
use taydo_model::incident::log::LogLine;
use taydo_model::incident::{GroupId, GroupKey, IncidentId};
use taydo_model::{AreaId, PersonId, RuleId};

/// What an incident's log doesn't say of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fact {
    /// In which group it is told.
    pub group: GroupId,
    /// The rule that opened it, where one did.
    pub rule: Option<RuleId>,
    /// Where.
    pub area: Option<AreaId>,
}

/// Everything that was written down of a time.
#[derive(Debug, Clone)]
pub struct Record {
    /// From when on; it belongs to the time.
    pub from: Timestamp,
    /// Until when; it doesn't.
    pub to: Timestamp,
    /// The groups whose episodes touch the time.
    pub groups: BTreeMap<GroupId, GroupKey>,
    /// Their incidents, but those that were merged into others. One that is not here counts nothing.
    pub incidents: BTreeMap<IncidentId, Fact>,
    /// Their whole logs, each in its order.
    pub lines: Vec<LogLine>,
    /// The shifts that touch the time.
    pub shifts: Vec<RecordedShift>,
    /// The city's zone, by whose days is counted.
    pub zone: TimeZone,
    /// The zones of those who are elsewhere, by whose nights is counted.
    pub zones: BTreeMap<PersonId, TimeZone>,
}

impl Record {
    /// The figures as of `now`: what lies after it has not been.
    #[must_use]
    pub fn figures(&self, now: Timestamp) -> Figures {
        let to = self.to.min(now);
        let lives = life::lives(&self.lines);
        let known = |(id, life)| self.incidents.get(id).and_then(|fact| Some((fact, self.groups.get(&fact.group)?, life)));
        let (exercises, real): (Vec<_>, Vec<_>) = lives.iter().filter_map(known).partition(|(_, key, _)| key.exercise);
        let is_within = |at: Timestamp| self.from <= at && at < to;
        let mut people = people::People::new(self, to);
        people.count_pages();
        let opened: Vec<Case<'_>> =
            real.iter().filter(|(_, _, life)| is_within(life.opened_at)).map(|(fact, key, life)| Case { fact, key, life }).collect();
        Figures {
            incidents: incidents(&opened),
            load: load::load(self, &real, to),
            exercises: ExerciseFigures {
                opened: exercises.iter().filter(|(_, _, life)| is_within(life.opened_at)).count() as u64,
                pages: people.exercise_pages,
            },
            people: people.finish(),
        }
    }
}

/// One incident with all that is known of it.
struct Case<'r> {
    fact: &'r Fact,
    key: &'r GroupKey,
    life: &'r Life,
}

fn incidents(opened: &[Case<'_>]) -> IncidentFigures {
    let count = |is: &dyn Fn(&Life) -> bool| opened.iter().filter(|case| is(case.life)).count() as u64;
    let mut by_severity = by(opened.iter().map(|case| (case.life.severity, case)));
    by_severity.reverse();
    IncidentFigures {
        opened: opened.len() as u64,
        acknowledged: count(&|life| life.acknowledge_s().is_some()),
        joined: count(&|life| life.joined),
        never_acknowledged: count(&|life| life.answered_at.is_none() && life.resolved_at.is_some()),
        waiting: count(&|life| life.answered_at.is_none() && life.resolved_at.is_none()),
        resolved: count(&|life| life.resolved_at.is_some()),
        time_to_acknowledge: Times::of(opened.iter().filter_map(|case| case.life.acknowledge_s()).collect()),
        time_to_resolve: Times::of(opened.iter().filter_map(|case| case.life.resolve_s()).collect()),
        by_severity,
        by_team: by(opened.iter().map(|case| (case.key.team.clone(), case))),
        by_domain: by(opened.iter().map(|case| (case.key.domain.clone(), case))),
        by_area: by(opened.iter().filter_map(|case| Some((case.fact.area.clone()?, case)))),
    }
}

/// The incidents by something that they have in common, in its order.
fn by<'c, K: Ord>(cases: impl Iterator<Item = (K, &'c Case<'c>)>) -> Vec<Group<K>> {
    let mut groups: BTreeMap<K, Vec<&Life>> = BTreeMap::new();
    for (key, case) in cases {
        groups.entry(key).or_default().push(case.life);
    }
    let mean = |times: Vec<f64>| Times::of(times).map(|times| times.mean_s);
    let group = |(key, lives): (K, Vec<&Life>)| Group {
        key,
        opened: lives.len() as u64,
        acknowledged: lives.iter().filter(|life| life.acknowledge_s().is_some()).count() as u64,
        acknowledge_mean_s: mean(lives.iter().filter_map(|life| life.acknowledge_s()).collect()),
        resolve_mean_s: mean(lives.iter().filter_map(|life| life.resolve_s()).collect()),
    };
    groups.into_iter().map(group).collect()
}
