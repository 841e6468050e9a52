//! One private PostgreSQL for a test binary, and a fresh database in it for each test that asks.

use std::sync::atomic::{AtomicU32, Ordering};
use taydo_server::clock::Clock;
use taydo_server::store::EmbeddedDatabase;
use tokio::sync::OnceCell;
use tokio_postgres::config::Host;

static CLUSTER: OnceCell<Cluster> = OnceCell::const_new();
static NEXT: AtomicU32 = AtomicU32::new(1);

struct Cluster {
    address: tokio_postgres::Config,
    _folder: tempfile::TempDir,
}

/// An empty database of a test's own.
pub struct Database {
    name: String,
}

impl Database {
    /// Makes one.
    pub async fn fresh() -> Self {
        let cluster = cluster().await;
        let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        let admin = connect(&cluster.address).await;
        admin.batch_execute(&format!("CREATE DATABASE {name}")).await.expect("a fresh database");
        Self { name }
    }

    /// Its address for `--database`.
    pub async fn url(&self) -> String {
        let cluster = cluster().await;
        let host = cluster.address.get_hosts().iter().find_map(|host| if let Host::Unix(path) = host { Some(path.display().to_string()) } else { None });
        let host = host.expect("the cluster listens on a socket").replace('/', "%2F");
        let user = cluster.address.get_user().unwrap_or("taydo");
        format!("postgresql://{user}@{host}:{}/{}?sslmode=disable", cluster.address.get_ports().first().copied().unwrap_or(5432), self.name)
    }

    /// A connection, for a test's own questions in SQL.
    pub async fn client(&self) -> tokio_postgres::Client {
        let mut address = cluster().await.address.clone();
        address.dbname(&self.name);
        connect(&address).await
    }
}

async fn cluster() -> &'static Cluster {
    CLUSTER
        .get_or_init(|| async {
            let folder = tempfile::Builder::new().prefix("taydo-test").tempdir().expect("a folder for the cluster");
            let (database, address) = EmbeddedDatabase::start(folder.path(), Clock::real()).await.expect("the tests' database");
            // It stops when the test's process ends: the server adopts nothing of it.
            std::mem::forget(database);
            Cluster { address, _folder: folder }
        })
        .await
}

async fn connect(address: &tokio_postgres::Config) -> tokio_postgres::Client {
    let (client, connection) = address.connect(tokio_postgres::NoTls).await.expect("a connection to the tests' database");
    tokio::spawn(connection);
    client
}
