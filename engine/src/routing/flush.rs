//! Flushes: the moments at which a group says what is new, on a grid of the group's interval from its first message on.
//!
//! It must never tell of a closure whom nobody told that it had begun.

use super::Advance;
use super::climb::Restart;
use super::group::{Group, Member, Stage, State};
use super::mute::Sources;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;
use taydo_model::PersonId;
use taydo_model::alert::Severity;
use taydo_model::incident::IncidentId;
use taydo_model::incident::log::{Entry, Mute};
use taydo_model::page::PageKind;

/// Who has acknowledged last, and how bad the worst is of what is acknowledged.
struct Holder {
    person: PersonId,
    at: Timestamp,
    reminded: bool,
    turn: i64,
    worst: Severity,
}

impl Group {
    fn holder(&self) -> Option<Holder> {
        let held = self.members.values().filter_map(|member| match &member.state {
            State::Acknowledged { person, at, reminded, turn } => Some((*at, *turn, person, *reminded, member.severity)),
            _ => None,
        });
        let worst = held.clone().map(|(.., severity)| severity).max()?;
        let (at, turn, person, reminded, _) = held.max_by_key(|(at, turn, ..)| (*at, *turn))?;
        Some(Holder { person: person.clone(), at, reminded, turn, worst })
    }

    /// Those whom the current escalation has paged.
    fn audience(&self) -> Vec<PersonId> {
        let number = self.escalation.number;
        self.told.iter().filter(|(_, last)| **last == number).map(|(person, _)| person.clone()).collect()
    }
}

