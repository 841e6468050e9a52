//! Tasks: giving one, answering it, sending it back, closing it, and what became of the figure since.
//!
//! It must never change what was written, nor let a judgement through by somebody who hasn't seen the answer.

use super::pages::unavailable;
use super::refusal::Refusal;
use super::why::named;
use super::{State, body, kpi, query};
use crate::store::StoreError;
use crate::store::roster::Roster;
use crate::store::task::{StoredTask, WantedTasks};
use actix_web::http::StatusCode;
use actix_web::web::{Data, Json, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};
use taydo_engine::task::Refusal as Declined;
use taydo_model::calendar::{self, Measured};
use taydo_model::task::effect::{Effect, effect, reference};
use taydo_model::task::page::{SaidLine, TaskHead, TaskLine, TaskPage, TasksPage};
use taydo_model::task::request::{GiveTask, TaskAct};
use taydo_model::task::{Entry, Figure, Line, MAX_LINES, TaskId};
use taydo_model::text::{Language, nfc};
use taydo_model::{Allowance, Definitions, ErrorCode, KpiId, PersonId, Scope, Text};

/// The most tasks of each kind in one answer.
const MOST: u32 = 200;

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Wanted {
    #[serde(default)]
    kpi: Option<KpiId>,
    #[serde(default)]
    scope: Scope,
    #[serde(default)]
    before: Option<TaskId>,
}

/// `what` it should be, in both languages.
async fn read<T: DeserializeOwned>(request: &HttpRequest, payload: Payload, state: &State, what: (&str, &str)) -> Result<T, Refusal> {
    let body = body::read(request, payload, &state.clock).await?;
    serde_json::from_slice(&body).map_err(|error| Refusal::malformed(what.0, what.1, &error))
}

fn sound(problem: Option<Text>) -> Result<(), Refusal> {
    problem.map_or(Ok(()), |problem| Err(Refusal::both(ErrorCode::Invalid, problem)))
}

/// Refuses a person whom the roster doesn't know.
pub(super) async fn known(state: &State, person: &PersonId) -> Result<(), Refusal> {
    let roster = state.store.roster(state.clock.now()).await.map_err(|error| unavailable(&error))?;
    sound((!roster.persons.contains_key(person)).then(|| Refusal::unknown("người", "person", person)))
}

fn names(roster: &Roster, persons: impl IntoIterator<Item = PersonId>) -> BTreeMap<PersonId, String> {
    let persons: BTreeSet<PersonId> = persons.into_iter().collect();
    persons.into_iter().filter_map(|id| Some((id.clone(), roster.persons.get(&id)?.name.clone()))).collect()
}

fn line(definitions: &Definitions, head: TaskHead, now: Timestamp) -> TaskLine {
    let title = definitions.kpi(&head.kpi).map_or_else(|| Text::new(head.kpi.as_str(), head.kpi.as_str()), |kpi| kpi.title.clone());
    let place = named(definitions, &head.scope).name;
    let say = |language: Language| match head.scope {
        Scope::City => title.get(language).to_owned(),
        _ => format!("{} – {}", title.get(language), place.get(language)),
    };
    TaskLine {
        about: Text { vi: say(Language::Vi), en: say(Language::En) },
        unit_name: named(definitions, &Scope::Department(head.unit.clone())).name,
        is_late: head.is_late(now),
        head,
    }
}

pub(super) async fn list(request: HttpRequest, state: Data<State>) -> Result<Json<TasksPage>, Refusal> {
    let Wanted { kpi, scope, before } = query(&request)?;
    let now = state.clock.now();
    let definitions = state.definitions.get();
    let wanted = WantedTasks { of: kpi.map(|kpi| (kpi, scope)), before };
    let heads = state.store.tasks(&wanted, MOST).await.map_err(|error| unavailable(&error))?;
    let roster = state.store.roster(now).await.map_err(|error| unavailable(&error))?;
    let names = names(&roster, heads.iter().map(|head| head.giver.clone()));
    Ok(Json(TasksPage { time: now, tasks: heads.into_iter().map(|head| line(&definitions, head, now)).collect(), names }))
}

