//! Observations and cases as programs fetch them: page by page, nothing twice and nothing left out.

use super::*;

/// Every page of a question, by its cursors; the records under `key`.
async fn all(small: &Small, path: &str, key: &str) -> Vec<Value> {
    let (mut records, mut cursor) = (Vec::new(), String::new());
    for _ in 0..100 {
        let page = small.centre.get(&format!("{path}{cursor}")).await;
        assert_eq!(page.status, 200, "{page:?}");
        records.extend(page.body[key].as_array().unwrap().iter().cloned());
        match page.body["next"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return records,
        }
    }
    panic!("the pages of {path} don't end");
}

#[tokio::test]
async fn observations_come_page_by_page() {
    let small = Small::start().await;
    let mut sent = Vec::new();
    for (asset, count) in [("road-1", 25), ("road-2", 1), ("road-3", 14)] {
        for second in 0..count {
            sent.push(observation("road.speed", asset, &format!("2026-03-02T00:59:{second:02}Z"), f64::from(second)));
        }
    }
    assert_eq!(small.centre.post("/api/v1/observations?source=api", &json!(sent)).await.body["accepted"], 40);
    let range = "/api/v1/observations?metric=road.speed&from=2026-03-02T00:59:00Z&to=2026-03-02T01:00:00Z";
    for limit in [1, 7, 25, 40, 1_000] {
        let found = all(&small, &format!("{range}&limit={limit}"), "observations").await;
        let keys: std::collections::BTreeSet<(i64, String)> =
            found.iter().map(|one| (one["series"].as_i64().unwrap(), one["time"].to_string())).collect();
        assert_eq!((found.len(), keys.len()), (40, 40), "limit {limit}");
    }
    let one = small.centre.get(&format!("{range}&asset=road-2")).await.body;
    assert_eq!(
        (&one["unit"], &one["series"][0]["labels"]["asset"], &one["observations"][0]["value"]),
        (&json!("km/h"), &json!("road-2"), &json!(0.0))
    );
    let by_label = small.centre.get(&format!("{range}&labels=%7B%22asset%22%3A%22road-3%22%7D")).await.body;
    assert_eq!(by_label["observations"].as_array().unwrap().len(), 14);
    let table = small.centre.get(&format!("{range}&asset=road-2&format=csv")).await.body;
    assert!(table.as_str().unwrap().contains("road.speed,") && table.as_str().unwrap().lines().count() == 2, "{table}");
    for (query, says) in [("&limit=0", "from 1 to 10000"), ("&cursor=x", "begin without it"), ("&labels=road", "JSON object")] {
        let refused = small.centre.get(&format!("{range}{query}")).await;
        assert!(refused.status == 400 && refused.body["message"].as_str().unwrap().contains(says), "{query}: {refused:?}");
    }
    let unknown = small.centre.get("/api/v1/observations?metric=road.sped&from=2026-03-02T00:59:00Z&to=2026-03-02T01:00:00Z").await;
    assert_eq!(unknown.status, 404);
}

/// What the rows themselves come to: a bucket's series and first moment in seconds, its last value, the smallest, the largest,
/// the sum and the count.
async fn of_rows(small: &Small, bucket: &str) -> Vec<[f64; 7]> {
    let sql = format!(
        "SELECT series_id::float8, extract(epoch FROM {bucket})::float8, (array_agg(value ORDER BY time DESC))[1], min(value), max(value), \
         sum(value), count(*)::float8 FROM observation WHERE coalesce(state, 0) NOT IN (1, 2) GROUP BY series_id, {bucket} ORDER BY 1, 2"
    );
    let rows = small.database.client().await.query(&sql, &[]).await.unwrap();
    rows.iter().map(|row| std::array::from_fn(|column| row.get(column))).collect()
}

async fn of_api(small: &Small, step: &str, limit: u32) -> Vec<[f64; 7]> {
    let path =
        format!("/api/v1/observations?metric=road.speed&from=2026-02-20T00:00:00Z&to=2026-03-03T00:00:00Z&step={step}&limit={limit}");
    let bucket = |line: &Value| {
        let time: jiff::Timestamp = line["time"].as_str().unwrap().parse().unwrap();
        let number = |key: &str| line[key].as_f64().unwrap_or_else(|| panic!("{key} of {line}"));
        let [value, min, max, sum, count] = ["value", "min", "max", "sum", "count"].map(number);
        [number("series"), time.as_second() as f64, value, min, max, sum, count]
    };
    all(small, &path, "observations").await.iter().map(bucket).collect()
}

/// Whether both are the same; the last digits of a sum depend on the order in which it was added up.
fn is_same(found: &[[f64; 7]], wanted: &[[f64; 7]]) -> bool {
    found.len() == wanted.len() && found.iter().flatten().zip(wanted.iter().flatten()).all(|(a, b)| (a - b).abs() < 1e-6)
}

