//! Gathering what a letter tells: the plan's figures, incidents since the last letter, and what is silent.
//!
//! It must never take an old value for a new one: each figure's quality is as it is when the letter is written.

use super::content::{Episode, Figure, Letter, Part, Silent};
use crate::duty::toll;
use crate::ingest::Health;
use crate::store::incident::IncidentRow;
use crate::store::{Store, StoreError};
use jiff::{SignedDuration, Timestamp};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use taydo_model::alert::Severity;
use taydo_model::api::FeedState;
use taydo_model::goal::Goal;
use taydo_model::incident::{Origin, Standing};
use taydo_model::letter::{LetterOrder, Turn};
use taydo_model::text::Language;
use taydo_model::{Definitions, Kpi, KpiId, Quality, Reading, Scope, Status, Text};

/// Incidents that are listed one by one; the others are counted.
const MOST_EPISODES: usize = 12;
/// Incidents that are looked at.
const MOST_LOOKED_AT: u32 = 5_000;
/// Figures of the plan's first point, which matters most, and of each other one.
const OF_THE_FIRST: usize = 3;
const OF_ANOTHER: usize = 1;
/// Figures of a city without a plan.
const WITHOUT_PLAN: usize = 12;
/// What figures are compared with.
const A_WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What a letter is gathered from.
pub(super) struct Gathering<'g> {
    pub(super) store: &'g Store,
    pub(super) definitions: &'g Definitions,
    pub(super) health: &'g Health,
    pub(super) since: Timestamp,
    pub(super) now: Timestamp,
}

impl Gathering<'_> {
    pub(super) async fn letter(&self, order: &LetterOrder, turn: Turn) -> Result<Letter, StoreError> {
        let city = &self.definitions.city;
        let figures = self.figures().await?;
        let rows = self.store.incidents(Some(self.since), MOST_LOOKED_AT).await?;
        let real = || rows.iter().filter(|row| !row.exercise);
        let is_grave = |row: &&IncidentRow| row.incident.severity >= Severity::High && row.incident.standing != Standing::Resolved;
        let recent = self.episodes(real().filter(|row| row.incident.opened_at >= self.since));
        let roster = self.store.roster(self.now).await?;
        let record = toll::record(self.store, self.definitions, &roster, (self.since, self.now), None).await?;
        let duty = record.map(|record| record.figures(self.now));
        Ok(Letter {
            city: city.name.clone(),
            zone: city.zone.clone(),
            date: turn.date,
            due_at: turn.at,
            written_at: self.now,
            since: self.since,
            url: order.url.as_deref().map(|url| url.trim_end_matches('/').to_owned()),
            board: self
                .definitions
                .boards
                .iter()
                .find(|board| board.id.as_str() == "leaders")
                .or(self.definitions.boards.first())
                .map(|board| board.id.to_string()),
            beyond: beyond(&figures),
            open: self.episodes(real().filter(is_grave)),
            parts: self.parts(&figures),
            figures: figures.len(),
            without_data: figures.values().filter(|figure| figure.value.is_none() || figure.quality >= Quality::Stale).count(),
            more_episodes: recent.len().saturating_sub(MOST_EPISODES),
            episodes: recent.into_iter().take(MOST_EPISODES).collect(),
            load: duty.as_ref().map(|duty| duty.load.words.clone()).unwrap_or_default(),
            exercises: duty.as_ref().map_or(0, |duty| duty.exercises.opened),
            answered: duty.map(|duty| duty.incidents),
            silent: self.silent().await?,
        })
    }

    /// The KPIs of the plan, in its order; where there is no plan, those that have a target.
    fn planned(&self) -> Vec<&Kpi> {
        let goals = self.definitions.goals.iter().flat_map(|part| &part.goals);
        let of_plan = goals.flat_map(|goal| &goal.kpis).filter_map(|id| self.definitions.kpi(id));
        let planned: Vec<&Kpi> = of_plan.map(AsRef::as_ref).collect();
        if !planned.is_empty() {
            return planned;
        }
        self.definitions.kpis.iter().filter(|kpi| kpi.target.is_some()).map(AsRef::as_ref).collect()
    }

    async fn figures(&self) -> Result<BTreeMap<KpiId, Figure>, StoreError> {
        let planned = self.planned();
        let ids: BTreeSet<KpiId> = planned.iter().map(|kpi| kpi.id.clone()).collect();
        let ids: Vec<KpiId> = ids.into_iter().collect();
        let by_kpi = |readings: Vec<Reading>| readings.into_iter().map(|reading| (reading.kpi.clone(), reading)).collect();
        let week_ago = self.now.saturating_sub(A_WEEK).unwrap_or(self.now);
        let last: BTreeMap<KpiId, Reading> = by_kpi(self.store.last_city_readings(&ids, self.now).await?);
        let before: BTreeMap<KpiId, Reading> = by_kpi(self.store.last_city_readings(&ids, week_ago).await?);
        let figure = |kpi: &Kpi| figure(kpi, last.get(&kpi.id), self.now, before.get(&kpi.id), week_ago);
        Ok(planned.into_iter().map(|kpi| (kpi.id.clone(), figure(kpi))).collect())
    }

    /// The figures that stand for the plan: of each point those that say most.
    fn parts(&self, figures: &BTreeMap<KpiId, Figure>) -> Vec<Part> {
        if self.definitions.goals.is_empty() {
            let title = Text::new("Chỉ số", "Figures");
            let figures: Vec<Figure> = figures.values().take(WITHOUT_PLAN).cloned().collect();
            return if figures.is_empty() { Vec::new() } else { vec![Part { title, figures }] };
        }
        let mut is_first = true;
        let mut parts = Vec::new();
        for part in &self.definitions.goals {
            let mut of_part: Vec<Figure> = Vec::new();
            for goal in &part.goals {
                let count = if std::mem::take(&mut is_first) { OF_THE_FIRST } else { OF_ANOTHER };
                of_part.extend(telling(goal, figures).take(count).cloned());
            }
            parts.push(Part { title: part.title.clone(), figures: of_part });
        }
        parts.retain(|part| !part.figures.is_empty());
        parts
    }

    /// Incidents, the worst first, then the newest.
    fn episodes<'r>(&self, rows: impl Iterator<Item = &'r IncidentRow>) -> Vec<Episode> {
        let mut rows: Vec<&IncidentRow> = rows.collect();
        rows.sort_by_key(|row| (Reverse(row.incident.severity), Reverse(row.incident.opened_at)));
        rows.into_iter().map(|row| self.episode(row)).collect()
    }

    fn episode(&self, row: &IncidentRow) -> Episode {
        let (title, place) = self.called(row);
        let incident = &row.incident;
        Episode {
            number: incident.id.0,
            title,
            place,
            severity: incident.severity,
            standing: incident.standing,
            opened_at: incident.opened_at,
            acknowledged_at: row.acknowledged_at,
            resolved_at: incident.resolved_at,
        }
    }

    /// What an incident is called, and where it is.
    fn called(&self, row: &IncidentRow) -> (Text, Text) {
        let definitions = self.definitions;
        match &row.incident.origin {
            Origin::Alert { rule, scope, .. } => {
                let in_language = |language| definitions.scope_name(scope, language);
                let place = if *scope == Scope::City {
                    definitions.city.name.clone()
                } else {
                    Text { vi: in_language(Language::Vi), en: in_language(Language::En) }
                };
                (definitions.rule(rule).map_or_else(|| Text::new(rule.as_str(), rule.as_str()), |rule| rule.title.clone()), place)
            }
            Origin::Hand { .. } | Origin::Watch { .. } => {
                let title = serde_json::from_value(row.content.get("title").cloned().unwrap_or_default()).unwrap_or_default();
                let place = row.incident.area.as_ref().map(|area| definitions.city.area_name(area)).unwrap_or_default();
                (title, Text::new(place, place))
            }
        }
    }

    /// Feeds and outside systems from which nothing comes, the longest silence first.
    async fn silent(&self) -> Result<Vec<Silent>, StoreError> {
        let (feeds, _) = self.health.snapshot(self.definitions, self.now);
        let feeds = feeds.into_iter().filter(|feed| matches!(feed.state, FeedState::Silent | FeedState::Problem));
        let mut silent: Vec<Silent> = feeds
            .map(|feed| Silent {
                title: feed.title,
                last_at: feed.last_seen,
                problem: feed.problem.filter(|_| feed.state == FeedState::Problem),
            })
            .collect();
        for row in self.store.heartbeats().await? {
            let limit = SignedDuration::from_secs(i64::from(row.heartbeat.every_s));
            if row.last_at.is_some_and(|last| self.now.duration_since(last) >= limit) {
                silent.push(Silent { title: row.heartbeat.title, last_at: row.last_at, problem: None });
            }
        }
        silent.sort_by_key(|one| one.last_at);
        Ok(silent)
    }
}

