//! What is asked of a shift log, and what of it makes no sense.
//!
//! It must never let a text through that couldn't be shown or printed.

use super::{MAX_DESK_CHARS, MAX_ENTRY_CHARS, MAX_NAMED, MAX_ON_DUTY};
use crate::incident::IncidentId;
use crate::{PersonId, Text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `POST /api/v1/shift-logs`: opens the log of a desk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OpenLog {
    /// Who opens it.
    pub person: PersonId,
    /// From which desk.
    pub desk: String,
    /// Who leads the shift.
    pub lead: PersonId,
    /// Who else is on duty.
    #[serde(default)]
    pub on_duty: Vec<PersonId>,
}

/// `POST /api/v1/shift-logs/{id}/entries`: writes something down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WriteEntry {
    /// Who writes.
    pub person: PersonId,
    /// What. An incident that it names as `#12` is linked.
    pub text: String,
    /// Further incidents that it is about.
    #[serde(default)]
    pub incidents: Vec<IncidentId>,
    /// The number of the entry that it corrects.
    #[serde(default)]
    pub corrects: Option<i64>,
    /// Names this entry: the same sent again is written once. Blank is none.
    #[serde(default)]
    pub key: Option<String>,
}

/// `POST /api/v1/shift-logs/{id}/signatures`: signs it off, or doesn't.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "act", rename_all = "snake_case", deny_unknown_fields)]
pub enum Sign {
    /// Somebody of the shift hands over.
    HandOver {
        /// Who.
        person: PersonId,
        /// The number of the last line that they saw: nobody signs what they haven't seen.
        seen: i64,
    },
    /// Somebody else takes over.
    TakeOver {
        /// Who.
        person: PersonId,
        /// The number of the last line that they saw.
        seen: i64,
    },
    /// Whoever was to take over wants something mended first.
    SendBack {
        /// Who.
        person: PersonId,
        /// What.
        why: String,
    },
}

impl Sign {
    /// Who signs, or doesn't.
    #[must_use]
    pub fn person(&self) -> &PersonId {
        match self {
            Self::HandOver { person, .. } | Self::TakeOver { person, .. } | Self::SendBack { person, .. } => person,
        }
    }

    /// What keeps it from being taken, with what to do; `None` when it is sound.
    #[must_use]
    pub fn problem(&self) -> Option<Text> {
        if let Self::SendBack { why, .. } = self { text("why", why) } else { None }
    }
}

fn text(name: &str, text: &str) -> Option<Text> {
    let is_sound = !text.trim().is_empty() && text.chars().count() <= MAX_ENTRY_CHARS && !text.chars().any(|c| c.is_control() && c != '\n');
    (!is_sound).then(|| Text {
        vi: format!("`{name}` có từ 1 đến {MAX_ENTRY_CHARS} ký tự, không có ký tự điều khiển ngoài xuống dòng"),
        en: format!("`{name}` has 1 to {MAX_ENTRY_CHARS} characters, and no control characters but line breaks"),
    })
}

impl OpenLog {
    /// What keeps it from being taken, with what to do; `None` when it is sound.
    #[must_use]
    pub fn problem(&self) -> Option<Text> {
        let desk = &self.desk;
        if desk.chars().count() > MAX_DESK_CHARS || desk.chars().any(char::is_control) || crate::id::slug(desk).is_none() {
            return Some(Text {
                vi: format!("tên bàn có từ 1 đến {MAX_DESK_CHARS} ký tự trên một dòng, có chữ hoặc số"),
                en: format!("`desk` has 1 to {MAX_DESK_CHARS} characters in one line, with a letter or a digit"),
            });
        }
        let is_many = self.on_duty.len() > MAX_ON_DUTY;
        is_many.then(|| Text {
            vi: format!("ca trực ghi {} người; nhiều nhất là {MAX_ON_DUTY}", self.on_duty.len()),
            en: format!("`on_duty` names {} people; at most {MAX_ON_DUTY} are taken", self.on_duty.len()),
        })
    }
}

impl WriteEntry {
    /// What keeps it from being taken, with what to do; `None` when it is sound.
    #[must_use]
    pub fn problem(&self) -> Option<Text> {
        let many = (self.incidents.len() > MAX_NAMED).then(|| Text {
            vi: format!("mục ghi nêu quá {MAX_NAMED} sự cố; hãy ghi thêm mục khác"),
            en: format!("`incidents` names more than {MAX_NAMED}; write another entry"),
        });
        let long = self.key.as_ref().is_some_and(|key| key.len() > 128 || key.chars().any(char::is_control));
        text("text", &self.text)
            .or(many)
            .or_else(|| long.then(|| Text::new("`key` có nhiều nhất 128 byte trên một dòng", "`key` has at most 128 bytes in one line")))
    }
}
