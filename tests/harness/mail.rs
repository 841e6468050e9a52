//! A real mail server of a test's own: Debian's aiosmtpd, which puts what it takes into a folder.
//!
//! Whatever it took that the test did not ask for fails the test at its end.

use crate::broker::{free_port, kill_tree};
use crate::eventually;
use base64::Engine as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A running mail server; it is killed when dropped.
pub struct MailServer {
    folder: tempfile::TempDir,
    port: u16,
    process: Child,
}

/// A letter as it was taken.
#[derive(Debug, Clone)]
pub struct Letter(pub String);

impl Letter {
    /// A header's value, its continued lines joined.
    #[must_use]
    pub fn header(&self, name: &str) -> String {
        let head = self.0.split("\n\n").next().unwrap_or_default().replace("\n ", " ");
        let line = head.lines().find(|line| line.to_lowercase().starts_with(&format!("{}:", name.to_lowercase())));
        line.and_then(|line| line.split_once(':')).map(|(_, value)| value.trim().to_owned()).unwrap_or_default()
    }
}

impl Letter {
    /// Its part of this kind, such as `text/plain`, decoded.
    ///
    /// # Panics
    /// When it has none.
    #[must_use]
    pub fn text(&self, kind: &str) -> String {
        let named = format!("Content-Type: {kind}");
        let part = self.0.split_once(&named).unwrap_or_else(|| panic!("the letter has a part {kind}: {}", self.0)).1;
        let (head, body) = part.split_once("\n\n").expect("a part has a head and a body");
        // Parts end where the next boundary is.
        let body = body.split("\n--").next().unwrap_or_default();
        match head.lines().find_map(|line| line.strip_prefix("Content-Transfer-Encoding: ")) {
            Some("base64") => {
                let packed: String = body.split_whitespace().collect();
                String::from_utf8(base64::engine::general_purpose::STANDARD.decode(packed).expect("base64")).expect("UTF-8")
            }
            Some("quoted-printable") => unquoted(body),
            _ => body.to_owned(),
        }
    }
}

/// Quoted-printable (RFC 2045, 6.7) decoded.
fn unquoted(body: &str) -> String {
    let body = body.replace("=\n", "");
    let mut bytes = Vec::with_capacity(body.len());
    let mut rest = body.as_bytes();
    while let [first, others @ ..] = rest {
        let code = (*first == b'=').then(|| others.get(..2).and_then(|code| u8::from_str_radix(std::str::from_utf8(code).ok()?, 16).ok()));
        rest = match code.flatten() {
            Some(byte) => {
                bytes.push(byte);
                others.get(2..).unwrap_or_default()
            }
            None => {
                bytes.push(*first);
                others
            }
        };
    }
    String::from_utf8(bytes).expect("UTF-8")
}

impl MailServer {
    /// Starts one.
    pub async fn start() -> Self {
        let folder = tempfile::Builder::new().prefix("taydo-mail").tempdir().expect("a folder for the mail server");
        let port = free_port();
        let program = std::env::var_os("TAYDO_AIOSMTPD").map_or_else(|| PathBuf::from("aiosmtpd"), PathBuf::from);
        let mut command = Command::new(program);
        command.args(["--nosetuid", "--listen", &format!("127.0.0.1:{port}"), "--class", "mail_server.Server"]);
        command.arg(folder.path().join("mail")).env("PYTHONPATH", concat!(env!("CARGO_MANIFEST_DIR"), "/harness"));
        command.env("PYTHONDONTWRITEBYTECODE", "1").stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.spawn().expect("aiosmtpd starts; it is in Debian's package python3-aiosmtpd");
        let server = Self { folder, port, process };
        eventually("the mail server answers", Duration::from_secs(20), || async {
            tokio::net::TcpStream::connect(("127.0.0.1", port)).await.ok()
        })
        .await;
        server
    }

    /// Its entry in a paging file.
    #[must_use]
    pub fn entry(&self) -> String {
        format!(
            "[[smtp]]\nname = \"mail\"\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\nfrom = \"Tây Đô <truc@cantho.example>\"\n",
            self.port
        )
    }

    fn letters(&self) -> Vec<PathBuf> {
        let Ok(entries) = std::fs::read_dir(self.folder.path().join("mail/new")) else { return Vec::new() };
        let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        paths
    }

    /// How many letters it has taken that nobody has asked for yet.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.letters().len()
    }

    /// Waits for so many letters, and takes exactly them: one more fails the test.
    pub async fn take(&self, count: usize) -> Vec<Letter> {
        let what = || format!("{count} letters, of which {} are there", self.letters().len());
        eventually(what, Duration::from_secs(30), || async { (self.letters().len() >= count).then_some(()) }).await;
        let paths = self.letters();
        assert_eq!(paths.len(), count, "the mail server took more than was expected");
        paths
            .iter()
            .map(|path| {
                let text = std::fs::read_to_string(path).expect("a letter").replace("\r\n", "\n");
                std::fs::remove_file(path).expect("a letter");
                Letter(text)
            })
            .collect()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        kill_tree(&mut self.process);
        if !std::thread::panicking() {
            assert!(self.letters().is_empty(), "the mail server took {} letters that nobody expected", self.letters().len());
        }
    }
}
