//! The room's shift logs: opening, writing, signing off, reading, and the hand-over sheet.
//!
//! It must never change what was written, nor sign in the name of somebody who hasn't seen it.

mod gather;
mod print;

use super::pages::unavailable;
use super::refusal::Refusal;
use super::{State, body, query, tongue};
use crate::store::roster::Roster;
use crate::store::shift_log::{LogOpened, NewLogEntry, StoredLog};
use actix_web::http::{StatusCode, header};
use actix_web::web::{Data, Json, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use std::collections::{BTreeMap, BTreeSet};
use taydo_engine::shift_log::Refusal as Declined;
use taydo_model::incident::IncidentId;
use taydo_model::shift_log::page::{LogHead, LogPage, LogsPage, SaidEntry};
use taydo_model::shift_log::request::{OpenLog, Sign, WriteEntry};
use taydo_model::shift_log::sheet::Sheet;
use taydo_model::shift_log::{Entry, Line, MAX_LINES, MAX_NAMED, ShiftLogId, named};
use taydo_model::text::{Language, nfc};
use taydo_model::{ErrorCode, PersonId, Text};

/// The most closed logs in one answer.
const MOST: u32 = 50;
const STYLE: &str = include_str!("shift_log/print.css");

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Before {
    #[serde(default)]
    before: Option<ShiftLogId>,
}

/// `what` it should be, in both languages.
async fn read<T: DeserializeOwned>(request: &HttpRequest, payload: Payload, state: &State, what: (&str, &str)) -> Result<T, Refusal> {
    let body = body::read(request, payload, &state.clock).await?;
    serde_json::from_slice(&body).map_err(|error| Refusal::malformed(what.0, what.1, &error))
}

fn sound(problem: Option<Text>) -> Result<(), Refusal> {
    problem.map_or(Ok(()), |problem| Err(Refusal::both(ErrorCode::Invalid, problem)))
}

fn known<'p>(roster: &Roster, persons: impl IntoIterator<Item = &'p PersonId>) -> Result<(), Refusal> {
    let unknown = persons.into_iter().find(|person| !roster.persons.contains_key(*person));
    sound(unknown.map(|person| Refusal::unknown("người", "person", person)))
}

fn names(roster: &Roster, persons: impl IntoIterator<Item = PersonId>) -> BTreeMap<PersonId, String> {
    let persons: BTreeSet<PersonId> = persons.into_iter().collect();
    persons.into_iter().filter_map(|id| Some((id.clone(), roster.persons.get(&id)?.name.clone()))).collect()
}

fn persons(head: &LogHead) -> Vec<PersonId> {
    let signed = [&head.handed_over, &head.taken_over].into_iter().flatten().map(|one| &one.person);
    [&head.lead].into_iter().chain(&head.on_duty).chain(signed).cloned().collect()
}

pub(super) async fn list(request: HttpRequest, state: Data<State>) -> Result<Json<LogsPage>, Refusal> {
    let Before { before } = query(&request)?;
    let now = state.clock.now();
    let logs = state.store.shift_logs(before, MOST).await.map_err(|error| unavailable(&error))?;
    let roster = state.store.roster(now).await.map_err(|error| unavailable(&error))?;
    let names = names(&roster, logs.iter().flat_map(persons));
    Ok(Json(LogsPage { time: now, logs, names }))
}

pub(super) async fn open(request: HttpRequest, payload: Payload, state: Data<State>) -> Result<HttpResponse, Refusal> {
    let mut what: OpenLog = read(&request, payload, &state, ("sổ trực", "shift log")).await?;
    sound(what.problem())?;
    let now = state.clock.now();
    let roster = state.store.roster(now).await.map_err(|error| unavailable(&error))?;
    known(&roster, [&what.person, &what.lead].into_iter().chain(&what.on_duty))?;
    what.desk = nfc(&what.desk);
    let mut seen = BTreeSet::from([what.lead.clone()]);
    what.on_duty.retain(|person| seen.insert(person.clone()));
    match state.store.open_shift_log(&what, now).await.map_err(|error| unavailable(&error))? {
        LogOpened::Yes(id) => Ok(HttpResponse::build(StatusCode::CREATED).json(page(&state, id).await?)),
        LogOpened::Already(open) => {
            let (id, desk) = (open.id.0, open.desk);
            let sentence = Text {
                vi: format!("sổ trực {id} của bàn {desk:?} chưa đủ hai chữ ký; hãy ký giao nhận sổ đó trước"),
                en: format!("shift log {id} of the desk {desk:?} is not signed off by both; sign it off first"),
            };
            Err(Refusal::both(ErrorCode::Conflict, sentence))
        }
    }
}

