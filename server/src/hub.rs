//! The hub: readings in, finished WebSocket frames out, one ring for each topic and a cursor for each client.
//!
//! A tick's changes are encoded once for a topic, whoever watches. A client has no queue of its own: it reads the ring
//! from its cursor on, and gets one snapshot where the ring no longer holds what it lacks. The hub never waits for a
//! client, reads no clock, and stores nothing that a restart would miss.

mod client;
mod frame;
mod ring;
mod stage;
mod topic;

pub use client::{Client, Closing, Outgoing};
pub use frame::{close_frame, ping_frame, pong_frame, text_frame};
pub use stage::{Change, Scene, Stage};
pub use topic::draws;

use crate::hub::topic::TopicState;
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::Duration;
use taydo_model::wire::{ServerMessage, Topic, View};
use taydo_model::{Definitions, KpiId, Reading};

/// The limits of a hub.
#[derive(Debug, Clone)]
pub struct Limits {
    /// The most clients at once.
    pub clients: usize,
    /// The most topics that one client may watch.
    pub topics_per_client: usize,
    /// The most bytes of frames that a topic's ring holds; a client that lacks more gets a snapshot.
    pub ring_bytes: usize,
    /// A heartbeat is sent on a topic that has been quiet for this long.
    pub heartbeat: Duration,
    /// A client that lacks frames and has read nothing for this long is closed.
    pub stalled: Duration,
    /// Clients are pinged this often …
    pub ping: Duration,
    /// … and closed when nothing was heard of them for this long.
    pub silent: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            clients: 20_000,
            topics_per_client: 16,
            ring_bytes: 1 << 20,
            heartbeat: Duration::from_secs(5),
            stalled: Duration::from_secs(30),
            ping: Duration::from_secs(25),
            silent: Duration::from_secs(60),
        }
    }
}

/// What happened in the hub since the start.
#[derive(Debug, Default)]
pub struct HubCounters {
    /// Frames encoded.
    pub frames: AtomicU64,
    /// Clients refused because there were too many.
    pub refused: AtomicU64,
    /// Clients closed because they didn't read.
    pub stalled: AtomicU64,
    /// Clients closed because nothing was heard of them.
    pub silent: AtomicU64,
}

/// The hub. Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub struct Hub {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    limits: Limits,
    build: String,
    /// Replaced as a whole when definitions change.
    topics: RwLock<Topics>,
    clients: Mutex<HashMap<u64, Arc<Client>>>,
    next_client: AtomicU64,
    counters: HubCounters,
}

#[derive(Debug, Default)]
struct Topics {
    by_name: BTreeMap<Topic, Arc<TopicState>>,
    /// The topics whose boards show a KPI.
    by_kpi: HashMap<KpiId, Vec<Arc<TopicState>>>,
}

/// What changed for one topic.
struct Changes<'a> {
    topic: &'a TopicState,
    live: Vec<&'a Reading>,
    recorded: Vec<&'a Reading>,
}

impl<'a> Changes<'a> {
    fn of(topic: &'a TopicState) -> Self {
        Self { topic, live: Vec::new(), recorded: Vec::new() }
    }
}

impl Hub {
    /// A hub without topics; `open` gives it some. `build` names this build to browsers.
    #[must_use]
    pub fn new(limits: Limits, build: impl Into<String>) -> Self {
        let inner = Inner {
            limits,
            build: build.into(),
            topics: RwLock::default(),
            clients: Mutex::default(),
            next_client: AtomicU64::new(1),
            counters: HubCounters::default(),
        };
        Self { inner: Arc::new(inner) }
    }

    /// Begins an epoch, or goes on in the same one by other definitions: a topic for each board, with `readings` as what
    /// is currently known. Clients are sent a snapshot, whose head tells their page that the definitions are others. A
    /// board that is gone says so once more by its last frame, and then nothing.
    pub fn open(&self, now: Timestamp, epoch: i64, definitions: &Definitions, readings: &[Reading]) {
        let mut old = self.topics().by_name.clone();
        let mut topics = Topics::default();
        for board in &definitions.boards {
            let name = Topic { board: board.id.clone(), view: View::All };
            let state = old.remove(&name).unwrap_or_else(|| Arc::new(TopicState::new(name.clone(), self.inner.limits.ring_bytes)));
            state.begin(now, epoch, definitions, board, readings);
            for kpi in state.kpis() {
                topics.by_kpi.entry(kpi).or_default().push(Arc::clone(&state));
            }
            topics.by_name.insert(name, state);
        }
        *self.inner.topics.write().unwrap_or_else(PoisonError::into_inner) = topics;
        for gone in old.into_values() {
            gone.end(now, definitions);
        }
    }

    /// The newest reading of each figure that a topic shows, whoever watches it; none where there is no such topic.
    #[must_use]
    pub fn current(&self, topic: &Topic) -> Vec<Reading> {
        let state = self.topics().by_name.get(topic).cloned();
        state.map(|topic| topic.state().current.values().cloned().collect()).unwrap_or_default()
    }

