//! What people do about an incident beside answering: ticks of its check-list, and merging it with another.
//!
//! It must never tell anybody that something is over which goes on as a part of something else.

use super::circle::{Circle, Known};
use super::group::{Group, State};
use super::{Advance, Refusal};
use jiff::Timestamp;
use taydo_model::incident::IncidentId;
use taydo_model::incident::log::Entry;
use taydo_model::{PersonId, Text};

impl Group {
    /// Whether an incident of the group is open.
    #[must_use]
    pub fn is_open(&self, incident: IncidentId) -> bool {
        self.members.get(&incident).is_some_and(super::Member::is_open)
    }

    /// Who was told of an incident by `now`, and has to learn of its end.
    #[must_use]
    pub fn knowing(&self, incident: IncidentId, now: Timestamp) -> Vec<PersonId> {
        let circle = self.members.get(&incident).and_then(|member| self.circles.get(&member.circle?));
        let told = circle.into_iter().flatten().filter(|(_, known)| known.since <= now);
        told.map(|(person, _)| person.clone()).collect()
    }
}

impl Advance<'_> {
    /// A step that is done, or undone, once: pressed twice it is one line.
    pub(super) fn tick(&mut self, person: &PersonId, incident: IncidentId, step: &Text, done: bool) {
        let Some(member) = self.group.members.get_mut(&incident).filter(|member| member.is_open()) else {
            return self.refuse(Refusal::AlreadyClosed);
        };
        let is_new = if done { member.ticked.insert(step.vi.clone()) } else { member.ticked.remove(&step.vi) };
        if !is_new {
            return self.refuse(Refusal::AlreadyTicked);
        }
        let (person, step) = (person.clone(), step.clone());
        self.log(vec![incident], if done { Entry::Ticked { person, step } } else { Entry::Unticked { person, step } });
    }

    /// Closes an incident that goes on as a part of another. Its end is the other's, so nobody is told of one now.
    pub(super) fn merge(&mut self, person: &PersonId, incident: IncidentId, into: IncidentId) {
        let Some(member) = self.group.members.get_mut(&incident).filter(|member| member.is_open()) else {
            return self.refuse(Refusal::AlreadyClosed);
        };
        (member.state, member.flapping, member.circle, member.mute) = (State::Resolved { at: self.now }, false, None, None);
        self.log(vec![incident], Entry::Merged { person: person.clone(), into });
        self.settle();
    }

    /// Those who know of the merged one are from now on among those who know of this one.
    pub(super) fn absorb(&mut self, person: &PersonId, incident: IncidentId, merged: IncidentId, persons: &[PersonId]) {
        if !self.group.is_open(incident) {
            return self.refuse(Refusal::AlreadyClosed);
        }
        let known = Known { since: self.now, turn: self.group.turn };
        let circle: Circle = persons.iter().map(|person| (person.clone(), known)).collect();
        if !circle.is_empty() {
            self.group.widen(&[incident], &circle);
        }
        for person in persons {
            self.group.told.entry(person.clone()).or_insert(0);
        }
        let persons = persons.to_vec();
        self.log(vec![incident], Entry::Absorbed { person: person.clone(), merged, persons });
    }
}
