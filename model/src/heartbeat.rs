//! Heartbeats: outside systems that say that they are there.
//!
//! It must never be taken for data: a heartbeat has no value.

use crate::alert::Severity;
use crate::{TeamId, Text};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is expected of an outside system: the body of `PUT /api/v1/heartbeats/{name}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Heartbeat {
    /// What it is.
    pub title: Text,
    /// It must be heard at least so often, in seconds.
    pub every_s: u32,
    /// How bad its silence is.
    pub severity: Severity,
    /// Who is told.
    pub team: TeamId,
    /// Why it pages nobody for now; absent when it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub muted: Option<String>,
}

/// One with when it was last heard.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HeartbeatRow {
    /// Its name.
    pub name: String,
    /// What is expected.
    #[serde(flatten)]
    pub heartbeat: Heartbeat,
    /// When it was last heard; never, where it is absent: then it is not there yet, and not failing.
    pub last_at: Option<Timestamp>,
}

impl Heartbeat {
    /// What keeps it from being taken, with what to do; `None` when it is sound.
    #[must_use]
    pub fn problem(&self) -> Option<Text> {
        if !(1..=31 * 86_400).contains(&self.every_s) {
            return Some(Text::new("`every_s` từ 1 đến 2678400 giây", "`every_s` is 1 to 2678400 seconds"));
        }
        let texts = [&self.title.vi, &self.title.en].into_iter().chain(&self.muted);
        let is_wrong = |text: &String| text.trim().is_empty() || text.chars().count() > 200 || text.chars().any(char::is_control);
        texts.into_iter().any(is_wrong).then(|| {
            Text::new(
                "tên và lý do của `muted` có từ 1 đến 200 ký tự trên một dòng",
                "titles and the reason of `muted` have 1 to 200 characters in one line",
            )
        })
    }
}