pub(super) async fn one(id: Path<i64>, state: Data<State>) -> Result<Json<LogPage>, Refusal> {
    page(&state, ShiftLogId(*id)).await.map(Json)
}

async fn stored(state: &State, id: ShiftLogId) -> Result<StoredLog, Refusal> {
    let stored = state.store.shift_log(id).await.map_err(|error| unavailable(&error))?;
    stored.ok_or_else(|| Refusal::missing("sổ trực số", "shift log", id.0))
}

/// A log with all of its lines.
async fn page(state: &State, id: ShiftLogId) -> Result<LogPage, Refusal> {
    let now = state.clock.now();
    let StoredLog { log, lines, is_intact, .. } = stored(state, id).await?;
    let roster = state.store.roster(now).await.map_err(|error| unavailable(&error))?;
    let named = lines.iter().map(|line| line.person.clone()).chain(persons(log.head()));
    let said = lines.iter().map(in_words).collect();
    Ok(LogPage { time: now, head: log.head().clone(), names: names(&roster, named), said, lines, is_intact })
}

fn in_words(line: &Line) -> SaidEntry {
    let text = Text { vi: said(line, Language::Vi), en: said(line, Language::En) };
    let incidents = if let Entry::Written { incidents, .. } = &line.entry { incidents.clone() } else { Vec::new() };
    SaidEntry { number: line.number, at: line.at, person: line.person.clone(), text, incidents }
}

/// A line in words, without who wrote it.
fn said(line: &Line, language: Language) -> String {
    let pick = |vi: &'static str, en: &'static str| language.pick(vi, en);
    match &line.entry {
        Entry::Opened { desk, .. } => format!("{}: {desk}", pick("mở sổ trực", "opened the log")),
        Entry::Written { text, corrects: None, .. } => text.clone(),
        Entry::Written { text, corrects: Some(number), .. } => {
            format!("{} {number}: {text}", pick("Đính chính mục", "Correction of entry"))
        }
        Entry::HandedOver { .. } => pick("ký giao ca", "signed the hand-over").to_owned(),
        Entry::SentBack { why } => format!("{}: {why}", pick("trả lại, chưa nhận ca", "sent it back, didn't take over")),
        Entry::TakenOver => pick("ký nhận ca", "signed that they take over").to_owned(),
    }
}

pub(super) async fn write(request: HttpRequest, payload: Payload, id: Path<i64>, state: Data<State>) -> Result<Json<LogPage>, Refusal> {
    let new: WriteEntry = read(&request, payload, &state, ("mục ghi", "entry")).await?;
    sound(new.problem())?;
    let (id, now) = (ShiftLogId(*id), state.clock.now());
    let roster = state.store.roster(now).await.map_err(|error| unavailable(&error))?;
    known(&roster, [&new.person])?;
    let text = nfc(&new.text);
    let mut incidents = existing(&state, &named(&text)).await?;
    let wanted = existing(&state, &new.incidents).await?;
    let missing = new.incidents.iter().find(|id| !wanted.contains(id));
    sound(missing.map(|id| Text {
        vi: format!("không có sự cố {}; hãy bỏ nó khỏi `incidents`", id.0),
        en: format!("there is no incident {}; take it out of `incidents`", id.0),
    }))?;
    for id in wanted {
        if !incidents.contains(&id) {
            incidents.push(id);
        }
    }
    let entry = Entry::Written { text, incidents, corrects: new.corrects };
    let new_entry = NewLogEntry { entry, key: new.key.filter(|key| !key.trim().is_empty()) };
    let written = state.store.write_shift_log(id, &new.person, new_entry, now).await.map_err(|error| unavailable(&error))?;
    answer(&state, id, &roster, written).await
}

/// Those incidents that there are.
async fn existing(state: &State, ids: &[IncidentId]) -> Result<Vec<IncidentId>, Refusal> {
    let ids = ids.get(..MAX_NAMED).unwrap_or(ids);
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = state.store.incidents_by_id(ids).await.map_err(|error| unavailable(&error))?;
    Ok(rows.into_iter().map(|row| row.incident.id).collect())
}

pub(super) async fn sign(request: HttpRequest, payload: Payload, id: Path<i64>, state: Data<State>) -> Result<Json<LogPage>, Refusal> {
    let sign: Sign = read(&request, payload, &state, ("chữ ký", "signature")).await?;
    sound(sign.problem())?;
    let (id, now) = (ShiftLogId(*id), state.clock.now());
    let roster = state.store.roster(now).await.map_err(|error| unavailable(&error))?;
    known(&roster, [sign.person()])?;
    let stored = stored(&state, id).await?;
    // What can't be signed now needs no sheet; and of one that can the entries are those that were seen.
    if let Err(declined) = stored.log.sign(now, &sign, "") {
        return Err(declining(&declined, &roster));
    }
    let sheet = match stored.sheet {
        Some(sheet) => sheet,
        None => gather::sheet(&state, &stored.log, &stored.lines, now).await?,
    };
    let signed = state.store.sign_shift_log(id, &sign, &sheet, now).await.map_err(|error| unavailable(&error))?;
    answer(&state, id, &roster, signed).await
}

