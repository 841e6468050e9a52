//! What each person is to be told at one moment, and the pages that it becomes: by their contacts, their own rules and their
//! quiet hours.
//!
//! It must never make two messages of what one person learns at one moment, nor a page without its line in the log.

use super::areas;
use super::circle::{Circle, Known};
use super::directory::Directory;
use super::group::Group;
use super::{Advance, Effect};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use taydo_model::PersonId;
use taydo_model::alert::{Severity, Urgency};
use taydo_model::incident::log::Entry;
use taydo_model::incident::{GroupKey, IncidentId};
use taydo_model::oncall::ContactId;
use taydo_model::page::{AreaCount, MAX_LISTED, Page, PageKind};

/// What a person is to be told.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Draft {
    pub(super) kind: PageKind,
    /// What still fires.
    pub(super) incidents: Vec<IncidentId>,
    /// What is over.
    pub(super) resolved: Vec<IncidentId>,
}

/// Of several things told at once the message is of the kind that asks for most.
fn weight(kind: PageKind) -> u8 {
    match kind {
        PageKind::Exhausted => 6,
        PageKind::Firing => 5,
        PageKind::StillFiring => 4,
        PageKind::Reminder => 3,
        PageKind::Update => 2,
        PageKind::Resolved => 1,
        PageKind::Digest | PageKind::Shift | PageKind::Notice | PageKind::Letter | PageKind::Code | PageKind::Reply => 0,
    }
}

/// Whether it asks for an answer, and so uses all of a person's own rules.
fn wants_answer(kind: PageKind) -> bool {
    matches!(kind, PageKind::Exhausted | PageKind::Firing | PageKind::StillFiring)
}

impl Draft {
    /// The worst first, each once.
    fn sort(&mut self, group: &Group) {
        let severity = |id: &IncidentId| group.members.get(id).map(|member| member.severity);
        for list in [&mut self.incidents, &mut self.resolved] {
            list.sort_by_key(|id| (std::cmp::Reverse(severity(id)), *id));
            list.dedup();
        }
        areas::spread(group, &mut self.incidents);
    }

    fn urgency(&self, group: &Group) -> Urgency {
        let about = if self.kind == PageKind::Resolved { &self.resolved } else { &self.incidents };
        let severities = about.iter().filter_map(|id| group.members.get(id)).map(|member| member.severity);
        severities.max().map_or(Urgency::Low, Severity::urgency)
    }
}

/// What a page says that it is about.
#[derive(Clone)]
struct About {
    incidents: Vec<IncidentId>,
    resolved: Vec<IncidentId>,
    flapping: Vec<IncidentId>,
    areas: Vec<AreaCount>,
    others: u32,
}

/// When and where a draft is sent.
struct Sending {
    contact: ContactId,
    after_min: u32,
    due_at: Timestamp,
    is_held: bool,
}

/// The ways by which a person learns of something decided at `now`. What quiet hours hold is told once, at their end.
fn sendings(
    directory: &Directory<'_>,
    GroupKey { team, exercise, .. }: &GroupKey,
    person: &PersonId,
    kind: PageKind,
    urgency: Urgency,
    now: Timestamp,
) -> Vec<Sending> {
    let exercise = *exercise;
    let reach =
        if wants_answer(kind) { directory.reach(person, urgency, exercise) } else { directory.quiet_reach(person, urgency, exercise) };
    let mut sendings: Vec<Sending> = Vec::new();
    for (contact, after_min) in reach {
        let due_at = now.checked_add(SignedDuration::from_mins(after_min.into())).unwrap_or(Timestamp::MAX);
        let held = directory.held(team, person, urgency, due_at);
        if held.is_none() || !sendings.iter().any(|sending| sending.is_held) {
            sendings.push(Sending { contact: contact.id, after_min, due_at: held.unwrap_or(due_at), is_held: held.is_some() });
        }
    }
    sendings
}

