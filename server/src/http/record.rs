//! Observations and cases as they are stored, for programs: page by page, as JSON or CSV.
//!
//! A cursor says where the page before ended, and nothing that the asker could not ask itself. It must never be changed by what is
//! stored meanwhile: no record comes twice, and none is left out that was there from the first page to the last.

use super::refusal::Refusal;
use super::table::{self, Format, Freshness, Table, maybe, text, unanswered};
use super::{State, history, query};
use crate::store::{CasesWanted, ObservationsWanted};
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use taydo_model::record::{CaseRecordsPage, CaseStatus, MAX_RECORDS, ObservationsPage, Step};
use taydo_model::{AreaId, AssetId, DepartmentId, ErrorCode, LabelName, Labels, MetricId};

/// Records in one answer when it isn't said.
const RECORDS: u32 = 1_000;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OfMetric {
    metric: MetricId,
    from: Timestamp,
    to: Timestamp,
    asset: Option<AssetId>,
    /// A JSON object of names and values.
    labels: Option<String>,
    series: Option<i32>,
    #[serde(default)]
    step: Step,
    limit: Option<u32>,
    cursor: Option<String>,
    format: Option<Format>,
    #[serde(default)]
    bom: bool,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct OfCases {
    kind: Option<String>,
    department: Option<DepartmentId>,
    area: Option<AreaId>,
    status: Option<CaseStatus>,
    opened_from: Option<Timestamp>,
    opened_to: Option<Timestamp>,
    closed_from: Option<Timestamp>,
    closed_to: Option<Timestamp>,
    limit: Option<u32>,
    cursor: Option<String>,
    format: Option<Format>,
    #[serde(default)]
    bom: bool,
}

pub(super) async fn observations(request: HttpRequest, state: Data<State>) -> Result<HttpResponse, Refusal> {
    let asked: OfMetric = query(&request)?;
    let definitions = state.definitions.get();
    let metric = definitions.metric(&asked.metric).ok_or_else(|| Refusal::not_found(format!("metric {}", asked.metric)))?;
    if asked.to < asked.from {
        return Err(Refusal::new(ErrorCode::Invalid, "`from` is after `to`"));
    }
    if asked.to.duration_since(asked.from) > history::LONGEST {
        return Err(history::too_long());
    }
    let wanted = ObservationsWanted {
        metric: asked.metric.clone(),
        series: asked.series,
        labels: labels(&asked)?,
        range: (asked.from, asked.to),
        step: asked.step,
        after: asked.cursor.as_deref().map(position).transpose()?,
        limit: limit(asked.limit)?,
    };
    let found = state.store.observations(&wanted).await.map_err(|error| unanswered(&error))?;
    let page = ObservationsPage {
        metric: asked.metric,
        unit: metric.unit,
        from: asked.from,
        to: asked.to,
        step: asked.step,
        series: found.series,
        observations: found.lines,
        next: found.next.map(cursor),
    };
    let format = Format::wanted(asked.format, &request);
    let next = page.next.clone();
    let answer = table::answer(&request, format, asked.bom, Freshness::Growing, &page, || observation_lines(&page))?;
    Ok(with_next(answer, next))
}

pub(super) async fn cases(request: HttpRequest, state: Data<State>) -> Result<HttpResponse, Refusal> {
    let asked: OfCases = query(&request)?;
    let wanted = CasesWanted {
        kind: asked.kind,
        department: asked.department,
        area: asked.area,
        status: asked.status,
        opened: (asked.opened_from, asked.opened_to),
        closed: (asked.closed_from, asked.closed_to),
        after: asked.cursor.as_deref().map(position).transpose()?,
        limit: limit(asked.limit)?,
    };
    let (cases, has_more) = state.store.case_records(&wanted).await.map_err(|error| unanswered(&error))?;
    let last = cases.last().filter(|_| has_more).map(|case| (case.opened, case.source.clone(), case.id.clone()));
    let page = CaseRecordsPage { cases, next: last.map(cursor) };
    let format = Format::wanted(asked.format, &request);
    let next = page.next.clone();
    let answer = table::answer(&request, format, asked.bom, Freshness::Growing, &page, || case_lines(&page))?;
    Ok(with_next(answer, next))
}

fn labels(asked: &OfMetric) -> Result<Labels, Refusal> {
    let wrong = |error| Refusal::new(ErrorCode::Invalid, format!("`labels` is a JSON object of names and values: {error}"));
    let mut labels: Labels = asked.labels.as_deref().map(serde_json::from_str).transpose().map_err(wrong)?.unwrap_or_default();
    if let (Some(asset), Ok(name)) = (&asked.asset, LabelName::new("asset")) {
        labels.set(name, asset.to_string());
    }
    Ok(labels)
}

fn limit(asked: Option<u32>) -> Result<usize, Refusal> {
    let limit = asked.unwrap_or(RECORDS);
    if !(1..=MAX_RECORDS).contains(&limit) {
        let message =
            format!("`limit` is a number from 1 to {MAX_RECORDS}; what is beyond comes with `cursor`, which is the answer's `next`");
        return Err(Refusal::new(ErrorCode::Invalid, message));
    }
    Ok(usize::try_from(limit).unwrap_or(usize::MAX))
}

fn cursor(position: impl Serialize) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(serde_json::to_vec(&position).unwrap_or_default())
}

fn position<T: DeserializeOwned>(cursor: &str) -> Result<T, Refusal> {
    let read = BASE64_URL_SAFE_NO_PAD.decode(cursor).ok().and_then(|json| serde_json::from_slice(&json).ok());
    read.ok_or_else(|| Refusal::new(ErrorCode::Invalid, "`cursor` is not one that an answer gave as `next`; begin without it"))
}

/// A table has no place for the cursor but a header.
fn with_next(mut answer: HttpResponse, next: Option<String>) -> HttpResponse {
    let name = actix_web::http::header::HeaderName::from_static("taydo-next");
    if let Some(value) = next.and_then(|next| next.parse().ok()) {
        answer.headers_mut().insert(name, value);
    }
    answer
}

fn observation_lines(page: &ObservationsPage) -> Table<'static> {
    let line = |line: &taydo_model::record::ObservationLine| {
        let labels = page.series.iter().find(|series| series.id == line.series).map(|series| &series.labels);
        vec![
            page.metric.to_string(),
            line.series.to_string(),
            maybe(labels.and_then(|labels| serde_json::to_string(labels).ok())),
            line.time.to_string(),
            line.value.to_string(),
            page.unit.to_string(),
            line.state.map(crate::store::word).unwrap_or_default(),
            maybe(line.min),
            maybe(line.max),
            maybe(line.sum),
            maybe(line.count),
        ]
    };
    let head = &["metric", "series", "labels", "time", "value", "unit", "state", "min", "max", "sum", "count"];
    Table { name: "observations", head, lines: page.observations.iter().map(line).collect() }
}

fn case_lines(page: &CaseRecordsPage) -> Table<'static> {
    let line = |case: &taydo_model::record::CaseRecord| {
        vec![
            case.source.to_string(),
            text(case.id.as_str()),
            text(&case.kind),
            maybe(case.department.as_ref()),
            maybe(case.area.as_ref()),
            text(case.procedure.as_deref().unwrap_or_default()),
            case.opened.to_string(),
            maybe(case.due),
            maybe(case.closed),
            maybe(case.withdrawn),
            maybe(case.reopened),
            case.updated.to_string(),
        ]
    };
    let head = &["source", "id", "kind", "department", "area", "procedure", "opened", "due", "closed", "withdrawn", "reopened", "updated"];
    Table { name: "cases", head, lines: page.cases.iter().map(line).collect() }
}
