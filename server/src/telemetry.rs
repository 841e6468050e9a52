//! Logs, the server's own figures, and the signals that stop it.
//!
//! Field names carry units (docs/logging.md). No secret, no payload and no personal data is logged.

use crate::definitions::InForce;
use crate::hub::Hub;
use crate::ingest::Intake;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Registry;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::signal::unix::{SignalKind, signal};
use tracing_subscriber::EnvFilter;

/// Begins logging to standard error. The level comes from `TAYDO_LOG` (`info` by default). A line that can't be written, on a
/// full disk for instance, is lost: complaining of it on the same standard error would be a panic of whoever wanted it logged.
pub fn log(json: bool) {
    let filter = EnvFilter::try_from_env("TAYDO_LOG").unwrap_or_else(|_| EnvFilter::new("info"));
    let subscriber = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).log_internal_errors(false);
    // A second call, as tests make, keeps the first one's settings.
    let _ = if json { subscriber.json().try_init() } else { subscriber.with_ansi(false).try_init() };
}

/// Resolves when the process is asked to stop.
pub async fn stop_signal() {
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) else {
        tracing::error!("signals can't be heard; only SIGKILL stops this process");
        return std::future::pending().await;
    };
    tokio::select! {
        _ = terminate.recv() => tracing::info!("asked to stop by SIGTERM"),
        _ = interrupt.recv() => tracing::info!("asked to stop by SIGINT"),
    }
}

/// What the pipeline has done since the start.
#[derive(Debug, Default)]
pub struct PipelineCounters {
    /// Batches stepped.
    pub batches: AtomicU64,
    /// Observations stepped.
    pub samples: AtomicU64,
    /// Holes in a lane's numbers that were filled from the store.
    pub gaps: AtomicU64,
    /// Recorded readings inserted.
    pub recorded: AtomicU64,
    /// Attempts to save that failed and were repeated.
    pub save_failures: AtomicU64,
    /// Those of them since the last that worked.
    pub save_failures_in_a_row: AtomicU64,
    /// Recomputed ranges.
    pub recomputes: AtomicU64,
}

/// So many attempts to save in a row that fail mean that what rules decide reaches nobody.
const FAILING_AFTER: u64 = 3;

impl PipelineCounters {
    /// Whether readings, and what the rules made of them, can't be saved.
    #[must_use]
    pub fn is_failing(&self) -> bool {
        self.save_failures_in_a_row.load(Ordering::Relaxed) >= FAILING_AFTER
    }
}

/// The server's own figures, as `/metrics` gives them.
#[derive(Debug, Default)]
pub struct Metrics {
    /// The pipeline's.
    pub pipeline: Arc<PipelineCounters>,
}

impl Metrics {
    /// All figures in the OpenMetrics text format; `more` adds those of parts that aren't known here.
    #[must_use]
    pub fn text(&self, hub: &Hub, intake: &Intake, definitions: &InForce, more: impl FnOnce(&mut Registry)) -> String {
        let mut registry = Registry::with_prefix("taydo");
        let mut counter = |name: &str, help: &str, value: u64| registry.register(name, help, ConstCounter::new(value));
        let pipeline = &self.pipeline;
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        counter("pipeline_batches", "Committed batches stepped by the engine", read(&pipeline.batches));
        counter("pipeline_observations", "Observations stepped by the engine", read(&pipeline.samples));
        counter("pipeline_gaps", "Holes in a lane's numbers that were filled from the store", read(&pipeline.gaps));
        counter("readings_recorded", "Recorded readings inserted", read(&pipeline.recorded));
        counter("readings_save_failures", "Attempts to save readings that failed and were repeated", read(&pipeline.save_failures));
        counter("recomputes", "Ranges recomputed", read(&pipeline.recomputes));
        let live = hub.counters();
        counter("hub_frames", "Frames encoded", read(&live.frames));
        counter("hub_clients_refused", "Clients refused because there were too many", read(&live.refused));
        counter("hub_clients_stalled", "Clients closed because they did not read", read(&live.stalled));
        counter("hub_clients_silent", "Clients closed because nothing was heard of them", read(&live.silent));
        let (loads, refusals) = definitions.counts();
        counter("definitions_loads", "Definition sets put in force", loads);
        counter("definitions_refusals", "Changes of the city's folder that were refused", refusals);
        for figure in intake.figures() {
            counter(figure.name, figure.help, figure.total);
        }
        let mut gauge = |name: &str, help: &str, value: u64| registry.register(name, help, ConstGauge::new(value));
        gauge("hub_clients", "Clients connected", hub.client_count() as u64);
        gauge("definitions_problems", "Problems of the city's folder", definitions.standing().problem_count as u64);
        for level in intake.levels() {
            gauge(level.name, level.help, level.now);
        }
        more(&mut registry);
        let mut text = String::new();
        // Writing to a string does not fail.
        let _ = encode(&mut text, &registry);
        text
    }
}
