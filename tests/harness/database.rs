//! One private PostgreSQL for a test binary, and a fresh database in it, or in another server, for each test that asks.

use crate::pglite::Pglite;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use taydo_server::clock::Clock;
use taydo_server::store::EmbeddedDatabase;
use tokio::sync::OnceCell;
use tokio_postgres::config::Host;

static CLUSTER: OnceCell<Cluster> = OnceCell::const_new();
static NEXT: AtomicU32 = AtomicU32::new(1);

struct Cluster {
    address: tokio_postgres::Config,
}

/// An empty database of a test's own.
pub struct Database {
    server: tokio_postgres::Config,
    name: String,
    /// What serves it, where that is there for this database alone.
    own_server: Option<Pglite>,
}

impl Database {
    /// Makes one.
    pub async fn fresh() -> Self {
        Self::on(&cluster().await.address).await
    }

    /// Makes one in this server.
    pub async fn on(server: &tokio_postgres::Config) -> Self {
        let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let admin = connect(server).await;
        admin.batch_execute(&format!("CREATE DATABASE {name}")).await.expect("a fresh database");
        Self { server: server.clone(), name, own_server: None }
    }

    /// The only one of a server that ends with it.
    pub(crate) fn in_process(address: tokio_postgres::Config, server: Pglite) -> Self {
        let name = address.get_dbname().unwrap_or("postgres").to_owned();
        Self { server: address, name, own_server: Some(server) }
    }

    /// Its address for `--database`.
    pub async fn url(&self) -> String {
        let hosts = self.server.get_hosts().iter();
        let host = hosts.filter_map(|host| if let Host::Unix(path) = host { Some(path.display().to_string()) } else { None }).next();
        let host = host.expect("the server listens on a socket").replace('/', "%2F");
        let user = self.server.get_user().unwrap_or("taydo");
        format!("postgresql://{user}@{host}:{}/{}?sslmode=disable", self.server.get_ports().first().copied().unwrap_or(5432), self.name)
    }

    /// A file with its password for `--database-password-file`, where it has one.
    pub(crate) fn password_file(&self) -> Option<PathBuf> {
        self.own_server.as_ref().map(Pglite::password_file)
    }

    /// Where it is.
    pub fn address(&self) -> tokio_postgres::Config {
        let mut address = self.server.clone();
        address.dbname(&self.name);
        address
    }

    /// A connection, for a test's own questions in SQL.
    pub async fn client(&self) -> tokio_postgres::Client {
        connect(&self.address()).await
    }
}

async fn cluster() -> &'static Cluster {
    CLUSTER
        .get_or_init(|| async {
            let folder = tempfile::Builder::new().prefix("taydo-test").tempdir().expect("a folder for the cluster").keep();
            let (answer, address) = tokio::sync::oneshot::channel();
            let data = folder.clone();
            // Each test has a runtime of its own, which ends with it; the cluster's has to last.
            std::thread::spawn(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
                runtime.block_on(async {
                    let (_database, address) = EmbeddedDatabase::start(&data, Clock::real()).await.expect("the tests' database");
                    answer.send(address).expect("the test waits");
                    std::future::pending::<()>().await;
                });
            });
            let address = address.await.expect("the tests' database starts");
            stop_at_the_end(&folder);
            Cluster { address }
        })
        .await
}

/// Leaves a shell that waits for the end of this process, however it ends, then stops the cluster and removes its folder.
fn stop_at_the_end(folder: &Path) {
    let script = "cat; kill -INT $(head -n 1 \"$0/postgres/postmaster.pid\"); while [ -e \"$0/postgres/postmaster.pid\" ]; do sleep 0.1; done; rm -rf \"$0\"";
    let mut shell = Command::new("sh");
    shell.args(["-c", script]).arg(folder).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    // The pipe closes with this process, which is what the shell waits for.
    std::mem::forget(shell.spawn().expect("a shell"));
}

pub(crate) async fn connect(address: &tokio_postgres::Config) -> tokio_postgres::Client {
    let (client, connection) = address.connect(tokio_postgres::NoTls).await.expect("a connection to the tests' database");
    tokio::spawn(connection);
    client
}
