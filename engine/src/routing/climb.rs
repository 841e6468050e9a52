//! Escalation: one step after the other while nobody answers, and the fall-back at the end.
//!
//! It must never end in silence: when a step has nobody it goes on at once, and when none has, somebody is told all the same.

use super::group::{Escalation, Member, Stage, State};
use super::{Advance, Effect, Withdrawal};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use taydo_model::PersonId;
use taydo_model::incident::log::{Entry, Exhaustion};
use taydo_model::oncall::Step;
use taydo_model::page::PageKind;

/// A step that is taken later than this counts its delay from when it was taken: whoever was paged late gets the whole time.
const LATE: SignedDuration = SignedDuration::from_secs(60);

/// How an escalation is to go on, apart from time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Restart {
    /// A new one, from its first step.
    First {
        /// Who wanted it.
        by: Option<PersonId>,
    },
    /// A new one, from the step that comes after those already taken.
    Onward {
        /// Who wanted it.
        by: Option<PersonId>,
    },
    /// The next step of the same one.
    Step {
        /// Who wanted it.
        by: Option<PersonId>,
    },
}

/// The kinds of page that an answer ends. A digest may tell of more; whether it is wanted is asked when it is due.
const ENDED: [PageKind; 4] = [PageKind::Firing, PageKind::StillFiring, PageKind::Exhausted, PageKind::Reminder];

