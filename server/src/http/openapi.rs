//! The description of the HTTP interface, OpenAPI 3.1, made from the routes' own types.
//!
//! `docs/schema/openapi.json` is what `taydo schema openapi` prints, and what is served; a test holds the two together, another
//! that every route is described, and the black-box tests that every answer they get is as described. It must never describe a
//! type in other words than the type's own.

mod routes;

use actix_web::HttpResponse;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde_json::{Map, Value, json};
use taydo_model::ErrorBody;

const WRITTEN: &str = include_str!("../../../docs/schema/openapi.json");
/// Where the description keeps the types.
const TYPES: &str = "/components/schemas";

/// How a type is described.
type Describe = fn(&mut SchemaGenerator) -> Schema;

/// One route with a method.
struct Operation {
    method: &'static str,
    path: &'static str,
    summary: &'static str,
    /// What its query's parameters are read as.
    query: Option<Describe>,
    body: Option<Content>,
    /// What it answers, by status; any other status is a refusal.
    answers: Vec<(u16, Content)>,
}

/// What a body or an answer holds.
struct Content {
    /// Its media types.
    kinds: Vec<&'static str>,
    /// What JSON holds.
    json: Option<Describe>,
}

impl Content {
    fn json<T: JsonSchema>() -> Self {
        Self { kinds: vec!["application/json"], json: Some(SchemaGenerator::subschema_for::<T>) }
    }

    fn of(kind: &'static str) -> Self {
        Self { kinds: vec![kind], json: None }
    }

    fn nothing() -> Self {
        Self { kinds: Vec::new(), json: None }
    }

    /// As OpenAPI has it.
    fn describe(&self, types: &mut SchemaGenerator) -> Value {
        let mut kinds = Map::new();
        for kind in &self.kinds {
            let described = match self.json {
                Some(describe) if *kind == "application/json" => json!({ "schema": describe(types) }),
                _ => json!({}),
            };
            kinds.insert((*kind).to_owned(), described);
        }
        Value::Object(kinds)
    }
}

impl Operation {
    fn describe(&self, types: &mut SchemaGenerator) -> Value {
        let in_path = self.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        let mut parameters: Vec<Value> =
            in_path.map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } })).collect();
        let query = self.query.map(|describe| describe(types).to_value()).unwrap_or_default();
        for (name, schema) in query.get("properties").and_then(Value::as_object).into_iter().flatten() {
            let is_required =
                query.get("required").and_then(Value::as_array).is_some_and(|required| required.iter().any(|one| one == name));
            parameters.push(json!({ "name": name, "in": "query", "required": is_required, "schema": given(schema) }));
        }
        let refusal = json!({ "description": "Why not", "content": Content::json::<ErrorBody>().describe(types) });
        let mut responses = Map::from_iter([("default".to_owned(), refusal)]);
        for (status, answer) in &self.answers {
            let described = match answer.kinds.is_empty() {
                true => json!({ "description": "It is done" }),
                false => json!({ "description": "What was asked for", "content": answer.describe(types) }),
            };
            responses.insert(status.to_string(), described);
        }
        let mut operation = json!({ "summary": self.summary, "responses": responses });
        if let Some(operation) = operation.as_object_mut() {
            if !parameters.is_empty() {
                operation.insert("parameters".to_owned(), parameters.into());
            }
            if let Some(body) = &self.body {
                operation.insert("requestBody".to_owned(), json!({ "required": true, "content": body.describe(types) }));
            }
        }
        operation
    }
}

/// A parameter that may be left out is not sent as null.
fn given(schema: &Value) -> Value {
    let is_null = |kind: &Value| kind == "null" || kind.get("type").is_some_and(|kind| kind == "null");
    let without = |key: &str| Some(schema.get(key)?.as_array()?.iter().filter(|kind| !is_null(kind)).collect::<Vec<_>>());
    let mut schema = match without("anyOf").as_deref() {
        Some([one]) => (*one).clone(),
        _ => schema.clone(),
    };
    if let (Some([one]), Some(fields)) = (without("type").as_deref(), schema.as_object_mut()) {
        fields.insert("type".to_owned(), (*one).clone());
    }
    schema
}

/// The description, made now.
#[must_use]
pub fn document() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| settings.definitions_path = TYPES.into());
    let mut types = settings.into_generator();
    let mut paths: Map<String, Value> = Map::new();
    for operation in routes::operations() {
        let described = operation.describe(&mut types);
        let methods = paths.entry(operation.path).or_insert_with(|| json!({}));
        if let Some(methods) = methods.as_object_mut() {
            methods.insert(operation.method.to_lowercase(), described);
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Tây Đô",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "The HTTP interface of a city's operations centre. Times are RFC 3339; a refusal has a stable code. docs/history.md tells more of what is read, docs/protocol.md of the WebSocket.",
        },
        "paths": paths,
        "components": { "schemas": types.take_definitions(true) },
    })
}

pub(super) async fn serve() -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(WRITTEN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::access::ACCESS;

    #[test]
    fn every_route_is_described() {
        let document = document();
        // The page itself answers everywhere else, and what goes over the WebSocket has no path.
        let routes = ACCESS.iter().filter(|(_, path, _)| path.starts_with('/') && !path.contains(".*"));
        let described = |method: &str, path: &str| document["paths"][path].get(method.to_lowercase()).is_some();
        let missing: Vec<_> = routes.clone().filter(|(method, path, _)| !described(method, path)).collect();
        assert!(missing.is_empty(), "describe in server/src/http/openapi/routes.rs: {missing:?}");
        let count: usize = document["paths"].as_object().unwrap().values().map(|methods| methods.as_object().unwrap().len()).sum();
        assert_eq!(count, routes.count(), "what is described exists");
    }

    #[test]
    fn the_written_description_is_that_of_the_code() {
        let written: Value = serde_json::from_str(WRITTEN).unwrap_or_default();
        assert!(written == document(), "run `taydo schema openapi > docs/schema/openapi.json`");
    }

    #[test]
    fn every_type_has_a_name_of_its_own() {
        let document = document();
        let names: Vec<&String> = document["components"]["schemas"].as_object().unwrap().keys().collect();
        let counted =
            |name: &&&String| names.iter().any(|other| name.strip_prefix(other.as_str()).is_some_and(|rest| rest.parse::<u32>().is_ok()));
        let alike: Vec<_> = names.iter().filter(counted).collect();
        assert!(alike.is_empty(), "say `#[schemars(rename = \"…\")]` of one of those that are called alike: {alike:?}");
    }
}
