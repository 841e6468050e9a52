//! The centre's own measurements: each minute it observes itself, and its observations go the way of all others.
//!
//! It takes no part in what it measures, and writes only what the city defines a metric for: a city without a source of
//! `way = "self"` isn't watched.

mod machine;

use crate::clock::Clock;
use crate::disk::{Growth, Room, days_left};
use crate::ingest::decode::{Draft, Given, Incoming, Item, Pair};
use crate::ingest::{Health, Intake, QUEUE_WEIGHT, SubmitError};
use crate::store::Store;
use crate::walls::Walls;
use jiff::Timestamp;
use machine::Cpu;
use std::borrow::Cow;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::Duration;
use taydo_model::source::{Source, Way};
use taydo_model::{Definitions, MetricId, SampleState, SourceId, api::FeedState, api::SourceHealth};

/// Between two measurements.
const EVERY: Duration = Duration::from_secs(60);
const EVERY_S: i64 = 60;
/// Bytes in a gigabyte, as disks are sold.
const GB: f64 = 1e9;
/// Written in each round, so that its newest observation says until when the centre was there.
const PRESENCE: &str = "platform.downtime";

/// What the walls have drawn since the last round, estimated from their profiles, kWh.
const WALL_ENERGY: &str = "platform.wall_energy";
/// Watts for one round, in kilowatt hours.
const KWH: f64 = EVERY_S as f64 / 3_600_000.0;

/// How old the last back-up is that was verified and reached every target, h.
const BACKUP_AGE: &str = "platform.backup_age";

/// Whether a feed keeps its rhythm.
pub(crate) const FEED_ON_TIME: &str = "platform.feed_on_time";

/// Everything that is measured, where the city defines a metric for it.
pub const METRICS: [&str; 12] = [
    FEED_ON_TIME,
    PRESENCE,
    "platform.ingest_lag",
    "platform.queue_free",
    "platform.cpu_free",
    "platform.received",
    "platform.refused",
    "platform.database",
    "platform.disk_free",
    "platform.days_left",
    WALL_ENERGY,
    BACKUP_AGE,
];

/// What is measured with.
#[derive(Debug)]
pub struct Parts {
    /// The walls, which draw power.
    pub walls: Walls,
    /// The gate that observations go through.
    pub intake: Intake,
    /// How the feeds are.
    pub health: Arc<Health>,
    /// The database.
    pub store: Store,
    /// Time.
    pub clock: Clock,
    /// The folder whose disk the data is on.
    pub data: PathBuf,
}

/// The watch, between two rounds.
#[derive(Debug)]
pub struct SelfWatch {
    parts: Parts,
    source: Arc<Source>,
    started: Timestamp,
    /// When it was last known to be there.
    seen: Option<Timestamp>,
    /// How long the last round's observations took to be stored, ms.
    lag_ms: Option<f64>,
    cpu: Option<Cpu>,
    /// Items that had been refused, and stored, by the last round.
    refused: u64,
    received: u64,
    /// How the database's size grows.
    growth: Growth,
}

/// One measured number; the feed that it is of, where it is of one.
#[derive(Debug, Clone, PartialEq)]
struct Measured {
    metric: &'static str,
    feed: Option<String>,
    value: f64,
}

impl Measured {
    fn new(metric: &'static str, value: f64) -> Self {
        Self { metric, feed: None, value }
    }
}

impl SelfWatch {
    /// The watch of a city that has a source for it.
    #[must_use]
    pub fn new(parts: Parts) -> Option<Self> {
        let source = parts.intake.definitions().sources.iter().find(|source| matches!(source.way, Way::Own)).cloned()?;
        let started = parts.clock.now();
        Some(Self { parts, source, started, seen: None, lag_ms: None, cpu: None, refused: 0, received: 0, growth: Growth::default() })
    }

    /// Watches until it is aborted.
    pub async fn run(mut self) {
        self.seen = self.newest().await;
        loop {
            let now = self.parts.clock.now();
            let measured = self.measure(now).await;
            let begun = self.parts.clock.instant();
            match self.write(&measured, now).await {
                Ok(()) => self.lag_ms = Some(begun.elapsed().as_secs_f64() * 1_000.0),
                // The intake has told of it on the source; the next round measures afresh.
                Err(error) => tracing::debug!(%error, "the centre's own observations were not stored"),
            }
            self.parts.clock.sleep(EVERY).await;
        }
    }

    /// When the centre last wrote of itself, also before this start.
    async fn newest(&self) -> Option<Timestamp> {
        let presence = MetricId::new(PRESENCE).ok()?;
        match self.parts.store.newest(&presence).await {
            Ok(newest) => newest,
            Err(error) => {
                tracing::warn!(%error, "it can't be said how long the centre was down");
                None
            }
        }
    }

