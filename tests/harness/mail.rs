//! A real mail server of a test's own: Debian's aiosmtpd, which puts what it takes into a folder.
//!
//! Whatever it took that the test did not ask for fails the test at its end.

use crate::broker::{free_port, kill_tree};
use crate::eventually;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A running mail server; it is killed when dropped.
pub struct MailServer {
    folder: tempfile::TempDir,
    port: u16,
    process: Child,
    encryption: &'static str,
}

/// A certificate for a mail server, by an authority of a test's own.
#[derive(Debug)]
pub struct Certificate {
    /// The authority's certificate, PEM: what a paging file's `ca_file` holds.
    pub authority: String,
    chain: String,
    key: String,
}

impl Certificate {
    /// One for a host, valid until so many days from now.
    #[must_use]
    pub fn of(host: &str, days: i64) -> Self {
        let names = |name: &str| {
            let mut names = rcgen::DistinguishedName::new();
            names.push(rcgen::DnType::CommonName, name);
            names
        };
        let mut authority = rcgen::CertificateParams::default();
        authority.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
        authority.distinguished_name = names("Test authority");
        let authority_key = rcgen::KeyPair::generate().expect("a key");
        let authority_pem = authority.self_signed(&authority_key).expect("the authority's certificate").pem();
        let issuer = rcgen::Issuer::new(authority, authority_key);
        let mut params = rcgen::CertificateParams::new([host.to_owned()]).expect("a host");
        params.distinguished_name = names(host);
        let end = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(24 * days);
        let date = end.to_zoned(jiff::tz::TimeZone::UTC).date();
        let part = |part: i8| u8::try_from(part).expect("a date");
        params.not_before = rcgen::date_time_ymd(2020, 1, 1);
        params.not_after = rcgen::date_time_ymd(date.year().into(), part(date.month()), part(date.day()));
        let key = rcgen::KeyPair::generate().expect("a key");
        let chain = params.signed_by(&key, &issuer).expect("a certificate").pem();
        Self { authority: authority_pem, chain, key: key.serialize_pem() }
    }
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
    /// Its first part of this kind, such as `text/plain`, decoded, as text.
    ///
    /// # Panics
    /// When it has none.
    #[must_use]
    pub fn text(&self, kind: &str) -> String {
        String::from_utf8(self.part(kind)).expect("UTF-8")
    }

    /// The first part of a content type, decoded: its bytes.
    ///
    /// # Panics
    /// When it has none.
    #[must_use]
    pub fn part(&self, kind: &str) -> Vec<u8> {
        let at = self.0.find(&format!("Content-Type: {kind}")).unwrap_or_else(|| panic!("no {kind} in {}", self.0));
        let (head, rest) = self.0[at..].split_once("\n\n").expect("a part");
        let before = self.0[..at].rsplit("\n--").next().unwrap_or_default();
        let body = rest.split("\n--").next().unwrap_or_default();
        let encoding = format!("{before}{head}").to_lowercase();
        if encoding.contains("base64") {
            let text: String = body.split_whitespace().collect();
            base64::Engine::decode(&base64::engine::general_purpose::STANDARD, text).expect("base64")
        } else if encoding.contains("quoted-printable") {
            quoted_printable(body)
        } else {
            body.as_bytes().to_vec()
        }
    }
}

fn quoted_printable(text: &str) -> Vec<u8> {
    let text = text.replace("=\n", "");
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((first, after)) = rest.split_first() {
        let coded =
            (*first == b'=').then(|| after.get(..2).and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok())).flatten();
        bytes.push(coded.unwrap_or(*first));
        rest = if coded.is_some() { &after[2..] } else { after };
    }
    bytes
}

impl MailServer {
    /// Starts one that doesn't encrypt.
    pub async fn start() -> Self {
        Self::start_with("none", None).await
    }

    /// Starts one that encrypts as a paging file's `tls` names it, with a certificate.
    pub async fn start_with(encryption: &'static str, certificate: Option<&Certificate>) -> Self {
        let folder = tempfile::Builder::new().prefix("taydo-mail").tempdir().expect("a folder for the mail server");
        let port = free_port();
        let program = std::env::var_os("TAYDO_AIOSMTPD").map_or_else(|| PathBuf::from("aiosmtpd"), PathBuf::from);
        let mut command = Command::new(program);
        command.args(["--nosetuid", "--listen", &format!("127.0.0.1:{port}"), "--class", "mail_server.Server"]);
        command.arg(folder.path().join("mail")).env("PYTHONPATH", concat!(env!("CARGO_MANIFEST_DIR"), "/harness"));
        if let Some(Certificate { chain, key, .. }) = certificate {
            let (file, key_file) = (folder.path().join("certificate.pem"), folder.path().join("key.pem"));
            std::fs::write(&file, chain).expect("the certificate");
            std::fs::write(&key_file, key).expect("its key");
            let [of_file, of_key] = if encryption == "implicit" { ["--smtpscert", "--smtpskey"] } else { ["--tlscert", "--tlskey"] };
            command.arg(of_file).arg(&file).arg(of_key).arg(&key_file);
        }
        command.env("PYTHONDONTWRITEBYTECODE", "1").stdout(Stdio::null()).stderr(Stdio::null());
        let process = command.spawn().expect("aiosmtpd starts; it is in Debian's package python3-aiosmtpd");
        let server = Self { folder, port, process, encryption };
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
            "[[smtp]]\nname = \"mail\"\nhost = \"127.0.0.1\"\nport = {}\ntls = \"{}\"\nfrom = \"Tây Đô <truc@cantho.example>\"\n",
            self.port, self.encryption
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
