//! Long windows: what is closed is kept, late data makes it again, and a restart reads it instead of the rows.

use super::*;

/// The same as the engine's windows, in SQL: `$1` is the moment.
const ROWS: &str = "SELECT % FROM observation o JOIN series s ON s.id = o.series_id \
    WHERE s.metric = 'probe.value' AND o.time <= $1::text::timestamptz AND o.time > ";
const YEAR: &str = "date_trunc('year', $1::text::timestamptz - interval '1 us', 'Asia/Ho_Chi_Minh')";
const DAY: &str = "date_trunc('day', $1::text::timestamptz - interval '1 us', 'Asia/Ho_Chi_Minh')";
const THIRTY_DAYS: &str = "$1::text::timestamptz - interval '30 days'";

/// A centre of the city of long windows.
async fn long(clock: &MovedClock, database: &Database) -> Centre {
    Centre::start(Setup { city: "tests/cities/long", clock: Some(clock), database: Some(database), ..Setup::default() }).await
}

async fn started() -> Small {
    let (clock, database) = (MovedClock::at(START), Database::fresh().await);
    let centre = long(&clock, &database).await;
    Small { clock, database, centre }
}

async fn sql(small: &Small, aggregate: &str, after: &str, at: &str) -> f64 {
    let statement = format!("{}{after}", ROWS.replace('%', aggregate));
    small.database.client().await.query_one(&statement, &[&at]).await.unwrap().get(0)
}

async fn send(small: &Small, observations: Vec<Value>) {
    let answer = small.centre.post("/api/v1/observations?source=api", &json!(observations)).await;
    assert_eq!(answer.body["accepted"], observations.len(), "{answer:?}");
}

/// Every reading of the moment is what SQL says of the rows.
async fn all_equal_sql(small: &Small, at: &str) {
    for (kpi, aggregate, after) in
        [("probe.year", "sum(value)", YEAR), ("probe.today", "avg(value)", DAY), ("probe.thirty", "max(value)", THIRTY_DAYS)]
    {
        let wanted = sql(small, aggregate, after, at).await;
        small.recorded(kpi, "city", at, is(wanted)).await;
    }
}

fn an_hour(small: &Small) {
    for _ in 0..60 {
        small.clock.advance(jiff::SignedDuration::from_mins(1));
    }
}

#[tokio::test]
async fn a_restart_reads_closed_panes_in_the_place_of_a_years_rows() {
    let mut small = started().await;
    // The last moment of the old year, the first of the new one, and some each day since: long before anything is in time.
    let mut history = vec![
        observation("probe.value", "probe-01", "2025-12-31T17:00:00Z", 1000.0),
        observation("probe.value", "probe-01", "2025-12-31T17:00:00.000001Z", 0.125),
    ];
    for day in 0..58 {
        let time = "2026-01-02T03:04:05Z".parse::<jiff::Timestamp>().unwrap() + jiff::SignedDuration::from_hours(24 * day);
        history.push(observation("probe.value", ["probe-01", "probe-02"][day as usize % 2], &time.to_string(), 1.0 + day as f64));
    }
    send(&small, history).await;
    send(&small, vec![observation("probe.value", "probe-03", "2026-03-02T00:59:30Z", 7.0)]).await;
    small.pass(40);
    an_hour(&small);
    all_equal_sql(&small, "2026-03-02T02:00:00Z").await;

    // From here on the past is known from its panes alone: without them the next readings would be other ones.
    let closed = "SELECT count(*) FROM pane WHERE kpi = 'probe.year' AND until > '2026-01-01' AND until <= '2026-03-02'";
    let enough =
        || async { (small.database.client().await.query_one(closed, &[]).await.unwrap().get::<_, i64>(0) >= 60 * 24).then_some(()) };
    eventually("a year's panes are kept", Duration::from_secs(20), enough).await;
    an_hour(&small);
    let at = "2026-03-02T03:00:00Z";
    all_equal_sql(&small, at).await;
    let year = sql(&small, "sum(value)", YEAR, at).await;
    // What was never noted as consumed would be read from the rows once more.
    let consumed =
        "SELECT EXISTS (SELECT FROM lane) AND NOT EXISTS (SELECT FROM ingest_batch b JOIN lane USING (lane) WHERE b.seq > lane.seq)";
    let all = || async { small.database.client().await.query_one(consumed, &[]).await.unwrap().get::<_, bool>(0).then_some(()) };
    eventually("every batch is consumed", Duration::from_secs(20), || async {
        small.clock.advance(jiff::SignedDuration::from_millis(100));
        all().await
    })
    .await;
    small.centre.kill();
    small.database.client().await.execute("DELETE FROM observation WHERE time < '2026-02-25'", &[]).await.unwrap();
    small.centre = long(&small.clock, &small.database).await;
    send(&small, vec![observation("probe.value", "probe-03", "2026-03-02T03:00:20Z", 5.0)]).await;
    an_hour(&small);
    small.recorded("probe.year", "city", "2026-03-02T04:00:00Z", is(year + 5.0)).await;
}

#[tokio::test]
async fn late_data_makes_closed_panes_again_for_the_past_and_for_what_is_still_to_come() {
    let small = started().await;
    send(&small, vec![observation("probe.value", "probe-03", "2026-03-02T00:59:30Z", 7.0)]).await;
    an_hour(&small);
    an_hour(&small);
    all_equal_sql(&small, "2026-03-02T03:00:00Z").await;
    // It counts from February on, also where it replaces what the panes hold.
    send(&small, vec![observation("probe.value", "probe-01", "2026-02-10T10:10:10Z", 30.0)]).await;
    send(&small, vec![observation("probe.value", "probe-03", "2026-03-02T00:59:30Z", 9.0)]).await;
    an_hour(&small);
    for at in ["2026-03-02T02:00:00Z", "2026-03-02T03:00:00Z", "2026-03-02T04:00:00Z"] {
        all_equal_sql(&small, at).await;
    }
    an_hour(&small);
    all_equal_sql(&small, "2026-03-02T05:00:00Z").await;
}
