//! The log of a notification group's episode: what happened to its incidents, line by line, never changed.
//!
//! A line names the incidents that it is about, so an incident's log is those lines of its group's that name it, and ten
//! thousand incidents that are acknowledged at once cost one line. It must never hold what can't be told in front of a court:
//! people's addresses and the text of messages stay outside. (An agency's number is what an operator dialled, and is told.)

use super::{Assignment, GroupId, IncidentId, Standing};
use crate::alert::{Cause, Severity};
use crate::page::PageKind;
use crate::{PersonId, Text};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LogLine {
    /// Of which group's log.
    pub group: GroupId,
    /// Counts the lines of the group, from 1, without holes.
    pub number: i64,
    /// When it happened.
    pub at: Timestamp,
    /// What it is about.
    pub incidents: Vec<IncidentId>,
    /// What happened.
    #[serde(flatten)]
    pub entry: Entry,
}

/// Why an incident is triggered again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Again {
    /// It was acknowledged, and not over in time.
    AcknowledgementTimedOut,
    /// The snooze has ended.
    SnoozeEnded,
    /// Somebody who had it escalated it.
    Escalated,
}

/// What keeps an incident from paging anybody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Mute {
    /// Somebody silenced it.
    Silence,
    /// Planned work.
    Maintenance,
    /// An alert that explains it fires.
    Inhibition,
}

/// Why the fall-back is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Exhaustion {
    /// Everybody was paged as often as the policy says.
    NobodyAnswered,
    /// No step had anybody who could be reached.
    NobodyThere,
}

/// What happened. Steps and rounds count from 1.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "IncidentEntry")]
#[serde(tag = "what", rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Entry {
    /// It was opened.
    Opened { severity: Severity, flapping: bool },
    /// The same was reported again while it is open, once or many times within five seconds.
    DuplicateSuppressed,
    /// From now on it pages nobody.
    Muted { by: Mute },
    /// It may page again.
    Unmuted,
    /// It has begun to flap.
    Flapping,
    /// It has settled, and fires.
    Settled,
    /// Its alert goes on firing, but what shows it is old or missing.
    DataOld,
    /// It fires on fresh data again.
    DataFresh,
    /// The group climbed to a step, by itself or because somebody wanted it.
    Escalated { escalation: i64, step: u32, round: u32, by: Option<PersonId> },
    /// Nobody of this step could be reached; it was skipped.
    NoTarget { escalation: i64, step: u32, round: u32 },
    /// Pages were decided: those of the group with this turn. What quiet hours hold is a digest.
    Paged { escalation: i64, turn: i64, kind: PageKind, persons: Vec<PersonId> },
    /// The policy has nobody left; the fall-back is told.
    Exhausted { escalation: i64, why: Exhaustion },
    /// Neither the fall-back nor the keeper of the server can be reached.
    Unreachable { escalation: i64 },
    /// Somebody answered.
    Acknowledged { person: PersonId, escalation: i64 },
    /// It joined what this person has acknowledged, and counts as acknowledged.
    Joined { person: PersonId },
    /// Somebody made it theirs.
    Taken { person: PersonId },
    /// Somebody put it off.
    Snoozed { person: PersonId, until: Timestamp },
    /// It is triggered again.
    Triggered { why: Again },
    /// Somebody wrote something down.
    Noted { person: PersonId, text: String },
    /// Somebody did a step of the check-list, which is named by its words.
    Ticked { person: PersonId, step: Text },
    /// That step is not done after all.
    Unticked { person: PersonId, step: Text },
    /// Somebody has given it, or a part of it, to a team or an outside agency.
    Assigned { person: PersonId, assignment: Assignment },
    /// It goes on as a part of another incident, and is closed.
    Merged { person: PersonId, into: IncidentId },
    /// Another incident goes on as a part of this one. Those who knew of that one will learn of this one's end.
    Absorbed { person: PersonId, merged: IncidentId, persons: Vec<PersonId> },
    /// It is over, by itself.
    Resolved { cause: Cause },
    /// It is over, because somebody said so.
    ResolvedByHand { person: PersonId },
    /// All of the group's incidents are over, and whoever was paged was told.
    Closed,
}

