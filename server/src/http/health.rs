//! Whether the server lives, whether it is ready and what not, and its own figures.

use super::State;
use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Data;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use taydo_model::api::DefinitionsState;

/// The parts that must be there before the server can do its work, each with why it isn't yet.
#[derive(Debug, Default)]
pub struct Readiness(Mutex<BTreeMap<&'static str, String>>);

impl Readiness {
    /// The part is not ready, for this reason.
    pub fn lacks(&self, part: &'static str, reason: impl Into<String>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(part, reason.into());
    }

    /// The part is ready.
    pub fn has(&self, part: &'static str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(part);
    }

    fn lacking(&self) -> BTreeMap<&'static str, String> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[derive(Serialize)]
struct Ready {
    ready: bool,
    /// What is not ready, and why.
    lacking: BTreeMap<&'static str, String>,
    /// Not in the way of being ready, but to be looked at.
    warnings: Vec<String>,
    /// How the database stores history.
    layout: &'static str,
    /// The database's versions.
    database: String,
    /// The hash of the definition set in force.
    definitions: String,
}

/// That the city's folder is broken, and where it is first.
fn broken(definitions: &DefinitionsState) -> Option<String> {
    let (since, first) = (definitions.broken_since?, definitions.problems.first()?);
    let count = definitions.problem_count;
    let place = format!("{}:{}:{}: {}", first.file, first.line, first.column, first.message);
    Some(format!("the city's folder has {count} problem(s) since {since}, so the set in force stays; the first: {place}"))
}

pub(super) async fn alive() -> &'static str {
    "ok\n"
}

pub(super) async fn ready(state: Data<State>) -> HttpResponse {
    let mut lacking = state.readiness.lacking();
    if let Err(error) = state.store.ping().await {
        lacking.insert("database", error.to_string());
    }
    let (sources, _) = state.health.snapshot(&state.definitions.get(), state.clock.now());
    let of_sources = sources.into_iter().filter_map(|source| source.problem.map(|problem| format!("source {}: {problem}", source.id)));
    let definitions = state.definitions.standing();
    let warnings = of_sources.chain(broken(&definitions)).collect();
    let body = Ready {
        ready: lacking.is_empty(),
        lacking,
        warnings,
        layout: state.store.layout().name(),
        database: state.store.engine().to_string(),
        definitions: definitions.hash,
    };
    if body.ready { HttpResponse::Ok().json(body) } else { HttpResponse::ServiceUnavailable().json(body) }
}

pub(super) async fn metrics(state: Data<State>) -> HttpResponse {
    let text = state.metrics.text(&state.hub, &state.intake, &state.definitions);
    HttpResponse::Ok().insert_header((header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")).body(text)
}
