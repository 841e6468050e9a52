//! A feed of a city's own metrics that makes some of its figures change ten times a second.
//!
//! Its values stay where nothing is alarming. It must never stop by itself: what a server doesn't take is counted, and left.

use crate::stopwatch::{Stopwatch, now_ms};
use anyhow::ensure;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use taydo_model::Definitions;
use taydo_server::clock::Clock;

/// Bodies a second.
pub const PER_S: u64 = 10;
/// Metrics that boards of a wall show, and what their values swing around and by how much.
const METRICS: [(&str, f64, f64); 4] =
    [("traffic.speed", 38.0, 6.0), ("traffic.flow", 900.0, 200.0), ("energy.load", 5_000.0, 900.0), ("air.pm25", 18.0, 6.0)];

/// The feed.
#[derive(Debug)]
pub struct Feed {
    http: reqwest::Client,
    url: String,
    /// For each metric the assets that measure it.
    assets: Vec<Vec<String>>,
    sent: AtomicU64,
    failed: AtomicU64,
}

impl Feed {
    /// A feed to a source of line protocol whose lines name metrics in full.
    ///
    /// # Errors
    /// When the city has no asset for one of the metrics.
    pub fn new(server: &str, source: &str, definitions: &Definitions) -> anyhow::Result<Self> {
        let mut assets = Vec::new();
        for (metric, ..) in METRICS {
            let measure = definitions.assets.iter().filter(|asset| asset.metrics.iter().any(|one| one.as_str() == metric));
            let names: Vec<String> = measure.map(|asset| asset.id.to_string()).collect();
            ensure!(!names.is_empty(), "no asset of the city measures {metric}");
            assets.push(names);
        }
        Ok(Self {
            http: reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(10)).build()?,
            url: format!("{server}/api/v2/write?bucket={source}&precision=ms"),
            assets,
            sent: AtomicU64::new(0),
            failed: AtomicU64::new(0),
        })
    }

    /// Sends until it is dropped.
    pub async fn run(&self) {
        let watch = Stopwatch::start();
        for turn in 0_u64.. {
            let answer = self.http.post(&self.url).body(self.body(turn)).send().await;
            let count = if answer.is_ok_and(|answer| answer.status().is_success()) { &self.sent } else { &self.failed };
            count.fetch_add(1, Ordering::Relaxed);
            let due = Duration::from_millis((turn + 1) * 1_000 / PER_S);
            Clock::real().sleep(due.saturating_sub(watch.elapsed())).await;
        }
    }

    /// Bodies that the server has taken, and those that it hasn't.
    #[must_use]
    pub fn counts(&self) -> (u64, u64) {
        (self.sent.load(Ordering::Relaxed), self.failed.load(Ordering::Relaxed))
    }

    /// One value of each metric, each turn of another asset.
    fn body(&self, turn: u64) -> String {
        let mut body = String::new();
        let swing = (turn as f64 / 7.0).sin();
        for ((metric, middle, width), assets) in METRICS.iter().zip(&self.assets) {
            let place = usize::try_from(turn).unwrap_or(0) % assets.len().max(1);
            if let (Some((measurement, field)), Some(asset)) = (metric.rsplit_once('.'), assets.get(place)) {
                let _ = writeln!(body, "{measurement},asset={asset} {field}={:.1} {}", middle + width * swing, now_ms());
            }
        }
        body
    }
}
