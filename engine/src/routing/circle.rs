//! Who knows of what: whoever was paged about an incident learns of its end, and nobody else does.
//!
//! Members that were told together share a circle, so a flood costs no more than one incident. It must never hold who is to be
//! told: only who was, or will be unless an answer comes first.

use super::group::{Group, Member, State};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use taydo_model::PersonId;
use taydo_model::incident::IncidentId;

/// The people who know of something.
pub(super) type Circle = BTreeMap<PersonId, Known>;

/// Since when somebody knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Known {
    /// When the first message is due.
    pub(super) since: Timestamp,
    /// The turn in which it was decided.
    pub(super) turn: i64,
}

impl Group {
    /// Whether a person was told of a member, that is over now, while it was open.
    pub(super) fn knows(&self, person: &PersonId, member: &Member) -> bool {
        let State::Resolved { at } = member.state else { return false };
        let known = member.circle.and_then(|circle| self.circles.get(&circle)).and_then(|circle| circle.get(person));
        known.is_some_and(|known| known.since <= at)
    }

    /// Notes that these persons learn of these members.
    pub(super) fn widen(&mut self, incidents: &[IncidentId], persons: &Circle) {
        self.change_circles(
            incidents,
            |_| (),
            |circle, ()| {
                for (person, new) in persons {
                    let known = circle.entry(person.clone()).or_insert(*new);
                    *known = *new.min(known);
                }
            },
        );
    }

    /// Notes that what these persons would have been told later is withdrawn. What is news of something to its holder stays.
    pub(super) fn narrow(&mut self, gone: &BTreeSet<PersonId>, now: Timestamp) {
        let all: Vec<IncidentId> = self.members.keys().copied().collect();
        let holder = |member: &Member| match &member.state {
            State::Acknowledged { person, turn, .. } => Some((person.clone(), *turn)),
            _ => None,
        };
        self.change_circles(&all, holder, |circle, holder| {
            let is_news =
                |person: &PersonId, known: &Known| holder.as_ref().is_some_and(|(held_by, turn)| held_by == person && *turn < known.turn);
            circle.retain(|person, known| known.since <= now || !gone.contains(person) || is_news(person, known));
        });
    }

    /// Changes the circles of some members. Those of one circle that are alike are changed alike, and still share one.
    fn change_circles<K: Ord>(&mut self, incidents: &[IncidentId], kind: impl Fn(&Member) -> K, change: impl Fn(&mut Circle, &K)) {
        let mut changed: BTreeMap<(Option<u32>, K), u32> = BTreeMap::new();
        for id in incidents {
            let Some(member) = self.members.get_mut(id) else { continue };
            let circles = &mut self.circles;
            let number = *changed.entry((member.circle, kind(member))).or_insert_with_key(|(was, kind)| {
                let before = was.and_then(|was| circles.get(&was)).cloned().unwrap_or_default();
                let mut circle = before.clone();
                change(&mut circle, kind);
                match was {
                    Some(was) if circle == before => *was,
                    _ => {
                        let number = circles.last_key_value().map_or(1, |(last, _)| last + 1);
                        circles.insert(number, circle);
                        number
                    }
                }
            });
            member.circle = Some(number);
        }
        let used: BTreeSet<u32> = self.members.values().filter_map(|member| member.circle).collect();
        self.circles.retain(|number, _| used.contains(number));
    }
}
