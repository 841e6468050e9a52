//! What the loader asked for at one place of the format, over all the places of the example that are alike.
//!
//! It must never say more than was seen: where the reader keeps its rules to itself, any text is allowed.

use super::super::{
    document::Document,
    trace::{self, Note, Read, Trace},
};
use super::describe;
use crate::Unit;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use toml::de::{DeTable, DeValue};

/// What an id looks like.
const ID: &str = "^[a-z0-9][a-z0-9._-]{0,63}$";
const DURATION: &str = "^[0-9]+[smhd]$";

/// One place of the format.
#[derive(Debug, Default)]
pub(super) struct Node {
    /// What tables here were asked for, each set of keys once.
    forms: Vec<Form>,
    /// Whether a table here has names for keys, and what stands under them.
    named: Option<Box<Node>>,
    /// Whether the names may have parts: tables in tables.
    dotted: bool,
    /// What stands under the keys.
    pub(super) keys: BTreeMap<String, Node>,
    items: Option<Box<Node>>,
    pair: bool,
    reads: Vec<Read>,
}

/// The keys that a table is asked for: of one table that is, for instance, an MQTT source.
#[derive(Debug)]
struct Form {
    asked: BTreeSet<&'static str>,
    needed: BTreeSet<&'static str>,
    /// The words that stand under its keys in the example.
    words: BTreeMap<String, BTreeSet<String>>,
}

impl Node {
    /// What was asked for in a document.
    pub(super) fn of(document: &Document<'_>) -> Self {
        let mut root = Self::default();
        root.table(&document.table, &document.trace);
        root
    }

    fn value(&mut self, value: &DeValue<'_>, trace: &Trace) {
        for note in trace.of(trace::of_value(value)) {
            if let Note::Read(read) = note {
                self.pair |= read == Read::Pair;
                self.reads.push(read);
            }
        }
        match value {
            DeValue::Table(table) => self.table(table, trace),
            DeValue::Array(items) => {
                for item in items {
                    self.items.get_or_insert_default().value(item.get_ref(), trace);
                }
            }
            _ => {}
        }
    }

    fn table(&mut self, table: &DeTable<'_>, trace: &Trace) {
        if has_definitions(table, trace) {
            self.dotted = true;
            self.definitions(table, trace);
            return;
        }
        let notes = trace.of(trace::of_table(table));
        if notes.contains(&Note::Named) {
            for (_, value) in table {
                self.named.get_or_insert_default().value(value.get_ref(), trace);
            }
            return;
        }
        let mut form = Form { asked: BTreeSet::new(), needed: BTreeSet::new(), words: BTreeMap::new() };
        for note in notes {
            if let Note::Asked(key, is_needed) = note {
                form.asked.insert(key);
                form.needed.extend(is_needed.then_some(key));
            }
        }
        if form.asked.is_empty() {
            return;
        }
        for key in &form.asked {
            self.keys.entry((*key).to_owned()).or_default();
        }
        for (key, value) in table {
            if let DeValue::String(word) = value.get_ref() {
                form.words.entry(key.get_ref().to_string()).or_default().insert(word.to_string());
            }
            self.keys.entry(key.get_ref().to_string()).or_default().value(value.get_ref(), trace);
        }
        self.add(form);
    }

    fn definitions(&mut self, table: &DeTable<'_>, trace: &Trace) {
        for (_, value) in table {
            match value.get_ref() {
                DeValue::Table(inner) if !is_definition(value.get_ref(), trace) => self.definitions(inner, trace),
                definition => self.named.get_or_insert_default().value(definition, trace),
            }
        }
    }

    fn add(&mut self, form: Form) {
        match self.forms.iter_mut().find(|other| other.asked == form.asked) {
            Some(other) => {
                other.needed.retain(|key| form.needed.contains(key));
                for (key, words) in form.words {
                    other.words.entry(key).or_default().extend(words);
                }
            }
            None => self.forms.push(form),
        }
    }

    /// The schema of this place, which is called `path` in descriptions.
    pub(super) fn schema(&self, path: &str) -> Value {
        let mut ways = Vec::new();
        if let Some(named) = &self.named {
            ways.push(if self.dotted { dotted(named.schema(&format!("{path}.*"))) } else { named_by(named.schema(&format!("{path}.*"))) });
        }
        ways.extend(self.forms.iter().map(|form| self.record(form, path)));
        if let Some(items) = &self.items {
            let mut array = json!({ "type": "array", "items": items.schema(path) });
            if let Some(array) = array.as_object_mut().filter(|_| self.pair) {
                array.insert("minItems".to_owned(), json!(2));
                array.insert("maxItems".to_owned(), json!(2));
            }
            ways.push(array);
        }
        ways.extend(scalars(&self.reads));
        match ways.len() {
            0 => json!({}),
            1 => ways.remove(0),
            _ => json!({ "anyOf": ways }),
        }
    }

    fn record(&self, form: &Form, path: &str) -> Value {
        let mut properties = Map::new();
        for key in &form.asked {
            let Some(node) = self.keys.get(*key) else { continue };
            let inner = format!("{path}.{key}");
            let mut schema = match self.distinguishing(form, key) {
                Some(words) => json!({ "enum": words }),
                None => node.schema(&inner),
            };
            if let (Some(schema), Some(text)) = (schema.as_object_mut(), describe::of(&inner)) {
                schema.insert("description".to_owned(), json!(text));
            }
            properties.insert((*key).to_owned(), schema);
        }
        let required: Vec<&&str> = form.needed.iter().collect();
        json!({ "type": "object", "properties": properties, "required": required, "additionalProperties": false })
    }

