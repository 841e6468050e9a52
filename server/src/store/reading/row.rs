//! A reading as a row: for COPY, and by column for an insert from arrays.
//!
//! It must never disagree with itself: both ways write the same columns.

use crate::store::micros::Micros;
use bytes::{BufMut, BytesMut};
use tokio_postgres::types::ToSql;

pub(super) const COPY: &str = "COPY reading (kpi_id, scope_id, time, revision, recorded_at, definition_id, value, numerator, \
    denominator, coverage, samples, quality, flags, data_time) FROM STDIN BINARY";

pub(super) const INSERT: &str = "INSERT INTO reading (kpi_id, scope_id, time, revision, recorded_at, definition_id, value, numerator, \
    denominator, coverage, samples, quality, flags, data_time) \
    SELECT new.kpi_id, new.scope_id, new.time, coalesce(old.revision, 0) + 1, $13, new.definition_id, new.value, new.numerator, \
    new.denominator, new.coverage, new.samples, new.quality, new.flags, new.data_time \
    FROM unnest($1::int[], $2::int[], $3::timestamptz[], $4::int[], $5::float8[], $6::float8[], $7::float8[], $8::float8[], \
    $9::bigint[], $10::smallint[], $11::smallint[], $12::timestamptz[]) \
    AS new (kpi_id, scope_id, time, definition_id, value, numerator, denominator, coverage, samples, quality, flags, data_time) \
    LEFT JOIN LATERAL (SELECT * FROM reading WHERE reading.kpi_id = new.kpi_id AND reading.scope_id = new.scope_id \
    AND reading.time = new.time ORDER BY reading.revision DESC LIMIT 1) AS old ON true \
    WHERE old.revision IS NULL OR old.recorded_at <= coalesce($14::timestamptz, 'infinity') AND (old.value, old.numerator, old.denominator, old.samples, old.quality, old.flags, old.definition_id) \
    IS DISTINCT FROM (new.value, new.numerator, new.denominator, new.samples, new.quality, new.flags, new.definition_id) \
    RETURNING kpi_id, scope_id, time";

/// One reading, its names as numbers.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Row {
    pub(super) kpi: i32,
    pub(super) scope: i32,
    pub(super) time: Micros,
    pub(super) definition: i32,
    pub(super) value: Option<f64>,
    pub(super) numerator: Option<f64>,
    pub(super) denominator: Option<f64>,
    pub(super) coverage: Option<f64>,
    pub(super) samples: i64,
    pub(super) quality: i16,
    /// NULL where there is none.
    pub(super) flags: Option<i16>,
    pub(super) data_time: Option<Micros>,
    /// Not a column: whether an earlier revision is to be expected.
    pub(super) correction: bool,
}

impl Row {
    /// Writes itself as a first revision in the binary COPY format.
    pub(super) fn put(&self, recorded_at: Micros, out: &mut BytesMut) {
        let int = |value: i32, out: &mut BytesMut| {
            out.put_u32(4);
            out.put_i32(value);
        };
        let long = |value: i64, out: &mut BytesMut| {
            out.put_u32(8);
            out.put_i64(value);
        };
        out.put_u16(14);
        int(self.kpi, out);
        int(self.scope, out);
        long(self.time.wire(), out);
        int(1, out);
        long(recorded_at.wire(), out);
        int(self.definition, out);
        for value in [self.value, self.numerator, self.denominator, self.coverage] {
            match value {
                Some(value) => {
                    out.put_u32(8);
                    out.put_f64(value);
                }
                None => out.put_i32(-1),
            }
        }
        long(self.samples, out);
        out.put_u32(2);
        out.put_i16(self.quality);
        match self.flags {
            Some(flags) => {
                out.put_u32(2);
                out.put_i16(flags);
            }
            None => out.put_i32(-1),
        }
        match self.data_time {
            Some(time) => long(time.wire(), out),
            None => out.put_i32(-1),
        }
    }
}

/// Rows by column.
#[derive(Default)]
pub(super) struct Columns {
    kpi: Vec<i32>,
    scope: Vec<i32>,
    time: Vec<Micros>,
    definition: Vec<i32>,
    value: Vec<Option<f64>>,
    numerator: Vec<Option<f64>>,
    denominator: Vec<Option<f64>>,
    coverage: Vec<Option<f64>>,
    samples: Vec<i64>,
    quality: Vec<i16>,
    flags: Vec<Option<i16>>,
    data_time: Vec<Option<Micros>>,
}

impl Columns {
    pub(super) fn of(rows: &[Row]) -> Self {
        let mut columns = Self::default();
        for row in rows {
            columns.kpi.push(row.kpi);
            columns.scope.push(row.scope);
            columns.time.push(row.time);
            columns.definition.push(row.definition);
            columns.value.push(row.value);
            columns.numerator.push(row.numerator);
            columns.denominator.push(row.denominator);
            columns.coverage.push(row.coverage);
            columns.samples.push(row.samples);
            columns.quality.push(row.quality);
            columns.flags.push(row.flags);
            columns.data_time.push(row.data_time);
        }
        columns
    }

    /// In the order of [`INSERT`]'s parameters.
    pub(super) fn parameters<'a>(&'a self, recorded_at: &'a Micros, read_at: &'a Option<Micros>) -> [&'a (dyn ToSql + Sync); 14] {
        [
            &self.kpi,
            &self.scope,
            &self.time,
            &self.definition,
            &self.value,
            &self.numerator,
            &self.denominator,
            &self.coverage,
            &self.samples,
            &self.quality,
            &self.flags,
            &self.data_time,
            recorded_at,
            read_at,
        ]
    }
}
