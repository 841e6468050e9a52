//! The walls' upkeep, each second: what is critical now, which screens no longer draw, and presentations that are over.
//!
//! Whatever it finds it finds again at its next round. Must never change what people chose but for a critical incident.

use super::takeover::{Seen, decide};
use super::{Declined, LEAD, Walls};
use crate::duty::{own_team, watched};
use crate::http::refusal::chain;
use crate::store::outbox::What;
use crate::store::roster::Roster;
use crate::store::wall::Screen;
use crate::store::{StoreError, word};
use crate::wording::view;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::time::Duration;
use taydo_model::alert::Severity;
use taydo_model::incident::IncidentId;
use taydo_model::wall::plan::{Takeover, Told};
use taydo_model::{Definitions, PersonId, Text, WallId};

/// How often it looks.
const EVERY: Duration = Duration::from_secs(1);
/// A look that comes so much after the one before means that the whole process stood still, and not the screens.
const STOOD_STILL: SignedDuration = SignedDuration::from_secs(5);
/// A screen that doesn't draw for so long is told of as an incident: a browser that is started anew is back before.
const GRACE: SignedDuration = SignedDuration::from_secs(60);
/// How often it is stored when a screen last drew.
const STORED_EVERY: SignedDuration = SignedDuration::from_mins(1);
/// The most open incidents that are looked through.
const MOST: u32 = 1_000;
/// The most people named in a takeover.
const MOST_TOLD: usize = 8;

/// The key of a dead screen's incident.
pub(super) fn key(screen: &Screen) -> String {
    format!("screen {}", screen.id.0)
}

impl Walls {
    /// Runs until it is dropped.
    pub async fn keep(self) {
        let mut last = self.0.clock.now();
        loop {
            let now = self.0.clock.now();
            if now.duration_since(last) > STOOD_STILL {
                self.state().screens.listen_anew(now);
            }
            last = now;
            if let Err(error) = self.round(now).await {
                tracing::warn!(error = %chain(&error), "the walls can't be looked after now; trying again");
            }
            self.0.clock.sleep(EVERY).await;
        }
    }

    async fn round(&self, now: Timestamp) -> Result<(), StoreError> {
        let definitions = self.0.definitions.get();
        let critical = self.critical(&definitions, now).await?;
        let stage = self.0.stage.sign(now);
        let is_news = {
            let mut state = self.state();
            let is_news = state.critical != critical || state.stage != stage;
            (state.critical, state.stage) = (critical, stage);
            is_news
        };
        for wall in definitions.walls.iter().map(|wall| &wall.id) {
            self.follow(wall, is_news, now).await?;
        }
        self.judge_screens(&definitions, now).await?;
        let drawn = self.state().screens.take_unstored(STORED_EVERY);
        if drawn.is_empty() { Ok(()) } else { self.0.store.note_drawn(&drawn).await }
    }

    /// The open critical incidents, the newest first.
    async fn critical(&self, definitions: &Definitions, now: Timestamp) -> Result<Vec<Seen>, StoreError> {
        let rows = self.0.store.incidents(None, MOST).await?;
        let open: Vec<_> = rows
            .into_iter()
            .filter(|row| row.incident.severity == Severity::Critical && row.incident.merged_into.is_none())
            .map(|row| view(definitions, row))
            .collect();
        if open.is_empty() {
            return Ok(Vec::new());
        }
        let roster = self.0.store.roster(now).await?;
        let shown = self.shown();
        let mut seen = Vec::with_capacity(open.len());
        for (place, view) in open.into_iter().enumerate() {
            let id = view.incident.id;
            // Who was told is looked up for what is on a wall, or may be in a moment.
            let told = if place == 0 || shown.contains(&id) { self.told(id, &roster).await? } else { Vec::new() };
            let owner = view.incident.assignee.as_ref().map(|person| called(&roster, person)).unwrap_or_default();
            seen.push(Seen { view, told, owner });
        }
        Ok(seen)
    }

