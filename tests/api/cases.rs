//! Cases: counts fall due by time alone, corrections are ordered by what they carry.

mod life;

use super::*;

fn dossier(id: &str, opened: &str, due: Option<&str>, closed: Option<&str>, updated: &str) -> Value {
    json!({ "id": id, "kind": "dossier", "department": "desk", "area": "north", "opened": opened, "due": due, "closed": closed, "updated": updated })
}

#[tokio::test]
async fn a_case_falls_overdue_without_data_and_counts_as_closed_on_time_or_not() {
    let small = Small::start().await;
    let batch = json!([
        dossier("1", "2026-03-01T02:00:00Z", Some("2026-03-02T01:02:30Z"), None, START),
        dossier("2", "2026-03-01T02:00:00Z", Some("2026-03-03T01:00:00Z"), None, START),
        dossier("3", "2026-03-01T02:00:00Z", Some("2026-03-02T00:00:00Z"), Some("2026-03-01T20:00:00Z"), START),
        dossier("4", "2026-03-01T02:00:00Z", Some("2026-03-01T12:00:00Z"), Some("2026-03-01T20:00:00Z"), START),
    ]);
    let answer = small.centre.post("/api/v1/cases?source=desk", &batch).await;
    assert_eq!(answer.body["accepted"], 4, "{answer:?}");
    small.pass(200);
    small.recorded("desk.open", "city", "2026-03-02T01:01:00Z", is(2.0)).await;
    small.recorded("desk.overdue", "city", "2026-03-02T01:02:00Z", is(0.0)).await;
    small.recorded("desk.overdue", "department:desk", "2026-03-02T01:03:00Z", is(1.0)).await;
    small.recorded("desk.on_time", "city", "2026-03-02T01:01:00Z", is(50.0)).await;
    small.recorded("desk.closed", "city", "2026-03-02T01:01:00Z", is(2.0)).await;
}

#[tokio::test]
async fn an_older_version_of_a_case_changes_nothing() {
    let small = Small::start().await;
    let closed = dossier("1", "2026-03-01T02:00:00Z", None, Some("2026-03-02T00:30:00Z"), "2026-03-02T00:30:00Z");
    let open = dossier("1", "2026-03-01T02:00:00Z", None, None, "2026-03-01T02:00:00Z");
    for version in [&closed, &open, &closed] {
        assert_eq!(small.centre.post("/api/v1/cases?source=desk", &json!([version])).await.body["accepted"], 1);
    }
    small.pass(70);
    small.recorded("desk.open", "city", "2026-03-02T01:01:00Z", is(0.0)).await;
    let versions: i64 = small.database.client().await.query_one("SELECT count(*) FROM case_version", &[]).await.unwrap().get(0);
    assert_eq!(versions, 1);
}

#[tokio::test]
async fn a_backlog_nobody_told_of_is_missing_and_not_zero() {
    let small = Small::start().await;
    small.pass(70);
    let points = small.centre.readings("desk.open", "city", "2026-03-02T01:01:00Z", "2026-03-02T01:01:00Z").await;
    assert!(points.iter().all(|point| point["value"].is_null()), "{points:?}");
}
