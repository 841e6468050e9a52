//! What an observation takes on the disk, in each layout; printed, because the figures are for people.

use crate::rollups::{History, after};
use crate::{LAYOUTS, database};
use jiff::SignedDuration;
use taydo_engine::Sample;
use taydo_model::SampleState;
use taydo_server::store::{Layout, NewSample};

const SERIES: usize = 100;
/// Every 10 s for 5 hours.
const INSTANTS: i64 = 1_800;
const BATCH: i64 = 100;

#[tokio::test]
async fn an_observation_takes_less_than_a_hundred_bytes_and_in_columns_a_tenth_of_that() {
    for layout in LAYOUTS {
        let Some(database) = database(layout).await else { continue };
        let mut history = History::of_series(database, SERIES).await;
        for first in (0..INSTANTS).step_by(BATCH as usize) {
            let batch = (first..first + BATCH).flat_map(|instant| instant_of(&history, instant)).collect();
            history.write(1, batch).await;
        }
        history.roll(after(24 * 3)).await;
        let rows = SERIES as i64 * INSTANTS;
        assert_eq!(history.sql("SELECT count(*) FROM observation").await, rows);
        let buckets = history.sql("SELECT count(*) FROM observation_1m").await;
        let (raw, minutes) = (size(&history, "observation").await, size(&history, minutes_of(layout)).await);
        let per = |bytes: i64, rows: i64| bytes as f64 / rows as f64;
        println!("{layout}: {:.1} bytes an observation with its key, {:.1} a minute's rollup", per(raw, rows), per(minutes, buckets));
        assert!(per(raw, rows) < 110.0, "{layout}: {raw} bytes");
        if history.store.layout() == Layout::Timescale {
            history.sql("SELECT count(compress_chunk(chunk)) FROM show_chunks('observation') AS chunk").await;
            let columns = size(&history, "observation").await;
            println!("{layout}: {:.1} bytes an observation in columns", per(columns, rows));
            assert!(per(columns, rows) < 11.0, "{layout}: {columns} bytes in columns");
            assert_eq!(history.sql("SELECT count(*) FROM observation").await, rows, "{layout} in columns");
        }
    }
}

/// Values in steps of 0.1 that wander as a sensor's do.
fn instant_of(history: &History, instant: i64) -> Vec<NewSample> {
    let one = |(at, series): (usize, &taydo_engine::SeriesId)| {
        let wave = ((instant as f64 / 60.0 + at as f64).sin() * 80.0) as i64;
        let noise = (instant * 7_919 + at as i64 * 104_729).wrapping_mul(2_654_435_761).rem_euclid(7);
        let ticks = 350 + wave + noise;
        let time = after(0) + SignedDuration::from_secs(instant * 10);
        let sample = Sample { series: *series, time, ticks, revision: 0, state: SampleState::Normal };
        NewSample { sample, value: ticks as f64 / 10.0 }
    };
    history.series.iter().enumerate().map(one).collect()
}

fn minutes_of(layout: &str) -> &'static str {
    if layout == "timescale" { "observation_1m" } else { "rollup_1m" }
}

/// Bytes of a table with its parts and indexes.
async fn size(history: &History, relation: &str) -> i64 {
    match history.store.layout() {
        Layout::Plain => {
            history.sql(&format!("SELECT sum(pg_total_relation_size(relid))::bigint FROM pg_partition_tree('{relation}')")).await
        }
        Layout::TimescaleApache => history.sql(&format!("SELECT hypertable_size('{relation}')")).await,
        Layout::Timescale => {
            let of_view = "SELECT format('%I.%I', materialization_hypertable_schema, materialization_hypertable_name) \
                FROM timescaledb_information.continuous_aggregates WHERE view_name";
            history.sql(&format!("SELECT hypertable_size(coalesce(({of_view} = '{relation}'), '{relation}')::regclass)")).await
        }
    }
}
