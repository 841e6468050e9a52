//! Episodes: the incidents that transitions would have opened and closed.
//!
//! It must never say whom they would have been told to.

use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;
use taydo_model::alert::{Cause, Severity, Transition, Turn};
use taydo_model::{RuleId, Scope};

/// One incident that would have been.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Episode {
    /// The rule.
    pub rule: RuleId,
    /// The scope.
    pub scope: Scope,
    /// Whether it says that all of the rule's readings were missing.
    pub no_data: bool,
    /// How bad.
    pub severity: Severity,
    /// When it would have been opened.
    pub from: Timestamp,
    /// When it would have been closed; `None` when it lasted to the end.
    pub to: Option<Timestamp>,
    /// Why it would have been closed.
    pub ended_by: Option<Cause>,
    /// Whether it flapped.
    pub flapped: bool,
    /// The value that opened it, in the KPI's unit.
    pub value: Option<f64>,
}

/// The episodes so far.
#[derive(Debug, Default)]
pub(super) struct Episodes {
    open: BTreeMap<(RuleId, Scope, bool), Episode>,
    closed: Vec<Episode>,
}

impl Episodes {
    pub(super) fn follow(&mut self, transition: Transition) {
        let Transition { rule, scope, no_data, at, turn, cause, severity, reading, .. } = transition;
        let key = (rule.clone(), scope.clone(), no_data);
        let is_end = turn == Turn::Resolved && cause != Cause::Flapping;
        if !is_end && matches!(turn, Turn::Fired | Turn::Resolved) {
            let value = reading.and_then(|reading| reading.value);
            let opened = || Episode { rule, scope, no_data, severity, from: at, to: None, ended_by: None, flapped: false, value };
            let episode = self.open.entry(key).or_insert_with(opened);
            episode.flapped |= cause == Cause::Flapping;
        } else if is_end && let Some(episode) = self.open.remove(&key) {
            self.closed.push(Episode { to: Some(at), ended_by: Some(cause), ..episode });
        }
    }

    /// All in the order in which they were opened.
    pub(super) fn all(self) -> Vec<Episode> {
        let mut all = self.closed;
        all.extend(self.open.into_values());
        all.sort_by(|a, b| (a.from, &a.rule, &a.scope).cmp(&(b.from, &b.rule, &b.scope)));
        all
    }
}
