//! Rotas: who takes turns being on call, in which zone, in which hours, and what is changed for once.
//!
//! It owns the definition and its check. It must never say who is on call at a moment: `taydo_engine::rota` reckons that.

pub mod page;
mod problem;
#[cfg(test)]
mod tests;

pub use problem::{MAX_LAYERS, MAX_NAME_CHARS, MAX_PERSONS, MAX_SHIFTS, MAX_SLOTS, MAX_WINDOWS, Problem};

use crate::{PersonId, RotaId, TeamId};
use jiff::Timestamp;
use jiff::civil::{DateTime, Time, Weekday};
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a rota is made of, as it is stored and sent. Only [`Rota::new`] says whether it makes sense.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RotaParts {
    /// Its name in policies.
    pub id: RotaId,
    /// Whose it is.
    pub team: TeamId,
    /// What people call it.
    pub name: String,
    /// The IANA zone of its wall times, such as `Asia/Ho_Chi_Minh`; its members' own zones change nothing.
    pub zone: String,
    /// The layers, the weakest first: the last one that has somebody is on call, and those before it are not.
    pub layers: Vec<Layer>,
    /// What is changed for once, by person.
    #[serde(default)]
    pub overrides: Vec<Override>,
    /// What is changed for once, wholly: within their times nothing else counts.
    #[serde(default)]
    pub temporary: Vec<TemporarySchedule>,
}

/// People who take turns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Layer {
    /// What people call it.
    pub name: String,
    /// What a shift is counted in.
    pub rotation: Rotation,
    /// How many of these a shift lasts.
    pub shift_length: u32,
    /// The first hand-off, by the clocks of the rota's zone: the first slot comes on, and every later hand-off is reckoned
    /// from here. It keeps this time of day, this weekday or this day of the month. Before it the layer has nobody.
    pub start: DateTime,
    /// From when on the layer has nobody again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<DateTime>,
    /// Who takes turns, in order; those of one slot are on call together.
    pub slots: Vec<Vec<PersonId>>,
    /// When the layer has somebody at all; always, where there is none.
    #[serde(default)]
    pub windows: Vec<Window>,
}

/// What a shift is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Rotation {
    /// Hours that the clocks on the wall show.
    Hourly,
    /// Days.
    Daily,
    /// Weeks.
    Weekly,
    /// Months; in those that are too short the hand-off is on their last day.
    Monthly,
}

/// Hours of some weekdays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "RotaWindow")]
pub struct Window {
    /// The days on which it begins; every day, where there is none.
    #[serde(default)]
    pub weekdays: Vec<Day>,
    /// From when to when; the whole day, where it is absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hours: Option<Hours>,
}

/// Wall times of a day. The start belongs to them, the end does not; an end before the start lies on the next day. A start
/// that is also the end leaves no time at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Hours {
    /// The start.
    pub from: Time,
    /// The end.
    pub to: Time,
}

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "their names say it")]
pub enum Day {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

impl From<Weekday> for Day {
    fn from(weekday: Weekday) -> Self {
        match weekday {
            Weekday::Monday => Self::Monday,
            Weekday::Tuesday => Self::Tuesday,
            Weekday::Wednesday => Self::Wednesday,
            Weekday::Thursday => Self::Thursday,
            Weekday::Friday => Self::Friday,
            Weekday::Saturday => Self::Saturday,
            Weekday::Sunday => Self::Sunday,
        }
    }
}

/// An override's number in the store; 0 before it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct OverrideId(pub i64);

/// A change of who is on call, for once. Two that name the same person must not overlap.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Override {
    /// Its number.
    pub id: OverrideId,
    /// Its first instant.
    pub from: Timestamp,
    /// The first instant after it.
    pub to: Timestamp,
    /// What it changes.
    #[serde(flatten)]
    pub change: Change,
}

/// What an override changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "RotaChange")]
#[serde(tag = "change", rename_all = "lowercase")]
pub enum Change {
    /// One person stands in for another, and only when that one's turn it is.
    Replace {
        /// Whose turns they are.
        person: PersonId,
        /// Who takes them.
        by: PersonId,
    },
    /// Somebody is on call as well, all the time.
    Add {
        /// Who.
        person: PersonId,
    },
    /// Somebody's turns are nobody's.
    Remove {
        /// Whose.
        person: PersonId,
    },
}