const STEPS: [(&str, &str); 3] = [
    ("1m", "date_trunc('minute', time, 'UTC')"),
    ("1h", "date_trunc('hour', time, 'UTC')"),
    ("1d", "date_trunc('day', time, 'Asia/Ho_Chi_Minh')"),
];

#[tokio::test]
async fn minutes_hours_and_days_are_what_the_rows_come_to() {
    let small = Small::start().await;
    let mut sent = Vec::new();
    for number in 0..900_i64 {
        // Two days and a half, about four minutes apart, so that many minutes are empty and few have two values.
        let time = START.parse::<jiff::Timestamp>().unwrap() - jiff::SignedDuration::from_secs(number * 239);
        let asset = ["road-1", "road-2"][usize::from(number % 3 == 0)];
        let mut one = observation("road.speed", asset, &time.to_string(), ((number * 7_919) % 1_500) as f64 / 10.0);
        if number % 11 == 0 {
            one["state"] = json!("calibrating");
        }
        sent.push(one);
    }
    assert_eq!(small.centre.post("/api/v1/observations?source=api", &json!(sent)).await.body["accepted"], 900);
    let sql = small.database.client().await;
    eventually("what is over is rolled up", Duration::from_secs(20), || async {
        small.clock.advance(jiff::SignedDuration::from_secs(5));
        sql.query_opt("SELECT FROM rollup_state WHERE done_1h >= '2026-03-02T01:00:00Z'", &[]).await.unwrap().map(drop)
    })
    .await;
    for (step, bucket) in STEPS {
        let wanted = of_rows(&small, bucket).await;
        assert!(wanted.len() > 5, "{step}: {wanted:?}");
        for limit in [37, 10_000] {
            let found = of_api(&small, step, limit).await;
            assert!(is_same(&found, &wanted), "{step} by pages of {limit}:\n{found:?}\n{wanted:?}");
        }
    }
    let late = observation("road.speed", "road-1", "2026-02-28T03:33:33Z", 199.0);
    assert_eq!(small.centre.post("/api/v1/observations?source=api", &json!([late])).await.body["accepted"], 1);
    for (step, bucket) in STEPS {
        let wanted = of_rows(&small, bucket).await;
        eventually(
            || format!("{step}: what came late is in it"),
            Duration::from_secs(20),
            || async {
                small.clock.advance(jiff::SignedDuration::from_secs(5));
                is_same(&of_api(&small, step, 1_000).await, &wanted).then_some(())
            },
        )
        .await;
    }
    let refused =
        small.centre.get("/api/v1/observations?metric=road.speed&from=2026-03-01T00:00:00Z&to=2026-03-02T00:00:00Z&step=5m").await;
    assert!(refused.status == 400 && refused.body["message"].as_str().unwrap().contains("`1m`"), "{refused:?}");
    let long = small.centre.get("/api/v1/observations?metric=road.speed&from=1990-03-01T00:00:00Z&to=2026-03-02T00:00:00Z&step=1d").await;
    assert!(long.status == 413 && long.body["message"].as_str().unwrap().contains("20 years"), "{long:?}");
}

#[tokio::test]
async fn cases_come_page_by_page_and_tell_of_no_person() {
    let small = Small::start().await;
    let case = |number: usize| {
        let closed = number.is_multiple_of(3).then_some("2026-03-02T00:30:00Z");
        json!({ "id": format!("{number}"), "kind": "dossier", "department": "roads", "area": "north", "opened": "2026-03-01T00:30:00Z",
                "closed": closed, "updated": "2026-03-02T00:40:00Z", "labels": { "applicant": "Nguyễn Văn A" } })
    };
    let sent: Vec<Value> = (0..30).map(case).collect();
    let answer = small.centre.post("/api/v1/cases?source=desk", &json!(sent)).await;
    assert_eq!(answer.body["accepted"], 30, "{answer:?}");
    for limit in [1, 7, 30, 1_000] {
        let found = all(&small, &format!("/api/v1/cases?kind=dossier&limit={limit}"), "cases").await;
        let ids: std::collections::BTreeSet<String> = found.iter().map(|one| one["id"].to_string()).collect();
        assert_eq!((found.len(), ids.len()), (30, 30), "limit {limit}");
        assert!(!json!(found).to_string().contains("Nguyễn"), "{found:?}");
    }
    for (query, count) in [
        ("status=open", 20),
        ("status=closed", 10),
        ("status=withdrawn", 0),
        ("department=roads&area=north", 30),
        ("department=desk", 0),
        ("opened_from=2026-03-01T00:30:00Z&opened_to=2026-03-01T00:30:01Z", 30),
        ("opened_to=2026-03-01T00:30:00Z", 0),
        ("closed_from=2026-03-02T00:00:00Z", 10),
    ] {
        assert_eq!(all(&small, &format!("/api/v1/cases?{query}"), "cases").await.len(), count, "{query}");
    }
}
