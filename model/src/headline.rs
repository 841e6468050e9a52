//! The headline of a board: what needs attention in one sentence, and the exceptions behind it.
//!
//! It is made from figures, their quality and open incidents, and from nothing else. It must never claim calm for what is
//! old or missing: such figures are counted apart, and where all of them are the sentence says that nothing is known.

mod sentence;
#[cfg(test)]
mod tests;

use crate::console::IncidentView;
use crate::incident::IncidentId;
use crate::number::number;
use crate::text::Language;
use crate::{Kpi, KpiId, Quality, Reading, Scope, Status, Text};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `GET /api/v1/boards/{id}/headline`: a board in one sentence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HeadlinePage {
    /// The server's time: as of when it is said.
    pub time: Timestamp,
    /// In one word, for the sentence's mark.
    pub outlook: Outlook,
    /// The sentence.
    pub sentence: Text,
    /// What is behind it: beyond a threshold, open, unknown, off the target, in this order, and within each in the board's.
    pub exceptions: Vec<Exception>,
}

/// How things are on the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Outlook {
    /// Every figure is known and where it should be.
    Calm,
    /// What is known is where it should be, but not everything is known.
    Unsure,
    /// Something needs attention.
    Attention,
    /// Nothing is known.
    Unknown,
}

/// One thing that is not as it should be.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Exception {
    /// What kind of thing.
    pub kind: ExceptionKind,
    /// The figure, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kpi: Option<KpiId>,
    /// For whom.
    pub scope: Scope,
    /// The incident, where it is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub incident: Option<IncidentId>,
    /// How bad.
    pub status: Status,
    /// How much the figure can be relied on.
    pub quality: Quality,
    /// What it is.
    pub title: Text,
    /// The figure and its limit, or why it is not known.
    pub words: Text,
}

/// Why something is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ExceptionKind {
    /// A figure is beyond a threshold.
    Beyond,
    /// An incident is open that no listed figure stands for.
    Incident,
    /// A figure is old or missing.
    Unknown,
    /// A figure is within its thresholds but not at its target.
    OffTarget,
}

/// A figure that the board shows.
#[derive(Debug, Clone, Copy)]
pub struct Shown<'a> {
    /// The definition.
    pub kpi: &'a Kpi,
    /// For whom.
    pub scope: &'a Scope,
    /// What the scope is called; empty for the city.
    pub place: &'a Text,
    /// The newest reading.
    pub reading: Option<&'a Reading>,
}

/// What there is to be told of, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Figures whose value is known.
    pub known: usize,
    /// Figures that are old or missing.
    pub unknown: usize,
    /// Figures that rest on too few of what should have reported.
    pub partial: usize,
    /// Figures that are not at their target.
    pub off_target: usize,
    /// Sources that are late.
    pub late_sources: usize,
}

