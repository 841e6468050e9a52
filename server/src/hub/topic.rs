//! One topic: a board's current readings, its ring, and who is to be woken when the ring moves.

use super::client::Client;
use super::frame::text_frame;
use super::ring::{Lacks, Ring};
use super::stage::Past;
use bytes::Bytes;
use jiff::Timestamp;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use taydo_model::board::{Board, Content};
use taydo_model::wire::{Head, Mode, ServerMessage, Topic};
use taydo_model::{Definitions, KpiId, Reading, Scope};

#[derive(Debug)]
pub(super) struct TopicState {
    name: Topic,
    state: Mutex<State>,
    watchers: Mutex<Vec<Arc<Client>>>,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) epoch: i64,
    pub(super) sequence: u64,
    pub(super) definitions: String,
    contents: Vec<Content>,
    pub(super) current: BTreeMap<(KpiId, Scope), Reading>,
    pub(super) ring: Ring,
    /// The snapshot frame, until something changes.
    pub(super) snapshot: Option<Bytes>,
    /// When the newest frame was made.
    pub(super) spoken: Timestamp,
    /// What a replay shows beside readings; none when live.
    pub(super) past: Option<Past>,
}

impl TopicState {
    pub(super) fn new(name: Topic, ring_bytes: usize) -> Self {
        let state = State {
            epoch: 0,
            sequence: 0,
            definitions: String::new(),
            contents: Vec::new(),
            current: BTreeMap::new(),
            ring: Ring::new(ring_bytes),
            snapshot: None,
            spoken: Timestamp::UNIX_EPOCH,
            past: None,
        };
        Self { name, state: Mutex::new(state), watchers: Mutex::default() }
    }

    pub(super) fn name(&self) -> &Topic {
        &self.name
    }

    /// Begins an epoch from scratch: who watches gets a snapshot next.
    pub(super) fn begin(&self, now: Timestamp, epoch: i64, definitions: &Definitions, board: &Board, readings: &[Reading]) {
        let mut state = self.state();
        if epoch < state.epoch {
            return;
        }
        if epoch > state.epoch {
            state.sequence = 0;
        }
        state.epoch = epoch;
        state.definitions.clone_from(&definitions.hash);
        state.contents = board.panels.iter().map(|panel| panel.content.clone()).collect();
        let wanted = readings.iter().filter(|reading| state.wants(reading));
        state.current = wanted.map(|reading| ((reading.kpi.clone(), reading.scope.clone()), reading.clone())).collect();
        state.ring.clear();
        state.snapshot = None;
        state.spoken = now;
        drop(state);
        self.wake();
    }

    /// Ends a topic whose board is gone: who watches is told the new definitions, asks for the board again, and learns it.
    pub(super) fn end(&self, now: Timestamp, definitions: &Definitions) {
        let mut state = self.state();
        state.definitions.clone_from(&definitions.hash);
        state.contents.clear();
        state.ring.clear();
        let message = ServerMessage::Heartbeat { head: state.head(&self.name, now) };
        state.say(now, &message);
        drop(state);
        self.wake();
    }

    /// The KPIs that the board shows.
    pub(super) fn kpis(&self) -> BTreeSet<KpiId> {
        self.state().contents.iter().flat_map(Content::kpis).cloned().collect()
    }

    pub(super) fn wants(&self, reading: &Reading) -> bool {
        self.state().wants(reading)
    }

    /// Whether a recorded reading is a point of one of the board's trends, as far back as they go.
    pub(super) fn draws(&self, now: Timestamp, reading: &Reading) -> bool {
        let age_s = now.duration_since(reading.time).as_secs();
        self.state().contents.iter().any(|content| draws(content, reading, age_s))
    }

    /// Encodes what changed, once, and wakes who watches.
    pub(super) fn update(&self, now: Timestamp, live: &[&Reading], recorded: &[&Reading]) {
        let mut state = self.state();
        for reading in live {
            state.current.insert((reading.kpi.clone(), reading.scope.clone()), (*reading).clone());
        }
        state.sequence += 1;
        let own = |readings: &[&Reading]| readings.iter().map(|reading| (*reading).clone()).collect();
        let message =
            ServerMessage::Update { head: state.head(&self.name, now), live: own(live), recorded: own(recorded), incidents: None };
        state.say(now, &message);
        drop(state);
        self.wake();
    }

