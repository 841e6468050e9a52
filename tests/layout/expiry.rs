//! What is old is dropped, and its rollups stay.

use crate::rollups::{History, after};
use crate::{LAYOUTS, database};
use jiff::SignedDuration;
use taydo_server::store::Table;

const DAYS: i64 = 40;

#[tokio::test]
async fn rollups_outlive_the_rows_also_when_late_data_comes_for_them() {
    for layout in LAYOUTS {
        let Some(database) = database(layout).await else { continue };
        let mut history = History::new(database).await;
        let first = history.samples(after(0), 86_400 * DAYS as u64, 8_000, 0);
        history.write(1, first).await;
        let early = history.store.drop_before(Table::Observation, after(24 * 20)).await.unwrap();
        history.roll(after(24 * DAYS)).await;
        if layout != "timescale" {
            assert_eq!(early.parts, 0, "{layout} dropped what was not rolled up: {early:?}");
        }
        let of_dropped = "SELECT count(*) FROM observation WHERE time < '2024-03-16T00:00:00Z'";
        let old = |relation: &str| format!("SELECT coalesce(sum(count), 0)::bigint FROM {relation} WHERE time < '2024-03-15T17:00:00Z'");
        let mut kept = Vec::new();
        for relation in ["observation_1m", "observation_1h", "observation_1d"] {
            kept.push(history.sql(&old(relation)).await);
        }
        assert!(kept[0] > 1_000 && kept.iter().all(|count| *count == kept[0]), "{layout}: {kept:?}");

        let dropped = history.store.drop_before(Table::Observation, after(24 * 20)).await.unwrap();
        assert!(dropped.parts + early.parts >= 2 && !dropped.is_in_use, "{layout}: {dropped:?}");
        let late = history.samples(after(24), 86_400, 200, 1);
        history.write(2, late).await;
        history.roll(after(24 * DAYS) + SignedDuration::from_mins(5)).await;
        for (relation, kept) in ["observation_1m", "observation_1h", "observation_1d"].into_iter().zip(kept) {
            assert_eq!(history.sql(&old(relation)).await, kept, "{relation} of {layout} after its rows were dropped");
        }
        history.store.drop_before(Table::Observation, after(24 * 20)).await.unwrap();
        assert_eq!(history.sql(of_dropped).await, 0, "{layout}");
        assert!(history.sql("SELECT count(*) FROM observation").await > 2_000, "{layout} keeps what is newer");
    }
}
