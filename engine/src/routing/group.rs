//! The state of one notification group's episode: all that is remembered between two calls of `advance`.
//!
//! It is stored as one JSON value. It must never hold a contact's address, or anything that can be looked up.

use super::circle::Circle;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use taydo_model::PersonId;
use taydo_model::alert::{Severity, Urgency};
use taydo_model::incident::log::Mute;
use taydo_model::incident::{GroupId, GroupKey, IncidentId, Standing};
use taydo_model::oncall::Policy;
use taydo_model::silence::Labels;

/// The most incidents of one episode. When it is full, the shell opens another episode of the same key: their messages to
/// one contact leave as one, so a flood costs people a few messages, and its state a few hundred kilobytes for each episode.
pub const MAX_MEMBERS: usize = 2_000;

/// Reports of what is open are noted at most so often.
const SUPPRESSED_FOR: SignedDuration = SignedDuration::from_secs(5);

/// Where an incident of the group stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Nobody has it.
    Triggered,
    /// Somebody has.
    Acknowledged {
        /// Who.
        person: PersonId,
        /// Since when: the time-out counts from here.
        at: Timestamp,
        /// Whether they were reminded.
        reminded: bool,
        /// The group's turn at that moment: what they are told later is news to them.
        turn: i64,
    },
    /// Somebody has put it off.
    Snoozed {
        /// Who.
        person: PersonId,
        /// Until when.
        until: Timestamp,
    },
    /// It is over, and will be told at the next flush.
    Resolved {
        /// Since when.
        at: Timestamp,
    },
}

/// An incident of the group, until it is over and that was told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// How bad.
    pub severity: Severity,
    /// What silences and inhibitions know it by.
    pub labels: Labels,
    /// Where it stands.
    pub state: State,
    /// Whether people were told of it, or have answered for it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub told: bool,
    /// Who they are: a circle of the group; none while nobody was told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) circle: Option<u32>,
    /// What keeps it from paging, as of the last flush.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mute: Option<Mute>,
    /// Whether it flaps.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub flapping: bool,
    /// Whether that changed since people were last told.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub flap_changed: bool,
    /// The steps of its check-list that are done, by their words in Vietnamese.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub ticked: BTreeSet<String>,
    /// When it was last noted that the same was reported again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) repeated_at: Option<Timestamp>,
}

impl Member {
    /// Whether it isn't over.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !matches!(self.state, State::Resolved { .. })
    }

    /// Whether people know of it, nobody has it, and nothing mutes it: what an escalation climbs for.
    pub(super) fn is_active(&self) -> bool {
        self.told && self.mute.is_none() && self.state == State::Triggered && !self.is_unsteady()
    }

    /// Whether it flaps and that was told: until it has settled nobody hears of it.
    pub(super) fn is_unsteady(&self) -> bool {
        self.flapping && !self.flap_changed
    }

    /// Where it stands, as the store has it.
    #[must_use]
    pub fn standing(&self) -> Standing {
        match self.state {
            State::Triggered => Standing::Triggered,
            State::Acknowledged { .. } => Standing::Acknowledged,
            State::Snoozed { .. } => Standing::Snoozed,
            State::Resolved { .. } => Standing::Resolved,
        }
    }
}

/// Whether somebody is being looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Nobody is.
    #[default]
    Idle,
    /// Step by step.
    Climbing,
    /// The steps are used up, and the fall-back was told.
    Exhausted,
}

/// The group's escalation: one goes from its first step until somebody answers, or until it is over.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Escalation {
    /// Counts the escalations of the group, from 1; 0 before the first.
    pub number: i64,
    /// Whether it goes on.
    pub stage: Stage,
    /// The index of the step that comes next.
    pub step: u32,
    /// How often the steps have been gone through.
    pub round: u32,
    /// How many steps have been taken, skipped ones included.
    pub taken: u32,
    /// When the next step is due; none while everything is muted.
    pub next_at: Option<Timestamp>,
    /// Who has answered.
    pub answered: BTreeSet<PersonId>,
    /// Who was paged by a step that wants everybody.
    pub everybody: BTreeSet<PersonId>,
}