    /// Sends what has changed to everybody who watches it. Live readings replace what is known; recorded ones are
    /// points of trends.
    pub fn publish(&self, now: Timestamp, live: &[Reading], recorded: &[Reading]) {
        let topics = self.topics();
        let mut changes: BTreeMap<&Topic, Changes<'_>> = BTreeMap::new();
        let interested = |reading: &Reading| topics.by_kpi.get(&reading.kpi).map(Vec::as_slice).unwrap_or_default();
        for reading in live {
            for topic in interested(reading).iter().filter(|topic| topic.wants(reading)) {
                changes.entry(topic.name()).or_insert_with(|| Changes::of(topic)).live.push(reading);
            }
        }
        for reading in recorded {
            for topic in interested(reading).iter().filter(|topic| topic.draws(now, reading)) {
                changes.entry(topic.name()).or_insert_with(|| Changes::of(topic)).recorded.push(reading);
            }
        }
        for Changes { topic, live, recorded } in changes.into_values() {
            topic.update(now, &live, &recorded);
            self.inner.counters.frames.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Heartbeats on quiet topics, pings, and the end of clients that don't read or don't answer. To be called about
    /// once a second.
    pub fn keep(&self, now: Timestamp) {
        for topic in self.topics().by_name.values() {
            topic.heartbeat(now, self.inner.limits.heartbeat);
        }
        let clients: Vec<Arc<Client>> = self.clients().values().cloned().collect();
        for client in clients {
            match client.keep(now, &self.inner.limits) {
                None => {}
                Some(Closing::Stalled) => {
                    self.inner.counters.stalled.fetch_add(1, Ordering::Relaxed);
                    self.leave(&client);
                }
                Some(Closing::Silent) => {
                    self.inner.counters.silent.fetch_add(1, Ordering::Relaxed);
                    self.leave(&client);
                }
            }
        }
    }

    /// A new client, greeted; `None` when there are too many. `socket` is a second handle on its connection, to end it
    /// when it doesn't read.
    pub fn join(&self, now: Timestamp, socket: Option<std::os::fd::OwnedFd>) -> Option<Arc<Client>> {
        let mut clients = self.clients();
        if clients.len() >= self.inner.limits.clients {
            self.inner.counters.refused.fetch_add(1, Ordering::Relaxed);
            return None;
        }
        let id = self.inner.next_client.fetch_add(1, Ordering::Relaxed);
        let client = Arc::new(Client::new(id, now, socket));
        clients.insert(id, Arc::clone(&client));
        drop(clients);
        let heartbeat_ms = u32::try_from(self.inner.limits.heartbeat.as_millis()).unwrap_or(u32::MAX);
        client.say(&ServerMessage::Hello { time: now, build: self.inner.build.clone(), heartbeat_ms });
        Some(client)
    }

    /// Forgets a client.
    pub fn leave(&self, client: &Arc<Client>) {
        self.clients().remove(&client.id());
        client.unsubscribe_all();
    }

    /// Adds a topic to what a client watches: from a frame on (`resume`: epoch and sequence), or with a snapshot first.
    ///
    /// # Errors
    /// When there is no such topic, or the client watches too many.
    pub fn subscribe(&self, client: &Arc<Client>, topic: &Topic, resume: Option<(i64, u64)>) -> Result<(), String> {
        let state = self.topics().by_name.get(topic).cloned();
        let state = state.ok_or_else(|| format!("there is no board {}", topic.board))?;
        if !client.subscribe(state, resume, self.inner.limits.topics_per_client) {
            return Err(self.too_many());
        }
        Ok(())
    }

    /// A stage for a replay of a topic, which `client` watches from now on in place of the topic itself.
    ///
    /// # Errors
    /// When the client watches too many topics.
    pub fn stage(&self, client: &Arc<Client>, topic: &Topic) -> Result<Stage, String> {
        let stage = Stage::new(topic.clone(), self.inner.limits.ring_bytes);
        self.watch_stage(client, &stage, None)?;
        Ok(stage)
    }

    /// Lets a client go on from a frame of its replay (`resume`: epoch and sequence), or with a snapshot.
    ///
    /// # Errors
    /// When the client watches too many topics.
    pub fn watch_stage(&self, client: &Arc<Client>, stage: &Stage, resume: Option<(i64, u64)>) -> Result<(), String> {
        if client.subscribe(stage.topic(), resume, self.inner.limits.topics_per_client) { Ok(()) } else { Err(self.too_many()) }
    }

    fn too_many(&self) -> String {
        format!("a connection watches at most {} boards; unsubscribe from one first", self.inner.limits.topics_per_client)
    }

    /// How often a quiet topic says that it is there.
    #[must_use]
    pub fn heartbeat(&self) -> Duration {
        self.inner.limits.heartbeat
    }

    /// How many clients there are.
    #[must_use]
    pub fn client_count(&self) -> usize {
        self.clients().len()
    }

    /// The counters.
    #[must_use]
    pub fn counters(&self) -> &HubCounters {
        &self.inner.counters
    }

    /// Ends all clients with a word, for a graceful stop.
    pub fn close_all(&self, reason: &str) {
        for client in self.clients().values() {
            client.close(1001, reason);
        }
    }

    fn clients(&self) -> MutexGuard<'_, HashMap<u64, Arc<Client>>> {
        self.inner.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn topics(&self) -> std::sync::RwLockReadGuard<'_, Topics> {
        self.inner.topics.read().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
