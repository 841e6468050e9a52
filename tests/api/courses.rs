//! The course of a KPI over any range: single readings or buckets, as JSON or CSV, kept by browsers as long as it holds.

use super::*;
use harness::Centre;

/// Readings of the city's speed, one each minute of so many hours, with a peak and a hole; then the server rolls them up.
async fn recorded(small: &Small, hours: i64) {
    let sql = small.database.client().await;
    // A reading makes the KPI's and the city's numbers.
    small.centre.post("/api/v1/observations?source=api", &json!([observation("road.speed", "road-1", START, 30.0)])).await;
    small.pass(70);
    small.recorded("road.speed", "city", "2026-03-02T01:01:00Z", is(30.0)).await;
    let readings = format!(
        "INSERT INTO reading (time, recorded_at, value, samples, kpi_id, scope_id, revision, definition_id, quality) \
         SELECT at, at, CASE WHEN quality = 3 THEN NULL WHEN minute = 777 THEN 99.5 ELSE minute % 40 + 0.25 END, 1, kpi.id, scope.id, 1, version.id, quality \
         FROM (SELECT minute, '2026-03-02T00:59:00Z'::timestamptz - minute * interval '1 minute' AS at, \
         CASE WHEN minute % 50 = 0 THEN 3 WHEN minute % 7 = 0 THEN 1 ELSE 0 END AS quality FROM generate_series(0, {hours} * 60) AS minute) AS minutes, \
         kpi, scope, kpi_version AS version WHERE kpi.name = 'road.speed' AND scope.name = 'city' AND version.kpi = 'road.speed' \
         AND NOT minute BETWEEN 1000 AND 1299"
    );
    sql.batch_execute("CREATE TABLE IF NOT EXISTS reading_20260223 PARTITION OF reading FOR VALUES FROM ('2026-02-23T00:00:00Z') TO ('2026-03-02T00:00:00Z')").await.unwrap();
    sql.batch_execute(&readings).await.unwrap();
    // What was written past the server is told to it as to a new one, under the locks of who writes and who rolls up.
    let locked = "SELECT pg_advisory_xact_lock(x'746179646f11'::bigint), pg_advisory_xact_lock(x'746179646f12'::bigint)";
    let anew = "TRUNCATE reading_rollup_1h, reading_rollup_1d, reading_rollup_state, reading_rollup_stale";
    sql.batch_execute(&format!("BEGIN; {locked}; {anew}; COMMIT")).await.unwrap();
    eventually("the past is rolled up", Duration::from_secs(20), || async {
        small.clock.advance(jiff::SignedDuration::from_secs(5));
        let done = sql.query_opt("SELECT FROM reading_rollup_state WHERE done_1h >= '2026-03-02T00:00:00Z'", &[]).await.unwrap();
        done.map(drop)
    })
    .await;
}

async fn ask(centre: &Centre, query: &str) -> reqwest::Response {
    centre.send(reqwest::Method::GET, &format!("/api/v1/kpis/road.speed/readings?{query}"), &[]).await
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap()
}

