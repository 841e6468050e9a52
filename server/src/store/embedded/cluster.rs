//! One cluster: its folder, its socket and its postmaster, made, started, adopted and stopped.
//!
//! It must never start a second postmaster while a process of the first is left.

use super::{
    EmbeddedError,
    account::Account,
    binaries::{self, Binaries},
    process, settings,
};
use crate::clock::Clock;
use rustix::process::Signal;
use sha2::{Digest, Sha256};
use std::{
    os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tokio::process::{Child, Command};
use tokio_postgres::{NoTls, error::SqlState};

/// How often a starting or stopping cluster is looked at.
const POLL: Duration = Duration::from_millis(50);
/// After so long without an answer the log says that we still wait.
const REPORT_EVERY: Duration = Duration::from_secs(5);
/// Crash recovery replays at most `max_wal_size` twice over; on a slow disk that takes minutes.
const START_LIMIT: Duration = Duration::from_secs(600);
/// How long an adopted cluster that says it is ready may take to answer.
const ADOPT_LIMIT: Duration = Duration::from_secs(5);
/// How long the processes of a killed postmaster may go on holding its memory.
const RESTART_LIMIT: Duration = Duration::from_secs(20);
/// A fast shutdown writes one checkpoint.
const STOP_LIMIT: Duration = Duration::from_secs(120);
/// What a Unix socket's address has room for.
const LONGEST_SOCKET_PATH: usize = 107;

#[derive(Debug)]
pub(super) struct Cluster {
    /// The cluster's folder, canonical: `/proc` shows it so.
    folder: PathBuf,
    /// Where its socket is.
    sockets: PathBuf,
    /// What the postmaster says before its own log is open.
    start_log: PathBuf,
    binaries: Binaries,
    owner: Account,
    clock: Clock,
    /// The postmaster when this process started it; `None` when it was adopted.
    child: Option<Child>,
}

impl Cluster {
    /// Finds or makes the cluster's folder under the data folder, and writes its configuration.
    pub(super) async fn prepare(data: &Path, clock: Clock) -> Result<Self, EmbeddedError> {
        let server = Account::of_server()?;
        let owner = Account::of_cluster(&server)?;
        let folder = data.join("postgres");
        if server.uid == 0 {
            // Ours, so opening it for passing through is ours to do; what is in it stays closed.
            let mode = std::fs::metadata(data).map_or(0o755, |meta| meta.permissions().mode());
            let open = std::fs::Permissions::from_mode(mode | 0o011);
            std::fs::set_permissions(data, open).map_err(|cause| EmbeddedError::Folder { path: data.to_owned(), cause })?;
        }
        if let Some(at) = owner.barred_by(&folder) {
            return Err(EmbeddedError::Barred { account: owner.name, at: at.to_owned() });
        }
        let made_by = binaries::folder_version(&folder)?;
        let binaries = Binaries::find(&folder, made_by)?;
        let cluster = Self {
            sockets: socket_folder(&folder, &owner)?,
            start_log: data.join("postgres-start.log"),
            folder,
            binaries,
            owner,
            clock,
            child: None,
        };
        if made_by.is_none() {
            cluster.make(data).await?;
        }
        settings::write(&cluster.folder, &cluster.sockets, &server)?;
        Ok(cluster)
    }

    /// How to connect to the server's database.
    pub(super) fn config(&self) -> tokio_postgres::Config {
        let mut config = tokio_postgres::Config::new();
        config.host_path(&self.sockets).port(settings::PORT).user(settings::NAME).dbname(settings::NAME);
        config
    }

    /// Makes sure that a postmaster runs and accepts connections, and that the server's database exists.
    pub(super) async fn run(&mut self) -> Result<(), EmbeddedError> {
        if let Some(pid) = process::postmaster(&self.folder) {
            tracing::info!(pid = pid.as_raw_nonzero().get(), "adopting the embedded database of a server that was killed");
            // One that says it is ready but doesn't answer has lost its socket, or had another configuration.
            let limit = if process::says_ready(&self.folder) { ADOPT_LIMIT } else { START_LIMIT };
            match self.wait_until_ready(limit).await {
                Ok(()) => return self.make_database().await,
                Err(error) => tracing::warn!(error = %error, "the running database is not healthy; starting it again"),
            }
            self.stop().await?;
        }
        self.start().await?;
        self.make_database().await
    }

    /// Starts the postmaster. After a kill the dead one's memory may still be held by processes that are about to notice,
    /// and a new postmaster ends at once; so it is tried again for a while.
    async fn start(&mut self) -> Result<(), EmbeddedError> {
        let begun = self.clock.instant();
        loop {
            self.wait_until_gone().await?;
            self.remove_foreign_pid_file();
            self.spawn()?;
            match self.wait_until_ready(START_LIMIT).await {
                Err(error @ EmbeddedError::Start { .. }) if !self.is_alive() && begun.elapsed() < RESTART_LIMIT => {
                    tracing::warn!(error = %error, "the embedded database ended at once; trying again");
                    self.clock.pause(POLL * 10).await;
                }
                outcome => return outcome,
            }
        }
    }

    /// Whether the postmaster lives.
    pub(super) fn is_alive(&mut self) -> bool {
        match &mut self.child {
            Some(child) => matches!(child.try_wait(), Ok(None)),
            None => process::postmaster(&self.folder).is_some(),
        }
    }

    /// Asks the postmaster to end, and waits until it has. After half the limit it is told not to write its checkpoint:
    /// the next start then recovers, as after a crash.
    pub(super) async fn stop(&mut self) -> Result<(), EmbeddedError> {
        for (signal, limit) in [(Signal::INT, STOP_LIMIT / 2), (Signal::QUIT, STOP_LIMIT / 2)] {
            if let Some(pid) = process::postmaster(&self.folder) {
                process::signal(pid, &self.folder, signal);
            }
            let begun = self.clock.instant();
            while begun.elapsed() < limit {
                if !self.is_alive() && process::postmaster(&self.folder).is_none() {
                    self.child = None;
                    return Ok(());
                }
                self.clock.pause(POLL).await;
            }
        }
        Err(EmbeddedError::Stop { folder: self.folder.clone() })
    }

    /// Removes the socket's folder, which is empty once the postmaster has ended.
    pub(super) fn remove_sockets(&self) {
        // If something is in it after all, it isn't ours to delete; the next start uses the folder as it is.
        let _ = std::fs::remove_dir(&self.sockets);
    }

    /// Makes the cluster beside its place and moves it there when it is whole, so that a half-made one is never used.
    async fn make(&self, data: &Path) -> Result<(), EmbeddedError> {
        tracing::info!(folder = %self.folder.display(), version = self.binaries.major, "making the embedded database");
        let new = data.join("postgres.new");
        let failed = |cause| EmbeddedError::Folder { path: new.clone(), cause };
        if new.exists() {
            std::fs::remove_dir_all(&new).map_err(failed)?;
        }
        std::fs::create_dir(&new).map_err(failed)?;
        self.owner.take(&new).map_err(failed)?;
        let mut initdb = self.command("initdb", &new);
        initdb.args(["--encoding=UTF8", "--locale=C.UTF-8", "--data-checksums", "--auth-local=peer", "--auth-host=reject"]);
        initdb.arg(format!("--username={}", settings::NAME)).stdin(Stdio::null());
        let output = initdb.output().await.map_err(failed)?;
        if !output.status.success() {
            // Nothing of use is in it, and a full disk needs the room.
            let _ = std::fs::remove_dir_all(&new);
            let said = last_lines(&String::from_utf8_lossy(&output.stderr));
            return Err(EmbeddedError::Init { folder: self.folder.clone(), output: said });
        }
        std::fs::rename(&new, &self.folder).map_err(failed)
    }

    fn spawn(&mut self) -> Result<(), EmbeddedError> {
        tracing::info!(folder = %self.folder.display(), version = self.binaries.major, "starting the embedded database");
        let failed = |path: &Path, cause| EmbeddedError::Folder { path: path.to_owned(), cause };
        let log = std::fs::File::create(&self.start_log).map_err(|cause| failed(&self.start_log, cause))?;
        let copy = log.try_clone().map_err(|cause| failed(&self.start_log, cause))?;
        let mut postgres = self.command("postgres", &self.folder);
        postgres.stdin(Stdio::null()).stdout(copy).stderr(log);
        self.child = Some(postgres.spawn().map_err(|cause| failed(&self.binaries.program("postgres"), cause))?);
        Ok(())
    }

    /// One of PostgreSQL's programs, as the cluster's owner, in a process group of its own: a terminal's Ctrl-C must
    /// reach the server alone, which then stops the database in its turn.
    fn command(&self, program: &str, folder: &Path) -> Command {
        let mut command = Command::new(self.binaries.program(program));
        command.arg("-D").arg(folder).current_dir("/").env_clear().env("PATH", "/usr/bin:/bin").env("LC_ALL", "C");
        command.process_group(0);
        if rustix::process::geteuid().is_root() {
            command.uid(self.owner.uid).gid(self.owner.gid);
        }
        command
    }

    /// Processes that outlive a killed postmaster notice soon and end; until then their memory is in use.
    async fn wait_until_gone(&self) -> Result<(), EmbeddedError> {
        let begun = self.clock.instant();
        while process::any_left(&self.folder) {
            if begun.elapsed() > STOP_LIMIT {
                return Err(EmbeddedError::Stop { folder: self.folder.clone() });
            }
            self.clock.pause(POLL).await;
        }
        Ok(())
    }

    /// PostgreSQL judges `postmaster.pid` by whether a process of that number lives. After a restart of the machine
    /// that may be a stranger, for which it would refuse to start for ever.
    fn remove_foreign_pid_file(&self) {
        if process::recorded_pid(&self.folder).is_some_and(process::alive) {
            let _ = std::fs::remove_file(self.folder.join("postmaster.pid"));
        }
    }

    async fn wait_until_ready(&mut self, limit: Duration) -> Result<(), EmbeddedError> {
        let begun = self.clock.instant();
        let mut reported = Duration::ZERO;
        let mut maintenance = self.config();
        maintenance.dbname("postgres").connect_timeout(Duration::from_secs(5));
        loop {
            let waiting_for = match maintenance.connect(NoTls).await {
                Ok(_) => return Ok(()),
                Err(error) if error.code() == Some(&SqlState::CANNOT_CONNECT_NOW) => "it is recovering what was not yet in its tables",
                Err(error) if error.code().is_some() => return Err(EmbeddedError::Connect(error)),
                Err(_) => "it has no socket yet",
            };
            if !self.is_alive() || begun.elapsed() > limit {
                let said = std::fs::read_to_string(&self.start_log).unwrap_or_default();
                return Err(EmbeddedError::Start { folder: self.folder.clone(), output: last_lines(&said) });
            }
            if begun.elapsed() > reported + REPORT_EVERY {
                reported = begun.elapsed();
                tracing::info!(waited_s = reported.as_secs(), "waiting for the embedded database: {waiting_for}");
            }
            self.clock.pause(POLL).await;
        }
    }

    async fn make_database(&self) -> Result<(), EmbeddedError> {
        let mut maintenance = self.config();
        maintenance.dbname("postgres");
        let (client, connection) = maintenance.connect(NoTls).await.map_err(EmbeddedError::Connect)?;
        let connection = tokio::spawn(connection);
        let exists = client.query_opt("SELECT 1 FROM pg_database WHERE datname = $1", &[&settings::NAME]).await;
        if exists.map_err(EmbeddedError::Connect)?.is_none() {
            client.batch_execute(&format!("CREATE DATABASE {}", settings::NAME)).await.map_err(EmbeddedError::Connect)?;
        }
        connection.abort();
        Ok(())
    }
}

/// A short folder for the socket, named after the cluster's, that only the cluster's owner can enter.
fn socket_folder(cluster: &Path, owner: &Account) -> Result<PathBuf, EmbeddedError> {
    let base = match std::env::var_os("XDG_RUNTIME_DIR") {
        Some(folder) if owner.uid == rustix::process::geteuid().as_raw() && Path::new(&folder).is_dir() => PathBuf::from(folder),
        _ => PathBuf::from("/tmp"),
    };
    let digest = Sha256::digest(cluster.as_os_str().as_encoded_bytes());
    let name: String = digest.iter().take(6).map(|byte| format!("{byte:02x}")).collect();
    let path = base.join(format!("taydo-{name}"));
    let refused = |reason: String| EmbeddedError::Sockets { path: path.clone(), reason };
    if path.join(format!(".s.PGSQL.{}.lock", settings::PORT)).as_os_str().len() > LONGEST_SOCKET_PATH {
        return Err(refused("its path is too long for a socket".to_owned()));
    }
    match std::fs::DirBuilder::new().mode(0o700).create(&path) {
        Ok(()) => owner.take(&path).map_err(|error| refused(error.to_string()))?,
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => {}
        Err(error) => return Err(refused(error.to_string())),
    }
    // Not followed if it is a link: in a shared folder anybody could have put one there.
    let meta = std::fs::symlink_metadata(&path).map_err(|error| refused(error.to_string()))?;
    if !meta.is_dir() || meta.uid() != owner.uid || meta.mode() & 0o777 != 0o700 {
        return Err(refused(format!("it is not a folder that belongs to {} alone", owner.name)));
    }
    Ok(path)
}

/// The last lines of what a program said, as one.
fn last_lines(text: &str) -> String {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let skipped = lines.len().saturating_sub(5);
    let said = lines.into_iter().skip(skipped).collect::<Vec<_>>().join(" / ");
    if said.is_empty() { "it said nothing".to_owned() } else { said }
}
