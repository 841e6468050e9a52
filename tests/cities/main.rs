//! Real cities' recordings through the whole system: service cases of Boston, road sensors of Minneapolis, and Tétouan's
//! electrical load.
//!
//! The data lies beside the repository and never in it; where it isn't, a test says that it covers nothing.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test's own code")]
#![allow(clippy::disallowed_methods, reason = "how long a real process takes is measured in real time")]

mod energy;
mod replay;
mod service;
mod traffic;

use harness::{Centre, Database, MovedClock, Setup, eventually, program};
use jiff::{SignedDuration, Timestamp};
use std::path::Path;
use std::time::{Duration, Instant};
use tokio_postgres::Client;

/// How long an import and its recompute may take.
const LIMIT: Duration = Duration::from_secs(120);

/// A centre of a real city, just after its recordings end.
struct City {
    clock: MovedClock,
    begun: Timestamp,
    centre: Centre,
    sql: Client,
}

/// What a table holds: its rows, and a sum over what is in them.
type Digest = Vec<(String, i64, String)>;

impl City {
    /// A city of `tests/cities` with a clock that stands at `now`.
    async fn start(name: &str, now: &str) -> Self {
        let clock = MovedClock::at(now);
        let database = Database::fresh().await;
        let city = format!("tests/cities/{name}");
        let centre = Centre::start(Setup { city: &city, clock: Some(&clock), database: Some(&database), ..Setup::default() }).await;
        let sql = database.client().await;
        Self { begun: clock.now(), clock, centre, sql }
    }

    /// `taydo import` of a file that was exported when the test began; what it printed, or why the file was refused.
    async fn try_import(&self, file: &Path, source: &str) -> Result<String, String> {
        let mut command = tokio::process::Command::new(program());
        command.arg("import").arg(file).args(["--source", source, "--server", &self.centre.url]);
        let output = command.args(["--exported-at", &self.begun.to_string()]).output().await.expect("the import runs");
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
        if output.status.success() { Ok(text(output.stdout)) } else { Err(text(output.stderr)) }
    }

    /// Imports a file of so many items that are all good.
    async fn import(&self, file: &Path, source: &str, items: usize) {
        let begun = Instant::now();
        let said = self.try_import(file, source).await.unwrap_or_else(|error| panic!("{source}: {error}"));
        assert!(said.starts_with(&format!("accepted {items}, rejected 0, closed 0")), "{source}: {said}");
        println!("{source}: {items} imported in {} ms", begun.elapsed().as_millis());
    }

    /// Waits until all that was committed has been consumed, recomputes included.
    async fn settled(&self) {
        let begun = Instant::now();
        let waiting = "SELECT count(*) FROM ingest_batch b LEFT JOIN lane l USING (lane) WHERE b.seq > coalesce(l.seq, 0)";
        // Lanes are told to move on up to 15 s after a batch, which is while its recompute still runs.
        for _ in 0..20 {
            self.clock.advance(SignedDuration::from_secs(1));
        }
        eventually("everything is consumed and recomputed", LIMIT, || async {
            self.clock.advance(SignedDuration::from_millis(100));
            let batches: i64 = self.sql.query_one(waiting, &[]).await.unwrap().get(0);
            (batches == 0).then_some(())
        })
        .await;
        println!("settled after {} ms", begun.elapsed().as_millis());
    }

    /// What is stored, but for the readings of the moments that have passed since the test began.
    async fn digest(&self) -> Digest {
        let mut digest = Vec::new();
        let readings = format!("(SELECT * FROM reading WHERE time <= '{}')", self.begun);
        for table in ["series", "observation", "cases", "case_version", &readings, "reject"] {
            let sum = format!("SELECT count(*), coalesce(sum(hashtextextended(t::text, 0)), 0)::text FROM {table} t");
            let row = self.sql.query_one(&sum, &[]).await.unwrap();
            digest.push((table.to_owned(), row.get(0), row.get(1)));
        }
        digest
    }
}

/// The newest revision of recorded readings, for SQL: `kpi`, `scope`, `time`, `value`, `numerator`, `denominator`.
const READINGS: &str = "(SELECT DISTINCT ON (kpi_id, scope_id, time) k.name AS kpi, s.name AS scope, time, value, numerator, denominator \
    FROM reading r JOIN kpi k ON k.id = kpi_id JOIN scope s ON s.id = scope_id ORDER BY kpi_id, scope_id, time, revision DESC)";
