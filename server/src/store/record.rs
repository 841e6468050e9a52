//! Stored records, page by page: observations by series and time, cases by when they were opened.
//!
//! It must never read on past a page's end, nor read of a case what may name a person.

use super::{
    Store, StoreError,
    micros::Micros,
    reader::{ReadError, Reader},
};
use jiff::Timestamp;
use taydo_model::record::{CaseRecord, CaseStatus, ObservationLine, SeriesLine, Step};
use taydo_model::{AreaId, CaseId, DepartmentId, Labels, MetricId, SampleState, SourceId, why::PROCEDURE};
use tokio_postgres::{Row, types::Json};

/// Series that one page looks at: a page of many empty ones ends early.
const SERIES: usize = 500;

/// Which observations.
#[derive(Debug, Clone)]
pub struct ObservationsWanted {
    /// Of this metric.
    pub metric: MetricId,
    /// Of this series.
    pub series: Option<i32>,
    /// Only series with these labels.
    pub labels: Labels,
    /// `from ≤ time < to`
    pub range: (Timestamp, Timestamp),
    /// One by one, or by rollup.
    pub step: Step,
    /// The last series and time of the page before.
    pub after: Option<(i32, Timestamp)>,
    /// At most so many.
    pub limit: usize,
}

/// A page of observations.
#[derive(Debug, Clone, Default)]
pub struct Observations {
    /// Their series, those without any left out.
    pub series: Vec<SeriesLine>,
    /// By series, then time.
    pub lines: Vec<ObservationLine>,
    /// Where the next page goes on; `None` after the last one.
    pub next: Option<(i32, Timestamp)>,
}

/// Which cases.
#[derive(Debug, Clone, Default)]
#[allow(missing_docs)]
pub struct CasesWanted {
    pub kind: Option<String>,
    pub department: Option<DepartmentId>,
    pub area: Option<AreaId>,
    pub status: Option<CaseStatus>,
    /// `from ≤ opened < to`
    pub opened: (Option<Timestamp>, Option<Timestamp>),
    /// `from ≤ closed < to`
    pub closed: (Option<Timestamp>, Option<Timestamp>),
    /// The last case of the page before.
    pub after: Option<(Timestamp, String, String)>,
    /// At most so many.
    pub limit: usize,
}

impl Store {
    /// A page of observations.
    ///
    /// # Errors
    /// `NotKept` for a rollup that this database has not; see [`ReadError`].
    pub async fn observations(&self, wanted: &ObservationsWanted) -> Result<Observations, ReadError> {
        let reader = self.course_reader().await?;
        let series = series(&reader, wanted).await?;
        let mut page = Observations::default();
        // One more series than is looked at says where the next page begins.
        let (looked_at, beyond) = series.split_at(series.len().min(SERIES));
        for one in looked_at {
            let left = wanted.limit.saturating_sub(page.lines.len());
            let after = wanted.after.filter(|(series, _)| *series == one.id).map(|(_, time)| time);
            let lines = lines(&reader, wanted, one.id, after, left).await?;
            if !lines.is_empty() {
                page.series.push(one.clone());
                page.lines.extend(lines);
            }
            if page.lines.len() >= wanted.limit {
                page.next = page.lines.last().map(|line| (line.series, line.time));
                return Ok(page);
            }
        }
        page.next = beyond.first().map(|one| (one.id, Timestamp::MIN));
        Ok(page)
    }

    /// A page of cases, and whether there are more.
    ///
    /// # Errors
    /// See [`ReadError`].
    pub async fn case_records(&self, wanted: &CasesWanted) -> Result<(Vec<CaseRecord>, bool), ReadError> {
        let reader = self.reader().await?;
        let sql = "SELECT source, case_id, kind, department, area, labels ->> $13, opened, due, closed, withdrawn, reopened, updated FROM cases \
            WHERE ($1::text IS NULL OR kind = $1) AND ($2::text IS NULL OR department = $2) AND ($3::text IS NULL OR area = $3) \
            AND opened >= coalesce($4::timestamptz, '-infinity') AND opened < coalesce($5::timestamptz, 'infinity') \
            AND ($6::timestamptz IS NULL OR closed >= $6) AND ($7::timestamptz IS NULL OR closed < $7) \
            AND CASE $8::text WHEN 'open' THEN closed IS NULL WHEN 'closed' THEN closed IS NOT NULL WHEN 'withdrawn' THEN withdrawn IS NOT NULL ELSE true END \
            AND (opened, source, case_id) > (coalesce($9::timestamptz, '-infinity'), $10::text, $11::text) \
            ORDER BY opened, source, case_id LIMIT $12";
        let moment = |time: Option<Timestamp>| time.map(Micros::from);
        let (after, source, id) =
            wanted.after.as_ref().map_or((None, "", ""), |(time, source, id)| (Some(Micros::from(*time)), source.as_str(), id.as_str()));
        let statement = reader.client.prepare_cached(sql).await?;
        let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 13] = [
            &wanted.kind,
            &wanted.department.as_ref().map(DepartmentId::as_str),
            &wanted.area.as_ref().map(AreaId::as_str),
            &moment(wanted.opened.0),
            &moment(wanted.opened.1),
            &moment(wanted.closed.0),
            &moment(wanted.closed.1),
            &wanted.status.map(super::word),
            &after,
            &source,
            &id,
            &i64::try_from(wanted.limit.saturating_add(1)).unwrap_or(i64::MAX),
            &PROCEDURE,
        ];
        let rows = reader.client.query(&statement, &parameters).await?;
        let cases: Vec<CaseRecord> = rows.iter().take(wanted.limit).map(case).collect::<Result<_, StoreError>>()?;
        Ok((cases, rows.len() > wanted.limit))
    }
}

