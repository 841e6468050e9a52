//! Boston's service cases: the figures that are known of them, from the engine and from SQL.

use super::*;
use harness::real_data;
use std::collections::{BTreeMap, BTreeSet};

const FILE: &str = "service/boston_311_2015_q1.csv";
const ROWS: usize = 26_788;
/// The last case of the file was closed on 11 January 2016, so it was exported after that.
const EXPORTED: &str = "2016-01-12T00:00:00-05:00";

/// A moment in New York and what is known of it: open, of them overdue, open of PWDx and of ISD, closed in 30 days with
/// a target, and the share of those by the target, in hundredths of a percent.
const KNOWN: [(&str, [i64; 6]); 3] = [
    ("2015-02-01T00:00:00-05:00", [3292, 490, 812, 914, 2955, 9239]),
    ("2015-03-01T12:00:00-05:00", [7427, 2364, 1746, 1914, 3028, 7517]),
    ("2015-04-01T00:00:00-04:00", [8353, 3084, 1769, 1973, 6132, 6857]),
];

#[tokio::test]
async fn the_service_file_gives_the_known_figures_and_imported_again_changes_nothing() {
    let Some(file) = real_data(FILE) else { return };
    let boston = City::start("boston", EXPORTED).await;
    boston.import(&file, "cases", ROWS).await;
    boston.settled().await;
    for (time, known) in KNOWN {
        assert_eq!(by_engine(&boston, time).await, known, "the engine at {time}");
        assert_eq!(by_sql(&boston, time).await, known, "SQL at {time}");
        every_measure_is_what_sql_makes_of_the_rows(&boston, time).await;
    }
    every_scope_is_as_another_program_has_it(&boston).await;
    let before = boston.digest().await;
    boston.import(&file, "cases", ROWS).await;
    boston.settled().await;
    assert_eq!(boston.digest().await, before);
}

#[tokio::test]
async fn a_service_file_that_is_cut_off_or_too_short_changes_nothing() {
    let Some(file) = real_data(FILE) else { return };
    let text = std::fs::read_to_string(&file).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let boston = City::start("boston", EXPORTED).await;
    boston.import(&file, "cases", ROWS).await;
    let cases = async || boston.digest().await.into_iter().filter(|(table, ..)| !table.contains("reading")).collect::<Digest>();
    let before = cases().await;
    let folder = tempfile::tempdir().unwrap();
    for (name, content, reason) in [
        ("cut.csv", &text[..text.len() - 30], "the last row is cut off"),
        ("half.csv", &text[..text.len() / 2], "the last row is cut off"),
        ("short.csv", &lines[..2000].join("\n"), "below the source's least_share"),
    ] {
        let bad = folder.path().join(name);
        std::fs::write(&bad, content).unwrap();
        let refusal = boston.try_import(&bad, "cases").await.unwrap_err();
        assert!(refusal.contains(reason), "{name}: {refusal}");
        assert_eq!(cases().await, before, "{name}");
    }
}

async fn by_engine(boston: &City, time: &str) -> [i64; 6] {
    let value = async |kpi: &str, scope: &str| {
        let points = boston.centre.readings(kpi, scope, &utc(time), &utc(time)).await;
        points[0]["value"].as_f64().unwrap()
    };
    let closed =
        format!("SELECT denominator FROM {READINGS} r WHERE kpi = 'services.on_time' AND scope = 'city' AND time = $1::text::timestamptz");
    let closed: f64 = boston.sql.query_one(&closed, &[&time]).await.unwrap().get(0);
    [
        value("services.open", "city").await as i64,
        value("services.overdue", "city").await as i64,
        value("services.open", "department:pwdx").await as i64,
        value("services.open", "department:isd").await as i64,
        closed as i64,
        (value("services.on_time", "city").await * 100.0).round() as i64,
    ]
}

async fn by_sql(boston: &City, time: &str) -> [i64; 6] {
    let sql = "WITH at AS (SELECT $1::text::timestamptz AS t), \
        open AS (SELECT * FROM cases, at WHERE opened <= t AND (closed IS NULL OR closed > t)), \
        done AS (SELECT * FROM cases, at WHERE due IS NOT NULL AND closed <= t \
            AND closed AT TIME ZONE 'America/New_York' > t AT TIME ZONE 'America/New_York' - interval '30 days') \
        SELECT ARRAY[(SELECT count(*) FROM open), (SELECT count(*) FROM open WHERE due < t), \
            (SELECT count(*) FROM open WHERE department = 'pwdx'), (SELECT count(*) FROM open WHERE department = 'isd'), \
            (SELECT count(*) FROM done), (SELECT round(10000.0 * count(*) FILTER (WHERE closed <= due) / count(*))::bigint FROM done)]";
    let figures: Vec<i64> = boston.sql.query_one(sql, &[&time]).await.unwrap().get(0);
    figures.try_into().unwrap()
}

