//! The doctor: what a server's keeper should know of it, each with what to do next; also while the server is down.
//!
//! It must never change anything, and never say that something is fine which it could not look at.

mod database;
mod machine;

use crate::clock::Clock;
use crate::store::{EmbeddedDatabase, Inspection};
use serde::Serialize;
use std::path::PathBuf;
use std::time::Duration;

/// How it stands with one thing, the worst last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Nothing is to be done.
    Fine,
    /// Somebody should look at it soon.
    Attention,
    /// The centre can't do its work, or data is in danger.
    Broken,
}

/// What was found about one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What it is about.
    pub about: &'static str,
    /// How it stands.
    pub level: Level,
    /// What was found, in words.
    pub found: String,
    /// What to do next; nothing where it is fine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next: Option<String>,
}

impl Finding {
    fn fine(about: &'static str, found: impl Into<String>) -> Self {
        Self { about, level: Level::Fine, found: found.into(), next: None }
    }

    fn attention(about: &'static str, found: impl Into<String>, next: impl Into<String>) -> Self {
        Self { about, level: Level::Attention, found: found.into(), next: Some(next.into()) }
    }

    fn broken(about: &'static str, found: impl Into<String>, next: impl Into<String>) -> Self {
        Self { about, level: Level::Broken, found: found.into(), next: Some(next.into()) }
    }
}

/// What is looked at.
#[derive(Debug, Clone)]
pub struct Patient {
    /// The server's address, such as `http://127.0.0.1:4390`.
    pub server: String,
    /// Its data folder.
    pub data: PathBuf,
    /// Its database, where that isn't the embedded one.
    pub outside: Option<tokio_postgres::Config>,
    /// Where back-ups are.
    pub backups: PathBuf,
}

/// How long the server may take to answer.
const SERVER_LIMIT: Duration = Duration::from_secs(5);

impl Patient {
    /// Looks at everything. Takes some seconds where something doesn't answer.
    pub async fn examine(&self, clock: &Clock) -> Vec<Finding> {
        let now = clock.now();
        let mut findings = vec![Finding::fine("program", format!("taydo {}", env!("CARGO_PKG_VERSION")))];
        let (served, is_up) = self.server().await;
        findings.extend(served);
        let inspected = self.inspect(clock).await;
        let week_bytes = inspected.as_ref().ok().and_then(Option::as_ref).and_then(|found| found.week_bytes);
        match &inspected {
            Ok(Some(found)) => findings.extend(database::findings(found, is_up, now)),
            Ok(None) => findings.push(Finding::attention(
                "database",
                format!("there is none in {} yet", self.data.display()),
                "start `taydo serve`, or name the server's data folder with --data",
            )),
            Err(error) => {
                findings.push(Finding::broken("database", format!("{error:#}"), "read the server's log; see whether the database runs"))
            }
        }
        findings.extend(machine::disk(&self.data, week_bytes));
        findings.push(machine::backups(&self.backups, now));
        findings.push(machine::clock());
        findings
    }

    async fn inspect(&self, clock: &Clock) -> anyhow::Result<Option<Inspection>> {
        if let Some(outside) = &self.outside {
            return Ok(Some(Inspection::of(outside, clock).await?));
        }
        if let Some(running) = EmbeddedDatabase::running(&self.data) {
            return Ok(Some(Inspection::of(&running, clock).await?));
        }
        if !self.data.join("postgres/PG_VERSION").exists() {
            return Ok(None);
        }
        let (database, config) = EmbeddedDatabase::start(&self.data, clock.clone()).await?;
        let found = Inspection::of(&config, clock).await;
        database.stop().await?;
        Ok(Some(found?))
    }

    /// What the server says of itself, and whether it answers.
    async fn server(&self) -> (Vec<Finding>, bool) {
        let down = |found: String| {
            let next = format!("start `taydo serve`; if it runs elsewhere, say so with --server (asked: {})", self.server);
            (vec![Finding::broken("server", found, next)], false)
        };
        let client = match reqwest::Client::builder().timeout(SERVER_LIMIT).no_proxy().build() {
            Ok(client) => client,
            Err(error) => return down(error.to_string()),
        };
        let answer = match client.get(format!("{}/readyz", self.server)).send().await {
            Ok(answer) => answer.json::<serde_json::Value>().await,
            Err(_) => return down("it doesn't answer".to_owned()),
        };
        let Ok(ready) = answer else { return down("what answers is not a taydo".to_owned()) };
        let mut findings = Vec::new();
        for (part, why) in ready.get("lacking").and_then(serde_json::Value::as_object).into_iter().flatten() {
            let why = why.as_str().unwrap_or_default();
            findings.push(Finding::broken("server", format!("{part} is lacking: {why}"), "read the server's log (docs/operations.md)"));
        }
        for warning in ready.get("warnings").and_then(serde_json::Value::as_array).into_iter().flatten() {
            findings.push(Finding::attention(
                "server",
                warning.as_str().unwrap_or_default(),
                "see docs/operations.md, or the page `sources`",
            ));
        }
        if findings.is_empty() {
            findings.push(Finding::fine("server", format!("{} is ready", self.server)));
        }
        (findings, true)
    }
}

/// The worst of them.
#[must_use]
pub fn worst(findings: &[Finding]) -> Level {
    findings.iter().map(|finding| finding.level).max().unwrap_or(Level::Fine)
}