    /// The words of a key by which this form differs from all others: where the example has all words that there are,
    /// and each in one form only.
    fn distinguishing(&self, form: &Form, key: &str) -> Option<BTreeSet<String>> {
        let choices: BTreeSet<&String> = words(&self.keys.get(key)?.reads).collect();
        if self.forms.len() < 2 || choices.is_empty() {
            return None;
        }
        let mut seen = Vec::new();
        for other in &self.forms {
            seen.extend(other.words.get(key)?);
        }
        let each_once = seen.iter().collect::<BTreeSet<_>>().len() == seen.len();
        let is_all = choices.iter().all(|choice| seen.contains(choice));
        (each_once && is_all).then(|| form.words.get(key).cloned()).flatten()
    }

    /// The paths of the keys for which the example has no value.
    #[cfg(test)]
    pub(super) fn unseen(&self, path: &str, found: &mut Vec<String>) {
        for (key, node) in &self.keys {
            let inner = format!("{path}.{key}");
            if node.is_unseen() {
                found.push(inner.clone());
            }
            node.unseen(&inner, found);
        }
        let parts = self.named.iter().map(|node| (node, format!("{path}.*"))).chain(self.items.iter().map(|node| (node, path.to_owned())));
        for (node, inner) in parts {
            node.unseen(&inner, found);
        }
    }

    #[cfg(test)]
    fn is_unseen(&self) -> bool {
        self.forms.is_empty() && self.named.is_none() && self.items.is_none() && self.reads.is_empty()
    }

    /// All paths that a description can be of.
    #[cfg(test)]
    pub(super) fn paths(&self, path: &str, found: &mut Vec<String>) {
        found.push(path.to_owned());
        for (key, node) in &self.keys {
            node.paths(&format!("{path}.{key}"), found);
        }
        if let Some(named) = &self.named {
            named.paths(&format!("{path}.*"), found);
        }
        if let Some(items) = &self.items {
            items.paths(path, found);
        }
    }
}

fn is_definition(value: &DeValue<'_>, trace: &Trace) -> bool {
    trace.of(trace::of_value(value)).contains(&Note::Defined)
}

fn has_definitions(table: &DeTable<'_>, trace: &Trace) -> bool {
    table.iter().any(|(_, value)| {
        is_definition(value.get_ref(), trace) || matches!(value.get_ref(), DeValue::Table(inner) if has_definitions(inner, trace))
    })
}

fn named_by(definition: Value) -> Value {
    json!({ "type": "object", "additionalProperties": definition })
}

/// `[traffic.speed]` and `["traffic.speed"]` are the same: a table of definitions or of further tables.
fn dotted(definition: Value) -> Value {
    let either = json!({ "anyOf": [{ "$ref": "#/definitions/one" }, { "$ref": "#/definitions/group" }] });
    json!({
        "definitions": { "one": definition, "group": { "type": "object", "minProperties": 1, "additionalProperties": either } },
        "type": "object",
        "additionalProperties": either,
    })
}

fn words(reads: &[Read]) -> impl Iterator<Item = &String> {
    reads.iter().filter_map(|read| if let Read::Choice(words) = read { Some(words) } else { None }).flatten()
}

/// What values that are neither tables nor arrays may be: the most that is known of texts, and of numbers.
fn scalars(reads: &[Read]) -> Vec<Value> {
    let mut found = Vec::new();
    let choices: BTreeSet<&String> = words(reads).collect();
    if !choices.is_empty() {
        found.push(json!({ "enum": choices }));
    }
    let texts = [
        (Read::Unit, json!({ "enum": Unit::codes().collect::<Vec<_>>() })),
        (Read::Truth, json!({ "type": "boolean" })),
        (Read::Duration, json!({ "type": "string", "pattern": DURATION })),
        (Read::Date, json!({ "type": "string" })),
        (Read::Moment, json!({ "type": "string" })),
    ];
    found.extend(texts.into_iter().filter(|(read, _)| reads.contains(read)).map(|(_, schema)| schema));
    let is_id = reads.contains(&Read::Id);
    let is_reference = reads.iter().any(|read| matches!(read, Read::Reference(_)));
    if found.is_empty() && (is_id || is_reference) {
        found.push(json!({ "type": "string", "pattern": ID }));
    } else if found.is_empty() && reads.contains(&Read::Text) {
        found.push(json!({ "type": "string", "minLength": 1 }));
    } else if found.is_empty() && reads.contains(&Read::Raw) {
        found.push(json!({ "type": "string" }));
    }
    found.extend(numbers(reads));
    found
}

fn numbers(reads: &[Read]) -> Option<Value> {
    let whole: Vec<(u64, u64)> = reads.iter().filter_map(|read| if let Read::Whole(a, b) = read { Some((*a, *b)) } else { None }).collect();
    if let (Some(least), Some(most)) = (whole.iter().map(|(least, _)| least).min(), whole.iter().map(|(_, most)| most).max()) {
        return Some(json!({ "type": "integer", "minimum": least, "maximum": most }));
    }
    let numbers: Vec<Option<(f64, f64)>> =
        reads.iter().filter_map(|read| if let Read::Number(range) = read { Some(*range) } else { None }).collect();
    if numbers.is_empty() {
        return None;
    }
    let ranges: Option<Vec<(f64, f64)>> = numbers.into_iter().collect();
    Some(match ranges {
        None => json!({ "type": "number" }),
        Some(ranges) => {
            let least = ranges.iter().map(|(least, _)| *least).fold(f64::INFINITY, f64::min);
            let most = ranges.iter().map(|(_, most)| *most).fold(f64::NEG_INFINITY, f64::max);
            json!({ "type": "number", "minimum": least, "maximum": most })
        }
    })
}