#[tokio::test]
async fn a_long_range_keeps_its_extremes_and_its_holes() {
    let small = Small::start().await;
    recorded(&small, 120).await;
    let range = "from=2026-02-26T01:00:00Z&to=2026-03-02T00:59:00Z";
    let page = small.centre.get(&format!("/api/v1/kpis/road.speed/readings?{range}&points=100")).await.body;
    assert_eq!((&page["relation"], &page["width_s"], &page["unit"]), (&json!("reading_1h"), &json!(3600), &json!("km/h")), "{page}");
    let points = page["points"].as_array().unwrap();
    assert!(points.len() <= 100, "{}", points.len());
    let largest = points.iter().filter_map(|point| point["max"].as_f64()).fold(0.0, f64::max);
    assert!((largest - 99.5).abs() < 1e-9, "a peak of one minute is kept: {largest}");
    let gaps: Vec<&Value> = points.iter().filter(|point| point["value"].is_null()).collect();
    assert_eq!(gaps.len(), 1, "five hours without readings are one gap: {gaps:?}");
    assert_eq!((&gaps[0]["quality"], gaps[0].get("readings")), (&json!("missing"), None));
    let whole = points.iter().find(|point| point["readings"] == 60).unwrap();
    assert!(number(&whole["min"]) <= number(&whole["first"]) && number(&whole["mean"]) <= number(&whole["max"]), "{whole}");

    // The same buckets made from the revisions themselves.
    let now = small.clock.now();
    let then = small.centre.get(&format!("/api/v1/kpis/road.speed/readings?{range}&points=100&as_of={now}")).await.body;
    assert_eq!((&then["relation"], &then["points"]), (&json!("reading"), &page["points"]));
    let days = small.centre.get("/api/v1/kpis/road.speed/readings?from=2025-03-02T00:00:00Z&to=2026-03-02T00:59:00Z&points=400").await.body;
    assert_eq!((&days["relation"], &days["width_s"]), (&json!("reading_1d"), &json!(86_400)));
    assert_eq!(days["points"][1]["time"], "2026-02-25T17:00:00Z", "days are the city's: {days}");
    let minutes =
        small.centre.get("/api/v1/kpis/road.speed/readings?from=2026-03-01T20:00:00Z&to=2026-03-02T00:59:00Z&points=600").await.body;
    assert_eq!((&minutes["relation"], minutes.get("width_s"), minutes["points"].as_array().unwrap().len()), (&json!("reading"), None, 300));
}

#[tokio::test]
async fn an_answer_is_kept_as_long_as_it_holds() {
    let small = Small::start().await;
    recorded(&small, 30).await;
    let header = |answer: &reqwest::Response, name: &str| answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    let closed = "from=2026-03-01T02:00:00Z&to=2026-03-01T20:00:00Z&points=50";
    let first = ask(&small.centre, closed).await;
    let tag = header(&first, "etag").unwrap();
    assert_eq!((first.status().as_u16(), header(&first, "cache-control").unwrap().as_str()), (200, "private, max-age=300"));
    let again = async |query: &str| {
        let path = format!("/api/v1/kpis/road.speed/readings?{query}");
        small.centre.send(reqwest::Method::GET, &path, &[("if-none-match", &tag)]).await
    };
    let unchanged = again(closed).await;
    assert_eq!((unchanged.status().as_u16(), header(&unchanged, "etag")), (304, Some(tag.clone())));
    assert!(unchanged.bytes().await.unwrap().is_empty());

    // A reading of the range is corrected, which the server notes.
    let sql = small.database.client().await;
    let correct = "INSERT INTO reading (time, recorded_at, value, samples, kpi_id, scope_id, revision, definition_id, quality) \
        SELECT time, '2026-03-02T02:00:00Z', 1000, 1, kpi_id, scope_id, 2, definition_id, 0 FROM reading WHERE time = '2026-03-01T12:30:00Z' RETURNING kpi_id, scope_id";
    let row = sql.query_one(correct, &[]).await.unwrap();
    let note = "INSERT INTO reading_rollup_stale (kpi_id, scope_id, hour) VALUES ($1, $2, '2026-03-01T12:00:00Z')";
    sql.execute(note, &[&row.get::<_, i32>(0), &row.get::<_, i32>(1)]).await.unwrap();
    let changed = again(closed).await;
    assert_eq!(changed.status().as_u16(), 200);
    let page: Value = changed.json().await.unwrap();
    assert!(page["points"].as_array().unwrap().iter().any(|point| point["max"] == 1000.0), "{page}");
    assert_eq!(
        header(&ask(&small.centre, "from=2026-03-02T00:00:00Z&to=2026-03-02T09:00:00Z").await, "cache-control").unwrap(),
        "private, max-age=2"
    );
    let then = ask(&small.centre, &format!("{closed}&as_of=2026-03-02T00:00:00Z")).await;
    assert_eq!(header(&then, "cache-control").unwrap(), "private, max-age=86400, immutable");
}

