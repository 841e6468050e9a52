//! Changes that can't be taken back: migrations, with a back-up before and a way back; and what is too old and goes.

use crate::tool::taydo;
use crate::{centre, count, lines, sql};
use harness::{Database, Setup, eventually, repository};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::{Duration, Instant};
use taydo_server::clock::Clock;
use taydo_server::store::{EmbeddedDatabase, Store};
use tokio::io::AsyncBufReadExt as _;

/// The migrations' files in their order, with their numbers.
fn migrations() -> Vec<(i32, String)> {
    let files = std::fs::read_dir(repository().join("migrations")).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<(i32, String)> = files
        .filter(|path| path.extension().is_some_and(|end| end == "sql"))
        .filter_map(|path| Some((path.file_name()?.to_str()?.get(..4)?.parse().ok()?, std::fs::read_to_string(&path).unwrap())))
        .collect();
    found.sort();
    found
}

/// Brings an empty database to the schema before the newest migration, as the version before left it; that schema's number.
async fn as_the_version_before(client: &tokio_postgres::Client) -> i32 {
    let table =
        "CREATE TABLE schema_migration (version int PRIMARY KEY, name text NOT NULL, hash text NOT NULL, applied_at timestamptz NOT NULL)";
    client.batch_execute(table).await.unwrap();
    let mut steps = migrations();
    steps.pop();
    for (version, text) in &steps {
        client.batch_execute(text).await.unwrap();
        let note = "INSERT INTO schema_migration VALUES ($1, 'step', encode(sha256(convert_to($2, 'UTF8')), 'hex'), '2026-01-01Z')";
        client.execute(note, &[version, text]).await.unwrap();
    }
    client.batch_execute("INSERT INTO lane VALUES (0, 0), (1, 0)").await.unwrap();
    steps.last().unwrap().0
}

/// What a server writes with each batch and reads for a page, whatever its version.
async fn one_batch(client: &tokio_postgres::Client, seq: i64) -> Result<(), tokio_postgres::Error> {
    let batch = "INSERT INTO ingest_batch VALUES (7, $1, '2026-03-02T01:00:00Z', NULL, NULL)";
    client.execute(batch, &[&seq]).await?;
    let reject = "INSERT INTO reject (received_at, source, code, reason, payload) VALUES ('2026-03-02T01:00:00Z', 'lines', 'invalid', $1::int8::text, '')";
    client.execute(reject, &[&seq]).await?;
    client
        .query("SELECT count(*) FROM observation UNION ALL SELECT count(*) FROM reading UNION ALL SELECT count(*) FROM incident", &[])
        .await?;
    Ok(())
}

#[tokio::test]
async fn a_migration_is_backed_up_before_and_the_way_back_is_open() {
    let data = tempfile::tempdir().unwrap();
    let (database, address) = EmbeddedDatabase::start(data.path(), Clock::real()).await.unwrap();
    let (client, connection) = address.connect(tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let older = as_the_version_before(&client).await;
    for seq in 1..=20 {
        one_batch(&client, seq).await.unwrap();
    }
    database.stop().await.unwrap();

    let mut server = centre(data.path(), &[]).await;
    assert_eq!(server.write_lines("lines", &lines(1)).await.status, 204);
    assert_eq!(count(&sql(data.path()).await, "reject").await, 20);
    assert_eq!(server.stop().await, Some(0));
    let made = std::fs::read_dir(data.path().join("backups")).unwrap().next().unwrap().unwrap().path();
    let manifest: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(made.join("manifest.json")).unwrap()).unwrap();
    assert_eq!((manifest["reason"].as_str(), manifest["schema"].as_i64()), (Some("migration"), Some(i64::from(older))));

    // The way back: the state of the older version, to the row, as the command has compared.
    let back = taydo(data.path(), &["restore", made.to_str().unwrap(), "--replace"]).await;
    assert_eq!(back.code, Some(0), "{back:?}");
    let (database, address) = EmbeddedDatabase::start(data.path(), Clock::real()).await.unwrap();
    let (client, connection) = address.connect(tokio_postgres::NoTls).await.unwrap();
    tokio::spawn(connection);
    let schema: i32 = client.query_one("SELECT max(version) FROM schema_migration", &[]).await.unwrap().get(0);
    assert_eq!((schema, count(&client, "reject").await, count(&client, "observation").await), (older, 20, 0));
    database.stop().await.unwrap();
    // And forward again, without another back-up when told so.
    let mut server = centre(data.path(), &["--skip-migration-backup"]).await;
    assert_eq!(count(&sql(data.path()).await, "reject").await, 20);
    assert_eq!(std::fs::read_dir(data.path().join("backups")).unwrap().count(), 1);
    assert_eq!(server.stop().await, Some(0));
}

