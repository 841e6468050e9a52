//! Where messages of a measurement end: a mail server and an SMS gateway that take everything at once and remember it.
//!
//! They outlive the server that is measured. They must never refuse, delay or lose anything themselves.

use crate::stopwatch::now_us;
use actix_web::web::{self, Bytes, Data, Path};
use actix_web::{App, HttpResponse, HttpServer};
use anyhow::Context;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What the sender's words for a repeat are: in letters, and in the alphabet of an SMS.
const REPEAT: [&str; 2] = ["(nhắc lại)", "(nhac lai)"];

/// How a message came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Way {
    /// A letter; nobody can ask what became of it.
    Mail,
    /// An SMS; the gateway can be asked.
    Sms,
}

/// A message as it was taken.
#[derive(Debug, Clone)]
pub struct Taken {
    /// When, in microseconds since 1970: before the sender is told.
    pub at_us: i64,
    /// How it came.
    pub way: Way,
    /// To which address.
    pub to: String,
    /// The sender's reference, the same in a repeat.
    pub reference: String,
    /// Whether it says of itself that it may be a repeat.
    pub is_marked: bool,
    /// Its subject, or its text where it has none.
    pub words: String,
    /// Its size in bytes.
    pub bytes: usize,
}

#[derive(Debug, Default)]
struct Record {
    taken: Vec<Taken>,
    /// The references of all SMS that were ever taken.
    known: HashSet<String>,
}

/// Both of them.
#[derive(Debug, Clone)]
pub struct Sink {
    record: Arc<Mutex<Record>>,
    mail_port: u16,
    sms_port: u16,
}

impl Sink {
    /// Starts them.
    ///
    /// # Errors
    /// When there is no free port.
    pub async fn start() -> anyhow::Result<Self> {
        let record = Arc::new(Mutex::new(Record::default()));
        let mail = TcpListener::bind("127.0.0.1:0").await.context("no port for the mail sink")?;
        let mail_port = mail.local_addr()?.port();
        let letters = Arc::clone(&record);
        tokio::spawn(async move {
            while let Ok((stream, _)) = mail.accept().await {
                tokio::spawn(converse(stream, Arc::clone(&letters)));
            }
        });
        let sms = std::net::TcpListener::bind("127.0.0.1:0").context("no port for the SMS sink")?;
        let sms_port = sms.local_addr()?.port();
        let texts = Data::from(Arc::clone(&record));
        let server = HttpServer::new(move || {
            let app = App::new().app_data(Data::clone(&texts));
            app.route("/send", web::post().to(take_sms)).route("/messages/{reference}", web::get().to(tell))
        });
        tokio::spawn(server.workers(1).disable_signals().listen(sms)?.run());
        Ok(Self { record, mail_port, sms_port })
    }

    /// The paging file that sends everything here.
    #[must_use]
    pub fn paging_file(&self) -> String {
        let body = r#"{"to": "{address}", "text": "{text}", "reference": "{reference}"}"#;
        let sms = format!("http://127.0.0.1:{}", self.sms_port);
        format!(
            "[outgoing]\nprivate = [\"127.0.0.0/8\"]\n\n[[smtp]]\nname = \"mail\"\nhost = \"127.0.0.1\"\nport = {}\ntls = \"none\"\n\
             from = \"Tây Đô <truc@cantho.example>\"\n\n[[sms]]\nname = \"sms\"\nurl = \"{sms}/send\"\nbody = '{body}'\nreference = \"/id\"\n\n\
             [sms.status]\nurl = \"{sms}/messages/{{reference}}\"\nreference = \"/id\"\n",
            self.mail_port
        )
    }

    /// How many messages were taken since they were last asked for.
    #[must_use]
    pub fn count(&self) -> usize {
        locked(&self.record).taken.len()
    }

    /// What was taken since this was last asked, in its order.
    #[must_use]
    pub fn take(&self) -> Vec<Taken> {
        std::mem::take(&mut locked(&self.record).taken)
    }
}

fn locked(record: &Mutex<Record>) -> MutexGuard<'_, Record> {
    record.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn take_sms(record: Data<Mutex<Record>>, body: Bytes) -> HttpResponse {
    let sent: Value = serde_json::from_slice(&body).unwrap_or_default();
    let field = |name: &str| sent.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    let (reference, words) = (field("reference"), field("text"));
    let answer = json!({ "id": format!("sms-{reference}") });
    let mut record = locked(&record);
    record.known.insert(reference.clone());
    let is_marked = REPEAT.iter().any(|mark| words.contains(mark));
    record.taken.push(Taken { at_us: now_us(), way: Way::Sms, to: field("to"), reference, is_marked, words, bytes: body.len() });
    HttpResponse::Ok().json(answer)
}

