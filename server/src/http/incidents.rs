//! Incidents: listing them, showing one with all that happened, opening one by hand, and what people do about them.
//!
//! It must never let an answer through that the group's lock has not seen.

use super::pages::unavailable;
use super::refusal::Refusal;
use super::roster::malformed;
use super::{State, body, query, said};
use actix_web::HttpRequest;
use actix_web::web::{Data, Json, Path, Payload};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use taydo_engine::routing::{Event, Refusal as Declined, Which};
use taydo_model::console::{Act, Delivery, IncidentPage, IncidentView, IncidentsPage, KindsPage, OpenByHand, OpenedByHand};
use taydo_model::incident::log::{Entry, LogLine, Outcome, replay};
use taydo_model::incident::{Assignment, GroupKey, IncidentId, Origin, Party};
use taydo_model::{Definitions, ErrorCode, PersonId, Scope, TeamId, Text};

use crate::replay::Episodes;
use crate::store::incident::{HandIncident, IncidentRow, Merge};
use crate::store::roster::Roster;
pub(super) use crate::wording::view;

/// The most incidents in one answer.
const MOST: u32 = 1_000;
/// With which those are told together that no alert opened.
const BY_HAND: &str = "hand";

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Range {
    #[serde(default)]
    closed_since: Option<Timestamp>,
    /// As the log left them then.
    #[serde(default)]
    at: Option<Timestamp>,
}

pub(super) async fn list(request: HttpRequest, state: Data<State>) -> Result<Json<IncidentsPage>, Refusal> {
    let Range { closed_since, at } = query(&request)?;
    if let Some(at) = at {
        return then(&state, at, closed_since).await;
    }
    let now = state.clock.now();
    let rows = state.store.incidents(closed_since, MOST).await.map_err(|error| unavailable(&error))?;
    let roster = state.store.roster(now).await.map_err(|error| unavailable(&error))?;
    let definitions = state.definitions.get();
    let incidents: Vec<IncidentView> = rows.into_iter().map(|row| view(&definitions, row)).collect();
    let named = incidents.iter().filter_map(|view| view.incident.assignee.clone());
    Ok(Json(IncidentsPage { time: now, names: names(&roster, named), incidents }))
}

/// The list as it was, in the words of that time's definitions.
async fn then(state: &State, at: Timestamp, closed_since: Option<Timestamp>) -> Result<Json<IncidentsPage>, Refusal> {
    let now = state.clock.now();
    if at > now {
        return Err(Refusal::both(
            ErrorCode::Invalid,
            Text {
                vi: format!("`at` là {at}, còn ở tương lai; bây giờ là {now}"),
                en: format!("`at` is {at}, which is in the future; now it is {now}"),
            },
        ));
    }
    let (definitions, _) = state.replays.sets().at(at, at).await.map_err(|error| unavailable(&error))?;
    let episodes = Episodes::at(state.replays.past(), at, closed_since.unwrap_or(at)).await.map_err(|error| unavailable(&error))?;
    let roster = state.store.roster(now).await.map_err(|error| unavailable(&error))?;
    let incidents = episodes.views(&definitions);
    let named = incidents.iter().filter_map(|view| view.incident.assignee.clone());
    Ok(Json(IncidentsPage { time: at, names: names(&roster, named), incidents }))
}

pub(super) async fn one(id: Path<i64>, state: Data<State>) -> Result<Json<IncidentPage>, Refusal> {
    Ok(Json(page(&state, IncidentId(*id)).await?))
}

