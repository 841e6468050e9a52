//! Cases: things with a life cycle, such as a dossier or a citizen's report.

use crate::{AreaId, CaseId, DepartmentId, Labels, SourceId};
use jiff::Timestamp;
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
    /// When it should be done.
    #[serde(default)]
    pub due: Option<Timestamp>,
    /// When it was done; absent while it is open.
    #[serde(default)]
    pub closed: Option<Timestamp>,
    /// When the source wrote this state; orders the versions of one case. Absent: when it is received.
    #[serde(default)]
    pub updated: Option<Timestamp>,
    /// Whatever else is counted by, such as the procedure. No personal data.
    #[serde(default)]
    pub labels: Labels,
}

impl Case {
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
}
