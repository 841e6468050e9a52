//! An incident's life, as its log tells it.
//!
//! It must never know more than the log: `model::incident::log::replay` over the same lines says the same.

use jiff::Timestamp;
use std::collections::BTreeMap;
use taydo_model::alert::Severity;
use taydo_model::incident::IncidentId;
use taydo_model::incident::log::{Entry, LogLine};

/// An incident from its opening to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Life {
    /// How bad.
    pub(super) severity: Severity,
    /// When it was opened.
    pub(super) opened_at: Timestamp,
    /// When it became an alarm: at its opening, or, when it was muted before anybody was paged, when it was muted no longer.
    /// Absent when that never came.
    pub(super) shown_at: Option<Timestamp>,
    /// When somebody answered first, or it joined what somebody had answered.
    pub(super) answered_at: Option<Timestamp>,
    /// Whether it was answered by joining: nobody had to do anything.
    pub(super) joined: bool,
    /// When it was over.
    pub(super) resolved_at: Option<Timestamp>,
    /// Whether anybody was paged.
    paged: bool,
}

impl Life {
    /// From the opening to somebody's answer, in seconds.
    pub(super) fn acknowledge_s(&self) -> Option<f64> {
        self.answered_at.filter(|_| !self.joined).map(|at| seconds(self.opened_at, at))
    }

    /// From the opening to the end, in seconds.
    pub(super) fn resolve_s(&self) -> Option<f64> {
        self.resolved_at.map(|at| seconds(self.opened_at, at))
    }

    fn take(&mut self, line: &LogLine) {
        match &line.entry {
            Entry::Paged { .. } => self.paged = true,
            Entry::Muted { .. } if !self.paged => self.shown_at = None,
            Entry::Unmuted if self.shown_at.is_none() && self.resolved_at.is_none() => self.shown_at = Some(line.at),
            Entry::Joined { .. } if self.answered_at.is_none() => {
                self.answered_at = Some(line.at);
                self.joined = true;
            }
            Entry::Acknowledged { .. } | Entry::Taken { .. } | Entry::Snoozed { .. } => {
                self.answered_at.get_or_insert(line.at);
            }
            Entry::Resolved { .. } | Entry::ResolvedByHand { .. } => self.resolved_at = Some(line.at),
            _ => {}
        }
    }
}

pub(super) fn seconds(from: Timestamp, to: Timestamp) -> f64 {
    to.duration_since(from).as_secs_f64().max(0.0)
}

/// The lives of all incidents of some logs, each log in its order.
pub(super) fn lives(lines: &[LogLine]) -> BTreeMap<IncidentId, Life> {
    let mut lives: BTreeMap<IncidentId, Life> = BTreeMap::new();
    for line in lines {
        for incident in &line.incidents {
            if let Entry::Opened { severity, .. } = line.entry {
                let opened = Life {
                    severity,
                    opened_at: line.at,
                    shown_at: Some(line.at),
                    answered_at: None,
                    joined: false,
                    resolved_at: None,
                    paged: false,
                };
                lives.insert(*incident, opened);
            } else if let Some(life) = lives.get_mut(incident) {
                life.take(line);
            }
        }
    }
    lives
}
