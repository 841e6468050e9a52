//! E-mail: text and HTML with an inline chart, over SMTP.
//!
//! It speaks the commands itself, so that it always knows whether the server may have taken the message: until the end of
//! the data has begun to go out it surely hasn't. It must never send a secret over a connection that isn't encrypted.

mod letter;

use super::channel::{Accepted, Channel, Outgoing, Progress, SendError};
use futures_util::future::BoxFuture;
use lettre::message::Mailbox;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Response;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::Semaphore;

/// Connections to one server at a time. A message that finds all busy waits for one, within its time limit.
const CONNECTIONS: usize = 8;
/// How long a connection may take to open.
const CONNECT_LIMIT: Duration = Duration::from_secs(5);

/// How a connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Encryption {
    /// From its first byte.
    Implicit,
    /// By STARTTLS before anything is said.
    Starttls,
    /// Not at all: for a server on the same machine only, and without a password.
    None,
}

/// One mail server.
pub(super) struct Email {
    host: String,
    port: u16,
    encryption: Encryption,
    tls: Option<TlsParameters>,
    credentials: Option<Credentials>,
    from: Mailbox,
    hello: ClientId,
    permits: Semaphore,
    /// Connections that nobody uses now; at most as many as there are permits.
    idle: Mutex<Vec<AsyncSmtpConnection>>,
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Email").field("host", &self.host).finish_non_exhaustive()
    }
}

/// What a mail server is made of.
pub(super) struct Server {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) encryption: Encryption,
    /// More certificates to check it by, PEM.
    pub(super) ca: Option<Vec<u8>>,
    pub(super) credentials: Option<Credentials>,
    pub(super) from: Mailbox,
}

impl Email {
    /// A mail server; connects when there is something to send.
    pub(super) fn new(server: Server) -> anyhow::Result<Self> {
        let tls = (server.encryption != Encryption::None).then(|| tls(&server)).transpose()?;
        let hello = ClientId::Domain(server.from.email.domain().to_owned());
        let Server { host, port, encryption, credentials, from, .. } = server;
        Ok(Self { host, port, encryption, tls, credentials, from, hello, permits: Semaphore::new(CONNECTIONS), idle: Mutex::default() })
    }

