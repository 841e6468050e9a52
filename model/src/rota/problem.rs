//! What can be wrong with a rota, and the sentences that say so.
//!
//! It must never mend anything: a rota that is half right pages the wrong person.

use super::{Change, Layer, Override, OverrideId, RotaParts, TemporaryId, TemporarySchedule};
use crate::PersonId;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The most layers of a rota.
pub const MAX_LAYERS: usize = 16;
/// The most slots of a layer.
pub const MAX_SLOTS: usize = 400;
/// The most persons of a slot.
pub const MAX_PERSONS: usize = 20;
/// The most windows of a layer.
pub const MAX_WINDOWS: usize = 50;
/// The most shifts of a temporary schedule.
pub const MAX_SHIFTS: usize = 1_000;
/// The longest name of a rota or a layer.
pub const MAX_NAME_CHARS: usize = 100;
/// The years that a layer may start in: whoever looks for the beginning of a shift never looks further back.
const YEARS: std::ops::RangeInclusive<i16> = 2000..=2199;

/// Something that is wrong with a rota. Layers and slots are numbered from 0 here, and from 1 in sentences.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "RotaProblem")]
#[serde(tag = "problem", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the variants' docs say what their fields are")]
pub enum Problem {
    /// The rota or the layer has no name, or too long a one.
    Name { layer: Option<usize> },
    /// Wall times mean nothing without a zone.
    NoZone,
    /// There is no such IANA zone.
    UnknownZone { zone: String },
    /// There are more of something than there may be.
    TooMany { what: String, most: usize },
    /// The layer has no slots.
    NoMembers { layer: usize },
    /// The slot has no persons.
    EmptySlot { layer: usize, slot: usize },
    /// The layer's shifts last no time.
    NoLength { layer: usize },
    /// The layer starts in a year that is surely a slip of the pen.
    StartYear { layer: usize, year: i16 },
    /// The layer is over before it starts.
    LayerEndsFirst { layer: usize },
    /// The override is over when it begins, or before.
    OverrideEndsFirst { id: OverrideId },
    /// The override has somebody stand in for themselves.
    ReplacesSelf { id: OverrideId },
    /// The override is over, and so may only be read.
    Past { id: OverrideId },
    /// Two overrides of one person overlap; the second one is given with its time.
    Overlap { id: OverrideId, person: PersonId, other: OverrideId, from: Timestamp, to: Timestamp },
    /// The temporary schedule is over when it begins, or before.
    TemporaryEndsFirst { id: TemporaryId },
    /// A shift of the temporary schedule is over when it begins, or lies outside of it.
    ShiftOutside { id: TemporaryId, person: PersonId, from: Timestamp },
    /// Two temporary schedules overlap; the second one is given with its time.
    TemporaryOverlap { id: TemporaryId, other: TemporaryId, from: Timestamp, to: Timestamp },
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name { layer: None } => write!(f, "the rota needs a name of at most {MAX_NAME_CHARS} characters"),
            Self::Name { layer: Some(layer) } => write!(f, "layer {} needs a name of at most {MAX_NAME_CHARS} characters", layer + 1),
            Self::NoZone => write!(f, "the rota has no zone; give an IANA name such as Asia/Ho_Chi_Minh"),
            Self::UnknownZone { zone } => write!(f, "there is no zone {zone:?}; give an IANA name such as Asia/Ho_Chi_Minh"),
            Self::TooMany { what, most } => write!(f, "too many {what}; there may be {most}"),
            Self::NoMembers { layer } => write!(f, "layer {} has nobody in it; add members or remove the layer", layer + 1),
            Self::EmptySlot { layer, slot } => {
                write!(f, "slot {} of layer {} has nobody in it; add a person or remove the slot", slot + 1, layer + 1)
            }
            Self::NoLength { layer } => write!(f, "the shifts of layer {} last no time; their length is at least 1", layer + 1),
            Self::StartYear { layer, year } => {
                write!(f, "layer {} starts in {year}; it must start from {} to {}", layer + 1, YEARS.start(), YEARS.end())
            }
            Self::LayerEndsFirst { layer } => write!(f, "layer {} ends before it starts; give a later end or none", layer + 1),
            Self::OverrideEndsFirst { id } => write!(f, "override {} ends before it begins; give a later end", id.0),
            Self::ReplacesSelf { id } => write!(f, "override {} replaces a person by the same person; name another one", id.0),
            Self::Past { id } => write!(f, "override {} is past and can only be read; make a new one from now on", id.0),
            Self::Overlap { id, person, other, from, to } => write!(
                f,
                "override {} overlaps override {} of {person} from {from} to {to}; change that one, or choose a time that only touches it",
                id.0, other.0
            ),
            Self::TemporaryEndsFirst { id } => write!(f, "temporary schedule {} ends before it begins; give a later end", id.0),
            Self::ShiftOutside { id, person, from } => write!(
                f,
                "the shift of {person} from {from} is not within temporary schedule {}; a shift begins and ends inside of it",
                id.0
            ),
            Self::TemporaryOverlap { id, other, from, to } => write!(
                f,
                "temporary schedule {} overlaps temporary schedule {} from {from} to {to}; choose a time that only touches it",
                id.0, other.0
            ),
        }
    }
}