async fn answer(state: &State, id: ShiftLogId, roster: &Roster, done: Option<Result<(), Declined>>) -> Result<Json<LogPage>, Refusal> {
    match done {
        None => Err(Refusal::missing("sổ trực số", "shift log", id.0)),
        Some(Err(declined)) => Err(declining(&declined, roster)),
        Some(Ok(())) => page(state, id).await.map(Json),
    }
}

/// Why nothing was written.
fn declining(declined: &Declined, roster: &Roster) -> Refusal {
    let name = |id: &PersonId| roster.persons.get(id).map_or_else(|| id.to_string(), |person| person.name.clone());
    let sentence = match declined {
        Declined::Closed => Text::new(
            "sổ này đã đủ hai chữ ký; hãy ghi vào sổ của ca sau",
            "it is signed by both; write into the log of the shift that follows",
        ),
        Declined::HandedOver(by) => Text {
            vi: format!("{} đã ký giao ca; người nhận ca ký nhận, hoặc trả lại để ghi tiếp", name(by)),
            en: format!("{} has signed the hand-over; whoever takes over signs too, or sends it back to be written on", name(by)),
        },
        Declined::NotHandedOver => {
            Text::new("chưa ai giao ca; một người trong ca ký giao trước", "nobody has handed over yet; one of the shift signs first")
        }
        Declined::Unseen(lines) => Text {
            vi: format!("sổ này đã có {lines} dòng; hãy đọc rồi ký lại với `seen` = {lines}"),
            en: format!("the log has {lines} lines by now; read them, and sign with `seen` = {lines}"),
        },
        Declined::NotOnDuty => Text::new(
            "chỉ trưởng ca hoặc người trong ca được giao ca; xem sổ mở cho những ai",
            "only the lead or somebody on duty hands over; see who the log was opened with",
        ),
        Declined::SamePerson => Text::new(
            "người giao ca không thể tự nhận ca; phải là người khác ký",
            "whoever hands over can't take over as well; somebody else signs",
        ),
        Declined::NoEntry(number) => Text {
            vi: format!("dòng {number} không phải mục ghi của sổ này; hãy ghi đúng số trong `corrects`, hoặc bỏ đi"),
            en: format!("line {number} is no entry of this log; name one in `corrects`, or leave it out"),
        },
        Declined::Full => Text {
            vi: format!("sổ này đã có {MAX_LINES} dòng; hãy ký giao nhận và mở sổ khác"),
            en: format!("the log has {MAX_LINES} lines; sign it off and open another"),
        },
    };
    let code = if matches!(declined, Declined::NoEntry(_)) { ErrorCode::Invalid } else { ErrorCode::Conflict };
    Refusal::both(code, sentence)
}

/// The sheet as it was signed; before that, as it would be signed now.
async fn current(state: &State, stored: StoredLog) -> Result<Sheet, Refusal> {
    match stored.sheet {
        Some(sheet) => Ok(sheet),
        None => gather::sheet(state, &stored.log, &stored.lines, state.clock.now()).await,
    }
}

pub(super) async fn sheet(id: Path<i64>, state: Data<State>) -> Result<Json<Sheet>, Refusal> {
    let stored = stored(&state, ShiftLogId(*id)).await?;
    current(&state, stored).await.map(Json)
}

/// The sheet as a page that prints on A4.
pub(super) async fn printed(request: HttpRequest, id: Path<i64>, state: Data<State>) -> Result<HttpResponse, Refusal> {
    let lang = tongue::asked(request.query_string()).unwrap_or_default();
    let stored = stored(&state, ShiftLogId(*id)).await?;
    let roster = state.store.roster(state.clock.now()).await.map_err(|error| unavailable(&error))?;
    let (head, is_intact) = (stored.log.head().clone(), stored.is_intact);
    let digest = stored.log.sheet().map(str::to_owned);
    let sheet = current(&state, stored).await?;
    let zone = state.definitions.get().city.time_zone();
    let names = names(&roster, persons(&head));
    let page =
        print::Print { sheet: &sheet, head: &head, names: &names, digest: digest.as_deref(), is_intact, zone, language: lang }.html();
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(page))
}

pub(super) async fn style() -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CONTENT_TYPE, "text/css; charset=utf-8")).body(STYLE)
}
