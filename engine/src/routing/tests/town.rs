//! The people of the scripts, their team, its policy and its rotas.
//!
//! It must never change by itself: a script changes it.

use super::script::{length, moment, start};
use crate::routing::{Directory, Firing, Inhibition};
use jiff::Timestamp;
use std::collections::BTreeMap;
use taydo_model::alert::Urgency;
use taydo_model::duty::{Duty, Timings};
use taydo_model::oncall::{Channel, Contact, ContactId, Person, PersonalRule, Policy, QuietHours, Step, Target, Team};
use taydo_model::silence::{Matcher, Silence};
use taydo_model::{PersonId, PolicyId, RotaId, TeamId};

pub(super) struct Town {
    persons: BTreeMap<PersonId, Person>,
    teams: BTreeMap<TeamId, Team>,
    policies: BTreeMap<PolicyId, Policy>,
    /// Each rota's people, each until a moment.
    rotas: BTreeMap<RotaId, Vec<(Timestamp, Vec<PersonId>)>>,
    pub(super) silences: Vec<Silence>,
    inhibitions: Vec<Inhibition>,
    pub(super) duty: Duty,
    keeper: Option<PersonId>,
    pub(super) is_exercise: bool,
}

fn contact(id: i64, channel: Channel) -> Contact {
    Contact { id: ContactId(id), channel, address: format!("{id}"), verified_at: Some(start()), disabled_at: None, exercise: false }
}

fn person(name: &str) -> Person {
    let rules = [Urgency::Low, Urgency::High].map(|urgency| PersonalRule { urgency, contact: ContactId(1), after_min: 0 });
    Person {
        id: name.parse().unwrap(),
        name: name.to_owned(),
        zone: "UTC".to_owned(),
        language: "vi".to_owned(),
        quiet: None,
        contacts: vec![contact(1, Channel::Sms)],
        rules: rules.to_vec(),
    }
}

fn target(word: &str) -> Target {
    match word.split_once(':') {
        Some(("rota", rota)) => Target::Rota(rota.parse().unwrap()),
        Some(("team", team)) => Target::Team(team.parse().unwrap()),
        _ => Target::Person(word.parse().unwrap()),
    }
}

/// `u1 30m | u2,rota:night 1h everybody | repeat 2 | timeout 1h`; the fall-back is `chief`.
fn policy(text: &str) -> Policy {
    let mut policy = Policy {
        id: "p".parse().unwrap(),
        steps: Vec::new(),
        repeats: 0,
        fallback: "chief".parse().unwrap(),
        acknowledgement_timeout_s: None,
    };
    for part in text.split('|').map(str::trim).filter(|part| !part.is_empty()) {
        let words: Vec<&str> = part.split_whitespace().collect();
        let seconds = || u32::try_from(length(words[1]).as_secs()).unwrap();
        match words[0] {
            "repeat" => policy.repeats = words[1].parse().unwrap(),
            "timeout" => policy.acknowledgement_timeout_s = Some(seconds()),
            targets => policy.steps.push(Step {
                targets: targets.split(',').map(target).collect(),
                delay_s: seconds(),
                everybody: words.contains(&"everybody"),
            }),
        }
    }
    policy
}

impl Town {
    /// Persons `u1` to `u4`, `chief` and `author` with one contact each; a team of the first two; the usual settings.
    pub(super) fn new(steps: &str) -> Self {
        let names = ["u1", "u2", "u3", "u4", "chief", "author", "keeper"];
        let team = Team {
            id: "t".parse().unwrap(),
            name: "T".to_owned(),
            policy: "p".parse().unwrap(),
            members: vec!["u1".parse().unwrap(), "u2".parse().unwrap()],
            timings: Timings::default(),
        };
        let mut town = Self {
            persons: names.iter().map(|name| (name.parse().unwrap(), person(name))).collect(),
            teams: [(team.id.clone(), team)].into(),
            policies: BTreeMap::new(),
            rotas: BTreeMap::new(),
            silences: Vec::new(),
            inhibitions: Vec::new(),
            duty: Duty::default(),
            keeper: None,
            is_exercise: false,
        };
        town.edit_policy(steps);
        town
    }

    pub(super) fn edit_policy(&mut self, steps: &str) {
        self.policies = [("p".parse().unwrap(), policy(steps))].into();
    }

