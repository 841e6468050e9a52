//! Recomputing what late data, imports and absences touched: the same engine, over the stored rows, beside the live one.
//!
//! Ranges are gathered until they have been quiet for a moment, then mended by one job at a time. Lanes' positions that
//! came with a range are given on only when its job is done, so that after a crash the rows count as unconsumed and the
//! range is found again. What somebody asks for waits behind that, and runs piece by piece. Nothing here touches the live
//! engine.

use super::Parts;
use super::desk::{Asked, Standing};
use crate::clock::later;
use crate::http::refusal::chain;
use crate::store::{Fence, StoreError};
use jiff::Timestamp;
use std::collections::{BTreeMap, HashSet, VecDeque};
use std::sync::atomic::Ordering;
use std::time::Duration;
use taydo_engine::recompute::{Needs, Plan, Run};
use taydo_engine::{Position, Recorded, Series, Touched};
use taydo_model::recompute::RecomputeJob;
use taydo_model::{Flags, KpiId, Quality, Reading, Scope};
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

/// How many instants were computed, and how many readings came out new or other than stored.
pub(super) type Outcome = Result<Mended, StoreError>;

/// What a job has come to.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Mended {
    instants: u64,
    changed: u64,
}

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
    /// What somebody asked for, in turn. As many as the store knows; each is a few ranges.
    asked: VecDeque<Asked>,
    job: Option<Job>,
    /// Not before this.
    not_before: Timestamp,
    standing: Standing,
}

#[derive(Debug)]
struct Job {
    work: Work,
    task: JoinHandle<Outcome>,
}

/// What a job is for.
#[derive(Debug)]
enum Work {
    /// Ranges that rows have touched, and the positions that wait for them.
    Touched { ranges: Vec<Touched>, positions: BTreeMap<i16, i64> },
    /// A piece of the first request.
    Asked,
}

impl Recompute {
    pub(super) fn new(parts: &Parts, fence: &Fence, standing: Standing) -> Self {
        Self {
            parts: parts.clone(),
            fence: fence.clone(),
            ranges: BTreeMap::new(),
            held: BTreeMap::new(),
            since: None,
            asked: VecDeque::new(),
            job: None,
            not_before: Timestamp::MIN,
            standing,
        }
    }

    /// Takes a request; it runs when those before it are done.
    pub(super) fn ask(&mut self, job: &RecomputeJob) {
        tracing::info!(job = job.id, kpis = job.request.kpis.len(), from = %job.request.from, to = %job.request.to, "a recompute is asked for");
        self.asked.push_back(Asked::new(job, &self.parts.definitions));
    }

    pub(super) fn add(&mut self, now: Timestamp, touched: Vec<Touched>) {
        for Touched { kpi, from, to } in touched {
            let range = self.ranges.entry(kpi).or_insert((from, to));
            *range = (range.0.min(from), range.1.max(to));
            self.since = Some((self.since.map_or(now, |(first, _)| first), now));
            self.standing.mending(true);
        }
    }

    fn is_mending(&self) -> bool {
        !self.ranges.is_empty() || matches!(self.job, Some(Job { work: Work::Touched { .. }, .. }))
    }

