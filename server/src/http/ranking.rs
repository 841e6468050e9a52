//! A KPI's parts side by side.
//!
//! It gathers recorded readings of one instant; it must never set figures of different instants beside each other.

use super::pages::unavailable;
use super::refusal::Refusal;
use super::why::{lies_in, named};
use super::{State, kpi, query};
use crate::days::Days;
use actix_web::HttpRequest;
use actix_web::web::{Data, Json, Path};
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Deserialize;
use taydo_model::compare::{Against, aligned};
use taydo_model::kpi::Dimension;
use taydo_model::ranking::{RankingPage, RankingRow, rank};
use taydo_model::{ErrorCode, Quality, Scope, Status};

/// A figure that is older than this many of its intervals is not ranked.
const INTERVALS: i64 = 3;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Of {
    #[serde(default)]
    scope: Scope,
    by: Dimension,
}

pub(super) async fn ranking(request: HttpRequest, id: Path<String>, state: Data<State>) -> Result<Json<RankingPage>, Refusal> {
    let Of { scope, by } = query(&request)?;
    let definitions = state.definitions.get();
    let kpi = kpi::find(&definitions, &id, &scope)?;
    if !kpi.by.contains(&by) {
        let message = format!("{} is not computed by that; its passport says what it is computed by", kpi.id);
        return Err(Refusal::new(ErrorCode::Invalid, message));
    }
    let now = state.clock.now();
    let reach = SignedDuration::from_secs((i64::from(kpi.every_s) * INTERVALS + i64::from(kpi.delay_s)).max(i64::from(kpi.stale_s)));
    let oldest = now.saturating_sub(reach).unwrap_or(Timestamp::MIN);
    let newest = state.store.newest_instant(&kpi.id, &scope, (oldest, now), None).await.map_err(|error| unavailable(&error))?;
    let at = newest.unwrap_or_else(|| kpi.last_instant(now).unwrap_or(now));
    let before = aligned(kpi, Against::LastWeek, at, &Days::of(&definitions).dates()).map(|other| other.time);
    let standings = state.store.standings(&kpi.id, [before.unwrap_or(at), at]).await.map_err(|error| unavailable(&error))?;
    let parts = standings.iter().filter(|(part, _)| part.dimension() == Some(by) && lies_in(&definitions, part, &scope));
    let mut rows: Vec<RankingRow> = parts
        .map(|(part, [was, is])| RankingRow {
            of: named(&definitions, part),
            value: is.value.filter(|_| is.quality != Quality::Missing),
            before: before.and(was.value),
            quality: is.quality,
            status: is.value.map_or(Status::Normal, |value| kpi.status(part, value)),
            scope: part.clone(),
        })
        .collect();
    rank(kpi, &mut rows);
    let without = rows.iter().filter(|row| row.value.is_none()).count();
    Ok(Json(RankingPage { kpi: kpi.id.clone(), by, time: at, before, rows, without }))
}