/// An incident as its log leaves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// How bad.
    pub severity: Severity,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// Where it stands.
    pub standing: Standing,
    /// Who has it.
    pub assignee: Option<PersonId>,
    /// When somebody answered first.
    pub acknowledged_at: Option<Timestamp>,
    /// When it was over.
    pub resolved_at: Option<Timestamp>,
    /// Since when what shows it is old or missing, while it is open.
    pub data_old_since: Option<Timestamp>,
    /// The incident that it goes on as a part of.
    pub merged_into: Option<IncidentId>,
    /// The incidents that go on as parts of it.
    pub absorbed: Vec<IncidentId>,
    /// The steps of the check-list that are done, by their words in Vietnamese.
    pub ticks: BTreeMap<String, Done>,
    /// To whom it was given, in order.
    pub assignments: Vec<Assigned>,
}

/// Who did something, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Done {
    /// Who.
    pub person: PersonId,
    /// When.
    pub at: Timestamp,
}

/// An assignment, with who made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Assigned {
    /// It.
    pub assignment: Assignment,
    /// Who made it, and when.
    pub by: Done,
}

/// The incidents of a group as its log leaves them, from its lines in order. Taking the lines in portions, each on the
/// outcome of the one before, gives the same.
pub fn replay<'l>(outcomes: &mut BTreeMap<IncidentId, Outcome>, lines: impl IntoIterator<Item = &'l LogLine>) {
    for line in lines {
        for incident in &line.incidents {
            if let Entry::Opened { severity, .. } = line.entry {
                let opened = Outcome {
                    severity,
                    opened_at: line.at,
                    standing: Standing::Triggered,
                    assignee: None,
                    acknowledged_at: None,
                    resolved_at: None,
                    data_old_since: None,
                    merged_into: None,
                    absorbed: Vec::new(),
                    ticks: BTreeMap::new(),
                    assignments: Vec::new(),
                };
                outcomes.insert(*incident, opened);
            } else if let Some(outcome) = outcomes.get_mut(incident) {
                outcome.take(line);
            }
        }
    }
}

impl Outcome {
    fn take(&mut self, line: &LogLine) {
        match &line.entry {
            // Whoever answers second doesn't take it from the first.
            Entry::Acknowledged { .. } if self.standing == Standing::Acknowledged => {}
            Entry::Acknowledged { person, .. } | Entry::Joined { person } | Entry::Taken { person } => {
                self.standing = Standing::Acknowledged;
                self.assignee = Some(person.clone());
                self.acknowledged_at.get_or_insert(line.at);
            }
            Entry::Snoozed { person, .. } => {
                self.standing = Standing::Snoozed;
                self.assignee = Some(person.clone());
                self.acknowledged_at.get_or_insert(line.at);
            }
            Entry::Triggered { .. } => {
                self.standing = Standing::Triggered;
                self.assignee = None;
            }
            Entry::DataOld => self.data_old_since = Some(line.at),
            Entry::DataFresh => self.data_old_since = None,
            Entry::Resolved { .. } | Entry::ResolvedByHand { .. } => self.resolve(line.at),
            Entry::Merged { into, .. } => {
                self.resolve(line.at);
                self.merged_into = Some(*into);
            }
            Entry::Absorbed { merged, .. } => self.absorbed.push(*merged),
            Entry::Ticked { person, step } => {
                self.ticks.insert(step.vi.clone(), Done { person: person.clone(), at: line.at });
            }
            Entry::Unticked { step, .. } => {
                self.ticks.remove(&step.vi);
            }
            Entry::Assigned { person, assignment } => {
                let by = Done { person: person.clone(), at: line.at };
                self.assignments.push(Assigned { assignment: assignment.clone(), by });
            }
            _ => {}
        }
    }

    fn resolve(&mut self, at: Timestamp) {
        self.standing = Standing::Resolved;
        self.resolved_at = Some(at);
        self.data_old_since = None;
    }
}
