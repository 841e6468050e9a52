//! What a frozen page says: a board's sentence and figures, or a KPI's figure, course and parts.
//!
//! It must never give out more than the page does of which it is a copy: no case, no name of a person.

use super::super::answer::escape;
use super::super::pages::unavailable;
use super::super::paper::{Course, Paper, marks};
use super::super::refusal::Refusal;
use super::super::table::unanswered;
use super::super::why::named;
use super::super::{State, headline, kpi};
use crate::days::Days;
use crate::store::past::Figures;
use jiff::{SignedDuration, Timestamp};
use std::fmt::Write as _;
use taydo_model::baseline::{BandPoint, MAX_HOURS};
use taydo_model::board::{Board, Content};
use taydo_model::course::{CoursePoint, Grain, course};
use taydo_model::frozen::FrozenOf;
use taydo_model::headline::with_unit;
use taydo_model::text::Language;
use taydo_model::wire::Knowledge;
use taydo_model::{Definitions, Kpi, KpiId, Quality, Reading, Scope, Status, Text};

/// About so many points are drawn.
const POINTS: u32 = 360;
/// The shortest and the longest span that is drawn, in seconds.
const SPANS_S: (u32, u32) = (3_600, 366 * 86_400);

/// A page that is written.
pub(super) struct Written {
    pub(super) title: Text,
    pub(super) path: String,
    pub(super) html: String,
}

/// What a page is written with.
struct Writer<'w> {
    state: &'w State,
    definitions: &'w Definitions,
    now: Timestamp,
    expires_at: Timestamp,
    language: Language,
}

pub(super) async fn page(state: &State, of: &FrozenOf, language: Language, expires_at: Timestamp) -> Result<Written, Refusal> {
    let definitions = state.definitions.get();
    let writer = Writer { state, definitions: &definitions, now: state.clock.now(), expires_at, language };
    match of {
        FrozenOf::Board(id) => {
            let board = definitions.board(id).ok_or_else(|| Refusal::missing("bảng", "board", id))?;
            writer.board(board).await
        }
        FrozenOf::Kpi { kpi, scope, span_s } => {
            let kpi = kpi::find(&definitions, kpi.as_str(), scope)?;
            writer.kpi(kpi, scope, (*span_s).clamp(SPANS_S.0, SPANS_S.1)).await
        }
    }
}