impl Advance<'_> {
    /// After answers and closures: nobody is looked for any more when nothing that people know of still waits for an answer.
    pub(super) fn settle(&mut self) {
        let waits = |member: &Member| member.told && member.state == State::Triggered;
        let escalation = &mut self.group.escalation;
        let has_ended = escalation.stage != Stage::Idle && !self.group.members.values().any(waits);
        if has_ended {
            (escalation.stage, escalation.next_at) = (Stage::Idle, None);
        }
        let is_over = !escalation.everybody.is_empty() && !self.group.members.values().any(Member::is_open);
        if has_ended || is_over {
            self.withdraw();
        }
    }

    /// Ends the pages of the current escalation that still wait. Who was paged by a step that wants everybody, and hasn't
    /// answered, goes on being paged until it is over.
    pub(super) fn withdraw(&mut self) {
        let Escalation { number: escalation, everybody, answered, .. } = &self.group.escalation;
        let escalation = *escalation;
        let is_over = !self.group.members.values().any(Member::is_open);
        let stays = |person: &PersonId| !is_over && everybody.contains(person) && !answered.contains(person);
        let any_stays = everybody.iter().any(&stays);
        let gone: BTreeSet<PersonId> = self.group.told.keys().filter(|person| !stays(person)).cloned().collect();
        self.group.narrow(&gone, self.now);
        let withdrawal = |person| Effect::Withdraw(Withdrawal { group: self.group.id, escalation, kinds: ENDED.to_vec(), person });
        if any_stays {
            let each: Vec<_> = gone.into_iter().map(|person| withdrawal(Some(person))).collect();
            self.effects.extend(each);
        } else {
            let all = withdrawal(None);
            self.effects.push(all);
        }
    }

    /// Takes the step that is due, or that somebody wanted, or begins a new escalation.
    pub(super) fn climb(&mut self) {
        let due = self.group.escalation.next_at.filter(|at| *at <= self.now);
        let restart = self.restart.take();
        if due.is_none() && restart.is_none() {
            return;
        }
        self.refresh_silences();
        if !self.group.members.values().any(Member::is_active) {
            // Muted: a flush at which something returns goes on from here.
            if self.group.escalation.stage == Stage::Climbing {
                self.group.escalation.next_at = None;
            }
            return;
        }
        match restart {
            Some(Restart::First { by }) => self.begin(0, 0, by),
            Some(Restart::Onward { by }) => self.begin(self.group.escalation.step, self.group.escalation.round, by),
            Some(Restart::Step { by }) => self.step(self.now, by),
            None => self.step(due.unwrap_or(self.now), None),
        }
    }

    /// A new escalation, whose number makes the links and the waiting pages of the one before void.
    fn begin(&mut self, step: u32, round: u32, by: Option<PersonId>) {
        if self.group.escalation.stage != Stage::Idle || !self.group.escalation.everybody.is_empty() {
            self.group.escalation.everybody.clear();
            self.withdraw();
        }
        let number = self.group.escalation.number + 1;
        self.group.escalation = Escalation { number, stage: Stage::Climbing, step, round, ..Escalation::default() };
        self.step(self.now, by);
    }

    /// Pages the next step that has somebody. `scheduled` is when it was due.
    fn step(&mut self, scheduled: Timestamp, mut by: Option<PersonId>) {
        let from = if self.now.duration_since(scheduled) > LATE { self.now } else { scheduled };
        let Some(policy) = self.group.policy.clone() else { return self.exhaust(Exhaustion::NobodyThere) };
        let (mut skipped, mut is_wrapped) = (0, false);
        loop {
            let Some(step) = policy.steps.get(self.group.escalation.step as usize) else {
                if skipped >= policy.steps.len() {
                    return self.exhaust(Exhaustion::NobodyThere);
                }
                // A round that took no time isn't repeated.
                if self.group.escalation.round >= policy.repeats || is_wrapped {
                    return self.exhaust(Exhaustion::NobodyAnswered);
                }
                self.group.escalation.round += 1;
                self.group.escalation.step = 0;
                is_wrapped = true;
                continue;
            };
            match self.page_step(step, by.take()) {
                None => skipped += 1,
                Some(seen_at) => {
                    let next_at = from.max(seen_at) + SignedDuration::from_secs(step.delay_s.into());
                    self.group.escalation.next_at = Some(next_at);
                    if next_at > self.now {
                        return;
                    }
                    skipped = 0;
                }
            }
        }
    }

    /// Pages everybody of a step, and returns when the first of them can see it; `None` where there is nobody.
    fn page_step(&mut self, step: &Step, by: Option<PersonId>) -> Option<Timestamp> {
        let escalation = &mut self.group.escalation;
        let (number, place, round) = (escalation.number, escalation.step + 1, escalation.round + 1);
        escalation.step += 1;
        escalation.taken += 1;
        let (urgency, exercise) = (self.group.urgency(), self.group.key.exercise);
        let mut persons = self.directory.persons(&step.targets, self.now);
        persons.retain(|person| !self.directory.reach(person, urgency, exercise).is_empty());
        let incidents = self.group.select(Member::is_active);
        if persons.is_empty() {
            self.log(incidents, Entry::NoTarget { escalation: number, step: place, round });
            return None;
        }
        self.log(incidents, Entry::Escalated { escalation: number, step: place, round, by });
        if step.everybody {
            self.group.escalation.everybody.extend(persons.iter().cloned());
        }
        Some(self.page_firing(persons, PageKind::Firing))
    }

    /// Tells these persons of all that waits for an answer, and returns when the first of them can see it: nobody is waited
    /// for in quiet hours who is told at their end.
    pub(super) fn page_firing(&mut self, persons: Vec<PersonId>, kind: PageKind) -> Timestamp {
        let (incidents, urgency) = (self.group.select(Member::is_active), self.group.urgency());
        let seen =
            persons.iter().map(|person| self.directory.held(&self.group.key.team, person, urgency, self.now).unwrap_or(self.now)).min();
        for person in persons {
            self.draft(person, kind).incidents.extend(&incidents);
        }
        let seen = seen.unwrap_or(self.now);
        self.group.told_at = Some(if seen > self.now { seen } else { self.flushed_at.unwrap_or(self.now) });
        seen
    }

    /// The steps are used up: the fall-back is told, or else the keeper of the server.
    fn exhaust(&mut self, why: Exhaustion) {
        let number = self.group.escalation.number;
        self.group.escalation.stage = Stage::Exhausted;
        self.group.escalation.next_at = None;
        let incidents = self.group.select(Member::is_active);
        self.log(incidents.clone(), Entry::Exhausted { escalation: number, why });
        let (urgency, exercise) = (self.group.urgency(), self.group.key.exercise);
        let fallback = self.group.policy.as_ref().map(|policy| policy.fallback.clone());
        let mut persons = fallback.into_iter().chain(self.directory.keeper.cloned());
        match persons.find(|person| !self.directory.reach(person, urgency, exercise).is_empty()) {
            Some(person) => {
                self.page_firing(vec![person], PageKind::Exhausted);
            }
            None => {
                self.log(incidents, Entry::Unreachable { escalation: number });
                self.effects.push(Effect::Unreachable);
            }
        }
    }
}
