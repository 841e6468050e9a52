//! Values: one value of a file, read as what it should be; anything else is a problem at its place.
//!
//! Must never know what a definition means.

use super::{
    document::{Document, type_name},
    duration,
    name::{Names, nearest},
    section::Section,
    trace::{self, Note, Read},
};
use crate::{Text, Unit, id::InvalidId, text::nfc};
use jiff::Timestamp;
use jiff::civil::Date;
use std::{ops::Range, str::FromStr};
use toml::{Spanned, de::DeValue};

/// A value with its name and its place.
pub(super) struct Value<'d> {
    pub(super) document: &'d Document<'d>,
    /// The key that it stands under; for an array's items, the array's.
    pub(super) key: String,
    /// Where the key is.
    pub(super) key_at: usize,
    /// Where the value is. For tables with a header of their own, where their name is.
    pub(super) at: usize,
    pub(super) value: &'d DeValue<'d>,
}

impl<'d> Value<'d> {
    pub(super) fn new(document: &'d Document<'d>, key: &str, key_span: Range<usize>, value: &'d Spanned<DeValue<'d>>) -> Self {
        let at = match value.get_ref() {
            DeValue::Table(_) => key_span.start,
            _ => value.span().start,
        };
        Self { document, key: key.to_owned(), key_at: key_span.start, at, value: value.get_ref() }
    }

    /// Notes a problem at the value.
    pub(super) fn problem(&self, message: impl Into<String>, hint: impl Into<String>) {
        self.document.problem(self.at, message, Some(hint.into()));
    }

    fn note(&self, read: impl FnOnce() -> Read) {
        self.document.trace.note(trace::of_value(self.value), || Note::Read(read()));
    }

    fn wrong_type<T>(&self, wanted: &str, example: &str) -> Option<T> {
        self.problem(format!("`{}` must be {wanted}, not {}", self.key, type_name(self.value)), format!("write it like {example}"));
        None
    }

