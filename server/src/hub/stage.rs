//! A stage: a topic of one client's own, on which the past is shown. Rings, cursors and snapshots are those of every topic.
//!
//! It must never decide what is shown or when; the player does. And it must never touch a live topic.

use super::topic::TopicState;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use taydo_model::console::{IncidentsNotes, ViewNote};
use taydo_model::incident::IncidentId;
use taydo_model::wire::{Playing, ServerMessage, Topic};
use taydo_model::{PersonId, Reading};

/// How long a closed incident stays in the list.
const CLOSED: SignedDuration = SignedDuration::from_hours(1);

/// Everything that a replay shows at an instant.
#[derive(Debug, Clone, Default)]
pub struct Scene {
    /// The hash of the definition set of that time.
    pub definitions: String,
    /// One for each KPI and scope.
    pub readings: Vec<Reading>,
    /// The incidents that are open, and those closed a while ago.
    pub incidents: Vec<ViewNote>,
    /// What people named in them are called.
    pub names: BTreeMap<PersonId, String>,
}

/// What has changed since a scene, or since the change before.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// Readings that are the newest now.
    pub live: Vec<Reading>,
    /// Points of trends.
    pub recorded: Vec<Reading>,
    /// Incidents that are new or stand otherwise.
    pub incidents: Vec<ViewNote>,
    /// What people named in them are called.
    pub names: BTreeMap<PersonId, String>,
}

/// What a topic shows beside readings when it shows the past.
#[derive(Debug)]
pub(super) struct Past {
    pub(super) playing: Playing,
    incidents: BTreeMap<IncidentId, ViewNote>,
    names: BTreeMap<PersonId, String>,
}

impl Past {
    /// The incidents as a snapshot at `at` lists them, the newest first.
    pub(super) fn incidents(&self, at: Timestamp) -> Value {
        let is_recent = |view: &&ViewNote| view.incident.resolved_at.is_none_or(|over| at.duration_since(over) < CLOSED);
        let incidents = self.incidents.values().rev().filter(is_recent).cloned().collect();
        let notes = IncidentsNotes { time: at, incidents, names: self.names.clone() };
        // It has no maps with other keys than text, so it always has a JSON form.
        serde_json::to_value(notes).unwrap_or_default()
    }
}

/// A replay's topic, watched by its client alone.
#[derive(Debug, Clone)]
pub struct Stage(Arc<TopicState>);

impl Stage {
    pub(super) fn new(topic: Topic, ring_bytes: usize) -> Self {
        Self(Arc::new(TopicState::new(topic, ring_bytes)))
    }

    pub(super) fn topic(&self) -> Arc<TopicState> {
        Arc::clone(&self.0)
    }

    /// The topic's name.
    #[must_use]
    pub fn name(&self) -> &Topic {
        self.0.name()
    }

    /// Shows a scene at `at`: the client gets a snapshot. A higher epoch than before begins its own sequence.
    pub fn show(&self, at: Timestamp, epoch: i64, playing: Playing, scene: Scene) {
        let mut state = self.0.state();
        if epoch > state.epoch {
            state.sequence = 0;
        }
        state.epoch = epoch;
        state.definitions = scene.definitions;
        state.current = scene.readings.into_iter().map(|reading| ((reading.kpi.clone(), reading.scope.clone()), reading)).collect();
        let incidents = scene.incidents.into_iter().map(|view| (view.incident.id, view)).collect();
        state.past = Some(Past { playing, incidents, names: scene.names });
        state.ring.clear();
        state.snapshot = None;
        state.spoken = at;
        drop(state);
        self.0.wake();
    }

    /// Shows what has changed up to `at`.
    pub fn update(&self, at: Timestamp, playing: Playing, change: Change) {
        let Change { live, recorded, incidents, names } = change;
        let mut state = self.0.state();
        for reading in &live {
            state.current.insert((reading.kpi.clone(), reading.scope.clone()), reading.clone());
        }
        if let Some(past) = &mut state.past {
            past.playing = playing;
        }
        let changed = state.past.as_mut().filter(|_| !incidents.is_empty()).map(|past| {
            past.incidents.extend(incidents.into_iter().map(|view| (view.incident.id, view)));
            past.names.extend(names);
            past.incidents(at)
        });
        state.sequence += 1;
        let message = ServerMessage::Update { head: state.head(self.0.name(), at), live, recorded, incidents: changed };
        state.say(at, &message);
        drop(state);
        self.0.wake();
    }

    /// Says which instant is shown, though nothing has changed.
    pub fn beat(&self, at: Timestamp, playing: Playing) {
        let mut state = self.0.state();
        if let Some(past) = &mut state.past {
            past.playing = playing;
        }
        let message = ServerMessage::Heartbeat { head: state.head(self.0.name(), at) };
        state.say(at, &message);
        drop(state);
        self.0.wake();
    }
}
