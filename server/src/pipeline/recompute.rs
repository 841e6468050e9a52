//! Recomputing what late data, imports and absences touched: the same engine, over the stored rows, beside the live one.
//!
//! Ranges are gathered until they have been quiet for a moment, then mended by one job at a time. Lanes' positions that
//! came with a range are given on only when its job is done, so that after a crash the rows count as unconsumed and the
//! range is found again. What somebody asks for waits behind that, and runs piece by piece. Nothing here touches the live
//! engine.

use super::desk::{Asked, Standing};
use super::{Parts, closed};
use crate::clock::later;
use crate::http::refusal::chain;
use crate::store::{Fence, StoreError};
use jiff::Timestamp;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::atomic::Ordering;
use std::time::Duration;
use taydo_engine::recompute::{Needs, Plan, Run, SamplesNeeded};
use taydo_engine::{ClosedSpan, Position, Reclosed, Recorded, Reopened, Series, Touched};
use taydo_model::recompute::RecomputeJob;
use taydo_model::{Definitions, Flags, KpiId, Quality, Reading, Scope};
use tokio::task::JoinHandle;

/// A range is mended when none has been added for so long …
const QUIET: Duration = Duration::from_secs(2);
/// … or when the first has waited for so long.
const PATIENCE: Duration = Duration::from_secs(30);
/// After a failure a job is tried again so much later.
const RETRY: Duration = Duration::from_secs(5);
/// Grid instants that are computed before they are saved, so that years of them are never in memory at once.
const INSTANTS: u32 = 100;
/// Grid instants after which a job takes no further KPI: what is touched meanwhile must not wait for years of all others.
const JOB: u64 = 2_000;
/// Readings in one transaction.
const CHUNK: usize = 5_000;

pub(super) type Outcome = Result<Mended, StoreError>;

/// What a job has come to: how many instants were computed, and how many readings came out new or other than stored.
#[derive(Debug, Clone, Default)]
pub(super) struct Mended {
    instants: u64,
    changed: u64,
    /// Panes for the live engine in the place of those that late data touched.
    reclosed: Vec<Reclosed>,
}

/// What follows from a job's end.
#[derive(Debug, Default)]
pub(super) struct Finished {
    /// Positions that need no longer be held.
    pub(super) positions: Vec<Position>,
    /// Panes for the live engine.
    pub(super) reclosed: Vec<Reclosed>,
}

#[derive(Debug)]
pub(super) struct Recompute {
    parts: Parts,
    fence: Fence,
    /// What is to be mended, one range for each KPI.
    ranges: BTreeMap<KpiId, (Timestamp, Timestamp)>,
    /// Closed panes that late data touched.
    reopened: BTreeMap<KpiId, Reopened>,
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
    Touched { ranges: Vec<Touched>, reopened: Vec<Reopened>, positions: BTreeMap<i16, i64> },
    /// A piece of the first request.
    Asked,
}