#[tokio::test]
async fn the_same_course_is_a_table() {
    let small = Small::start().await;
    recorded(&small, 30).await;
    let answer = ask(&small.centre, "from=2026-03-02T00:55:00Z&to=2026-03-02T00:56:00Z&format=csv").await;
    assert_eq!(answer.headers()["content-type"], "text/csv; charset=utf-8; header=present");
    let text = answer.text().await.unwrap();
    let lines = [
        "kpi,scope,time,value,unit,quality,first,min,max,mean,readings,missing",
        "road.speed,city,2026-03-02T00:55:00Z,4.25,km/h,good,,,,,,",
        "road.speed,city,2026-03-02T00:56:00Z,3.25,km/h,good,,,,,,",
        "",
    ];
    assert_eq!(text, lines.join("\r\n"));
    let path = "/api/v1/kpis/road.speed/readings?from=2026-03-01T02:00:00Z&to=2026-03-02T00:56:00Z&points=10&bom=true";
    let marked = small.centre.send(reqwest::Method::GET, path, &[("accept", "text/csv")]).await.text().await.unwrap();
    assert!(marked.starts_with("\u{feff}kpi,scope,time"), "{marked}");
}

#[tokio::test]
async fn what_is_too_much_is_refused_with_what_to_ask_instead() {
    let small = Small::start().await;
    for (query, status, says) in [
        ("from=2026-01-01T00:00:00Z&to=2026-12-01T00:00:00Z", 413, "points=600"),
        ("from=1990-01-01T00:00:00Z&to=2026-12-01T00:00:00Z&points=10", 413, "20 years"),
        ("from=2026-01-01T00:00:00Z&to=2026-12-01T00:00:00Z&points=10&as_of=2026-03-01T00:00:00Z", 413, "at most 100000"),
        ("from=2026-01-01T00:00:00Z&to=2026-12-01T00:00:00Z&points=1", 400, "from 2 to 5000"),
        ("from=2026-12-01T00:00:00Z&to=2026-01-01T00:00:00Z&points=10", 400, "`from` is after `to`"),
        ("from=2026-12-01T00:00:00Z&to=2026-01-01T00:00:00Z&points=10&format=xml", 400, "format"),
    ] {
        let answer = small.centre.get(&format!("/api/v1/kpis/road.speed/readings?{query}")).await;
        let message = answer.body["message"].as_str().unwrap_or_default();
        assert!(answer.status == status && (message.contains(says) || says == "format"), "{query}: {answer:?}");
    }
}

#[tokio::test]
async fn slow_questions_cost_the_live_path_nothing_and_too_many_are_refused() {
    let small = Small::start().await;
    recorded(&small, 30).await;
    let sql = small.database.client().await;
    // Nobody can read readings' rollups now, which is as slow as a question can be; T2 and other reads don't need them.
    sql.batch_execute("BEGIN; LOCK TABLE reading_rollup_1h IN ACCESS EXCLUSIVE MODE").await.unwrap();
    let path = "/api/v1/kpis/road.speed/readings?from=2026-02-26T01:00:00Z&to=2026-03-02T00:59:00Z&points=100";
    let waiting = (0..200).map(|_| small.centre.get(path));
    let answers = futures_util::future::join_all(waiting);
    let live = async {
        for minute in 2..5 {
            let time = format!("2026-03-02T01:0{minute}:30Z");
            let sent =
                small.centre.post("/api/v1/observations?source=api", &json!([observation("road.speed", "road-1", &time, 50.0)])).await;
            assert_eq!(sent.body["accepted"], 1, "{sent:?}");
        }
        // Asked for over the connections of the live path.
        let path = "/api/v1/kpis/road.speed/revisions?time=2026-03-02T01:05:00Z";
        eventually("a minute is recorded", Duration::from_secs(20), || async {
            small.clock.advance(jiff::SignedDuration::from_secs(10));
            let answer = small.centre.get(path).await;
            (answer.body["revisions"][0]["value"] == 50.0).then_some(())
        })
        .await;
        sql.batch_execute("ROLLBACK").await.unwrap();
    };
    let (answers, ()) = tokio::join!(answers, live);
    let refused = answers.iter().filter(|answer| answer.status == 503 && answer.body["code"] == "busy").count();
    assert!(refused >= 72, "128 have a place: {refused} were refused");
    assert!(answers.iter().all(|answer| [200, 503, 413].contains(&answer.status)), "{answers:?}");
    assert_eq!(small.centre.get(path).await.status, 200, "and then all is well");
}
