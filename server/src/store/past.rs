//! The past as it was shown: readings, incidents and definitions by the time at which they were recorded.
//!
//! Connections of its own, which the database lets read alone, with a limit for each statement. It must never use the
//! connections of the present, nor look past the instant that it is asked for.

use super::history::decode_reading;
use super::incident::{COLUMNS, IncidentRow, decode};
use super::micros::Micros;
use super::{Store, StoreError, session};
use deadpool_postgres::Pool;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::fmt;
use taydo_model::incident::IncidentId;
use taydo_model::incident::log::LogLine;
use taydo_model::kpi::Dimension;
use taydo_model::wire::Knowledge;
use taydo_model::{KpiId, Reading, Scope};
use tokio_postgres::Row;
use tokio_postgres::types::Json;

/// How old a reading may be that still counts as the newest: no grid is wider than a day, and after two without any the
/// centre itself was not there.
pub const LOOK_BACK: SignedDuration = SignedDuration::from_hours(48);

/// What the log says that changes how an incident stands.
const TELLING: [&str; 9] = ["opened", "acknowledged", "joined", "taken", "snoozed", "triggered", "resolved", "resolved_by_hand", "merged"];

/// The wanted figures by their numbers: pairs of a KPI and a scope, and all scopes of a KPI's dimension.
const FIGURE: &str = "figure AS MATERIALIZED (SELECT kpi.id AS kpi_id, scope.id AS scope_id, kpi.name AS kpi, scope.name AS scope \
    FROM unnest($1::text[], $2::text[]) AS wanted (kpi, scope) JOIN kpi ON kpi.name = wanted.kpi JOIN scope ON scope.name = wanted.scope \
    UNION SELECT kpi.id, scope.id, kpi.name, scope.name FROM unnest($3::text[], $4::text[]) AS ranked (kpi, dimension) \
    JOIN kpi ON kpi.name = ranked.kpi JOIN scope ON starts_with(scope.name, ranked.dimension || ':'))";

/// As `decode_reading` takes them, with the names after them.
const READING: &str = "time, value, numerator, denominator, samples, coverage, quality, flags, data_time";

/// Which figures are read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Figures {
    /// One scope each.
    pub single: Vec<(KpiId, Scope)>,
    /// All scopes of a dimension.
    pub ranked: Vec<(KpiId, Dimension)>,
}

impl Figures {
    fn columns(&self) -> [Vec<String>; 4] {
        let word = |dimension: &Dimension| super::word(*dimension);
        [
            self.single.iter().map(|(kpi, _)| kpi.to_string()).collect(),
            self.single.iter().map(|(_, scope)| scope.to_string()).collect(),
            self.ranked.iter().map(|(kpi, _)| kpi.to_string()).collect(),
            self.ranked.iter().map(|(_, dimension)| word(dimension)).collect(),
        ]
    }

    fn is_empty(&self) -> bool {
        self.single.is_empty() && self.ranked.is_empty()
    }
}

/// A stretch of time, without its beginning and with its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    /// After this.
    pub after: Timestamp,
    /// Up to this.
    pub until: Timestamp,
}

/// A way to the past. A copy is the same.
#[derive(Clone)]
pub struct Past(Pool);

impl fmt::Debug for Past {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Past").finish_non_exhaustive()
    }
}

impl Store {
    /// A way to the past, with connections of its own.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub fn past(&self) -> Result<Past, StoreError> {
        Ok(Past(session::past_pool(self.config())?))
    }
}

