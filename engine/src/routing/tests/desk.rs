//! A desk that runs a script: it wakes the group when it asks, keeps an outbox as paging does, and checks at every step what
//! must hold always: the group survives being stored, a second wake-up does nothing, no page is decided twice, every page
//! belongs to a line of the log, nothing withdrawn is wanted, and the log's replay is the state.

use super::script::{Act, act, lines, show};
use super::town::Town;
use crate::routing::{Effect, Event, Firing, Group, Hash, advance, dedupe_key, hash, verify};
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use taydo_model::incident::log::{Entry, LogLine, Outcome, replay};
use taydo_model::incident::{GroupId, GroupKey, IncidentId, Standing};
use taydo_model::page::Page;
use taydo_model::silence::Labels;

pub(super) struct Desk {
    pub(super) town: Town,
    pub(super) group: Group,
    pub(super) now: Timestamp,
    pub(super) lines: Vec<LogLine>,
    pub(super) pages: Vec<(Timestamp, Page)>,
    /// What arrived, when, and what was refused.
    pub(super) received: Vec<String>,
    pub(super) sent: Vec<(Timestamp, Page)>,
    waiting: Vec<Page>,
    keys: BTreeSet<Hash>,
    labels: BTreeMap<IncidentId, Labels>,
    outside: Vec<Labels>,
    stopped_until: Timestamp,
    /// When it is woken besides.
    wakes: Vec<Timestamp>,
}

fn list(incidents: &[IncidentId]) -> String {
    let mut numbers: Vec<_> = incidents.iter().map(|id| id.0).collect();
    numbers.sort_unstable();
    numbers.iter().map(i64::to_string).collect::<Vec<_>>().join(",")
}

impl Desk {
    pub(super) fn new(town: Town) -> Self {
        let key = GroupKey { team: "t".parse().unwrap(), domain: "traffic".to_owned(), exercise: town.is_exercise };
        Self {
            town,
            group: Group::new(GroupId(7), key),
            now: super::script::start(),
            lines: Vec::new(),
            pages: Vec::new(),
            received: Vec::new(),
            sent: Vec::new(),
            waiting: Vec::new(),
            keys: BTreeSet::new(),
            labels: BTreeMap::new(),
            outside: Vec::new(),
            stopped_until: Timestamp::MIN,
            wakes: Vec::new(),
        }
    }

    pub(super) fn run(town: Town, script: &str) -> Self {
        Self::run_woken(town, script, Vec::new())
    }

    pub(super) fn run_woken(town: Town, script: &str, wakes: Vec<Timestamp>) -> Self {
        let mut desk = Self { wakes, ..Self::new(town) };
        let acts: Vec<_> = lines(script).map(act).collect();
        // Acts of one moment are one transaction, as the transitions of one evaluation are.
        let mut acts = acts.into_iter().peekable();
        while let Some((at, first)) = acts.next() {
            desk.pass_until(at);
            let mut events = Vec::new();
            desk.act(first, &mut events);
            while let Some((_, next)) = acts.next_if(|(next, _)| *next == at) {
                desk.act(next, &mut events);
            }
            desk.advance(at, &events);
        }
        desk.check_log();
        desk
    }

    fn act(&mut self, act: Act, events: &mut Vec<Event>) {
        match act {
            Act::Event(event) => events.push(event),
            Act::Silence(silence) => self.town.silences.push(silence),
            Act::Policy(steps) => self.town.edit_policy(&steps),
            Act::Fire(labels) => self.outside.push(labels),
            Act::Cease(labels) => self.outside.retain(|one| *one != labels),
            Act::Merge(person, incident, into) => {
                // A merge is a transaction of its own: whatever else is of its moment comes after it.
                if events.is_empty() && incident != into && self.group.is_open(incident) && self.group.is_open(into) {
                    let persons = self.group.knowing(incident, self.now);
                    events.push(Event::Merged { person: person.clone(), incident, into });
                    events.push(Event::Absorbed { person, incident: into, merged: incident, persons });
                }
            }
            Act::Stop(until) => self.stopped_until = until,
            Act::Nothing => {}
        }
    }

    /// Everything that is due before a moment.
    pub(super) fn pass_until(&mut self, until: Timestamp) {
        loop {
            let due = self.waiting.iter().map(|page| page.due_at).min();
            let besides = self.wakes.iter().find(|wake| **wake > self.now).copied();
            let next =
                self.group.next_wake().into_iter().chain(due).chain(besides).min().map(|at| at.max(self.now).max(self.stopped_until));
            let Some(next) = next.filter(|next| *next < until) else { return };
            self.advance(next, &[]);
        }
    }

    fn firing(&mut self, events: &[Event]) -> Vec<Firing> {
        for event in events {
            if let Event::Opened(opening) = event {
                self.labels.insert(opening.incident, opening.labels.clone());
            }
        }
        let closes = |id: &IncidentId| events.iter().any(|event| matches!(event, Event::Resolved { incident, .. } if incident == id));
        let is_open = |id: &IncidentId| self.group.members().get(id).is_none_or(|member| member.is_open()) && !closes(id);
        self.labels = self.labels.iter().filter(|(id, _)| is_open(id)).map(|(id, labels)| (*id, labels.clone())).collect();
        self.labels.values().chain(&self.outside).map(|labels| Firing { labels: labels.clone() }).collect()
    }

