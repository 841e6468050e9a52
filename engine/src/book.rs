//! The cases that any reading can still depend on, in their newest version.
//!
//! It decides which version of a case counts and when a case is forgotten. It must never count.

use crate::CaseVersion;
use crate::moment::micros;
use std::collections::{BTreeSet, HashMap};
use taydo_model::{Case, CaseKey};

/// What a version brought.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) old: Option<Case>,
    pub(crate) new: Case,
}

#[derive(Debug)]
struct Held {
    order: (i64, i64),
    case: Case,
}

/// Open cases, and closed ones until every window has passed them.
#[derive(Debug, Default)]
pub(crate) struct Book {
    held: HashMap<CaseKey, Held>,
    /// Closed cases by when they ended.
    ended: BTreeSet<(i64, CaseKey)>,
}

impl Book {
    pub(crate) fn holds(&self, key: &CaseKey) -> bool {
        self.held.contains_key(key)
    }

    /// Takes a version: the later `updated` counts, then the larger hash. `None` when it changes nothing.
    pub(crate) fn put(&mut self, version: CaseVersion) -> Option<Change> {
        let CaseVersion { key, updated, hash, case } = version;
        let order = (micros(updated), hash);
        let old = match self.held.get(&key) {
            Some(held) if order <= held.order => return None,
            Some(held) => Some(held.case.clone()),
            None => None,
        };
        if let Some(end) = old.as_ref().and_then(end) {
            self.ended.remove(&(end, key.clone()));
        }
        if let Some(end) = end(&case) {
            self.ended.insert((end, key.clone()));
        }
        self.held.insert(key, Held { order, case: case.clone() });
        Some(Change { old, new: case })
    }

    /// Takes over what another book holds.
    pub(crate) fn absorb(&mut self, other: Self) {
        for (key, held) in other.held {
            if self.held.get(&key).is_none_or(|have| have.order < held.order) {
                self.held.insert(key, held);
            }
        }
        let ended = self.held.iter().filter_map(|(key, held)| Some((end(&held.case)?, key.clone())));
        self.ended = ended.collect();
    }

    /// Lets go of the cases that nobody wants.
    pub(crate) fn retain(&mut self, wanted: impl Fn(&Case) -> bool) {
        self.held.retain(|_, held| wanted(&held.case));
        self.ended.retain(|(_, key)| self.held.contains_key(key));
    }

    /// Forgets the cases that ended up to and including `until`.
    pub(crate) fn forget(&mut self, until: i64) {
        while self.ended.first().is_some_and(|(end, _)| *end <= until) {
            if let Some((_, key)) = self.ended.pop_first() {
                self.held.remove(&key);
            }
        }
    }
}

fn end(case: &Case) -> Option<i64> {
    case.closed.map(|closed| micros(closed.max(case.opened)))
}
