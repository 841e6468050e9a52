//! What events do to a group: incidents come and go, people answer.
//!
//! It must never page anybody: what is due follows from the state that it leaves.

use super::climb::Restart;
use super::group::{MAX_MEMBERS, Member, Stage, State};
use super::{Advance, Effect, Event, Opening, Refusal, Which};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use taydo_model::PersonId;
use taydo_model::incident::IncidentId;
use taydo_model::incident::log::{Again, Entry};
use taydo_model::oncall::Policy;

impl Advance<'_> {
    pub(super) fn take(&mut self, event: &Event) {
        match event {
            Event::Opened(opening) => self.open(opening),
            Event::Repeated { incident } => self.suppress(*incident),
            Event::Resolved { incident, cause } => self.resolve(vec![*incident], Entry::Resolved { cause: *cause }),
            Event::Flapping { incident } => self.flap(*incident, true),
            Event::Settled { incident } => self.flap(*incident, false),
            Event::Acknowledged { person, which, link } => self.acknowledge(person, *which, *link),
            Event::Taken { person, which, link } => self.assign(person, *which, *link),
            Event::Snoozed { person, which, link, until } => self.snooze(person, *which, *link, *until),
            Event::EscalateNow { person, escalation, taken } => self.escalate_now(person, *escalation, *taken),
            Event::Noted { person, which, text } => {
                // What is over can still be written about.
                let incidents = match which {
                    Which::One(incident) => vec![*incident],
                    Which::All => self.meant(Which::All, None),
                };
                self.log(incidents, Entry::Noted { person: person.clone(), text: text.clone() });
            }
            Event::Ticked { person, incident, step, done } => self.tick(person, *incident, step, *done),
            Event::Assigned { person, incident, assignment } => {
                if let Some(incidents) = self.answerable(Which::One(*incident), None) {
                    self.log(incidents, Entry::Assigned { person: person.clone(), assignment: assignment.clone() });
                }
            }
            Event::Merged { person, incident, into } => self.merge(person, *incident, *into),
            Event::Absorbed { person, incident, merged, persons } => self.absorb(person, *incident, *merged, persons),
            Event::ResolvedByHand { person, which, link } => {
                if let Some(incidents) = self.answerable(*which, *link) {
                    self.resolve(incidents, Entry::ResolvedByHand { person: person.clone() });
                }
            }
        }
    }

    pub(super) fn refuse(&mut self, refusal: Refusal) {
        self.effects.push(Effect::Refused(refusal));
    }

    fn open(&mut self, opening: &Opening) {
        let Opening { incident, severity, ref labels, flapping } = *opening;
        if self.group.members.contains_key(&incident) {
            return;
        }
        if self.group.is_over || self.group.members.len() >= MAX_MEMBERS {
            return self.refuse(Refusal::Full { incident });
        }
        if !self.group.members.values().any(Member::is_open) {
            self.group.policy = self.policy();
        }
        // Something worse than what people know of doesn't wait for the next flush; so at most one early flush for each
        // severity, however many alerts fire.
        let is_attended = |member: &Member| {
            member.told
                && member.mute.is_none()
                && !member.is_unsteady()
                && matches!(member.state, State::Triggered | State::Acknowledged { .. })
        };
        let is_worse = self.group.worst(is_attended).is_none_or(|worst| severity > worst);
        let first_at = self.now + SignedDuration::from_secs(self.settings.wait_s(severity).into());
        self.group.flush_at = Some(match self.group.flush_at {
            Some(at) if !is_worse => at,
            Some(at) => at.min(first_at),
            None => first_at,
        });
        let member = Member {
            severity,
            labels: labels.clone(),
            state: State::Triggered,
            told: false,
            circle: None,
            mute: None,
            flapping,
            flap_changed: false,
            ticked: BTreeSet::new(),
            repeated_at: None,
        };
        self.group.members.insert(incident, member);
        self.log(vec![incident], Entry::Opened { severity, flapping });
    }

    /// A report of what is open is noted, and not each one of a storm.
    fn suppress(&mut self, incident: IncidentId) {
        if !self.group.notes_repeats(incident, self.now) {
            return;
        }
        if let Some(member) = self.group.members.get_mut(&incident) {
            member.repeated_at = Some(self.now);
        }
        self.log(vec![incident], Entry::DuplicateSuppressed);
    }

    /// The team's policy as it is now, with the city's time-out where it has none.
    fn policy(&self) -> Option<Policy> {
        let mut policy = self.directory.policy(&self.group.key.team, self.now)?;
        policy.acknowledgement_timeout_s = policy.acknowledgement_timeout_s.or(self.settings.acknowledgement_timeout_s);
        Some(policy)
    }

    /// It is over at once in the log; people learn of it at the next flush.
    fn resolve(&mut self, incidents: Vec<IncidentId>, entry: Entry) {
        let mut over = Vec::new();
        for id in incidents {
            if let Some(member) = self.group.members.get_mut(&id).filter(|member| member.is_open()) {
                (member.state, member.flapping) = (State::Resolved { at: self.now }, false);
                over.push(id);
            }
        }
        if !over.is_empty() {
            self.log(over, entry);
            self.settle();
        }
    }

    fn flap(&mut self, incident: IncidentId, flapping: bool) {
        let open = self.group.members.get_mut(&incident).filter(|member| member.is_open() && member.flapping != flapping);
        if let Some(member) = open {
            (member.flapping, member.flap_changed) = (flapping, true);
            self.log(vec![incident], if flapping { Entry::Flapping } else { Entry::Settled });
        }
    }

    /// The open incidents that somebody means. By a message's link all are those that people have been told of.
    fn meant(&self, which: Which, link: Option<i64>) -> Vec<IncidentId> {
        match which {
            Which::One(incident) => {
                self.group.members.get(&incident).filter(|member| member.is_open()).map(|_| incident).into_iter().collect()
            }
            Which::All => self.group.select(|member| member.is_open() && (link.is_none() || member.told)),
        }
    }

    /// The open incidents that somebody may answer for; otherwise says why there are none.
    fn answerable(&mut self, which: Which, link: Option<i64>) -> Option<Vec<IncidentId>> {
        let incidents = self.meant(which, link);
        let current = self.group.escalation.number;
        if incidents.is_empty() {
            self.refuse(Refusal::AlreadyClosed);
            return None;
        }
        if link.is_some_and(|link| link != current) {
            self.refuse(Refusal::Superseded { current });
            return None;
        }
        Some(incidents)
    }

    fn acknowledge(&mut self, person: &PersonId, which: Which, link: Option<i64>) {
        let Some(incidents) = self.answerable(which, link) else { return };
        let holder = |id: &IncidentId| match self.group.members.get(id).map(|member| &member.state) {
            Some(State::Acknowledged { person, .. }) => Some(person),
            _ => None,
        };
        let waiting: Vec<_> = incidents.iter().copied().filter(|id| holder(id).is_none()).collect();
        let is_theirs = incidents.iter().all(|id| holder(id) == Some(person));
        let is_new = !is_theirs && !self.group.escalation.answered.contains(person);
        if waiting.is_empty() && !is_new {
            return self.refuse(Refusal::AlreadyAnswered);
        }
        self.group.escalation.answered.insert(person.clone());
        let escalation = self.group.escalation.number;
        if waiting.is_empty() {
            // Whoever answers second is noted, and the pages that only they were still wanted for end.
            self.log(incidents, Entry::Acknowledged { person: person.clone(), escalation });
            if self.group.escalation.stage == Stage::Idle {
                self.withdraw();
            }
            return;
        }
        self.hand_over(person, &waiting);
        self.log(waiting, Entry::Acknowledged { person: person.clone(), escalation });
        self.settle();
    }

    /// Makes them this person's, from now on.
    fn hand_over(&mut self, person: &PersonId, incidents: &[IncidentId]) {
        for id in incidents {
            if let Some(member) = self.group.members.get_mut(id) {
                member.state = State::Acknowledged { person: person.clone(), at: self.now, reminded: false, turn: self.group.turn };
            }
        }
    }

    fn assign(&mut self, person: &PersonId, which: Which, link: Option<i64>) {
        let Some(mut incidents) = self.answerable(which, link) else { return };
        let is_theirs = |id: &IncidentId| {
            let member = self.group.members.get(id);
            member.is_some_and(|member| matches!(&member.state, State::Acknowledged { person: theirs, .. } if theirs == person))
        };
        incidents.retain(|id| !is_theirs(id));
        if incidents.is_empty() {
            return self.refuse(Refusal::AlreadyAnswered);
        }
        self.group.escalation.answered.insert(person.clone());
        self.hand_over(person, &incidents);
        self.log(incidents, Entry::Taken { person: person.clone() });
        self.settle();
    }

    fn snooze(&mut self, person: &PersonId, which: Which, link: Option<i64>, until: Timestamp) {
        let Some(incidents) = self.answerable(which, link) else { return };
        if until <= self.now {
            return self.refuse(Refusal::PastSnooze);
        }
        for id in &incidents {
            if let Some(member) = self.group.members.get_mut(id) {
                member.state = State::Snoozed { person: person.clone(), until };
            }
        }
        self.group.escalation.answered.insert(person.clone());
        self.log(incidents, Entry::Snoozed { person: person.clone(), until });
        self.settle();
    }

    fn escalate_now(&mut self, person: &PersonId, escalation: i64, taken: u32) {
        if !self.group.members.values().any(Member::is_open) {
            return self.refuse(Refusal::AlreadyClosed);
        }
        let current = &self.group.escalation;
        if (current.number, current.taken) != (escalation, taken) || self.restart.is_some() {
            return self.refuse(Refusal::AlreadyEscalated);
        }
        // Somebody wants it told though it flaps.
        let unsteady = self.group.select(|member| member.is_open() && member.is_unsteady());
        for id in &unsteady {
            if let Some(member) = self.group.members.get_mut(id) {
                member.flap_changed = true;
            }
        }
        self.flaps.extend(unsteady);
        let held = self.group.select(|member| matches!(member.state, State::Acknowledged { .. } | State::Snoozed { .. }));
        let by = Some(person.clone());
        if self.group.members.values().any(Member::is_active) && current.stage == Stage::Climbing {
            self.group.escalation.next_at = Some(self.now);
            self.restart = Some(Restart::Step { by });
        } else if self.group.members.values().all(|member| !member.is_open() || member.mute.is_some()) {
            self.refuse(Refusal::Muted);
        } else if held.is_empty() && current.stage == Stage::Idle {
            // Nobody was told yet: the first flush doesn't wait any longer.
            self.group.flush_at = Some(self.now);
            self.restart = Some(Restart::First { by });
        } else {
            let first = current.stage == Stage::Exhausted;
            self.trigger_again(held, Again::Escalated);
            self.restart = Some(if first { Restart::First { by } } else { Restart::Onward { by } });
        }
    }

    pub(super) fn trigger_again(&mut self, incidents: Vec<IncidentId>, why: Again) {
        if incidents.is_empty() {
            return;
        }
        for id in &incidents {
            if let Some(member) = self.group.members.get_mut(id) {
                (member.state, member.told) = (State::Triggered, true);
            }
        }
        self.log(incidents, Entry::Triggered { why });
    }

    /// Snoozes that end, acknowledgements that run out, and reminders half-way.
    pub(super) fn expire(&mut self) {
        let now = self.now;
        let timeout = self.group.acknowledgement_timeout();
        let passed = |from: Timestamp, after: Option<SignedDuration>| after.is_some_and(|after| from + after <= now);
        let ended = self.group.select(|member| matches!(member.state, State::Snoozed { until, .. } if until <= now));
        let timed_out = self.group.select(|member| matches!(member.state, State::Acknowledged { at, .. } if passed(at, timeout)));
        if !ended.is_empty() || !timed_out.is_empty() {
            self.restart = Some(Restart::First { by: None });
        }
        self.trigger_again(ended, Again::SnoozeEnded);
        self.trigger_again(timed_out, Again::AcknowledgementTimedOut);
        let mut reminders: Vec<(PersonId, IncidentId)> = Vec::new();
        for (id, member) in &mut self.group.members {
            if let State::Acknowledged { person, at, reminded, .. } = &mut member.state
                && !*reminded
                && passed(*at, timeout.map(|timeout| timeout / 2))
            {
                *reminded = true;
                reminders.extend(member.mute.is_none().then(|| (person.clone(), *id)));
            }
        }
        for (person, incident) in reminders {
            self.draft(person, taydo_model::page::PageKind::Reminder).incidents.push(incident);
        }
    }
}
