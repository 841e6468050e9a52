//! Frozen pages: the figures of a board or a KPI as they were at one instant, for whoever has the link, until it expires.
//!
//! It must never hold the link of a page that is made already: only who made it knows that.

use crate::text::Language;
use crate::{BoardId, KpiId, PersonId, Scope, Text};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The longest that a link holds, in days.
pub const MAX_DAYS: u16 = 90;

/// A frozen page's number in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct FrozenId(pub i64);

/// What is frozen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FrozenOf {
    /// A board.
    Board(BoardId),
    /// A KPI for a scope.
    Kpi {
        /// Which.
        kpi: KpiId,
        /// For whom.
        #[serde(default)]
        scope: Scope,
        /// How far back its course is drawn, in seconds.
        span_s: u32,
    },
}

/// `POST /api/v1/frozen`: freezes a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Freeze {
    /// Who.
    pub person: PersonId,
    /// What.
    pub of: FrozenOf,
    /// For how many days the link holds.
    pub days: u16,
    /// In which language it is written.
    #[serde(default)]
    pub language: Language,
}

impl Freeze {
    /// What keeps it from being taken, with what to do; `None` when it is sound.
    #[must_use]
    pub fn problem(&self) -> Option<Text> {
        let is_sound = (1..=MAX_DAYS).contains(&self.days);
        (!is_sound).then(|| Text {
            vi: format!("số ngày là từ 1 đến {MAX_DAYS}"), en: format!("`days` is a number from 1 to {MAX_DAYS}")
        })
    }
}

/// What was frozen, with the link that nobody is told again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FrozenMade {
    /// Its number.
    pub id: FrozenId,
    /// The page's path, with the secret in it.
    pub path: String,
    /// Until when it can be seen.
    pub expires_at: Timestamp,
}

/// A frozen page in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FrozenLine {
    /// Its number.
    pub id: FrozenId,
    /// What it shows.
    pub title: Text,
    /// The page of which it is a copy.
    pub path: String,
    /// Who made it.
    pub person: PersonId,
    /// When.
    pub made_at: Timestamp,
    /// Until when it can be seen.
    pub expires_at: Timestamp,
    /// When it was revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Timestamp>,
}

/// `GET /api/v1/frozen[?path]`: the newest frozen pages first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FrozenPages {
    /// The server's time.
    pub time: Timestamp,
    /// The pages.
    pub pages: Vec<FrozenLine>,
    /// What people named in it are called.
    pub names: BTreeMap<PersonId, String>,
}
