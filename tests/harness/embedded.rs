//! The embedded database of a server that runs, for a test's own questions.
//!
//! It must never start or stop it.

use crate::eventually;
use std::path::Path;
use std::time::Duration;

/// A connection to the database in a data folder, through the server's own socket.
///
/// # Panics
/// When it doesn't come up within 20 s.
pub async fn sql(data: &Path) -> tokio_postgres::Client {
    let (port, folder) = eventually("the database's socket", Duration::from_secs(20), || async {
        let text = std::fs::read_to_string(data.join("postgres/postmaster.pid")).ok()?;
        let mut lines = text.lines();
        let (port, folder) = (lines.nth(3)?.to_owned(), lines.next()?.to_owned());
        (!folder.is_empty()).then_some((port, folder))
    })
    .await;
    let mut address = tokio_postgres::Config::new();
    address.host(&folder).port(port.parse().expect("a port")).user("taydo").dbname("taydo");
    let (client, connection) = address.connect(tokio_postgres::NoTls).await.expect("the embedded database takes a connection");
    tokio::spawn(connection);
    client
}

/// How many rows a table has, or a table with a condition.
///
/// # Panics
/// When the question is refused.
pub async fn count(sql: &tokio_postgres::Client, what: &str) -> i64 {
    sql.query_one(&format!("SELECT count(*) FROM {what}"), &[]).await.expect("a count").get(0)
}