/// What the engine recorded at a moment: by KPI and scope. What has no value isn't there.
async fn recorded(boston: &City, time: &str) -> BTreeMap<(String, String), f64> {
    let sql = format!("SELECT kpi, scope, value FROM {READINGS} r WHERE time = $1::text::timestamptz AND value IS NOT NULL");
    boston.sql.query(&sql, &[&time]).await.unwrap().iter().map(|row| ((row.get(0), row.get(1)), row.get(2))).collect()
}

/// `known.csv`, made by `known.py` beside it from the file alone: each line's median age, p90 age and share on time.
async fn every_scope_is_as_another_program_has_it(boston: &City) {
    let known = include_str!("boston/known.csv");
    let mut have = BTreeMap::new();
    for (time, _) in KNOWN {
        have.insert(time, recorded(boston, time).await);
    }
    let mut checked = 0;
    for line in known.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let [time, scope, open, median, p90, _, on_time] = cells[..] else { panic!("{line}") };
        for (kpi, expected) in [("services.open", open), ("services.age", median), ("services.age_p90", p90), ("services.on_time", on_time)]
        {
            let found = have[time].get(&(kpi.to_owned(), scope.to_owned()));
            match expected.parse::<f64>() {
                Ok(expected) => assert!(found.is_some_and(|found| (found - expected).abs() < 1e-6), "{kpi} {line}: {found:?}"),
                Err(_) => assert_eq!(found, None, "{kpi} {line}"),
            }
            checked += 1;
        }
    }
    assert!(checked > 400, "{checked}");
}

/// Each measure of the folder, for every scope, against SQL over the stored cases.
async fn every_measure_is_what_sql_makes_of_the_rows(boston: &City, time: &str) {
    let sql = "WITH at AS (SELECT $1::text::timestamptz AS t), \
        placed AS (SELECT c.*, scope FROM cases c CROSS JOIN LATERAL \
            (VALUES ('city'), ('department:' || department), ('area:' || area)) s (scope) WHERE scope IS NOT NULL), \
        open AS (SELECT p.*, extract(epoch FROM t - opened)::float8 / 86400 AS age, t FROM placed p, at \
            WHERE opened <= t AND (closed IS NULL OR closed > t)), \
        done AS (SELECT p.*, extract(epoch FROM closed - opened)::float8 AS took FROM placed p, at \
            WHERE closed <= t AND closed AT TIME ZONE 'America/New_York' > t AT TIME ZONE 'America/New_York' - interval '30 days') \
        SELECT 'services.open', scope, count(*)::float8 FROM open GROUP BY scope UNION ALL \
        SELECT 'services.overdue', scope, count(*)::float8 FROM open WHERE due < t GROUP BY scope UNION ALL \
        SELECT 'services.due_soon', scope, count(*)::float8 FROM open \
            WHERE due >= t AND due <= t + interval '72 hours' GROUP BY scope UNION ALL \
        SELECT 'services.age', scope, percentile_cont(0.5) WITHIN GROUP (ORDER BY age) FROM open GROUP BY scope UNION ALL \
        SELECT 'services.age_p90', scope, percentile_cont(0.9) WITHIN GROUP (ORDER BY age) FROM open GROUP BY scope UNION ALL \
        SELECT 'services.duration', scope, percentile_cont(0.5) WITHIN GROUP (ORDER BY took / 86400) FROM done GROUP BY scope UNION ALL \
        SELECT 'services.spent', scope, sum(took) / 3600 FROM done \
            WHERE labels ->> 'channel' = 'Constituent Call' AND labels ->> 'reason' IS DISTINCT FROM 'Street Lights' GROUP BY scope UNION ALL \
        SELECT 'services.on_time', scope, 100.0 * count(*) FILTER (WHERE closed <= due) / count(*) FROM done \
            WHERE due IS NOT NULL GROUP BY scope";
    let have = recorded(boston, time).await;
    let rows = boston.sql.query(sql, &[&time]).await.unwrap();
    let want: BTreeMap<(String, String), f64> = rows.iter().map(|row| ((row.get(0), row.get(1)), row.get(2))).collect();
    let mut measures = BTreeSet::new();
    for ((kpi, scope), value) in &have {
        if kpi == "services.opened" || kpi == "services.closed" {
            continue;
        }
        // SQL has no group for a scope of which nothing is counted.
        let wanted = want.get(&(kpi.clone(), scope.clone())).copied().unwrap_or(0.0);
        assert!((wanted - value).abs() <= 1e-9 * value.abs().max(1.0), "{kpi} {scope} at {time}: SQL {wanted}, engine {value}");
        measures.insert(kpi.clone());
    }
    assert_eq!(measures.len(), 8, "{measures:?}");
    assert!(have.len() > 150, "{}", have.len());
}

/// A time without a plus sign, as a URL needs it.
fn utc(time: &str) -> String {
    time.parse::<jiff::Timestamp>().unwrap().to_string()
}