/// An incident with everything that happened.
pub(super) async fn page(state: &State, id: IncidentId) -> Result<IncidentPage, Refusal> {
    let now = state.clock.now();
    let rows = state.store.incidents_by_id(&[id]).await.map_err(|error| unavailable(&error))?;
    let row = rows.into_iter().next().ok_or_else(|| Refusal::missing("sự cố", "incident", id.0))?;
    let log = state.store.incident_log(id).await.map_err(|error| unavailable(&error))?;
    let outcomes = state.store.page_outcomes(id).await.map_err(|error| unavailable(&error))?;
    let groups = state.store.groups(&[row.incident.group]).await.map_err(|error| unavailable(&error))?;
    let roster = state.store.roster(now).await.map_err(|error| unavailable(&error))?;
    let definitions = state.definitions.get();
    let channel = |id: i64| {
        roster.persons.values().flat_map(|person| &person.contacts).find(|contact| contact.id.0 == id).map(|contact| contact.channel)
    };
    let deliveries: Vec<Delivery> = outcomes
        .into_iter()
        .map(|one| Delivery {
            at: one.at,
            person: one.person,
            channel: channel(one.contact),
            what: crate::store::word(one.what),
            provider: one.provider,
            detail: one.detail,
        })
        .collect();
    let (sop, runbook) = guide(&definitions, &row);
    let (ticks, assignments, absorbed) = outcome(id, &log).map(|one| (one.ticks, one.assignments, one.absorbed)).unwrap_or_default();
    let named = log.iter().flat_map(persons).chain(deliveries.iter().map(|one| one.person.clone())).chain(row.incident.assignee.clone());
    let name = |id: &PersonId| roster.persons.get(id).map_or_else(|| id.to_string(), |person| person.name.clone());
    let zone = definitions.city.time_zone();
    let moment = |time: Timestamp| zone.to_datetime(time).strftime("%d/%m %H:%M").to_string();
    Ok(IncidentPage {
        time: now,
        sop,
        ticks,
        assignments,
        absorbed,
        runbook,
        camera: camera(&definitions, &row),
        escalation: groups.first().map(|view| (view.group.escalation().number, view.group.escalation().taken)).unwrap_or_default(),
        said: said::said(&log, &name, &|team| team_name(&roster, team), &moment),
        names: names(&roster, named),
        view: view(&definitions, row),
        log,
        deliveries,
    })
}

/// What to do about it: a check-list, and where more is written. An alert's is its rule's, and otherwise what it was opened with.
pub(super) fn guide(definitions: &Definitions, row: &IncidentRow) -> (Vec<Text>, Option<String>) {
    if let Origin::Alert { rule, .. } = &row.incident.origin {
        return definitions.rule(rule).map(|rule| (rule.sop.clone(), rule.runbook.clone())).unwrap_or_default();
    }
    let sop = row.content.get("sop").cloned().and_then(|sop| serde_json::from_value(sop).ok());
    (sop.unwrap_or_default(), row.content.get("runbook").and_then(serde_json::Value::as_str).map(str::to_owned))
}

/// Where the camera is looked at that sees the asset whose figure opened it.
fn camera(definitions: &Definitions, row: &IncidentRow) -> Option<String> {
    let Origin::Alert { scope: Scope::Asset(id), .. } = &row.incident.origin else { return None };
    definitions.assets.iter().find(|asset| asset.id == *id)?.camera.clone()
}

/// An incident as its log leaves it.
fn outcome(id: IncidentId, log: &[LogLine]) -> Option<Outcome> {
    let mut outcomes = BTreeMap::new();
    replay(&mut outcomes, log);
    outcomes.remove(&id)
}

pub(super) fn team_name(roster: &Roster, team: &TeamId) -> String {
    roster.teams.get(team).map_or_else(|| team.to_string(), |team| team.name.clone())
}

/// Whom a line names.
fn persons(line: &LogLine) -> Vec<PersonId> {
    match &line.entry {
        Entry::Paged { persons, .. } => persons.clone(),
        Entry::Escalated { by, .. } => by.iter().cloned().collect(),
        Entry::Acknowledged { person, .. }
        | Entry::Joined { person }
        | Entry::Taken { person }
        | Entry::Snoozed { person, .. }
        | Entry::Noted { person, .. }
        | Entry::Ticked { person, .. }
        | Entry::Unticked { person, .. }
        | Entry::Assigned { person, .. }
        | Entry::Merged { person, .. }
        | Entry::Absorbed { person, .. }
        | Entry::ResolvedByHand { person } => vec![person.clone()],
        _ => Vec::new(),
    }
}

fn names(roster: &Roster, persons: impl IntoIterator<Item = PersonId>) -> BTreeMap<PersonId, String> {
    let persons: BTreeSet<PersonId> = persons.into_iter().collect();
    persons.into_iter().filter_map(|id| Some((id.clone(), roster.persons.get(&id)?.name.clone()))).collect()
}

pub(super) async fn kinds(state: Data<State>) -> Json<KindsPage> {
    Json(KindsPage { kinds: state.definitions.get().kinds.iter().map(|kind| kind.as_ref().clone()).collect() })
}

