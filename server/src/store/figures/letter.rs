//! The morning letter: its order, and the one row for each date that makes it the only one.
//!
//! It must never take a letter back: what was written for a date stays.

use crate::store::micros::Micros;
use crate::store::outbox::{NewPage, write_pages};
use crate::store::{Store, StoreError};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use taydo_model::letter::LetterOrder;
use taydo_model::{Flags, KpiId, Quality, Reading, Scope};
use tokio_postgres::Row;
use tokio_postgres::types::Json;

/// How far back a figure's last reading is looked for. What is older than that is no figure of today.
const LOOKED_BACK: SignedDuration = SignedDuration::from_hours(40 * 24);

/// The order as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredOrder {
    /// What was ordered.
    pub order: LetterOrder,
    /// When: turns before that are not made up for.
    pub since: Timestamp,
}

impl Store {
    /// Keeps the order.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn save_letter_order(&self, order: &LetterOrder, now: Timestamp) -> Result<(), StoreError> {
        let sql = "INSERT INTO letter_order (content, since) VALUES ($1, $2) ON CONFLICT (single) DO UPDATE \
            SET content = excluded.content, since = excluded.since";
        self.client().await?.execute(sql, &[&Json(order), &Micros::from(now)]).await?;
        Ok(())
    }

    /// The order; `None` when there is none.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn letter_order(&self) -> Result<Option<StoredOrder>, StoreError> {
        let row = self.client().await?.query_opt("SELECT content, since FROM letter_order", &[]).await?;
        let decode =
            |row: &Row| Ok(StoredOrder { order: row.try_get::<_, Json<_>>(0)?.0, since: row.try_get::<_, Micros>(1)?.timestamp() });
        row.as_ref().map(decode).transpose()
    }

    /// Whether the letter of a date is settled: written, or given up.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn has_letter(&self, date: Date) -> Result<bool, StoreError> {
        let sql = "SELECT EXISTS (SELECT FROM letter WHERE date = $1::text::date)";
        Ok(self.client().await?.query_one(sql, &[&date.to_string()]).await?.try_get(0)?)
    }

    /// Settles the letter of a date, with the pages that carry it, in one transaction; without content it is given up.
    /// `false` when it was settled already, and then nothing is written.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn settle_letter(
        &self,
        date: Date,
        content: Option<&Value>,
        pages: &[NewPage<'_>],
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut client = self.client().await?;
        let transaction = tokio_postgres::Client::transaction(&mut client).await?;
        let sql = "INSERT INTO letter (date, written_at, content) VALUES ($1::text::date, $2, $3) ON CONFLICT DO NOTHING";
        let is_first = transaction.execute(sql, &[&date.to_string(), &Micros::from(now), &content.map(Json)]).await? > 0;
        if is_first {
            write_pages(&transaction, pages, now).await?;
        }
        transaction.commit().await?;
        Ok(is_first)
    }

    /// The letter of a date as it was written; `None` when there is none.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn letter(&self, date: Date) -> Result<Option<Value>, StoreError> {
        let sql = "SELECT content FROM letter WHERE date = $1::text::date";
        let row = self.client().await?.query_opt(sql, &[&date.to_string()]).await?;
        Ok(row.map(|row| row.try_get::<_, Option<Json<Value>>>(0)).transpose()?.flatten().map(|content| content.0))
    }

    /// The city's last recorded readings of some KPIs at or before a moment; one that has none within 40 days is not in it.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn last_city_readings(&self, kpis: &[KpiId], at: Timestamp) -> Result<Vec<Reading>, StoreError> {
        let sql = "SELECT kpi.name, last.time, last.value, last.numerator, last.denominator, last.samples, last.coverage, last.quality, \
            last.flags, last.data_time FROM kpi CROSS JOIN LATERAL (SELECT * FROM reading WHERE kpi_id = kpi.id \
            AND scope_id = (SELECT id FROM scope WHERE name = 'city') AND time <= $2 AND time > $3 ORDER BY time DESC, revision DESC LIMIT 1) \
            AS last WHERE kpi.name = ANY($1)";
        let names: Vec<&str> = kpis.iter().map(KpiId::as_str).collect();
        let since = at.saturating_sub(LOOKED_BACK).unwrap_or(Timestamp::MIN);
        self.client().await?.query(sql, &[&names, &Micros::from(at), &Micros::from(since)]).await?.iter().map(reading).collect()
    }
}

fn reading(row: &Row) -> Result<Reading, StoreError> {
    Ok(Reading {
        kpi: super::parsed(row.try_get(0)?)?,
        scope: Scope::City,
        time: row.try_get::<_, Micros>(1)?.timestamp(),
        value: row.try_get(2)?,
        numerator: row.try_get(3)?,
        denominator: row.try_get(4)?,
        samples: row.try_get::<_, i64>(5)?.unsigned_abs(),
        coverage: row.try_get(6)?,
        quality: Quality::from_code(row.try_get(7)?),
        flags: Flags::from_code(row.try_get(8)?),
        data_time: row.try_get::<_, Option<Micros>>(9)?.map(Micros::timestamp),
    })
}
