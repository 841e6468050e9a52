//! JSON Schemas of the definition files, for editors: made from what the loader asks for when it reads the example,
//! in which every key stands at least once.
//!
//! So the loader is the only description of the format. A schema must never refuse a file that the loader takes; the
//! loader checks more: that names exist, that units fit, that windows lie on the grid.

mod describe;
mod node;

use super::{File, Role, define, document::Document, map, scenario, trace::Trace};
use node::Node;
use serde_json::{Value, json};

/// The example: one file of each kind, together a sound city.
const EXAMPLE: &[(&str, &str)] = &[
    ("city.toml", include_str!("example/city.toml")),
    ("calendar.toml", include_str!("example/calendar.toml")),
    ("metrics.toml", include_str!("example/metrics.toml")),
    ("assets.toml", include_str!("example/assets.toml")),
    ("sources.toml", include_str!("example/sources.toml")),
    ("kpis/example.toml", include_str!("example/kpis.toml")),
    ("boards/example.toml", include_str!("example/board.toml")),
    ("walls.toml", include_str!("example/walls.toml")),
    ("alerts/example.toml", include_str!("example/alerts.toml")),
    ("alerts/scenarios/example.toml", include_str!("example/scenarios.toml")),
    ("duty.toml", include_str!("example/duty.toml")),
    ("incidents.toml", include_str!("example/incidents.toml")),
    ("goals.toml", include_str!("example/goals.toml")),
    ("public.toml", include_str!("example/public.toml")),
    ("stage.toml", include_str!("example/stage.toml")),
];

/// The kinds of files that have a schema, in the order in which a city is begun.
#[must_use]
pub fn kinds() -> Vec<&'static str> {
    EXAMPLE.iter().filter_map(|(name, _)| Role::of(name)).map(Role::kind).collect()
}

/// The JSON Schema (draft 7) of a kind of files; `None` when there is no such kind.
#[must_use]
pub fn schema(kind: &str) -> Option<Value> {
    let node = trees().into_iter().find(|(name, _)| *name == kind).map(|(_, node)| node)?;
    let mut schema = node.schema(kind);
    if let Some(object) = schema.as_object_mut() {
        object.insert("$schema".to_owned(), json!("http://json-schema.org/draft-07/schema#"));
        object.insert("title".to_owned(), json!(format!("Tây Đô: {kind}")));
        if let Some(text) = describe::of(kind) {
            object.insert("description".to_owned(), json!(text));
        }
    }
    Some(schema)
}

/// The map that the example's board shows; a map is GeoJSON, which has schemas of its own.
const MAP: (&str, &str) = ("maps/wards.geojson", include_str!("example/map.geojson"));

fn example() -> Vec<File> {
    EXAMPLE.iter().chain([&MAP]).map(|(name, text)| File { name: (*name).to_owned(), text: (*text).to_owned() }).collect()
}

/// What was asked for in each kind of files.
fn trees() -> Vec<(&'static str, Node)> {
    let files = example();
    let (maps, texts): (Vec<&File>, Vec<&File>) = files.iter().partition(|file| map::name(&file.name).is_some());
    let mut documents: Vec<Document<'_>> = texts.into_iter().map(Document::parse).collect();
    documents.iter_mut().for_each(|document| document.trace = Trace::on());
    let set = define(&documents, &maps);
    documents.iter().filter(|document| document.role == Some(Role::Scenarios)).for_each(|document| _ = scenario::read(document, &set));
    documents.iter().filter_map(|document| Some((document.role?.kind(), Node::of(document)))).collect()
}

#[cfg(test)]
mod tests;
