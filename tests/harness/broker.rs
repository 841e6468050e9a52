//! A Mosquitto of a test's own, with the product's configuration.

use crate::{eventually, program};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A running broker; it is killed when dropped.
pub struct Broker {
    folder: PathBuf,
    port: u16,
    process: Child,
    _own: Option<tempfile::TempDir>,
}

impl Broker {
    /// Starts one with an empty folder.
    pub async fn start() -> Self {
        let own = tempfile::Builder::new().prefix("taydo-broker").tempdir().expect("a folder for the broker");
        let port = free_port();
        let process = spawn(own.path(), port);
        let broker = Self { folder: own.path().to_owned(), port, process, _own: Some(own) };
        broker.answers().await;
        broker
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, 1], self.port))
    }

    /// Kills it as a power cut would, Mosquitto included.
    pub fn kill(&mut self) {
        kill_tree(&mut self.process);
    }

    /// Starts it again with what it had saved.
    pub async fn restart(&mut self) {
        self.kill();
        self.process = spawn(&self.folder, self.port);
        self.answers().await;
    }

    async fn answers(&self) {
        eventually("the broker answers", Duration::from_secs(15), || async { tokio::net::TcpStream::connect(self.address()).await.ok() })
            .await;
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        self.kill();
    }
}

fn spawn(folder: &std::path::Path, port: u16) -> Child {
    let mut command = Command::new(program());
    command.args(["broker", "--port", &port.to_string(), "--dir"]).arg(folder).stdout(Stdio::null()).stderr(Stdio::null());
    command.spawn().expect("the broker starts")
}

/// A port that nobody uses now.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port()
}

/// Kills a process that the test started, and the processes that that one started.
pub(crate) fn kill_tree(process: &mut Child) {
    let children = std::fs::read_to_string(format!("/proc/{0}/task/{0}/children", process.id())).unwrap_or_default();
    // Killing a child twice, or one that has just ended, is no fault.
    let _ = process.kill();
    for child in children.split_whitespace() {
        let _ = Command::new("kill").args(["-9", child]).status();
    }
    let _ = process.wait();
}