/// When something is due by the city's working calendar. Where it has none, working days and hours are taken for the others,
/// as for reminders.
fn due(definitions: &Definitions, within: Allowance, now: Timestamp) -> Result<Timestamp, Refusal> {
    let measured = match within.measured {
        Measured::WorkingDays | Measured::Days => Measured::Days,
        Measured::WorkingHours | Measured::Hours => Measured::Hours,
    };
    let plain = Allowance { measured, ..within };
    let worked = definitions.calendar.as_ref().map(|calendar| calendar.due(now, within));
    let due = worked.or_else(|| calendar::deadline::due(now, plain, &definitions.city.time_zone()));
    let said = || {
        Text::new("hạn quá xa, không tính được; hãy chọn hạn sớm hơn", "the deadline lies beyond what can be counted; choose a sooner one")
    };
    due.ok_or_else(|| Refusal::both(ErrorCode::Invalid, said()))
}

pub(super) async fn give(request: HttpRequest, payload: Payload, state: Data<State>) -> Result<HttpResponse, Refusal> {
    let task: GiveTask = read(&request, payload, &state, ("việc", "task")).await?;
    sound(task.problem())?;
    let (definitions, now) = (state.definitions.get(), state.clock.now());
    let kpi = kpi::find(&definitions, task.kpi.as_str(), &task.scope)?;
    let is_unit = definitions.city.departments.iter().any(|department| department.id == task.unit);
    sound((!is_unit).then(|| Refusal::unknown("đơn vị", "department", &task.unit)))?;
    known(&state, &task.person).await?;
    let until = match (task.within, task.due) {
        (Some(within), _) => due(&definitions, within, now)?,
        (None, due) => due.unwrap_or(now),
    };
    sound((until <= now).then(|| Text::new("hạn đã qua; hãy chọn hạn muộn hơn", "the deadline is past; choose a later one")))?;
    let reading = state.store.newest_reading(&kpi.id, &task.scope).await.map_err(|error| unavailable(&error))?;
    let entry = Entry::Given {
        kpi: kpi.id.clone(),
        scope: task.scope,
        unit: task.unit,
        text: nfc(&task.text),
        due: until,
        within: task.within,
        figure: reading.as_ref().map(Figure::of),
    };
    let key = task.key.as_deref().filter(|key| !key.trim().is_empty());
    let id = state.store.give_task(&task.person, entry, key, now).await.map_err(|error| unavailable(&error))?;
    Ok(HttpResponse::build(StatusCode::CREATED).json(page(&state, id).await?))
}

pub(super) async fn one(id: Path<i64>, state: Data<State>) -> Result<Json<TaskPage>, Refusal> {
    page(&state, TaskId(*id)).await.map(Json)
}

pub(super) async fn act(request: HttpRequest, payload: Payload, id: Path<i64>, state: Data<State>) -> Result<Json<TaskPage>, Refusal> {
    let act: TaskAct = read(&request, payload, &state, ("thao tác", "act")).await?;
    sound(act.problem())?;
    known(&state, act.person()).await?;
    let (id, now) = (TaskId(*id), state.clock.now());
    let person = act.person().clone();
    let (entry, seen) = match act {
        TaskAct::Answer { text, .. } => (Entry::Answered { text: nfc(&text) }, None),
        TaskAct::SendBack { text, within, seen, .. } => {
            (Entry::SentBack { text: nfc(&text), due: due(&state.definitions.get(), within, now)? }, Some(seen))
        }
        TaskAct::Close { text, seen, .. } => (Entry::Closed { text: nfc(&text) }, Some(seen)),
    };
    match state.store.act_on_task(id, (&person, entry, seen), now).await.map_err(|error| unavailable(&error))? {
        None => Err(Refusal::missing("việc số", "task", id.0)),
        Some(Err(declined)) => Err(declining(&state, &declined).await),
        Some(Ok(())) => page(&state, id).await.map(Json),
    }
}