    /// The text as it stands.
    pub(super) fn raw(&self) -> Option<&'d str> {
        self.note(|| Read::Raw);
        match self.value {
            DeValue::String(text) => Some(text.as_ref()),
            _ => self.wrong_type("a text", "\"…\""),
        }
    }

    /// The text, if it is one: for a second look at what the first has judged.
    pub(super) fn quiet_text(&self) -> Option<&'d str> {
        if let DeValue::String(text) = self.value { Some(text.as_ref()) } else { None }
    }

    /// The number, if it is one: likewise.
    pub(super) fn quiet_number(&self) -> Option<f64> {
        matches!(self.value, DeValue::Integer(_) | DeValue::Float(_)).then(|| self.any_number()).flatten()
    }

    /// The text in composed form and without surrounding blanks; empty is a problem.
    pub(super) fn text(&self) -> Option<String> {
        self.note(|| Read::Text);
        let text = nfc(self.raw()?);
        if text.is_empty() {
            self.problem(format!("`{}` is empty", self.key), "write a text, or remove the line");
            return None;
        }
        Some(text)
    }

    /// A finite number.
    pub(super) fn number(&self) -> Option<f64> {
        self.note(|| Read::Number(None));
        self.any_number()
    }

    fn any_number(&self) -> Option<f64> {
        let digits = match self.value {
            DeValue::Integer(whole) if whole.radix() == 10 => whole.as_str(),
            DeValue::Float(float) => float.as_str(),
            _ => return self.wrong_type("a number", "12.5"),
        };
        let number = digits.parse::<f64>().ok().filter(|number| number.is_finite());
        if number.is_none() {
            self.problem(format!("`{}` must be a finite number", self.key), "write it like 12.5");
        }
        number
    }

    /// Yes or no.
    pub(super) fn boolean(&self) -> Option<bool> {
        self.note(|| Read::Truth);
        match self.value {
            DeValue::Boolean(is) => Some(*is),
            _ => self.wrong_type("true or false", "true"),
        }
    }

    /// A number within a range, both ends included.
    pub(super) fn number_in(&self, least: f64, most: f64) -> Option<f64> {
        self.note(|| Read::Number(Some((least, most))));
        let number = self.any_number()?;
        if (least..=most).contains(&number) {
            return Some(number);
        }
        self.problem(
            format!("`{}` is {number}, which is outside {least} to {most}", self.key),
            format!("write a number from {least} to {most}"),
        );
        None
    }

    /// A whole number within a range, both ends included.
    pub(super) fn whole(&self, least: u64, most: u64) -> Option<u64> {
        self.note(|| Read::Whole(least, most));
        let DeValue::Integer(whole) = self.value else {
            return self.wrong_type("a whole number", "12");
        };
        match u64::from_str_radix(whole.as_str(), whole.radix()) {
            Ok(number) if (least..=most).contains(&number) => Some(number),
            _ => {
                self.problem(
                    format!("`{}` is {whole}, which is outside {least} to {most}", self.key),
                    format!("write a whole number from {least} to {most}"),
                );
                None
            }
        }
    }

    /// A duration such as `5m`, in seconds, within a range, both ends included.
    pub(super) fn seconds(&self, least: u32, most: u32) -> Option<u32> {
        self.note(|| Read::Duration);
        let DeValue::String(text) = self.value else {
            return self.wrong_type("a duration", "\"30s\", \"5m\", \"1h\" or \"30d\"");
        };
        let Some(seconds) = duration::parse(text) else {
            self.problem(
                format!("`{}` is {text:?}, which is not a duration", self.key),
                "write it like \"30s\", \"5m\", \"1h\" or \"30d\"",
            );
            return None;
        };
        if (least..=most).contains(&seconds) {
            return Some(seconds);
        }
        let (least, most) = (duration::show(least), duration::show(most));
        self.problem(
            format!("`{}` is {text}, which is outside {least} to {most}", self.key),
            format!("write a duration from {least} to {most}"),
        );
        None
    }

    /// A day such as `2026-02-16`, written as TOML's own date or as a text.
    pub(super) fn date(&self) -> Option<Date> {
        self.note(|| Read::Date);
        let text = match self.value {
            DeValue::Datetime(date) => date.to_string(),
            DeValue::String(text) => text.to_string(),
            _ => String::new(),
        };
        // Longer texts are moments, and whose day would that be?
        let date = text.parse::<Date>().ok().filter(|_| text.len() == "2026-02-16".len());
        if date.is_none() {
            self.problem(format!("`{}` must be a date", self.key), "write it like 2026-02-16");
        }
        date
    }

    /// A moment with its offset, such as `2025-07-01T00:00:00+07:00`, written as TOML's own date or as a text.
    pub(super) fn moment(&self) -> Option<Timestamp> {
        self.note(|| Read::Moment);
        let text = match self.value {
            DeValue::Datetime(moment) => moment.to_string(),
            DeValue::String(text) => text.to_string(),
            _ => return self.wrong_type("a moment", "2025-07-01T00:00:00+07:00"),
        };
        let moment = text.parse::<Timestamp>().ok();
        if moment.is_none() {
            self.problem(
                format!("`{}` is {text:?}, which is not a moment", self.key),
                "write date, time and offset: 2025-07-01T00:00:00+07:00",
            );
        }
        moment
    }

    /// An id by its rules.
    pub(super) fn id<T: FromStr<Err = InvalidId>>(&self) -> Option<T> {
        self.note(|| Read::Id);
        self.id_of(self.raw()?, self.at)
    }

    /// The key as an id.
    pub(super) fn key_id<T: FromStr<Err = InvalidId>>(&self) -> Option<T> {
        self.id_of(&self.key, self.key_at)
    }

    fn id_of<T: FromStr<Err = InvalidId>>(&self, text: &str, at: usize) -> Option<T> {
        match text.parse() {
            Ok(id) => Some(id),
            Err(invalid) => {
                let hint = crate::id::slug(text).map_or_else(|| "choose another".to_owned(), |slug| format!("for example `{slug}`"));
                self.document.problem(at, invalid.to_string(), Some(hint));
                None
            }
        }
    }

    /// An id that must be defined.
    pub(super) fn reference<T: FromStr<Err = InvalidId>>(&self, names: &Names) -> Option<T> {
        self.note(|| Read::Reference(names.noun));
        let text = self.raw()?;
        if !names.allows(text) {
            self.problem(format!("there is no {} `{text}`", names.noun), names.hint(text));
            return None;
        }
        self.id()
    }

    /// A name that must be defined.
    pub(super) fn named(&self, names: &Names) -> Option<&'d str> {
        self.note(|| Read::Reference(names.noun));
        let text = self.raw()?;
        let is_known = names.allows(text);
        if !is_known {
            self.problem(format!("there is no {} `{text}`", names.noun), names.hint(text));
        }
        is_known.then_some(text)
    }

    /// A unit of the table.
    pub(super) fn unit(&self) -> Option<Unit> {
        self.note(|| Read::Unit);
        let code = self.raw()?;
        let unit = Unit::parse(code);
        if unit.is_none() {
            let hint = match nearest(code, Unit::codes()) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => format!("units are {}", Unit::codes().collect::<Vec<_>>().join(", ")),
            };
            self.problem(format!("there is no unit {code:?}"), hint);
        }
        unit
    }

    /// One of a few words.
    pub(super) fn choice<T: Copy>(&self, choices: &[(&str, T)]) -> Option<T> {
        self.note(|| Read::Choice(choices.iter().map(|(name, _)| (*name).to_owned()).collect()));
        let word = self.raw()?;
        let found = choices.iter().find(|(name, _)| *name == word).map(|(_, choice)| *choice);
        if found.is_none() {
            let names = choices.iter().map(|(name, _)| *name);
            let hint = match nearest(word, names.clone()) {
                Some(near) => format!("did you mean \"{near}\"?"),
                None => format!("write one of {}", names.collect::<Vec<_>>().join(", ")),
            };
            self.problem(format!("`{}` can't be {word:?}", self.key), hint);
        }
        found
    }

    /// A text in both languages.
    pub(super) fn both_languages(&self) -> Option<Text> {
        let mut section = self.section(&format!("`{}`", self.key))?;
        let vi = section.need("vi", Value::text);
        let en = section.need("en", Value::text);
        section.finish();
        Some(Text { vi: vi?, en: en? })
    }

    /// An array's items; each is named as the array is.
    pub(super) fn items(&self) -> Option<Vec<Value<'d>>> {
        self.note(|| Read::Items);
        let DeValue::Array(items) = self.value else {
            return self.wrong_type("an array", "[…, …]");
        };
        // Every item has a place of its own; an item that is a table begins at its bracket.
        let item = |item: &'d Spanned<DeValue<'d>>| Value::new(self.document, &self.key, item.span(), item);
        Some(items.iter().map(item).collect())
    }

    /// The array's items, each read by `read`; those with a problem are left out.
    pub(super) fn each<T>(&self, read: impl FnMut(&Value<'d>) -> Option<T>) -> Option<Vec<T>> {
        Some(self.items()?.iter().filter_map(read).collect())
    }

    /// An array of exactly two, each read by `read`.
    pub(super) fn pair<T>(&self, read: impl Fn(&Value<'d>) -> Option<T>) -> Option<(T, T)> {
        self.note(|| Read::Pair);
        match self.items()?.as_slice() {
            [first, second] => {
                let (first, second) = (read(first), read(second));
                Some((first?, second?))
            }
            items => {
                self.problem(format!("`{}` must have two items, not {}", self.key, items.len()), "write it like [1, 2]");
                None
            }
        }
    }

    /// The table to be read, called `what` in problems.
    pub(super) fn section(&self, what: &str) -> Option<Section<'d>> {
        match self.value {
            DeValue::Table(table) => Some(Section::new(self.document, table, self.at, what.to_owned())),
            _ => self.wrong_type("a table", "{ key = … }"),
        }
    }

    /// The table, if it is one: for a first look that leaves problems to the second.
    pub(super) fn quiet_section(&self) -> Option<Section<'d>> {
        matches!(self.value, DeValue::Table(_)).then(|| self.section(&self.key)).flatten()
    }
}
