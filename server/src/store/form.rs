//! Entered figures: receipts, entries and reminders.
//!
//! It must never change a row of any of them: a correction is another entry.

use super::{Store, StoreError, micros::Micros, text::storable};
use jiff::Timestamp;
use taydo_model::form::{Current, Entry, Reminder, ReminderKind, Stated, Term};
use taydo_model::{DepartmentId, KpiId, Scope};
use tokio_postgres::Row;

/// The most entries of one KPI and scope that are listed.
const MAX_ENTRIES: i64 = 500;

/// A receipt that is to be given.
#[derive(Debug, Clone)]
pub struct NewReceipt<'a> {
    /// When.
    pub now: Timestamp,
    /// `page`, `upload` or `folder`.
    pub way: &'a str,
    /// Of whom the figures are.
    pub department: &'a DepartmentId,
    /// By which right they were sent.
    pub principal: &'a str,
    /// Who sent them.
    pub name: &'a str,
    /// The file's name, its SHA-256 and its size in bytes.
    pub file: Option<(&'a str, &'a str, u64)>,
    /// Rows that are taken, that were there already, and that are not taken.
    pub counts: [usize; 3],
}

/// A figure that is to be kept.
#[derive(Debug, Clone)]
pub struct NewEntry {
    /// The KPI.
    pub kpi: KpiId,
    /// For whom.
    pub scope: Scope,
    /// The term.
    pub term: Term,
    /// When it ends.
    pub end: Timestamp,
    /// How many figures of the term were kept before.
    pub revision: i32,
    /// In the KPI's unit.
    pub value: f64,
    /// What is said of it.
    pub stated: Stated,
    /// Why it is corrected.
    pub reason: String,
    /// Whether an unlikely jump was confirmed.
    pub confirmed: bool,
    /// The cell that it stood in.
    pub cell: Option<String>,
}

/// An entry whose observation isn't stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Unobserved {
    /// The KPI.
    pub kpi: KpiId,
    /// For whom.
    pub scope: Scope,
    /// When its term ends.
    pub end: Timestamp,
    /// The newest revision.
    pub revision: i32,
    /// In the KPI's unit.
    pub value: f64,
    /// What is said of it.
    pub stated: Stated,
}

