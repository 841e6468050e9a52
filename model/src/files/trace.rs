//! A trace of a reading: what the loader asked for at each place of a file, so that the format can be told to others.
//!
//! It must never change what is read, and notes nothing unless it was asked to.

use std::cell::RefCell;
use std::collections::BTreeSet;
use toml::de::{DeTable, DeValue};

/// What a value was read as.
#[derive(Debug, Clone, PartialEq, PartialOrd)]
pub(super) enum Read {
    /// Some text, whose rules the reader keeps to itself.
    Raw,
    /// A text that isn't empty.
    Text,
    /// A finite number, within these bounds if there are any.
    Number(Option<(f64, f64)>),
    /// A whole number, both ends included.
    Whole(u64, u64),
    /// True or false.
    Truth,
    /// A duration.
    Duration,
    /// A day.
    Date,
    /// A moment with its offset.
    Moment,
    /// An id.
    Id,
    /// An id that must be defined: of what.
    Reference(&'static str),
    /// A unit of the table.
    Unit,
    /// One of these words.
    Choice(BTreeSet<String>),
    /// An array.
    Items,
    /// An array of two.
    Pair,
}

/// One note.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Note {
    /// A table was asked for a key, which it must have or may have.
    Asked(&'static str, bool),
    /// A table's keys are names.
    Named,
    /// A value was read.
    Read(Read),
    /// A value is a definition whose name is its path from the root.
    Defined,
}

/// Where a note belongs: a table or a value of the document, told by its place in memory, which is the same for as
/// long as the document is there.
pub(super) type Place = usize;

pub(super) fn of_table(table: &DeTable<'_>) -> Place {
    std::ptr::from_ref(table).addr()
}

pub(super) fn of_value(value: &DeValue<'_>) -> Place {
    std::ptr::from_ref(value).addr()
}

/// The notes of one document; off unless it is switched on.
#[derive(Debug, Default)]
pub(super) struct Trace(Option<RefCell<Vec<(Place, Note)>>>);

impl Trace {
    pub(super) fn on() -> Self {
        Self(Some(RefCell::default()))
    }

    pub(super) fn note(&self, place: Place, note: impl FnOnce() -> Note) {
        if let Some(notes) = &self.0 {
            notes.borrow_mut().push((place, note()));
        }
    }

    /// The notes of a place.
    pub(super) fn of(&self, place: Place) -> Vec<Note> {
        let notes = self.0.as_ref().map(|notes| notes.borrow());
        notes.iter().flat_map(|notes| notes.iter()).filter(|(at, _)| *at == place).map(|(_, note)| note.clone()).collect()
    }
}
