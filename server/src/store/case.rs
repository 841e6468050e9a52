//! Cases: their present state, and every state that they have had.
//!
//! It must never let the order of arrival decide: of two states of one case the one with the larger (updated, hash) stays.

use super::{
    Store, StoreError,
    micros::{Micros, cut},
    session::{Rows, Session},
    text::{storable, storable_labels},
};
use jiff::Timestamp;
use std::{borrow::Cow, collections::HashMap};
use taydo_engine::{CaseVersion, Position};
use taydo_model::{Case, CaseId, CaseKey, Labels, SourceId};
use tokio_postgres::{Row, Statement, Transaction, types::Json};

/// How many cases one statement takes.
const CHUNK: usize = 5000;

macro_rules! columns {
    () => {
        "source, case_id, kind, department, area, opened, due, closed, updated, hash, labels, allowance, calendar, withdrawn, reopened"
    };
}

/// Writes states, with a row of history for each that won; returns the keys of those.
pub(super) const UPSERT: &str = concat!(
    "WITH new AS (SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::timestamptz[], \
     $7::timestamptz[], $8::timestamptz[], $9::timestamptz[], $10::bigint[], $11::jsonb[], $12::text[], $13::text[], $14::timestamptz[], \
     $15::timestamptz[]) AS new (",
    columns!(),
    ")), changed AS (INSERT INTO cases (",
    columns!(),
    ", version) SELECT *, 1 FROM new ON CONFLICT (source, case_id) DO UPDATE SET version = cases.version + 1, kind = excluded.kind, \
     department = excluded.department, area = excluded.area, opened = excluded.opened, due = excluded.due, closed = excluded.closed, \
     updated = excluded.updated, hash = excluded.hash, labels = excluded.labels, allowance = excluded.allowance, \
     calendar = excluded.calendar, withdrawn = excluded.withdrawn, reopened = excluded.reopened \
     WHERE (excluded.updated, excluded.hash) > (cases.updated, cases.hash) RETURNING *) \
     INSERT INTO case_version (",
    columns!(),
    ", version, lane, seq, recorded_at) SELECT ",
    columns!(),
    ", version, $16::smallint, $17::bigint, $18::timestamptz FROM changed RETURNING source, case_id"
);

/// Leaves of each case the state that wins, in the order of their keys, so that two writers never wait for each other in a circle.
pub(super) fn winners(cases: &[CaseVersion]) -> Vec<CaseVersion> {
    let mut cases = cases.to_vec();
    for version in &mut cases {
        version.updated = cut(version.updated);
        let case = &mut version.case;
        (case.opened, case.due, case.closed) = (cut(case.opened), case.due.map(cut), case.closed.map(cut));
        (case.withdrawn, case.reopened) = (case.withdrawn.map(cut), case.reopened.map(cut));
        case.updated = case.updated.map(cut);
    }
    cases.sort_by(|a, b| a.key.cmp(&b.key).then((b.updated, b.hash).cmp(&(a.updated, a.hash))));
    cases.dedup_by(|b, a| a.key == b.key);
    cases
}

/// Writes states that are [`winners`]; returns those that were new or replaced the stored one.
pub(super) async fn upsert(
    transaction: &Transaction<'_>,
    statement: &Statement,
    position: Position,
    now: Timestamp,
    cases: &[CaseVersion],
) -> Result<Vec<CaseVersion>, StoreError> {
    let mut changed = Vec::new();
    for chunk in cases.chunks(CHUNK) {
        let rows = Columns::of(chunk).insert(transaction, statement, position, now).await?;
        let by_key: HashMap<(&str, &str), &CaseVersion> =
            chunk.iter().map(|one| ((one.key.source.as_str(), one.key.id.as_str()), one)).collect();
        for row in rows {
            let key: (&str, &str) = (row.try_get(0)?, row.try_get(1)?);
            changed.extend(by_key.get(&key).map(|version| (*version).clone()));
        }
    }
    Ok(changed)
}

/// Cases by column, as one statement takes them.
#[derive(Default)]
struct Columns<'a> {
    source: Vec<&'a str>,
    id: Vec<&'a str>,
    kind: Vec<Cow<'a, str>>,
    department: Vec<Option<&'a str>>,
    area: Vec<Option<&'a str>>,
    opened: Vec<Micros>,
    due: Vec<Option<Micros>>,
    closed: Vec<Option<Micros>>,
    updated: Vec<Micros>,
    hash: Vec<i64>,
    labels: Vec<Json<Cow<'a, Labels>>>,
    allowance: Vec<Option<String>>,
    calendar: Vec<Option<&'a str>>,
    withdrawn: Vec<Option<Micros>>,
    reopened: Vec<Option<Micros>>,
}

