//! Operations: back-ups, restores, full disks, retention, and the doctor, with real data folders and real disks.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test's own code")]

mod backups;
mod changes;
mod disks;
mod schedule;
mod tool;
mod treatment;

use harness::{Centre, Setup, eventually};
use std::path::Path;
use std::time::Duration;

/// A centre of the small city over a data folder.
async fn centre(data: &Path, more: &[&str]) -> Centre {
    Centre::start(Setup { city: "tests/cities/mini", data: Some(data.to_owned()), more, ..Setup::default() }).await
}

/// A connection to the embedded database of a running server.
async fn sql(data: &Path) -> tokio_postgres::Client {
    let (port, folder) = eventually("the database's socket", Duration::from_secs(20), || async {
        let text = std::fs::read_to_string(data.join("postgres/postmaster.pid")).ok()?;
        let mut lines = text.lines();
        let (port, folder) = (lines.nth(3)?.to_owned(), lines.next()?.to_owned());
        (!folder.is_empty()).then_some((port, folder))
    })
    .await;
    let mut address = tokio_postgres::Config::new();
    address.host(&folder).port(port.parse().unwrap()).user("taydo").dbname("taydo");
    let (client, connection) = address.connect(tokio_postgres::NoTls).await.expect("the embedded database takes a connection");
    tokio::spawn(connection);
    client
}

async fn count(sql: &tokio_postgres::Client, what: &str) -> i64 {
    sql.query_one(&format!("SELECT count(*) FROM {what}"), &[]).await.unwrap().get(0)
}

/// Lines of observations of 200 meters at one second.
fn lines(second: i64) -> String {
    (0..200).map(|n| format!("meter,asset=m{n} load={} {}\n", second % 90, 1_772_413_200_000 + second * 1000)).collect()
}