pub(super) async fn open(request: HttpRequest, payload: Payload, state: Data<State>) -> Result<Json<OpenedByHand>, Refusal> {
    let body = body::read(&request, payload, &state.clock).await?;
    let what: OpenByHand = serde_json::from_slice(&body).map_err(|error| malformed("incident", &error))?;
    let definitions = state.definitions.get();
    let now = state.clock.now();
    let roster = state.store.roster(now).await.map_err(|error| unavailable(&error))?;
    let unknown = what.area.as_ref().filter(|area| !definitions.city.areas.iter().any(|known| known.id == **area));
    let problem = what
        .problem()
        .or_else(|| (!roster.persons.contains_key(&what.person)).then(|| Refusal::unknown("người", "person", &what.person)))
        .or_else(|| (!roster.teams.contains_key(&what.team)).then(|| Refusal::unknown("nhóm", "team", &what.team)))
        .or_else(|| {
            let unknown = what.kind.as_ref().filter(|kind| definitions.kind(kind).is_none())?;
            Some(Text {
                vi: format!("không có loại `{unknown}`; bỏ `kind`, hoặc lấy một loại trong GET /api/v1/incident-kinds"),
                en: format!("there is no kind `{unknown}`; leave `kind` out, or name one of GET /api/v1/incident-kinds"),
            })
        })
        .or_else(|| {
            unknown.map(|area| {
                Text::new(
                    &format!("không có khu vực `{area}`; bỏ `area` nếu là cả thành phố"),
                    &format!("there is no area `{area}`; leave `area` out for the whole city"),
                )
            })
        });
    if let Some(problem) = problem {
        return Err(Refusal::both(ErrorCode::Invalid, problem));
    }
    let kind = what.kind.as_ref().and_then(|kind| definitions.kind(kind));
    let key = what.key.filter(|key| !key.trim().is_empty());
    let hand = HandIncident {
        origin: Origin::Hand { person: what.person },
        severity: what.severity,
        group: GroupKey { team: what.team, domain: BY_HAND.to_owned(), exercise: what.exercise },
        area: what.area,
        content: serde_json::json!({
            "title": Text::new(&what.title, &what.title),
            "caller": what.caller,
            "place": what.place.trim(),
            "kind": kind.map(|kind| &kind.id),
            "sop": kind.map(|kind| &kind.sop),
            "runbook": kind.and_then(|kind| kind.runbook.as_ref()),
        }),
        // An exercise must never swallow what is real; no key has a line break.
        key: key.map(|key| if what.exercise { format!("exercise\n{key}") } else { key }),
    };
    let opened = state.store.open_incident(&hand, &definitions, now).await.map_err(|error| unavailable(&error))?;
    Ok(Json(OpenedByHand { incident: opened.incident, is_new: opened.is_new }))
}

pub(super) async fn act(request: HttpRequest, payload: Payload, id: Path<i64>, state: Data<State>) -> Result<Json<IncidentPage>, Refusal> {
    let body = body::read(&request, payload, &state.clock).await?;
    let act: Act = serde_json::from_slice(&body).map_err(|error| malformed("act", &error))?;
    let (id, now) = (IncidentId(*id), state.clock.now());
    if let Some(problem) = act.problem(now) {
        return Err(Refusal::both(ErrorCode::Invalid, problem));
    }
    known(&state, id, &act).await?;
    let refused = perform(&state, id, event(act, id, None, now)).await?;
    match refused.first() {
        Some(declined) => Err(Refusal::both(ErrorCode::Conflict, sentence(*declined))),
        None => Ok(Json(page(&state, id).await?)),
    }
}

