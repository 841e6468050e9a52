//! Whether the server lives, whether it is ready and what not, and its own figures.

use super::State;
use crate::duty::LATE;
use crate::paging::{Doing, Figures, ProviderStanding};
use crate::store::StoreError;
use crate::store::outbox::Depth;
use actix_web::HttpResponse;
use actix_web::http::header;
use actix_web::web::Data;
use jiff::Timestamp;
use schemars::JsonSchema;
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

/// Whether the centre works.
#[derive(Serialize, JsonSchema)]
pub(super) struct Ready {
    ready: bool,
    /// What is not ready, and why.
    lacking: BTreeMap<&'static str, String>,
    /// Not in the way of being ready, but to be looked at.
    warnings: Vec<String>,
    #[serde(flatten)]
    leading: Option<Leading>,
}

/// What only the server that leads can say.
#[derive(Serialize, JsonSchema)]
struct Leading {
    /// How the database stores history.
    layout: &'static str,
    /// The database's versions.
    database: String,
    /// The hash of the definition set in force.
    definitions: String,
    /// When the last look after the duty began that was completed; absent before the first.
    #[serde(skip_serializing_if = "Option::is_none")]
    duty_looked_at: Option<Timestamp>,
    /// How people are told; absent while the store can't be asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    paging: Option<PagingState>,
}

impl Ready {
    /// Of a server that stands by.
    pub(super) fn standing_by() -> Self {
        let lacking = BTreeMap::from([("lead", "another server leads; this one stands by to take over".to_owned())]);
        Self { ready: false, lacking, warnings: Vec::new(), leading: None }
    }

    pub(super) fn answer(&self) -> HttpResponse {
        if self.ready { HttpResponse::Ok().json(self) } else { HttpResponse::ServiceUnavailable().json(self) }
    }
}

/// How people are told.
#[derive(Serialize, JsonSchema)]
struct PagingState {
    /// Whether there is a paging file; without it pages wait.
    configured: bool,
    /// The providers, in the order in which they are tried.
    providers: Vec<ProviderStanding>,
    /// Pages and messages that are due and not yet sent.
    waiting: u64,
    /// Since when the oldest of them should have been sent.
    oldest: Option<Timestamp>,
}

impl PagingState {
    async fn read(state: &State, now: Timestamp) -> Result<Self, StoreError> {
        let Depth { pages, messages, oldest } = state.store.outbox_depth(now).await?;
        let providers = match &state.paging {
            Some(paging) => paging.providers(&state.store, now).await?,
            None => Vec::new(),
        };
        Ok(Self { configured: state.paging.is_some(), providers, waiting: pages + messages, oldest })
    }

    /// What is to be looked at.
    fn warnings(&self, now: Timestamp) -> Vec<String> {
        let mut warnings: Vec<String> = self.providers.iter().filter_map(warning).collect();
        if let Some(oldest) = self.oldest.filter(|oldest| now.duration_since(*oldest) > LATE) {
            warnings.push(if self.configured {
                format!("paging: a page has not been sent since {oldest}")
            } else {
                format!("paging: pages wait since {oldest} and nobody is told; name providers with --paging FILE (docs/paging.md)")
            });
        }
        warnings
    }
}

fn warning(provider: &ProviderStanding) -> Option<String> {
    let name = &provider.name;
    let why = || provider.last_failure.as_deref().unwrap_or("it doesn't say why");
    match provider.doing {
        Doing::Well => None,
        Doing::Degraded => {
            let since = provider.canary_waiting_since.map(|since| since.to_string()).unwrap_or_default();
            Some(format!("paging: no canary has arrived over {name} since {since}; it is used last"))
        }
        Doing::BreakerOpen => {
            Some(format!("paging: {name} has failed {} times in a row and is left alone; the last time: {}", provider.failures, why()))
        }
    }
}

/// That the city's folder is broken, and where it is first.
fn broken(definitions: &DefinitionsState) -> Option<String> {
    let (since, first) = (definitions.broken_since?, definitions.problems.first()?);
    let count = definitions.problem_count;
    let place = format!("{}:{}:{}: {}", first.file, first.line, first.column, first.message);
    Some(format!("the city's folder has {count} problem(s) since {since}, so the set in force stays; the first: {place}"))
}

/// The waiting page of a wall's computer is a file, and asks for this across origins: it must be told that it was answered.
pub(super) async fn alive() -> HttpResponse {
    HttpResponse::Ok()
        .insert_header(("cross-origin-resource-policy", "cross-origin"))
        .content_type("text/plain; charset=utf-8")
        .body("ok\n")
}

pub(super) async fn ready(state: Data<State>) -> HttpResponse {
    let mut lacking = state.readiness.lacking();
    if let Err(error) = state.store.ping().await {
        lacking.insert("database", error.to_string());
    }
    let (sources, _) = state.health.snapshot(&state.definitions.get(), state.clock.now());
    let of_sources = sources.into_iter().filter_map(|source| source.problem.map(|problem| format!("source {}: {problem}", source.id)));
    let definitions = state.definitions.standing();
    if state.metrics.pipeline.is_failing() {
        lacking.insert("saving", "readings, and what rules decide by them, can't be saved; the log says why".to_owned());
    }
    let now = state.clock.now();
    // Without an answer the store itself is lacking, as it says above.
    let paging = PagingState::read(&state, now).await.ok();
    let of_paging = paging.iter().flat_map(|paging| paging.warnings(now));
    let warnings = of_sources.chain(broken(&definitions)).chain(of_paging).chain(state.keeping.warnings()).collect();
    let leading = Leading {
        layout: state.store.layout().name(),
        database: state.store.engine().to_string(),
        definitions: definitions.hash,
        duty_looked_at: state.overdue.looked_at.get(),
        paging,
    };
    Ready { ready: lacking.is_empty(), lacking, warnings, leading: Some(leading) }.answer()
}

pub(super) async fn metrics(state: Data<State>) -> HttpResponse {
    let now = state.clock.now();
    // Figures that the store can't give now are left out.
    let depth = state.store.outbox_depth(now).await.ok();
    let providers = match &state.paging {
        Some(paging) => paging.providers(&state.store, now).await.unwrap_or_default(),
        None => Vec::new(),
    };
    let paging = Figures { counters: state.paging.as_ref().map(|paging| paging.counters()), depth, providers, now };
    let text = state.metrics.text(&state.hub, &state.intake, &state.definitions, |registry| {
        paging.register(registry);
        state.keeping.register(registry, now);
    });
    HttpResponse::Ok().insert_header((header::CONTENT_TYPE, "application/openmetrics-text; version=1.0.0; charset=utf-8")).body(text)
}
