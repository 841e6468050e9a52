//! The public page: what the city chose to publish, as a page, as CSV and as JSON, without logging in.
//!
//! It must never answer with anything that `public.toml` does not name, nor ask the store more than once a minute, however
//! many ask it.

use super::answer::escape;
use super::paper::{Course, Paper};
use super::refusal::Refusal;
use super::table::unanswered;
use super::{State, tongue};
use actix_web::http::header;
use actix_web::web::Data;
use actix_web::{HttpRequest, HttpResponse};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::sync::Arc;
use taydo_model::api::Point;
use taydo_model::course::{CoursePoint, Grain, course};
use taydo_model::headline::with_unit;
use taydo_model::public::{PublicFigure, PublicPage, Publication};
use taydo_model::text::Language;
use taydo_model::{Definitions, ErrorCode, Scope};
use tokio::sync::Mutex;

/// For how long an answer is kept, here and by whoever asked.
const KEPT: SignedDuration = SignedDuration::from_secs(60);
const CACHE_CONTROL: &str = "public, max-age=60";
const DAY_S: i64 = 86_400;

/// What was published last. One at a time makes it anew; the others wait for it, so there is never more than one question
/// to the store.
#[derive(Debug, Default)]
pub struct Published(Mutex<Option<Kept>>);

#[derive(Debug)]
struct Kept {
    definitions: String,
    made_at: Timestamp,
    page: Arc<PublicPage>,
}

fn publication(definitions: &Definitions) -> Result<&Arc<Publication>, Refusal> {
    definitions.public.as_ref().ok_or_else(|| Refusal::not_found("public page: the city publishes nothing"))
}

/// What is published now.
async fn page(state: &State) -> Result<Arc<PublicPage>, Refusal> {
    let definitions = state.definitions.get();
    let publication = publication(&definitions)?;
    let now = state.clock.now();
    let mut kept = state.published.0.lock().await;
    let is_good = |kept: &&Kept| kept.definitions == definitions.hash && now >= kept.made_at && now.duration_since(kept.made_at) < KEPT;
    if let Some(kept) = kept.as_ref().filter(is_good) {
        return Ok(kept.page.clone());
    }
    let page = Arc::new(gather(state, &definitions, publication, now).await?);
    *kept = Some(Kept { definitions: definitions.hash.clone(), made_at: now, page: page.clone() });
    Ok(page)
}

/// The days that are published: the first moment, and the end of the last day that is over for as long as the delay. A day
/// is told as a whole, so one that isn't over would tell what is not old enough.
fn between(publication: &Publication, zone: &TimeZone, now: Timestamp) -> (Timestamp, Timestamp) {
    let late = now.saturating_sub(SignedDuration::from_secs(publication.delay_s.into())).unwrap_or(now);
    let until = late.to_zoned(zone.clone()).start_of_day().map_or(late, |midnight| midnight.timestamp());
    let from = until.saturating_sub(SignedDuration::from_secs(DAY_S * i64::from(publication.days))).unwrap_or(until);
    (from, until)
}

async fn gather(state: &State, definitions: &Definitions, publication: &Publication, now: Timestamp) -> Result<PublicPage, Refusal> {
    let zone = definitions.city.time_zone();
    let (from, until) = between(publication, &zone, now);
    let mut figures = Vec::new();
    for kpi in publication.kpis.iter().filter_map(|id| definitions.kpi(id)) {
        let grain = Grain::of(kpi.every_s.into(), (from, until), u32::from(publication.days) + 1);
        let whole = (grain.whole((from, until), &zone).0, until);
        let found = state.store.stretches(&kpi.id, &Scope::City, grain.relation, whole, None).await;
        let points = course(found.map_err(|error| unanswered(&error))?, grain, kpi.every_s.into(), &zone);
        figures.push(PublicFigure {
            kpi: kpi.id.clone(),
            title: kpi.title.clone(),
            unit: kpi.unit,
            target: kpi.target,
            computed: kpi.in_words(definitions),
            points: points.iter().filter(|point| point.value.is_some()).map(plain).collect(),
        });
    }
    let Publication { title, licence, licence_url, .. } = publication.clone();
    Ok(PublicPage { city: definitions.city.name.clone(), title, licence, licence_url, until, figures })
}

fn plain(point: &CoursePoint) -> Point {
    Point { time: point.time, value: point.value, quality: point.quality }
}