impl Advance<'_> {
    /// What the person is to be told; of the kind that asks for most.
    pub(super) fn draft(&mut self, person: PersonId, kind: PageKind) -> &mut Draft {
        let draft = self.drafts.entry(person).or_insert(Draft { kind, incidents: Vec::new(), resolved: Vec::new() });
        if weight(kind) > weight(draft.kind) {
            draft.kind = kind;
        }
        draft
    }

    /// Makes pages of the drafts. Those who are told the same share a line of the log.
    pub(super) fn write_pages(&mut self) {
        let mut alike: BTreeMap<Draft, Vec<PersonId>> = BTreeMap::new();
        for (person, mut draft) in std::mem::take(&mut self.drafts) {
            draft.sort(self.group);
            if !draft.resolved.is_empty() && !self.is_told_now(&person, &draft) {
                // An answer before then would also end the news that something is over, and what else fires may have changed.
                let resolved = std::mem::take(&mut draft.resolved);
                let over = Draft { kind: PageKind::Resolved, incidents: Vec::new(), resolved };
                alike.entry(over).or_default().push(person.clone());
            }
            if draft.kind != PageKind::Resolved || !draft.resolved.is_empty() {
                alike.entry(draft).or_default().push(person);
            }
        }
        for (draft, persons) in alike {
            self.page(&draft, persons);
        }
    }

    /// Whether a message reaches the person when it is decided, and not later, by their rules or after their quiet hours.
    fn is_told_now(&self, person: &PersonId, draft: &Draft) -> bool {
        let sendings = sendings(self.directory, &self.group.key, person, draft.kind, draft.urgency(self.group), self.now);
        sendings.iter().any(|sending| sending.due_at <= self.now)
    }

    fn page(&mut self, draft: &Draft, persons: Vec<PersonId>) {
        let urgency = draft.urgency(self.group);
        let flaps = |id: &IncidentId| self.group.members.get(id).is_some_and(|member| member.flapping);
        // What begins to flap is told once, and by one way.
        let most = if !draft.incidents.is_empty() && draft.incidents.iter().all(flaps) { 1 } else { usize::MAX };
        let sent: Vec<_> = persons
            .into_iter()
            .map(|person| {
                let mut sendings = sendings(self.directory, &self.group.key, &person, draft.kind, urgency, self.now);
                sendings.truncate(most);
                (person, sendings)
            })
            .filter(|(_, sendings)| !sendings.is_empty())
            .collect();
        if sent.is_empty() {
            return;
        }
        self.group.turn += 1;
        let escalation = self.group.escalation.number;
        let lists = draft.incidents.iter().chain(&draft.resolved).copied().collect();
        let persons = sent.iter().map(|(person, _)| person.clone()).collect();
        self.log(lists, Entry::Paged { escalation, turn: self.group.turn, kind: draft.kind, persons });
        self.remember(draft, &sent);
        let about = self.about(draft);
        for (person, sendings) in sent {
            for Sending { contact, after_min, due_at, is_held } in sendings {
                let kind = if is_held { PageKind::Digest } else { draft.kind };
                let About { incidents, resolved, flapping, areas, others } = about.clone();
                let (group, person, turn) = (Some(self.group.id), person.clone(), self.group.turn);
                let page = Page {
                    group,
                    incidents,
                    resolved,
                    flapping,
                    areas,
                    others,
                    about: None,
                    escalation,
                    person,
                    contact,
                    kind,
                    urgency,
                    turn,
                    after_min,
                    due_at,
                };
                self.effects.push(Effect::Page(page));
            }
        }
    }

    fn about(&self, draft: &Draft) -> About {
        let all = draft.incidents.iter().chain(&draft.resolved).copied();
        let incidents: Vec<IncidentId> = all.clone().take(MAX_LISTED).collect();
        let flaps = |id: &&IncidentId| self.group.members.get(id).is_some_and(|member| member.flapping);
        About {
            resolved: incidents.iter().skip(draft.incidents.len()).copied().collect(),
            flapping: incidents.iter().filter(flaps).copied().collect(),
            areas: areas::count(self.group, &draft.incidents),
            others: u32::try_from(all.count() - incidents.len()).unwrap_or(u32::MAX),
            incidents,
        }
    }

    /// Who knows of what.
    fn remember(&mut self, draft: &Draft, sent: &[(PersonId, Vec<Sending>)]) {
        // News that something is over also says what still fires.
        if draft.incidents.is_empty() {
            return;
        }
        let first = |sendings: &[Sending]| {
            let since = sendings.iter().map(|sending| sending.due_at).min()?;
            Some(Known { since, turn: self.group.turn })
        };
        let told: Circle = sent.iter().filter_map(|(person, sendings)| Some((person.clone(), first(sendings)?))).collect();
        self.group.widen(&draft.incidents, &told);
        let number = self.group.escalation.number;
        for (person, _) in sent {
            let last = self.group.told.entry(person.clone()).or_insert(0);
            if wants_answer(draft.kind) {
                *last = number;
            }
        }
    }
}
