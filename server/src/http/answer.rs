//! The listener that messages' links lead to: one incident's page, and what may be done about it. It serves nothing else.
//!
//! Opening a link changes nothing, whoever opens it: mail scanners and previews do. It must never show what its link isn't about.

use super::incidents::{event, page, perform, team_name};
use super::pages::unavailable;
use super::refusal::Refusal;
use super::said::Saying;
use super::{State, body};
use crate::duty::Link;
use crate::store::roster::Roster;
use actix_web::dev::Server;
use actix_web::http::{StatusCode, header};
use actix_web::middleware::DefaultHeaders;
use actix_web::web::{self, Data, Path, Payload};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::fmt::Write as _;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;
use taydo_engine::routing::{Event, Refusal as Declined, Which};
use taydo_model::console::{Act, IncidentPage};
use taydo_model::incident::Standing;
use taydo_model::text::Language;

/// Nothing but its own style; forms go back to it.
const POLICY: &str =
    "default-src 'none'; style-src 'self'; img-src 'self' data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";
const STYLE: &str = include_str!("answer.css");
/// How long the page puts something off.
const SNOOZE: SignedDuration = SignedDuration::from_mins(60);
/// The longest note.
const MOST_NOTE: usize = 500;

/// Binds the listener.
///
/// # Errors
/// When the listener can't be used.
pub fn server(listener: TcpListener, state: Data<State>) -> std::io::Result<Server> {
    let app = move || {
        App::new()
            .app_data(state.clone())
            .wrap(
                DefaultHeaders::new()
                    .add((header::CONTENT_SECURITY_POLICY, POLICY))
                    .add((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
                    .add((header::REFERRER_POLICY, "no-referrer"))
                    .add((header::CACHE_CONTROL, "no-store"))
                    .add(("x-robots-tag", "noindex")),
            )
            .route("/i/{token}", web::get().to(show))
            .route("/i/{token}", web::post().to(answer))
            .route("/style.css", web::get().to(style))
    };
    let server = HttpServer::new(app)
        .workers(1)
        .max_connections(1_000)
        .client_request_timeout(Duration::from_secs(5))
        .shutdown_timeout(5)
        .disable_signals()
        .listen(listener)?;
    Ok(server.run())
}

async fn style() -> HttpResponse {
    HttpResponse::Ok().insert_header((header::CONTENT_TYPE, "text/css; charset=utf-8")).body(STYLE)
}

/// What the page says in each language.
struct Words {
    lang: &'static str,
    acknowledge: &'static str,
    snooze: &'static str,
    escalate: &'static str,
    resolve: &'static str,
    note: &'static str,
    send: &'static str,
    what_to_do: &'static str,
    happened: &'static str,
    told: &'static str,
    since: &'static str,
    number: &'static str,
    exercise: &'static str,
    data_old: &'static str,
    answered: &'static str,
    over: &'static str,
    waiting: &'static str,
    snoozed: &'static str,
    unknown: &'static str,
    late: &'static str,
    superseded: &'static str,
    fresh: &'static str,
    done: &'static str,
}

const VI: Words = Words {
    lang: "vi",
    acknowledge: "Tôi nhận xử lý",
    snooze: "Nhắc lại sau 1 giờ",
    escalate: "Chuyển cấp trên ngay",
    resolve: "Đã xử lý xong",
    note: "Ghi chú",
    send: "Gửi",
    what_to_do: "Việc cần làm",
    happened: "Diễn biến",
    told: "Đã báo",
    since: "Từ lúc",
    number: "Sự cố số",
    exercise: "DIỄN TẬP – không có sự cố thật",
    data_old: "Số liệu đã cũ hoặc không còn, từ",
    answered: "Đang được xử lý bởi",
    over: "Đã kết thúc",
    waiting: "Chưa ai nhận xử lý",
    snoozed: "Tạm hoãn",
    unknown: "Liên kết này không đúng. Hãy mở lại từ tin nhắn.",
    late: "Liên kết này đã hết hạn. Hãy mở tin mới nhất, hoặc gọi trung tâm điều hành.",
    superseded: "Việc này đã được chuyển cấp sau khi gửi tin của bạn. Bấm nút dưới đây nếu bạn vẫn muốn trả lời.",
    fresh: "Mở liên kết mới",
    done: "Đã ghi nhận",
};
const EN: Words = Words {
    lang: "en",
    acknowledge: "I take it",
    snooze: "Remind me in 1 hour",
    escalate: "Escalate now",
    resolve: "It is solved",
    note: "Note",
    send: "Send",
    what_to_do: "What to do",
    happened: "What happened",
    told: "Told",
    since: "Since",
    number: "Incident",
    exercise: "EXERCISE – nothing has really happened",
    data_old: "Its data is old or missing, since",
    answered: "Handled by",
    over: "It is over",
    waiting: "Nobody has taken it",
    snoozed: "Put off",
    unknown: "This link isn't right. Open it from the message again.",
    late: "This link no longer counts. Open the newest message, or call the operations centre.",
    superseded: "It was escalated after your message was sent. Press the button if you still want to answer.",
    fresh: "Open a new link",
    done: "Noted",
};

/// Text as HTML has it.
pub(super) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c => out.push(c),
        }
    }
    out
}

