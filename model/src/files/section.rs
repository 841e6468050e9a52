//! Sections: a table of a file, read key by key; what nobody asked for is a problem.
//!
//! Must never know what a definition means, nor stop at a problem.

use super::{
    document::Document,
    name::nearest,
    trace::{self, Note},
    value::Value,
};
use toml::de::{DeTable, DeValue};

/// A table that is being read.
pub(super) struct Section<'d> {
    pub(super) document: &'d Document<'d>,
    table: &'d DeTable<'d>,
    /// Where it begins, as a byte offset.
    pub(super) at: usize,
    /// What people call it: `KPI traffic.speed`.
    pub(super) what: String,
    asked: Vec<&'static str>,
    problems_before: usize,
}

impl<'d> Section<'d> {
    pub(super) fn new(document: &'d Document<'d>, table: &'d DeTable<'d>, at: usize, what: String) -> Self {
        Self { document, table, at, what, asked: Vec::new(), problems_before: document.problem_count() }
    }

    /// The value of a key, if it is there; the key counts as known from now on.
    pub(super) fn get(&mut self, key: &'static str) -> Option<Value<'d>> {
        self.asked.push(key);
        self.document.trace.note(trace::of_table(self.table), || Note::Asked(key, false));
        let (name, value) = self.table.iter().find(|(name, _)| name.get_ref() == key)?;
        Some(Value::new(self.document, name.get_ref(), name.span(), value))
    }

    /// What a key holds, read by `read`. A missing key is a problem; so is whatever `read` finds.
    pub(super) fn need<T>(&mut self, key: &'static str, read: impl FnOnce(&Value<'d>) -> Option<T>) -> Option<T> {
        let value = self.get(key);
        self.document.trace.note(trace::of_table(self.table), || Note::Asked(key, true));
        if value.is_none() {
            self.document.problem(self.at, format!("{} has no `{key}`", self.what), Some(format!("add a line `{key} = …`")));
        }
        value.and_then(|value| read(&value))
    }

    /// What a key holds, if it is there.
    pub(super) fn may<T>(&mut self, key: &'static str, read: impl FnOnce(&Value<'d>) -> Option<T>) -> Option<T> {
        self.get(key).and_then(|value| read(&value))
    }

    /// Whether the key is there.
    pub(super) fn has(&self, key: &str) -> bool {
        self.table.iter().any(|(name, _)| name.get_ref() == key)
    }

    /// Every entry, for tables whose keys are names.
    pub(super) fn entries(&self) -> impl Iterator<Item = Value<'d>> + use<'d> {
        let document = self.document;
        document.trace.note(trace::of_table(self.table), || Note::Named);
        self.table.iter().map(move |(name, value)| Value::new(document, name.get_ref(), name.span(), value))
    }

    /// Notes a problem of the section as a whole.
    pub(super) fn problem(&self, message: impl Into<String>, hint: impl Into<String>) {
        self.document.problem(self.at, message, Some(hint.into()));
    }

    /// Reports the keys that nobody asked for. Whether the section is sound: nothing has been found since it was opened.
    pub(super) fn finish(self) -> bool {
        for (name, _) in self.table.iter() {
            if !self.asked.iter().any(|asked| name.get_ref() == asked) {
                let hint = match nearest(name.get_ref(), self.asked.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("known here: {}", self.asked.join(", ")),
                };
                self.document.problem(name.span().start, format!("{} has an unknown key `{}`", self.what, name.get_ref()), Some(hint));
            }
        }
        self.document.problem_count() == self.problems_before
    }
}

/// The definitions of a file whose tables are named by ids, at any depth: `[traffic.speed]` and `["traffic.speed"]`
/// are the same. A table is a definition, and not a part of a name, once one of `keys` is in it, or something that isn't a table.
pub(super) fn definitions<'d>(document: &'d Document<'d>, table: &'d DeTable<'d>, keys: &[&str]) -> Vec<Value<'d>> {
    let mut found = Vec::new();
    collect(document, table, keys, "", &mut found);
    found
}

fn collect<'d>(document: &'d Document<'d>, table: &'d DeTable<'d>, keys: &[&str], prefix: &str, found: &mut Vec<Value<'d>>) {
    for (name, value) in table {
        let id = if prefix.is_empty() { name.get_ref().to_string() } else { format!("{prefix}.{}", name.get_ref()) };
        match value.get_ref() {
            DeValue::Table(inner) if is_prefix(inner, keys) => collect(document, inner, keys, &id, found),
            _ => {
                document.trace.note(trace::of_value(value.get_ref()), || Note::Defined);
                found.push(Value::new(document, &id, name.span(), value));
            }
        }
    }
}

fn is_prefix(table: &DeTable<'_>, keys: &[&str]) -> bool {
    !table.is_empty()
        && table.iter().all(|(name, value)| matches!(value.get_ref(), DeValue::Table(_)) && !keys.contains(&name.get_ref().as_ref()))
}
