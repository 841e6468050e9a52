//! The embedded database: a private PostgreSQL cluster of the server's own, from installed binaries.
//!
//! It owns the cluster's folder, its processes and its socket, and starts it again when it dies. It must never run
//! PostgreSQL as root, listen on TCP, or signal a process that isn't this cluster's.

mod account;
pub(super) mod binaries;
mod cluster;
mod process;
mod settings;

use crate::clock::Clock;
use cluster::Cluster;
use std::{
    fs::File,
    io::{Read, Write},
    path::{Path, PathBuf},
    time::Duration,
};
use tokio::{sync::watch, task::JoinHandle};

/// A running private cluster, and the task that starts it again should it die. When this is dropped without
/// [`stop`](Self::stop), the cluster goes on running and the next start adopts it.
#[derive(Debug)]
pub struct EmbeddedDatabase {
    /// Ends the supervisor's loop, so that it doesn't start again what is being stopped. One value, so nothing queues.
    stopping: watch::Sender<bool>,
    /// Gives the cluster back when its loop ends.
    supervisor: JoinHandle<Cluster>,
    /// Held for as long as this server uses the data folder.
    _lock: File,
}

/// Why the embedded database can't run.
#[derive(Debug, thiserror::Error)]
pub enum EmbeddedError {
    /// There is no PostgreSQL on this machine.
    #[error(
        "PostgreSQL's server programs are not installed; install them (Debian: apt-get install postgresql-15), name their folder in TAYDO_POSTGRES_BIN, or use another server with --database"
    )]
    NotInstalled,
    /// The data folder was made by another major version than any that is installed.
    #[error(
        "the data folder {} was made by PostgreSQL {of}, but {installed} is installed; install PostgreSQL {of}, run `taydo database upgrade` (or pg_upgrade), or choose another folder with --data", folder.display()
    )]
    OtherVersion {
        /// The cluster's folder.
        folder: PathBuf,
        /// The version that made it.
        of: u32,
        /// The newest version installed.
        installed: u32,
    },
    /// Another server uses the folder.
    #[error("the data folder {} is in use by another taydo{}; stop that one, or choose another folder with --data", folder.display(), by.as_ref().map(|pid| format!(" (process {pid})")).unwrap_or_default())]
    InUse {
        /// The data folder.
        folder: PathBuf,
        /// The other server's process number, where it is known.
        by: Option<String>,
    },
    /// Root runs the server, and there is no account to run the database as.
    #[error(
        "as root the database runs as the account postgres, which this machine doesn't have; install PostgreSQL's package, or run taydo as an ordinary user"
    )]
    NoPostgresAccount,
    /// The server's own account has no name.
    #[error("the user number {0} has no name on this machine, which the database's peer authentication needs; run taydo as a named user")]
    NoAccount(u32),
    /// A folder on the way is closed to the database's account.
    #[error("the account {account} can't pass through {}, so the database can't reach its data; choose another folder with --data, such as /var/lib/taydo", at.display())]
    Barred {
        /// The database's account.
        account: String,
        /// The folder that bars it.
        at: PathBuf,
    },
    /// The socket's folder belongs to somebody else or is open to others, or its path is too long for a socket.
    #[error("the socket folder {} can't be used: {reason}; remove it, or set XDG_RUNTIME_DIR to a folder of your own", path.display())]
    Sockets {
        /// The folder.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A file or folder can't be read or written.
    #[error("can't use {}", path.display())]
    Folder {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        cause: std::io::Error,
    },
    /// `initdb` failed.
    #[error("can't make the database's folder {}: {output}", folder.display())]
    Init {
        /// The cluster's folder.
        folder: PathBuf,
        /// What it said.
        output: String,
    },
    /// The database doesn't come up.
    #[error("PostgreSQL doesn't start in {}: {output}; its log is in {}", folder.display(), folder.join("log").display())]
    Start {
        /// The cluster's folder.
        folder: PathBuf,
        /// What it said last.
        output: String,
    },
    /// The database doesn't stop.
    #[error("PostgreSQL in {} doesn't stop; its log is in {}", folder.display(), folder.join("log").display())]
    Stop {
        /// The cluster's folder.
        folder: PathBuf,
    },
    /// It runs, but doesn't let us in.
    #[error("the embedded database refuses the server's connection")]
    Connect(#[source] tokio_postgres::Error),
}

/// How often the supervisor looks whether the cluster lives.
const WATCH_EVERY: Duration = Duration::from_millis(200);

impl EmbeddedDatabase {
    /// Starts the cluster in `<data>/postgres`, making it first if need be, or adopts the one of a server that was
    /// killed. Returns when it accepts connections, with how to connect.
    ///
    /// # Errors
    /// When PostgreSQL isn't installed, another server uses the folder, or the cluster can't start; the message says what to do.
    pub async fn start(data: &Path, clock: Clock) -> Result<(Self, tokio_postgres::Config), EmbeddedError> {
        let folder = |cause| EmbeddedError::Folder { path: data.to_owned(), cause };
        std::fs::create_dir_all(data).map_err(folder)?;
        let data = data.canonicalize().map_err(folder)?;
        let lock = lock(&data)?;
        let mut cluster = Cluster::prepare(&data, clock.clone()).await?;
        cluster.run().await?;
        let config = cluster.config();
        let (stopping, stop) = watch::channel(false);
        let supervisor = tokio::spawn(supervise(cluster, stop, clock));
        Ok((Self { stopping, supervisor, _lock: lock }, config))
    }

    /// How to connect to the database of a server that runs over this data folder; `None` where none does. Touches nothing.
    #[must_use]
    pub fn running(data: &Path) -> Option<tokio_postgres::Config> {
        let folder = data.canonicalize().ok()?.join("postgres");
        process::postmaster(&folder)?;
        let sockets = process::sockets(&folder)?;
        let mut config = tokio_postgres::Config::new();
        config.host_path(sockets).port(settings::PORT).user(settings::NAME).dbname(settings::NAME);
        Some(config)
    }

    /// The major versions of the cluster in a data folder, where there is one, and of the newest programs installed.
    ///
    /// # Errors
    /// When no programs are installed.
    pub fn versions(data: &Path) -> Result<(Option<u32>, u32), EmbeddedError> {
        let cluster = data.join("postgres");
        let made_by = binaries::folder_version(&cluster)?;
        Ok((made_by, binaries::Binaries::find(&cluster, None)?.major))
    }

    /// Keeps every server from the data folder until what is returned is dropped. Touches nothing else.
    ///
    /// # Errors
    /// When another server uses the folder.
    pub fn lock_folder(data: &Path) -> Result<File, EmbeddedError> {
        lock(data)
    }

    /// Stops the cluster: running statements are cancelled, everything committed is on disk.
    ///
    /// # Errors
    /// When it doesn't stop.
    pub async fn stop(self) -> Result<(), EmbeddedError> {
        self.stopping.send_replace(true);
        match self.supervisor.await {
            Ok(mut cluster) => {
                cluster.stop().await?;
                cluster.remove_sockets();
                Ok(())
            }
            // The supervisor neither panics nor is aborted; should the runtime be ending, the next start adopts the cluster.
            Err(_) => Ok(()),
        }
    }
}

/// Starts the cluster again whenever it has died, until the server stops.
async fn supervise(mut cluster: Cluster, mut stop: watch::Receiver<bool>, clock: Clock) -> Cluster {
    loop {
        tokio::select! {
            biased;
            _ = stop.wait_for(|stop| *stop) => return cluster,
            () = clock.pause(WATCH_EVERY) => {}
        }
        if cluster.is_alive() {
            continue;
        }
        tracing::error!("the embedded database has died; starting it again");
        if let Err(error) = cluster.run().await {
            tracing::error!(error = %error, "the embedded database doesn't come back; trying again in 5 s");
            tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => return cluster,
                () = clock.pause(Duration::from_secs(5)) => {}
            }
        }
    }
}

/// Locks the data folder for this process. The system lets go of the lock when the process ends, however it ends.
fn lock(data: &Path) -> Result<File, EmbeddedError> {
    let path = data.join("lock");
    let failed = |cause: std::io::Error| EmbeddedError::Folder { path: path.clone(), cause };
    let mut file = File::options().read(true).write(true).create(true).truncate(false).open(&path).map_err(failed)?;
    if let Err(error) = rustix::fs::flock(&file, rustix::fs::FlockOperation::NonBlockingLockExclusive) {
        if error != rustix::io::Errno::WOULDBLOCK {
            return Err(failed(error.into()));
        }
        let mut holder = String::new();
        let read = file.read_to_string(&mut holder);
        let by = read.ok().map(|_| holder.trim().to_owned()).filter(|pid| !pid.is_empty());
        return Err(EmbeddedError::InUse { folder: data.to_owned(), by });
    }
    file.set_len(0).map_err(failed)?;
    writeln!(file, "{}", std::process::id()).map_err(failed)?;
    Ok(file)
}
