//! The rows that the ingest bench stores, in the forms of each way in. All bodies are made before the clock runs.
//!
//! A part of the bench has its own millisecond within each step, so that no two parts ever write the same key.

use bytes::{BufMut, Bytes, BytesMut};
use std::fmt::Write;

/// Series of the bench's city.
pub const SERIES: u64 = 1_000;
/// Milliseconds between two values of a series.
const STEP_MS: i64 = 25;
/// A part of the longest kind takes so many milliseconds.
pub const PART_MS: i64 = 1_000 * STEP_MS;
/// Microseconds between 1970 and 2000, PostgreSQL's epoch.
const POSTGRES_EPOCH_US: i64 = 946_684_800_000_000;

/// Rows of one part: every series in turn, instant after instant.
#[derive(Debug, Clone, Copy)]
pub struct Rows {
    /// The first instant, milliseconds since 1970; parts differ in its last digits.
    first_ms: i64,
    /// How many rows.
    pub count: u64,
}

/// One row.
#[derive(Debug, Clone, Copy)]
struct Row {
    series: u64,
    ms: i64,
    value: f64,
}

impl Rows {
    /// So many rows of the bench's part of this number, from about this moment on. Parts that overlap have different numbers
    /// as long as they are fewer than a step has milliseconds.
    #[must_use]
    pub fn of_part(part: i64, about_ms: i64, count: u64) -> Self {
        Self { first_ms: about_ms / STEP_MS * STEP_MS + part % STEP_MS, count }
    }

    fn row(number: u64, first_ms: i64) -> Row {
        let instant = (number / SERIES).cast_signed();
        let value = (200 + (number.wrapping_mul(2_654_435_761) >> 7) % 600) as f64 / 10.0;
        Row { series: number % SERIES, ms: first_ms + instant * STEP_MS, value }
    }

    fn batches(self, size: u64) -> impl Iterator<Item = Vec<Row>> {
        let rows = move |from: u64| {
            (from..(from + size).min(self.count)).map(move |number| Self::row(number, self.first_ms)).collect::<Vec<Row>>()
        };
        (0..self.count).step_by(usize::try_from(size).unwrap_or(1)).map(rows)
    }

    /// Line protocol, times in milliseconds.
    #[must_use]
    pub fn lines(self, size: u64) -> Vec<Bytes> {
        let body = |rows: Vec<Row>| {
            let mut text = String::with_capacity(rows.len() * 48);
            for row in rows {
                let _ = writeln!(text, "road,asset=s{:04} speed={} {}", row.series, row.value, row.ms);
            }
            text.into()
        };
        self.batches(size).map(body).collect()
    }

    /// PostgreSQL's binary COPY, with the columns (time, value, series_id, revision).
    #[must_use]
    pub fn copies(self, size: u64) -> Vec<Bytes> {
        let body = |rows: Vec<Row>| {
            let mut out = BytesMut::with_capacity(rows.len() * 42 + 32);
            out.put_slice(b"PGCOPY\n\xff\r\n\0");
            out.put_u64(0);
            for row in rows {
                out.put_i16(4);
                out.put_i32(8);
                out.put_i64(row.ms * 1_000 - POSTGRES_EPOCH_US);
                out.put_i32(8);
                out.put_f64(row.value);
                out.put_i32(4);
                out.put_i32(i32::try_from(row.series).unwrap_or(0));
                out.put_i32(4);
                out.put_i32(0);
            }
            out.put_i16(-1);
            out.freeze()
        };
        self.batches(size).map(body).collect()
    }

    /// ThingsBoard messages of so many values of one asset, with their topics; one value: an object, else an array.
    #[must_use]
    pub fn messages(self, values: u64) -> Vec<(String, Bytes)> {
        let mut messages = Vec::new();
        let instants = self.count / SERIES;
        for first in (0..instants).step_by(usize::try_from(values).unwrap_or(1)) {
            for series in 0..SERIES {
                let of = |instant| {
                    let row = Self::row(instant * SERIES + series, self.first_ms);
                    format!("{{\"ts\":{},\"values\":{{\"speed\":{}}}}}", row.ms, row.value)
                };
                let objects: Vec<String> = (first..(first + values).min(instants)).map(of).collect();
                let body = if values == 1 { objects.concat() } else { format!("[{}]", objects.join(",")) };
                messages.push((format!("bench/s{series:04}"), body.into()));
            }
        }
        messages
    }
}

