//! Paging against real parts: PostgreSQL, an SMTP server, providers over HTTP, and processes that are killed.
//!
//! The providers and the mail server fail a test on anything that it did not expect.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test's own code")]

mod crash;
mod mail;
mod many;
mod outage;
mod purge;
mod tls;
mod together;
mod webhook;

use harness::{Database, MovedClock, TestDesk};
use jiff::{SignedDuration, Timestamp};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use taydo_model::PersonId;
use taydo_model::alert::Urgency;
use taydo_model::incident::{GroupId, IncidentId};
use taydo_model::oncall::ContactId;
use taydo_model::page::{Page, PageKind};
use taydo_server::clock::Clock;
use taydo_server::paging::{Paging, Parts, Settings};
use taydo_server::store::outbox::NewPage;
use taydo_server::store::{DatabaseAddress, Store};
use tokio_postgres::Client;

const START: &str = "2026-03-02T00:00:00Z";

/// An outbox with a moved clock, and the providers of a paging file.
struct Scene {
    clock: MovedClock,
    database: Database,
    store: Store,
    sql: Client,
    desk: Arc<TestDesk>,
    file: PathBuf,
    _folder: tempfile::TempDir,
}

impl Scene {
    /// `providers` are the paging file's entries.
    async fn with(providers: &[String]) -> Self {
        taydo_server::telemetry::log(false);
        let clock = MovedClock::at(START);
        let database = Database::fresh().await;
        let address = DatabaseAddress::parse(&database.url().await, None).unwrap();
        let store = Store::open(address.config(), Clock::from_socket(clock.socket()).await.unwrap()).await.unwrap();
        let sql = database.client().await;
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("paging.toml");
        std::fs::write(folder.path().join("webhook.secret"), "a secret of some length\n").unwrap();
        std::fs::write(&file, format!("[outgoing]\nprivate = [\"127.0.0.0/8\"]\n{}", providers.concat())).unwrap();
        Self { clock, database, store, sql, desk: Arc::default(), file, _folder: folder }
    }

    /// A worker in this process that follows this clock.
    async fn worker_of(&self, clock: &MovedClock) -> Paging {
        let address = DatabaseAddress::parse(&self.database.url().await, None).unwrap();
        let clock = Clock::from_socket(clock.socket()).await.unwrap();
        let store = Store::open(address.config(), clock.clone()).await.unwrap();
        let settings = Settings::load(&self.file).unwrap();
        Paging::start(Parts { store, clock, desk: self.desk.clone(), settings }).unwrap()
    }

    async fn worker(&self) -> Paging {
        self.worker_of(&self.clock).await
    }

    /// A worker as a process of its own.
    async fn process(&self, clock: Option<&MovedClock>) -> WorkerProcess {
        WorkerProcess::start(&self.database.url().await, &self.file, clock)
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Decides these pages now.
    async fn decide(&self, pages: &[Page]) -> u64 {
        let new: Vec<NewPage<'_>> = pages.iter().map(|page| NewPage { page, team: None, exercise: false }).collect();
        self.store.write_pages(&new, self.now()).await.unwrap()
    }

    /// A page that is due now.
    fn page(&self, number: i64, contact: ContactId) -> Page {
        Page {
            group: Some(GroupId(number)),
            incidents: vec![IncidentId(number)],
            escalation: 1,
            person: PersonId::new("an").unwrap(),
            contact,
            kind: PageKind::Firing,
            urgency: Urgency::High,
            resolved: Vec::new(),
            flapping: Vec::new(),
            others: 0,
            about: None,
            areas: Vec::new(),
            after_min: 0,
            turn: 1,
            due_at: self.now(),
        }
    }

    /// The same page on another contact, due so many minutes later.
    fn later(&self, page: &Page, contact: ContactId, minutes: i64) -> Page {
        Page { contact, due_at: page.due_at + SignedDuration::from_mins(minutes), ..page.clone() }
    }

    async fn texts(&self, sql: &str) -> Vec<String> {
        self.sql.query(sql, &[]).await.unwrap().iter().map(|row| row.get(0)).collect()
    }

    /// The states of all pages, in the order of their decisions.
    async fn pages(&self) -> Vec<String> {
        self.texts("SELECT state FROM page ORDER BY id").await
    }

    /// What came of all attempts, in their order.
    async fn attempts(&self) -> Vec<String> {
        self.texts("SELECT provider || ' ' || coalesce(outcome, 'open') FROM attempt ORDER BY id").await
    }

    /// What was written for the incidents' log, in its order.
    async fn outcomes(&self) -> Vec<String> {
        self.texts("SELECT what FROM outcome ORDER BY id").await
    }

    /// Moves time until all pages stand so; returns how many seconds that took.
    async fn until_pages(&self, states: &[&str], limit_s: u32) -> u32 {
        let ask = || async { (self.pages().await == states).then_some(()) };
        let what = format!("pages {states:?}");
        self.clock.advance_until(&what, limit_s, ask).await.1
    }
}

/// A worker's process; it is killed when dropped.
struct WorkerProcess(Child);

impl WorkerProcess {
    fn start(database: &str, file: &std::path::Path, clock: Option<&MovedClock>) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_paging_worker"));
        command.arg(database).arg(file).args(clock.map(MovedClock::socket)).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
        assert_eq!(line.trim(), "started");
        Self(process)
    }

    /// Ends it as `kill -9` does.
    fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for WorkerProcess {
    fn drop(&mut self) {
        // It may have been killed by the test.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