    /// Holds positions back while something is to be mended; gives those back that need not wait.
    pub(super) fn hold(&mut self, positions: Vec<Position>) -> Vec<Position> {
        if !self.is_mending() {
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
        if self.job.is_some() {
            return None;
        }
        let asked = self.asked.front().map(|_| self.not_before);
        self.touched_due().into_iter().chain(asked).min()
    }

    fn touched_due(&self) -> Option<Timestamp> {
        let (first, latest) = self.since?;
        Some(later(latest, QUIET).min(later(first, PATIENCE)).max(self.not_before))
    }

    pub(super) fn start_if_due(&mut self, now: Timestamp) {
        if self.due().is_none_or(|due| due > now) {
            return;
        }
        if self.touched_due().is_some_and(|due| due <= now) {
            self.since = None;
            let ranges: Vec<Touched> =
                std::mem::take(&mut self.ranges).into_iter().map(|(kpi, (from, to))| Touched { kpi, from, to }).collect();
            let task = tokio::spawn(mend(self.parts.clone(), self.fence.clone(), ranges.clone(), None));
            self.job = Some(Job { work: Work::Touched { ranges, positions: std::mem::take(&mut self.held) }, task });
        } else if let Some(asked) = self.asked.front() {
            let progress =
                Progress { standing: self.standing.clone(), job: asked.job, instants: asked.instants_done, changed: asked.changed };
            let piece = asked.piece().cloned().into_iter().collect();
            let task = tokio::spawn(answer(self.parts.clone(), self.fence.clone(), piece, progress, asked.is_last()));
            self.job = Some(Job { work: Work::Asked, task });
        }
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
        if let Ok(mended) = &outcome {
            self.standing.changed(mended.changed);
        }
        let positions = match job.work {
            Work::Touched { ranges, positions } => self.mended(now, outcome, ranges, positions),
            Work::Asked => {
                self.answered(now, outcome);
                Vec::new()
            }
        };
        self.standing.mending(self.is_mending());
        positions
    }

    fn mended(&mut self, now: Timestamp, outcome: Outcome, ranges: Vec<Touched>, positions: BTreeMap<i16, i64>) -> Vec<Position> {
        let mut positions = listed(positions);
        match outcome {
            Ok(_) if self.ranges.is_empty() => {
                // These came while the job ran, for corrections that it had already been given.
                positions.extend(listed(std::mem::take(&mut self.held)));
                positions
            }
            Ok(_) => positions,
            Err(error) => {
                tracing::warn!(error = %chain(&error), "a recompute failed and is tried again");
                self.add(now, ranges);
                self.not_before = later(now, RETRY);
                self.hold(positions)
            }
        }
    }

    /// A piece of the first request has ended. One that failed is tried again: a request ends well, or with the process.
    fn answered(&mut self, now: Timestamp, outcome: Outcome) {
        let Some(asked) = self.asked.front_mut() else { return };
        match outcome {
            Ok(mended) => {
                asked.advance(mended.instants, mended.changed);
                if asked.piece().is_none() {
                    let (job, instants, changed) = (asked.job, asked.instants_done, asked.changed);
                    tracing::info!(job, instants, changed, "the recompute that was asked for is done");
                    self.asked.pop_front();
                    self.standing.running(None);
                }
            }
            Err(error) => {
                tracing::warn!(job = asked.job, error = %chain(&error), "a recompute that was asked for failed and is tried again");
                self.not_before = later(now, RETRY);
            }
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

/// How far a request has got, for those who ask.
#[derive(Debug, Clone)]
struct Progress {
    standing: Standing,
    job: i64,
    /// What the pieces before have come to.
    instants: u64,
    changed: u64,
}

impl Progress {
    fn tell(&self, mended: Mended) {
        self.standing.running(Some((self.job, self.instants + mended.instants, self.changed + mended.changed)));
    }
}

async fn mend(parts: Parts, fence: Fence, ranges: Vec<Touched>, progress: Option<Progress>) -> Outcome {
    let begun = parts.clock.instant();
    let series: Vec<Series> = parts.store.series().await?.into_iter().map(|(_, series)| series).collect();
    let mut all = Mended::default();
    let mut plans: Vec<(Plan, &Touched)> =
        ranges.iter().filter_map(|touched| Some((Plan::new(&parts.definitions, touched)?, touched))).collect();
    // The short ones first: a chart of the last hours need not wait for months of another.
    plans.sort_by_key(|(plan, _)| plan.instants());
    for (plan, touched) in plans {
        let instants = plan.instants();
        tracing::info!(kpi = %touched.kpi, from = %touched.from, to = %touched.to, instants, "recomputing");
        let tell = |mended: Mended| {
            if let Some(progress) = &progress {
                progress.tell(Mended { instants: all.instants + mended.instants, changed: all.changed + mended.changed });
            }
        };
        let changed = mend_one(&parts, &fence, plan, touched.from, &series, &tell).await?;
        all = Mended { instants: all.instants + instants, changed: all.changed + changed };
    }
    parts.counters.recomputes.fetch_add(ranges.len() as u64, Ordering::Relaxed);
    parts.counters.recorded.fetch_add(all.changed, Ordering::Relaxed);
    let Mended { instants, changed } = all;
    tracing::info!(kpis = ranges.len(), instants, changed, duration_ms = begun.elapsed().as_millis(), "recomputed");
    Ok(all)
}

/// Computes a piece of a request, and notes the request's end when it is the last one.
async fn answer(parts: Parts, fence: Fence, piece: Vec<Touched>, progress: Progress, is_last: bool) -> Outcome {
    progress.tell(Mended::default());
    let mended = mend(parts.clone(), fence, piece, Some(progress.clone())).await?;
    if is_last {
        parts.store.end_recompute(progress.job, progress.changed + mended.changed, None, parts.clock.now()).await?;
    }
    Ok(mended)
}

/// Runs one KPI's plan, from its first moment on. Returns how many readings were new or other than stored.
async fn mend_one(
    parts: &Parts,
    fence: &Fence,
    plan: Plan,
    from: Timestamp,
    series: &[Series],
    tell: &(dyn Fn(Mended) + Sync),
) -> Result<u64, StoreError> {
    let needs = plan.needs();
    let every = Duration::from_secs(plan.kpi().every_s.max(1).into());
    let before = from.saturating_sub(jiff::SignedDuration::from_micros(1)).unwrap_or(from);
    let kpi = plan.kpi().id.clone();
    let read_at = parts.clock.now();
    let mut mending = Mending { parts, fence, kpi, every, from, read_at, complete: from, settled: before, changed: 0, tell };
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
    Ok(mending.changed)
}

/// One plan on its way.
struct Mending<'a> {
    parts: &'a Parts,
    fence: &'a Fence,
    kpi: KpiId,
    every: Duration,
    from: Timestamp,
    /// When the rows began to be read: what the live engine has recorded since then knows more.
    read_at: Timestamp,
    /// Everything up to here is computed and saved.
    complete: Timestamp,
    /// Of everything up to here, what is stored and turned out not to have existed is retracted.
    settled: Timestamp,
    changed: u64,
    tell: &'a (dyn Fn(Mended) + Sync),
}

impl Mending<'_> {
    /// Computes and saves what is complete up to `until` with this chunk.
    async fn advance(&mut self, mut run: Run, mut chunk: Vec<taydo_engine::Sample>, until: Timestamp) -> Result<Run, StoreError> {
        loop {
            let next = later(self.complete, self.every * INSTANTS).min(until);
            let (resumed, readings) = advance(run, std::mem::take(&mut chunk), next).await?;
            run = resumed;
            let gone = self.gone(&readings, next).await?;
            // As first readings: where an import fills an empty past they are, and the store finds out where they aren't.
            let first = readings.into_iter().map(|reading| Recorded { reading, correction: false });
            self.save(first.chain(gone).collect()).await?;
            self.complete = self.complete.max(next);
            let done_s = self.complete.duration_since(self.from).unsigned_abs().as_secs();
            (self.tell)(Mended { instants: done_s / self.every.as_secs().max(1), changed: self.changed });
            if self.complete >= until {
                return Ok(run);
            }
        }
    }

    /// What retracts the stored readings of scopes that turn out not to have existed at instants up to and including
    /// `until`, given all readings that there are from where the last call ended.
    async fn gone(&mut self, readings: &[Reading], until: Timestamp) -> Result<Vec<Recorded>, StoreError> {
        if until <= self.settled {
            return Ok(Vec::new());
        }
        let stored = self.parts.store.present(&self.kpi, self.settled, until).await?;
        let computed: HashSet<(&Scope, Timestamp)> = readings.iter().map(|reading| (&reading.scope, reading.time)).collect();
        self.settled = until;
        let gone = stored.into_iter().filter(|(scope, time)| !computed.contains(&(scope, *time)));
        Ok(gone.map(|(scope, time)| Recorded { reading: nothing(&self.kpi, scope, time), correction: true }).collect())
    }

    async fn save(&mut self, mut rest: Vec<Recorded>) -> Result<(), StoreError> {
        while !rest.is_empty() {
            let next = rest.split_off(rest.len().min(CHUNK));
            let now = self.parts.clock.now();
            let changed = self.parts.store.mend_readings(self.fence, now, &self.parts.definitions, &rest, self.read_at).await?;
            self.changed += changed as u64;
            let readings: Vec<Reading> = rest.into_iter().map(|recorded| recorded.reading).collect();
            self.parts.hub.publish(now, &[], &readings);
            rest = next;
        }
        Ok(())
    }
}

/// The reading of a scope that did not exist.
fn nothing(kpi: &KpiId, scope: Scope, time: Timestamp) -> Reading {
    Reading {
        kpi: kpi.clone(),
        scope,
        time,
        value: None,
        numerator: None,
        denominator: None,
        samples: 0,
        coverage: None,
        quality: Quality::Missing,
        flags: Flags::default(),
        data_time: None,
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
