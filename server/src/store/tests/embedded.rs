//! The embedded cluster: killed, adopted, refused.

use super::{super::*, execute};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    os::unix::{fs::MetadataExt, process::CommandExt},
    path::Path,
    time::Duration,
};

fn postmaster(data: &Path) -> Option<Pid> {
    let text = std::fs::read_to_string(data.join("postgres/postmaster.pid")).ok()?;
    Pid::from_raw(text.lines().next()?.parse().ok()?)
}

async fn answers(config: &tokio_postgres::Config) -> bool {
    config.connect(tokio_postgres::NoTls).await.is_ok()
}

#[tokio::test]
async fn a_killed_database_comes_back_and_one_whose_server_was_killed_is_adopted() {
    let (data, clock) = (tempfile::tempdir().unwrap(), Clock::real());
    let (database, config) = EmbeddedDatabase::start(data.path(), clock.clone()).await.unwrap();
    let second = EmbeddedDatabase::start(data.path(), clock.clone()).await.unwrap_err();
    assert!(matches!(&second, EmbeddedError::InUse { by: Some(pid), .. } if *pid == std::process::id().to_string()), "{second}");
    execute(&config, "CREATE TABLE kept AS SELECT 1 AS one").await;

    let first = postmaster(data.path()).unwrap();
    kill_process(first, Signal::KILL).unwrap();
    while postmaster(data.path()).is_none_or(|pid| pid == first) || !answers(&config).await {
        clock.pause(Duration::from_millis(50)).await;
    }
    execute(&config, "SELECT one FROM kept").await;

    // What a killed server leaves: nobody supervises, the lock is free, the postmaster runs.
    let running = postmaster(data.path()).unwrap();
    drop(database);
    let (database, config) = EmbeddedDatabase::start(data.path(), clock.clone()).await.unwrap();
    assert_eq!(postmaster(data.path()), Some(running), "adopted, not started again");
    execute(&config, "SELECT one FROM kept").await;
    database.stop().await.unwrap();
    assert!(!answers(&config).await);

    // After the machine was restarted, the number in the stale file may be another process's of the same account.
    let owner = std::fs::metadata(data.path().join("postgres")).unwrap().uid();
    let mut stranger = std::process::Command::new("sleep").arg("600").uid(owner).spawn().unwrap();
    let stale = format!("{}\n{}\n0\n5432\n", stranger.id(), data.path().join("postgres").display());
    std::fs::write(data.path().join("postgres/postmaster.pid"), stale).unwrap();
    let restarted = EmbeddedDatabase::start(data.path(), clock.clone()).await;
    let untouched = stranger.try_wait().unwrap().is_none();
    stranger.kill().unwrap();
    stranger.wait().unwrap();
    let (database, config) = restarted.unwrap();
    execute(&config, "SELECT one FROM kept").await;
    database.stop().await.unwrap();
    assert!(untouched, "a stranger is never signalled");

    std::fs::write(data.path().join("postgres/PG_VERSION"), "9\n").unwrap();
    let other = EmbeddedDatabase::start(data.path(), clock).await.unwrap_err();
    assert!(matches!(other, EmbeddedError::OtherVersion { of: 9, .. }), "{other}");
    assert!(other.to_string().contains("pg_upgrade"));
}
