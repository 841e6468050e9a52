//! The roster: persons, contacts and their proof, teams, policies, rotas and their changes, silences.
//!
//! Nobody but those who keep the roster sees addresses. It must never take an address for proved.

use super::pages::unavailable;
use super::refusal::Refusal;
use super::{State, body};
use crate::paging::egress::Egress;
use crate::store::StoreError;
use crate::store::outbox::NewPage;
use crate::store::roster::{CodeSent, OverrideRefused, Verified};
use actix_web::http::StatusCode;
use actix_web::web::{Data, Json, Path, Payload};
use actix_web::{HttpRequest, HttpResponse};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use taydo_model::oncall::request::{Code, Keeper, Made, NewContact, NewSilence, RosterPage};
use taydo_model::oncall::{Channel, ContactId, Person, Policy, Target, Team};
use taydo_model::page::{Page, PageKind};
use taydo_model::rota::{Override, OverrideId, Rota, RotaParts, TemporaryId, TemporarySchedule};
use taydo_model::silence::Silence;
use taydo_model::{ErrorCode, PersonId, PolicyId, RotaId, TeamId, Text};

/// The most silences in one answer.
const MOST_SILENCES: u32 = 200;

/// The body can't be read as what it should be.
pub(super) fn malformed(what: &str, error: &serde_json::Error) -> Refusal {
    Refusal::both(
        ErrorCode::Malformed,
        Text::new(&format!("nội dung không phải {what}: {error}"), &format!("the body is no {what}: {error}")),
    )
}

async fn read<T: DeserializeOwned>(request: &HttpRequest, payload: Payload, state: &State, what: &str) -> Result<T, Refusal> {
    let body = body::read(request, payload, &state.clock).await?;
    serde_json::from_slice(&body).map_err(|error| malformed(what, &error))
}

fn sound(problem: Option<Text>) -> Result<(), Refusal> {
    problem.map_or(Ok(()), |problem| Err(Refusal::both(ErrorCode::Invalid, problem)))
}

fn same<T: PartialEq + std::fmt::Display>(path: &T, body: &T) -> Result<(), Refusal> {
    let said = || {
        Text::new(&format!("địa chỉ ghi `{path}` còn nội dung ghi `{body}`"), &format!("the address names `{path}` and the body `{body}`"))
    };
    sound((path != body).then(said))
}

fn done(result: Result<(), StoreError>) -> Result<HttpResponse, Refusal> {
    result.map_err(|error| unavailable(&error))?;
    Ok(HttpResponse::NoContent().finish())
}

/// `what` is what there is none of, in both languages.
fn removed(result: Result<bool, StoreError>, what: (&str, &str), name: impl std::fmt::Display) -> Result<HttpResponse, Refusal> {
    match result.map_err(|error| unavailable(&error))? {
        true => Ok(HttpResponse::NoContent().finish()),
        false => Err(Refusal::missing(what.0, what.1, name)),
    }
}

fn created(id: i64) -> HttpResponse {
    HttpResponse::build(StatusCode::CREATED).json(Made { id })
}

pub(super) async fn all(state: Data<State>) -> Result<Json<RosterPage>, Refusal> {
    let roster = state.store.roster(state.clock.now()).await.map_err(|error| unavailable(&error))?;
    Ok(Json(RosterPage {
        persons: roster.persons.values().cloned().collect(),
        teams: roster.teams.values().cloned().collect(),
        policies: roster.policies.values().cloned().collect(),
        rotas: roster.rotas.values().map(Rota::parts).cloned().collect(),
        keeper: roster.keeper.clone(),
    }))
}

pub(super) async fn put_person(
    request: HttpRequest,
    payload: Payload,
    id: Path<PersonId>,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    let person: Person = read(&request, payload, &state, "person").await?;
    same(&*id, &person.id)?;
    sound(person.problem())?;
    done(state.store.save_person(&person).await)
}

pub(super) async fn delete_person(id: Path<PersonId>, state: Data<State>) -> Result<HttpResponse, Refusal> {
    removed(state.store.remove_person(&id, state.clock.now()).await, ("người", "person"), &id)
}

pub(super) async fn put_keeper(request: HttpRequest, payload: Payload, state: Data<State>) -> Result<HttpResponse, Refusal> {
    let Keeper { person } = read(&request, payload, &state, "keeper").await?;
    let roster = state.store.roster(state.clock.now()).await.map_err(|error| unavailable(&error))?;
    sound(
        person.as_ref().filter(|person| !roster.persons.contains_key(*person)).map(|person| Refusal::unknown("người", "person", person)),
    )?;
    done(state.store.save_keeper(person.as_ref()).await)
}

