//! The life of cases through the whole system: deadlines made of allowances, withdrawn and re-opened cases, answers, weights
//! and working time, each figure against SQL over the stored rows.

use super::*;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;

/// A permit of the week before [`START`]. The multiplications spread what would else fall together.
fn permit(n: i64) -> Value {
    let begin: Timestamp = "2026-02-23T00:00:00Z".parse().unwrap();
    let opened = begin + SignedDuration::from_mins(n * 137 % 8600);
    let closed = opened + SignedDuration::from_mins(100 + n * 61 % 900);
    let (closed, withdrawn) = match n % 8 {
        0 | 3 | 5 => (Some(closed), None),
        6 => (None, Some(closed)),
        _ => (None, None),
    };
    let one_of = |words: &[&'static str], n: i64| words[n as usize % words.len()];
    let mut labels = json!({ "procedure": one_of(&["sign", "house", "land"], n) });
    if n % 4 != 1 {
        labels["answer"] = json!(one_of(&["good", "bad", "good", "none"], n / 8));
    }
    if n % 5 != 0 {
        labels["customers"] = json!((n % 7).to_string());
    }
    json!({
        "id": format!("p{n}"), "kind": "permit", "department": one_of(&["desk", "roads"], n),
        "area": one_of(&["north", "south"], n / 2),
        "opened": opened, "closed": closed, "withdrawn": withdrawn,
        "reopened": (n % 9 == 4).then(|| opened + SignedDuration::from_mins(n % 90)),
        "allowance": (n % 2 == 0).then_some("2wd"), "updated": START, "labels": labels,
    })
}

/// Every figure of permits at a moment, by KPI and scope. Office time is added up interval by interval.
const SQL: &str = "WITH at AS (SELECT $1::text::timestamptz AS t), \
    hours AS (SELECT (day + open) AT TIME ZONE 'Asia/Ho_Chi_Minh' AS open, (day + close) AT TIME ZONE 'Asia/Ho_Chi_Minh' AS close \
        FROM generate_series('2026-02-16'::timestamp, '2026-03-31', '1 day') day, \
        (VALUES ('07:00'::interval, '11:30'::interval), ('13:00', '17:00')) o (open, close) \
        WHERE (extract(isodow FROM day) < 6 AND day <> '2026-02-24') OR day = '2026-02-28'), \
    placed AS (SELECT c.*, t, scope, coalesce(CASE WHEN labels ->> 'customers' ~ '^[0-9]+$' THEN (labels ->> 'customers')::int END, 0) AS weight, \
            (SELECT coalesce(sum(extract(epoch FROM least(t, close) - greatest(opened, open))), 0) / 30600 FROM hours \
                WHERE open < t AND close > opened)::float8 AS age, \
            (SELECT coalesce(sum(extract(epoch FROM least(due, close) - greatest(t, open))), 0) / 30600 FROM hours \
                WHERE open < due AND close > t)::float8 AS remaining \
        FROM cases c CROSS JOIN at CROSS JOIN LATERAL (VALUES ('city'), ('department:' || department), ('area:' || area)) s (scope) \
        WHERE kind = 'permit'), \
    open AS (SELECT * FROM placed WHERE opened <= t AND (closed IS NULL OR closed > t)), \
    done AS (SELECT *, extract(epoch FROM closed - opened)::float8 / 3600 AS took FROM placed \
        WHERE withdrawn IS NULL AND closed <= t AND closed > t - interval '30 days') \
    SELECT 'permit.due_soon', scope, count(*)::float8 FROM open WHERE due >= t AND remaining <= 2 GROUP BY scope UNION ALL \
    SELECT 'permit.reopened', scope, count(*)::float8 FROM placed WHERE reopened > t - interval '5 days' AND reopened <= t GROUP BY scope UNION ALL \
    SELECT 'permit.withdrawn', scope, count(*)::float8 FROM placed WHERE withdrawn <= t AND withdrawn > '2026-03-01T00:00:00+07' \
        GROUP BY scope UNION ALL \
    SELECT 'permit.done', scope, count(*)::float8 FROM done WHERE closed > '2026-03-01T00:00:00+07' GROUP BY scope UNION ALL \
    SELECT 'permit.satisfied', scope, 100.0 * count(*) FILTER (WHERE labels ->> 'answer' = 'good') / count(*) FROM done \
        WHERE labels ? 'answer' GROUP BY scope HAVING count(*) >= 4 UNION ALL \
    SELECT 'permit.age', scope, percentile_cont(0.5) WITHIN GROUP (ORDER BY age) FROM open \
        WHERE labels ->> 'procedure' <> 'sign' GROUP BY scope UNION ALL \
    SELECT 'permit.duration', scope, percentile_cont(0.9) WITHIN GROUP (ORDER BY took) FROM done GROUP BY scope UNION ALL \
    SELECT 'permit.lost', scope, sum(took * weight) FROM done GROUP BY scope";

/// The newest revisions of what was recorded.
const RECORDED: &str = "SELECT DISTINCT ON (kpi_id, scope_id) kpi.name, scope.name, value, quality, flags FROM reading \
    JOIN kpi ON kpi.id = kpi_id JOIN scope ON scope.id = scope_id \
    WHERE kpi.name LIKE 'permit.%' AND time = $1::text::timestamptz ORDER BY kpi_id, scope_id, revision DESC";

#[tokio::test]
async fn every_figure_of_a_case_s_life_is_what_sql_makes_of_the_rows() {
    let small = Small::start().await;
    let permits: Vec<Value> = (0..96).map(permit).collect();
    let answer = small.centre.post("/api/v1/cases?source=desk", &json!(permits)).await;
    assert_eq!(answer.body["accepted"], 96, "{answer:?}");
    let at = "2026-03-02T01:02:00Z";
    small.pass(150);
    small.recorded("permit.age", "city", at, |point| point["value"].is_number()).await;
    small.recorded("permit.lost", "department:roads", at, |point| point["value"].is_number()).await;
    let sql = small.database.client().await;
    let rows = sql.query(SQL, &[&at]).await.unwrap();
    let want: BTreeMap<(String, String), f64> = rows.iter().map(|row| ((row.get(0), row.get(1)), row.get(2))).collect();
    let mut checked = 0;
    for row in sql.query(RECORDED, &[&at]).await.unwrap() {
        let (kpi, scope): (String, String) = (row.get(0), row.get(1));
        let value: Option<f64> = row.get(2);
        let wanted = want.get(&(kpi.clone(), scope.clone())).copied();
        // SQL has no group where nothing is counted; of nothing, and of too few, there is neither share nor median.
        let wanted = wanted.or_else(|| (!["permit.satisfied", "permit.age", "permit.duration"].contains(&kpi.as_str())).then_some(0.0));
        let same = value.zip(wanted).map_or(value == wanted, |(value, wanted)| (value - wanted).abs() <= 1e-9 * wanted.abs().max(1.0));
        assert!(same, "{kpi} {scope}: SQL {wanted:?}, engine {value:?}");
        assert_eq!(row.get::<_, Option<i16>>(4), value.is_none().then_some(4), "{kpi} {scope}");
        checked += 1;
    }
    assert!(checked > 20, "{checked}");
    for kpi in ["permit.due_soon", "permit.reopened", "permit.withdrawn", "permit.done", "permit.satisfied", "permit.age", "permit.lost"] {
        assert!(want.get(&(kpi.to_owned(), "city".to_owned())).is_some_and(|value| *value > 0.0), "{kpi}: {want:?}");
    }
}

#[tokio::test]
async fn a_deadline_is_made_of_the_allowance_and_stays_when_the_message_comes_again() {
    let small = Small::start().await;
    // Monday morning in Vietnam; Tuesday is off.
    let case = |id: &str, rest: Value| {
        let mut case = json!({ "id": id, "kind": "permit", "opened": "2026-02-23T01:00:00Z", "updated": START });
        case.as_object_mut().unwrap().extend(rest.as_object().unwrap().clone());
        case
    };
    let batch = json!([
        case("days", json!({ "allowance": "2wd" })),
        case("table", json!({ "labels": { "procedure": "sign" } })),
        case("otherwise", json!({})),
        case("given", json!({ "due": "2026-02-27T03:00:00Z", "allowance": "2wd" })),
        case("night", json!({ "opened": "2026-02-23T15:00:00Z", "allowance": "24h" })),
        case("bad", json!({ "allowance": "2 weeks" })),
    ]);
    for _ in 0..2 {
        let answer = small.centre.post("/api/v1/cases?source=desk", &batch).await;
        assert_eq!((&answer.body["accepted"], &answer.body["rejected"]), (&json!(5), &json!(1)), "{answer:?}");
        assert!(answer.body["errors"][0].to_string().contains("write working days as 5wd"), "{answer:?}");
    }
    let sql = small.database.client().await;
    let due = "SELECT case_id, due::text, calendar IS NOT NULL FROM cases ORDER BY case_id";
    sql.batch_execute("SET TIME ZONE 'UTC'").await.unwrap();
    let rows = sql.query(due, &[]).await.unwrap();
    let found: Vec<(String, String, bool)> = rows.iter().map(|row| (row.get(0), row.get(1), row.get(2))).collect();
    let expected = [
        ("days", "2026-02-26 10:00:00+00", true),
        ("given", "2026-02-27 03:00:00+00", false),
        ("night", "2026-02-25 00:00:00+00", true),
        ("otherwise", "2026-02-27 10:00:00+00", true),
        ("table", "2026-02-23 06:30:00+00", true),
    ];
    assert_eq!(found, expected.map(|(id, due, made)| (id.to_owned(), due.to_owned(), made)));
    let versions: i64 = sql.query_one("SELECT count(*) FROM case_version", &[]).await.unwrap().get(0);
    assert_eq!(versions, 5);
}
