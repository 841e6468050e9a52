//! Silences: what people don't want to be paged about for a while, and maintenance, which is a silence known beforehand.
//!
//! It must never mute a closure: whoever was paged learns that it is over.

use crate::PersonId;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How long before its end the author of a silence is warned that alerts are still open inside, in seconds.
pub const WARNING_S: i64 = 15 * 60;

/// What an incident can be chosen by, by name: `rule`, `scope`, `area`, `department`, `asset`, `team`, `domain`,
/// `severity`, `no_data`. A label that is missing equals one that is empty.
pub type Labels = BTreeMap<String, String>;

/// What one label must be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Matcher {
    /// The label's name.
    pub label: String,
    /// It is one of these. An empty text stands for a missing label.
    pub values: Vec<String>,
}

impl Matcher {
    /// Whether the labels have one of the values.
    #[must_use]
    pub fn matches(&self, labels: &Labels) -> bool {
        let value = labels.get(&self.label).map_or("", String::as_str);
        self.values.iter().any(|wanted| wanted == value)
    }
}

/// A stretch of time in which some incidents page nobody. It always has an end, an author and a reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Silence {
    /// Its number in the store.
    pub id: i64,
    /// All of these hold for what it mutes. Without any it mutes nothing: nobody silences a city by leaving a form empty.
    pub matchers: Vec<Matcher>,
    /// From when on.
    pub from: Timestamp,
    /// Until when; the end doesn't belong to it.
    pub until: Timestamp,
    /// Who wants it.
    pub author: PersonId,
    /// Why.
    pub reason: String,
    /// Whether it is planned work: what was opened before finishes its current person's rules, but climbs no further.
    #[serde(default)]
    pub maintenance: bool,
}

impl Silence {
    /// Whether it holds at a moment.
    #[must_use]
    pub fn is_in_force(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.until
    }

    /// Whether it is about an incident with these labels.
    #[must_use]
    pub fn matches(&self, labels: &Labels) -> bool {
        !self.matchers.is_empty() && self.matchers.iter().all(|matcher| matcher.matches(labels))
    }
}
