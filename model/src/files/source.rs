//! `sources.toml`: the ways in.
//!
//! Must never let a field become a metric that measures something else.

use super::{csv, document::Document, name::Known, section::Section, topic, value::Value};
use crate::{
    City, LabelName, Labels, Metric, MetricId, SourceId, Unit,
    observation::MAX_LABEL_BYTES,
    source::{Body, Field, Level, Source, StateField, TopicPattern, Way},
};
use std::sync::Arc;

/// What a source's parts may refer to.
pub(super) struct Context<'a> {
    pub(super) known: &'a Known,
    pub(super) city: &'a City,
    pub(super) metrics: &'a [Arc<Metric>],
}

impl Context<'_> {
    pub(super) fn metric(&self, id: &MetricId) -> Option<&Arc<Metric>> {
        self.metrics.iter().find(|metric| metric.id == *id)
    }
}

#[derive(Clone, Copy)]
enum WayName {
    Mqtt,
    Http,
    Line,
    Csv,
    Own,
}

const WAYS: &[(&str, WayName)] =
    &[("mqtt", WayName::Mqtt), ("http", WayName::Http), ("line", WayName::Line), ("csv", WayName::Csv), ("self", WayName::Own)];

/// The sound sources of a file.
pub(super) fn read(document: &Document<'_>, known: &Known, city: &City, metrics: &[Arc<Metric>]) -> Vec<Source> {
    let context = Context { known, city, metrics };
    let entries: Vec<Value<'_>> = document.section().entries().collect();
    let mut read: Vec<(&Value<'_>, Source)> = entries.iter().filter_map(|entry| Some((entry, source(entry, &context)?))).collect();
    let findings = [overlaps(&read), unplayable(&read), circles(&read)];
    for (at, message, hint) in findings.into_iter().flatten() {
        if let Some((entry, _)) = read.get(at) {
            entry.problem(message, hint);
        }
    }
    read.drain(..).map(|(_, source)| source).collect()
}

type Finding = (usize, String, &'static str);

/// A message that two sources take would be counted for both.
fn overlaps(sources: &[(&Value<'_>, Source)]) -> Vec<Finding> {
    let topics: Vec<(usize, &SourceId, &TopicPattern)> = sources
        .iter()
        .enumerate()
        .filter_map(|(at, (_, source))| match &source.way {
            Way::Mqtt { topic, .. } => Some((at, &source.id, topic)),
            _ => None,
        })
        .collect();
    let mut found = Vec::new();
    for (index, (at, id, topic)) in topics.iter().enumerate() {
        if let Some((_, other, _)) = topics.iter().take(index).find(|(_, _, other)| topic::overlap(topic, other)) {
            found.push((
                *at,
                format!("the topics of {other} and {id} overlap"),
                "let one level differ, so that each message belongs to one source",
            ));
        }
    }
    found
}

/// A recording can be played only through a source whose messages can carry it.
fn unplayable(sources: &[(&Value<'_>, Source)]) -> Vec<Finding> {
    let is_mqtt = |id: &SourceId| sources.iter().any(|(_, source)| source.id == *id && matches!(source.way, Way::Mqtt { .. }));
    let replays_badly = |source: &Source| matches!(&source.way, Way::Csv(csv) if csv.replay.as_ref().is_some_and(|id| !is_mqtt(id)));
    let bad = sources.iter().enumerate().filter(|(_, (_, source))| replays_badly(source));
    bad.map(|(at, (_, source))| {
        (at, format!("{} is replayed through a source that is not a sound MQTT source", source.id), "name a source with way = \"mqtt\"")
    })
    .collect()
}

/// What comes through itself, over others: of such feeds none explains another's silence.
fn circles(sources: &[(&Value<'_>, Source)]) -> Vec<Finding> {
    let via = |id: &SourceId| sources.iter().find(|(_, source)| source.id == *id).and_then(|(_, source)| source.via.as_ref());
    let circle = |source: &Source| {
        let way: Vec<&SourceId> = std::iter::successors(source.via.as_ref(), |id| via(id)).take(sources.len()).collect();
        let end = way.iter().position(|id| **id == source.id)?;
        let circle: Vec<&str> = way.iter().take(end + 1).map(|id| id.as_str()).collect();
        // Told once, at the first by name.
        circle.iter().all(|id| *id >= source.id.as_str()).then(|| circle.join(" → "))
    };
    let found = sources.iter().enumerate().filter_map(|(at, (_, source))| Some((at, &source.id, circle(source)?)));
    found.map(|(at, id, way)| (at, format!("{id} comes through itself: {id} → {way}"), "let one of them have no `via`")).collect()
}

fn source(entry: &Value<'_>, context: &Context<'_>) -> Option<Source> {
    let id = entry.key_id::<SourceId>();
    let mut section = entry.section(&format!("source {}", entry.key))?;
    let title = section.need("title", Value::both_languages);
    let owner = super::city::owner(&mut section, context.known);
    let max_series = section.may("max_series", |value| value.whole(1, 1_000_000)).unwrap_or(1000);
    let silent_s = section.may("silent", |value| value.seconds(1, 366 * 86_400));
    let urgent = section.may("urgent", Value::boolean).unwrap_or_default();
    let via = section.may("via", |value| via(value, id.as_ref(), context));
    let way = section.need("way", |value| value.choice(WAYS)).and_then(|way| match way {
        WayName::Mqtt => mqtt(&mut section, context),
        WayName::Http => Some(Way::Http),
        WayName::Line => Some(Way::Line { fields: section.may("fields", |value| fields(value, context)).unwrap_or_default() }),
        WayName::Own => Some(Way::Own),
        WayName::Csv => csv::read(&mut section, context).map(|csv| Way::Csv(Box::new(csv))),
    });
    if id.as_ref().is_some_and(|id| id.as_str() == crate::form::SOURCE) {
        section.problem("the source `forms` is made for the figures that departments enter", "choose another name");
    }
    // Without a way it isn't known which other keys belong here.
    let sound = way.is_some() && section.finish();
    let source = Source { id: id?, title: title?, owner, way: way?, max_series: u32::try_from(max_series).ok()?, silent_s, urgent, via };
    sound.then_some(source)
}

/// What a source comes through is another source.
fn via(value: &Value<'_>, id: Option<&SourceId>, context: &Context<'_>) -> Option<SourceId> {
    let via = value.reference::<SourceId>(&context.known.sources)?;
    if id == Some(&via) {
        value.problem(format!("{via} can't come through itself"), "name the source of the gateway, or remove the line");
        return None;
    }
    Some(via)
}

fn mqtt(section: &mut Section<'_>, context: &Context<'_>) -> Option<Way> {
    let topic = section.need("topic", topic::pattern);
    let fields = section.may("fields", |value| fields(value, context));
    let value = section.may("value", |value| value.reference::<MetricId>(&context.known.metrics));
    let (has_fields, has_value) = (section.has("fields"), section.has("value"));
    let topic = topic?;
    let has_metric = topic.levels.contains(&Level::Metric);
    let body = match (has_fields, has_value, has_metric) {
        (true, false, false) => Body::Fields(fields?),
        (false, true, false) => Body::Value(Some(value?)),
        (false, false, true) => Body::Value(None),
        (false, false, false) => {
            section.problem(
                format!("{} doesn't say which metrics its messages carry", section.what),
                "add `fields = [...]`, `value = \"METRIC\"`, or {metric} in the topic",
            );
            return None;
        }
        _ => {
            section.problem(
                format!("{} says more than once which metrics its messages carry", section.what),
                "keep one of `fields`, `value`, and {metric} in the topic",
            );
            return None;
        }
    };
    Some(Way::Mqtt { topic, body })
}

/// Fields of messages or columns of files.
pub(super) fn fields(value: &Value<'_>, context: &Context<'_>) -> Option<Vec<Field>> {
    let items = value.items()?;
    if items.is_empty() {
        value.problem(format!("`{}` is empty", value.key), "write { name = \"…\", metric = \"…\", unit = \"…\" } for each");
    }
    let mut fields: Vec<Field> = Vec::new();
    for item in &items {
        let Some(field) = field(item, context) else { continue };
        if fields.iter().any(|other| other.name == field.name) {
            item.problem(format!("the field {:?} is mapped twice", field.name), "remove one of them");
        } else if fields.iter().any(|other| other.metric == field.metric && other.labels == field.labels) {
            item.problem(format!("two fields become {} with the same labels", field.metric), "give each of them labels of its own");
        }
        fields.push(field);
    }
    Some(fields)
}

fn field(item: &Value<'_>, context: &Context<'_>) -> Option<Field> {
    let mut section = item.section("the field")?;
    let name = section.need("name", Value::text);
    if let Some(name) = &name {
        section.what = format!("the field {name:?}");
    }
    let metric = section.need("metric", |value| value.reference::<MetricId>(&context.known.metrics));
    let metric_unit = metric.as_ref().and_then(|id| context.metric(id)).map(|metric| metric.unit);
    let unit = section.may("unit", |value| unit_of(value, metric.as_ref(), metric_unit));
    let labels = section.may("labels", labels).unwrap_or_default();
    let state = section.may("state", state);
    section.finish();
    Some(Field { name: name?, metric: metric?, unit: unit.or(metric_unit)?, labels, state })
}

/// `state = { name = "st", calibrating = ["01"], fault = ["02"] }`.
fn state(value: &Value<'_>) -> Option<StateField> {
    let mut section = value.section("`state`")?;
    let name = section.need("name", Value::text);
    let mut seen: Vec<String> = Vec::new();
    let mut codes = |key: &'static str| {
        let codes = section.may(key, |value| value.each(Value::text)).unwrap_or_default();
        if let Some(twice) = codes.iter().find(|code| seen.contains(code)) {
            section.problem(format!("the state's code {twice:?} stands in two lists"), "leave it in one of them");
        }
        seen.extend(codes.iter().cloned());
        codes
    };
    let (normal, calibrating) = (codes("normal"), codes("calibrating"));
    let (fault, provisional) = (codes("fault"), codes("provisional"));
    if seen.is_empty() {
        section.problem("the state names no codes", "list the codes of normal, calibrating, fault or provisional values");
    }
    section.finish();
    Some(StateField { name: name?, normal, calibrating, fault, provisional })
}

fn unit_of(value: &Value<'_>, metric: Option<&MetricId>, metric_unit: Option<Unit>) -> Option<Unit> {
    let unit = value.unit()?;
    if let (Some(metric), Some(metric_unit)) = (metric, metric_unit)
        && unit.factor_to(metric_unit).is_none()
    {
        value.problem(format!("{unit} can't become {metric_unit}, the unit of {metric}"), "name another metric, or correct the unit");
        return None;
    }
    Some(unit)
}

/// Labels and their values; an asset or an area that they name must not be checked here: feeds may know more than the register.
pub(super) fn labels(value: &Value<'_>) -> Option<Labels> {
    let section = value.section("the labels")?;
    let label = |entry: Value<'_>| {
        let name = entry.key_id::<LabelName>();
        let text = entry.text()?;
        if text.len() > MAX_LABEL_BYTES {
            entry.problem(format!("the label's value is longer than {MAX_LABEL_BYTES} bytes"), "shorten it");
        }
        Some((name?, text))
    };
    Some(section.entries().filter_map(label).collect())
}
