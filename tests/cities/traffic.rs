//! Minneapolis's road sensors: every file twice, and the two times that have two values.

use super::*;
use harness::real_data;

/// Files, their sources, how many items they have, and how many times.
const FILES: [(&str, &str, usize, i64); 5] = [
    ("traffic/speed_6005.csv", "speed-6005", 2500, 2500),
    ("traffic/speed_t4013.csv", "speed-t4013", 2495, 2494),
    ("traffic/occupancy_6005.csv", "occupancy-6005", 2380, 2380),
    ("traffic/occupancy_t4013.csv", "occupancy-t4013", 2500, 2499),
    ("traffic/TravelTime_387.csv", "travel-time-387", 2500, 2500),
];

#[tokio::test]
async fn every_traffic_file_imported_again_changes_nothing() {
    let city = City::start("minneapolis", "2015-09-18T00:00:00Z").await;
    let mut before = None;
    for time in ["first", "second"] {
        for (name, source, items, _) in FILES {
            let Some(file) = real_data(name) else { return };
            city.import(&file, source, items).await;
        }
        city.settled().await;
        let digest = city.digest().await;
        assert_eq!(before.get_or_insert_with(|| digest.clone()), &digest, "after the {time} time");
    }
    let stored: i64 = city.sql.query_one("SELECT count(*) FROM observation", &[]).await.unwrap().get(0);
    assert_eq!(stored, FILES.iter().map(|(.., times)| times).sum::<i64>());
}

#[tokio::test]
async fn of_two_values_for_one_time_the_larger_stays() {
    let (Some(speed), Some(occupancy)) = (real_data(FILES[1].0), real_data(FILES[3].0)) else { return };
    let city = City::start("minneapolis", "2015-09-18T00:00:00Z").await;
    for (file, source, items, metric, factor) in
        [(&speed, "speed-t4013", 2495, "traffic.speed", 1.609_344), (&occupancy, "occupancy-t4013", 2500, "traffic.occupancy", 1.0)]
    {
        city.import(file, source, items).await;
        let doubled = doubled(file);
        assert_eq!(doubled.len(), 1, "{source}");
        let (time, values) = &doubled[0];
        let sql = "SELECT value FROM observation o JOIN series s ON s.id = o.series_id \
            WHERE metric = $1 AND time = $2::text::timestamp AT TIME ZONE 'America/Chicago'";
        let stored: f64 = city.sql.query_one(sql, &[&metric, time]).await.unwrap().get(0);
        let largest = values.iter().copied().fold(f64::MIN, f64::max) * factor;
        assert!((stored - largest).abs() <= 0.005, "{source} at {time}: {stored}, of {values:?}");
    }
}

/// The times of a file that have several values.
fn doubled(file: &Path) -> Vec<(String, Vec<f64>)> {
    let mut values: std::collections::BTreeMap<String, Vec<f64>> = Default::default();
    for line in std::fs::read_to_string(file).unwrap().lines().skip(1) {
        let (time, value) = line.split_once(',').unwrap();
        values.entry(time.to_owned()).or_default().push(value.parse().unwrap());
    }
    values.into_iter().filter(|(_, values)| values.len() > 1).collect()
}
