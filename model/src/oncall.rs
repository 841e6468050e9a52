//! On call: persons, how they can be reached, teams, and the policies by which an incident climbs.
//!
//! Who is on call at a moment is reckoned from rotas (`rota`). It must never decide whom to page: routing does.

pub mod request;

use crate::alert::Urgency;
use crate::duty::Timings;
use crate::{PersonId, PolicyId, RotaId, TeamId};
use jiff::Timestamp;
use jiff::civil::Time;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A contact's number in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct ContactId(pub i64);

/// A way to reach people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Channel {
    /// SMTP.
    Email,
    /// Unaccented, at most 160 characters.
    Sms,
    /// A call; a key press acknowledges.
    Voice,
    /// A signed HTTP request to another system.
    Webhook,
    /// A chat message through a configured HTTP gateway.
    Chat,
}

/// A person's address on one channel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Contact {
    /// Its number.
    pub id: ContactId,
    /// The channel.
    pub channel: Channel,
    /// E-mail address, telephone number in E.164, URL or chat id.
    pub address: String,
    /// When its owner proved that it is theirs; before that nothing but the proof's code is sent to it.
    pub verified_at: Option<Timestamp>,
    /// When it was stopped, by its owner's STOP or by a permanent error; nothing is sent to it.
    pub disabled_at: Option<Timestamp>,
    /// Whether it is for exercises only.
    #[serde(default)]
    pub exercise: bool,
}

impl Contact {
    /// Whether pages may be sent to it.
    #[must_use]
    pub fn is_usable(&self) -> bool {
        self.verified_at.is_some() && self.disabled_at.is_none()
    }

    /// Whether pages of an exercise, or else of what is real, may be sent to it: never both.
    #[must_use]
    pub fn is_usable_in(&self, exercise: bool) -> bool {
        self.is_usable() && self.exercise == exercise
    }
}

/// A personal rule: which contact after how many minutes, by urgency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PersonalRule {
    /// For which pages.
    pub urgency: Urgency,
    /// Which contact.
    pub contact: ContactId,
    /// How many minutes after the page was decided; it is not sent when somebody has answered by then.
    pub after_min: u32,
}

/// The hours in which low urgency waits, in the person's own zone. The start belongs to them, the end does not; an end
/// before the start lies on the next day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct QuietHours {
    /// The start.
    pub from: Time,
    /// The end.
    pub to: Time,
}

/// A person who can be on call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Person {
    /// Their name in addresses.
    pub id: PersonId,
    /// What people call them.
    pub name: String,
    /// The IANA zone of their quiet hours and of the times in their messages.
    pub zone: String,
    /// `vi` or `en`.
    pub language: String,
    /// Their quiet hours.
    pub quiet: Option<QuietHours>,
    /// How they can be reached.
    pub contacts: Vec<Contact>,
    /// In which order.
    pub rules: Vec<PersonalRule>,
}

/// Whom a step pages.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Target {
    /// This person, on call or not.
    Person(PersonId),
    /// Whoever is on call by the rota at that moment.
    Rota(RotaId),
    /// Everybody of the team.
    Team(TeamId),
}

/// A step of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "PolicyStep")]
pub struct Step {
    /// Whom it pages.
    pub targets: Vec<Target>,
    /// How long it is waited after it, in seconds, before the next one.
    pub delay_s: u32,
    /// Whether one person's acknowledgement leaves the others' pages going: all of them are wanted.
    #[serde(default)]
    pub everybody: bool,
}

/// How an incident climbs while nobody answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Policy {
    /// Its name.
    pub id: PolicyId,
    /// The steps, in order.
    pub steps: Vec<Step>,
    /// How often the steps are gone through again after the first time.
    pub repeats: u32,
    /// Who is told when nobody answered, and when nobody is there.
    pub fallback: PersonId,
    /// After how many seconds an acknowledged but unresolved incident is triggered again; the acknowledger is reminded
    /// half-way. `None`: never.
    #[serde(default)]
    pub acknowledgement_timeout_s: Option<u32>,
}

/// A team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Team {
    /// Its name in rules.
    pub id: TeamId,
    /// What people call it.
    pub name: String,
    /// By which its incidents climb.
    pub policy: PolicyId,
    /// Who belongs to it.
    pub members: Vec<PersonId>,
    /// What of its messages' waits differs from the city's.
    #[serde(default)]
    pub timings: Timings,
}