/// The series that are wanted, from the one of the page before on.
async fn series(reader: &Reader, wanted: &ObservationsWanted) -> Result<Vec<SeriesLine>, ReadError> {
    // Two statements, because each is planned once for whatever is asked.
    let one = if wanted.series.is_some() { "id = $3" } else { "$3::int IS NULL" };
    let sql =
        format!("SELECT id, source, labels FROM series WHERE metric = $1 AND labels @> $2 AND {one} AND id >= $4 ORDER BY id LIMIT $5");
    let statement = reader.client.prepare_cached(&sql).await?;
    let (from, limit) = (wanted.after.map_or(0, |(series, _)| series), i64::try_from(SERIES.saturating_add(1)).unwrap_or(i64::MAX));
    let rows = reader.client.query(&statement, &[&wanted.metric.as_str(), &Json(&wanted.labels), &wanted.series, &from, &limit]).await?;
    let decode = |row: &Row| {
        let source = SourceId::new(row.try_get::<_, &str>(1)?).map_err(|error| StoreError::Internal(error.into()))?;
        Ok(SeriesLine { id: row.try_get(0)?, source, labels: row.try_get::<_, Json<Labels>>(2)?.0 })
    };
    Ok(rows.iter().map(decode).collect::<Result<_, StoreError>>()?)
}

/// One series' lines, from a moment on.
async fn lines(
    reader: &Reader,
    wanted: &ObservationsWanted,
    series: i32,
    after: Option<Timestamp>,
    limit: usize,
) -> Result<Vec<ObservationLine>, ReadError> {
    let columns_and_relation = match wanted.step {
        Step::Raw => "value, state FROM observation",
        Step::Minute => "last, NULL::smallint, min, max, sum, count FROM observation_1m",
        Step::Hour => "last, NULL::smallint, min, max, sum, count FROM observation_1h",
        Step::Day => "last, NULL::smallint, min, max, sum, count FROM observation_1d",
    };
    let sql = format!(
        "SELECT time, {columns_and_relation} WHERE series_id = $1 AND time >= $2 AND time < $3 \
         AND time > coalesce($4::timestamptz, '-infinity') ORDER BY time LIMIT $5"
    );
    let statement = reader.client.prepare_cached(&sql).await?;
    let (from, to) = (Micros::from(wanted.range.0), Micros::from(wanted.range.1));
    let after = after.filter(|after| *after > Timestamp::MIN).map(Micros::from);
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let rows = reader.client.query(&statement, &[&series, &from, &to, &after, &limit]).await?;
    let is_raw = wanted.step == Step::Raw;
    Ok(rows.iter().map(|row| line(row, series, is_raw)).collect::<Result<_, StoreError>>()?)
}

fn line(row: &Row, series: i32, is_raw: bool) -> Result<ObservationLine, StoreError> {
    let state = SampleState::from_code(row.try_get(2)?);
    let of_several = |column: usize| if is_raw { Ok(None) } else { row.try_get::<_, Option<f64>>(column) };
    Ok(ObservationLine {
        series,
        time: row.try_get::<_, Micros>(0)?.timestamp(),
        value: row.try_get(1)?,
        state: (state != SampleState::Normal).then_some(state),
        min: of_several(3)?,
        max: of_several(4)?,
        sum: of_several(5)?,
        count: if is_raw { None } else { row.try_get(6)? },
    })
}

fn case(row: &Row) -> Result<CaseRecord, StoreError> {
    let wrong = |error: taydo_model::id::InvalidId| StoreError::Internal(error.into());
    let moment = |column: usize| row.try_get::<_, Option<Micros>>(column).map(|time| time.map(Micros::timestamp));
    let time = |column: usize| row.try_get::<_, Micros>(column).map(Micros::timestamp);
    Ok(CaseRecord {
        source: SourceId::new(row.try_get::<_, &str>(0)?).map_err(wrong)?,
        id: CaseId::new(row.try_get::<_, &str>(1)?).map_err(wrong)?,
        kind: row.try_get(2)?,
        department: row.try_get::<_, Option<&str>>(3)?.map(DepartmentId::new).transpose().map_err(wrong)?,
        area: row.try_get::<_, Option<&str>>(4)?.map(AreaId::new).transpose().map_err(wrong)?,
        procedure: row.try_get(5)?,
        opened: time(6)?,
        due: moment(7)?,
        closed: moment(8)?,
        withdrawn: moment(9)?,
        reopened: moment(10)?,
        updated: time(11)?,
    })
}