    async fn deliver(&self, message: &Outgoing, progress: &Progress) -> Result<Accepted, SendError> {
        let letter = letter::write(message, &self.from)?;
        let data = letter::data(&letter);
        let _permit = self.permits.acquire().await.map_err(|_| SendError::failed("the channel is closed"))?;
        let kept = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let begun = match kept {
            // The server may have closed it meanwhile; then nothing of this message was said on it.
            Some(mut connection) => address(&mut connection, &letter).await.map(|()| connection).ok(),
            None => None,
        };
        let mut connection = match begun {
            Some(connection) => connection,
            None => {
                let mut connection = self.connect().await.map_err(|error| SendError::failed(said(&error)))?;
                address(&mut connection, &letter).await.map_err(Refused::into_error)?;
                connection
            }
        };
        progress.may_be_taken();
        // In one write with its end: two would wait for each other, by Nagle's algorithm, on every letter.
        let response = connection.command(&data).await.map_err(|error| after_data(&error, progress))?;
        if !connection.has_broken() {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
        Ok(Accepted { provider_reference: queue_name(&response) })
    }

    async fn connect(&self) -> Result<AsyncSmtpConnection, Error> {
        let implicit = if self.encryption == Encryption::Implicit { self.tls.clone() } else { None };
        let server = (self.host.as_str(), self.port);
        let mut connection = AsyncSmtpConnection::connect_tokio1(server, Some(CONNECT_LIMIT), &self.hello, implicit, None).await?;
        if let (Encryption::Starttls, Some(tls)) = (self.encryption, &self.tls) {
            connection.starttls(tls.clone(), &self.hello).await?;
        }
        if let Some(credentials) = &self.credentials {
            connection.auth(DEFAULT_MECHANISMS, credentials).await?;
        }
        Ok(connection)
    }
}

fn tls(server: &Server) -> anyhow::Result<TlsParameters> {
    let mut builder = TlsParameters::builder(server.host.clone());
    if let Some(pem) = &server.ca {
        builder = builder.add_root_certificate(lettre::transport::smtp::client::Certificate::from_pem(pem)?);
    }
    Ok(builder.build_rustls()?)
}

/// Why a server didn't take the sender or the recipient.
enum Refused {
    Sender(Error),
    Recipient(Error),
}

impl Refused {
    fn into_error(self) -> SendError {
        match self {
            Self::Recipient(error) if error.is_permanent() => SendError::Permanent { is_contact: true, why: said(&error) },
            // Greylisting and full mailboxes are the recipient's, not the server's: it is well.
            Self::Recipient(error) if error.is_transient() => SendError::Retry { after: Some(GREYLIST), why: said(&error) },
            Self::Sender(error) | Self::Recipient(error) => SendError::failed(said(&error)),
        }
    }
}

/// How long is waited when a server puts a recipient off.
const GREYLIST: Duration = Duration::from_secs(30);

/// Says from whom and to whom, and that the letter comes now.
async fn address(connection: &mut AsyncSmtpConnection, letter: &lettre::Message) -> Result<(), Refused> {
    let envelope = letter.envelope();
    connection.command(Mail::new(envelope.from().cloned(), vec![])).await.map_err(Refused::Sender)?;
    for to in envelope.to() {
        connection.command(Rcpt::new(to.clone(), vec![])).await.map_err(Refused::Recipient)?;
    }
    connection.command(Data).await.map(drop).map_err(Refused::Sender)
}

/// What an error after the data means: an answer is clear, the lack of one isn't.
fn after_data(error: &Error, progress: &Progress) -> SendError {
    let why = said(error);
    if error.is_permanent() || error.is_transient() {
        progress.is_refused();
    }
    if error.is_permanent() {
        SendError::Permanent { is_contact: false, why }
    } else if error.is_transient() {
        SendError::failed(why)
    } else {
        SendError::Unknown { why }
    }
}

/// An error in words. A server's own sentence may hold the address, so only its code is told.
fn said(error: &Error) -> String {
    match error.status() {
        Some(code) => format!("the mail server answered {code}"),
        None => {
            let cause = cause(error);
            match certificate(&cause) {
                Some(problem) => format!("the connection can't be encrypted: {problem}"),
                None if error.is_tls() => format!("the connection can't be encrypted: {cause}"),
                None => format!("the mail server can't be spoken to: {cause}"),
            }
        }
    }
}

/// What is wrong with a server's certificate and what to do about it, from what rustls says.
fn certificate(cause: &str) -> Option<&'static str> {
    let problems = [
        ("UnknownIssuer", "the server's certificate is by an authority that this machine doesn't trust; name its certificate with ca_file"),
        ("not valid for name", "the server's certificate is for another name than host; write host as the certificate has it"),
        ("certificate expired", "the server's certificate has expired; whoever runs the server must renew it"),
        ("not valid yet", "the server's certificate isn't valid yet; check the clocks of both machines"),
    ];
    problems.into_iter().find(|(words, _)| cause.contains(words)).map(|(_, problem)| problem)
}

fn cause(error: &Error) -> String {
    let last = std::iter::successors(std::error::Error::source(error), |error| error.source()).last();
    last.map_or_else(|| error.to_string(), ToString::to_string)
}

/// The name that the server queued it under, such as Postfix's `queued as 4Xyz`.
fn queue_name(response: &Response) -> Option<String> {
    let line = response.first_line()?;
    let (_, name) = line.split_once("queued as ")?;
    Some(name.split_whitespace().next().unwrap_or(name).chars().take(64).collect())
}

impl Channel for Email {
    fn send<'a>(&'a self, message: &'a Outgoing, progress: &'a Progress) -> BoxFuture<'a, Result<Accepted, SendError>> {
        Box::pin(self.deliver(message, progress))
    }
}
