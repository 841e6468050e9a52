//! Paging's figures for `/metrics`: what this process has done, what waits, and how the providers do.
//!
//! It must never ask for them itself: what is shown is what it was given.

use super::face::{Doing, ProviderStanding};
use super::worker::Counters;
use crate::store::outbox::Depth;
use jiff::Timestamp;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::registry::Registry;
use std::sync::atomic::{AtomicU64, Ordering};

/// Paging's figures, as they were asked for.
#[derive(Debug)]
pub struct Figures<'a> {
    /// What this process has done; none where nobody is paged.
    pub counters: Option<&'a Counters>,
    /// How much waits, for all processes; none where the store couldn't say.
    pub depth: Option<Depth>,
    /// How the providers do.
    pub providers: Vec<ProviderStanding>,
    /// When they were asked for.
    pub now: Timestamp,
}

impl Figures<'_> {
    /// Adds them to what is shown.
    pub fn register(&self, registry: &mut Registry) {
        if let Some(counters) = self.counters {
            let mut counter = |name: &str, help: &str, counter: &AtomicU64| {
                registry.register(name, help, ConstCounter::new(counter.load(Ordering::Relaxed)));
            };
            counter("paging_accepted", "Messages that a provider took", &counters.accepted);
            counter("paging_retried", "Attempts that failed and were to be made again", &counters.retried);
            counter("paging_failed", "Messages that did not arrive, or may not have", &counters.failed);
            counter("paging_unknown", "Attempts of which nobody knew what became", &counters.unknown);
            counter("paging_asked", "Questions to a provider what became of a message", &counters.asked);
            counter("paging_repeated", "Messages sent once more, marked, because nobody could tell", &counters.repeated);
            counter("paging_suppressed", "Pages that were no longer wanted", &counters.suppressed);
            counter("paging_late", "Ends that came after the lease was lost", &counters.late);
        }
        if let Some(depth) = self.depth {
            let mut gauge = |name: &str, help: &str, value: f64| registry.register(name, help, ConstGauge::new(value));
            gauge("paging_waiting_pages", "Pages that are due and in no message yet", depth.pages as f64);
            gauge("paging_waiting_messages", "Messages that are not done", depth.messages as f64);
            gauge(
                "paging_oldest_seconds",
                "For how long the oldest of them is overdue",
                depth.oldest.map_or(0.0, |oldest| self.age_s(oldest)),
            );
        }
        type Figure = fn(&Figures<'_>, &ProviderStanding) -> Option<f64>;
        let figures: [(&str, &str, Figure); 4] = [
            ("breaker_open", "Whether its breaker is open", |_, one| Some(flag(one.doing == Doing::BreakerOpen))),
            ("degraded", "Whether its canaries do not arrive", |_, one| Some(flag(one.doing == Doing::Degraded))),
            ("failures", "Failures in a row", |_, one| Some(f64::from(one.failures))),
            ("canary_age_seconds", "For how long no canary has arrived", |all, one| one.canary_received_at.map(|at| all.age_s(at))),
        ];
        for (name, help, figure) in figures {
            let family = Family::<[(&'static str, String); 1], Gauge<f64, AtomicU64>>::default();
            for provider in &self.providers {
                if let Some(value) = figure(self, provider) {
                    family.get_or_create(&[("provider", provider.name.clone())]).set(value);
                }
            }
            registry.register(format!("paging_provider_{name}"), help, family);
        }
    }

    fn age_s(&self, since: Timestamp) -> f64 {
        self.now.duration_since(since).as_secs_f64().max(0.0)
    }
}

fn flag(is_so: bool) -> f64 {
    if is_so { 1.0 } else { 0.0 }
}
