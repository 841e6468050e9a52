//! Tétouan's electrical load: what the engine recorded is what SQL says of the same rows.

use super::*;
use harness::real_data;

const FILE: &str = "energy/tetouan_2017_q1.csv";
/// Rows, each with three loads and a temperature.
const ITEMS: usize = 12_960 * 4;

#[tokio::test]
async fn the_energy_files_readings_equal_sql_and_imported_again_change_nothing() {
    let Some(file) = real_data(FILE) else { return };
    let city = City::start("tetouan", "2017-04-01T00:00:00Z").await;
    city.import(&file, "load-2017", ITEMS).await;
    city.settled().await;
    // Each zone's mean of the hour before, and the city's sum of them, in MW.
    let by_sql = "WITH at AS (SELECT generate_series('2017-01-01T00:00:00Z'::timestamptz, '2017-01-31T23:50:00Z', '10 minutes') AS t), \
        mean AS (SELECT t, labels->>'area' AS area, avg(value) / 1000 AS load FROM at, observation o JOIN series s ON s.id = o.series_id \
            WHERE metric = 'energy.load' AND time > t - interval '1 hour' AND time <= t GROUP BY t, area) \
        SELECT t, 'area:' || area AS scope, load FROM mean UNION ALL SELECT t, 'city', sum(load) FROM mean GROUP BY t";
    let compare = format!(
        "SELECT count(*), count(r.value), max(abs(r.value - q.load) / q.load) FROM ({by_sql}) q \
         LEFT JOIN {READINGS} r ON r.time = q.t AND r.scope = q.scope AND r.kpi = 'energy.load'"
    );
    let row = city.sql.query_one(&compare, &[]).await.unwrap();
    let (expected, recorded, error): (i64, i64, f64) = (row.get(0), row.get(1), row.get(2));
    // 31 days of 144 instants, for three zones and the city.
    assert_eq!((expected, recorded), (31 * 144 * 4, 31 * 144 * 4));
    assert!(error <= 1e-9, "{error}");
    let before = city.digest().await;
    city.import(&file, "load-2017", ITEMS).await;
    city.settled().await;
    assert_eq!(city.digest().await, before);
}
