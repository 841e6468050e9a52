//! A database keeps the layout that it was made with.

use crate::WITH_SESSIONS;
use crate::rollups::{History, after};
use harness::Database;
use taydo_server::clock::Clock;
use taydo_server::store::{Layout, Store};

/// The number of the step that brought layouts.
const LAYOUT_STEP: i32 = 20;
/// The number of the step that changed how late rows are noted.
const NOTE_STEP: i32 = 28;
/// How they were noted before that.
const OLDER_NOTES: &str = "DROP TABLE rollup_note; \
    CREATE TABLE rollup_stale (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, series_id int NOT NULL, hour timestamptz NOT NULL); \
    CREATE OR REPLACE FUNCTION note_deleted_observation() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
    INSERT INTO rollup_stale (series_id, hour) VALUES (OLD.series_id, date_bin('1 hour', OLD.time, 'epoch')); RETURN NULL; END $$";

#[tokio::test]
async fn a_layout_stays_as_it_was_chosen() {
    for layout in WITH_SESSIONS {
        let Some(database) = crate::database(layout).await else { continue };
        let first = Store::open(database.address(), Clock::real()).await.unwrap();
        assert_eq!(first.layout().name(), layout);
        let again = Store::open(database.address(), Clock::real()).await.unwrap();
        assert_eq!((again.layout(), again.engine()), (first.layout(), first.engine()));
        let reader = Store::open_to_read(database.address(), Clock::real()).await.unwrap();
        assert_eq!(reader.layout(), first.layout());
    }
}

#[tokio::test]
async fn a_database_from_before_layouts_becomes_plain_wherever_it_is() {
    for layout in WITH_SESSIONS {
        let Some(database) = crate::database(layout).await else { continue };
        make_older(&database).await;
        let mut history = History::new(database).await;
        assert_eq!(history.store.layout(), Layout::Plain, "on {layout}");
        let new = history.samples(after(0), 3 * 3_600, 300, 0);
        history.write(1, new).await;
        history.roll(after(24)).await;
        history.is_right(layout, "of an older database").await;
        assert!(history.sql("SELECT sum(count)::bigint FROM observation_1m").await > 200);
    }
}

#[tokio::test]
async fn what_an_older_server_notes_is_made_again_by_a_newer_one() {
    for layout in WITH_SESSIONS {
        let Some(database) = crate::database(layout).await else { continue };
        let mut history = History::new(database).await;
        let new = history.samples(after(0), 6 * 3_600, 600, 0);
        history.write(1, new).await;
        history.roll(after(24)).await;
        let client = history.database.client().await;
        client.batch_execute(OLDER_NOTES).await.unwrap();
        client.execute("DELETE FROM schema_migration WHERE version = $1", &[&NOTE_STEP]).await.unwrap();
        let change = |hour: i64| {
            format!(
                "UPDATE observation SET value = value + 8 WHERE date_bin('1 hour', time, 'epoch') = '{0}'; \
                INSERT INTO rollup_stale (series_id, hour) SELECT id, '{0}' FROM series",
                after(hour)
            )
        };
        // Noted before the newer one came, while both serve, and by the trigger that the older one made.
        client.batch_execute(&change(2)).await.unwrap();
        Store::open(history.database.address(), Clock::real()).await.unwrap();
        client.batch_execute(&change(3)).await.unwrap();
        client.batch_execute(&format!("DELETE FROM observation WHERE date_bin('1 hour', time, 'epoch') = '{}'", after(4))).await.unwrap();
        history.roll(after(25)).await;
        history.is_right(layout, "after what an older server has noted").await;
        assert_eq!(history.sql("SELECT (SELECT count(*) FROM rollup_stale) + (SELECT count(*) FROM rollup_note)").await, 0);
    }
}

/// What a database looked like before there were layouts: the steps up to theirs, a partition and a row.
async fn make_older(database: &Database) {
    let client = database.client().await;
    let table =
        "CREATE TABLE schema_migration (version int PRIMARY KEY, name text NOT NULL, hash text NOT NULL, applied_at timestamptz NOT NULL)";
    client.batch_execute(table).await.unwrap();
    let mut steps: Vec<_> =
        std::fs::read_dir(harness::repository().join("migrations")).unwrap().map(|entry| entry.unwrap().path()).collect();
    steps.retain(|path| path.is_file());
    steps.sort();
    for path in steps {
        let version: i32 = path.file_name().unwrap().to_str().unwrap()[..4].parse().unwrap();
        if version >= LAYOUT_STEP {
            break;
        }
        let sql = std::fs::read_to_string(&path).unwrap();
        client.batch_execute(&sql).await.unwrap();
        let insert = "INSERT INTO schema_migration VALUES ($1, '', encode(sha256(convert_to($2, 'UTF8')), 'hex'), '2024-03-01Z')";
        client.execute(insert, &[&version, &sql]).await.unwrap();
    }
    let rows = "CREATE TABLE observation_20240304 PARTITION OF observation FOR VALUES FROM ('2024-03-04T00:00Z') TO ('2024-03-11T00:00Z'); \
        INSERT INTO series (digest, source, metric, labels, created_at) VALUES ('x', 'sensors', 'road.speed', '{}', '2024-03-04T00:00Z'); \
        INSERT INTO observation (time, value, series_id, revision) VALUES ('2024-03-04T08:00Z', 8.5, 1, 0)";
    client.batch_execute(rows).await.unwrap();
}