/// An answer that everybody may keep for a while; 304 where the asker has it already.
fn answer(request: &HttpRequest, kind: &'static str, file: Option<&'static str>, body: String) -> HttpResponse {
    let etag: String = Sha256::digest(&body).iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let etag = format!("\"{etag}\"");
    let known = request.headers().get_all(header::IF_NONE_MATCH).filter_map(|value| value.to_str().ok());
    let has_it = known.flat_map(|value| value.split(',')).any(|one| one.trim().trim_start_matches("W/") == etag);
    let mut response = if has_it { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    response.insert_header((header::ETAG, etag)).insert_header((header::CACHE_CONTROL, CACHE_CONTROL));
    if has_it {
        return response.finish();
    }
    if let Some(file) = file {
        response.insert_header((header::CONTENT_DISPOSITION, format!("attachment; filename=\"{file}\"")));
    }
    response.insert_header((header::CONTENT_TYPE, kind)).body(body)
}

pub(super) async fn json(request: HttpRequest, state: Data<State>) -> Result<HttpResponse, Refusal> {
    let page = page(&state).await?;
    let body = serde_json::to_string(&*page).map_err(|error| Refusal::internal(&error))?;
    Ok(answer(&request, "application/json", None, body))
}

pub(super) async fn csv(request: HttpRequest, state: Data<State>) -> Result<HttpResponse, Refusal> {
    let page = page(&state).await?;
    let failed = |error: &dyn std::fmt::Display| Refusal::new(ErrorCode::Internal, format!("the table can't be written: {error}"));
    let mut out = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    out.write_record(["kpi", "title_vi", "title_en", "time", "value", "unit", "quality", "licence"]).map_err(|error| failed(&error))?;
    for figure in &page.figures {
        for point in &figure.points {
            let (time, value) = (point.time.to_string(), point.value.map(|value| value.to_string()).unwrap_or_default());
            let (unit, quality) = (figure.unit.to_string(), crate::store::word(point.quality));
            let cells = [figure.kpi.as_str(), &figure.title.vi, &figure.title.en, &time, &value, &unit, &quality, &page.licence];
            out.write_record(cells).map_err(|error| failed(&error))?;
        }
    }
    let lines = out.into_inner().map_err(|error| failed(&error))?;
    let body = String::from_utf8(lines).map_err(|error| failed(&error))?;
    Ok(answer(&request, "text/csv; charset=utf-8; header=present", Some("taydo-open-data.csv"), body))
}

pub(super) async fn html(request: HttpRequest, state: Data<State>) -> Result<HttpResponse, Refusal> {
    let page = page(&state).await?;
    let language = tongue::asked(request.query_string()).unwrap_or_default();
    let definitions = state.definitions.get();
    Ok(answer(&request, "text/html; charset=utf-8", None, written(&page, &definitions, language)))
}

fn written(page: &PublicPage, definitions: &Definitions, language: Language) -> String {
    let pick = |vi: &'static str, en: &'static str| language.pick(vi, en);
    let zone = definitions.city.time_zone();
    let day = |time: Timestamp| zone.to_datetime(time).strftime("%d/%m/%Y").to_string();
    let mut body = format!(
        "<p><a href=\"/public/data.csv\">{}</a> · <a href=\"/public/data.json\">JSON</a> · {} <a rel=\"license noreferrer\" href=\"{}\">{}</a> · <a href=\"/public?lang={}\">{}</a></p>",
        pick("Tải dữ liệu (CSV)", "Download the data (CSV)"),
        pick("Giấy phép", "Licence"),
        escape(&page.licence_url),
        escape(&page.licence),
        pick("en", "vi"),
        pick("English", "Tiếng Việt"),
    );
    for figure in &page.figures {
        let Some(kpi) = definitions.kpi(&figure.kpi) else { continue };
        let newest = figure.points.last();
        let value = newest.and_then(|point| point.value).map_or_else(|| "—".to_owned(), |value| with_unit(kpi, value, language));
        let at = newest.map(|point| format!("{} {}", pick("ngày", "on"), day(point.time))).unwrap_or_default();
        let target = figure.target.map(|target| format!(" · {} {}", pick("chỉ tiêu", "target"), with_unit(kpi, target, language)));
        let points: Vec<CoursePoint> = figure.points.iter().map(|point| bare(*point)).collect();
        let first = points.first().map_or(page.until, |point| point.time);
        let step_s = DAY_S.max(kpi.every_s.into());
        let drawn =
            Course { kpi, points: &points, step_s, between: (first, page.until), target: figure.target, band: &[], zone: &zone, language }
                .svg();
        let _ = write!(
            body,
            "<section data-kpi=\"{}\"><h2>{}</h2><p><b>{}</b> {}{}</p>{drawn}<p class=\"about\">{}</p></section>",
            figure.kpi,
            escape(figure.title.get(language)),
            escape(&value),
            escape(&at),
            escape(&target.unwrap_or_default()),
            escape(figure.computed.get(language))
        );
    }
    let until = zone.to_datetime(page.until).strftime("%H:%M %d/%m/%Y").to_string();
    let about = format!("{} · {} {until}", page.city.get(language), pick("Số liệu đến", "Figures up to"));
    Paper { title: page.title.get(language), language, about: &about, body: &body, foot: "Tây Đô" }.html()
}

fn bare(point: Point) -> CoursePoint {
    let Point { time, value, quality } = point;
    CoursePoint { time, value, quality, first: None, min: None, max: None, mean: None, readings: None, missing: None }
}
