//! The desk of a backtest: incidents, their groups, and the messages that leave, with a stand-in for each team.
//!
//! It keeps in memory what the server's store keeps in tables. Whom to tell is routing's to decide and never decided here.

use crate::quiet;
use crate::routing::{self, Directory, Effect, Event, Firing, Group, Inhibition, Opening, Which, Withdrawal};
use jiff::civil::Time;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use taydo_model::alert::{Cause, Transition, Turn, Urgency};
use taydo_model::duty::{Duty, Timings};
use taydo_model::incident::{GroupId, GroupKey, IncidentId};
use taydo_model::oncall::{Channel, Contact, ContactId, Person, Policy, QuietHours, Step, Target, Team};
use taydo_model::page::{Page, PageKind};
use taydo_model::silence::Labels;
use taydo_model::{Definitions, PersonId, PolicyId, RuleId, Scope, TeamId};

/// Who is there to be told. Each team has one person, always on call and always reached, who answers after a while.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Assumptions {
    /// After how long whoever was paged acknowledges, in seconds.
    pub answer_s: u32,
    /// The hours, by the city's clocks, in which messages of low urgency wait.
    pub quiet: QuietHours,
}

impl Default for Assumptions {
    fn default() -> Self {
        Self { answer_s: 300, quiet: QuietHours { from: Time::constant(22, 0, 0, 0), to: Time::constant(6, 0, 0, 0) } }
    }
}

/// A message that would have left.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    /// When.
    pub at: Timestamp,
    /// To the person on call of which team.
    pub team: TeamId,
    /// What it says.
    pub kind: PageKind,
    /// Whether it passes quiet hours.
    pub urgency: Urgency,
    /// The rules of the incidents that it is about.
    pub rules: BTreeSet<RuleId>,
    /// How many incidents it is about.
    pub incidents: usize,
}

impl Message {
    /// Whether it wants an answer: a page, and not news about one.
    #[must_use]
    pub fn is_page(&self) -> bool {
        matches!(self.kind, PageKind::Firing | PageKind::StillFiring | PageKind::Exhausted | PageKind::Reminder)
    }

    /// Whether it wakes somebody who sleeps: a page that passes quiet hours.
    #[must_use]
    pub fn wakes(&self) -> bool {
        self.is_page() && self.urgency == Urgency::High
    }
}

/// An incident that is open.
#[derive(Debug)]
struct Open {
    incident: IncidentId,
    group: GroupId,
    labels: Labels,
}

/// What happens by itself, in order of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    /// A page's moment has come.
    Page(u64),
    /// Somebody answers.
    Answer(u64),
    /// A group wants to be advanced.
    Group(GroupId),
}

/// The desk.
#[derive(Debug)]
pub(super) struct Desk {
    people: People,
    answer: SignedDuration,
    groups: BTreeMap<GroupId, Group>,
    open: HashMap<(RuleId, Scope, bool), Open>,
    rules: HashMap<IncidentId, RuleId>,
    /// Pages that were decided for later, by the moment.
    pages: BTreeMap<(Timestamp, u64), Page>,
    /// Answers that will come, with the escalation that they are to.
    answers: BTreeMap<(Timestamp, u64), (GroupId, PersonId, i64)>,
    told: Vec<Message>,
    /// Counts incidents, groups, pages and answers.
    number: i64,
}

impl Desk {
    pub(super) fn new(definitions: &Definitions, assumptions: &Assumptions) -> Self {
        Self {
            people: People::of(definitions, assumptions),
            answer: SignedDuration::from_secs(i64::from(assumptions.answer_s)),
            groups: BTreeMap::new(),
            open: HashMap::new(),
            rules: HashMap::new(),
            pages: BTreeMap::new(),
            answers: BTreeMap::new(),
            told: Vec::new(),
            number: 0,
        }
    }

    /// Every message, in order of time.
    pub(super) fn told(self) -> Vec<Message> {
        self.told
    }

    /// Takes one step's transitions: first all incidents, so that what begins to fire explains others in the same breath.
    pub(super) fn take(&mut self, now: Timestamp, transitions: &[Transition]) {
        self.run(now);
        let mut events: BTreeMap<GroupId, Vec<Event>> = BTreeMap::new();
        for transition in transitions {
            if let Some((group, event)) = self.carry(transition, &events) {
                events.entry(group).or_default().push(event);
            }
        }
        for (group, events) in events {
            self.advance(group, now, &events);
        }
    }

