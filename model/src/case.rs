//! Cases: things with a life cycle, such as a dossier or a citizen's report.
//!
//! Each version is a case's whole state, and the newest is all that counts: a case that was opened again has been open
//! since it was opened first, and one that was withdrawn was never done. It must never be told in steps whose order
//! of arrival would matter.

use crate::{Allowance, AreaId, CaseId, DepartmentId, Labels, SourceId};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What names one case.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CaseKey {
    /// The source that told of it.
    pub source: SourceId,
    /// The source's name for it.
    pub id: CaseId,
}

/// A case as one message describes it: its whole state as of `updated`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// The source's name for it.
    pub id: CaseId,
    /// What sort of case it is, such as `dossier`.
    pub kind: String,
    /// Who handles it.
    #[serde(default)]
    pub department: Option<DepartmentId>,
    /// Where it belongs.
    #[serde(default)]
    pub area: Option<AreaId>,
    /// When it began.
    pub opened: Timestamp,
    /// When it should be done. Where the source doesn't say, it follows from the allowance when the case is taken in.
    #[serde(default)]
    pub due: Option<Timestamp>,
    /// How long it may take. Where the source says neither this nor `due`, the city's table does, if it has the case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allowance: Option<Allowance>,
    /// The version of the working calendar that made `due` of the allowance; absent where the source gave it. It is never sent.
    #[serde(default, skip_deserializing, skip_serializing_if = "Option::is_none")]
    pub calendar: Option<String>,
    /// When it was over; absent while it is open.
    #[serde(default)]
    pub closed: Option<Timestamp>,
    /// When whoever began it took it back. It is closed then, but was not done. `closed` may be left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub withdrawn: Option<Timestamp>,
    /// When it was last opened again after it had been closed, as the source says; it can't follow from the versions, for
    /// one of them may never arrive.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reopened: Option<Timestamp>,
    /// When the source wrote this state; orders the versions of one case. Absent: when it is received.
    #[serde(default)]
    pub updated: Option<Timestamp>,
    /// Whatever else is counted by, such as the procedure. No personal data.
    #[serde(default)]
    pub labels: Labels,
}

impl Case {
    /// A case of which no more is known than that it was opened.
    #[must_use]
    pub fn new(id: CaseId, kind: impl Into<String>, opened: Timestamp) -> Self {
        Self {
            id,
            kind: kind.into(),
            department: None,
            area: None,
            opened,
            due: None,
            allowance: None,
            calendar: None,
            closed: None,
            withdrawn: None,
            reopened: None,
            updated: None,
            labels: Labels::default(),
        }
    }

    /// Whether it is open at `now`: opened by then, and not closed by then.
    #[must_use]
    pub fn is_open(&self, now: Timestamp) -> bool {
        self.opened <= now && self.closed.is_none_or(|closed| now < closed)
    }

    /// Whether it is open and past its deadline at `now`.
    #[must_use]
    pub fn is_overdue(&self, now: Timestamp) -> bool {
        self.is_open(now) && self.due.is_some_and(|due| due < now)
    }

    /// When it was done: closed and not withdrawn.
    #[must_use]
    pub fn done(&self) -> Option<Timestamp> {
        self.closed.filter(|_| self.withdrawn.is_none())
    }
}