impl Change {
    /// The persons whom it names.
    pub fn persons(&self) -> impl Iterator<Item = &PersonId> {
        let (one, other) = match self {
            Self::Replace { person, by } => (person, Some(by)),
            Self::Add { person } | Self::Remove { person } => (person, None),
        };
        [Some(one), other].into_iter().flatten()
    }
}

impl Override {
    /// Whether it is over, and so may only be read.
    #[must_use]
    pub fn is_past(&self, now: Timestamp) -> bool {
        self.to <= now
    }

    /// Whether it holds at the instant.
    #[must_use]
    pub fn covers(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.to
    }

    /// Two people take each other's shifts: each stands in for the other in that one's shift. Shifts that overlap can't be
    /// swapped, and [`Rota::refusals`] says so of the second override once the first is there.
    #[must_use]
    pub fn swap(one: &FixedShift, other: &FixedShift) -> [Self; 2] {
        [(one, other), (other, one)].map(|(shift, by)| Self {
            id: OverrideId(0),
            from: shift.from,
            to: shift.to,
            change: Change::Replace { person: shift.person.clone(), by: by.person.clone() },
        })
    }

    /// The first of the others that shares a person and some time with this one; itself is not another.
    #[must_use]
    pub fn conflict<'o>(&self, others: &'o [Self]) -> Option<&'o Self> {
        let overlaps = |other: &&Self| self.from < other.to && other.from < self.to && self.shared_person(other).is_some();
        others.iter().filter(|other| other.id != self.id || self.id == OverrideId(0)).find(overlaps)
    }

    /// A person whom both name.
    fn shared_person<'o>(&'o self, other: &Self) -> Option<&'o PersonId> {
        self.change.persons().find(|person| other.change.persons().any(|named| named == *person))
    }
}

/// A temporary schedule's number in the store; 0 before it is stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(transparent)]
pub struct TemporaryId(pub i64);

/// Fixed shifts that beat layers and overrides: within its time whoever has no shift in it is not on call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TemporarySchedule {
    /// Its number.
    pub id: TemporaryId,
    /// Its first instant.
    pub from: Timestamp,
    /// The first instant after it.
    pub to: Timestamp,
    /// Who is on call when.
    pub shifts: Vec<FixedShift>,
}

impl TemporarySchedule {
    /// Whether it is over, and so may only be read.
    #[must_use]
    pub fn is_past(&self, now: Timestamp) -> bool {
        self.to <= now
    }

    /// Whether it holds at the instant.
    #[must_use]
    pub fn covers(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.to
    }
}

/// A shift that was written down as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FixedShift {
    /// Its first instant.
    pub from: Timestamp,
    /// The first instant after it.
    pub to: Timestamp,
    /// Who.
    pub person: PersonId,
}

/// A time with the same people on call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Shift {
    /// Its first instant.
    pub from: Timestamp,
    /// The first instant after it.
    pub to: Timestamp,
    /// Who is on call, by their ids' order; nobody in a gap.
    pub persons: Vec<PersonId>,
}

/// A rota that makes sense, with its zone.
#[derive(Debug, Clone, PartialEq)]
pub struct Rota {
    parts: RotaParts,
    zone: TimeZone,
}

impl Rota {
    /// The rota made of these parts.
    ///
    /// # Errors
    /// Everything that is wrong with them, in their order.
    pub fn new(parts: RotaParts) -> Result<Self, Vec<Problem>> {
        let problems = problem::problems(&parts);
        match problem::zone(&parts.zone) {
            Some(zone) if problems.is_empty() => Ok(Self { parts, zone }),
            // That the zone is unknown is among the problems.
            Some(_) | None => Err(problems),
        }
    }

    /// What it is made of.
    #[must_use]
    pub fn parts(&self) -> &RotaParts {
        &self.parts
    }

    /// Why an override may not be stored now, as a new one or in place of the one with its number; empty where it may.
    #[must_use]
    pub fn refusals(&self, one: &Override, now: Timestamp) -> Vec<Problem> {
        let stored = &self.parts.overrides;
        let is_past = one.is_past(now) || stored.iter().any(|old| old.id == one.id && old.is_past(now));
        let mut refusals: Vec<Problem> = is_past.then_some(Problem::Past { id: one.id }).into_iter().collect();
        problem::of_override(one, stored, &mut refusals);
        refusals
    }

    /// The zone of its wall times.
    #[must_use]
    pub fn zone(&self) -> &TimeZone {
        &self.zone
    }
}
