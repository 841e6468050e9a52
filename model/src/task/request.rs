//! What is asked of a task, and what of it makes no sense.
//!
//! It must never let a text through that couldn't be shown.

use super::MAX_TEXT_CHARS;
use crate::{Allowance, DepartmentId, KpiId, PersonId, Scope, Text};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `POST /api/v1/tasks`: gives something to a unit. Either `within` or `due` says by when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GiveTask {
    /// Who gives it.
    pub person: PersonId,
    /// About which KPI.
    pub kpi: KpiId,
    /// For whom the figure is.
    #[serde(default)]
    pub scope: Scope,
    /// To whom.
    pub unit: DepartmentId,
    /// What is to be done.
    pub text: String,
    /// How much time the unit has, such as `3wd` for three working days.
    #[serde(default)]
    pub within: Option<Allowance>,
    /// By when.
    #[serde(default)]
    pub due: Option<Timestamp>,
    /// Names this task: the same sent again is given once. Blank is none.
    #[serde(default)]
    pub key: Option<String>,
}

/// `POST /api/v1/tasks/{id}/acts`: what is done about a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "act", rename_all = "snake_case", deny_unknown_fields)]
pub enum TaskAct {
    /// The unit answers.
    Answer {
        /// Who.
        person: PersonId,
        /// What was done.
        text: String,
    },
    /// Whoever gave it sends the answer back.
    SendBack {
        /// Who.
        person: PersonId,
        /// What is missing.
        text: String,
        /// How much time the unit has from now.
        within: Allowance,
        /// The number of the last line that they saw: nobody judges an answer that they haven't seen.
        seen: i64,
    },
    /// Whoever gave it closes it.
    Close {
        /// Who.
        person: PersonId,
        /// What they say of it; may be empty.
        #[serde(default)]
        text: String,
        /// The number of the last line that they saw.
        seen: i64,
    },
}

impl TaskAct {
    /// Who does it.
    #[must_use]
    pub fn person(&self) -> &PersonId {
        match self {
            Self::Answer { person, .. } | Self::SendBack { person, .. } | Self::Close { person, .. } => person,
        }
    }

    /// What keeps it from being taken, with what to do; `None` when it is sound.
    #[must_use]
    pub fn problem(&self) -> Option<Text> {
        match self {
            Self::Answer { text, .. } | Self::SendBack { text, .. } => problem(text),
            Self::Close { text, .. } => {
                if text.is_empty() {
                    None
                } else {
                    problem(text)
                }
            }
        }
    }
}

impl GiveTask {
    /// What keeps it from being taken, with what to do; `None` when it is sound.
    #[must_use]
    pub fn problem(&self) -> Option<Text> {
        let both = self.within.is_some() == self.due.is_some();
        let when = both.then(|| Text::new("hãy ghi hoặc `within` hoặc `due`", "say either `within` or `due`"));
        let long = self.key.as_ref().is_some_and(|key| key.len() > 128 || key.chars().any(char::is_control));
        problem(&self.text)
            .or(when)
            .or_else(|| long.then(|| Text::new("`key` có nhiều nhất 128 byte trên một dòng", "`key` has at most 128 bytes in one line")))
    }
}

fn problem(text: &str) -> Option<Text> {
    let is_sound = !text.trim().is_empty() && text.chars().count() <= MAX_TEXT_CHARS && !text.chars().any(|c| c.is_control() && c != '\n');
    (!is_sound).then(|| Text {
        vi: format!("nội dung có từ 1 đến {MAX_TEXT_CHARS} ký tự, không có ký tự điều khiển ngoài xuống dòng"),
        en: format!("`text` has 1 to {MAX_TEXT_CHARS} characters, and no control characters but line breaks"),
    })
}