    /// Lets time pass up to and including a moment.
    pub(super) fn run(&mut self, until: Timestamp) {
        while let Some((at, due)) = self.next().filter(|(at, _)| *at <= until) {
            match due {
                Due::Group(group) => self.advance(group, at, &[]),
                Due::Page(number) => {
                    if let Some(page) = self.pages.remove(&(at, number)) {
                        self.send(at, page);
                    }
                }
                Due::Answer(number) => {
                    if let Some((group, person, link)) = self.answers.remove(&(at, number)) {
                        self.advance(group, at, &[Event::Acknowledged { person, which: Which::All, link: Some(link) }]);
                    }
                }
            }
        }
    }

    /// What comes next. A group that was advanced at a moment has done all that was due then.
    fn next(&self) -> Option<(Timestamp, Due)> {
        let group = |group: &Group| Some((group.next_wake().filter(|wake| Some(*wake) > group.at())?, Due::Group(group.id)));
        let groups = self.groups.values().filter_map(group);
        let page = self.pages.keys().next().map(|(at, number)| (*at, Due::Page(*number)));
        let answer = self.answers.keys().next().map(|(at, number)| (*at, Due::Answer(*number)));
        groups.chain(page).chain(answer).min()
    }

    /// Opens or finds a transition's incident, and says what that is to its group.
    fn carry(&mut self, transition: &Transition, events: &BTreeMap<GroupId, Vec<Event>>) -> Option<(GroupId, Event)> {
        let key = (transition.rule.clone(), transition.scope.clone(), transition.no_data);
        let open = self.open.get(&key).map(|open| (open.incident, open.group));
        match (transition.turn, transition.cause, open) {
            (Turn::Fired | Turn::Resolved, Cause::Flapping, Some((incident, group))) => Some((group, Event::Flapping { incident })),
            (Turn::Fired, Cause::Settled, Some((incident, group))) => Some((group, Event::Settled { incident })),
            (Turn::Resolved, cause, Some((incident, group))) => {
                self.open.remove(&key);
                Some((group, Event::Resolved { incident, cause }))
            }
            (Turn::Fired, cause, None) | (Turn::Resolved, cause @ Cause::Flapping, None) => {
                let group = self.roomy(transition, events);
                let (incident, labels) = (IncidentId(self.count()), routing::labels(transition));
                self.rules.insert(incident, transition.rule.clone());
                self.open.insert(key, Open { incident, group, labels: labels.clone() });
                let opening = Opening { incident, severity: transition.severity, labels, flapping: cause == Cause::Flapping };
                Some((group, Event::Opened(opening)))
            }
            (Turn::Fired, _, Some(_)) | (Turn::Resolved, _, None) | (Turn::DataOld | Turn::DataFresh, ..) => None,
        }
    }

    /// A group of the transition's key that takes one more; a new one, where all are full.
    fn roomy(&mut self, transition: &Transition, events: &BTreeMap<GroupId, Vec<Event>>) -> GroupId {
        let key = GroupKey { team: transition.team.clone(), domain: transition.domain.clone(), exercise: false };
        let has_room = |group: &&Group| group.key == key && group.room() > events.get(&group.id).map_or(0, Vec::len);
        if let Some(group) = self.groups.values().rev().find(has_room) {
            return group.id;
        }
        let id = GroupId(self.count());
        self.groups.insert(id, Group::new(id, key));
        id
    }

    fn count(&mut self) -> i64 {
        self.number += 1;
        self.number
    }

    fn advance(&mut self, id: GroupId, now: Timestamp, events: &[Event]) {
        let Some(group) = self.groups.get_mut(&id) else { return };
        let sources = &self.people.sources;
        let explains = |open: &&Open| open.labels.get("rule").is_some_and(|rule| sources.contains(rule));
        let firing: Vec<Firing> = self.open.values().filter(explains).map(|open| Firing { labels: open.labels.clone() }).collect();
        let effects = self.people.look_up(&firing, |directory| routing::advance(group, now, events, directory));
        for effect in effects {
            match effect {
                Effect::Page(page) if page.due_at <= now => self.send(now, page),
                Effect::Page(page) => _ = self.pages.insert((page.due_at, self.number.unsigned_abs()), page),
                Effect::Withdraw(withdrawal) => self.pages.retain(|_, page| !withdraws(&withdrawal, page)),
                Effect::Log(_) | Effect::Refused(_) | Effect::Unreachable => {}
            }
            self.number += 1;
        }
        if self.groups.get(&id).is_some_and(Group::is_over) {
            self.groups.remove(&id);
        }
    }