pub(super) async fn add_contact(
    request: HttpRequest,
    payload: Payload,
    id: Path<PersonId>,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    let new: NewContact = read(&request, payload, &state, "contact").await?;
    sound(new.problem())?;
    if new.channel == Channel::Webhook {
        let egress = state.paging.as_ref().map_or_else(Egress::default, |paging| paging.egress().clone());
        let checked = egress.check_resolved(&new.address, &state.clock).await;
        sound(checked.err().map(|problem| Text {
            vi: format!("không gọi được `address`: {problem}"),
            en: format!("`address` can't be called: {problem}"),
        }))?;
    }
    let added = state.store.add_contact(&id, new.channel, &new.address, new.exercise).await.map_err(|error| unavailable(&error))?;
    added.map(|contact| created(contact.0)).ok_or_else(|| Refusal::missing("người", "person", id))
}

pub(super) async fn delete_contact(id: Path<i64>, state: Data<State>) -> Result<HttpResponse, Refusal> {
    removed(state.store.remove_contact(ContactId(*id), state.clock.now()).await, ("cách liên lạc", "contact"), &id)
}

pub(super) async fn enable_contact(id: Path<i64>, state: Data<State>) -> Result<HttpResponse, Refusal> {
    removed(state.store.enable_contact(ContactId(*id), state.clock.now()).await, ("cách liên lạc đã dừng", "stopped contact"), &id)
}

/// Sends a code to a contact, so that its owner can prove that it is theirs.
pub(super) async fn send_code(id: Path<i64>, state: Data<State>) -> Result<HttpResponse, Refusal> {
    let now = micros(state.clock.now());
    let contact = ContactId(*id);
    match state.store.note_code(contact, now).await.map_err(|error| unavailable(&error))? {
        CodeSent::Unknown => Err(Refusal::missing("cách liên lạc", "contact", id)),
        CodeSent::TooSoon => Err(Refusal::both(
            ErrorCode::Conflict,
            Text::new("đã gửi mã chưa đầy một phút trước; hãy đợi mã đó", "a code was sent less than a minute ago; wait for it"),
        )
        .retry_after(60)),
        CodeSent::Noted(person, contact) => {
            let page = Page { turn: now.as_microsecond(), ..Page::to_contact(PageKind::Code, person, contact.id, now) };
            let new = NewPage { page: &page, team: None, exercise: contact.exercise };
            state.store.write_pages(&[new], now).await.map_err(|error| unavailable(&error))?;
            Ok(HttpResponse::Accepted().finish())
        }
    }
}

fn micros(now: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(now.as_microsecond()).unwrap_or(now)
}

pub(super) async fn verify(request: HttpRequest, payload: Payload, id: Path<i64>, state: Data<State>) -> Result<HttpResponse, Refusal> {
    let Code { code } = read(&request, payload, &state, "code").await?;
    let contact = ContactId(*id);
    let is_right = |sent_at| state.links.code(contact, sent_at) == code.trim();
    let verified = state.store.verify_contact(contact, state.clock.now(), is_right).await.map_err(|error| unavailable(&error))?;
    match verified {
        Verified::Yes => Ok(HttpResponse::NoContent().finish()),
        Verified::No => Err(Refusal::both(
            ErrorCode::Invalid,
            Text::new(
                "mã khác, hoặc đã quá 15 phút; hãy cho gửi mã mới",
                "it is another code, or older than 15 minutes; have a new one sent",
            ),
        )),
        Verified::TooMany => Err(Refusal::both(
            ErrorCode::Conflict,
            Text::new("nhập sai mã quá nhiều lần; hãy cho gửi mã mới", "too many wrong codes; have a new one sent"),
        )),
    }
}

pub(super) async fn put_team(
    request: HttpRequest,
    payload: Payload,
    id: Path<TeamId>,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    let team: Team = read(&request, payload, &state, "team").await?;
    same(&*id, &team.id)?;
    sound(team.problem())?;
    let roster = state.store.roster(state.clock.now()).await.map_err(|error| unavailable(&error))?;
    sound((!roster.policies.contains_key(&team.policy)).then(|| {
        Text::new(
            &format!("không có quy trình `{}`; hãy tạo trước", team.policy),
            &format!("there is no policy `{}`; make it first", team.policy),
        )
    }))?;
    let unknown = team.members.iter().find(|person| !roster.persons.contains_key(*person));
    sound(unknown.map(|person| Refusal::unknown("người", "person", person)))?;
    done(state.store.save_team(&team).await)
}

pub(super) async fn delete_team(id: Path<TeamId>, state: Data<State>) -> Result<HttpResponse, Refusal> {
    removed(state.store.remove_team(&id).await, ("đội", "team"), &id)
}

pub(super) async fn put_policy(
    request: HttpRequest,
    payload: Payload,
    id: Path<PolicyId>,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    let policy: Policy = read(&request, payload, &state, "policy").await?;
    same(&*id, &policy.id)?;
    sound(policy.problem())?;
    let roster = state.store.roster(state.clock.now()).await.map_err(|error| unavailable(&error))?;
    let persons = policy
        .steps
        .iter()
        .flat_map(|step| &step.targets)
        .filter_map(|target| if let Target::Person(person) = target { Some(person) } else { None });
    let unknown = persons.chain([&policy.fallback]).find(|person| !roster.persons.contains_key(*person));
    sound(unknown.map(|person| Refusal::unknown("người", "person", person)))?;
    done(state.store.save_policy(&policy).await)
}