    pub(super) fn advance(&mut self, now: Timestamp, events: &[Event]) {
        self.now = now;
        let firing = self.firing(events);
        let mut group = self.group.clone();
        let effects = self.town.directory(&firing, |directory| advance(&mut group, now, events, directory));
        let again = self.town.directory(&firing, |directory| advance(&mut group.clone(), now, &[], directory));
        assert_eq!(again, [], "a second wake-up at {} did something", show(now));
        let stored = serde_json::to_value(&group).unwrap();
        self.group = serde_json::from_value(stored).unwrap();
        assert_eq!(self.group, group);
        assert!(self.group.next_wake().is_none_or(|wake| wake > now), "{:?} asks to be woken in the past", self.group);
        for effect in effects {
            self.take(effect);
        }
        self.check_state();
        self.deliver(&firing);
    }

    fn take(&mut self, effect: Effect) {
        let at = show(self.now);
        match effect {
            Effect::Log(line) => {
                let told = match &line.entry {
                    Entry::NoTarget { step, .. } => Some(format!("no target in step {step}")),
                    Entry::Exhausted { why, .. } => Some(format!("exhausted {}", serde_json::to_value(why).unwrap().as_str().unwrap())),
                    Entry::Triggered { why } => {
                        Some(format!("again {} {}", serde_json::to_value(why).unwrap().as_str().unwrap(), list(&line.incidents)))
                    }
                    Entry::Joined { person } => Some(format!("joined {person} {}", list(&line.incidents))),
                    _ => None,
                };
                self.received.extend(told.map(|told| format!("{at} log {told}")));
                self.lines.push(line);
            }
            Effect::Page(page) => {
                assert!(self.keys.insert(dedupe_key(&page)), "decided twice: {page:?}");
                let is_its = |line: &&LogLine| match &line.entry {
                    Entry::Paged { turn, escalation, .. } => (*turn, *escalation) == (page.turn, page.escalation),
                    _ => false,
                };
                let line = self.lines.iter().rfind(is_its).expect("a page without its line");
                assert!(page.incidents.iter().all(|id| line.incidents.contains(id)));
                assert!(matches!(&line.entry, Entry::Paged { persons, .. } if persons.contains(&page.person)));
                self.pages.push((self.now, page.clone()));
                self.waiting.push(page);
            }
            Effect::Withdraw(withdrawal) => {
                let is_gone = |page: &Page| {
                    page.escalation == withdrawal.escalation
                        && withdrawal.kinds.contains(&page.kind)
                        && withdrawal.person.as_ref().is_none_or(|person| *person == page.person)
                };
                let (gone, stays): (Vec<_>, Vec<_>) = std::mem::take(&mut self.waiting).into_iter().partition(is_gone);
                for page in gone {
                    let wanted = self.town.directory(&[], |directory| self.group.still_wants(&page, self.now, directory));
                    assert!(!wanted, "withdrawn, but wanted: {page:?}");
                }
                self.waiting = stays;
            }
            Effect::Unreachable => self.received.push(format!("{at} unreachable")),
            Effect::Refused(refusal) => self.received.push(format!("{at} refused {refusal:?}")),
        }
    }

    /// What paging does: what is due is sent when it is still wanted.
    fn deliver(&mut self, firing: &[Firing]) {
        let (due, later): (Vec<_>, Vec<_>) = std::mem::take(&mut self.waiting).into_iter().partition(|page| page.due_at <= self.now);
        self.waiting = later;
        for page in due {
            if self.town.directory(firing, |directory| self.group.still_wants(&page, self.now, directory)) {
                let kind = serde_json::to_value(page.kind).unwrap();
                let mut line = format!("{} {} {}", show(self.now), page.person, kind.as_str().unwrap());
                if page.contact.0 != 1 {
                    line += &format!("/{}", page.contact.0);
                }
                let open: Vec<_> = page.incidents.iter().filter(|id| !page.resolved.contains(id)).copied().collect();
                for (mark, incidents) in [("", &open), ("-", &page.resolved), ("~", &page.flapping)] {
                    if !incidents.is_empty() {
                        line += &format!(" {mark}{}", list(incidents));
                    }
                }
                if page.others > 0 {
                    line += &format!(" +{}", page.others);
                }
                self.received.push(line);
                self.sent.push((self.now, page));
            }
        }
    }

    /// The log, replayed, says of every incident what the group says.
    fn check_state(&self) {
        let mut outcomes: BTreeMap<IncidentId, Outcome> = BTreeMap::new();
        replay(&mut outcomes, &self.lines);
        for (id, outcome) in &outcomes {
            let member = self.group.members().get(id);
            let standing = member.map_or(Standing::Resolved, |member| member.standing());
            assert_eq!(outcome.standing, standing, "{id:?}");
            let ticked = member.filter(|member| member.is_open()).map(|member| &member.ticked);
            assert!(ticked.is_none_or(|ticked| ticked.iter().eq(outcome.ticks.keys())), "{id:?}");
        }
        assert!(self.group.members().keys().all(|id| outcomes.contains_key(id)));
    }

    fn check_log(&self) {
        let mut hashes: Vec<Hash> = Vec::new();
        for line in &self.lines {
            hashes.push(hash(hashes.last(), line));
        }
        assert_eq!(verify(self.lines.iter().zip(&hashes)), Ok(()));
        let stored: Vec<LogLine> =
            self.lines.iter().map(|line| serde_json::from_value(serde_json::to_value(line).unwrap()).unwrap()).collect();
        assert_eq!(verify(stored.iter().zip(&hashes)), Ok(()));
    }
}
