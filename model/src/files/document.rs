//! Documents: one file's text as a TOML tree with the place of everything in it, and the problems found so far.
//!
//! Must never know what a definition means.

use super::{File, Problem, Role, section::Section, trace::Trace};
use std::cell::RefCell;
use toml::de::{DeTable, DeValue};
use unicode_normalization::{UnicodeNormalization, is_nfc};

/// A parsed file. Problems are noted through shared references, so that many readers of parts may exist at once.
pub(super) struct Document<'t> {
    pub(super) name: &'t str,
    pub(super) role: Option<Role>,
    /// Whether the syntax is at fault: then its definitions aren't read, and what they would have named isn't missed.
    pub(super) broken: bool,
    pub(super) table: DeTable<'t>,
    text: &'t str,
    problems: RefCell<Vec<Problem>>,
    /// What is asked for, where that is to be told.
    pub(super) trace: Trace,
}

impl<'t> Document<'t> {
    pub(super) fn parse(file: &'t File) -> Self {
        let (table, errors) = DeTable::parse_recoverable(&file.text);
        let document = Self {
            name: &file.name,
            role: Role::of(&file.name),
            broken: !errors.is_empty(),
            table: table.into_inner(),
            text: &file.text,
            problems: RefCell::default(),
            trace: Trace::default(),
        };
        if document.role.is_none() {
            let hint = "a city's folder has city.toml, calendar.toml, metrics.toml, assets.toml or assets/*.toml, sources.toml, kpis/*.toml, boards/*.toml, maps/*.geojson, walls.toml, alerts/*.toml, duty.toml, incidents.toml, goals.toml, public.toml and stage.toml";
            document.problem(0, "no definitions are read from a file of this name", Some(hint.to_owned()));
        }
        for error in errors {
            let at = error.span().map_or(0, |span| span.start);
            let hint = "correct the TOML syntax here; the rest of this file is checked after that";
            document.problem(at, first_line(error.message()), Some(hint.to_owned()));
        }
        document.check_letters();
        document
    }

    /// The whole file as a section.
    pub(super) fn section(&self) -> Section<'_> {
        Section::new(self, &self.table, 0, self.name.to_owned())
    }

    /// Notes a problem at a byte offset.
    pub(super) fn problem(&self, at: usize, message: impl Into<String>, hint: Option<String>) {
        let (line, column) = self.place(at);
        self.problems.borrow_mut().push(Problem { file: self.name.to_owned(), line, column, message: message.into(), hint });
    }

    /// The source from a byte offset on.
    pub(super) fn text_from(&self, at: usize) -> &str {
        self.text.get(at..).unwrap_or_default()
    }

    pub(super) fn problem_count(&self) -> usize {
        self.problems.borrow().len()
    }

    pub(super) fn into_problems(self) -> Vec<Problem> {
        self.problems.into_inner()
    }

    /// Line and column, from 1, of a byte offset; columns count characters.
    fn place(&self, at: usize) -> (usize, usize) {
        let before = self.text.get(..at.min(self.text.len())).unwrap_or(self.text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        (line, column)
    }

    /// Vietnamese can be written in two ways that look the same and compare as different; files use the composed one.
    /// What was read from bytes that are no UTF-8 holds U+FFFD in their place.
    fn check_letters(&self) {
        let mut start = 0;
        for line in self.text.split_inclusive('\n') {
            if let Some(at) = line.find(char::REPLACEMENT_CHARACTER) {
                self.problem(start + at, "these bytes are no UTF-8 text", Some("save the file as UTF-8".to_owned()));
            }
            if !is_nfc(line) {
                let composed: String = line.nfc().collect();
                let same = line.char_indices().zip(composed.chars()).find(|((_, have), want)| have != want);
                let at = same.map_or(0, |((at, _), _)| at);
                self.problem(
                    start + at,
                    "this letter is not in Unicode's composed form (NFC)",
                    Some("type it again with a keyboard that composes, or convert the file to NFC".to_owned()),
                );
            }
            start += line.len();
        }
    }
}

fn first_line(message: &str) -> String {
    message.lines().next().unwrap_or("the syntax is not TOML's").to_owned()
}

/// What people call a value's type.
pub(super) fn type_name(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "an array",
        DeValue::Table(_) => "a table",
    }
}