    /// Says that nothing has changed, when nothing was said for `quiet`.
    pub(super) fn heartbeat(&self, now: Timestamp, quiet: Duration) {
        let mut state = self.state();
        let silence = now.duration_since(state.spoken);
        if state.epoch == 0 || silence.unsigned_abs() < quiet {
            return;
        }
        let message = ServerMessage::Heartbeat { head: state.head(&self.name, now) };
        state.say(now, &message);
        drop(state);
        self.wake();
    }

    /// Where a client begins that resumes after (epoch, sequence): `None` calls for a snapshot.
    pub(super) fn position_after(&self, epoch: i64, sequence: u64) -> Option<u64> {
        let state = self.state();
        if state.epoch != epoch || sequence > state.sequence { None } else { state.ring.position_after(sequence) }
    }

    /// The bytes that a client at `position` lacks, and moves the position past them. `None`: it lacks nothing.
    pub(super) fn read(&self, position: &mut Option<u64>) -> Option<Bytes> {
        let mut state = self.state();
        if state.epoch == 0 {
            return None;
        }
        let lacks = position.map_or(Lacks::TooMuch, |position| state.ring.lacks(position));
        let bytes = match lacks {
            Lacks::Nothing => return None,
            Lacks::Frames(bytes) => bytes,
            Lacks::TooMuch => state.snapshot(&self.name),
        };
        *position = Some(state.ring.head());
        Some(bytes)
    }

    /// Whether a client at `position` lacks something.
    pub(super) fn has_more(&self, position: Option<u64>) -> bool {
        let state = self.state();
        state.epoch > 0 && position.is_none_or(|position| position < state.ring.head())
    }

    pub(super) fn watch(&self, client: Arc<Client>) {
        self.watchers().push(client);
    }

    pub(super) fn unwatch(&self, client: u64) {
        self.watchers().retain(|watcher| watcher.id() != client);
    }

    pub(super) fn wake(&self) {
        for client in self.watchers().iter() {
            client.wake();
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn watchers(&self) -> MutexGuard<'_, Vec<Arc<Client>>> {
        self.watchers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn wants(&self, reading: &Reading) -> bool {
        self.contents.iter().any(|content| content.wants(&reading.kpi, &reading.scope))
    }

    pub(super) fn head(&self, topic: &Topic, now: Timestamp) -> Head {
        Head {
            topic: topic.clone(),
            mode: if self.past.is_some() { Mode::Replay } else { Mode::Live },
            epoch: self.epoch,
            sequence: self.sequence,
            time: now,
            definitions: self.definitions.clone(),
            replay: self.past.as_ref().map(|past| past.playing),
        }
    }

    pub(super) fn say(&mut self, now: Timestamp, message: &ServerMessage) {
        self.spoken = now;
        self.snapshot = None;
        self.ring.push(self.sequence, encode(message));
    }

    fn snapshot(&mut self, topic: &Topic) -> Bytes {
        if let Some(frame) = &self.snapshot {
            return frame.clone();
        }
        let head = self.head(topic, self.spoken);
        let incidents = self.past.as_ref().map(|past| past.incidents(self.spoken));
        let frame = encode(&ServerMessage::Snapshot { head, readings: self.current.values().cloned().collect(), incidents });
        self.snapshot = Some(frame.clone());
        frame
    }
}

/// Whether a recorded reading of this age is a point of a panel's trend.
#[must_use]
pub fn draws(content: &Content, reading: &Reading, age_s: i64) -> bool {
    content.kpis().contains(&reading.kpi) && content.scopes().contains(&reading.scope) && age_s <= i64::from(content.drawn_s())
}

/// A message as a finished frame.
pub(super) fn encode(message: &ServerMessage) -> Bytes {
    // The wire types have no maps with other keys than text, so they always have a JSON form.
    let json = serde_json::to_vec(message).unwrap_or_default();
    text_frame(&json)
}