/// A point's figures that say most: those with a target, in the plan's order.
fn telling<'f>(goal: &'f Goal, figures: &'f BTreeMap<KpiId, Figure>) -> impl Iterator<Item = &'f Figure> {
    goal.kpis.iter().filter_map(|id| figures.get(id)).filter(|figure| figure.target.is_some())
}

/// Those beyond a threshold, the worst first. One whose value can't be relied on any more tells nothing of today.
fn beyond(figures: &BTreeMap<KpiId, Figure>) -> Vec<Figure> {
    let is_beyond = |figure: &&Figure| figure.status > Status::Normal && figure.quality < Quality::Stale;
    let mut beyond: Vec<Figure> = figures.values().filter(is_beyond).cloned().collect();
    beyond.sort_by_key(|figure| Reverse(figure.status));
    beyond
}

fn figure(kpi: &Kpi, last: Option<&Reading>, now: Timestamp, before: Option<&Reading>, week_ago: Timestamp) -> Figure {
    let quality = last.map_or(Quality::Missing, |reading| quality(kpi, reading, now));
    let value = last.and_then(|reading| reading.value);
    let earlier = before.filter(|reading| self::quality(kpi, reading, week_ago) < Quality::Stale).and_then(|reading| reading.value);
    Figure {
        kpi: kpi.id.clone(),
        title: kpi.title.clone(),
        value,
        unit: kpi.unit.symbol(),
        decimals: kpi.decimals,
        target: kpi.target_of(&Scope::City),
        met: value.and_then(|value| kpi.meets_target(&Scope::City, value)),
        status: value.map_or(Status::Normal, |value| kpi.status(&Scope::City, value)),
        quality: if value.is_none() { Quality::Missing } else { quality },
        of: last.map(|reading| reading.data_time.unwrap_or(reading.time).min(reading.time)),
        change: value.zip(earlier).filter(|_| quality < Quality::Stale).map(|(value, earlier)| value - earlier),
    }
}

/// A reading's quality at a moment: also one whose grid has gone on without it is old.
fn quality(kpi: &Kpi, reading: &Reading, at: Timestamp) -> Quality {
    let quality = kpi.quality_at(reading, at);
    let missed_s = i64::from(kpi.every_s) * 2 + i64::from(kpi.delay_s);
    if at.duration_since(reading.time).as_secs() > missed_s { quality.max(Quality::Stale) } else { quality }
}
