//! What keeps an incident from paging: silences, maintenance, and alerts that explain it.
//!
//! It must never keep a closure from those who were paged.

use super::directory::Directory;
use super::group::{Member, State};
use super::{Advance, group::Stage};
use jiff::Timestamp;
use std::collections::BTreeMap;
use taydo_model::incident::IncidentId;
use taydo_model::incident::log::{Entry, Mute};
use taydo_model::silence::{Labels, Matcher};

/// An alert that fires, wherever it is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Firing {
    /// What inhibitions know it by.
    pub labels: Labels,
}

/// That some alerts, while they fire, explain others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inhibition {
    /// All of these hold for an alert that explains.
    pub source: Vec<Matcher>,
    /// All of these hold for one that is explained.
    pub target: Vec<Matcher>,
    /// The labels in which the two are alike; missing equals empty.
    pub equal: Vec<String>,
}

fn matches(matchers: &[Matcher], labels: &Labels) -> bool {
    matchers.iter().all(|matcher| matcher.matches(labels))
}

/// The alerts that explain others now, ready to be asked about many targets.
pub(super) struct Sources<'d> {
    /// For each inhibition, by the values of the equal labels: whether one of the sources could not be a target itself.
    inhibitions: Vec<(&'d Inhibition, BTreeMap<Vec<&'d str>, bool>)>,
}

fn values<'l>(equal: &[String], labels: &'l Labels) -> Vec<&'l str> {
    equal.iter().map(|label| labels.get(label).map_or("", String::as_str)).collect()
}

impl<'d> Sources<'d> {
    pub(super) fn new(directory: &Directory<'d>) -> Self {
        let alike = |inhibition: &'d Inhibition| {
            let mut alike: BTreeMap<Vec<&'d str>, bool> = BTreeMap::new();
            for firing in directory.firing.iter().filter(|firing| matches(&inhibition.source, &firing.labels)) {
                *alike.entry(values(&inhibition.equal, &firing.labels)).or_default() |= !matches(&inhibition.target, &firing.labels);
            }
            (inhibition, alike)
        };
        Self { inhibitions: directory.inhibitions.iter().map(alike).collect() }
    }

    /// Whether something that fires explains an alert with these labels. One that is itself on both sides of an inhibition is
    /// explained only by one that isn't: so nothing explains itself, and two that are alike don't silence each other.
    pub(super) fn explain(&self, labels: &Labels) -> bool {
        self.inhibitions.iter().any(|(inhibition, alike)| {
            matches(&inhibition.target, labels)
                && alike
                    .get(&values(&inhibition.equal, labels))
                    .is_some_and(|is_one_sided| *is_one_sided || !matches(&inhibition.source, labels))
        })
    }
}

/// What people have muted it by at a moment. A silence beats maintenance: it is the stricter.
pub(super) fn silenced(directory: &Directory<'_>, labels: &Labels, at: Timestamp) -> Option<Mute> {
    let in_force = directory.silences.iter().filter(|silence| silence.is_in_force(at) && silence.matches(labels));
    in_force.map(|silence| if silence.maintenance { Mute::Maintenance } else { Mute::Silence }).min()
}

impl Advance<'_> {
    /// At a flush: what mutes each open member from now on. Returns those that may page again and that people know of.
    pub(super) fn refresh_mutes(&mut self) -> Vec<IncidentId> {
        let sources = Sources::new(self.directory);
        let (directory, now) = (self.directory, self.now);
        let mute = |member: &Member| {
            silenced(directory, &member.labels, now).or_else(|| sources.explain(&member.labels).then_some(Mute::Inhibition))
        };
        let mut began: BTreeMap<Mute, Vec<IncidentId>> = BTreeMap::new();
        let (mut ended, mut returned) = (Vec::new(), Vec::new());
        for (id, member) in self.group.members.iter_mut().filter(|(_, member)| member.is_open()) {
            let will = mute(member);
            let was = std::mem::replace(&mut member.mute, will);
            match member.mute {
                Some(by) if was != Some(by) => began.entry(by).or_default().push(*id),
                None if was.is_some() => {
                    ended.push(*id);
                    returned.extend(member.told.then_some(*id));
                }
                _ => {}
            }
        }
        self.note_mutes(began);
        if !ended.is_empty() {
            self.log(ended, Entry::Unmuted);
        }
        returned
    }

    /// Between flushes: a silence takes effect before the next step, and ends at the next flush.
    pub(super) fn refresh_silences(&mut self) {
        let mut began: BTreeMap<Mute, Vec<IncidentId>> = BTreeMap::new();
        for (id, member) in self.group.members.iter_mut().filter(|(_, member)| member.is_open() && member.mute.is_none()) {
            if let Some(by) = silenced(self.directory, &member.labels, self.now) {
                member.mute = Some(by);
                began.entry(by).or_default().push(*id);
            }
        }
        self.note_mutes(began);
    }

    /// What waited for those that are muted now isn't sent; maintenance lets the current person's rules run to their end.
    fn note_mutes(&mut self, began: BTreeMap<Mute, Vec<IncidentId>>) {
        let withdraws = began.keys().any(|by| *by != Mute::Maintenance);
        for (by, incidents) in began {
            self.log(incidents, Entry::Muted { by });
        }
        let of_people = |member: &&Member| member.state == State::Triggered && member.told;
        let lets_go = |member: &Member| member.mute.is_none_or(|by| by == Mute::Maintenance);
        let nothing_left = !self.group.members.values().filter(of_people).any(lets_go);
        if withdraws && nothing_left && self.group.escalation.stage != Stage::Idle {
            self.withdraw();
        }
    }
}