/// A board's headline. `incidents` are those that are open and worth a leader's attention; exercises are left out by whoever
/// asks.
#[must_use]
pub fn headline(figures: &[Shown<'_>], incidents: &[&IncidentView], late_sources: usize, now: Timestamp) -> HeadlinePage {
    let mut tally = Tally { late_sources, ..Tally::default() };
    let mut exceptions: Vec<Exception> = figures.iter().filter_map(|figure| judge(figure, &mut tally, now)).collect();
    let is_listed = |view: &IncidentView| {
        let beyond = exceptions.iter().filter(|one| one.kind == ExceptionKind::Beyond);
        view.figure.as_ref().is_some_and(|(kpi, scope)| beyond.clone().any(|one| one.kpi.as_ref() == Some(kpi) && one.scope == *scope))
    };
    let open: Vec<Exception> = incidents.iter().filter(|view| !is_listed(view)).map(|view| opened(view)).collect();
    exceptions.extend(open);
    exceptions.sort_by_key(|one| one.kind);
    let needs: Vec<&Exception> = exceptions.iter().filter(|one| one.kind <= ExceptionKind::Incident).collect();
    let outlook = match (needs.len(), tally.known, tally.unknown + tally.partial + tally.late_sources) {
        (1.., ..) => Outlook::Attention,
        (0, 0, 1..) => Outlook::Unknown,
        (0, _, 1..) => Outlook::Unsure,
        _ => Outlook::Calm,
    };
    let sentence = Text { vi: sentence::say(&needs, &tally, Language::Vi), en: sentence::say(&needs, &tally, Language::En) };
    HeadlinePage { time: now, outlook, sentence, exceptions }
}

/// Counts a figure, and says what is not as it should be with it.
fn judge(figure: &Shown<'_>, tally: &mut Tally, now: Timestamp) -> Option<Exception> {
    let Shown { kpi, scope, reading, .. } = *figure;
    let quality = reading.map_or(Quality::Missing, |reading| kpi.quality_at(reading, now));
    let value = reading.and_then(|reading| reading.value).filter(|_| quality < Quality::Stale);
    let Some(value) = value else {
        tally.unknown += 1;
        let words = match quality {
            Quality::Stale => Text::new("số liệu đã cũ", "the data is old"),
            _ => Text::new("chưa có số liệu", "no data"),
        };
        return Some(exception(figure, ExceptionKind::Unknown, Status::Normal, quality.max(Quality::Stale), words));
    };
    tally.known += 1;
    tally.partial += usize::from(quality == Quality::Partial);
    let status = kpi.status(scope, value);
    let beside = |limit: Option<f64>, vi: &str, en: &str| {
        let say = |language: Language| {
            let limit = limit.map(|limit| format!(", {} {}", language.pick(vi, en), with_unit(kpi, limit, language)));
            with_unit(kpi, value, language) + &limit.unwrap_or_default()
        };
        Text { vi: say(Language::Vi), en: say(Language::En) }
    };
    match status {
        Status::Critical => {
            Some(exception(figure, ExceptionKind::Beyond, status, quality, beside(kpi.critical, "ngưỡng nghiêm trọng", "critical limit")))
        }
        Status::Attention => {
            Some(exception(figure, ExceptionKind::Beyond, status, quality, beside(kpi.attention, "ngưỡng chú ý", "attention limit")))
        }
        Status::Normal if kpi.meets_target(scope, value) == Some(false) => {
            tally.off_target += 1;
            Some(exception(figure, ExceptionKind::OffTarget, status, quality, beside(kpi.target_of(scope), "chỉ tiêu", "target")))
        }
        Status::Normal => None,
    }
}

fn exception(figure: &Shown<'_>, kind: ExceptionKind, status: Status, quality: Quality, words: Text) -> Exception {
    let title = |language: Language| match figure.place.get(language) {
        "" => figure.kpi.title.get(language).to_owned(),
        place => format!("{} – {place}", figure.kpi.title.get(language)),
    };
    Exception {
        kind,
        kpi: Some(figure.kpi.id.clone()),
        scope: figure.scope.clone(),
        incident: None,
        status,
        quality,
        title: Text { vi: title(Language::Vi), en: title(Language::En) },
        words,
    }
}

fn opened(view: &IncidentView) -> Exception {
    let critical = view.incident.severity == crate::alert::Severity::Critical;
    Exception {
        kind: ExceptionKind::Incident,
        kpi: None,
        scope: view.figure.as_ref().map(|(_, scope)| scope.clone()).unwrap_or_default(),
        incident: Some(view.incident.id),
        status: if critical { Status::Critical } else { Status::Attention },
        quality: Quality::Good,
        title: view.title.clone(),
        words: view.place.clone(),
    }
}

/// A figure with its unit: `21,3 km/h`, `81 %` as `81%`.
#[must_use]
pub fn with_unit(kpi: &Kpi, value: f64, language: Language) -> String {
    let figure = number(value, kpi.decimals, language);
    match kpi.unit.symbol().get(language) {
        "" => figure,
        "%" => format!("{figure}%"),
        unit => format!("{figure}\u{a0}{unit}"),
    }
}
