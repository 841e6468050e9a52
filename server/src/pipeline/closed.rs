//! Closed panes on their way from the store to an engine: what is stored is read, and what isn't, or is stale, is made again
//! from the rows and kept.
//!
//! Only spans that the live engine has closed may come here: what is kept of an open one would lack what is still to come.

use super::Parts;
use crate::store::{Fence, Made, StoreError};
use jiff::{SignedDuration, Timestamp};
use taydo_engine::refold::{Refold, missing};
use taydo_engine::{ClosedPane, ClosedSpan, Sample, Series};

/// How much of a span is read at once.
const SLICE: SignedDuration = SignedDuration::from_hours(7 * 24);

/// Makes the span's panes that aren't stored, and the stale ones. Returns how many rows were read for that.
pub(super) async fn ensure(parts: &Parts, fence: &Fence, span: &ClosedSpan, stale: &[(Timestamp, Timestamp)]) -> Result<usize, StoreError> {
    let missing = missing(span, &parts.store.pane_ends(span).await?, stale);
    if missing.is_empty() {
        return Ok(0);
    }
    let all = parts.store.series().await?.into_iter().map(|(_, series)| series);
    let series: Vec<Series> = all.filter(|series| series.metric == span.metric).collect();
    let mut rows = 0;
    for part in missing {
        rows += make(parts, fence, &part, series.clone()).await?;
    }
    tracing::info!(kpi = %span.kpi, after = %span.after, until = %span.until, rows, "made panes again from the rows");
    Ok(rows)
}

async fn make(parts: &Parts, fence: &Fence, span: &ClosedSpan, series: Vec<Series>) -> Result<usize, StoreError> {
    let mut refold = Refold::new(&parts.definitions, span, series);
    let metric = std::slice::from_ref(&span.metric);
    let mut samples = parts.store.samples(&parts.definitions, refold.samples_after(), span.until, Some(metric)).await?;
    let mut rows = 0;
    while let Some(chunk) = samples.next().await? {
        rows += chunk.len();
        let (resumed, panes) = take(refold, chunk).await?;
        refold = resumed;
        parts.store.keep_panes(fence, &panes, Made::Again).await?;
    }
    let left = tokio::task::spawn_blocking(move || refold.finish()).await.map_err(|error| StoreError::Internal(error.into()))?;
    parts.store.keep_panes(fence, &left, Made::Again).await?;
    Ok(rows)
}

/// Folds away from the threads that serve.
async fn take(mut refold: Refold, chunk: Vec<Sample>) -> Result<(Refold, Vec<ClosedPane>), StoreError> {
    let folded = tokio::task::spawn_blocking(move || {
        let panes = refold.take(chunk);
        (refold, panes)
    });
    folded.await.map_err(|error| StoreError::Internal(error.into()))
}

/// The panes of a slice that was ensured, in order.
pub(super) async fn read(parts: &Parts, fence: &Fence, slice: &ClosedSpan) -> Result<Vec<ClosedPane>, StoreError> {
    let panes = parts.store.panes(slice).await?;
    if panes.iter().all(ClosedPane::is_readable) {
        return Ok(panes);
    }
    tracing::warn!(kpi = %slice.kpi, after = %slice.after, until = %slice.until, "stored panes can't be read and are made again");
    ensure(parts, fence, slice, &[(slice.after, slice.until)]).await?;
    parts.store.panes(slice).await
}

/// A span in slices that are read one after the other.
pub(super) fn slices(span: &ClosedSpan) -> impl Iterator<Item = ClosedSpan> + use<> {
    let span = span.clone();
    let mut after = span.after;
    std::iter::from_fn(move || {
        let begin = after;
        after = begin.saturating_add(SLICE).unwrap_or(Timestamp::MAX).min(span.until);
        (begin < after).then(|| ClosedSpan { after: begin, until: after, ..span.clone() })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_is_its_slices() {
        let day = |day: i64| Timestamp::from_second(day * 86_400).unwrap();
        let span = |after, until| ClosedSpan {
            kpi: "k".parse().unwrap(),
            metric: "m".parse().unwrap(),
            basis: 1,
            stretch: SignedDuration::from_hours(1),
            after: day(after),
            until: day(until),
        };
        assert_eq!(slices(&span(0, 16)).collect::<Vec<_>>(), [span(0, 7), span(7, 14), span(14, 16)]);
        assert_eq!(slices(&span(3, 3)).count(), 0);
    }
}