/// Why nothing was written.
async fn declining(state: &State, declined: &Declined) -> Refusal {
    let roster = state.store.roster(state.clock.now()).await.ok();
    let name = |id: &PersonId| {
        roster.as_ref().and_then(|roster| roster.persons.get(id)).map_or_else(|| id.to_string(), |person| person.name.clone())
    };
    let sentence = match declined {
        Declined::Closed => Text::new("việc này đã kết thúc; hãy giao việc khác", "it is closed; give another one"),
        Declined::NotAnswered => {
            Text::new("đơn vị chưa trả lời, chưa có gì để trả lại", "the unit has not answered: there is nothing to send back")
        }
        Declined::NotGiver(giver) => {
            let giver = name(giver);
            Text::new(
                &format!("chỉ người giao ({giver}) mới kết thúc hoặc trả lại việc này"),
                &format!("only {giver}, who gave it, closes it or sends it back"),
            )
        }
        Declined::Unseen(lines) => Text::new(
            &format!("việc này vừa có thêm diễn biến; hãy đọc rồi làm lại với `seen` = {lines}"),
            &format!("something was written meanwhile; read it, and do it again with `seen` = {lines}"),
        ),
        Declined::Past => Text::new("hạn mới đã qua; hãy chọn hạn muộn hơn", "the new deadline is past; choose a later one"),
        Declined::Full => Text::new(
            &format!("việc này đã có {MAX_LINES} dòng; hãy kết thúc và giao việc khác"),
            &format!("it has {MAX_LINES} lines; close it and give another one"),
        ),
    };
    Refusal::both(ErrorCode::Conflict, sentence)
}

/// A task with all of its lines.
async fn page(state: &State, id: TaskId) -> Result<TaskPage, Refusal> {
    let (now, definitions) = (state.clock.now(), state.definitions.get());
    let stored = state.store.task(id).await.map_err(|error| unavailable(&error))?;
    let StoredTask { task, lines, is_intact } = stored.ok_or_else(|| Refusal::missing("việc số", "task", id.0))?;
    let roster = state.store.roster(now).await.map_err(|error| unavailable(&error))?;
    let effect = since(state, &definitions, task.head()).await.map_err(|error| unavailable(&error))?;
    Ok(TaskPage {
        time: now,
        said: lines.iter().map(|line| said(&definitions, line)).collect(),
        names: names(&roster, lines.iter().map(|line| line.person.clone())),
        task: line(&definitions, task.head().clone(), now),
        lines,
        is_intact,
        effect,
    })
}

/// The figure since the task was given, up to when it was closed.
async fn since(state: &State, definitions: &Definitions, head: &TaskHead) -> Result<Option<Effect>, StoreError> {
    let Some(kpi) = definitions.kpi(&head.kpi) else { return Ok(None) };
    let newest = state.store.newest_reading(&kpi.id, &head.scope).await?;
    let then = newest.as_ref().and_then(|newest| reference(kpi, head.given_at, newest.time));
    let then = match then {
        Some(at) => state.store.readings_at(&kpi.id, &head.scope, &[at], None).await?.get(&at).map(Figure::of),
        None => head.figure,
    };
    Ok(Some(effect(kpi, then, newest.as_ref().map(Figure::of))))
}

/// A line in words, without who wrote it.
fn said(definitions: &Definitions, line: &Line) -> SaidLine {
    let zone = definitions.city.time_zone();
    let say = |language: Language| {
        let moment = |time: Timestamp| zone.to_datetime(time).strftime("%H:%M %d/%m/%Y").to_string();
        let with = |what: &str, text: &str| if text.is_empty() { what.to_owned() } else { format!("{what}: {text}") };
        match &line.entry {
            Entry::Given { unit, text, due, .. } => {
                let unit = named(definitions, &Scope::Department(unit.clone())).name;
                let (vi, en) = (format!("giao {}, hạn {}", unit.vi, moment(*due)), format!("gave it to {}, due {}", unit.en, moment(*due)));
                with(language.pick(&vi, &en), text)
            }
            Entry::Answered { text } => with(language.pick("trả lời", "answered"), text),
            Entry::SentBack { text, due } => {
                let (vi, en) = (format!("trả lại, hạn mới {}", moment(*due)), format!("sent it back, now due {}", moment(*due)));
                with(language.pick(&vi, &en), text)
            }
            Entry::Closed { text } => with(language.pick("kết thúc việc", "closed it"), text),
        }
    };
    SaidLine { at: line.at, person: line.person.clone(), text: Text { vi: say(Language::Vi), en: say(Language::En) } }
}
