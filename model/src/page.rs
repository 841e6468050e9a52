//! Pages: one message to one person over one channel, as routing decides it and paging delivers it.
//!
//! It must never hold the text of a message: that is made when it is sent, in the person's language.

use crate::alert::Urgency;
use crate::incident::{GroupId, IncidentId};
use crate::oncall::ContactId;
use crate::task::TaskId;
use crate::{AreaId, KpiId, PersonId, RotaId, RuleId, Scope};
use jiff::Timestamp;
use jiff::civil::Date;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The most incidents that a page names one by one; it counts the others.
pub const MAX_LISTED: usize = 100;

/// What a page tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PageKind {
    /// Somebody is wanted.
    Firing,
    /// It is still firing: a repeat, or a silence that ended.
    StillFiring,
    /// Something new of what the person has acknowledged: more joined it, it began to flap, its silence ended.
    Update,
    /// It is over, or some of it; told to those who were paged.
    Resolved,
    /// Nobody answered: told to the fall-back.
    Exhausted,
    /// An acknowledged incident is still open.
    Reminder,
    /// What was held in quiet hours.
    Digest,
    /// A shift begins, with the open incidents.
    Shift,
    /// The code that proves that a contact is somebody's: the only thing that is sent to one before.
    Code,
    /// What somebody is told who answered a message.
    Reply,
    /// Something about the duty itself: a gap, a silence that ends, a contact that was stopped.
    Notice,
    /// The morning letter.
    Letter,
}

/// How many open incidents of a page lie in an area.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AreaCount {
    /// The area.
    pub area: AreaId,
    /// How many.
    pub open: u32,
}

impl Page {
    /// A page of no group, about no incident: of this kind, to this contact of a person, at once when its time has come.
    #[must_use]
    pub fn to_contact(kind: PageKind, person: PersonId, contact: ContactId, due_at: Timestamp) -> Self {
        Self {
            group: None,
            incidents: Vec::new(),
            resolved: Vec::new(),
            flapping: Vec::new(),
            areas: Vec::new(),
            others: 0,
            escalation: 0,
            person,
            contact,
            kind,
            urgency: Urgency::High,
            turn: 0,
            after_min: 0,
            about: None,
            due_at,
        }
    }
}

/// What a notice about the duty tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "about", rename_all = "snake_case")]
pub enum About {
    /// A silence ends soon, with open incidents inside.
    SilenceEnds {
        /// Its number.
        silence: i64,
        /// When.
        until: Timestamp,
    },
    /// Nobody will be on call.
    Gap {
        /// By which rota.
        rota: RotaId,
        /// From when on; always, where it is absent.
        from: Option<Timestamp>,
        /// Until when; no end is in sight, where it is absent.
        to: Option<Timestamp>,
    },
    /// A shift begins.
    Shift {
        /// By which rota.
        rota: RotaId,
    },
    /// Readings of some scopes of a rule went missing while others went on, and what fired there was taken for over.
    Missing {
        /// The rule.
        rule: RuleId,
        /// The grid instant at which that was decided.
        at: Timestamp,
        /// Of how many scopes.
        scopes: u32,
    },
    /// Nothing is sent to somebody's contact any more.
    Stopped {
        /// Whose.
        person: PersonId,
        /// Which.
        contact: ContactId,
    },
    /// The morning letter of a date.
    Letter {
        /// The date, by the city's clocks.
        date: Date,
    },
    /// What came of somebody's answer to a message.
    Reply {
        /// What.
        outcome: ReplyOutcome,
    },
    /// Something about a task.
    Task {
        /// Its number.
        task: TaskId,
        /// About which KPI.
        kpi: KpiId,
        /// For whom the figure is.
        scope: Scope,
        /// What happened.
        news: TaskNews,
    },
}

/// What is told of a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TaskNews {
    /// It was given to the person's unit.
    Given,
    /// The answer was sent back.
    SentBack,
    /// The unit has answered.
    Answered,
    /// It is due within a working day.
    Soon,
    /// It is overdue.
    Overdue,
}

/// What somebody is told who answered a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReplyOutcome {
    /// It was not understood: what can be answered.
    Help,
    /// It is theirs.
    Acknowledged,
    /// The next step was taken.
    Escalated,
    /// It is over already.
    Closed,
    /// It was escalated anew since their message.
    Superseded,
    /// Nothing is left to be done about it: it has been answered, or the step taken, already.
    Late,
    /// They were told of no such incident.
    NotTold,
    /// Messages are sent to them again.
    Resumed,
}

/// A page, decided. Its key makes it the only one: the same decision taken twice gives the same key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    /// The group whose page it is; none for notices about the duty.
    pub group: Option<GroupId>,
    /// What it is about, as of the decision, the worst first; at most [`MAX_LISTED`].
    pub incidents: Vec<IncidentId>,
    /// Those of them that were over by then.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resolved: Vec<IncidentId>,
    /// Those of them that flap: the person hears of them again when they have settled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub flapping: Vec<IncidentId>,
    /// Of what is open, how much lies in each area, the most first; empty where that is only in a few.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub areas: Vec<AreaCount>,
    /// How many more it is about than it lists.
    #[serde(default)]
    pub others: u32,
    /// Which escalation of the group: an acknowledgement ends the pages of its number.
    pub escalation: i64,
    /// To whom.
    pub person: PersonId,
    /// Where.
    pub contact: ContactId,
    /// What it tells.
    pub kind: PageKind,
    /// Whether it waits for the end of quiet hours.
    pub urgency: Urgency,
    /// Which decision of its kind within the escalation (step and round, flush number): part of its key.
    pub turn: i64,
    /// How many minutes after the decision the person's own rule wants it: part of its key.
    #[serde(default)]
    pub after_min: u32,
    /// What a notice about the duty tells; none for incidents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub about: Option<About>,
    /// When it is to be sent: not before, and not at all when it is no longer wanted then.
    pub due_at: Timestamp,
}
