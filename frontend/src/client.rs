//! The typed client of `/api/v1`: one function for each address that the pages use.
//!
//! Must never try again by itself; whoever asks knows whether that makes sense.

use crate::{locale::words, store::Order};
use gloo_net::http::Request;
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use taydo_model::{
    BoardId, ErrorBody, ErrorCode, KpiId, Scope, WallId,
    api::{BoardPage, CityPage, ReadingsPage, SourcesPage, WallPage},
    passport::PassportPage,
    text::Language,
    why::{CasesPage, WhyPage},
};

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq)]
pub enum ClientError {
    /// The server refused, and said why.
    Refused(ErrorBody),
    /// There was no answer, or none that is understood.
    Unreachable(String),
}

impl ClientError {
    /// What people read.
    #[must_use]
    pub fn text(&self, language: Language) -> String {
        match self {
            Self::Refused(body) if body.code == ErrorCode::NotFound => words(language).not_found.to_owned(),
            Self::Refused(body) => body.message.clone(),
            Self::Unreachable(cause) => format!("{} ({cause})", words(language).unreachable),
        }
    }

    /// Whether asking again can't help.
    #[must_use]
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Refused(body) if body.code == ErrorCode::NotFound)
    }
}

async fn get<T: DeserializeOwned>(path: String) -> Result<T, ClientError> {
    let unreachable = |error: gloo_net::Error| ClientError::Unreachable(error.to_string());
    let answer = Request::get(&path).send().await.map_err(unreachable)?;
    let text = answer.text().await.map_err(unreachable)?;
    if answer.ok() {
        return parse(&text).ok_or(ClientError::Unreachable(path));
    }
    match parse::<ErrorBody>(&text) {
        Some(body) => Err(ClientError::Refused(body)),
        None => Err(ClientError::Unreachable(format!("HTTP {}", answer.status()))),
    }
}

/// Reads JSON by way of its tree: one parser for all types, where a parser for each would be a tenth of the program
/// that a phone has to fetch. `None` where it is not a `T`.
#[must_use]
pub fn parse<T: DeserializeOwned>(text: &str) -> Option<T> {
    let tree: serde_json::Value = serde_json::from_str(text).ok()?;
    T::deserialize(tree).ok()
}

/// The city, its boards and walls.
///
/// # Errors
/// When the server refuses or can't be reached.
pub async fn city() -> Result<CityPage, ClientError> {
    get("/api/v1/city".to_owned()).await
}

/// A board.
///
/// # Errors
/// When the server refuses or can't be reached.
pub async fn board(id: BoardId) -> Result<BoardPage, ClientError> {
    get(format!("/api/v1/boards/{id}")).await
}

/// A wall and its boards.
///
/// # Errors
/// When the server refuses or can't be reached.
pub async fn wall(id: WallId) -> Result<WallPage, ClientError> {
    get(format!("/api/v1/walls/{id}")).await
}

/// The health of each feed.
///
/// # Errors
/// When the server refuses or can't be reached.
pub async fn sources() -> Result<SourcesPage, ClientError> {
    get("/api/v1/sources".to_owned()).await
}

/// A figure's recorded readings.
///
/// # Errors
/// When the server refuses or can't be reached.
pub async fn readings(order: &Order) -> Result<ReadingsPage, ClientError> {
    // Ids and times have no characters that a query would have to escape.
    let Order { key, from, to } = order;
    get(format!("/api/v1/kpis/{}/readings?scope={}&from={from}&to={to}", key.kpi, key.scope)).await
}

/// A KPI's passport for a scope.
///
/// # Errors
/// When the server refuses or can't be reached.
pub async fn passport(kpi: &KpiId, scope: &Scope) -> Result<PassportPage, ClientError> {
    get(format!("/api/v1/kpis/{kpi}?scope={scope}")).await
}

/// Why a KPI changed between two moments.
///
/// # Errors
/// When the server refuses or can't be reached.
pub async fn why(kpi: &KpiId, scope: &Scope, from: Timestamp, to: Timestamp) -> Result<WhyPage, ClientError> {
    get(format!("/api/v1/kpis/{kpi}/why?scope={scope}&from={from}&to={to}")).await
}

/// The cases that a level counts at a moment.
///
/// # Errors
/// When the server refuses or can't be reached.
pub async fn counted_cases(kpi: &KpiId, scope: &Scope, at: Timestamp) -> Result<CasesPage, ClientError> {
    get(format!("/api/v1/kpis/{kpi}/cases?scope={scope}&at={at}&limit=100")).await
}