/// One notification group's episode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// Its number.
    pub id: GroupId,
    /// What is told together.
    pub key: GroupKey,
    /// When it was last advanced: its time never goes back.
    #[serde(default)]
    pub(super) at: Option<Timestamp>,
    pub(super) members: BTreeMap<IncidentId, Member>,
    /// The policy as it was when the first incident was opened: editing it changes no live episode. None where the team had none.
    pub(super) policy: Option<Policy>,
    pub(super) flush_at: Option<Timestamp>,
    /// When those whom the escalation has paged were last told that it fires.
    pub(super) told_at: Option<Timestamp>,
    pub(super) escalation: Escalation,
    /// Everybody who was told that something fires, and the last escalation that paged them.
    pub(super) told: BTreeMap<PersonId, i64>,
    /// Who knows of the members that say so, and when the first message reached each. Members that were told together share
    /// a circle, so a flood costs no more than one incident.
    pub(super) circles: BTreeMap<u32, Circle>,
    /// Counts the messages, each of which may go to many: part of the pages' keys.
    pub(super) turn: i64,
    /// Counts the lines of the log.
    pub(super) lines: i64,
    pub(super) is_over: bool,
}

impl Group {
    /// A new episode, before its first incident.
    #[must_use]
    pub fn new(id: GroupId, key: GroupKey) -> Self {
        Self {
            id,
            key,
            at: None,
            members: BTreeMap::new(),
            policy: None,
            flush_at: None,
            told_at: None,
            escalation: Escalation::default(),
            told: BTreeMap::new(),
            circles: BTreeMap::new(),
            turn: 0,
            lines: 0,
            is_over: false,
        }
    }

    /// When it wants to be advanced next; `None` when the episode is over, or has not begun.
    #[must_use]
    pub fn next_wake(&self) -> Option<Timestamp> {
        if self.is_over {
            return None;
        }
        let timeout = self.acknowledgement_timeout();
        let people = self.members.values().filter_map(|member| match &member.state {
            State::Acknowledged { at, reminded, .. } => timeout.map(|timeout| *at + if *reminded { timeout } else { timeout / 2 }),
            State::Snoozed { until, .. } => Some(*until),
            State::Triggered | State::Resolved { .. } => None,
        });
        people.chain(self.flush_at).chain(self.escalation.next_at).min()
    }

    /// When it was last advanced, which may be later than whoever did so asked for; `None` before its first incident.
    #[must_use]
    pub fn at(&self) -> Option<Timestamp> {
        self.at
    }

    /// Whether all is over and told: the key's next incident begins another episode.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.is_over
    }

    /// How many more incidents it takes. The shell opens another episode of the same key for those beyond.
    #[must_use]
    pub fn room(&self) -> usize {
        if self.is_over { 0 } else { MAX_MEMBERS.saturating_sub(self.members.len()) }
    }

    /// Its incidents that are open, or over but not yet told to be.
    #[must_use]
    pub fn members(&self) -> &BTreeMap<IncidentId, Member> {
        &self.members
    }

    /// Where its escalation stands: what a person sees before pressing "escalate now".
    #[must_use]
    pub fn escalation(&self) -> &Escalation {
        &self.escalation
    }

    /// The policy that it climbs by.
    #[must_use]
    pub fn policy(&self) -> Option<&Policy> {
        self.policy.as_ref()
    }

    /// Everybody who was told in this episode that something fires.
    pub fn told(&self) -> impl Iterator<Item = &PersonId> {
        self.told.keys()
    }

    /// Whether a further report of an open incident is noted at `now`, or lies so close to the last one that is noted that
    /// it says nothing new.
    #[must_use]
    pub fn notes_repeats(&self, incident: IncidentId, now: Timestamp) -> bool {
        let member = self.members.get(&incident).filter(|member| member.is_open());
        member.is_some_and(|member| member.repeated_at.is_none_or(|at| now.duration_since(at) >= SUPPRESSED_FOR))
    }

    pub(super) fn acknowledgement_timeout(&self) -> Option<SignedDuration> {
        let timeout_s = self.policy.as_ref()?.acknowledgement_timeout_s?;
        Some(SignedDuration::from_secs(timeout_s.into()))
    }

    pub(super) fn select(&self, is_meant: impl Fn(&Member) -> bool) -> Vec<IncidentId> {
        self.members.iter().filter(|(_, member)| is_meant(member)).map(|(id, _)| *id).collect()
    }

    /// The worst of the members that are meant.
    pub(super) fn worst(&self, is_meant: impl Fn(&Member) -> bool) -> Option<Severity> {
        self.members.values().filter(|member| is_meant(member)).map(|member| member.severity).max()
    }

    /// How urgently an answer is wanted.
    pub(super) fn urgency(&self) -> Urgency {
        self.worst(Member::is_active).map_or(Urgency::Low, Severity::urgency)
    }
}