    /// The incidents that are on walls.
    fn shown(&self) -> Vec<IncidentId> {
        self.state().plans.values().filter_map(|plan| plan.takeover.as_ref()).map(|one| one.incident).collect()
    }

    /// Who was told of an incident, and how far the last message to each came.
    async fn told(&self, incident: IncidentId, roster: &Roster) -> Result<Vec<Told>, StoreError> {
        let mut last: BTreeMap<PersonId, (Timestamp, What)> = BTreeMap::new();
        let mut order = Vec::new();
        for outcome in self.0.store.page_outcomes(incident).await? {
            if last.insert(outcome.person.clone(), (outcome.at, outcome.what)).is_none() {
                order.push(outcome.person);
            }
        }
        let told = |person: &PersonId| last.get(person).map(|(at, what)| Told { name: called(roster, person), what: word(*what), at: *at });
        Ok(order.iter().take(MOST_TOLD).filter_map(told).collect())
    }

    /// Lets a wall follow what is open, and sends the strip when there is news in it.
    async fn follow(&self, wall: &WallId, is_news: bool, now: Timestamp) -> Result<(), StoreError> {
        let _changing = self.0.changing.lock().await;
        let at = now.saturating_add(LEAD).unwrap_or(now);
        let next = {
            let state = self.state();
            decide(&state.plan(wall), &state.critical, now, at)
        };
        match next {
            Some(next) => self.put(wall, next, None).await,
            None if is_news => {
                self.state().tell(wall, now);
                Ok(())
            }
            None => Ok(()),
        }
    }

    /// An incident that somebody calls up, whatever its severity.
    pub(super) async fn called_up(&self, id: IncidentId, definitions: &Definitions) -> Result<Takeover, Declined> {
        let rows = self.0.store.incidents_by_id(&[id]).await?;
        let row = rows.into_iter().find(|row| row.incident.resolved_at.is_none()).ok_or(Declined::NoIncident(id))?;
        let roster = self.0.store.roster(self.0.clock.now()).await?;
        let told = self.told(id, &roster).await?;
        let owner = row.incident.assignee.as_ref().map(|person| called(&roster, person)).unwrap_or_default();
        Ok(Seen { view: view(definitions, row), told, owner }.takeover(true))
    }

    /// Opens an incident for each screen that has not drawn for a while, and closes it when it draws again.
    async fn judge_screens(&self, definitions: &Definitions, now: Timestamp) -> Result<(), StoreError> {
        let deaths = self.state().screens.deaths(now);
        for (screen, since) in deaths {
            let is_late = since.is_some_and(|since| now.duration_since(since) >= GRACE);
            if self.state().screens.note_told(screen.id, is_late) {
                let told = if is_late {
                    self.tell(&screen, definitions, now).await
                } else {
                    self.0.store.close_by_key(&key(&screen), definitions, now).await
                };
                if let Err(error) = told {
                    self.state().screens.forget_told(screen.id);
                    return Err(error);
                }
            }
        }
        Ok(())
    }

    async fn tell(&self, screen: &Screen, definitions: &Definitions, now: Timestamp) -> Result<(), StoreError> {
        let wall =
            definitions.wall(&screen.wall).map_or_else(|| Text::new(screen.wall.as_str(), screen.wall.as_str()), |wall| wall.title.clone());
        let title = Text::new(
            &format!("Màn hình {} của {} không còn vẽ", screen.display, wall.vi),
            &format!("Screen {} of {} no longer draws", screen.display, wall.en),
        );
        let content = serde_json::json!({ "title": title });
        let what = watched(key(screen), Severity::Medium, own_team(definitions)?, content);
        self.0.store.open_incident(&what, definitions, now).await.map(drop)
    }
}

fn called(roster: &Roster, person: &PersonId) -> String {
    roster.persons.get(person).map_or_else(|| person.to_string(), |person| person.name.clone())
}
