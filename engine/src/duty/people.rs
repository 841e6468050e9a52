//! What each person carried: hours on call from recorded shifts, and pages from the log.
//!
//! It must never count the same hour of a person twice, nor what only tells people something.

use super::Record;
use jiff::Timestamp;
use jiff::civil::{Date, Time, time};
use std::collections::{BTreeMap, BTreeSet};
use taydo_model::PersonId;
use taydo_model::figures::{Night, PersonFigures};
use taydo_model::incident::log::Entry;
use taydo_model::page::PageKind;

/// When a night begins and ends, by a person's own clocks. The start belongs to it, the end doesn't.
const NIGHT: (Time, Time) = (time(22, 0, 0, 0), time(6, 0, 0, 0));

#[derive(Default)]
struct Carried {
    pages: u64,
    nights: BTreeMap<Date, u64>,
}

/// Counts for everybody.
pub(super) struct People<'r> {
    record: &'r Record,
    to: Timestamp,
    carried: BTreeMap<PersonId, Carried>,
    /// Pages of exercises, of all people.
    pub(super) exercise_pages: u64,
}

/// Whether somebody is wanted by such a page.
fn asks(kind: PageKind) -> bool {
    matches!(kind, PageKind::Firing | PageKind::StillFiring | PageKind::Exhausted | PageKind::Reminder)
}

/// The date of the evening of the night that a moment lies in.
fn night(record: &Record, person: &PersonId, at: Timestamp) -> Option<Date> {
    let shown = record.zones.get(person).unwrap_or(&record.zone).to_datetime(at);
    if shown.time() >= NIGHT.0 {
        Some(shown.date())
    } else if shown.time() < NIGHT.1 {
        shown.date().yesterday().ok()
    } else {
        None
    }
}

impl<'r> People<'r> {
    pub(super) fn new(record: &'r Record, to: Timestamp) -> Self {
        Self { record, to, carried: BTreeMap::new(), exercise_pages: 0 }
    }

    pub(super) fn count_pages(&mut self) {
        let record = self.record;
        for line in record.lines.iter().filter(|line| record.from <= line.at && line.at < self.to) {
            let Entry::Paged { kind, persons, .. } = &line.entry else { continue };
            let Some(key) = record.groups.get(&line.group).filter(|_| asks(*kind)) else { continue };
            if key.exercise {
                self.exercise_pages += persons.len() as u64;
                continue;
            }
            for person in persons {
                let carried = self.carried.entry(person.clone()).or_default();
                carried.pages += 1;
                if let Some(date) = night(record, person, line.at) {
                    *carried.nights.entry(date).or_default() += 1;
                }
            }
        }
    }

    /// Everybody's figures, by their ids.
    pub(super) fn finish(mut self) -> Vec<PersonFigures> {
        let mut shifts: BTreeMap<PersonId, Vec<(Timestamp, Timestamp)>> = BTreeMap::new();
        for shift in &self.record.shifts {
            let (from, to) = (shift.from.max(self.record.from), shift.to.unwrap_or(self.to).min(self.to));
            if from < to {
                shifts.entry(shift.person.clone()).or_default().push((from, to));
            }
        }
        let persons: BTreeSet<PersonId> = shifts.keys().chain(self.carried.keys()).cloned().collect();
        let figures = |person: PersonId| {
            let Carried { pages, nights } = self.carried.remove(&person).unwrap_or_default();
            let shifts = shifts.remove(&person).unwrap_or_default();
            PersonFigures {
                person,
                shifts: shifts.len() as u64,
                on_call_s: together_s(shifts),
                pages,
                night_pages: nights.values().sum(),
                nights: nights.into_iter().map(|(date, pages)| Night { date, pages }).collect(),
            }
        };
        persons.into_iter().map(figures).collect()
    }
}

/// How long at least one of the stretches lasts, in seconds.
fn together_s(mut stretches: Vec<(Timestamp, Timestamp)>) -> u64 {
    stretches.sort();
    let (mut whole, mut end) = (0_i64, None::<Timestamp>);
    for (from, to) in stretches {
        let from = end.map_or(from, |end| from.max(end));
        if from < to {
            whole += to.duration_since(from).as_secs();
            end = Some(to);
        }
    }
    whole.unsigned_abs()
}
