//! Feeds: a silence becomes an incident of the department's steward, and its end closes it.
//!
//! Whether something is silent, and what explains it, the engine says. It must never hold a message back itself: routing
//! holds what can wait until office hours.

use super::steward::{own_team, watched};
use crate::ingest::Health;
use crate::store::{Store, StoreError};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;
use taydo_engine::feed::{Heard, Silence, Watched, silent};
use taydo_model::alert::Severity;
use taydo_model::text::Language;
use taydo_model::{Definitions, SourceId, TeamId, Text};

/// What the keys of feeds' incidents begin with.
const KEYS: &str = "feed ";
/// The key of the broker's incident.
const BROKER: &str = "broker";
/// What came is noted for later starts, and for other servers, so often; so what others have heard may be so much newer.
const NOTE_EVERY: SignedDuration = SignedDuration::from_secs(10);
/// With which incidents those of feeds are told together.
const DOMAIN: &str = "feeds";

/// What is remembered of the feeds between two looks.
#[derive(Debug)]
pub(super) struct Feeds {
    health: Arc<Health>,
    broker_lost_at: Option<Timestamp>,
    broker_back_at: Option<Timestamp>,
    noted_at: Option<Timestamp>,
    /// What was last read of the table: by other servers, and before this start.
    noted: BTreeMap<SourceId, Timestamp>,
}

impl Feeds {
    pub(super) fn new(health: Arc<Health>) -> Self {
        Self { health, broker_lost_at: None, broker_back_at: None, noted_at: None, noted: BTreeMap::new() }
    }

    /// One look. What wasn't listened to since `since` isn't taken for silent.
    pub(super) async fn look(
        &mut self,
        store: &Store,
        definitions: &Definitions,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        self.note(store, now).await?;
        let heard = self.heard(definitions, since, now);
        let silent = silent(&definitions.sources, &heard, now);
        let open = store.open_watches().await?;
        for (what, silence) in &silent {
            let key = key(what);
            if let Silence::Told { urgent, behind, .. } = *silence
                && !open.contains(&key)
            {
                let (title, team) = (title(what, behind, definitions), team(what, definitions)?);
                let severity = if urgent { Severity::High } else { Severity::Medium };
                let mut incident = watched(key, severity, team, serde_json::json!({ "title": title, "behind": behind }));
                incident.group.domain = DOMAIN.to_owned();
                store.open_incident(&incident, definitions, now).await?;
            }
        }
        let is_of_feeds = |key: &String| *key == BROKER || key.starts_with(KEYS);
        let is_silent = |key: &str| silent.keys().any(|what| self::key(what) == key);
        for key in open.iter().filter(|key| is_of_feeds(key) && !is_silent(key)) {
            store.close_by_key(key, definitions, now).await?;
        }
        Ok(())
    }

    async fn note(&mut self, store: &Store, now: Timestamp) -> Result<(), StoreError> {
        if self.noted_at.is_some_and(|at| now.duration_since(at) < NOTE_EVERY) {
            return Ok(());
        }
        let mut newer = self.health.last_seen();
        newer.retain(|source, at| self.noted.get(source).is_none_or(|noted| *noted < *at));
        store.note_feeds(&newer).await?;
        self.noted = store.feeds().await?;
        self.noted_at = Some(now);
        Ok(())
    }

    fn heard(&mut self, definitions: &Definitions, since: Timestamp, now: Timestamp) -> Heard {
        let is_lost = self.health.is_broker_lost(definitions);
        if is_lost {
            self.broker_lost_at.get_or_insert(now);
        } else if self.broker_lost_at.take().is_some() {
            self.broker_back_at = Some(now);
        }
        let mut last = self.health.last_seen();
        for (source, noted) in &self.noted {
            let own = last.entry(source.clone()).or_insert(*noted);
            if *own < *noted {
                *own = noted.saturating_add(NOTE_EVERY).unwrap_or(*noted);
            }
        }
        Heard { last, since, broker_lost_at: self.broker_lost_at, broker_back_at: self.broker_back_at }
    }
}

fn key(what: &Watched) -> String {
    match what {
        Watched::Broker => BROKER.to_owned(),
        Watched::Source(source) => format!("{KEYS}{source}"),
    }
}

/// The steward's team of the source's department; without a steward, the centre's own.
fn team(what: &Watched, definitions: &Definitions) -> Result<TeamId, StoreError> {
    let Watched::Source(source) = what else { return own_team(definitions) };
    let owner = definitions.source(source).and_then(|source| source.owner.as_ref());
    owner.and_then(|owner| definitions.duty.steward_of(owner)).cloned().map_or_else(|| own_team(definitions), Ok)
}

fn title(what: &Watched, behind: usize, definitions: &Definitions) -> Text {
    let Watched::Source(source) = what else {
        return Text::new(&format!("Mất kết nối với broker: {behind} nguồn"), &format!("The broker is lost: {behind} feeds"));
    };
    let name = |language| definitions.source(source).map_or_else(|| source.to_string(), |source| source.title.get(language).to_owned());
    let (vi, en) = (name(Language::Vi), name(Language::En));
    match behind {
        0 => Text::new(&format!("Không nhận được số liệu: {vi}"), &format!("No data from {en}")),
        _ => Text::new(&format!("Không nhận được gì qua {vi}: {behind} nguồn"), &format!("Nothing comes through {en}: {behind} feeds")),
    }
}