#[tokio::test]
async fn the_newest_migration_runs_while_the_version_before_writes() {
    let database = Database::fresh().await;
    let before = database.client().await;
    let older = as_the_version_before(&before).await;
    let (migrated, mut longest, mut seq) = (AtomicBool::new(false), Duration::ZERO, 0);
    let writing = async {
        // Some batches before, many meanwhile, some after.
        let mut after = 0;
        while after < 20 {
            seq += 1;
            let begun = Instant::now();
            one_batch(&before, seq).await.expect("the version before goes on writing");
            longest = longest.max(begun.elapsed());
            after += i32::from(migrated.load(SeqCst));
        }
    };
    let address: tokio_postgres::Config = database.url().await.parse().unwrap();
    let migrating = async {
        let store = Store::open(address, Clock::real()).await;
        migrated.store(true, SeqCst);
        store
    };
    let ((), store) = tokio::join!(writing, migrating);
    store.expect("the newer version opens the database");
    let newest: i32 = before.query_one("SELECT max(version) FROM schema_migration", &[]).await.unwrap().get(0);
    assert!(newest > older);
    assert_eq!(count(&before, "ingest_batch").await, seq);
    assert!(longest < Duration::from_secs(10), "a batch waited for {longest:?}");
}

/// The programs of two PostgreSQL versions, the older first: `TAYDO_TEST_POSTGRES_BIN`, or what Debian's packages have installed.
fn two_versions() -> Option<Vec<PathBuf>> {
    let mut folders: Vec<PathBuf> = match std::env::var_os("TAYDO_TEST_POSTGRES_BIN") {
        Some(folders) => std::env::split_paths(&folders).collect(),
        None => {
            let installed = std::fs::read_dir("/usr/lib/postgresql").ok()?;
            let mut folders: Vec<PathBuf> = installed.map(|entry| entry.unwrap().path().join("bin")).collect();
            folders.sort();
            folders
        }
    };
    folders.retain(|folder| folder.join("postgres").exists());
    (folders.len() >= 2).then_some(folders)
}

#[tokio::test]
async fn the_database_moves_to_a_newer_postgresql_and_the_old_one_stays() {
    let Some(folders) = two_versions() else {
        println!("not covered: there is one version of PostgreSQL here; name the folders of two in TAYDO_TEST_POSTGRES_BIN");
        return;
    };
    let data = tempfile::tempdir().unwrap();
    let run = |folders: &[PathBuf], arguments: &[&str]| {
        let mut command = tokio::process::Command::new(harness::program());
        command.env("TAYDO_POSTGRES_BIN", std::env::join_paths(folders).unwrap()).args(arguments).arg("--data").arg(data.path());
        command.kill_on_drop(true).stdout(std::process::Stdio::piped());
        command.spawn().unwrap()
    };
    let version = || std::fs::read_to_string(data.path().join("postgres/PG_VERSION")).unwrap_or_default();
    let city = repository().join("tests/cities/mini");
    let serve = ["serve", "--port", "0", "--city", city.to_str().unwrap()];
    let mut server = run(&folders[..1], &serve);
    // It says its address once everything is there.
    let mut address = String::new();
    tokio::io::BufReader::new(server.stdout.take().unwrap()).read_line(&mut address).await.unwrap();
    assert!(address.starts_with("http://"), "the older one runs: {address:?}");
    let older = version();
    let pid = server.id().unwrap().to_string();
    assert!(std::process::Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    assert!(server.wait().await.unwrap().success());

    let done = run(&folders, &["database", "upgrade"]).wait_with_output().await.unwrap();
    assert!(done.status.success(), "{done:?}");
    assert_ne!(version(), older);
    let aside = std::fs::read_dir(data.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.to_string_lossy().contains("postgres.of-"));
    assert_eq!(std::fs::read_to_string(aside.unwrap().join("PG_VERSION")).unwrap(), older);
    let again = run(&folders, &["database", "upgrade"]).wait_with_output().await.unwrap();
    assert!(String::from_utf8_lossy(&again.stdout).contains("nothing was done"), "{again:?}");
}

#[tokio::test]
async fn what_is_older_than_the_city_keeps_goes_by_whole_weeks() {
    let data = tempfile::tempdir().unwrap();
    let clock = harness::MovedClock::at("2026-03-02T01:00:00Z");
    let setup = || Setup { city: "tests/cities/mini", clock: Some(&clock), data: Some(data.path().to_owned()), ..Setup::default() };
    let mut server = harness::Centre::start(setup()).await;
    // 1,096 days and eight weeks before, eleven days less, and now.
    for time in ["2023-01-02T00:00:00Z", "2023-03-13T00:00:00Z", "2026-03-02T00:59:00Z"] {
        let at: jiff::Timestamp = time.parse().unwrap();
        let line = format!("meter,asset=m1 load=1 {}\n", at.as_millisecond());
        assert_eq!(server.write_lines("lines", &line).await.status, 204);
    }
    let client = sql(data.path()).await;
    assert_eq!(count(&client, "observation").await, 3);
    eventually("the old week goes, and only that", Duration::from_secs(30), || async {
        clock.advance(jiff::SignedDuration::from_mins(10));
        (count(&client, "observation").await == 2).then_some(())
    })
    .await;
    let oldest: String = client.query_one("SELECT min(time)::date::text FROM observation", &[]).await.unwrap().get(0);
    assert_eq!(oldest, "2023-03-13");
    assert_eq!(server.stop().await, Some(0));
}