impl Past {
    /// The newest reading of each figure as it was shown at `at`, or as it is known now for it.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn newest(&self, figures: &Figures, at: Timestamp, known: Knowledge) -> Result<Vec<Reading>, StoreError> {
        if figures.is_empty() {
            return Ok(Vec::new());
        }
        let sql = format!(
            "WITH {FIGURE} SELECT newest.*, kpi, scope FROM figure, LATERAL (SELECT {READING} FROM reading \
             WHERE reading.kpi_id = figure.kpi_id AND reading.scope_id = figure.scope_id AND time > $5 AND time <= $6 \
             AND recorded_at <= coalesce($7::timestamptz, 'infinity') ORDER BY time DESC, revision DESC LIMIT 1) AS newest"
        );
        let [kpis, scopes, ranked, dimensions] = figures.columns();
        let (oldest, recorded) = (Micros::from(before(at, LOOK_BACK)), (known == Knowledge::Then).then(|| Micros::from(at)));
        let client = self.0.get().await?;
        let rows = client.query(&sql, &[&kpis, &scopes, &ranked, &dimensions, &oldest, &Micros::from(at), &recorded]).await?;
        rows.iter().map(|row| decode_named(row, 9)).collect()
    }

    /// What the figures' readings came to in a stretch of time, with the instant at which each was first to be seen, in
    /// their order: revisions by when they were recorded, or the newest revisions by the instants that they are for. Those
    /// that are for an instant more than `span` before the stretch are left out. At most `limit`.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn recorded(
        &self,
        figures: &Figures,
        stretch: Stretch,
        span: SignedDuration,
        known: Knowledge,
        limit: u32,
    ) -> Result<Vec<(Timestamp, Reading)>, StoreError> {
        if figures.is_empty() {
            return Ok(Vec::new());
        }
        let sql = match known {
            Knowledge::Then => format!(
                "WITH {FIGURE} SELECT {READING}, kpi, scope, recorded_at FROM reading JOIN figure USING (kpi_id, scope_id) \
                 WHERE recorded_at > $5 AND recorded_at <= $6 AND time > $7 AND time <= $6 ORDER BY recorded_at, time, revision LIMIT $8"
            ),
            Knowledge::Now => format!(
                "WITH {FIGURE} SELECT * FROM (SELECT DISTINCT ON (kpi_id, scope_id, time) {READING}, kpi, scope, time AS seen_at \
                 FROM reading JOIN figure USING (kpi_id, scope_id) WHERE time > greatest($5::timestamptz, $7) AND time <= $6 \
                 ORDER BY kpi_id, scope_id, time, revision DESC) AS newest ORDER BY seen_at LIMIT $8"
            ),
        };
        let [kpis, scopes, ranked, dimensions] = figures.columns();
        let (after, until) = (Micros::from(stretch.after), Micros::from(stretch.until));
        let oldest = Micros::from(before(stretch.after, span.max(LOOK_BACK)));
        let client = self.0.get().await?;
        let rows = client.query(&sql, &[&kpis, &scopes, &ranked, &dimensions, &after, &until, &oldest, &i64::from(limit)]).await?;
        rows.iter().map(|row| Ok((row.try_get::<_, Micros>(11)?.timestamp(), decode_named(row, 9)?))).collect()
    }

    /// Which definition set was put in force when, up to `until`, in order.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn definition_loads(&self, until: Timestamp) -> Result<Vec<(Timestamp, String)>, StoreError> {
        let sql = "SELECT loaded_at, hash FROM definition_load WHERE loaded_at <= $1 \
            OR loaded_at = (SELECT min(loaded_at) FROM definition_load) ORDER BY loaded_at";
        let rows = self.0.get().await?.query(sql, &[&Micros::from(until)]).await?;
        rows.iter().map(|row| Ok((row.try_get::<_, Micros>(0)?.timestamp(), row.try_get(1)?))).collect()
    }

    /// The files of a definition set.
    ///
    /// # Errors
    /// `Internal` where there is no such set; see [`StoreError`].
    pub async fn definition_files(&self, hash: &str) -> Result<BTreeMap<String, String>, StoreError> {
        let row = self.0.get().await?.query_opt("SELECT files FROM definition_set WHERE hash = $1", &[&hash]).await?;
        let row = row.ok_or_else(|| StoreError::internal(format!("there is no definition set {hash}")))?;
        Ok(row.try_get::<_, Json<BTreeMap<String, String>>>(0)?.0)
    }

    /// The incidents that were open at `at`, and those that were over later than `closed_since`, the newest first: their
    /// rows as they are now.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn incidents(&self, at: Timestamp, closed_since: Timestamp, limit: u32) -> Result<Vec<IncidentRow>, StoreError> {
        let sql = format!(
            "SELECT {COLUMNS} FROM incident WHERE opened_at <= $1 AND (resolved_at IS NULL OR resolved_at > $2) ORDER BY id DESC LIMIT $3"
        );
        let rows = self.0.get().await?.query(&sql, &[&Micros::from(at), &Micros::from(closed_since), &i64::from(limit)]).await?;
        rows.iter().map(decode).collect()
    }

    /// Some incidents' rows as they are now, by their numbers.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn incidents_by_id(&self, ids: &[IncidentId]) -> Result<Vec<IncidentRow>, StoreError> {
        let sql = format!("SELECT {COLUMNS} FROM incident WHERE id = ANY($1) ORDER BY id");
        let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
        self.0.get().await?.query(&sql, &[&ids]).await?.iter().map(decode).collect()
    }

    /// The lines up to `at` that say how these incidents stand, each group's in order.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn incident_lines(&self, incidents: &[IncidentId], at: Timestamp) -> Result<Vec<LogLine>, StoreError> {
        let sql = "SELECT line FROM incident_log WHERE incidents && $1::bigint[] AND at <= $2 AND line->>'what' = ANY($3) \
            ORDER BY group_id, number";
        let ids: Vec<i64> = incidents.iter().map(|id| id.0).collect();
        let rows = self.0.get().await?.query(sql, &[&ids, &Micros::from(at), &TELLING.as_slice()]).await?;
        rows.iter().map(|row| Ok(row.try_get::<_, Json<LogLine>>(0)?.0)).collect()
    }

    /// The lines of a stretch of time that say how incidents stand, in order; at most `limit`.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn lines_between(&self, stretch: Stretch, limit: u32) -> Result<Vec<LogLine>, StoreError> {
        let sql = "SELECT line FROM incident_log WHERE at > $1 AND at <= $2 AND line->>'what' = ANY($3) \
            ORDER BY at, group_id, number LIMIT $4";
        let (after, until) = (Micros::from(stretch.after), Micros::from(stretch.until));
        let rows = self.0.get().await?.query(sql, &[&after, &until, &TELLING.as_slice(), &i64::from(limit)]).await?;
        rows.iter().map(|row| Ok(row.try_get::<_, Json<LogLine>>(0)?.0)).collect()
    }
}

fn before(time: Timestamp, by: SignedDuration) -> Timestamp {
    time.checked_sub(by).unwrap_or(Timestamp::MIN)
}

/// A reading whose KPI and scope stand in columns `at` and the next.
fn decode_named(row: &Row, at: usize) -> Result<Reading, StoreError> {
    let kpi = KpiId::new(row.try_get::<_, &str>(at)?).map_err(|error| StoreError::Internal(error.into()))?;
    let scope: Scope = row.try_get::<_, &str>(at + 1)?.parse().map_err(StoreError::internal)?;
    decode_reading(row, &kpi, &scope)
}