impl<'a> Columns<'a> {
    fn of(cases: &'a [CaseVersion]) -> Self {
        let mut columns = Self::default();
        for version in cases {
            let case = &version.case;
            columns.source.push(version.key.source.as_str());
            columns.id.push(version.key.id.as_str());
            columns.kind.push(storable(&case.kind));
            columns.department.push(case.department.as_ref().map(AsRef::as_ref));
            columns.area.push(case.area.as_ref().map(AsRef::as_ref));
            columns.opened.push(case.opened.into());
            columns.due.push(case.due.map(Micros::from));
            columns.closed.push(case.closed.map(Micros::from));
            columns.updated.push(version.updated.into());
            columns.hash.push(version.hash);
            columns.labels.push(Json(storable_labels(&case.labels)));
            columns.allowance.push(case.allowance.map(String::from));
            columns.calendar.push(case.calendar.as_deref());
            columns.withdrawn.push(case.withdrawn.map(Micros::from));
            columns.reopened.push(case.reopened.map(Micros::from));
        }
        columns
    }

    async fn insert(
        &self,
        transaction: &Transaction<'_>,
        sql: &Statement,
        position: Position,
        now: Timestamp,
    ) -> Result<Vec<Row>, StoreError> {
        let now = Micros::from(now);
        let rows = transaction
            .query(
                sql,
                &[
                    &self.source,
                    &self.id,
                    &self.kind,
                    &self.department,
                    &self.area,
                    &self.opened,
                    &self.due,
                    &self.closed,
                    &self.updated,
                    &self.hash,
                    &self.labels,
                    &self.allowance,
                    &self.calendar,
                    &self.withdrawn,
                    &self.reopened,
                    &position.lane,
                    &position.seq,
                    &now,
                ],
            )
            .await?;
        Ok(rows)
    }
}

/// Cases, read in chunks.
#[derive(Debug)]
pub struct CaseStream(Rows);

impl CaseStream {
    /// The next chunk, of at most some thousands; `None` at the end.
    ///
    /// # Errors
    /// When the database can't be reached any more.
    pub async fn next(&mut self) -> Result<Option<Vec<CaseVersion>>, StoreError> {
        self.0.next(|row| decode(row).map(Some)).await
    }
}

fn decode(row: &Row) -> Result<CaseVersion, StoreError> {
    let wrong = |error: taydo_model::id::InvalidId| StoreError::Internal(error.into());
    let time = |at: usize| row.try_get::<_, Micros>(at).map(Micros::timestamp);
    let maybe_time = |at: usize| row.try_get::<_, Option<Micros>>(at).map(|time| time.map(Micros::timestamp));
    let id = CaseId::new(row.try_get::<_, &str>(1)?).map_err(wrong)?;
    let updated = time(8)?;
    Ok(CaseVersion {
        key: CaseKey { source: SourceId::new(row.try_get::<_, &str>(0)?).map_err(wrong)?, id: id.clone() },
        updated,
        hash: row.try_get(9)?,
        case: Case {
            id,
            kind: row.try_get(2)?,
            department: row.try_get::<_, Option<&str>>(3)?.map(str::parse).transpose().map_err(wrong)?,
            area: row.try_get::<_, Option<&str>>(4)?.map(str::parse).transpose().map_err(wrong)?,
            opened: time(5)?,
            due: maybe_time(6)?,
            closed: maybe_time(7)?,
            updated: Some(updated),
            labels: row.try_get::<_, Json<Labels>>(10)?.0,
            allowance: row.try_get::<_, Option<&str>>(11)?.map(str::parse).transpose().map_err(StoreError::internal)?,
            calendar: row.try_get(12)?,
            withdrawn: maybe_time(13)?,
            reopened: maybe_time(14)?,
        },
    })
}

impl Store {
    /// Cases that are open, or that were opened or closed at or after `relevant_from`.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn cases(&self, relevant_from: Timestamp) -> Result<CaseStream, StoreError> {
        const SQL: &str = concat!("SELECT ", columns!(), " FROM cases WHERE closed IS NULL OR closed >= $1 OR opened >= $1");
        let session = Session::connect(self.config(), "taydo cases", None).await?;
        Ok(CaseStream(Rows::of(session, SQL, &[&Micros::from(relevant_from)]).await?))
    }

    /// Cases that the lane's batches after this position changed, in their present state: what fills a gap.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn cases_after(&self, position: Position) -> Result<CaseStream, StoreError> {
        const SQL: &str = concat!(
            "SELECT ",
            columns!(),
            " FROM cases WHERE (source, case_id) IN (SELECT source, case_id FROM case_version WHERE lane = $1 AND seq > $2)"
        );
        let session = Session::connect(self.config(), "taydo cases", None).await?;
        Ok(CaseStream(Rows::of(session, SQL, &[&position.lane, &position.seq]).await?))
    }

    /// The cases of a source that are not closed, by id.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn open_cases(&self, source: &SourceId) -> Result<Vec<CaseVersion>, StoreError> {
        const SQL: &str = concat!("SELECT ", columns!(), " FROM cases WHERE source = $1 AND closed IS NULL ORDER BY case_id");
        let rows = self.client().await?.query(SQL, &[&source.as_str()]).await?;
        rows.iter().map(decode).collect()
    }
}
