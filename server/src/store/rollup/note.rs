//! Notes: between which moments a series was written behind the mark, so that its rollups don't hold.
//!
//! It must never forget a note before its rows are seen by what is made again, nor write one that spans what was not touched
//! by more than an hour.

use super::{HOUR, MINUTE, floor};
use crate::store::{StoreError, micros::Micros};
use std::collections::{BTreeMap, HashMap};
use taydo_engine::Sample;
use tokio_postgres::{Client, Statement, Transaction};

/// Hours of series that are made again in one transaction. The others have their turn in the next.
const CELLS: usize = 5_000;
/// So many notes, and about so many entries of theirs, are read at a time. Under a flood of late rows most of them are about
/// hours that were noted already.
const NOTES: i64 = 5_000;
const ENTRIES: i64 = 500_000;

const INSERT: &str = "INSERT INTO rollup_note (series_ids, firsts, lasts) VALUES ($1, $2, $3)";
const READ: &str = "SELECT id, series_ids, firsts, lasts FROM \
    (SELECT *, sum(cardinality(series_ids)) OVER (ORDER BY id) - cardinality(series_ids) AS before FROM \
    (SELECT * FROM rollup_note ORDER BY id LIMIT $1) AS oldest) AS counted WHERE before < $2 ORDER BY id";
const FORGET: &str = "DELETE FROM rollup_note WHERE id = ANY($1)";

/// What a writer notes with.
#[derive(Debug)]
pub(in crate::store) struct Notes {
    until: Statement,
    insert: Statement,
}

impl Notes {
    pub(in crate::store) async fn prepare(client: &Client) -> Result<Self, tokio_postgres::Error> {
        Ok(Self { until: client.prepare("SELECT rollup_noted_until()").await?, insert: client.prepare(INSERT).await? })
    }

    /// Up to where rows must be noted, for a writer that commits next.
    pub(in crate::store) async fn until(&self, transaction: &Transaction<'_>) -> Result<Option<Micros>, tokio_postgres::Error> {
        transaction.query_one(&self.until, &[]).await?.try_get(0)
    }

    /// Notes those of the samples just written that lie before `until`: an entry for each series and hour.
    pub(in crate::store) async fn note(
        &self,
        transaction: &Transaction<'_>,
        until: Option<Micros>,
        samples: &[Sample],
    ) -> Result<(), StoreError> {
        let Some(until) = until else { return Ok(()) };
        let mut spans: HashMap<(i32, Micros), (Micros, Micros)> = HashMap::new();
        for (series, time) in samples.iter().map(|sample| (sample.series.0, Micros::from(sample.time))).filter(|(_, time)| *time < until) {
            let (first, last) = spans.entry((series, floor(time, HOUR))).or_insert((time, time));
            (*first, *last) = ((*first).min(time), (*last).max(time));
        }
        if spans.is_empty() {
            return Ok(());
        }
        let (series, (firsts, lasts)): (Vec<i32>, (Vec<Micros>, Vec<Micros>)) =
            spans.into_iter().map(|((series, _), span)| (series, span)).unzip();
        transaction.execute(&self.insert, &[&series, &firsts, &lasts]).await?;
        Ok(())
    }
}

/// Notes that were read, and what is to be made again because of them.
#[derive(Debug, Default)]
pub(super) struct Noted {
    ids: Vec<i64>,
    /// By series and hour: from when to when (without that) there are minutes to make, all within the hour.
    cells: BTreeMap<(i32, Micros), (Micros, Micros)>,
    pub(super) has_more: bool,
}

/// Hours of series in columns, as statements take them.
#[derive(Debug, Default)]
pub(super) struct Cells {
    pub(super) series: Vec<i32>,
    pub(super) hours: Vec<Micros>,
    pub(super) since: Vec<Micros>,
    pub(super) until: Vec<Micros>,
}

impl Noted {
    /// The oldest notes, and of the others those about the same hours, as far as they are read at a time.
    pub(super) async fn read(client: &Client) -> Result<Self, StoreError> {
        let rows = client.query(READ, &[&NOTES, &ENTRIES]).await?;
        let mut noted = Self::default();
        let mut entries = 0;
        for row in &rows {
            if noted.cells.len() >= CELLS {
                break;
            }
            let (series, firsts, lasts): (Vec<i32>, Vec<Micros>, Vec<Micros>) = (row.try_get(1)?, row.try_get(2)?, row.try_get(3)?);
            entries += series.len();
            series.into_iter().zip(firsts.into_iter().zip(lasts)).for_each(|(series, span)| noted.add(series, span));
            noted.ids.push(row.try_get(0)?);
        }
        let is_limited = |count: usize, limit: i64| i64::try_from(count).is_ok_and(|count| count >= limit);
        noted.has_more = noted.ids.len() < rows.len() || is_limited(rows.len(), NOTES) || is_limited(entries, ENTRIES);
        Ok(noted)
    }

    fn add(&mut self, series: i32, (first, last): (Micros, Micros)) {
        let (since, until) = (floor(first, MINUTE), Micros(floor(last, MINUTE).0.saturating_add(MINUTE)));
        let cell = self.cells.entry((series, floor(first, HOUR))).or_insert((since, until));
        *cell = (cell.0.min(since), cell.1.max(until));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Those whose rows are still there: the rollup of the others is all that is left. Rows of before `raw_from` were dropped.
    pub(super) fn cells(&self, raw_from: Option<Micros>) -> Cells {
        let mut cells = Cells::default();
        for ((series, hour), (since, until)) in self.cells.iter().filter(|((_, hour), _)| raw_from.is_none_or(|from| *hour >= from)) {
            cells.series.push(*series);
            cells.hours.push(*hour);
            cells.since.push(*since);
            cells.until.push(*until);
        }
        cells
    }

    /// Forgets the notes, before what follows in the transaction makes their minutes again.
    pub(super) async fn forget(&self, transaction: &Transaction<'_>) -> Result<(), StoreError> {
        transaction.execute(FORGET, &[&self.ids]).await?;
        Ok(())
    }
}
