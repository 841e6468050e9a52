//! Faults: what was acknowledged survives `kill -9` of every part, an absent server, a lost broker and a full disk.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test's own code")]

mod broker;
mod disk;
mod kills;

use harness::{Centre, Setup, eventually};
use std::path::Path;
use std::time::Duration;

/// Counts the rows of an embedded database, through the server's own socket.
async fn sql(data: &Path) -> tokio_postgres::Client {
    let line = eventually("the database's socket", Duration::from_secs(20), || async {
        let text = std::fs::read_to_string(data.join("postgres/postmaster.pid")).ok()?;
        let mut lines = text.lines();
        let (port, folder) = (lines.nth(3)?.to_owned(), lines.next()?.to_owned());
        (!folder.is_empty()).then_some((port, folder))
    })
    .await;
    let mut address = tokio_postgres::Config::new();
    address.host(&line.1).port(line.0.parse().unwrap()).user("taydo").dbname("taydo");
    let (client, connection) = address.connect(tokio_postgres::NoTls).await.expect("the embedded database takes a connection");
    tokio::spawn(connection);
    client
}

async fn count(sql: &tokio_postgres::Client, table: &str) -> i64 {
    sql.query_one(&format!("SELECT count(*) FROM {table}"), &[]).await.unwrap().get(0)
}

async fn centre(data: &Path, port: u16, broker: Option<std::net::SocketAddr>) -> Centre {
    Centre::start(Setup { city: "tests/cities/mini", data: Some(data.to_owned()), port, broker, ..Setup::default() }).await
}