pub(super) async fn delete_policy(id: Path<PolicyId>, state: Data<State>) -> Result<HttpResponse, Refusal> {
    removed(state.store.remove_policy(&id).await, ("quy trình báo", "policy"), &id)
}

pub(super) async fn put_rota(
    request: HttpRequest,
    payload: Payload,
    id: Path<RotaId>,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    let parts: RotaParts = read(&request, payload, &state, "rota").await?;
    same(&*id, &parts.id)?;
    let rota = Rota::new(parts).map_err(|problems| {
        let lines: Vec<String> = problems.iter().map(ToString::to_string).collect();
        // What a rota's check says is for whoever plans it, and in one language.
        let en = lines.join("; ");
        Refusal::both(ErrorCode::Invalid, Text { vi: format!("lịch trực chưa đúng ({en})"), en })
    })?;
    done(state.store.save_rota(&rota).await)
}

pub(super) async fn delete_rota(id: Path<RotaId>, state: Data<State>) -> Result<HttpResponse, Refusal> {
    removed(state.store.remove_rota(&id).await, ("lịch trực", "rota"), &id)
}

pub(super) async fn add_override(
    request: HttpRequest,
    payload: Payload,
    id: Path<RotaId>,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    let one: Override = read(&request, payload, &state, "override").await?;
    let now = state.clock.now();
    sound((one.to <= one.from).then(|| Text::new("`to` phải sau `from`", "`to` must lie after `from`")))?;
    sound(
        one.is_past(now).then(|| Text::new("đã qua rồi; điều đã qua không sửa được", "it is over already; what is past can't be changed")),
    )?;
    match state.store.add_override(&id, &one, None, now).await.map_err(|error| unavailable(&error))? {
        Ok(number) => Ok(created(number.0)),
        Err(OverrideRefused::NoRota) => Err(Refusal::missing("lịch trực", "rota", id)),
        Err(OverrideRefused::Overlaps(other)) => {
            let (id, from, to) = (other.id.0, other.from, other.to);
            let vi = format!("thay đổi {id} đã ghi cùng người từ {from} đến {to}; hãy sửa hoặc bỏ nó trước");
            let en = format!("override {id} names the same person from {from} to {to}; change or remove it first");
            Err(Refusal::both(ErrorCode::Conflict, Text { vi, en }))
        }
    }
}

pub(super) async fn delete_override(id: Path<i64>, state: Data<State>) -> Result<HttpResponse, Refusal> {
    removed(
        state.store.remove_override(OverrideId(*id), state.clock.now()).await,
        ("thay đổi chưa qua số", "override that is not past"),
        &id,
    )
}

pub(super) async fn add_temporary(
    request: HttpRequest,
    payload: Payload,
    id: Path<RotaId>,
    state: Data<State>,
) -> Result<HttpResponse, Refusal> {
    let one: TemporarySchedule = read(&request, payload, &state, "temporary schedule").await?;
    sound((one.to <= one.from).then(|| Text::new("`to` phải sau `from`", "`to` must lie after `from`")))?;
    sound(
        one.is_past(state.clock.now())
            .then(|| Text::new("đã qua rồi; điều đã qua không sửa được", "it is over already; what is past can't be changed")),
    )?;
    let added = state.store.add_temporary(&id, &one).await.map_err(|error| unavailable(&error))?;
    added.map(|number| created(number.0)).ok_or_else(|| Refusal::missing("lịch trực", "rota", id))
}

pub(super) async fn delete_temporary(id: Path<i64>, state: Data<State>) -> Result<HttpResponse, Refusal> {
    removed(
        state.store.remove_temporary(TemporaryId(*id), state.clock.now()).await,
        ("lịch tạm chưa qua số", "temporary schedule that is not past"),
        &id,
    )
}

pub(super) async fn silences(state: Data<State>) -> Result<Json<Vec<Silence>>, Refusal> {
    state.store.silences(MOST_SILENCES).await.map(Json).map_err(|error| unavailable(&error))
}

pub(super) async fn add_silence(request: HttpRequest, payload: Payload, state: Data<State>) -> Result<HttpResponse, Refusal> {
    let new: NewSilence = read(&request, payload, &state, "silence").await?;
    let now = state.clock.now();
    sound(new.problem(now))?;
    let roster = state.store.roster(now).await.map_err(|error| unavailable(&error))?;
    sound((!roster.persons.contains_key(&new.author)).then(|| Refusal::unknown("người", "person", &new.author)))?;
    let NewSilence { matchers, from, until, author, reason, maintenance } = new;
    let silence = Silence { id: 0, matchers, from: from.unwrap_or(now), until, author, reason, maintenance };
    Ok(created(state.store.add_silence(&silence, now).await.map_err(|error| unavailable(&error))?))
}

pub(super) async fn end_silence(id: Path<i64>, state: Data<State>) -> Result<HttpResponse, Refusal> {
    removed(state.store.end_silence(*id, state.clock.now()).await, ("lần tắt báo chưa hết số", "silence that is not over"), &id)
}
