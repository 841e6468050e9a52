//! From the store back into an engine: at a start, and where a lane's numbers have a hole.

use super::Parts;
use crate::store::StoreError;
use jiff::Timestamp;
use std::collections::BTreeMap;
use taydo_engine::{Batch, Effects, Engine, Input, Position, Touched};

/// An engine that knows what the store knows.
#[derive(Debug)]
pub(super) struct Restored {
    pub(super) engine: Engine,
    /// The last committed batch of each lane: all of them are in the engine now.
    pub(super) positions: Vec<Position>,
    /// Grid instants that passed while nobody computed, and ranges that unconsumed batches touched.
    pub(super) touched: Vec<Touched>,
}

/// Rebuilds the engine from the store.
pub(super) async fn restore(parts: &Parts, now: Timestamp) -> Result<Restored, StoreError> {
    let store = &parts.store;
    let mut engine = Engine::new(parts.definitions.clone(), now);
    let mut effects = Effects::default();
    let series = store.series().await?.into_iter().map(|(_, series)| series).collect();
    absorb(&mut effects, engine.step(now, Input::Batch(Batch { series, ..Batch::default() })));

    // Lanes first, rows after: what is committed in between is read, and comes again as a batch, which changes nothing.
    let mut positions = Vec::new();
    let mut unconsumed = Vec::new();
    for position in store.positions().await? {
        let batches = store.batches_after(position).await?;
        positions.push(batches.last().map_or(position, |batch| batch.position));
        unconsumed.extend(batches.into_iter().filter_map(|batch| batch.span));
    }
    let from = now.saturating_sub(engine.horizon()).unwrap_or(Timestamp::MIN);
    let oldest = unconsumed.iter().map(|(earliest, _)| *earliest).min().unwrap_or(from);
    let mut rows = 0_usize;
    let mut samples = store.samples(&parts.definitions, oldest.min(from), Timestamp::MAX, None).await?;
    while let Some(samples) = samples.next().await? {
        rows += samples.len();
        absorb(&mut effects, engine.step(now, Input::Batch(Batch { samples, ..Batch::default() })));
    }
    let mut cases = store.cases(engine.relevant_cases_from(now)).await?;
    while let Some(cases) = cases.next().await? {
        rows += cases.len();
        absorb(&mut effects, engine.step(now, Input::Batch(Batch { cases, ..Batch::default() })));
    }
    let mut touched = effects.recompute;
    touched.extend(absence(parts, now).await?);
    tracing::info!(rows, "the engine is rebuilt from the store");
    Ok(Restored { engine, positions, touched })
}

/// The grid instants that have passed since each KPI was last recorded.
async fn absence(parts: &Parts, now: Timestamp) -> Result<Vec<Touched>, StoreError> {
    let latest = parts.store.latest_readings().await?;
    let since = |kpi: &taydo_model::Kpi| latest.get(&kpi.id).copied().map(|from| Touched { kpi: kpi.id.clone(), from, to: now });
    Ok(parts.definitions.kpis.iter().filter_map(|kpi| since(kpi)).collect())
}

fn absorb(all: &mut Effects, more: Effects) {
    all.recompute.extend(more.recompute);
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
    let committed = parts.store.batches_after(after).await?;
    let last = committed.last().map(|batch| batch.position);
    let mut batches = vec![Batch { series: parts.store.series().await?.into_iter().map(|(_, series)| series).collect(), ..Batch::default() }];
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

/// Ranges in order, those that overlap made one.
fn merged(spans: impl Iterator<Item = (Timestamp, Timestamp)>) -> Vec<(Timestamp, Timestamp)> {
    let starts: BTreeMap<Timestamp, Timestamp> = spans.fold(BTreeMap::new(), |mut starts, (from, to)| {
        let end = starts.entry(from).or_insert(to);
        *end = (*end).max(to);
        starts
    });
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