impl Recompute {
    pub(super) fn new(parts: &Parts, fence: &Fence, standing: Standing) -> Self {
        Self {
            parts: parts.clone(),
            fence: fence.clone(),
            ranges: BTreeMap::new(),
            reopened: BTreeMap::new(),
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

    /// Takes closed panes that must be made again.
    pub(super) fn reopen(&mut self, now: Timestamp, reopened: Vec<Reopened>) {
        for one in reopened {
            self.since = Some((self.since.map_or(now, |(first, _)| first), now));
            self.standing.mending(true);
            match self.reopened.get_mut(&one.span.kpi).filter(|known| known.span.basis == one.span.basis) {
                Some(known) => known.join(one),
                None => {
                    self.reopened.insert(one.span.kpi.clone(), one);
                }
            }
        }
    }

    fn has_nothing_to_mend(&self) -> bool {
        self.ranges.is_empty() && self.reopened.is_empty()
    }

    fn is_mending(&self) -> bool {
        !self.has_nothing_to_mend() || matches!(self.job, Some(Job { work: Work::Touched { .. }, .. }))
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

    /// Starts what is due; `closed_until` says up to where the live engine has closed a KPI's panes.
    pub(super) fn start_if_due(&mut self, now: Timestamp, closed_until: impl Fn(&KpiId) -> Option<Timestamp>) {
        if self.due().is_none_or(|due| due > now) {
            return;
        }
        if self.touched_due().is_some_and(|due| due <= now) {
            // The live engine's next readings rest on panes that were made again, so those must not wait for other KPIs.
            let reopened = std::mem::take(&mut self.reopened);
            let ranges = self.take_ranges(|kpi| reopened.is_empty() || reopened.contains_key(kpi));
            let is_all = self.ranges.is_empty();
            self.since = self.since.filter(|_| !is_all);
            let positions = if is_all { std::mem::take(&mut self.held) } else { BTreeMap::new() };
            let reopened: Vec<Reopened> = reopened.into_values().collect();
            let tools = self.tools(&ranges, closed_until);
            let task = tokio::spawn(mend_touched(tools, ranges.clone(), reopened.clone()));
            self.job = Some(Job { work: Work::Touched { ranges, reopened, positions }, task });
        } else if let Some(asked) = self.asked.front() {
            let progress =
                Progress { standing: self.standing.clone(), job: asked.job, instants: asked.instants_done, changed: asked.changed };
            let piece: Vec<Touched> = asked.piece().cloned().into_iter().collect();
            let task = tokio::spawn(answer(self.tools(&piece, closed_until), piece, progress, asked.is_last()));
            self.job = Some(Job { work: Work::Asked, task });
        }
    }

    /// Takes of the ranges of these KPIs a job's fill, the shortest first.
    fn take_ranges(&mut self, is_wanted: impl Fn(&KpiId) -> bool) -> Vec<Touched> {
        let touched = |(kpi, (from, to)): (&KpiId, &(Timestamp, Timestamp))| Touched { kpi: kpi.clone(), from: *from, to: *to };
        let wanted = self.ranges.iter().filter(|(kpi, _)| is_wanted(kpi)).map(touched);
        let mut sized: Vec<(u64, Touched)> = wanted.map(|touched| (self.instants(&touched), touched)).collect();
        sized.sort_by_key(|(instants, _)| *instants);
        let mut begun = 0;
        let fill = sized.into_iter().take_while(|(instants, _)| {
            let has_room = begun < JOB;
            begun += instants;
            has_room
        });
        let taken: Vec<Touched> = fill.map(|(_, touched)| touched).collect();
        self.ranges.retain(|kpi, _| !taken.iter().any(|touched| touched.kpi == *kpi));
        taken
    }

    fn instants(&self, touched: &Touched) -> u64 {
        Plan::new(&self.parts.definitions, touched).map_or(0, |plan| plan.instants())
    }

    fn tools(&self, ranges: &[Touched], closed_until: impl Fn(&KpiId) -> Option<Timestamp>) -> Tools {
        let closed_until = ranges.iter().filter_map(|touched| Some((touched.kpi.clone(), closed_until(&touched.kpi)?))).collect();
        Tools { parts: self.parts.clone(), fence: self.fence.clone(), closed_until }
    }

    /// Resolves when the running job has ended; never when none runs.
    pub(super) async fn done(&mut self) -> Outcome {
        match &mut self.job {
            Some(job) => (&mut job.task).await.unwrap_or_else(|error| Err(StoreError::Internal(error.into()))),
            None => std::future::pending().await,
        }
    }

    /// Takes note of a job's end.
    pub(super) fn finished(&mut self, now: Timestamp, outcome: Outcome) -> Finished {
        let Some(job) = self.job.take() else { return Finished::default() };
        if let Ok(mended) = &outcome {
            self.standing.changed(mended.changed);
        }
        let finished = match (job.work, outcome) {
            (Work::Touched { positions, .. }, Ok(mended)) => {
                let mut positions = listed(positions);
                if self.has_nothing_to_mend() {
                    // These came while the job ran, for corrections that it had already been given.
                    positions.extend(listed(std::mem::take(&mut self.held)));
                }
                Finished { positions, reclosed: mended.reclosed }
            }
            (Work::Touched { ranges, reopened, positions }, Err(error)) => {
                tracing::warn!(error = %chain(&error), "a recompute failed and is tried again");
                self.add(now, ranges);
                self.reopen(now, reopened);
                self.not_before = later(now, RETRY);
                Finished { positions: self.hold(listed(positions)), ..Finished::default() }
            }
            (Work::Asked, outcome) => {
                self.answered(now, outcome);
                Finished::default()
            }
        };
        self.standing.mending(self.is_mending());
        finished
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

    /// Goes on by other definitions: what was being mended by the old ones is mended again by the new.
    /// Panes of a KPI that changed were made by its new definition when it was rebuilt.
    pub(super) fn redefine(&mut self, now: Timestamp, parts: &Parts) {
        let old = std::mem::replace(&mut self.parts, parts.clone()).definitions;
        if let Some(job) = self.job.take() {
            job.task.abort();
            if let Work::Touched { ranges, reopened, positions } = job.work {
                self.add(now, ranges);
                self.reopen(now, reopened);
                self.hold(listed(positions));
            }
        }
        let version = |definitions: &Definitions, kpi: &KpiId| definitions.kpi(kpi).map(|kpi| kpi.version.clone());
        self.reopened.retain(|kpi, _| version(&old, kpi) == version(&parts.definitions, kpi));
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
    fn tell(&self, instants: u64, changed: u64) {
        self.standing.running(Some((self.job, self.instants + instants, self.changed + changed)));
    }
}

/// What a job works with.
#[derive(Debug, Clone)]
struct Tools {
    parts: Parts,
    fence: Fence,
    /// Up to where the live engine had closed panes when the job began.
    closed_until: HashMap<KpiId, Timestamp>,
}

/// Makes the panes again that late data touched, recomputes with them, and reads them for the live engine.
async fn mend_touched(tools: Tools, ranges: Vec<Touched>, reopened: Vec<Reopened>) -> Outcome {
    for Reopened { span, stale, .. } in &reopened {
        closed::ensure(&tools.parts, &tools.fence, span, stale).await?;
    }
    let mut mended = mend(&tools, ranges, None).await?;
    for Reopened { span, recorded, .. } in reopened {
        let mut panes = Vec::new();
        for slice in closed::slices(&span) {
            panes.extend(closed::read(&tools.parts, &tools.fence, &slice).await?);
        }
        let ClosedSpan { kpi, basis, after, until, .. } = span;
        mended.reclosed.push(Reclosed { kpi, basis, after, until, computed: recorded, panes });
    }
    Ok(mended)
}

async fn mend(tools: &Tools, ranges: Vec<Touched>, progress: Option<Progress>) -> Outcome {
    let parts = &tools.parts;
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
        let tell = |instants: u64, changed: u64| {
            if let Some(progress) = &progress {
                progress.tell(all.instants + instants, all.changed + changed);
            }
        };
        let changed = mend_one(tools, plan, touched.from, &series, &tell).await?;
        all = Mended { instants: all.instants + instants, changed: all.changed + changed, ..all };
    }
    parts.counters.recomputes.fetch_add(ranges.len() as u64, Ordering::Relaxed);
    parts.counters.recorded.fetch_add(all.changed, Ordering::Relaxed);
    let Mended { instants, changed, .. } = all;
    tracing::info!(kpis = ranges.len(), instants, changed, duration_ms = begun.elapsed().as_millis(), "recomputed");
    Ok(all)
}

/// Computes a piece of a request, and notes the request's end when it is the last one.
async fn answer(tools: Tools, piece: Vec<Touched>, progress: Progress, is_last: bool) -> Outcome {
    progress.tell(0, 0);
    let mended = mend(&tools, piece, Some(progress.clone())).await?;
    if is_last {
        let parts = &tools.parts;
        parts.store.end_recompute(progress.job, progress.changed + mended.changed, None, parts.clock.now()).await?;
    }
    Ok(mended)
}

/// Runs one KPI's plan, from its first moment on. Returns how many readings were new or other than stored.
async fn mend_one(
    tools: &Tools,
    plan: Plan,
    from: Timestamp,
    series: &[Series],
    tell: &(dyn Fn(u64, u64) + Sync),
) -> Result<u64, StoreError> {
    let Tools { parts, fence, closed_until } = tools;
    let Needs { cases_after, samples, until } = plan.needs(closed_until.get(&plan.kpi().id).copied().unwrap_or(Timestamp::MIN));
    let every = Duration::from_secs(plan.kpi().every_s.max(1).into());
    let before = from.saturating_sub(jiff::SignedDuration::from_micros(1)).unwrap_or(from);
    let kpi = plan.kpi().id.clone();
    let read_at = parts.clock.now();
    let mut mending =
        Mending { parts, fence, kpi, every, from, read_at, complete: from, unsaved: Vec::new(), settled: before, changed: 0, tell };
    let wanted = |series: &&Series| samples.as_ref().is_some_and(|needed| needed.metrics.contains(&series.metric));
    let mut run = plan.run(series.iter().filter(wanted).cloned().collect());
    if let Some(after) = cases_after {
        let mut cases = parts.store.cases(after).await?;
        while let Some(chunk) = cases.next().await? {
            run.load_cases(chunk);
        }
    }
    if let Some(SamplesNeeded { closed, metrics, after, anchors }) = &samples {
        if *anchors {
            let mut anchors = parts.store.anchors(&parts.definitions, *after, metrics).await?;
            while let Some(chunk) = anchors.next().await? {
                run.load_samples(chunk);
            }
        }
        for span in closed {
            run = mending.take_closed(run, span).await?;
        }
        let mut samples = parts.store.samples(&parts.definitions, *after, until, Some(metrics)).await?;
        // A chunk's last moment may go on in the next one, so each is computed up to just before it.
        while let Some(chunk) = samples.next().await? {
            let complete = chunk.last().map_or(*after, |last| last.time).saturating_sub(jiff::SignedDuration::from_micros(1));
            run = mending.advance(run, chunk, complete.unwrap_or(*after)).await?;
        }
    }
    mending.advance(run, Vec::new(), until).await?;
    mending.settle().await?;
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
    /// Everything up to here is computed.
    complete: Timestamp,
    /// What was computed after `settled`.
    unsaved: Vec<Reading>,
    /// Everything up to here is saved, and what is stored and turned out not to have existed is retracted.
    settled: Timestamp,
    changed: u64,
    tell: &'a (dyn Fn(u64, u64) + Sync),
}

impl Mending<'_> {
    /// Hands the closed panes over, and computes what rests on them alone.
    async fn take_closed(&mut self, mut run: Run, span: &ClosedSpan) -> Result<Run, StoreError> {
        closed::ensure(self.parts, self.fence, span, &[]).await?;
        for slice in closed::slices(span) {
            run.load_closed(closed::read(self.parts, self.fence, &slice).await?);
            if slice.until >= self.from {
                run = self.advance(run, Vec::new(), slice.until).await?;
            }
        }
        Ok(run)
    }

    /// Computes what is complete up to `until` with this chunk, and saves as soon as enough is computed.
    async fn advance(&mut self, mut run: Run, mut chunk: Vec<taydo_engine::Sample>, until: Timestamp) -> Result<Run, StoreError> {
        loop {
            let next = later(self.complete, self.every * INSTANTS).min(until);
            let (resumed, readings) = advance(run, std::mem::take(&mut chunk), next).await?;
            run = resumed;
            self.unsaved.extend(readings);
            self.complete = self.complete.max(next);
            let done_s = self.complete.duration_since(self.from).unsigned_abs().as_secs();
            (self.tell)(done_s / self.every.as_secs().max(1), self.changed);
            if self.complete >= later(self.settled, self.every * INSTANTS) {
                self.settle().await?;
            }
            if self.complete >= until {
                return Ok(run);
            }
        }
    }

    /// Saves what is computed, and retracts the stored readings of scopes that turn out not to have existed at instants
    /// up to and including the last.
    async fn settle(&mut self) -> Result<(), StoreError> {
        let readings = std::mem::take(&mut self.unsaved);
        let stored = self.parts.store.present(&self.kpi, self.settled, self.complete).await?;
        let gone: Vec<Recorded> = {
            let computed: HashSet<(&Scope, Timestamp)> = readings.iter().map(|reading| (&reading.scope, reading.time)).collect();
            let gone = stored.into_iter().filter(|(scope, time)| !computed.contains(&(scope, *time)));
            gone.map(|(scope, time)| Recorded { reading: nothing(&self.kpi, scope, time), correction: true }).collect()
        };
        self.settled = self.complete;
        // As first readings: where an import fills an empty past they are, and the store finds out where they aren't.
        let first = readings.into_iter().map(|reading| Recorded { reading, correction: false });
        self.save(first.chain(gone).collect()).await
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