async fn tell(record: Data<Mutex<Record>>, reference: Path<String>) -> HttpResponse {
    if locked(&record).known.contains(reference.as_str()) {
        HttpResponse::Ok().json(json!({ "id": format!("sms-{reference}") }))
    } else {
        HttpResponse::NotFound().json(json!({}))
    }
}

/// One connection of SMTP (RFC 5321), as far as a sender needs it. A broken one loses only what was not taken.
async fn converse(stream: TcpStream, record: Arc<Mutex<Record>>) {
    let mut stream = BufReader::new(stream);
    let _ = letters(&mut stream, &record).await;
}

async fn letters(stream: &mut BufReader<TcpStream>, record: &Mutex<Record>) -> std::io::Result<()> {
    say(stream, "220 sink ESMTP").await?;
    let (mut line, mut to) = (String::new(), Vec::new());
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 {
            return Ok(());
        }
        let verb = line.get(..4).unwrap_or_default().to_ascii_uppercase();
        match verb.as_str() {
            "EHLO" => say(stream, "250-sink\r\n250 8BITMIME").await?,
            "RCPT" => {
                to.push(between(&line, '<', '>').to_owned());
                say(stream, "250 2.1.5 OK").await?;
            }
            "DATA" => {
                say(stream, "354 go on").await?;
                let Some(letter) = letter(stream).await? else { return Ok(()) };
                let number = note(record, &std::mem::take(&mut to), &letter);
                say(stream, &format!("250 2.0.0 OK: queued as S{number}")).await?;
            }
            "QUIT" => return say(stream, "221 2.0.0 Bye").await,
            _ => say(stream, "250 2.0.0 OK").await?,
        }
    }
}

async fn say(stream: &mut BufReader<TcpStream>, line: &str) -> std::io::Result<()> {
    stream.get_mut().write_all(format!("{line}\r\n").as_bytes()).await
}

/// A letter until the full stop that ends it; `None` when the connection ended before.
async fn letter(stream: &mut BufReader<TcpStream>) -> std::io::Result<Option<String>> {
    let mut letter = String::new();
    loop {
        let begun = letter.len();
        if stream.read_line(&mut letter).await? == 0 {
            return Ok(None);
        }
        if letter.get(begun..) == Some(".\r\n") {
            letter.truncate(begun);
            return Ok(Some(letter));
        }
    }
}

fn note(record: &Mutex<Record>, to: &[String], letter: &str) -> usize {
    let head = letter.split("\r\n\r\n").next().unwrap_or_default().replace("\r\n ", " ");
    let header = |name: &str| head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).unwrap_or_default();
    let words = decoded(header("Subject"));
    let is_marked = REPEAT.iter().any(|mark| words.contains(mark));
    let mut record = locked(record);
    let reference = between(header("Message-ID"), '<', '@').to_owned();
    for to in to {
        let (to, reference, words) = (to.clone(), reference.clone(), words.clone());
        record.taken.push(Taken { at_us: now_us(), way: Way::Mail, to, reference, is_marked, words, bytes: letter.len() });
    }
    record.taken.len()
}

fn between(text: &str, open: char, close: char) -> &str {
    text.split_once(open).and_then(|(_, rest)| rest.split_once(close)).map_or("", |(inner, _)| inner)
}

/// A header's words where they are encoded in base64 (RFC 2047), as far as our own letters need it: the space between two
/// encoded words isn't part of them.
fn decoded(header: &str) -> String {
    let mut text = String::new();
    let mut was_encoded = true;
    for word in header.split(' ') {
        let encoded = word.strip_prefix("=?utf-8?b?").and_then(|rest| rest.strip_suffix("?="));
        let bytes = encoded.and_then(|word| STANDARD.decode(word).ok());
        let is_joined = was_encoded && bytes.is_some();
        if !text.is_empty() && !is_joined {
            text.push(' ');
        }
        was_encoded = bytes.is_some();
        text.push_str(&bytes.map_or(word.into(), |bytes| String::from_utf8_lossy(&bytes).into_owned()));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn encoded_words_are_read() {
        assert_eq!(decoded("=?utf-8?b?KG5o4bqvYyBs4bqhaSkg?= =?utf-8?b?MTAga20vaA==?="), "(nhắc lại) 10 km/h");
        assert_eq!(decoded("plain =?utf-8?b?MTA=?= words"), "plain 10 words");
    }
}
