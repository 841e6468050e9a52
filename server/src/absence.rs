//! The centre's own absences: it notes that it is there, notices when it was not, and keeps a report of each gap up to
//! date while feeds come back and readings are recomputed.
//!
//! It must never take silence of the feeds for an absence, nor the other way round.

use crate::clock::{Clock, later};
use crate::definitions::InForce;
use crate::http::refusal::chain;
use crate::ingest::Health;
use crate::pipeline::RecomputeDesk;
use crate::store::{Store, StoreError};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use std::time::Duration;
use taydo_model::Kpi;
use taydo_model::gap::{Condition, Gap, GapCause, GapFeed, conditions, keep_worst};
use taydo_model::kpi::Better;
use taydo_model::source::Way;
use tokio::sync::mpsc;

/// A longer absence is reported.
const LONGEST: SignedDuration = SignedDuration::from_secs(120);
/// How often the centre notes that it is there, and looks after the reports.
const BEAT: Duration = Duration::from_secs(10);
/// A report is kept open at least so long, for what brokers have kept to be delivered and recomputed …
const SETTLING: SignedDuration = SignedDuration::from_mins(10);
/// … and at most so long: what has not come back by then is said to be missing.
const GIVEN_UP: SignedDuration = SignedDuration::from_hours(24);
/// Absences that wait to be reported. A further one is only logged.
const QUEUE: usize = 8;
/// Open reports that are looked after. An older one stays as it is.
const MOST_OPEN: u32 = 5;

/// Watches over the centre's presence.
#[derive(Debug)]
pub struct Watch {
    /// The definition set in force.
    pub definitions: InForce,
    /// What lasts.
    pub store: Store,
    /// Time.
    pub clock: Clock,
    /// The feeds' health.
    pub health: Arc<Health>,
    /// Whether readings are being recomputed.
    pub desk: RecomputeDesk,
}

/// Sleeps, and says when that took much longer than it should have: then the whole process stood still. Nothing else is
/// done here, because a slow database is no absence.
async fn sense(clock: &Clock, absences: mpsc::Sender<(Timestamp, Timestamp)>) {
    let mut before = clock.now();
    loop {
        clock.sleep_until(later(before, BEAT)).await;
        let after = clock.now();
        if after.duration_since(before) > LONGEST && absences.try_send((before, after)).is_err() {
            tracing::warn!(from = %before, to = %after, "an absence is not reported, because too many are waiting");
        }
        before = after;
    }
}

impl Watch {
    /// Watches until it is dropped. `last` is when the centre was last there before this start.
    pub async fn run(self, last: Option<Timestamp>) {
        let (absences, noticed) = mpsc::channel(QUEUE);
        tokio::join!(sense(&self.clock, absences), self.keep(last, noticed));
    }

    async fn keep(&self, last: Option<Timestamp>, mut noticed: mpsc::Receiver<(Timestamp, Timestamp)>) {
        let mut told = None;
        if let Some(last) = last {
            self.notice(GapCause::Stopped, last, self.clock.now()).await;
        }
        loop {
            while let Ok((from, to)) = noticed.try_recv() {
                self.notice(GapCause::Suspended, from, to).await;
            }
            let here = self.clock.now();
            if let Err(error) = self.store.beat(here).await {
                tracing::debug!(error = %chain(&error), "the heartbeat can't be stored");
            }
            match self.look_after(here, told).await {
                Ok(changed) => told = Some(changed),
                Err(error) => tracing::warn!(error = %chain(&error), "gap reports can't be brought up to date now"),
            }
            self.clock.sleep(BEAT).await;
        }
    }

    /// Begins a report if the centre was away for long.
    async fn notice(&self, cause: GapCause, from: Timestamp, to: Timestamp) {
        if to.duration_since(from) <= LONGEST {
            return;
        }
        match self.begin(cause, from, to).await {
            Ok(gap) => tracing::warn!(gap = gap.id, ?cause, %from, %to, feeds = gap.feeds.len(), "the centre was absent"),
            Err(error) => {
                tracing::error!(?cause, %from, %to, error = %chain(&error), "the centre was absent, and the report can't be stored")
            }
        }
    }

