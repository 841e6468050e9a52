//! Who is on call: now, by a rota's calendar, and in a person's own shifts, also as a calendar feed.
//!
//! It must never give out an address or a telephone number.

use super::pages::unavailable;
use super::refusal::Refusal;
use super::{State, query};
use crate::store::roster::Roster;
use actix_web::http::header::ContentType;
use actix_web::web::{Data, Json, Path};
use actix_web::{HttpRequest, HttpResponse};
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeSet;
use std::sync::Arc;
use taydo_engine::rota::{OnCall, ical, view};
use taydo_model::console::{KindName, PeoplePage, TeamName};
use taydo_model::rota::Shift;
use taydo_model::rota::page::{MyShiftsPage, OnCallPage, PersonName, RotaPage};
use taydo_model::{ErrorCode, PersonId, RotaId, Text};

/// What is shown when it isn't said.
const SHOWN: SignedDuration = SignedDuration::from_hours(28 * 24);
/// The longest stretch of a calendar.
const LONGEST: SignedDuration = SignedDuration::from_hours(366 * 24);

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Range {
    #[serde(default)]
    from: Option<Timestamp>,
    #[serde(default)]
    to: Option<Timestamp>,
}

impl Range {
    fn read(request: &HttpRequest, now: Timestamp) -> Result<(Timestamp, Timestamp), Refusal> {
        let Self { from, to } = query(request)?;
        let from = from.unwrap_or(now);
        let to = to.unwrap_or_else(|| from.saturating_add(SHOWN).unwrap_or(from));
        if to <= from || to.duration_since(from) > LONGEST {
            let (vi, en) = ("`to` phải sau `from`, trong vòng 366 ngày", "`to` must lie after `from`, and within 366 days of it");
            return Err(Refusal::both(ErrorCode::Invalid, Text::new(vi, en)));
        }
        Ok((from, to))
    }
}

async fn roster(state: &State) -> Result<Arc<Roster>, Refusal> {
    state.store.roster(state.clock.now()).await.map_err(|error| unavailable(&error))
}

/// Whether somebody has a contact that pages of what is real may be sent to.
fn reachable(roster: &Roster) -> impl Fn(&PersonId) -> bool + '_ {
    |person| roster.reaches(person, false)
}

fn people(roster: &Roster, persons: impl IntoIterator<Item = PersonId>) -> Vec<PersonName> {
    let persons: BTreeSet<PersonId> = persons.into_iter().collect();
    let name = |id: &PersonId| roster.persons.get(id).map_or_else(|| id.to_string(), |person| person.name.clone());
    persons.into_iter().map(|id| PersonName { name: name(&id), id }).collect()
}

pub(super) async fn people_and_teams(state: Data<State>) -> Result<Json<PeoplePage>, Refusal> {
    let roster = roster(&state).await?;
    let teams = roster.teams.values().map(|team| TeamName { id: team.id.clone(), name: team.name.clone() }).collect();
    let definitions = state.definitions.get();
    let kinds = definitions.kinds.iter().map(|kind| KindName {
        id: kind.id.clone(),
        title: kind.title.clone(),
        severity: kind.severity,
        team: kind.team.clone(),
    });
    Ok(Json(PeoplePage { people: people(&roster, roster.persons.keys().cloned()), teams, kinds: kinds.collect() }))
}

pub(super) async fn now(state: Data<State>) -> Result<Json<OnCallPage>, Refusal> {
    let roster = roster(&state).await?;
    let time = state.clock.now();
    let reachable = reachable(&roster);
    let rotas: Vec<_> = roster.rotas.values().map(|rota| view::now(&OnCall::new(rota, &reachable), time)).collect();
    let named = rotas.iter().flat_map(|rota| rota.persons.iter().chain(&rota.next).cloned());
    Ok(Json(OnCallPage { time, people: people(&roster, named), rotas }))
}

pub(super) async fn calendar(request: HttpRequest, id: Path<RotaId>, state: Data<State>) -> Result<Json<RotaPage>, Refusal> {
    let time = state.clock.now();
    let (from, to) = Range::read(&request, time)?;
    let roster = roster(&state).await?;
    let rota = roster.rotas.get(&*id).ok_or_else(|| Refusal::missing("lịch trực", "rota", id))?;
    let reachable = reachable(&roster);
    let on_call = OnCall::new(rota, &reachable);
    let (layers, shifts) = (view::layers(&on_call, from, to), on_call.shifts(from, to));
    let named = |shifts: &[Shift]| shifts.iter().flat_map(|shift| shift.persons.iter().cloned()).collect::<Vec<_>>();
    let persons: Vec<PersonId> = layers.iter().flat_map(|layer| named(layer)).chain(named(&shifts)).collect();
    let people = people(&roster, persons);
    let unreachable = people.iter().map(|person| person.id.clone()).filter(|person| !reachable(person)).collect();
    Ok(Json(RotaPage { time, rota: rota.parts().clone(), from, to, layers, shifts, people, unreachable }))
}

pub(super) async fn shifts(request: HttpRequest, id: Path<PersonId>, state: Data<State>) -> Result<Json<MyShiftsPage>, Refusal> {
    let time = state.clock.now();
    let (from, to) = Range::read(&request, time)?;
    let roster = roster(&state).await?;
    let person = roster.persons.get(&*id).ok_or_else(|| Refusal::missing("người", "person", id))?;
    let rotas: Vec<OnCall<'_>> = roster.rotas.values().map(OnCall::planned).collect();
    let shifts = view::shifts_of(&rotas, &person.id, from, to);
    let name = PersonName { id: person.id.clone(), name: person.name.clone() };
    Ok(Json(MyShiftsPage { time, person: name, zone: person.zone.clone(), shifts }))
}

pub(super) async fn feed(id: Path<PersonId>, state: Data<State>) -> Result<HttpResponse, Refusal> {
    let time = state.clock.now();
    let roster = roster(&state).await?;
    let person = roster.persons.get(&*id).ok_or_else(|| Refusal::missing("người", "person", id))?;
    // A calendar also shows the shifts that were.
    let from = time.saturating_sub(SHOWN).unwrap_or(time);
    let to = time.saturating_add(LONGEST - SHOWN).unwrap_or(time);
    let mut events = Vec::new();
    for rota in roster.rotas.values() {
        events.extend(ical::events_of(&OnCall::planned(rota), &person.id, from, to, &rota.parts().name));
    }
    let text = ical::feed(&format!("Ca trực: {}", person.name), &events, time);
    let kind = ContentType("text/calendar; charset=utf-8".parse().unwrap_or(actix_web::mime::TEXT_PLAIN_UTF_8));
    Ok(HttpResponse::Ok().insert_header(kind).body(text))
}
