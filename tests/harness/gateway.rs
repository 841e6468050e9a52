//! A provider of a test's own: it speaks HTTP, answers by script, and remembers everything that it was sent.
//!
//! Whatever it took that the test did not ask for fails the test at its end.

use crate::eventually;
use serde_json::{Value, json};
use std::collections::{HashMap, VecDeque};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::task::AbortHandle;

/// How a request is answered.
#[derive(Debug, Clone, PartialEq)]
pub enum Reply {
    /// It takes the message and says so.
    Accept,
    /// It answers this status with these headers, and takes nothing.
    Refuse(u16, Vec<(&'static str, String)>),
    /// It takes nothing and never answers.
    Hang,
    /// It takes the message and never answers.
    AcceptAndHang,
    /// It takes the message and closes the connection.
    AcceptAndDrop,
    /// It takes the message and answers when it is released.
    AcceptAndHold,
}

/// One request that it got.
#[derive(Debug, Clone)]
pub struct Received {
    /// The request's target.
    pub target: String,
    /// The headers, names in small letters.
    pub headers: HashMap<String, String>,
    /// The body.
    pub body: String,
    /// Whether the message was taken.
    pub is_taken: bool,
}

impl Received {
    /// A member of the body.
    #[must_use]
    pub fn field(&self, name: &str) -> String {
        let body: Value = serde_json::from_str(&self.body).unwrap_or_default();
        body[name].as_str().unwrap_or_default().to_owned()
    }
}

#[derive(Default)]
struct State {
    script: VecDeque<Reply>,
    always: Option<Reply>,
    by_address: HashMap<String, Reply>,
    received: Vec<Received>,
    taken: Vec<Received>,
}

/// A running provider.
pub struct Gateway {
    name: &'static str,
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    released: Arc<Notify>,
    server: AbortHandle,
    is_strict: bool,
}

impl Gateway {
    /// Starts one that takes everything.
    pub async fn start(name: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port for a provider");
        let address = listener.local_addr().expect("its address");
        let (state, released) = (Arc::new(Mutex::new(State::default())), Arc::new(Notify::new()));
        let (shared, release) = (state.clone(), released.clone());
        let server = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(serve(stream, shared.clone(), release.clone()));
            }
        });
        Self { name, address, state, released, server: server.abort_handle(), is_strict: true }
    }

    /// Its entry in a paging file, as a provider of this channel; `can_ask` gives it a way to be asked.
    #[must_use]
    pub fn entry(&self, channel: &str, can_ask: bool) -> String {
        let (name, address) = (self.name, self.address);
        let body = r#"{"to": "{address}", "text": "{text}", "reference": "{reference}"}"#;
        let status = format!("[{channel}.status]\nurl = \"http://{address}/messages/{{reference}}\"\nreference = \"/id\"\n");
        let entry = format!("[[{channel}]]\nname = \"{name}\"\nurl = \"http://{address}/send\"\nbody = '{body}'\nreference = \"/id\"\n");
        if can_ask { entry + &status } else { entry }
    }

    /// The rest of an entry: how it proves and says what it sends by itself. `hook.secret` beside the file holds its secret.
    #[must_use]
    pub fn hooks(channel: &str) -> String {
        let proof = "secret_file = \"hook.secret\"\nevent = \"/event\"\nreference = \"/reference\"\n";
        let states =
            "provider_reference = \"/id\"\nstate = \"/state\"\ndelivered = [\"DELIVRD\"]\nread = [\"READ\"]\nfailed = [\"UNDELIV\"]\n";
        let reply =
            "signature = { header = \"X-Sign\", prefix = \"sha256=\" }\nfrom = \"/from\"\ntext = \"/text\"\ncountry_code = \"84\"\n";
        format!("[{channel}.report]\n{proof}{states}[{channel}.reply]\n{proof}{reply}")
    }

    /// Where it is.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The next requests are answered so, one each; those after them are taken.
    pub fn script(&self, replies: impl IntoIterator<Item = Reply>) {
        self.state.lock().expect("the provider").script.extend(replies);
    }

    /// Every request that no script is for is answered so.
    pub fn always(&self, reply: Reply) {
        self.state.lock().expect("the provider").always = Some(reply);
    }

    /// Every request for this address is answered so.
    pub fn for_address(&self, address: &str, reply: Reply) {
        self.state.lock().expect("the provider").by_address.insert(address.to_owned(), reply);
    }

    /// Lets it answer what it holds.
    pub fn release(&self) {
        self.released.notify_waiters();
    }

    /// Everything that it was sent, also what it refused.
    #[must_use]
    pub fn received(&self) -> Vec<Received> {
        self.state.lock().expect("the provider").received.clone()
    }

    /// How many messages it has taken that nobody has asked for yet.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.state.lock().expect("the provider").taken.len()
    }

    /// Waits for so many messages, and takes exactly them: one more fails the test.
    pub async fn take(&self, count: usize) -> Vec<Received> {
        let what = || format!("{count} messages at {}, which has {}", self.name, self.waiting());
        eventually(what, Duration::from_secs(30), || async { (self.waiting() >= count).then_some(()) }).await;
        let taken = std::mem::take(&mut self.state.lock().expect("the provider").taken);
        assert_eq!(taken.len(), count, "{} took more than was expected: {taken:#?}", self.name);
        taken
    }

    /// Everything that it took; for tests that count themselves.
    #[must_use]
    pub fn take_all(&self) -> Vec<Received> {
        std::mem::take(&mut self.state.lock().expect("the provider").taken)
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.server.abort();
        let left = self.take_all();
        if self.is_strict && !std::thread::panicking() {
            assert!(left.is_empty(), "{} took what nobody expected: {left:#?}", self.name);
        }
    }
}

