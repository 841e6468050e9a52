//! What the centre would measure of itself in a dry run: which feeds it hears, truly, and of its machine a plausible calm.
//!
//! It must never make a feed sound better than it is: that is asked of the same health as in a server.

use crate::ingest::Health;
use crate::self_watch::{FEED_ON_TIME, feeds_on_time};
use crate::simulate::{Said, wave};
use jiff::Timestamp;
use std::collections::HashMap;
use taydo_model::{Definitions, MetricId};

/// Between two measurements, in seconds.
const EVERY_S: i64 = 60;
/// Ingest takes about so long, ms; the disk has so much free, %.
const LAG_MS: f64 = 60.0;
const FREE: f64 = 60.0;

/// The centre.
#[derive(Debug)]
pub(super) struct Centre {
    health: Health,
    started: Timestamp,
    seed: u64,
    measured_at: Timestamp,
}

impl Centre {
    pub(super) fn new(definitions: &Definitions, seed: u64, started: Timestamp) -> Self {
        let health = Health::new(HashMap::new());
        // A centre that has run for long has heard every feed; one that then stays silent is missed.
        definitions.sources.iter().for_each(|source| health.taken(&source.id, 0, 0, started));
        Self { health, started, seed, measured_at: started }
    }

    /// Something has come.
    pub(super) fn hear(&self, said: &Said<'_>, now: Timestamp) {
        self.health.taken(said.source, 1, 0, now);
    }

    /// Once a minute its measurements: the metric, the feed where it is of one, the value.
    pub(super) fn measure(&mut self, definitions: &Definitions, now: Timestamp) -> Vec<(MetricId, Option<String>, f64)> {
        if now.duration_since(self.measured_at).as_secs() < EVERY_S {
            return Vec::new();
        }
        self.measured_at = now;
        let feeds = feeds_on_time(&self.health, definitions, self.started, now);
        let feeds = feeds.into_iter().map(|(feed, value)| (FEED_ON_TIME, Some(feed.to_string()), value));
        let lag_ms = LAG_MS * (1.0 + 0.6 * wave(self.seed, "ingest lag", now));
        let free = FREE * (1.0 + 0.05 * wave(self.seed, "disk", now));
        let own = [("platform.ingest_lag", None, lag_ms), ("platform.disk_free", None, free)];
        feeds.chain(own).filter_map(|(metric, feed, value)| Some((MetricId::new(metric).ok()?, feed, value))).collect()
    }
}
