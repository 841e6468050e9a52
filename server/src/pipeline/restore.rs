//! From the store back into an engine: at a start, and where a lane's numbers have a hole.

use super::{Parts, closed, swap::Rebuilt};
use crate::store::{CommittedBatch, Fence, StoreError};
use jiff::{SignedDuration, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use taydo_engine::alert::{Evaluated, Watch};
use taydo_engine::{Batch, CaseVersion, Effects, Engine, Input, Position, Reopened, Series, Touched};
use taydo_model::{CaseKey, KpiId, MetricId};

/// How long an absence is recorded instant by instant. What was missed before is recorded only where data comes for it.
const LONGEST_ABSENCE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// An engine that knows what the store knows.
#[derive(Debug)]
pub(super) struct Restored {
    pub(super) engine: Engine,
    /// The last committed batch of each lane: all of them are in the engine now.
    pub(super) positions: Vec<Position>,
    /// What follows at once: the readings of the time that was missed, and what batches touched that no engine has consumed.
    pub(super) first: Effects,
}

/// Rebuilds the engine from the store.
pub(super) async fn restore(parts: &Parts, fence: &Fence, now: Timestamp) -> Result<Restored, StoreError> {
    let begun = parts.clock.instant();
    let mut engine = Engine::new(parts.definitions.clone(), now);
    resume(parts, now, &mut engine).await?;
    let unconsumed = Unconsumed::read(parts).await?;
    engine.restore(now, Batch { series: all_series(parts).await?, ..Batch::default() });

    let needed = engine.closed_needed(&unconsumed.spans);
    let bases: Vec<_> = needed.iter().map(|needed| (needed.span.kpi.clone(), needed.span.basis)).collect();
    parts.store.drop_other_panes(fence, &bases).await?;
    let mut rows = restore_closed(parts, fence, &mut engine, needed).await?;
    let changed: BTreeSet<&CaseKey> = unconsumed.cases.iter().map(|version| &version.key).collect();
    rows += fill(parts, now, &mut engine, &changed).await?;
    let mut touched: Vec<Touched> = unconsumed.spans.iter().flat_map(|(from, to)| engine.touched(*from, *to, None)).collect();
    // As news, so that the engine says itself what they touch; with them come the readings of the time that was missed.
    let mut first = engine.step(now, Input::Batch(Batch { cases: unconsumed.cases, ..Batch::default() }));
    first.recompute.append(&mut touched);
    tracing::info!(rows, duration_ms = begun.elapsed().as_millis(), "the engine is rebuilt from the store");
    Ok(Restored { engine, positions: unconsumed.positions, first })
}

/// The rules with what they remembered, and what follows from those that are gone.
pub(super) async fn watch(parts: &Parts, now: Timestamp) -> Result<(Watch, Evaluated), StoreError> {
    let (alerts, evaluations) = parts.store.alerts().await?;
    let mut watch = Watch::new(parts.definitions.clone(), now);
    let evaluated = watch.restore(alerts, evaluations, now);
    let asked: Vec<KpiId> = watch.remembers().cloned().collect();
    let steps = asked.iter().filter_map(|kpi| parts.definitions.kpi(kpi)).map(|kpi| i64::from(kpi.every_s) + i64::from(kpi.delay_s));
    if let Some(longest_s) = steps.max() {
        // After a longer absence the step before the next evaluation is one that was missed, and the engine records it first.
        let after = now.saturating_sub(SignedDuration::from_secs(2 * longest_s)).unwrap_or(now);
        watch.remember(&parts.store.newest_first_readings(&asked, after, now).await?);
    }
    Ok((watch, evaluated))
}

/// Rebuilds an engine that stands beside one that goes on: it is to know at least what the store has now.
pub(super) async fn rebuild(parts: &Parts, fence: &Fence, now: Timestamp, mut engine: Engine) -> Result<Rebuilt, StoreError> {
    let begun = parts.clock.instant();
    resume(parts, now, &mut engine).await?;
    engine.restore(now, Batch { series: all_series(parts).await?, ..Batch::default() });
    let needed = engine.closed_needed(&[]);
    let mut rows = restore_closed(parts, fence, &mut engine, needed).await?;
    rows += fill(parts, now, &mut engine, &BTreeSet::new()).await?;
    let mut positions = Vec::new();
    for position in parts.store.positions().await? {
        positions.push(batches_after(parts, position).await?.last().map_or(position, |batch| batch.position));
    }
    tracing::info!(rows, duration_ms = begun.elapsed().as_millis(), "the changed KPIs are rebuilt from the store");
    Ok(Rebuilt { engine, positions })
}

/// Tells the engine which instants of its KPIs are recorded.
async fn resume(parts: &Parts, now: Timestamp, engine: &mut Engine) -> Result<(), StoreError> {
    let oldest_absence = now.saturating_sub(LONGEST_ABSENCE).unwrap_or(now);
    let latest = parts.store.latest_readings().await?;
    // A KPI that was never recorded, though data had come, is owed the instants since that data: the process before may
    // have ended before its first one, or the KPI is new.
    let owed = parts.store.oldest_batch().await?;
    for kpi in &parts.definitions.kpis {
        if let Some(recorded) = latest.get(&kpi.id).copied().or(owed) {
            engine.resume_after(&kpi.id, recorded.max(oldest_absence));
        }
    }
    Ok(())
}

/// Gives the engine the rows that its windows reach back to, but for these cases. Returns how many there were.
async fn fill(parts: &Parts, now: Timestamp, engine: &mut Engine, but: &BTreeSet<&CaseKey>) -> Result<usize, StoreError> {
    let mut rows = 0;
    let anchored = engine.anchored();
    for (after, metrics) in by_moment(engine.samples_needed_from(now)) {
        let linked: Vec<MetricId> = metrics.iter().filter(|metric| anchored.contains(metric)).cloned().collect();
        if !linked.is_empty() {
            let mut anchors = parts.store.anchors(&parts.definitions, after, &linked).await?;
            while let Some(samples) = anchors.next().await? {
                rows += samples.len();
                engine.restore(now, Batch { samples, ..Batch::default() });
            }
        }
        let mut samples = parts.store.samples(&parts.definitions, after, Timestamp::MAX, Some(&metrics)).await?;
        while let Some(samples) = samples.next().await? {
            rows += samples.len();
            engine.restore(now, Batch { samples, ..Batch::default() });
        }
    }
    let mut cases = parts.store.cases(engine.relevant_cases_from(now)).await?;
    while let Some(mut cases) = cases.next().await? {
        rows += cases.len();
        cases.retain(|version| !but.contains(&version.key));
        engine.restore(now, Batch { cases, ..Batch::default() });
    }
    Ok(rows)
}

/// Hands the closed panes of long windows to the engine. Returns how many rows had to be read to make those that weren't
/// stored, or that lack what no engine has consumed.
async fn restore_closed(parts: &Parts, fence: &Fence, engine: &mut Engine, needed: Vec<Reopened>) -> Result<usize, StoreError> {
    let (mut rows, mut panes) = (0, 0);
    for Reopened { span, stale, .. } in needed {
        rows += closed::ensure(parts, fence, &span, &stale).await?;
        for slice in closed::slices(&span) {
            for pane in closed::read(parts, fence, &slice).await? {
                panes += usize::from(engine.restore_closed(&pane));
            }
        }
    }
    tracing::info!(panes, rows, "closed panes are back in the engine");
    Ok(rows)
}

/// The metrics that are needed from the same moment on, to be read together.
fn by_moment(needed: Vec<(MetricId, Timestamp)>) -> BTreeMap<Timestamp, Vec<MetricId>> {
    let mut metrics: BTreeMap<Timestamp, Vec<MetricId>> = BTreeMap::new();
    for (metric, from) in needed {
        metrics.entry(from).or_default().push(metric);
    }
    metrics
}

/// What was committed and never saved as consumed.
struct Unconsumed {
    positions: Vec<Position>,
    spans: Vec<(Timestamp, Timestamp)>,
    cases: Vec<CaseVersion>,
}

impl Unconsumed {
    async fn read(parts: &Parts) -> Result<Self, StoreError> {
        let mut found = Self { positions: Vec::new(), spans: Vec::new(), cases: Vec::new() };
        for position in parts.store.positions().await? {
            let batches = batches_after(parts, position).await?;
            found.positions.push(batches.last().map_or(position, |batch| batch.position));
            found.spans.extend(merged(batches.iter().filter_map(|batch| batch.span)));
            let mut cases = parts.store.cases_after(position).await?;
            while let Some(cases) = cases.next().await? {
                found.cases.extend(cases);
            }
        }
        Ok(found)
    }
}

/// What a lane committed after a position.
#[derive(Debug)]
pub(super) struct Missed {
    pub(super) batches: Vec<Batch>,
    pub(super) last: Option<Position>,
}

/// Reads again what a lane committed after this position: by the time ranges that its batches touched, so also rows of
/// other lanes, which the engine knows already and which change nothing.
pub(super) async fn read_after(parts: &Parts, after: Position) -> Result<Missed, StoreError> {
    let committed = batches_after(parts, after).await?;
    let last = committed.last().map(|batch| batch.position);
    let mut batches = vec![Batch { series: all_series(parts).await?, ..Batch::default() }];
    for (from, to) in merged(committed.iter().filter_map(|batch| batch.span)) {
        let mut samples = parts.store.samples(&parts.definitions, from, to, None).await?;
        while let Some(samples) = samples.next().await? {
            batches.push(Batch { samples, ..Batch::default() });
        }
    }
    let mut cases = parts.store.cases_after(after).await?;
    while let Some(cases) = cases.next().await? {
        batches.push(Batch { cases, ..Batch::default() });
    }
    batches.push(Batch { position: last, ..Batch::default() });
    Ok(Missed { batches, last })
}

/// All of a lane's batches after a position; the store gives them in parts.
async fn batches_after(parts: &Parts, position: Position) -> Result<Vec<CommittedBatch>, StoreError> {
    let mut batches: Vec<CommittedBatch> = Vec::new();
    loop {
        let last = batches.last().map_or(position, |batch| batch.position);
        let more = parts.store.batches_after(last).await?;
        if more.is_empty() {
            return Ok(batches);
        }
        batches.extend(more);
    }
}

async fn all_series(parts: &Parts) -> Result<Vec<Series>, StoreError> {
    Ok(parts.store.series().await?.into_iter().map(|(_, series)| series).collect())
}

/// Ranges in order, those that overlap made one.
fn merged(spans: impl Iterator<Item = (Timestamp, Timestamp)>) -> Vec<(Timestamp, Timestamp)> {
    let mut starts: BTreeMap<Timestamp, Timestamp> = BTreeMap::new();
    for (from, to) in spans {
        let end = starts.entry(from).or_insert(to);
        *end = (*end).max(to);
    }
    let mut merged: Vec<(Timestamp, Timestamp)> = Vec::new();
    for (from, to) in starts {
        match merged.last_mut() {
            Some(last) if from <= last.1 => last.1 = last.1.max(to),
            _ => merged.push((from, to)),
        }
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_that_overlap_become_one() {
        let at = |second| Timestamp::from_second(second).unwrap();
        let spans = [(5, 7), (1, 3), (2, 4), (9, 9), (5, 6)].map(|(from, to)| (at(from), at(to)));
        assert_eq!(merged(spans.into_iter()), [(1, 4), (5, 7), (9, 9)].map(|(from, to)| (at(from), at(to))));
    }
}