async fn serve(stream: TcpStream, state: Arc<Mutex<State>>, released: Arc<Notify>) {
    let mut stream = BufReader::new(stream);
    while let Some((target, headers, body)) = request(&mut stream).await {
        if let Some(reference) = target.strip_prefix("/messages/") {
            let is_known = {
                let state = state.lock().expect("the provider");
                state.received.iter().any(|one| one.is_taken && one.field("reference") == reference)
            };
            let (status, body) = if is_known { (200, json!({ "id": format!("p-{reference}") })) } else { (404, json!({})) };
            if answer(&mut stream, status, &[], &body.to_string()).await.is_err() {
                return;
            }
            continue;
        }
        // Armed before it is recorded, so that a release that follows the record is heard.
        let hold = released.notified();
        tokio::pin!(hold);
        hold.as_mut().enable();
        let (reply, reference) = record(&state, target, headers, body);
        let accepted = json!({ "id": format!("p-{reference}") }).to_string();
        let sent = match reply {
            Reply::Accept => answer(&mut stream, 200, &[], &accepted).await,
            Reply::Refuse(status, headers) => answer(&mut stream, status, &headers, "{}").await,
            Reply::Hang | Reply::AcceptAndHang => std::future::pending().await,
            Reply::AcceptAndDrop => return,
            Reply::AcceptAndHold => {
                hold.await;
                answer(&mut stream, 200, &[], &accepted).await
            }
        };
        if sent.is_err() {
            return;
        }
    }
}

fn record(state: &Mutex<State>, target: String, headers: HashMap<String, String>, body: String) -> (Reply, String) {
    let mut received = Received { target, headers, body, is_taken: false };
    let (reference, address) = (received.field("reference"), received.field("to"));
    let mut state = state.lock().expect("the provider");
    let scripted = state.by_address.get(&address).cloned().or_else(|| state.script.pop_front());
    let reply = scripted.or_else(|| state.always.clone()).unwrap_or(Reply::Accept);
    received.is_taken = !matches!(reply, Reply::Refuse(..) | Reply::Hang);
    if received.is_taken {
        state.taken.push(received.clone());
    }
    state.received.push(received);
    (reply, reference)
}

async fn request(stream: &mut BufReader<TcpStream>) -> Option<(String, HashMap<String, String>, String)> {
    let mut line = String::new();
    stream.read_line(&mut line).await.ok().filter(|read| *read > 0)?;
    let target = line.split(' ').nth(1)?.to_owned();
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.ok()?;
        let Some((name, value)) = line.trim_end().split_once(':') else { break };
        headers.insert(name.to_ascii_lowercase(), value.trim().to_owned());
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await.ok()?;
    Some((target, headers, String::from_utf8_lossy(&body).into_owned()))
}

async fn answer(stream: &mut BufReader<TcpStream>, status: u16, headers: &[(&'static str, String)], body: &str) -> std::io::Result<()> {
    let headers: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let text = format!("HTTP/1.1 {status} x\r\ncontent-type: application/json\r\ncontent-length: {}\r\n{headers}\r\n{body}", body.len());
    stream.get_mut().write_all(text.as_bytes()).await
}
