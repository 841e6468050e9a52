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
