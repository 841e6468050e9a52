//! What routing looks up: people, teams and policies as they are now, who is on call, what is muted, and the settings.
//!
//! It must never change while a group advances: the shell hands over one consistent view.

use super::mute::{Firing, Inhibition};
use jiff::Timestamp;
use std::collections::BTreeMap;
use taydo_model::alert::{Severity, Urgency};
use taydo_model::duty::{Duty, Steward, Timings};
use taydo_model::oncall::{Channel, Contact, ContactId, Person, Policy, Step, Target, Team};
use taydo_model::silence::Silence;
use taydo_model::{PersonId, PolicyId, RotaId, TeamId};

/// Quiet hours and office hours that take turns in holding a message: more often than in a week of them is not looked.
const MOST_HOLDS: usize = 16;

/// How long messages of a group wait for each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// How long a group's first message waits for more, in seconds. A critical incident waits for nothing.
    pub group_wait_s: u32,
    /// The time between two messages of a group with something new, in seconds; at least one.
    pub group_interval_s: u32,
    /// After what time without news people are told again that it still fires, in seconds; rounded up to a flush.
    pub repeat_interval_s: u32,
    /// After what time an acknowledged incident is triggered again, in seconds, where the policy doesn't say; `None`: never.
    pub acknowledgement_timeout_s: Option<u32>,
    /// Who is told when a team has no policy, or its fall-back can't be reached.
    pub keeper: Option<PersonId>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { group_wait_s: 30, group_interval_s: 5 * 60, repeat_interval_s: 4 * 3600, acknowledgement_timeout_s: None, keeper: None }
    }
}

impl Settings {
    /// The usual times, as far as these don't say otherwise.
    #[must_use]
    pub fn new(timings: Timings, keeper: Option<PersonId>) -> Self {
        let usual = Self::default();
        Self {
            group_wait_s: timings.group_wait_s.unwrap_or(usual.group_wait_s),
            group_interval_s: timings.group_interval_s.unwrap_or(usual.group_interval_s),
            repeat_interval_s: timings.repeat_interval_s.unwrap_or(usual.repeat_interval_s),
            acknowledgement_timeout_s: timings.acknowledgement_timeout_s,
            keeper,
        }
    }

    /// How long a first message about it waits for more, in seconds.
    pub(super) fn wait_s(&self, severity: Severity) -> u32 {
        if severity == Severity::Critical { 0 } else { self.group_wait_s }
    }
}

/// A view of everything that routing looks up.
#[derive(Clone, Copy)]
pub struct Directory<'d> {
    /// Everybody who may be paged.
    pub persons: &'d BTreeMap<PersonId, Person>,
    /// The teams.
    pub teams: &'d BTreeMap<TeamId, Team>,
    /// The policies.
    pub policies: &'d BTreeMap<PolicyId, Policy>,
    /// Who is on call by a rota at a moment.
    pub on_call: &'d dyn Fn(&RotaId, Timestamp) -> Vec<PersonId>,
    /// Until when a message of low urgency waits for a person's quiet hours to end; `None` outside of them.
    pub held_until: &'d dyn Fn(&Person, Timestamp) -> Option<Timestamp>,
    /// The silences and the maintenance: at least those in force.
    pub silences: &'d [Silence],
    /// Which alerts explain which others.
    pub inhibitions: &'d [Inhibition],
    /// The alerts that fire now, of all groups: at least those that an inhibition has as its source.
    pub firing: &'d [Firing],
    /// What the city's files say of the duty.
    pub duty: &'d Duty,
    /// Who is told when nobody else can be.
    pub keeper: Option<&'d PersonId>,
}