impl Writer<'_> {
    fn moment(&self, time: Timestamp) -> String {
        self.definitions.city.time_zone().to_datetime(time).strftime("%H:%M %d/%m/%Y").to_string()
    }

    fn pick(&self, vi: &'static str, en: &'static str) -> &'static str {
        self.language.pick(vi, en)
    }

    fn paper(&self, title: &str, body: &str) -> String {
        let about = format!(
            "{} · {} {}",
            self.definitions.city.name.get(self.language),
            self.pick("Bản chụp số liệu lúc", "Figures frozen at"),
            self.moment(self.now)
        );
        let foot = format!("{} {}. Tây Đô", self.pick("Đường dẫn này hết hạn lúc", "This link expires at"), self.moment(self.expires_at));
        Paper { title, language: self.language, about: &about, body, foot: &foot }.html()
    }

    async fn newest(&self, wanted: Vec<(KpiId, Scope)>) -> Result<Vec<Reading>, Refusal> {
        let asked = Figures { single: wanted, ranked: Vec::new() };
        self.state.replays.past().newest(&asked, self.now, Knowledge::Now).await.map_err(|error| unavailable(&error))
    }

    /// A figure's text, its status and its quality; a dash where it is missing.
    fn figure(&self, kpi: &Kpi, scope: &Scope, reading: Option<&Reading>) -> (String, Status, Quality) {
        let quality = reading.map_or(Quality::Missing, |reading| kpi.quality_at(reading, self.now));
        let value = reading.and_then(|reading| reading.value).filter(|_| quality != Quality::Missing);
        let text = value.map_or_else(|| "—".to_owned(), |value| escape(&with_unit(kpi, value, self.language)));
        (text, value.map_or(Status::Normal, |value| kpi.status(scope, value)), quality)
    }

    /// A figure's course up to now.
    async fn course(&self, kpi: &Kpi, scope: &Scope, span_s: u32) -> Result<String, Refusal> {
        let from = self.now.saturating_sub(SignedDuration::from_secs(span_s.into())).unwrap_or(self.now);
        let (between, zone) = ((from, self.now), self.definitions.city.time_zone());
        let grain = Grain::of(kpi.every_s.into(), between, POINTS);
        let found = self.state.store.stretches(&kpi.id, scope, grain.relation, grain.whole(between, &zone), None).await;
        let points: Vec<CoursePoint> = course(found.map_err(|error| unanswered(&error))?, grain, kpi.every_s.into(), &zone);
        let step_s = grain.width_s.unwrap_or(kpi.every_s.into());
        let target = kpi.target_of(scope);
        let band = self.band(kpi, scope, between).await?;
        Ok(Course { kpi, points: &points, step_s, between, target, band: &band, zone: &zone, language: self.language }.svg())
    }

    /// Where a figure usually lies, hour by hour; nothing where nobody knows, or the span is longer than a band is kept for.
    async fn band(&self, kpi: &Kpi, scope: &Scope, (from, to): (Timestamp, Timestamp)) -> Result<Vec<BandPoint>, Refusal> {
        if to.duration_since(from).as_hours() > i64::from(MAX_HOURS) {
            return Ok(Vec::new());
        }
        let found = self.state.store.baseline(&kpi.id, scope, None, None).await.map_err(|error| unavailable(&error))?;
        let Some(baseline) = found else { return Ok(Vec::new()) };
        Ok(Days::of(self.definitions).in_season(|season| baseline.slots.points(from, to, season)))
    }

    async fn kpi(&self, kpi: &Kpi, scope: &Scope, span_s: u32) -> Result<Written, Refusal> {
        let place = named(self.definitions, scope).name;
        let title_in = |language: Language| match scope {
            Scope::City => kpi.title.get(language).to_owned(),
            _ => format!("{} – {}", kpi.title.get(language), place.get(language)),
        };
        let title = Text { vi: title_in(Language::Vi), en: title_in(Language::En) };
        let reading = self.newest(vec![(kpi.id.clone(), scope.clone())]).await?.into_iter().next();
        let (text, status, quality) = self.figure(kpi, scope, reading.as_ref());
        let mut body = format!("<p class=\"figure\">{text}{}</p>", marks(status, quality, self.language));
        if let Some(reading) = &reading {
            let _ = write!(body, "<p class=\"about\">{} {}</p>", self.pick("Số liệu lúc", "As of"), self.moment(reading.time));
        }
        if let Some(target) = kpi.target_of(scope) {
            let _ = write!(body, "<p>{}: <b>{}</b></p>", self.pick("Chỉ tiêu", "Target"), escape(&with_unit(kpi, target, self.language)));
        }
        body.push_str(&self.course(kpi, scope, span_s).await?);
        let _ = write!(
            body,
            "<h2>{}</h2><p>{}</p>",
            self.pick("Cách tính", "How it is computed"),
            escape(kpi.in_words(self.definitions).get(self.language))
        );
        let path = if *scope == Scope::City { format!("/kpi/{}", kpi.id) } else { format!("/kpi/{}/{scope}", kpi.id) };
        Ok(Written { html: self.paper(title.get(self.language), &body), title, path })
    }

    async fn board(&self, board: &Board) -> Result<Written, Refusal> {
        let told = headline::of(self.state, self.definitions, board).await?;
        let mut body = format!("<p class=\"sentence\">{}</p>", escape(told.sentence.get(self.language)));
        body.push_str(&self.figures(board).await?);
        for content in board.panels.iter().map(|panel| &panel.content) {
            let Content::Trend { kpi, scopes, span_s, .. } = content else { continue };
            let (Some(kpi), [scope, ..]) = (self.definitions.kpi(kpi), scopes.as_slice()) else { continue };
            let drawn = self.course(kpi, scope, (*span_s).clamp(SPANS_S.0, SPANS_S.1)).await?;
            let _ = write!(body, "<section><h2>{}</h2>{drawn}</section>", escape(kpi.title.get(self.language)));
        }
        let title = board.title.clone();
        Ok(Written { html: self.paper(title.get(self.language), &body), title, path: format!("/board/{}", board.id) })
    }

    /// The board's figures with their targets.
    async fn figures(&self, board: &Board) -> Result<String, Refusal> {
        let wanted = headline::figures(self.definitions, board);
        let found = self.newest(wanted.clone()).await?;
        let head =
            [self.pick("Chỉ số", "Figure"), self.pick("Giá trị", "Value"), self.pick("Chỉ tiêu", "Target"), self.pick("Lúc", "As of")];
        let mut out = format!(
            "<table><thead><tr><th scope=\"col\">{}</th><th scope=\"col\" class=\"value\">{}</th><th scope=\"col\" class=\"value\">{}</th><th scope=\"col\">{}</th></tr></thead><tbody>",
            head[0], head[1], head[2], head[3]
        );
        for (id, scope) in &wanted {
            let Some(kpi) = self.definitions.kpi(id) else { continue };
            let reading = found.iter().find(|one| one.kpi == *id && one.scope == *scope);
            let (text, status, quality) = self.figure(kpi, scope, reading);
            let place = if *scope == Scope::City {
                String::new()
            } else {
                format!(" – {}", named(self.definitions, scope).name.get(self.language))
            };
            let target = kpi.target_of(scope).map(|target| with_unit(kpi, target, self.language)).unwrap_or_default();
            let at = reading.map(|reading| self.moment(reading.time)).unwrap_or_default();
            let _ = write!(
                out,
                "<tr><th scope=\"row\">{}{}</th><td class=\"value\">{text}{}</td><td class=\"value\">{}</td><td>{at}</td></tr>",
                escape(kpi.title.get(self.language)),
                escape(&place),
                marks(status, quality, self.language),
                escape(&target)
            );
        }
        out.push_str("</tbody></table>");
        Ok(out)
    }
}