impl Advance<'_> {
    pub(super) fn flush(&mut self) {
        let Some(due) = self.group.flush_at.filter(|at| *at <= self.now) else { return };
        let interval_s = i64::from(self.settings.group_interval_s.max(1));
        // Flushes that were slept through are one.
        let missed = self.now.duration_since(due).as_secs() / interval_s;
        let flushed_at = due + SignedDuration::from_secs(missed * interval_s);
        self.group.flush_at = Some(flushed_at + SignedDuration::from_secs(interval_s));
        self.flushed_at = Some(flushed_at);

        let returned = self.refresh_mutes();
        let mut news = self.take_fresh().then_some(PageKind::Firing);
        if self.take_returned(&returned) | self.take_flaps() | self.is_repeat_due(flushed_at) {
            news = news.or(Some(PageKind::StillFiring));
        }
        // A new escalation tells everything to whom it pages.
        if let Some(kind) = news.filter(|_| self.restart.is_none()) {
            let audience = self.group.audience();
            self.page_firing(audience, kind);
        }
        self.tell_resolved();
    }

    fn restart(&mut self) {
        self.restart.get_or_insert(Restart::First { by: None });
    }

    /// Members that people are told of for the first time. Returns whether those paged so far are to hear of them.
    fn take_fresh(&mut self) -> bool {
        let is_fresh = |member: &Member| member.state == State::Triggered && !member.told && member.mute.is_none();
        let fresh = self.group.select(is_fresh);
        let Some(worst) = self.group.worst(is_fresh) else { return false };
        let before = self.group.worst(Member::is_active);
        for id in &fresh {
            if let Some(member) = self.group.members.get_mut(id) {
                // What begins to flap with its first message is told so by it.
                (member.told, member.flap_changed) = (true, member.flapping);
            }
        }
        self.flaps.extend(&fresh);
        match self.group.escalation.stage {
            // Whoever is being looked for is told of more of the same; but what may wake people starts anew.
            Stage::Climbing if before.is_some_and(|before| before.urgency() >= worst.urgency()) => true,
            Stage::Climbing | Stage::Exhausted => {
                self.restart();
                false
            }
            Stage::Idle => {
                if !self.join(&fresh, worst) {
                    self.restart();
                }
                false
            }
        }
    }

    /// What is no worse than what somebody has acknowledged is theirs too, and told to them alone. The time-out is that of
    /// what they have. Worse things, and those whose holder can't be told, are escalated.
    fn join(&mut self, fresh: &[IncidentId], worst: Severity) -> bool {
        let Some(holder) = self.group.holder().filter(|holder| worst <= holder.worst) else { return false };
        if self.directory.quiet_reach(&holder.person, worst.urgency(), self.group.key.exercise).is_empty() {
            return false;
        }
        let Holder { person, at, reminded, turn, .. } = holder;
        for id in fresh {
            if let Some(member) = self.group.members.get_mut(id) {
                member.state = State::Acknowledged { person: person.clone(), at, reminded, turn };
            }
        }
        self.log(fresh.to_vec(), Entry::Joined { person: person.clone() });
        self.draft(person, PageKind::Update).incidents.extend(fresh);
        true
    }

    /// Members whose mute has ended while they fire: told once. Returns whether those paged so far are to hear of it.
    fn take_returned(&mut self, returned: &[IncidentId]) -> bool {
        self.update_holders(returned);
        let is_waiting = |id: &IncidentId| self.group.members.get(id).is_some_and(Member::is_active);
        if !returned.iter().any(is_waiting) {
            return false;
        }
        self.go_on();
        true
    }

    /// Something that nobody heard of for a while waits for an answer again.
    fn go_on(&mut self) {
        match self.group.escalation.stage {
            Stage::Idle => self.restart(),
            Stage::Climbing if self.group.escalation.next_at.is_none() => self.resume(),
            Stage::Climbing | Stage::Exhausted => {}
        }
    }

    /// The climb goes on from where the mute had stopped it, when those who are told now had their time to answer.
    fn resume(&mut self) {
        let last = self.group.escalation.step.saturating_sub(1) as usize;
        let delay_s = self.group.policy.as_ref().and_then(|policy| policy.steps.get(last)).map_or(0, |step| step.delay_s);
        self.group.escalation.next_at = Some(self.now + SignedDuration::from_secs(delay_s.into()));
    }

    /// Members that began to flap, or have settled, since people were told. Returns whether those paged so far are to hear of it.
    fn take_flaps(&mut self) -> bool {
        let changed = self.group.select(|member| member.flap_changed && member.is_open() && member.mute.is_none() && member.told);
        self.flaps.extend(&changed);
        self.update_holders(&changed);
        let has_settled = |id: &&IncidentId| self.group.members.get(id).is_some_and(|member| member.is_active() && !member.flapping);
        if changed.iter().any(|id| has_settled(&id)) {
            self.go_on();
        }
        changed.iter().any(|id| self.group.members.get(id).is_some_and(Member::is_active))
    }

    /// Once everything was told: what flaps is nobody's business any more until it has settled.
    pub(super) fn forget_flaps(&mut self) {
        for id in std::mem::take(&mut self.flaps) {
            if let Some(member) = self.group.members.get_mut(&id) {
                member.flap_changed = false;
            }
        }
    }

    /// Tells whoever has acknowledged one of these.
    fn update_holders(&mut self, incidents: &[IncidentId]) {
        for id in incidents {
            let state = self.group.members.get(id).map(|member| member.state.clone());
            if let Some(State::Acknowledged { person, .. }) = state {
                self.draft(person, PageKind::Update).incidents.push(*id);
            }
        }
    }

    fn is_repeat_due(&self, flushed_at: Timestamp) -> bool {
        let repeat = SignedDuration::from_secs(self.settings.repeat_interval_s.into());
        self.group.escalation.stage != Stage::Idle
            && self.group.members.values().any(Member::is_active)
            && self.group.told_at.is_some_and(|told_at| flushed_at.duration_since(told_at) >= repeat)
    }

    /// Tells what is over to those who know that it had begun. An alert that another one explained until both were over is
    /// told with that one.
    fn tell_resolved(&mut self) {
        let resolved = self.group.select(|member| !member.is_open());
        if resolved.is_empty() {
            return;
        }
        let sources = Sources::new(self.directory);
        let explained = |member: &Member| !member.told && member.mute == Some(Mute::Inhibition);
        let beside = self.group.select(|member| !member.is_open() && explained(member) && !sources.explain(&member.labels));
        let known: Vec<(PersonId, Vec<IncidentId>)> = self
            .group
            .told
            .keys()
            .map(|person| {
                let knows = |id: &&IncidentId| self.group.members.get(id).is_some_and(|member| self.group.knows(person, member));
                (person.clone(), resolved.iter().filter(knows).copied().collect())
            })
            .collect();
        let is_told_of_all = self.restart.is_none();
        let audience: BTreeSet<PersonId> = self.group.audience().into_iter().filter(|_| is_told_of_all).collect();
        let active = self.group.select(Member::is_active);
        for (person, known) in known.into_iter().filter(|(_, known)| !known.is_empty()) {
            let still = if audience.contains(&person) { active.clone() } else { Vec::new() };
            let draft = self.draft(person, PageKind::Resolved);
            draft.resolved.extend(known.iter().chain(&beside));
            draft.incidents.extend(still);
        }
    }

    /// After a flush: what is over was told, and is forgotten; with the last of it the episode ends.
    pub(super) fn close(&mut self) {
        if self.flushed_at.is_none() {
            return;
        }
        let over = self.group.select(|member| !member.is_open());
        self.group.members.retain(|_, member| member.is_open());
        if self.group.members.is_empty() {
            self.group.is_over = true;
            self.group.flush_at = None;
            self.log(over, Entry::Closed);
        }
    }
}
