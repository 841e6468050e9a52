//! The description of the HTTP interface, OpenAPI 3.1, made from the routes' own types.
//!
//! `docs/schema/openapi.json` is what `taydo schema openapi` prints, and what is served; a test holds the two together, and another
//! that every route is described. It must never describe a type in other words than the type's own.

mod routes;
mod shape;

use actix_web::HttpResponse;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use shape::schema;
use std::any::type_name;
use taydo_model::ErrorBody;

const WRITTEN: &str = include_str!("../../../docs/schema/openapi.json");

/// One route with a method.
struct Operation {
    method: &'static str,
    path: &'static str,
    summary: &'static str,
    /// The schema of its query's parameters.
    query: Option<Value>,
    body: Option<Content>,
    answer: Content,
}

/// What a body or an answer holds.
struct Content {
    /// Its media types.
    kinds: Vec<&'static str>,
    /// The name and the schema of what JSON holds.
    json: Option<(String, Value)>,
}

impl Content {
    fn json<T: DeserializeOwned>() -> Self {
        let plain =
            type_name::<T>().split(['<', '>', ',']).filter_map(|name| name.rsplit("::").next()).filter(|name| !name.trim().is_empty());
        Self { kinds: vec!["application/json"], json: Some((plain.collect::<Vec<_>>().join("Of"), schema::<T>())) }
    }

    fn of(kind: &'static str) -> Self {
        Self { kinds: vec![kind], json: None }
    }

    fn nothing() -> Self {
        Self { kinds: Vec::new(), json: None }
    }

    /// As OpenAPI has it, with the schemas that it refers to.
    fn describe(&self, schemas: &mut Map<String, Value>) -> Value {
        let mut kinds = Map::new();
        for kind in &self.kinds {
            let schema = match &self.json {
                Some((name, schema)) if *kind == "application/json" => {
                    schemas.insert(name.clone(), schema.clone());
                    json!({ "schema": { "$ref": format!("#/components/schemas/{name}") } })
                }
                _ => json!({}),
            };
            kinds.insert((*kind).to_owned(), schema);
        }
        Value::Object(kinds)
    }
}

impl Operation {
    fn describe(&self, schemas: &mut Map<String, Value>) -> Value {
        let in_path = self.path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
        let mut parameters: Vec<Value> =
            in_path.map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } })).collect();
        let field = |key: &str| self.query.as_ref().and_then(|query| query.get(key));
        for (name, schema) in field("properties").and_then(Value::as_object).into_iter().flatten() {
            let is_required = field("required").and_then(Value::as_array).is_some_and(|required| required.iter().any(|one| one == name));
            // A parameter that may be left out is not sent as null.
            let schema = schema.pointer("/anyOf/0").unwrap_or(schema);
            parameters.push(json!({ "name": name, "in": "query", "required": is_required, "schema": schema }));
        }
        let status = if self.answer.kinds.is_empty() { "204" } else { "200" };
        let mut operation = json!({
            "summary": self.summary,
            "responses": {
                status: { "description": "What was asked for", "content": self.answer.describe(schemas) },
                "default": { "description": "Why not", "content": Content::json::<ErrorBody>().describe(schemas) },
            },
        });
        if let Some(operation) = operation.as_object_mut() {
            if !parameters.is_empty() {
                operation.insert("parameters".to_owned(), parameters.into());
            }
            if let Some(body) = &self.body {
                operation.insert("requestBody".to_owned(), json!({ "required": true, "content": body.describe(schemas) }));
            }
        }
        operation
    }
}

/// The description, made now.
#[must_use]
pub fn document() -> Value {
    let (mut paths, mut schemas): (Map<String, Value>, Map<String, Value>) = Default::default();
    for operation in routes::operations() {
        let described = operation.describe(&mut schemas);
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
        "components": { "schemas": schemas },
    })
}

pub(super) async fn serve() -> HttpResponse {
    HttpResponse::Ok().content_type("application/json").body(WRITTEN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::access::ACCESS;
    use serde::Deserialize;

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
    fn a_schema_is_what_a_type_reads() {
        #[derive(Deserialize)]
        #[serde(rename_all = "snake_case")]
        enum Kind {
            Plain,
            Sized { _width_s: u32 },
        }
        #[derive(Deserialize)]
        #[allow(dead_code)]
        struct All {
            time: jiff::Timestamp,
            scope: taydo_model::Scope,
            kind: Kind,
            maybe: Option<f64>,
            #[serde(default)]
            many: Vec<bool>,
        }
        let expected = json!({
            "type": "object",
            "properties": {
                "time": { "type": "string", "format": "date-time" },
                "scope": { "type": "string" },
                "kind": { "anyOf": [
                    { "type": "string", "enum": ["plain"] },
                    { "type": "object", "required": ["sized"], "properties": { "sized":
                        { "type": "object", "properties": { "_width_s": { "type": "integer" } } } } },
                ] },
                "maybe": { "anyOf": [{ "type": "number" }, { "type": "null" }] },
                "many": { "type": "array", "items": { "type": "boolean" } },
            },
            "required": ["time", "scope", "kind"],
        });
        assert_eq!(schema::<All>(), expected);
    }
}