    async fn begin(&self, cause: GapCause, from: Timestamp, to: Timestamp) -> Result<Gap, StoreError> {
        let seen = self.store.sources_seen().await?;
        // What is imported by hand comes when somebody brings it.
        let definitions = self.definitions.get();
        let comes_by_itself = definitions.sources.iter().filter(|source| !matches!(source.way, Way::Csv(_)));
        let feeds = comes_by_itself.filter(|source| seen.contains(&source.id));
        let mut gap = Gap {
            id: 0,
            cause,
            from,
            to,
            updated: to,
            is_closed: false,
            is_recomputing: true,
            feeds: feeds.map(|source| GapFeed { source: source.id.clone(), back: None }).collect(),
            conditions: Vec::new(),
            more_conditions: 0,
        };
        gap.id = self.store.add_gap(&gap).await?;
        Ok(gap)
    }

    /// Brings the open reports up to date. `told` is what [`RecomputeDesk::changed`] said when they last were; returns what
    /// it says now.
    async fn look_after(&self, now: Timestamp, told: Option<u64>) -> Result<u64, StoreError> {
        let is_recomputing = self.desk.is_mending();
        // Read before the readings are: what changes meanwhile is seen the next time.
        let changed = self.desk.changed();
        for mut gap in self.store.gaps(true, MOST_OPEN).await? {
            let before = gap.clone();
            self.welcome(&mut gap, now);
            gap.is_recomputing = is_recomputing;
            let age = now.duration_since(gap.to);
            gap.is_closed = age >= GIVEN_UP || age >= SETTLING && !is_recomputing && gap.missing().next().is_none();
            if age < SETTLING || told != Some(changed) || gap != before {
                let (conditions, more) = self.held(&gap).await?;
                (gap.conditions, gap.more_conditions) = (conditions, more);
            }
            if gap != before {
                gap.updated = now;
                self.store.update_gap(&gap).await?;
            }
            if gap.is_closed {
                let missing = gap.missing().count();
                let conditions = gap.conditions.len() as u64 + gap.more_conditions;
                tracing::info!(gap = gap.id, from = %gap.from, to = %gap.to, missing, conditions, "the gap's report is final");
            }
        }
        Ok(changed)
    }

    /// Notes the feeds that have reported since the gap.
    fn welcome(&self, gap: &mut Gap, now: Timestamp) {
        let (feeds, _) = self.health.snapshot(&self.definitions.get(), now);
        for feed in gap.feeds.iter_mut().filter(|feed| feed.back.is_none()) {
            let health = feeds.iter().find(|health| health.id == feed.source);
            feed.back = health.and_then(|health| health.last_seen).filter(|seen| *seen >= gap.to);
        }
    }

    /// What held in the gap, by the readings as they are now.
    async fn held(&self, gap: &Gap) -> Result<(Vec<Condition>, u64), StoreError> {
        let mut found = Vec::new();
        let mut more = 0;
        for kpi in &self.definitions.get().kpis {
            let Some(limit) = first_limit(kpi) else { continue };
            let mut stream = self.store.beyond(kpi, limit, gap.from, gap.to).await?;
            let mut readings = Vec::new();
            while let Some(mut chunk) = stream.next().await? {
                readings.append(&mut chunk);
            }
            found.extend(conditions(kpi, readings));
            more += keep_worst(&mut found);
        }
        Ok((found, more))
    }
}

/// The limit beyond which a figure is on the bad side.
fn first_limit(kpi: &Kpi) -> Option<f64> {
    let limits = kpi.attention.into_iter().chain(kpi.critical);
    match kpi.better {
        Better::Higher => limits.max_by(f64::total_cmp),
        Better::Lower => limits.min_by(f64::total_cmp),
        Better::Neither => None,
    }
}