impl Store {
    /// The figures that stand of these KPIs, whose terms ended at or after `since`.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn entered_figures(&self, kpis: &[KpiId], since: Timestamp) -> Result<Vec<(KpiId, Scope, Current)>, StoreError> {
        let sql = "SELECT DISTINCT ON (kpi, scope, term) kpi, scope, term, value, provisional, revision, e.recorded_at, r.name \
             FROM form_entry e JOIN form_receipt r ON r.id = e.receipt WHERE kpi = ANY($1) AND term_end >= $2 \
             ORDER BY kpi, scope, term, revision DESC";
        let kpis: Vec<&str> = kpis.iter().map(KpiId::as_str).collect();
        let rows = self.client().await?.query(sql, &[&kpis, &Micros::from(since)]).await?;
        rows.iter().map(|row| Ok((kpi(row.try_get(0)?)?, scope(row.try_get(1)?)?, current(row, 2)?))).collect()
    }

    /// Gives a receipt and keeps its entries, all or none. Returns the receipt's number.
    ///
    /// # Errors
    /// See [`StoreError`]; `Conflict` when somebody else has entered one of the figures meanwhile.
    pub async fn keep_entries(&self, receipt: &NewReceipt<'_>, entries: &[NewEntry]) -> Result<i64, StoreError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let now = Micros::from(receipt.now);
        let insert = "INSERT INTO form_receipt (recorded_at, way, department, principal, name, file, sha256, bytes, taken, unchanged, refused) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) RETURNING id";
        let file = receipt.file.map(|(name, _, _)| storable(name));
        let sha256 = receipt.file.map(|(_, sha256, _)| sha256);
        let bytes = receipt.file.and_then(|(_, _, bytes)| i64::try_from(bytes).ok());
        let [taken, unchanged, refused] = receipt.counts.map(|count| i32::try_from(count).unwrap_or(i32::MAX));
        let name = storable(receipt.name);
        let row = transaction
            .query_one(
                insert,
                &[
                    &now,
                    &receipt.way,
                    &receipt.department.as_str(),
                    &receipt.principal,
                    &name,
                    &file,
                    &sha256,
                    &bytes,
                    &taken,
                    &unchanged,
                    &refused,
                ],
            )
            .await?;
        let number: i64 = row.try_get(0)?;
        let insert = "INSERT INTO form_entry (receipt, recorded_at, kpi, scope, term, term_end, revision, value, provisional, reason, confirmed, cell) \
             SELECT $1, $2, * FROM unnest($3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::int[], $8::float8[], $9::bool[], $10::text[], \
             $11::bool[], $12::text[])";
        let column = |of: fn(&NewEntry) -> String| entries.iter().map(of).collect::<Vec<String>>();
        let (kpis, scopes, terms) =
            (column(|one| one.kpi.to_string()), column(|one| one.scope.to_string()), column(|one| one.term.to_string()));
        let ends: Vec<Micros> = entries.iter().map(|one| one.end.into()).collect();
        let revisions: Vec<i32> = entries.iter().map(|one| one.revision).collect();
        let values: Vec<f64> = entries.iter().map(|one| one.value).collect();
        let provisional: Vec<bool> = entries.iter().map(|one| one.stated == Stated::Provisional).collect();
        let reasons = column(|one| storable(&one.reason).into_owned());
        let confirmed: Vec<bool> = entries.iter().map(|one| one.confirmed).collect();
        let cells: Vec<Option<String>> = entries.iter().map(|one| one.cell.as_ref().map(|cell| storable(cell).into_owned())).collect();
        transaction
            .execute(
                insert,
                &[&number, &now, &kpis, &scopes, &terms, &ends, &revisions, &values, &provisional, &reasons, &confirmed, &cells],
            )
            .await?;
        transaction.commit().await?;
        Ok(number)
    }

    /// The receipt that the same file of the same department got before, when something of it was taken or was there already.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn receipt_of_file(&self, department: &DepartmentId, sha256: &str) -> Result<Option<i64>, StoreError> {
        let sql = "SELECT max(id) FROM form_receipt WHERE sha256 = $1 AND department = $2 AND taken + unchanged > 0";
        Ok(self.client().await?.query_one(sql, &[&sha256, &department.as_str()]).await?.try_get(0)?)
    }

    /// Every entry of a KPI and scope, the newest first.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn entries(&self, kpi: &KpiId, scope: &Scope) -> Result<Vec<Entry>, StoreError> {
        let sql = "SELECT term, value, provisional, revision, e.recorded_at, r.name, reason, confirmed, receipt, file, cell \
             FROM form_entry e JOIN form_receipt r ON r.id = e.receipt WHERE kpi = $1 AND scope = $2 ORDER BY e.id DESC LIMIT $3";
        let rows = self.client().await?.query(sql, &[&kpi.as_str(), &scope.to_string(), &MAX_ENTRIES]).await?;
        let entry = |row: &Row| {
            Ok(Entry {
                figure: current(row, 0)?,
                reason: row.try_get(6)?,
                confirmed: row.try_get(7)?,
                receipt: row.try_get(8)?,
                file: row.try_get(9)?,
                cell: row.try_get(10)?,
            })
        };
        rows.iter().map(entry).collect()
    }

    /// The newest entries of these KPIs that no observation of theirs follows yet: the process has ended in between, or the
    /// lanes took nothing.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn unobserved_entries(&self, kpis: &[KpiId]) -> Result<Vec<Unobserved>, StoreError> {
        let sql = "SELECT kpi, scope, term_end, revision, value, provisional FROM (SELECT DISTINCT ON (kpi, scope, term) * FROM form_entry \
             WHERE kpi = ANY($1) ORDER BY kpi, scope, term, revision DESC) newest WHERE NOT EXISTS (SELECT FROM series s \
             JOIN observation o ON o.series_id = s.id WHERE s.metric = newest.kpi AND o.time = newest.term_end AND o.revision >= newest.revision \
             AND s.labels = CASE WHEN newest.scope = 'city' THEN '{}'::jsonb \
             ELSE jsonb_build_object(split_part(newest.scope, ':', 1), split_part(newest.scope, ':', 2)) END)";
        let kpis: Vec<&str> = kpis.iter().map(KpiId::as_str).collect();
        let rows = self.client().await?.query(sql, &[&kpis]).await?;
        let unobserved = |row: &Row| {
            Ok(Unobserved {
                kpi: kpi(row.try_get(0)?)?,
                scope: scope(row.try_get(1)?)?,
                end: row.try_get::<_, Micros>(2)?.timestamp(),
                revision: row.try_get(3)?,
                value: row.try_get(4)?,
                stated: stated(row.try_get(5)?),
            })
        };
        rows.iter().map(unobserved).collect()
    }

    /// Keeps reminders that are decided now; returns how many of them weren't before.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn decide_reminders(&self, reminders: &[Reminder]) -> Result<u64, StoreError> {
        let sql = "INSERT INTO form_reminder (kpi, scope, term, kind, department, due, decided_at) SELECT * FROM unnest($1::text[], $2::text[], \
             $3::text[], $4::text[], $5::text[], $6::timestamptz[], $7::timestamptz[]) ON CONFLICT DO NOTHING";
        let column = |of: fn(&Reminder) -> String| reminders.iter().map(of).collect::<Vec<String>>();
        let (kpis, scopes, terms) =
            (column(|one| one.kpi.to_string()), column(|one| one.scope.to_string()), column(|one| one.term.to_string()));
        let (kinds, departments) = (column(|one| kind_text(one.kind).to_owned()), column(|one| one.department.to_string()));
        let dues: Vec<Micros> = reminders.iter().map(|one| one.due.into()).collect();
        let times: Vec<Micros> = reminders.iter().map(|one| one.time.into()).collect();
        Ok(self.client().await?.execute(sql, &[&kpis, &scopes, &terms, &kinds, &departments, &dues, &times]).await?)
    }

    /// The newest reminders, of one department or of all.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn reminders(&self, of: Option<&DepartmentId>, limit: u32) -> Result<Vec<Reminder>, StoreError> {
        let sql = "SELECT department, kpi, scope, term, kind, decided_at, due FROM form_reminder WHERE $1::text IS NULL OR department = $1 \
             ORDER BY decided_at DESC, kpi, scope, term DESC LIMIT $2";
        let of = of.map(DepartmentId::as_str);
        let rows = self.client().await?.query(sql, &[&of, &i64::from(limit)]).await?;
        let reminder = |row: &Row| {
            Ok(Reminder {
                department: DepartmentId::new(row.try_get::<_, &str>(0)?).map_err(|error| StoreError::Internal(error.into()))?,
                kpi: kpi(row.try_get(1)?)?,
                scope: scope(row.try_get(2)?)?,
                term: term(row.try_get(3)?)?,
                kind: if row.try_get::<_, &str>(4)? == kind_text(ReminderKind::Late) { ReminderKind::Late } else { ReminderKind::Soon },
                time: row.try_get::<_, Micros>(5)?.timestamp(),
                due: row.try_get::<_, Micros>(6)?.timestamp(),
            })
        };
        rows.iter().map(reminder).collect()
    }
}

/// A figure from five columns and the name, beginning at `at`.
fn current(row: &Row, at: usize) -> Result<Current, StoreError> {
    Ok(Current {
        term: term(row.try_get(at)?)?,
        value: row.try_get(at + 1)?,
        stated: stated(row.try_get(at + 2)?),
        revision: row.try_get(at + 3)?,
        recorded_at: row.try_get::<_, Micros>(at + 4)?.timestamp(),
        name: row.try_get(at + 5)?,
    })
}

fn stated(provisional: bool) -> Stated {
    if provisional { Stated::Provisional } else { Stated::Official }
}

fn kind_text(kind: ReminderKind) -> &'static str {
    match kind {
        ReminderKind::Soon => "soon",
        ReminderKind::Late => "late",
    }
}

fn kpi(text: &str) -> Result<KpiId, StoreError> {
    KpiId::new(text).map_err(|error| StoreError::Internal(error.into()))
}

fn scope(text: &str) -> Result<Scope, StoreError> {
    text.parse().map_err(|error: String| StoreError::internal(error))
}

fn term(text: &str) -> Result<Term, StoreError> {
    text.parse().map_err(|error: String| StoreError::internal(error))
}