    /// Wait, interval and repeat; the wait counts for critical ones too only where it is 0.
    pub(super) fn waits(mut self, wait: &str, interval: &str, repeat: &str) -> Self {
        let seconds = |text| u32::try_from(length(text).as_secs()).unwrap();
        self.duty.timings = Timings {
            group_wait_s: Some(seconds(wait)),
            group_interval_s: Some(seconds(interval)),
            repeat_interval_s: Some(seconds(repeat)),
            acknowledgement_timeout_s: None,
        };
        self
    }

    /// `sms 0 | voice 30`: by which contacts, numbered from 1, after how many minutes.
    pub(super) fn rules(mut self, name: &str, rules: &str) -> Self {
        let person = self.persons.get_mut(name).unwrap();
        (person.contacts, person.rules) = (Vec::new(), Vec::new());
        for (part, id) in rules.split('|').zip(1..) {
            let (channel, after) = part.trim().split_once(' ').unwrap();
            person.contacts.push(contact(id, serde_json::from_value(channel.into()).unwrap()));
            for urgency in [Urgency::Low, Urgency::High] {
                person.rules.push(PersonalRule { urgency, contact: ContactId(id), after_min: after.parse().unwrap() });
            }
        }
        self
    }

    /// Everything about a contact of a person, numbered from 1.
    pub(super) fn contact(mut self, name: &str, id: i64, change: impl Fn(&mut Contact)) -> Self {
        let person = self.persons.get_mut(name).unwrap();
        change(person.contacts.iter_mut().find(|contact| contact.id.0 == id).unwrap());
        self
    }

    /// Quiet hours in UTC.
    pub(super) fn quiet(mut self, name: &str, from: &str, to: &str) -> Self {
        let hours = QuietHours { from: from.parse().unwrap(), to: to.parse().unwrap() };
        self.persons.get_mut(name).unwrap().quiet = Some(hours);
        self
    }

    /// `u1 1h | - 2h | u2 9d`: who is on call until when.
    pub(super) fn rota(mut self, name: &str, shifts: &str) -> Self {
        let shift = |part: &str| {
            let (persons, until) = part.trim().split_once(' ').unwrap();
            (moment(until), persons.split(',').filter_map(|name| name.parse().ok()).filter(|id: &PersonId| id.as_str() != "-").collect())
        };
        self.rotas.insert(name.parse().unwrap(), shifts.split('|').map(shift).collect());
        self
    }

    pub(super) fn keeper(mut self) -> Self {
        self.keeper = Some("keeper".parse().unwrap());
        self
    }

    /// Alerts with the first label and value mute those with the second, with equal labels.
    pub(super) fn inhibit(mut self, source: &str, target: &str, equal: &str) -> Self {
        let matchers = |text: &str| {
            let (label, value) = text.split_once('=').unwrap();
            vec![Matcher { label: label.to_owned(), values: value.split(',').map(str::to_owned).collect() }]
        };
        let equal = equal.split(',').map(str::to_owned).collect();
        self.inhibitions.push(Inhibition { source: matchers(source), target: matchers(target), equal });
        self
    }

    pub(super) fn exercise(mut self) -> Self {
        self.is_exercise = true;
        self
    }

    /// The view of it while these alerts fire.
    pub(super) fn directory<T>(&self, firing: &[Firing], then: impl FnOnce(&Directory<'_>) -> T) -> T {
        let on_call = |rota: &RotaId, at: Timestamp| {
            let shifts = self.rotas.get(rota).into_iter().flatten();
            shifts.filter(|(until, _)| at < *until).map(|(_, persons)| persons.clone()).next().unwrap_or_default()
        };
        // Only hours of one day, in UTC: the corners of quiet hours are tested where they are reckoned.
        let held_until = |person: &Person, at: Timestamp| {
            let quiet = person.quiet?;
            let clock = at.to_zoned(jiff::tz::TimeZone::UTC).datetime();
            let is_quiet = quiet.from <= clock.time() && clock.time() < quiet.to;
            is_quiet.then(|| clock.date().to_datetime(quiet.to).to_zoned(jiff::tz::TimeZone::UTC).unwrap().timestamp())
        };
        then(&Directory {
            persons: &self.persons,
            teams: &self.teams,
            policies: &self.policies,
            on_call: &on_call,
            held_until: &held_until,
            silences: &self.silences,
            inhibitions: &self.inhibitions,
            firing,
            duty: &self.duty,
            keeper: self.keeper.as_ref(),
        })
    }
}
