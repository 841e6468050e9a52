//! Paging: the outbox's worker and the channels. It brings what was decided to people, once.
//!
//! It owns how a message is made, sent, tried again, and given up. It must never decide whom to page, nor when: that is
//! written in the outbox by whoever decides.
//!
//! The way of a message: claimed with a token and a lease; asked about, whether it is still wanted; written down as an
//! attempt; sent; finished, fenced by the token. A crash at any point leaves a row that says how far it had come.

mod canary;
pub mod channel;
pub mod chart;
mod chat;
mod dead_man;
mod decision;
mod delivery;
pub mod desk;
pub mod egress;
mod email;
mod face;
mod figures;
mod finisher;
mod gateway;
mod hook;
mod provider;
pub mod reply;
mod report;
pub mod settings;
mod sms;
pub mod text;
mod voice;
mod webhook;
mod worker;

pub use dead_man::DeadMan;
pub use desk::{Brief, Desk, Verdict};
pub use face::{Doing, Face, ProviderStanding};
pub use figures::Figures;
pub use hook::{HookError, Posted};
pub use report::Report;
pub use settings::Settings;
pub use worker::Counters;

use crate::clock::Clock;
use crate::store::Store;
use anyhow::Context as _;
use provider::Providers;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use worker::Worker;

/// How long a stop waits for what is being sent. What isn't done by then is taken up again when its lease is over.
const STOP_LIMIT: Duration = Duration::from_secs(25);

/// What paging works with.
#[derive(Debug)]
pub struct Parts<D> {
    /// The outbox.
    pub store: Store,
    /// Time.
    pub clock: Clock,
    /// Who knows what a message says and whether it is still wanted.
    pub desk: Arc<D>,
    /// The providers.
    pub settings: Settings,
}

/// The running worker. Dropping it ends it at once, as a crash would.
#[derive(Debug)]
pub struct Paging {
    stopping: Arc<Notify>,
    worker: Option<JoinHandle<()>>,
    counters: Arc<Counters>,
    clock: Clock,
    face: Arc<Face>,
    dead_man: Option<DeadMan>,
    canaries: JoinHandle<()>,
}

impl Paging {
    /// Begins to deliver.
    ///
    /// # Errors
    /// When a secret can't be read, or the machine has no certificates to check servers by.
    pub fn start<D: Desk>(parts: Parts<D>) -> anyhow::Result<Self> {
        let Parts { store, clock, desk, settings } = parts;
        let providers = Arc::new(Providers::build(&settings).context("paging can't start")?);
        let dead_man = settings.dead_man().context("paging can't start")?;
        let stopping = Arc::new(Notify::new());
        let counters = Arc::new(Counters::default());
        let face = Face::open(&settings, providers.clone(), counters.clone()).context("paging can't start")?;
        let canaries = tokio::spawn(canary::run(store.clone(), clock.clone(), providers.clone()));
        let worker = Worker::new(store, clock.clone(), desk, providers, Arc::clone(&counters));
        let worker = tokio::spawn(worker.run(Arc::clone(&stopping)));
        Ok(Self { stopping, worker: Some(worker), counters, clock, face: Arc::new(face), dead_man, canaries })
    }

    /// What it has done since its start.
    #[must_use]
    pub fn counters(&self) -> &Arc<Counters> {
        &self.counters
    }

    /// What the other parts see of it.
    #[must_use]
    pub fn face(&self) -> &Arc<Face> {
        &self.face
    }

    /// The way to the watcher outside, where there is one; it is given away once.
    pub fn take_dead_man(&mut self) -> Option<DeadMan> {
        self.dead_man.take()
    }

    /// Claims nothing more, and waits for what is being sent.
    pub async fn stop(mut self) {
        self.stopping.notify_one();
        let Some(worker) = self.worker.as_mut() else { return };
        if self.clock.timeout(STOP_LIMIT, worker).await.is_err() {
            tracing::warn!("messages were still being sent at the stop; they are taken up again when their lease is over");
        }
    }
}

impl Drop for Paging {
    fn drop(&mut self) {
        self.canaries.abort();
        if let Some(worker) = self.worker.take() {
            worker.abort();
        }
    }
}