/// Refuses an act that names what there is not: a step of another check-list, a team, an incident that it can't be merged with.
async fn known(state: &State, id: IncidentId, act: &Act) -> Result<(), Refusal> {
    let invalid = |problem: Text| Err(Refusal::both(ErrorCode::Invalid, problem));
    let rows = |ids: Vec<IncidentId>| async move { state.store.incidents_by_id(&ids).await.map_err(|error| unavailable(&error)) };
    match act {
        Act::Tick { step, .. } => {
            let rows = rows(vec![id]).await?;
            let sop = rows.first().map(|row| guide(&state.definitions.get(), row).0).unwrap_or_default();
            if !rows.is_empty() && !sop.contains(step) {
                return invalid(Text {
                    vi: format!("quy trình không có bước {:?}; hãy tải lại sự cố", step.vi),
                    en: format!("the check-list has no step {:?}; read the incident again", step.en),
                });
            }
        }
        Act::Assign { party: Party::Team(team), .. } => {
            let roster = state.store.roster(state.clock.now()).await.map_err(|error| unavailable(&error))?;
            if !roster.teams.contains_key(team) {
                return invalid(Refusal::unknown("đội", "team", team));
            }
        }
        Act::Merge { into, .. } => {
            let rows = rows(vec![id, *into]).await?;
            let of = |id: IncidentId| rows.iter().find(|row| row.incident.id == id);
            let Some(target) = of(*into) else { return invalid(Refusal::unknown("sự cố", "incident", into.0)) };
            if *into == id {
                return invalid(Text::new(
                    "không thể gộp sự cố vào chính nó; hãy chọn sự cố khác",
                    "an incident can't be merged with itself; name another in `into`",
                ));
            }
            if of(id).is_some_and(|row| row.exercise != target.exercise) {
                return invalid(Text::new("không thể gộp diễn tập với sự cố thật", "an exercise and what is real can't be merged"));
            }
        }
        _ => {}
    }
    Ok(())
}

/// Lets an act happen to the incident's group.
pub(super) async fn perform(state: &State, id: IncidentId, event: Event) -> Result<Vec<Declined>, Refusal> {
    let now = state.clock.now();
    let rows = state.store.incidents_by_id(&[id]).await.map_err(|error| unavailable(&error))?;
    let row = rows.first().ok_or_else(|| Refusal::missing("sự cố", "incident", id.0))?;
    let definitions = state.definitions.get();
    let acted = match event {
        Event::Merged { person, incident, into } => state.store.merge_incidents(&Merge { person, incident, into }, &definitions, now).await,
        event => state.store.advance_group(row.incident.group, &[event], &definitions, now).await,
    };
    let acted = acted.map_err(|error| unavailable(&error))?;
    Ok(acted.map(|acted| acted.refused).unwrap_or_default())
}

/// An act at `now` as routing takes it.
pub(super) fn event(act: Act, id: IncidentId, link: Option<i64>, now: Timestamp) -> Event {
    // Who answers by a message's link answers for all that the message tells.
    let which = if link.is_some() { Which::All } else { Which::One(id) };
    match act {
        Act::Acknowledge { person } => Event::Acknowledged { person, which, link },
        Act::Take { person } => Event::Taken { person, which, link },
        Act::Snooze { person, until } => Event::Snoozed { person, which, link, until },
        Act::Escalate { person, escalation, taken } => Event::EscalateNow { person, escalation, taken },
        Act::Note { person, text } => Event::Noted { person, which: Which::One(id), text },
        Act::Tick { person, step, done } => Event::Ticked { person, incident: id, step, done },
        Act::Assign { person, party, told_at } => {
            Event::Assigned { person, incident: id, assignment: Assignment { party, told_at: told_at.unwrap_or(now) } }
        }
        Act::Merge { person, into } => Event::Merged { person, incident: id, into },
        Act::Resolve { person } => Event::ResolvedByHand { person, which: Which::One(id), link },
    }
}

/// Why an act changed nothing.
pub(super) fn sentence(declined: Declined) -> Text {
    let (vi, en) = match declined {
        Declined::Full { .. } => ("nhóm không nhận thêm sự cố; hãy thử lại", "the group takes no more incidents; try again"),
        Declined::Superseded { .. } => (
            "liên kết thuộc lần chuyển cấp trước; hãy mở tin mới nhất, hoặc trả lời lại ở đây",
            "the link is of an earlier escalation; open the newest message, or answer here again",
        ),
        Declined::AlreadyClosed => ("sự cố đã kết thúc", "it is over already"),
        Declined::AlreadyAnswered => ("đã có người trả lời", "it has been answered already"),
        Declined::AlreadyEscalated => ("bước này đã được thực hiện", "the step has been taken already"),
        Declined::Muted => {
            ("mọi việc còn mở đều đang tắt báo; hãy kết thúc khoảng lặng trước", "everything that is open is muted; end the silence first")
        }
        Declined::AlreadyTicked => ("bước đã ở trạng thái này", "the step stands so already"),
        Declined::PastSnooze => ("`until` không ở tương lai", "`until` is not in the future"),
    };
    Text::new(vi, en)
}