/// The bench's city: a file's name and its text, each. Its KPI is computed while rows come, as in real life.
#[must_use]
pub fn city() -> Vec<(&'static str, String)> {
    city_of(SERIES, "area")
}

/// The same city with so many sensors, whose KPI is computed for each scope of one kind, `area` or `asset`.
#[must_use]
pub fn city_of(sensors: u64, by: &str) -> Vec<(&'static str, String)> {
    let mut areas = String::new();
    for area in 0..20 {
        let _ = writeln!(areas, "a{area} = {{ name = \"Area {area}\" }}");
    }
    let mut assets = String::from("[defaults]\nowner = \"roads\"\ninterval = \"1s\"\nmetrics = [\"road.speed\"]\n\n[assets]\n");
    for series in 0..sensors {
        let _ = writeln!(
            assets,
            "s{series:04} = {{ name = \"Sensor {series}\", site = \"Road {}\", area = \"a{}\" }}",
            series / 10,
            series % 20
        );
    }
    let text = |name: &str| format!("{{ vi = \"{name}\", en = \"{name}\" }}");
    let city = format!(
        "format_version = 1\nid = \"bench\"\nname = {0}\nzone = \"UTC\"\npopulation = 1\n\n[areas]\n{areas}\n[departments]\nroads = {0}\n",
        text("Bench")
    );
    let metrics = format!("[road.speed]\ntitle = {}\nunit = \"km/h\"\nresolution = 0.1\nrange = [0, 200]\n", text("Speed"));
    let field = "fields = [{ name = \"speed\", metric = \"road.speed\", unit = \"km/h\" }]";
    let sources = format!(
        "[lines]\ntitle = {0}\nowner = \"roads\"\nway = \"line\"\n{field}\nmax_series = 2000\n\n\
         [devices]\ntitle = {0}\nowner = \"roads\"\nway = \"mqtt\"\ntopic = \"bench/{{asset}}\"\n{field}\nmax_series = 2000\n",
        text("Source")
    );
    let kpi = format!(
        "[road.speed]\ntitle = {}\nunit = \"km/h\"\nbetter = \"higher\"\nowner = \"roads\"\n\
         from = {{ observations = \"road.speed\", aggregate = \"mean\", window = \"5m\" }}\nby = [\"{by}\"]\n",
        text("Speed")
    );
    let board = format!("title = {}\ngrid = [12, 8]\npanels = [{{ at = [1, 1], size = [3, 2], value = \"road.speed\" }}]\n", text("Roads"));
    vec![
        ("city.toml", city),
        ("metrics.toml", metrics),
        ("assets/road.toml", assets),
        ("sources.toml", sources),
        ("kpis/road.toml", kpi),
        ("boards/roads.toml", board),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;
    use taydo_model::files::{File, check};

    #[test]
    fn the_city_is_sound() {
        let files: Vec<File> = city().into_iter().map(|(name, text)| File { name: name.to_owned(), text }).collect();
        let (definitions, problems) = check(&files);
        assert_eq!(problems, []);
        assert_eq!(definitions.assets.len(), 1_000);
    }

    #[test]
    fn every_form_has_every_row() {
        let rows = Rows { first_ms: 1_773_273_600_003, count: 3_000 };
        let lines: String = rows.lines(1_300).iter().map(|body| String::from_utf8(body.to_vec()).unwrap()).collect();
        assert_eq!(lines.lines().count(), 3_000);
        assert_eq!(lines.lines().nth(1_000), Some("road,asset=s0000 speed=58.2 1773273600028"));
        assert_eq!(rows.copies(1_000).len(), 3);
        assert_eq!(rows.copies(3_000)[0].len(), 19 + 3_000 * 42 + 2);
        assert_eq!(rows.messages(1).len(), 3_000);
        let packs = rows.messages(100);
        assert_eq!(packs.len(), 1_000);
        assert_eq!(
            packs[0].1,
            r#"[{"ts":1773273600003,"values":{"speed":20}},{"ts":1773273600028,"values":{"speed":58.2}},{"ts":1773273600053,"values":{"speed":36.5}}]"#
        );
    }
}
