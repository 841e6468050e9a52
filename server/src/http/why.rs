//! Why a KPI changed, down to the cases behind it.
//!
//! It gathers what the shared model divides and words. It must never give out more of a case than who handles it, where
//! it belongs, what procedure it is and its times.

use super::kpi::find;
use super::pages::unavailable;
use super::refusal::Refusal;
use super::{State, query};
use crate::store::{Standings, StoreError};
use actix_web::HttpRequest;
use actix_web::web::{Data, Json, Path};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;
use taydo_engine::CaseVersion;
use taydo_model::kpi::{CaseMeasure, Dimension, From};
use taydo_model::why::{self, CaseLine, CasesPage, Flows, Named, Parts, Split, Standing, WhyPage};
use taydo_model::{Case, Definitions, ErrorCode, Kpi, Quality, Scope, Text};

/// The most cases in one answer.
const MAX_CASES: usize = 500;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Change {
    #[serde(default)]
    scope: Scope,
    from: Timestamp,
    to: Timestamp,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Moment {
    #[serde(default)]
    scope: Scope,
    at: Option<Timestamp>,
    limit: Option<usize>,
}

pub(super) async fn why(request: HttpRequest, id: Path<String>, state: Data<State>) -> Result<Json<WhyPage>, Refusal> {
    let Change { scope, from, to } = query(&request)?;
    let definitions = &*state.definitions.get();
    let kpi = find(definitions, &id, &scope)?;
    let [from, to] = [from, to].map(|time| kpi.last_instant(time).unwrap_or(time));
    if to <= from {
        let message = format!("`to` must be at least one reading after `from`; {} has one every {} s", kpi.id, kpi.every_s);
        return Err(Refusal::new(ErrorCode::Invalid, message));
    }
    let standings = state.store.standings(&kpi.id, [from, to]).await.map_err(|error| unavailable(&error))?;
    let [before, after] = standings.get(&scope).copied().unwrap_or_default();
    let change = before.value.zip(after.value).map(|(before, after)| after - before);
    let mut flows = flows(&state, definitions, kpi, &scope, (from, to)).await.map_err(|error| unavailable(&error))?;
    if let (Some(flows), Some(value)) = (&mut flows, before.value) {
        let told = state.store.first_told(&kpi.id, &scope, from).await.map_err(|error| unavailable(&error))?;
        flows.shown = told.unwrap_or(value);
        #[allow(clippy::cast_precision_loss)]
        let reopened = flows.total.reopened as f64;
        flows.corrected = value - flows.shown - reopened;
    }
    let mut page = WhyPage {
        kpi: kpi.id.clone(),
        splits: splits(definitions, kpi, &scope, &standings),
        late: late(definitions, &scope, &standings),
        scope,
        from,
        to,
        before,
        after,
        change,
        flows,
        sentence: Text::default(),
    };
    page.sentence = page.in_words(kpi);
    Ok(Json(page))
}

pub(super) async fn cases(request: HttpRequest, id: Path<String>, state: Data<State>) -> Result<Json<CasesPage>, Refusal> {
    let Moment { scope, at, limit } = query(&request)?;
    let definitions = state.definitions.get();
    let kpi = find(&definitions, &id, &scope)?;
    let at = at.unwrap_or_else(|| state.clock.now());
    let Some(counts) = level(kpi) else {
        let message = format!("{} doesn't count cases at a moment; only levels such as open or overdue cases have a list", kpi.id);
        return Err(Refusal::new(ErrorCode::Invalid, message));
    };
    let found = relevant(&state, kpi, &scope, at).await.map_err(|error| unavailable(&error))?;
    let mut counted: Vec<&CaseVersion> = found.iter().filter(|version| counts(&version.case, at)).collect();
    counted.sort_by_key(|version| (version.case.due.unwrap_or(Timestamp::MAX), version.case.opened));
    let total = counted.len() as u64;
    counted.truncate(limit.unwrap_or(MAX_CASES).min(MAX_CASES));
    Ok(Json(CasesPage { kpi: kpi.id.clone(), scope, at, total, cases: counted.into_iter().map(line).collect() }))
}

fn line(version: &CaseVersion) -> CaseLine {
    let case = &version.case;
    CaseLine {
        source: version.key.source.clone(),
        id: version.key.id.clone(),
        department: case.department.clone(),
        area: case.area.clone(),
        procedure: case.labels.get(why::PROCEDURE).map(str::to_owned),
        opened: case.opened,
        due: case.due,
    }
}

/// What a level of cases counts, each case once; `None` for every other KPI.
fn level(kpi: &Kpi) -> Option<fn(&Case, Timestamp) -> bool> {
    match &kpi.from {
        From::Cases { terms, .. } if terms.weigh.is_some() => None,
        From::Cases { measure: CaseMeasure::Open, .. } => Some(Case::is_open),
        From::Cases { measure: CaseMeasure::Overdue, .. } => Some(Case::is_overdue),
        _ => None,
    }
}

/// The cases of a KPI and a scope that were open at some moment after `from`.
async fn relevant(state: &State, kpi: &Kpi, scope: &Scope, from: Timestamp) -> Result<Vec<CaseVersion>, StoreError> {
    let From::Cases { kind, terms, .. } = &kpi.from else { return Ok(Vec::new()) };
    let in_scope = |case: &Case| match scope {
        Scope::City => true,
        Scope::Area(area) => case.area.as_ref() == Some(area),
        Scope::Department(department) => case.department.as_ref() == Some(department),
        Scope::Asset(_) => false,
    };
    let mut found = Vec::new();
    let mut cases = state.store.cases(from).await?;
    while let Some(chunk) = cases.next().await? {
        let counts = |case: &Case| (kind.is_empty() || case.kind == *kind) && terms.admit(&case.labels) && in_scope(case);
        found.extend(chunk.into_iter().filter(|version| counts(&version.case)));
    }
    Ok(found)
}

async fn flows(
    state: &State,
    definitions: &Definitions,
    kpi: &Kpi,
    scope: &Scope,
    span: (Timestamp, Timestamp),
) -> Result<Option<Flows>, StoreError> {
    let Some(counts) = level(kpi) else { return Ok(None) };
    let cases = relevant(state, kpi, scope, span.0).await?;
    let name = |by: &str, id: &str| match by {
        "department" => department_name(definitions, id),
        _ => Text::new(id, id),
    };
    Ok(Some(why::flows(cases.iter().map(|version| &version.case), counts, span, name)))
}

/// Each way of dividing the scope that the KPI is computed for.
fn splits(definitions: &Definitions, kpi: &Kpi, scope: &Scope, standings: &Standings) -> Vec<Split> {
    let [before, after] = standings.get(scope).copied().unwrap_or_default();
    let ways = [("area", Dimension::Area), ("department", Dimension::Department), ("asset", Dimension::Asset)];
    let of = |(by, dimension): (&str, Dimension)| {
        let parts: Parts = standings
            .iter()
            .filter(|(part, _)| part.dimension() == Some(dimension) && lies_in(definitions, part, scope))
            .map(|(part, [was, is])| (named(definitions, part), *was, *is))
            .collect();
        if parts.is_empty() { None } else { why::split(kpi, by, &before, &after, parts) }
    };
    ways.into_iter().filter_map(of).collect()
}

/// Whether a part is one of the scope's: all are the city's, and an area has the assets in it.
pub(super) fn lies_in(definitions: &Definitions, part: &Scope, scope: &Scope) -> bool {
    match (part, scope) {
        (_, Scope::City) => *part != Scope::City,
        (Scope::Asset(asset), Scope::Area(area)) => definitions.asset(asset).is_some_and(|asset| asset.area == *area),
        _ => false,
    }
}

/// The departments whose figures were too old, or gone, at the end.
fn late(definitions: &Definitions, scope: &Scope, standings: &Standings) -> Vec<Named> {
    let is_late = |[before, after]: &[Standing; 2]| after.quality >= Quality::Stale && before.quality < Quality::Missing;
    standings
        .iter()
        .filter(|(part, standing)| matches!(part, Scope::Department(_)) && (part == &scope || *scope == Scope::City) && is_late(standing))
        .map(|(part, _)| named(definitions, part))
        .collect()
}

pub(super) fn named(definitions: &Definitions, scope: &Scope) -> Named {
    let (id, name) = match scope {
        Scope::City => (String::new(), definitions.city.name.clone()),
        Scope::Area(id) => (id.to_string(), Text::new(definitions.city.area_name(id), definitions.city.area_name(id))),
        Scope::Department(id) => (id.to_string(), department_name(definitions, id.as_str())),
        Scope::Asset(id) => {
            let name = definitions.asset(id).map(|asset| asset.name.as_str()).filter(|name| !name.is_empty()).unwrap_or(id.as_str());
            (id.to_string(), Text::new(name, name))
        }
    };
    Named { id, name }
}

fn department_name(definitions: &Definitions, id: &str) -> Text {
    let found = definitions.city.departments.iter().find(|department| department.id.as_str() == id);
    found.map_or_else(|| Text::new(id, id), |department| department.name.clone())
}
