//! Aggregates, states and suspect values: what the engine recorded is what SQL says of the same rows.

use super::*;
use taydo_model::Flags;

/// The end of the windows that the tests ask for.
const AT: &str = "2026-03-02T01:01:00Z";

/// Rows of a metric with the time of the moment asked for: `$1` the moment, in SQL that follows.
const ROWS: &str = "WITH row AS (SELECT s.labels->>'asset' AS asset, s.labels, o.time, o.value, o.state FROM observation o \
    JOIN series s ON s.id = o.series_id WHERE s.metric = '%' AND coalesce(o.state, 0) NOT IN (1, 2) AND o.time <= $1::text::timestamptz)";

async fn sql(small: &Small, metric: &str, select: &str) -> Option<f64> {
    let statement = format!("{} {select}", ROWS.replace('%', metric));
    small.database.client().await.query_one(&statement, &[&AT]).await.unwrap().get(0)
}

/// The last revision's numerator, denominator and flags, as they are stored.
async fn stored(small: &Small, kpi: &str) -> (Option<f64>, Option<f64>, Option<i16>) {
    let sql = "SELECT numerator, denominator, flags FROM reading r JOIN kpi k ON k.id = kpi_id JOIN scope s ON s.id = scope_id \
        WHERE k.name = $1 AND s.name = 'city' AND time = $2::text::timestamptz ORDER BY revision DESC LIMIT 1";
    let row = small.database.client().await.query_one(sql, &[&kpi, &AT]).await.unwrap();
    (row.get(0), row.get(1), row.get(2))
}

fn within(value: f64, share: f64) -> impl Fn(&Value) -> bool {
    move |point| point["value"].as_f64().is_some_and(|have| (have - value).abs() <= 1e-9 + share * value.abs())
}

fn stamp(second: i64) -> String {
    (START.parse::<jiff::Timestamp>().unwrap() + jiff::SignedDuration::from_secs(second)).to_string()
}

#[tokio::test]
async fn a_counters_increase_and_rate_survive_resets_and_equal_sql() {
    let small = Small::start().await;
    let mut batch = Vec::new();
    for (meter, begin, step, reset) in [("meter-1", 1000.0, 1.7, 99), ("meter-2", 50.3, 0.4, 5), ("meter-3", 0.0, 2.0, 99)] {
        let mut value = begin;
        for minute in -14..1 {
            value = if minute == -reset { 0.2 } else { value + step };
            // One meter was silent for seven minutes, so what it used then is told by one step.
            if !(meter == "meter-3" && (-12..-5).contains(&minute)) {
                batch.push(observation("meter.energy", meter, &stamp(minute * 60 + 20), value));
            }
        }
    }
    // Out of order, and one of them twice.
    batch.reverse();
    batch.push(batch[3].clone());
    let answer = small.centre.post("/api/v1/observations?source=api", &json!(batch)).await;
    assert_eq!(answer.body["accepted"], batch.len(), "{answer:?}");
    small.pass(70);
    let steps = "step AS (SELECT asset, time, value, lag(value) OVER w AS old, extract(epoch FROM time - lag(time) OVER w)::float8 AS took \
        FROM row WINDOW w AS (PARTITION BY labels ORDER BY time)), \
        grown AS (SELECT asset, CASE WHEN value < old THEN value ELSE value - old END AS by, took FROM step \
        WHERE old IS NOT NULL AND time > $1::text::timestamptz - interval '10 min')";
    for scope in ["city", "asset:meter-1", "asset:meter-2", "asset:meter-3"] {
        let only = if scope == "city" { "true".to_owned() } else { format!("'asset:' || asset = '{scope}'") };
        let increase = sql(&small, "meter.energy", &format!(", {steps} SELECT sum(by) FROM grown WHERE {only}")).await.unwrap();
        assert!(increase > 3.0, "{scope} {increase}");
        small.recorded("energy.increase", scope, AT, within(increase, 1e-12)).await;
        let rates = format!(
            ", {steps} SELECT sum(rate) FROM (SELECT sum(by) / (sum(took) / 3600) AS rate FROM grown WHERE {only} GROUP BY asset) r"
        );
        small.recorded("energy.rate", scope, AT, within(sql(&small, "meter.energy", &rates).await.unwrap(), 1e-12)).await;
    }
}

/// Stations whose values rise, jump, freeze, fail and are calibrated.
fn air() -> Vec<Value> {
    let mut batch = Vec::new();
    for (station, base) in [("air-1", 20.0), ("air-2", 45.0), ("air-3", 300.0)] {
        for minute in -20..1 {
            let (value, state) = match (station, minute) {
                ("air-1", -5) => (900.0, "normal"),
                ("air-1", -3) => (180.0, "normal"),
                ("air-2", -9..=-7) => (3.0, "calibrating"),
                ("air-2", -6..=-4) => (7.0, "fault"),
                ("air-2", 0) => (51.0, "provisional"),
                ("air-3", _) => (base, "normal"),
                _ => (base + f64::from(minute + 20) * 0.7, "normal"),
            };
            let mut one = observation("air.pm", station, &stamp(i64::from(minute) * 60 + 30), value);
            one["state"] = json!(state);
            batch.push(one);
        }
    }
    batch
}