    async fn measure(&mut self, now: Timestamp) -> Vec<Measured> {
        let mut measured = self.feeds(now);
        measured.push(Measured::new(PRESENCE, self.downtime_s(now)));
        measured.extend(self.lag_ms.map(|lag_ms| Measured::new("platform.ingest_lag", lag_ms)));
        measured.push(Measured::new("platform.queue_free", self.queue_free()));
        measured.extend(self.counts());
        let cpu = Cpu::read();
        let idle = cpu.zip(self.cpu).and_then(|(cpu, before)| cpu.idle_since(before));
        self.cpu = cpu;
        measured.extend(idle.map(|idle| Measured::new("platform.cpu_free", idle)));
        measured.extend(self.space(now).await);
        measured.extend(self.backup_age_h(now).await.map(|age_h| Measured::new(BACKUP_AGE, age_h)));
        measured.extend(self.parts.walls.watts(now).map(|watts| Measured::new(WALL_ENERGY, watts * KWH)));
        measured
    }

    fn feeds(&self, now: Timestamp) -> Vec<Measured> {
        let definitions = self.parts.intake.definitions();
        let feeds = feeds_on_time(&self.parts.health, &definitions, self.started, now);
        feeds.into_iter().map(|(feed, value)| Measured { metric: FEED_ON_TIME, feed: Some(feed.to_string()), value }).collect()
    }

    /// Seconds that the centre was not there since it last said so, beyond the minute between two rounds.
    fn downtime_s(&mut self, now: Timestamp) -> f64 {
        let seen = self.seen.replace(now).unwrap_or(now);
        let down = now.duration_since(seen).as_secs() - 2 * EVERY_S;
        if down > 0 { (down + EVERY_S) as f64 } else { 0.0 }
    }

    /// The share of the ingest queues' room that is free, %.
    fn queue_free(&self) -> f64 {
        let queued = self.parts.intake.levels().iter().find(|level| level.name == "ingest_queue").map_or(0, |level| level.now);
        (100.0 - queued as f64 / f64::from(QUEUE_WEIGHT) * 100.0).clamp(0.0, 100.0)
    }

    /// Items that were stored and that were refused since the last round.
    fn counts(&mut self) -> [Measured; 2] {
        let metrics = self.parts.intake.metrics();
        let since = |before: &mut u64, total: u64| total.saturating_sub(std::mem::replace(before, total)) as f64;
        let received = since(&mut self.received, metrics.samples.load(Relaxed) + metrics.cases.load(Relaxed));
        let refused = since(&mut self.refused, metrics.rejects.load(Relaxed));
        [Measured::new("platform.received", received), Measured::new("platform.refused", refused)]
    }

    /// What the database takes, what is free, and for how long that is enough.
    async fn space(&mut self, now: Timestamp) -> Vec<Measured> {
        let mut measured = Vec::new();
        let disk = Room::of(&self.parts.data);
        if let Some(room) = disk {
            measured.push(Measured::new("platform.disk_free", room.share() * 100.0));
        }
        let Ok(bytes) = self.parts.store.size_bytes().await else { return measured };
        measured.push(Measured::new("platform.database", bytes as f64 / GB));
        let grown = self.growth.note(now, bytes);
        measured.extend(disk.map(|room| Measured::new("platform.days_left", days_left(room.free, grown))));
        measured
    }

    /// Where none was ever verified there is no age; that none was is told by whoever makes them.
    async fn backup_age_h(&self, now: Timestamp) -> Option<f64> {
        let good = self.parts.store.backup_record().await.ok()?.good?;
        Some(now.duration_since(good.begun_at).as_secs_f64().max(0.0) / 3_600.0)
    }

    async fn write(&self, measured: &[Measured], now: Timestamp) -> Result<(), SubmitError> {
        let definitions = self.parts.intake.definitions();
        let is_defined = |one: &&Measured| MetricId::new(one.metric).is_ok_and(|id| definitions.metric(&id).is_some());
        let (gathered, ()) = self.parts.intake.gather(&self.source, now, |gathering| {
            for (index, one) in measured.iter().filter(is_defined).enumerate() {
                let labels: Vec<Pair<'_>> = one.feed.iter().map(|feed| (Cow::Borrowed("feed"), Cow::Borrowed(feed.as_str()))).collect();
                let draft = Draft {
                    metric: one.metric,
                    labels: &labels,
                    time: Some(now),
                    value: one.value,
                    unit: Given::Metrics,
                    revision: 0,
                    state: SampleState::Normal,
                };
                gathering.take(Item { index, payload: one.metric.as_bytes(), content: Ok(Incoming::Observation(draft)) });
            }
        });
        self.parts.intake.submit(&self.source, gathered, now).await.map(|_| ())
    }
}

/// Whether each feed with a rhythm keeps it: 1 or 0. One that was never heard counts once it should have been; the centre
/// itself is none.
pub(crate) fn feeds_on_time(health: &Health, definitions: &Definitions, started: Timestamp, now: Timestamp) -> Vec<(SourceId, f64)> {
    let up_s = now.duration_since(started).as_secs();
    let on_time = |feed: SourceHealth| {
        let source = definitions.source(&feed.id).filter(|source| !matches!(source.way, Way::Own))?;
        let silent_s = i64::from(source.silent_s?);
        match feed.state {
            FeedState::Live => Some((feed.id, 1.0)),
            FeedState::Waiting if up_s < silent_s => None,
            _ => Some((feed.id, 0.0)),
        }
    };
    health.snapshot(definitions, now).0.into_iter().filter_map(on_time).collect()
}
