//! Boston's service cases: the figures that are known of them, from the engine and from SQL.

use super::*;
use harness::real_data;

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
    }
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

/// A time without a plus sign, as a URL needs it.
fn utc(time: &str) -> String {
    time.parse::<jiff::Timestamp>().unwrap().to_string()
}
