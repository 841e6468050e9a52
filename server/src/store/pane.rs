//! Closed panes: what KPIs remember of the time in which nothing is corrected any more.
//!
//! They are derived from the observations and may be missing. It must never let a pane that an engine closed replace one
//! that was made again from rows, which knows more.

use super::{Fence, Store, StoreError, micros::Micros};
use jiff::Timestamp;
use taydo_engine::{ClosedPane, ClosedSpan};
use taydo_model::KpiId;
use tokio_postgres::Row;

/// How many panes one statement takes.
const CHUNK: usize = 500;

/// How a pane came to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Made {
    /// The engine closed it: one that is stored already stays.
    Closed,
    /// It was made again from the stored rows: it takes the place of what is stored.
    Again,
}

impl Store {
    /// Keeps panes.
    ///
    /// # Errors
    /// `FenceLost` when another process has taken the lease; see [`StoreError`].
    pub async fn keep_panes(&self, fence: &Fence, panes: &[ClosedPane], made: Made) -> Result<(), StoreError> {
        let sql = match made {
            Made::Closed => {
                "INSERT INTO pane (kpi, basis, until, content) SELECT * FROM unnest($1::text[], $2::bigint[], $3::timestamptz[], $4::bytea[]) \
                ON CONFLICT (kpi, basis, until) DO NOTHING"
            }
            Made::Again => {
                "INSERT INTO pane (kpi, basis, until, content) SELECT * FROM unnest($1::text[], $2::bigint[], $3::timestamptz[], $4::bytea[]) \
                ON CONFLICT (kpi, basis, until) DO UPDATE SET content = excluded.content"
            }
        };
        let mut client = self.client().await?;
        let transaction = tokio_postgres::Client::transaction(&mut client).await?;
        fence.check(&transaction).await?;
        for chunk in panes.chunks(CHUNK) {
            let kpis: Vec<&str> = chunk.iter().map(|pane| pane.kpi.as_str()).collect();
            let bases: Vec<i64> = chunk.iter().map(|pane| pane.basis).collect();
            let ends: Vec<Micros> = chunk.iter().map(|pane| Micros::from(pane.until)).collect();
            let contents: Vec<&[u8]> = chunk.iter().map(|pane| pane.content.as_slice()).collect();
            transaction.execute(sql, &[&kpis, &bases, &ends, &contents]).await?;
        }
        transaction.commit().await?;
        Ok(())
    }

    /// The ends of the span's stretches whose panes are stored, in order.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn pane_ends(&self, span: &ClosedSpan) -> Result<Vec<Timestamp>, StoreError> {
        let sql = "SELECT until FROM pane WHERE kpi = $1 AND basis = $2 AND until > $3 AND until <= $4 ORDER BY until";
        let (after, until) = (Micros::from(span.after), Micros::from(span.until));
        let rows = self.client().await?.query(sql, &[&span.kpi.as_str(), &span.basis, &after, &until]).await?;
        rows.iter().map(|row| Ok(row.try_get::<_, Micros>(0)?.timestamp())).collect()
    }

    /// The span's stored panes, in order. A stretch of a KPI of ten thousand series is a few hundred kilobytes: ask for
    /// a week at a time.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn panes(&self, span: &ClosedSpan) -> Result<Vec<ClosedPane>, StoreError> {
        let sql = "SELECT until, content FROM pane WHERE kpi = $1 AND basis = $2 AND until > $3 AND until <= $4 ORDER BY until";
        let (after, until) = (Micros::from(span.after), Micros::from(span.until));
        let rows = self.client().await?.query(sql, &[&span.kpi.as_str(), &span.basis, &after, &until]).await?;
        let decode = |row: &Row| {
            let until = row.try_get::<_, Micros>(0)?.timestamp();
            Ok(ClosedPane { kpi: span.kpi.clone(), basis: span.basis, until, content: row.try_get(1)? })
        };
        rows.iter().map(decode).collect()
    }

    /// Deletes the panes that these KPIs have from another basis than theirs now.
    ///
    /// # Errors
    /// `FenceLost` when another process has taken the lease; see [`StoreError`].
    pub async fn drop_other_panes(&self, fence: &Fence, bases: &[(KpiId, i64)]) -> Result<(), StoreError> {
        let sql = "DELETE FROM pane USING unnest($1::text[], $2::bigint[]) AS now (kpi, basis) WHERE pane.kpi = now.kpi AND pane.basis <> now.basis";
        let (kpis, bases): (Vec<&str>, Vec<i64>) = bases.iter().map(|(kpi, basis)| (kpi.as_str(), *basis)).unzip();
        let mut client = self.client().await?;
        let transaction = tokio_postgres::Client::transaction(&mut client).await?;
        fence.check(&transaction).await?;
        transaction.execute(sql, &[&kpis, &bases]).await?;
        transaction.commit().await?;
        Ok(())
    }
}