    /// Sends a page, if it is still wanted. Messages of one team at one moment leave as one.
    fn send(&mut self, now: Timestamp, page: Page) {
        let group = page.group.and_then(|id| self.groups.get(&id));
        let is_wanted = match group {
            Some(group) => self.people.look_up(&[], |directory| group.still_wants(&page, now, directory)),
            None => page.kind == PageKind::Resolved || !page.resolved.is_empty(),
        };
        let Ok(team) = TeamId::new(page.person.as_str()) else { return };
        if !is_wanted {
            return;
        }
        let rules: BTreeSet<RuleId> = page.incidents.iter().filter_map(|incident| self.rules.get(incident).cloned()).collect();
        let incidents = page.incidents.len() + usize::try_from(page.others).unwrap_or(0);
        let message = Message { at: now, team, kind: page.kind, urgency: page.urgency, rules, incidents };
        if let (Some(group), true) = (page.group, message.is_page() || page.kind == PageKind::Digest) {
            let at = now.checked_add(self.answer).unwrap_or(Timestamp::MAX);
            let number = self.count().unsigned_abs();
            self.answers.insert((at, number), (group, page.person, page.escalation));
        }
        let together = self.told.iter_mut().rev().take_while(|told| told.at == now).find(|told| told.team == message.team);
        match together {
            Some(told) => {
                told.rules.extend(message.rules);
                told.incidents += message.incidents;
                // What wants an answer is what the message is.
                if message.kind < told.kind {
                    told.kind = message.kind;
                }
                told.urgency = told.urgency.max(message.urgency);
            }
            None => self.told.push(message),
        }
    }
}

fn withdraws(withdrawal: &Withdrawal, page: &Page) -> bool {
    page.group == Some(withdrawal.group)
        && page.escalation == withdrawal.escalation
        && withdrawal.kinds.contains(&page.kind)
        && withdrawal.person.as_ref().is_none_or(|person| *person == page.person)
}

/// The stand-ins, and everything else that routing looks up.
#[derive(Debug)]
struct People {
    persons: BTreeMap<PersonId, Person>,
    teams: BTreeMap<TeamId, Team>,
    policies: BTreeMap<PolicyId, Policy>,
    inhibitions: Vec<Inhibition>,
    /// The rules that mute others.
    sources: BTreeSet<String>,
    duty: Arc<Duty>,
}

impl People {
    fn of(definitions: &Definitions, assumptions: &Assumptions) -> Self {
        let mut people = Self {
            persons: BTreeMap::new(),
            teams: BTreeMap::new(),
            policies: BTreeMap::new(),
            inhibitions: definitions.rules.iter().flat_map(|rule| routing::inhibitions(rule)).collect(),
            sources: definitions.rules.iter().filter(|rule| !rule.inhibits.is_empty()).map(|rule| rule.id.to_string()).collect(),
            duty: Arc::clone(&definitions.duty),
        };
        for team in definitions.rules.iter().map(|rule| &rule.team) {
            people.stand_in(team, &definitions.city.zone, assumptions);
        }
        people
    }

    fn stand_in(&mut self, team: &TeamId, zone: &str, assumptions: &Assumptions) {
        let (Ok(person), Ok(policy)) = (PersonId::new(team.as_str()), PolicyId::new(team.as_str())) else { return };
        let contact = Contact {
            id: ContactId(1),
            channel: Channel::Sms,
            address: String::new(),
            verified_at: Some(Timestamp::UNIX_EPOCH),
            disabled_at: None,
            exercise: false,
        };
        let is = |id: &PersonId| Person {
            id: id.clone(),
            name: team.to_string(),
            zone: zone.to_owned(),
            language: "vi".to_owned(),
            quiet: Some(assumptions.quiet),
            contacts: vec![contact],
            rules: Vec::new(),
        };
        self.persons.insert(person.clone(), is(&person));
        // They answer long before the only step is over.
        let step =
            Step { targets: vec![Target::Person(person.clone())], delay_s: assumptions.answer_s.saturating_mul(4), everybody: false };
        let climb = Policy { id: policy.clone(), steps: vec![step], repeats: 0, fallback: person.clone(), acknowledgement_timeout_s: None };
        self.policies.insert(policy.clone(), climb);
        self.teams.insert(
            team.clone(),
            Team { id: team.clone(), name: team.to_string(), policy, members: vec![person], timings: Timings::default() },
        );
    }

    fn look_up<T>(&self, firing: &[Firing], ask: impl FnOnce(&Directory<'_>) -> T) -> T {
        let held_until = |person: &Person, at: Timestamp| {
            let zone = jiff::tz::TimeZone::get(&person.zone).unwrap_or(jiff::tz::TimeZone::UTC);
            quiet::held_until(person.quiet.as_ref()?, &zone, at)
        };
        ask(&Directory {
            persons: &self.persons,
            teams: &self.teams,
            policies: &self.policies,
            on_call: &|_, _| Vec::new(),
            held_until: &held_until,
            silences: &[],
            inhibitions: &self.inhibitions,
            firing,
            duty: &self.duty,
            keeper: None,
        })
    }
}
