//! The store against a real PostgreSQL: one embedded cluster for the test process, a database of its own for each test.

mod embedded;
mod reading_rollups;
mod readings;
mod rows;

use super::*;
use std::sync::{
    Mutex, Weak,
    atomic::{AtomicU32, Ordering},
};
use tokio_postgres::NoTls;

/// The cluster that the tests of this process share. It lives on a thread of its own, because each test has its own
/// runtime, and ends with the last test that holds it.
struct Shared {
    config: tokio_postgres::Config,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

static SHARED: Mutex<Weak<Shared>> = Mutex::new(Weak::new());
static DATABASES: AtomicU32 = AtomicU32::new(0);

impl Shared {
    fn get() -> Arc<Self> {
        let mut shared = SHARED.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        if let Some(running) = shared.upgrade() {
            return running;
        }
        let (started, start) = std::sync::mpsc::channel();
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Runtime::new().unwrap();
            runtime.block_on(async {
                let data = tempfile::tempdir().unwrap();
                let (database, config) = EmbeddedDatabase::start(data.path(), Clock::real()).await.unwrap();
                started.send(config).unwrap();
                let _ = stopped.await;
                database.stop().await.unwrap();
            });
        });
        let running = Arc::new(Self { config: start.recv().unwrap(), stop: Some(stop), thread: Some(thread) });
        *shared = Arc::downgrade(&running);
        running
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A store on a database of its own.
struct Fresh {
    store: Store,
    config: tokio_postgres::Config,
    _cluster: Arc<Shared>,
}

impl Fresh {
    async fn new() -> Self {
        let cluster = tokio::task::spawn_blocking(Shared::get).await.unwrap();
        let name = format!("test_{}", DATABASES.fetch_add(1, Ordering::Relaxed));
        execute(&cluster.config, &format!("CREATE DATABASE {name}")).await;
        let mut config = cluster.config.clone();
        config.dbname(&name);
        let store = Store::open(config.clone(), Clock::real()).await.unwrap();
        Self { store, config, _cluster: cluster }
    }

    /// The rows of a query, each as one text.
    async fn texts(&self, sql: &str) -> Vec<String> {
        let (client, connection) = self.config.connect(NoTls).await.unwrap();
        tokio::spawn(connection);
        let rows = client.query(&format!("SELECT result::text FROM ({sql}) AS result"), &[]).await.unwrap();
        rows.iter().map(|row| row.get(0)).collect()
    }
}

async fn execute(config: &tokio_postgres::Config, sql: &str) {
    let (client, connection) = config.connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    client.batch_execute(sql).await.unwrap();
}

fn at(text: &str) -> jiff::Timestamp {
    text.parse().unwrap()
}

#[tokio::test]
async fn migrations_run_once_and_a_changed_or_newer_schema_is_refused() {
    let fresh = Fresh::new().await;
    let again = Store::open(fresh.config.clone(), Clock::real()).await;
    assert!(again.is_ok());
    let steps = migration::MIGRATIONS.iter().map(|step| format!("({})", step.version));
    assert_eq!(fresh.texts("SELECT version FROM schema_migration ORDER BY version").await, steps.collect::<Vec<_>>());

    execute(&fresh.config, "INSERT INTO schema_migration VALUES (999, 'later', '', '2026-01-01')").await;
    let newer = Store::open(fresh.config.clone(), Clock::real()).await.unwrap_err();
    assert!(matches!(newer, OpenError::Newer { database: 999, .. }), "{newer}");
    execute(&fresh.config, "DELETE FROM schema_migration WHERE version = 999; UPDATE schema_migration SET hash = 'other'").await;
    let changed = Store::open(fresh.config.clone(), Clock::real()).await.unwrap_err();
    assert!(matches!(changed, OpenError::Changed { version: 1, name: "spine" }), "{changed}");
}