#[tokio::test]
async fn percentiles_shares_and_means_over_time_equal_sql() {
    let small = Small::start().await;
    let answer = small.centre.post("/api/v1/observations?source=api", &json!(air())).await;
    assert_eq!(answer.body["accepted"], 63, "{answer:?}");
    small.pass(70);
    let inside = "FROM row WHERE time > $1::text::timestamptz - interval '15 min'";
    // The sketch is within 1/128 of the two samples that a percentile lies between.
    for (kpi, share) in [("air.median", 0.5), ("air.p90", 0.9)] {
        let want = sql(&small, "air.pm", &format!("SELECT percentile_cont({share}) WITHIN GROUP (ORDER BY value) {inside}")).await.unwrap();
        small.recorded(kpi, "city", AT, within(want, 1.0 / 128.0)).await;
    }
    let share = sql(&small, "air.pm", &format!("SELECT 100.0 * (count(*) FILTER (WHERE value > 50))::float8 / count(*) {inside}")).await;
    small.recorded("air.share", "city", AT, within(share.unwrap(), 1e-12)).await;
    let (beyond, all, _) = stored(&small, "air.share").await;
    assert_eq!(Some(share.unwrap().round()), beyond.zip(all).map(|(beyond, all)| (100.0 * beyond / all).round()));
    let stations = sql(&small, "air.pm", &format!("SELECT count(DISTINCT asset)::float8 {inside}")).await;
    small.recorded("air.stations", "city", AT, is(stations.unwrap())).await;
    let held = ", span AS (SELECT value, greatest(time, $1::text::timestamptz - interval '15 min') AS begin, \
        least(coalesce(lead(time) OVER (PARTITION BY labels ORDER BY time), $1::text::timestamptz), time + interval '5 min') AS until FROM row), \
        length AS (SELECT value, extract(epoch FROM until - begin)::float8 AS s FROM span WHERE until > begin) SELECT sum(value * s) / sum(s) FROM length";
    small.recorded("air.held", "city", AT, within(sql(&small, "air.pm", held).await.unwrap(), 1e-12)).await;
}

#[tokio::test]
async fn suspect_values_are_kept_flagged_and_left_out_where_the_definition_says_so() {
    let small = Small::start().await;
    small.centre.post("/api/v1/observations?source=api", &json!(air())).await;
    small.pass(70);
    let kept = sql(&small, "air.pm", "SELECT max(value) FROM row").await;
    assert_eq!(kept, Some(900.0));
    // Not possible, jumped, and the same for four minutes: none of them counts. What comes back from a jump does.
    let trusted = "SELECT avg(value) FROM row WHERE time > $1::text::timestamptz - interval '15 min' AND asset <> 'air-3' AND value < 100";
    small.recorded("air.trusted", "city", AT, within(sql(&small, "air.pm", trusted).await.unwrap(), 1e-12)).await;
    let flags = |flags: &[Flags]| flags.iter().fold(Flags::default(), |all, one| all.union(*one)).code();
    assert_eq!(stored(&small, "air.trusted").await.2, flags(&[Flags::PROVISIONAL]));
    small.recorded("air.share", "city", AT, |point| !point["value"].is_null()).await;
    assert_eq!(stored(&small, "air.share").await.2, flags(&[Flags::SUSPECT, Flags::PROVISIONAL]));
    small.recorded("air.enough", "city", AT, |point| point["quality"] == "missing").await;
    let (_, samples, few) = stored(&small, "air.enough").await;
    assert_eq!((samples, few), (Some(39.0), flags(&[Flags::SUSPECT, Flags::PROVISIONAL, Flags::TOO_FEW])));
}

#[tokio::test]
async fn a_restart_counts_growth_from_the_last_sample_before_it() {
    let mut small = Small::start().await;
    let send = async |small: &Small, second: i64, value: f64| {
        let batch = json!([observation("meter.energy", "meter-1", &stamp(second), value)]);
        assert_eq!(small.centre.post("/api/v1/observations?source=api", &batch).await.body["accepted"], 1);
    };
    send(&small, 0, 100.0).await;
    small.pass(70);
    small.centre.kill();
    small.clock.advance(jiff::SignedDuration::from_hours(30));
    small.centre =
        Centre::start(Setup { city: "tests/cities/mini", clock: Some(&small.clock), database: Some(&small.database), ..Setup::default() })
            .await;
    let now = 70 + 30 * 3600;
    send(&small, now, 172.5).await;
    small.pass(70);
    small.recorded("energy.increase", "city", &stamp(now + 50), is(72.5)).await;
}
