//! Recomputing what late data, imports and absences touched: the same engine, over the stored rows, beside the live one.
//!
//! Ranges are gathered until they have been quiet for a moment, then mended by one job at a time. Lanes' positions that
//! came with a range are given on only when its job is done, so that after a crash the rows count as unconsumed and the
//! range is found again. Nothing here touches the live engine.

use super::Parts;
use crate::clock::later;
use crate::http::refusal::chain;
use crate::store::{Fence, StoreError};
use jiff::Timestamp;
use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::time::Duration;
use taydo_engine::recompute::{Needs, Plan, Run};
use taydo_engine::{Position, Recorded, Series, Touched};
use taydo_model::{KpiId, Reading};
use tokio::task::JoinHandle;

/// A range is mended when none has been added for so long …
const QUIET: Duration = Duration::from_secs(2);
/// … or when the first has waited for so long.
const PATIENCE: Duration = Duration::from_secs(30);
/// After a failure a job is tried again so much later.
const RETRY: Duration = Duration::from_secs(5);
/// Grid instants that are computed before they are saved, so that years of them are never in memory at once.
const INSTANTS: u32 = 100;
/// Readings in one transaction.
const CHUNK: usize = 5_000;

type Outcome = Result<(), StoreError>;

#[derive(Debug)]
pub(super) struct Recompute {
    parts: Parts,
    fence: Fence,
    /// What is to be mended, one range for each KPI.
    ranges: BTreeMap<KpiId, (Timestamp, Timestamp)>,
    /// Positions that came since the last job began.
    held: BTreeMap<i16, i64>,
    /// When the first of `ranges` was added, and the latest.
    since: Option<(Timestamp, Timestamp)>,
    job: Option<Job>,
    /// Not before this.
    not_before: Timestamp,
}

#[derive(Debug)]
struct Job {
    ranges: Vec<Touched>,
    positions: BTreeMap<i16, i64>,
    task: JoinHandle<Outcome>,
}

impl Recompute {
    pub(super) fn new(parts: &Parts, fence: &Fence) -> Self {
        Self {
            parts: parts.clone(),
            fence: fence.clone(),
            ranges: BTreeMap::new(),
            held: BTreeMap::new(),
            since: None,
            job: None,
            not_before: Timestamp::MIN,
        }
    }

    pub(super) fn add(&mut self, now: Timestamp, touched: Vec<Touched>) {
        for Touched { kpi, from, to } in touched {
            let range = self.ranges.entry(kpi).or_insert((from, to));
            *range = (range.0.min(from), range.1.max(to));
            self.since = Some((self.since.map_or(now, |(first, _)| first), now));
        }
    }

    /// Holds positions back while something is to be mended; gives those back that need not wait.
    pub(super) fn hold(&mut self, positions: Vec<Position>) -> Vec<Position> {
        if self.ranges.is_empty() && self.job.is_none() {
            return positions;
        }
        for position in positions {
            let seq = self.held.entry(position.lane).or_insert(0);
            *seq = (*seq).max(position.seq);
        }
        Vec::new()
    }

    /// When `start_if_due` has something to do.
    pub(super) fn due(&self) -> Option<Timestamp> {
        let (first, latest) = self.since.filter(|_| self.job.is_none())?;
        Some(later(latest, QUIET).min(later(first, PATIENCE)).max(self.not_before))
    }

    pub(super) fn start_if_due(&mut self, now: Timestamp) {
        if self.due().is_none_or(|due| due > now) {
            return;
        }
        self.since = None;
        let ranges: Vec<Touched> =
            std::mem::take(&mut self.ranges).into_iter().map(|(kpi, (from, to))| Touched { kpi, from, to }).collect();
        let task = tokio::spawn(mend(self.parts.clone(), self.fence.clone(), ranges.clone()));
        self.job = Some(Job { ranges, positions: std::mem::take(&mut self.held), task });
    }

    /// Resolves when the running job has ended; never when none runs.
    pub(super) async fn done(&mut self) -> Outcome {
        match &mut self.job {
            Some(job) => (&mut job.task).await.unwrap_or_else(|error| Err(StoreError::Internal(error.into()))),
            None => std::future::pending().await,
        }
    }

    /// Takes note of a job's end. Returns the positions that need no longer be held.
    pub(super) fn finished(&mut self, now: Timestamp, outcome: Outcome) -> Vec<Position> {
        let Some(job) = self.job.take() else { return Vec::new() };
        let mut positions = listed(job.positions);
        match outcome {
            Ok(()) if self.ranges.is_empty() => {
                // These came while the job ran, for corrections that it had already been given.
                positions.extend(listed(std::mem::take(&mut self.held)));
                positions
            }
            Ok(()) => positions,
            Err(error) => {
                tracing::warn!(error = %chain(&error), "a recompute failed and is tried again");
                self.add(now, job.ranges);
                self.not_before = later(now, RETRY);
                self.hold(positions)
            }
        }
    }

    /// Goes on by other definitions: what was being mended by the old ones is mended again by the new.
    pub(super) fn redefine(&mut self, now: Timestamp, parts: &Parts) {
        self.parts = parts.clone();
        if let Some(job) = self.job.take() {
            job.task.abort();
            self.add(now, job.ranges);
            self.hold(listed(job.positions));
        }
    }