fn html(status: StatusCode, words: &Words, title: &str, main: &str) -> HttpResponse {
    let text = format!(
        "<!doctype html><html lang=\"{}\"><meta charset=\"utf-8\"><meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\
         <title>{}</title><link rel=\"stylesheet\" href=\"/style.css\"><main>{main}</main></html>",
        words.lang,
        escape(title)
    );
    HttpResponse::build(status).insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8")).body(text)
}

/// A link, with what is needed to answer by it.
struct Opened {
    link: Link,
    words: &'static Words,
    language: Language,
    zone: TimeZone,
    roster: Arc<Roster>,
}

async fn open(state: &State, token: &str) -> Result<Opened, HttpResponse> {
    let link = state
        .links
        .read(token)
        .ok_or_else(|| html(StatusCode::NOT_FOUND, &VI, "Tây Đô", &format!("<p role=\"alert\">{}</p>", VI.unknown)))?;
    let now = state.clock.now();
    let roster = state.store.roster(now).await.map_err(|error| failure(&super::pages::unavailable(&error)))?;
    let person = roster.persons.get(&link.person);
    let language = if person.is_some_and(|person| person.language == "en") { Language::En } else { Language::Vi };
    let words = if language == Language::En { &EN } else { &VI };
    if person.is_none() || link.until < now.as_second() {
        return Err(html(StatusCode::GONE, words, "Tây Đô", &format!("<p role=\"alert\">{}</p>", words.late)));
    }
    let zone = person.and_then(|person| TimeZone::get(&person.zone).ok()).unwrap_or_else(|| state.definitions.get().city.time_zone());
    Ok(Opened { link, words, language, zone, roster })
}

fn failure(refusal: &Refusal) -> HttpResponse {
    html(actix_web::ResponseError::status_code(refusal), &VI, "Tây Đô", &format!("<p role=\"alert\">{}</p>", escape(&refusal.to_string())))
}

async fn show(token: Path<String>, state: Data<State>) -> HttpResponse {
    let opened = match open(&state, &token).await {
        Ok(opened) => opened,
        Err(response) => return response,
    };
    match page(&state, opened.link.incident).await {
        Ok(page) => html(StatusCode::OK, opened.words, page.view.title.get(opened.language), &body_of(&page, &opened, "")),
        Err(refusal) => failure(&refusal),
    }
}

async fn answer(request: HttpRequest, payload: Payload, token: Path<String>, state: Data<State>) -> HttpResponse {
    let opened = match open(&state, &token).await {
        Ok(opened) => opened,
        Err(response) => return response,
    };
    match take(&request, payload, &state, &opened).await {
        Ok(response) => response,
        Err(refusal) => failure(&refusal),
    }
}

#[derive(serde::Deserialize)]
struct Form {
    act: String,
    #[serde(default)]
    note: String,
    #[serde(default)]
    escalation: i64,
    #[serde(default)]
    taken: u32,
}

async fn take(request: &HttpRequest, payload: Payload, state: &State, opened: &Opened) -> Result<HttpResponse, Refusal> {
    let body = body::read(request, payload, &state.clock).await?;
    let wrong = || {
        let said = taydo_model::Text::new("không đọc được biểu mẫu; hãy mở lại liên kết", "the form can't be read; open the link again");
        Refusal::both(taydo_model::ErrorCode::Malformed, said)
    };
    let text = String::from_utf8(body).map_err(|_| wrong())?;
    let form: Form = web::Query::<Form>::from_query(&text).map_err(|_| wrong())?.into_inner();
    let person = opened.link.person.clone();
    let now = state.clock.now();
    let act = match form.act.as_str() {
        "acknowledge" => Act::Acknowledge { person },
        "snooze" => Act::Snooze { person, until: now.saturating_add(SNOOZE).unwrap_or(now) },
        "escalate" => Act::Escalate { person, escalation: form.escalation, taken: form.taken },
        "resolve" => Act::Resolve { person },
        "note" if !form.note.trim().is_empty() => {
            Act::Note { person, text: form.note.chars().filter(|c| *c != '\0').take(MOST_NOTE).collect() }
        }
        "fresh" => return fresh(state, opened, now).await,
        _ => return Err(wrong()),
    };
    let incident = opened.link.incident;
    let is_acknowledgement = matches!(act, Act::Acknowledge { .. });
    let refused = perform(state, incident, event(act, incident, Some(opened.link.escalation), now)).await?;
    if is_acknowledgement && refused.is_empty() {
        acknowledge_together(state, opened, now).await?;
    }
    let said = match refused.first() {
        None | Some(Declined::AlreadyAnswered | Declined::AlreadyEscalated) => format!("<p role=\"status\">{}</p>", opened.words.done),
        Some(Declined::AlreadyClosed) => format!("<p role=\"status\">{}</p>", opened.words.over),
        Some(Declined::Superseded { .. }) => format!(
            "<p role=\"alert\">{}</p><form method=\"post\"><button name=\"act\" value=\"fresh\">{}</button></form>",
            opened.words.superseded, opened.words.fresh
        ),
        Some(other) => format!("<p role=\"alert\">{}</p>", escape(super::incidents::sentence(*other).get(opened.language))),
    };
    let page = page(state, incident).await?;
    Ok(html(StatusCode::OK, opened.words, page.view.title.get(opened.language), &body_of(&page, opened, &said)))
}

