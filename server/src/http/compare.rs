//! A figure beside what it was, what it should be, and where it is going.
//!
//! It gathers what the shared model compares, and decides nothing about it.

use super::pages::unavailable;
use super::refusal::Refusal;
use super::{State, kpi, query};
use crate::days::Days;
use actix_web::HttpRequest;
use actix_web::web::{Data, Json, Path};
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Deserialize;
use taydo_model::compare::{Against, Aligned, ComparePage, Side, aligned, compare as beside, course, to_target, trend};
use taydo_model::{Kpi, Scope};

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Moment {
    #[serde(default)]
    scope: Scope,
    at: Option<Timestamp>,
    as_of: Option<Timestamp>,
}

pub(super) async fn compare(request: HttpRequest, id: Path<String>, state: Data<State>) -> Result<Json<ComparePage>, Refusal> {
    let Moment { scope, at, as_of } = query(&request)?;
    let definitions = match as_of {
        Some(then) => state.replays.sets().at(then, then).await.map_err(|error| unavailable(&error))?.0,
        None => state.definitions.get(),
    };
    let kpi = kpi::find(&definitions, &id, &scope)?;
    let days = Days::of(&definitions);
    let at = at.or(as_of).unwrap_or_else(|| state.clock.now());
    let newest = state.store.newest_instant(&kpi.id, &scope, (oldest(kpi, at), at), as_of).await.map_err(|error| unavailable(&error))?;
    let now = newest.unwrap_or_else(|| kpi.last_instant(at).unwrap_or(at));

    let others: Vec<(Against, Aligned)> =
        Against::ALL.iter().filter_map(|against| Some((*against, aligned(kpi, *against, now, &days.dates())?))).collect();
    let course = course(kpi, now, days.zone());
    let wanted = others.iter().map(|(_, other)| other.time).chain(course.moments.iter().copied()).chain([now]);
    let wanted: Vec<Timestamp> = wanted.collect::<std::collections::BTreeSet<_>>().into_iter().collect();
    let readings = state.store.readings_at(&kpi.id, &scope, &wanted, as_of).await.map_err(|error| unavailable(&error))?;

    let side = |time: Timestamp| readings.get(&time).map_or_else(|| Side::missing(time), Side::of);
    let mut latest = side(now);
    if let Some(reading) = readings.get(&now) {
        latest.quality = kpi.quality_at(reading, at);
    }
    let values: Vec<_> = course.moments.iter().filter_map(|time| Some((*time, readings.get(time)?.value?))).collect();
    Ok(Json(ComparePage {
        kpi: kpi.id.clone(),
        comparisons: others.iter().map(|(against, other)| beside(kpi, *against, &latest, side(other.time), other)).collect(),
        target: to_target(kpi, &scope, &latest),
        trend: trend(kpi, &course, &values),
        scope,
        now: latest,
    }))
}

/// An older reading than this says nothing of `at`: three instants back, or as long as a value counts as fresh.
fn oldest(kpi: &Kpi, at: Timestamp) -> Timestamp {
    let reach_s = i64::from(kpi.every_s) * 3 + i64::from(kpi.delay_s);
    at.saturating_sub(SignedDuration::from_secs(reach_s.max(kpi.stale_s.into()))).unwrap_or(Timestamp::MIN)
}
