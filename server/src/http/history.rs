//! Recorded readings: as they are known now, as they were shown then, and every revision of one.

use super::pages::unavailable;
use super::refusal::Refusal;
use super::table::{self, Format, Freshness, Table, maybe, unanswered};
use super::{State, kpi, query};
use actix_web::web::{Data, Json, Path};
use actix_web::{HttpRequest, HttpResponse};
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Deserialize;
use taydo_model::api::MAX_POINTS;
use taydo_model::course::{CoursePage, Grain, Relation, course};
use taydo_model::history::RevisionsPage;
use taydo_model::{ErrorCode, Kpi, Scope};

/// The longest range that is answered.
pub(super) const LONGEST: SignedDuration = SignedDuration::from_hours(20 * 366 * 24);
/// The most instants of which it is looked up what was known of them at an earlier time.
const MAX_KNOWN_THEN: i64 = 100_000;
/// What is recorded at a moment has been committed so much later.
const COMMITTED: SignedDuration = SignedDuration::from_mins(1);

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Range {
    #[serde(default)]
    scope: Scope,
    from: Timestamp,
    to: Timestamp,
    as_of: Option<Timestamp>,
    points: Option<u32>,
    format: Option<Format>,
    #[serde(default)]
    bom: bool,
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Instant {
    #[serde(default)]
    scope: Scope,
    time: Timestamp,
}

pub(super) async fn readings(request: HttpRequest, id: Path<String>, state: Data<State>) -> Result<HttpResponse, Refusal> {
    let range: Range = query(&request)?;
    let definitions = match range.as_of {
        // What is no longer defined was shown all the same.
        Some(then) => state.replays.sets().at(then, then).await.map_err(|error| unavailable(&error))?.0,
        None => state.definitions.get(),
    };
    let kpi = kpi::find(&definitions, &id, &range.scope)?;
    let zone = definitions.city.time_zone();
    let grain = grain(kpi, &range)?;
    // Rollups know the present alone.
    let relation = if range.as_of.is_some() { Relation::Reading } else { grain.relation };
    let whole = grain.whole((range.from, range.to), &zone);
    let found = state.store.stretches(&kpi.id, &range.scope, relation, whole, range.as_of).await;
    let stretches = found.map_err(|error| unanswered(&error))?;
    let page = CoursePage {
        kpi: kpi.id.clone(),
        scope: range.scope.clone(),
        unit: kpi.unit,
        from: range.from,
        to: range.to,
        as_of: range.as_of,
        relation,
        width_s: grain.width_s,
        points: course(stretches, grain, kpi.every_s.into(), &zone),
    };
    let freshness = freshness(kpi, &range, whole.1, state.clock.now());
    table::answer(&request, Format::wanted(range.format, &request), range.bom, freshness, &page, || lines(&page))
}

/// How finely the range is told, or why it can't be.
fn grain(kpi: &Kpi, range: &Range) -> Result<Grain, Refusal> {
    if range.to < range.from {
        return Err(Refusal::new(ErrorCode::Invalid, "`from` is after `to`"));
    }
    let span = range.to.duration_since(range.from);
    if span > LONGEST {
        return Err(too_long());
    }
    let instants = span.as_secs() / i64::from(kpi.every_s.max(1)) + 1;
    if range.as_of.is_some() && instants > MAX_KNOWN_THEN {
        let message = format!(
            "the range holds {instants} readings of one every {} s, and with `as_of` at most {MAX_KNOWN_THEN} are looked up; ask for a shorter one",
            kpi.every_s
        );
        return Err(Refusal::new(ErrorCode::TooLarge, message));
    }
    match range.points {
        Some(points) if !(2..=MAX_POINTS).contains(&points) => {
            Err(Refusal::new(ErrorCode::Invalid, format!("`points` is a number from 2 to {MAX_POINTS}")))
        }
        Some(points) => Ok(Grain::of(kpi.every_s.into(), (range.from, range.to), points)),
        None if instants > i64::from(MAX_POINTS) => {
            let message = format!(
                "the range holds {instants} readings of one every {} s, and an answer at most {MAX_POINTS}; ask for a shorter one, or for buckets with `points`, such as points=600",
                kpi.every_s
            );
            Err(Refusal::new(ErrorCode::TooLarge, message))
        }
        None => Ok(Grain { relation: Relation::Reading, width_s: None }),
    }
}

/// What is said of a range longer than [`LONGEST`].
pub(super) fn too_long() -> Refusal {
    let message = "a range is at most 20 years long; ask for a shorter one, or for several one after the other";
    Refusal::new(ErrorCode::TooLarge, message)
}

/// Whether the answer can still change, and how soon.
fn freshness(kpi: &Kpi, range: &Range, until: Timestamp, now: Timestamp) -> Freshness {
    let ago = |time: Timestamp| now.duration_since(time);
    let open = SignedDuration::from_secs(i64::from(kpi.every_s) + i64::from(kpi.delay_s) + i64::from(kpi.lateness_s));
    match range.as_of {
        Some(as_of) if ago(as_of) > COMMITTED => Freshness::Settled,
        None if ago(until) > open => Freshness::Closed,
        _ => Freshness::Growing,
    }
}

/// One line for each point.
fn lines(page: &CoursePage) -> Table<'static> {
    let line = |point: &taydo_model::course::CoursePoint| {
        vec![
            page.kpi.to_string(),
            page.scope.to_string(),
            point.time.to_string(),
            maybe(point.value),
            page.unit.to_string(),
            crate::store::word(point.quality),
            maybe(point.first),
            maybe(point.min),
            maybe(point.max),
            maybe(point.mean),
            maybe(point.readings),
            maybe(point.missing),
        ]
    };
    let head = &["kpi", "scope", "time", "value", "unit", "quality", "first", "min", "max", "mean", "readings", "missing"];
    Table { name: "readings", head, lines: page.points.iter().map(line).collect() }
}

pub(super) async fn revisions(request: HttpRequest, id: Path<String>, state: Data<State>) -> Result<Json<RevisionsPage>, Refusal> {
    let Instant { scope, time } = query(&request)?;
    let definitions = state.definitions.get();
    let kpi = kpi::find(&definitions, &id, &scope)?;
    let revisions = state.store.revisions(&kpi.id, &scope, time).await.map_err(|error| unavailable(&error))?;
    Ok(Json(RevisionsPage { kpi: kpi.id.clone(), scope, time, revisions }))
}