/// Who answers a message answers for everything that it told, also for what is of other groups.
async fn acknowledge_together(state: &State, opened: &Opened, now: Timestamp) -> Result<(), Refusal> {
    let person = &opened.link.person;
    let others = state.store.told_together(person, opened.link.incident).await.map_err(|error| unavailable(&error))?;
    for (group, escalation) in others {
        let answer = Event::Acknowledged { person: person.clone(), which: Which::All, link: Some(escalation) };
        let acted = state.store.advance_group(group, &[answer], &state.definitions.get(), now).await;
        // What is over, or was escalated anew, stays as it is.
        acted.map_err(|error| unavailable(&error))?;
    }
    Ok(())
}

/// Somebody whose link is of an earlier escalation gets one of the present.
async fn fresh(state: &State, opened: &Opened, now: Timestamp) -> Result<HttpResponse, Refusal> {
    let page = page(state, opened.link.incident).await?;
    let token = state.links.token(opened.link.incident, &opened.link.person, page.escalation.0, now);
    Ok(HttpResponse::SeeOther().insert_header((header::LOCATION, format!("/i/{token}"))).finish())
}

fn body_of(page: &IncidentPage, opened: &Opened, said: &str) -> String {
    let Opened { words, language, zone, .. } = opened;
    let view = &page.view;
    let moment = |time: Timestamp| zone.to_datetime(time).strftime("%H:%M:%S %d/%m/%Y").to_string();
    let name = |person: &taydo_model::PersonId| page.names.get(person).cloned().unwrap_or_else(|| person.to_string());
    let standing = match (view.incident.standing, &view.incident.assignee) {
        (Standing::Triggered, _) => words.waiting.to_owned(),
        (Standing::Acknowledged, Some(person)) => format!("{} {}", words.answered, name(person)),
        (Standing::Acknowledged, None) => words.answered.to_owned(),
        (Standing::Snoozed, _) => words.snoozed.to_owned(),
        (Standing::Resolved, _) => words.over.to_owned(),
    };
    let mut out = String::new();
    if view.exercise {
        let _ = write!(out, "<p class=\"exercise\">{}</p>", words.exercise);
    }
    let severity = crate::store::word(view.incident.severity);
    let _ = write!(
        out,
        "<h1 class=\"{severity}\">{}</h1><p class=\"place\">{}</p><p>{}</p><p><span>{} {}</span> <span>{} {}</span></p><p class=\"standing\">{}</p>{said}",
        escape(view.title.get(*language)),
        escape(view.place.get(*language)),
        escape(view.summary.get(*language)),
        words.number,
        view.incident.id.0,
        words.since,
        moment(view.incident.opened_at),
        escape(&standing),
    );
    if let Some(since) = view.incident.data_old_since {
        let _ = write!(out, "<p>{} {}</p>", words.data_old, moment(since));
    }
    if view.incident.standing != Standing::Resolved {
        let (escalation, taken) = page.escalation;
        let button = |act: &str, text: &str| format!("<button name=\"act\" value=\"{act}\">{text}</button>");
        let _ = write!(
            out,
            "<form method=\"post\"><input type=\"hidden\" name=\"escalation\" value=\"{escalation}\"><input type=\"hidden\" name=\"taken\" value=\"{taken}\">\
             {}{}{}{}</form><form method=\"post\"><label>{} <textarea name=\"note\" maxlength=\"{MOST_NOTE}\"></textarea></label>\
             <button name=\"act\" value=\"note\">{}</button></form>",
            button("acknowledge", words.acknowledge),
            button("snooze", words.snooze),
            button("escalate", words.escalate),
            button("resolve", words.resolve),
            words.note,
            words.send,
        );
    }
    if !page.sop.is_empty() {
        let items: String = page.sop.iter().map(|item| format!("<li>{}</li>", escape(item.get(*language)))).collect();
        let _ = write!(out, "<h2>{}</h2><ol>{items}</ol>", words.what_to_do);
    }
    let told: String = page
        .deliveries
        .iter()
        .map(|one| format!("<li>{} – {} – {}</li>", moment(one.at), escape(&name(&one.person)), escape(&one.what)))
        .collect();
    if !told.is_empty() {
        let _ = write!(out, "<h2>{}</h2><ul>{told}</ul>", words.told);
    }
    let team = |team: &taydo_model::TeamId| team_name(&opened.roster, team);
    let saying = Saying { name: &name, team: &team, moment: &moment, language: *language };
    let lines: String = page.log.iter().map(|line| format!("<li>{} – {}</li>", moment(line.at), escape(&saying.line(line)))).collect();
    let _ = write!(out, "<h2>{}</h2><ul>{lines}</ul>", words.happened);
    out
}