impl Directory<'_> {
    /// By what a person is reached for a page of an urgency: contacts with the minutes after which each is used, the soonest
    /// first. Who has a usable contact but no rule that leads to one is reached by the first such contact at once. Nobody
    /// without a usable contact is reached. Exercises use contacts for exercises, and nothing else does.
    pub(super) fn reach(&self, person: &PersonId, urgency: Urgency, exercise: bool) -> Vec<(&Contact, u32)> {
        let Some(person) = self.persons.get(person) else { return Vec::new() };
        let usable = |contact: &&Contact| contact.is_usable_in(exercise);
        let contact = |id: ContactId| person.contacts.iter().filter(usable).find(|contact| contact.id == id);
        let rules = person.rules.iter().filter(|rule| rule.urgency == urgency);
        let mut reach: Vec<_> = rules.filter_map(|rule| Some((contact(rule.contact)?, rule.after_min))).collect();
        if reach.is_empty() {
            reach.extend(person.contacts.iter().find(usable).map(|contact| (contact, 0)));
        }
        reach.sort_by_key(|(contact, after_min)| (*after_min, contact.id));
        reach.dedup();
        reach
    }

    /// By what a person is told what needs no answer: the first of the contacts, at once; a call only where there is nothing else.
    pub(super) fn quiet_reach(&self, person: &PersonId, urgency: Urgency, exercise: bool) -> Vec<(&Contact, u32)> {
        let reach = self.reach(person, urgency, exercise);
        let silent = reach.iter().find(|(contact, _)| contact.channel != Channel::Voice).or(reach.first());
        silent.map(|(contact, _)| (*contact, 0)).into_iter().collect()
    }

    /// Until when a message of a team to this person waits; `None` when it may go. A steward is told in office hours that
    /// are not quiet.
    pub(super) fn held(&self, team: &TeamId, person: &PersonId, urgency: Urgency, at: Timestamp) -> Option<Timestamp> {
        let person = self.persons.get(person).filter(|_| urgency == Urgency::Low)?;
        let steward = self.duty.steward(team).filter(|_| self.is_steward(team, &person.id, at));
        let mut end = at;
        // Both kinds of hours are over when neither holds it any longer.
        for _ in 0..MOST_HOLDS {
            let quiet = (self.held_until)(person, end).unwrap_or(end).max(end);
            let next = steward.map_or(quiet, |steward| steward.hours_from(quiet));
            if next == end {
                break;
            }
            end = next;
        }
        (end > at).then_some(end)
    }

    /// Whether somebody is the steward for whom a team stands; the shift lead, who is told after the steward, is awake.
    fn is_steward(&self, team: &TeamId, person: &PersonId, at: Timestamp) -> bool {
        let is_lead = self.duty.shift_lead.iter().any(|lead| self.persons(std::slice::from_ref(lead), at).contains(person));
        !is_lead && self.duty.steward(team).is_some()
    }

    /// How long the messages of a team wait: by the team, else by the city's files for it, else by these for all.
    pub(super) fn settings(&self, team: &TeamId) -> Settings {
        let own = self.teams.get(team).map(|team| team.timings).unwrap_or_default();
        Settings::new(own.or(self.duty.timings_of(team)), self.keeper.cloned())
    }

    /// The policy of a team as it is now. A team without one has nobody but the keeper of the server.
    pub(super) fn policy(&self, team: &TeamId, at: Timestamp) -> Option<Policy> {
        if let Some(steward) = self.duty.steward(team) {
            return self.policy_of(team, steward, at);
        }
        self.policies.get(&self.teams.get(team)?.policy).cloned()
    }

    /// First the steward, and after the steward's time the shift lead. Where that ends with nobody the keeper is told.
    fn policy_of(&self, team: &TeamId, steward: &Steward, at: Timestamp) -> Option<Policy> {
        let targets: Vec<&Target> = [&steward.target].into_iter().chain(&self.duty.shift_lead).collect();
        let step = |target: &&Target| Step { targets: vec![(*target).clone()], delay_s: steward.lead_after_s, everybody: false };
        let somebody = || targets.iter().rev().find_map(|target| self.persons(&[(*target).clone()], at).into_iter().next());
        let fallback = self.keeper.cloned().or_else(somebody)?;
        let steps = targets.iter().map(step).collect();
        let id = PolicyId::new(team.as_str()).ok()?;
        Some(Policy { id, steps, repeats: 0, fallback, acknowledgement_timeout_s: None })
    }

    /// Everybody whom the targets mean at a moment, each once, in the order of the targets.
    pub(super) fn persons(&self, targets: &[Target], at: Timestamp) -> Vec<PersonId> {
        let mut persons: Vec<PersonId> = Vec::new();
        for target in targets {
            let meant = match target {
                Target::Person(person) => vec![person.clone()],
                Target::Rota(rota) => (self.on_call)(rota, at),
                Target::Team(team) => self.teams.get(team).map(|team| team.members.clone()).unwrap_or_default(),
            };
            for person in meant {
                if !persons.contains(&person) {
                    persons.push(person);
                }
            }
        }
        persons
    }
}