impl std::error::Error for Problem {}

/// Everything that is wrong with the parts, in their order.
pub(super) fn problems(parts: &RotaParts) -> Vec<Problem> {
    let mut found = Vec::new();
    found.extend((!is_name(&parts.name)).then_some(Problem::Name { layer: None }));
    if parts.zone.trim().is_empty() {
        found.push(Problem::NoZone);
    } else if zone(&parts.zone).is_none() {
        found.push(Problem::UnknownZone { zone: parts.zone.chars().take(80).collect() });
    }
    found.extend(too_many("layers", parts.layers.len(), MAX_LAYERS));
    for (number, layer) in parts.layers.iter().enumerate() {
        of_layer(number, layer, &mut found);
    }
    for (number, one) in parts.overrides.iter().enumerate() {
        of_override(one, parts.overrides.get(..number).unwrap_or_default(), &mut found);
    }
    for (number, schedule) in parts.temporary.iter().enumerate() {
        of_temporary(schedule, parts.temporary.get(..number).unwrap_or_default(), &mut found);
    }
    found
}

/// The zone of this name. IANA's name for a place whose zone isn't known names none.
pub(super) fn zone(name: &str) -> Option<TimeZone> {
    TimeZone::get(name).ok().filter(|zone| !zone.is_unknown())
}

fn of_layer(number: usize, layer: &Layer, found: &mut Vec<Problem>) {
    found.extend((!is_name(&layer.name)).then_some(Problem::Name { layer: Some(number) }));
    found.extend((layer.shift_length == 0).then_some(Problem::NoLength { layer: number }));
    let year = layer.start.year();
    found.extend((!YEARS.contains(&year)).then_some(Problem::StartYear { layer: number, year }));
    let ends_first = layer.until.is_some_and(|until| until <= layer.start);
    found.extend(ends_first.then_some(Problem::LayerEndsFirst { layer: number }));
    found.extend(layer.slots.is_empty().then_some(Problem::NoMembers { layer: number }));
    found.extend(too_many("slots in a layer", layer.slots.len(), MAX_SLOTS));
    found.extend(too_many("windows in a layer", layer.windows.len(), MAX_WINDOWS));
    for (slot, persons) in layer.slots.iter().enumerate() {
        found.extend(persons.is_empty().then_some(Problem::EmptySlot { layer: number, slot }));
        found.extend(too_many("persons in a slot", persons.len(), MAX_PERSONS));
    }
}

/// What is wrong with an override that is to stand beside these.
pub(super) fn of_override(one: &Override, others: &[Override], found: &mut Vec<Problem>) {
    found.extend((one.to <= one.from).then_some(Problem::OverrideEndsFirst { id: one.id }));
    let replaces_self = matches!(&one.change, Change::Replace { person, by } if person == by);
    found.extend(replaces_self.then_some(Problem::ReplacesSelf { id: one.id }));
    let overlap = one.conflict(others).and_then(|other| Some((other, one.shared_person(other)?)));
    found.extend(overlap.map(|(other, person)| Problem::Overlap {
        id: one.id,
        person: person.clone(),
        other: other.id,
        from: other.from,
        to: other.to,
    }));
}

fn of_temporary(schedule: &TemporarySchedule, earlier: &[TemporarySchedule], found: &mut Vec<Problem>) {
    let id = schedule.id;
    found.extend((schedule.to <= schedule.from).then_some(Problem::TemporaryEndsFirst { id }));
    found.extend(too_many("shifts in a temporary schedule", schedule.shifts.len(), MAX_SHIFTS));
    let outside = schedule.shifts.iter().filter(|shift| shift.from < schedule.from || schedule.to < shift.to || shift.to <= shift.from);
    found.extend(outside.map(|shift| Problem::ShiftOutside { id, person: shift.person.clone(), from: shift.from }));
    let overlap = earlier.iter().find(|other| schedule.from < other.to && other.from < schedule.to);
    found.extend(overlap.map(|other| Problem::TemporaryOverlap { id, other: other.id, from: other.from, to: other.to }));
}

fn is_name(name: &str) -> bool {
    !name.trim().is_empty() && name.chars().count() <= MAX_NAME_CHARS && !name.chars().any(char::is_control)
}

fn too_many(what: &str, count: usize, most: usize) -> Option<Problem> {
    (count > most).then(|| Problem::TooMany { what: what.to_owned(), most })
}