    /// Ends without finishing: positions are not moved past what is not mended, so the next start finds it.
    pub(super) fn abandon(&mut self) {
        if let Some(job) = &self.job {
            job.task.abort();
        }
    }
}

fn listed(positions: BTreeMap<i16, i64>) -> Vec<Position> {
    positions.into_iter().map(|(lane, seq)| Position { lane, seq }).collect()
}

async fn mend(parts: Parts, fence: Fence, ranges: Vec<Touched>) -> Outcome {
    let begun = parts.clock.instant();
    let series: Vec<Series> = parts.store.series().await?.into_iter().map(|(_, series)| series).collect();
    let (mut computed, mut changed) = (0, 0);
    let mut plans: Vec<(Plan, &Touched)> =
        ranges.iter().filter_map(|touched| Some((Plan::new(&parts.definitions, touched)?, touched))).collect();
    // The short ones first: a chart of the last hours need not wait for months of another.
    plans.sort_by_key(|(plan, _)| plan.instants());
    for (plan, touched) in plans {
        tracing::info!(kpi = %touched.kpi, from = %touched.from, to = %touched.to, instants = plan.instants(), "recomputing");
        let (of_this, changed_of_this) = mend_one(&parts, &fence, plan, touched.from, &series).await?;
        computed += of_this;
        changed += changed_of_this;
    }
    parts.counters.recomputes.fetch_add(ranges.len() as u64, Ordering::Relaxed);
    parts.counters.recorded.fetch_add(changed as u64, Ordering::Relaxed);
    tracing::info!(kpis = ranges.len(), computed, changed, duration_ms = begun.elapsed().as_millis(), "recomputed");
    Ok(())
}

/// Runs one KPI's plan, from its first moment on. Returns how many readings were computed, and how many of them were new
/// or other than stored.
async fn mend_one(parts: &Parts, fence: &Fence, plan: Plan, from: Timestamp, series: &[Series]) -> Result<(usize, usize), StoreError> {
    let needs = plan.needs();
    let stride = Duration::from_secs(plan.kpi().every_s.into()) * INSTANTS;
    let mut mending = Mending { parts, fence, stride, complete: from, computed: 0, changed: 0 };
    match needs {
        Needs::Samples { metric, after, until } => {
            let own = series.iter().filter(|series| series.metric == metric).cloned().collect();
            let mut run = plan.run(own);
            let mut samples = parts.store.samples(&parts.definitions, after, until, Some(&[metric])).await?;
            // A chunk's last moment may go on in the next one, so each is computed up to just before it.
            while let Some(chunk) = samples.next().await? {
                let complete = chunk.last().map_or(after, |last| last.time).saturating_sub(jiff::SignedDuration::from_micros(1));
                run = mending.advance(run, chunk, complete.unwrap_or(after)).await?;
            }
            mending.advance(run, Vec::new(), until).await?;
        }
        Needs::Cases { after, until, .. } => {
            let mut run = plan.run(Vec::new());
            let mut cases = parts.store.cases(after).await?;
            while let Some(chunk) = cases.next().await? {
                run.load_cases(chunk);
            }
            mending.advance(run, Vec::new(), until).await?;
        }
    }
    Ok((mending.computed, mending.changed))
}

/// One plan on its way.
struct Mending<'a> {
    parts: &'a Parts,
    fence: &'a Fence,
    /// How much of the range is computed before it is saved.
    stride: Duration,
    /// Everything up to here is computed and saved.
    complete: Timestamp,
    computed: usize,
    changed: usize,
}

impl Mending<'_> {
    /// Computes and saves what is complete up to `until` with this chunk.
    async fn advance(&mut self, mut run: Run, mut chunk: Vec<taydo_engine::Sample>, until: Timestamp) -> Result<Run, StoreError> {
        loop {
            let next = later(self.complete, self.stride).min(until);
            let (resumed, readings) = advance(run, std::mem::take(&mut chunk), next).await?;
            run = resumed;
            self.save(readings).await?;
            self.complete = self.complete.max(next);
            if self.complete >= until {
                return Ok(run);
            }
        }
    }

    async fn save(&mut self, readings: Vec<Reading>) -> Outcome {
        // As first readings: where an import fills an empty past they are, and the store finds out where they aren't.
        let mut rest: Vec<Recorded> = readings.into_iter().map(|reading| Recorded { reading, correction: false }).collect();
        self.computed += rest.len();
        while !rest.is_empty() {
            let next = rest.split_off(rest.len().min(CHUNK));
            let now = self.parts.clock.now();
            self.changed += self.parts.store.commit_readings(self.fence, now, &self.parts.definitions, &rest, &[]).await?;
            let readings: Vec<Reading> = rest.into_iter().map(|recorded| recorded.reading).collect();
            self.parts.hub.publish(now, &[], &readings);
            rest = next;
        }
        Ok(())
    }
}

/// Computes away from the threads that serve.
async fn advance(mut run: Run, chunk: Vec<taydo_engine::Sample>, until: Timestamp) -> Result<(Run, Vec<Reading>), StoreError> {
    let computed = tokio::task::spawn_blocking(move || {
        let readings = run.advance(chunk, until);
        (run, readings)
    });
    computed.await.map_err(|error| StoreError::Internal(error.into()))
}
