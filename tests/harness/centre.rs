//! A centre: the real program, with a data folder, a database and a port of its own.

use crate::broker::kill_tree;
use crate::described::Exchange;
use crate::{Database, MovedClock, Viewer, eventually, program, repository};
use reqwest::{Client, StatusCode};
use serde_json::Value;
use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// How a centre is to be started.
#[derive(Default)]
pub struct Setup<'a> {
    /// The city's folder, from the repository's root.
    pub city: &'a str,
    /// The clock that it follows; absent: real time.
    pub clock: Option<&'a MovedClock>,
    /// Its broker.
    pub broker: Option<SocketAddr>,
    /// The database; absent: one embedded in `data`.
    pub database: Option<&'a Database>,
    /// The data folder; absent: a fresh one.
    pub data: Option<PathBuf>,
    /// The port; 0 takes a free one.
    pub port: u16,
    /// Where it logs to; absent: `server.log` in the data folder.
    pub log: Option<PathBuf>,
    /// More arguments.
    pub more: &'a [&'a str],
}

/// A running centre; it is killed when dropped.
pub struct Centre {
    /// `http://127.0.0.1:PORT`
    pub url: String,
    process: Child,
    client: Client,
    _data: Option<tempfile::TempDir>,
}

/// A response: its status and its body.
#[derive(Debug)]
pub struct Answer {
    /// The status code.
    pub status: u16,
    /// The body as JSON, or as a JSON text where it isn't JSON.
    pub body: Value,
}

impl Centre {
    /// Starts the program and waits until it is ready.
    pub async fn start(setup: Setup<'_>) -> Self {
        let centre = Self::spawn(setup).await.unwrap_or_else(|errors| panic!("the centre did not start:\n{errors}"));
        eventually("the centre is ready", Duration::from_secs(60), || async { (centre.get("/readyz").await.status == 200).then_some(()) })
            .await;
        centre
    }

    /// Starts the program.
    ///
    /// # Errors
    /// What it wrote to standard error, when it ends instead of listening.
    pub async fn spawn(setup: Setup<'_>) -> Result<Self, String> {
        let own = tempfile::Builder::new().prefix("taydo-data").tempdir().expect("a data folder");
        let data = setup.data.clone().unwrap_or_else(|| own.path().to_owned());
        let mut command = Command::new(program());
        command.arg("serve").arg("--city").arg(repository().join(setup.city)).arg("--data").arg(&data);
        command.args(["--port", &setup.port.to_string()]).args(setup.more);
        if let Some(broker) = setup.broker {
            command.args(["--mqtt", &broker.to_string()]);
        }
        if let Some(clock) = setup.clock {
            command.arg("--test-clock").arg(clock.socket());
        }
        if let Some(database) = setup.database {
            command.args(["--database", &database.url().await]);
            if let Some(file) = database.password_file() {
                command.arg("--database-password-file").arg(file);
            }
        }
        let log = setup.log.clone().unwrap_or_else(|| data.join("server.log"));
        let errors = std::fs::File::options().create(true).append(true).open(&log).expect("the log file");
        let mut process = command.stdout(Stdio::piped()).stderr(errors).spawn().expect("the program runs");
        let mut line = String::new();
        let output = process.stdout.take().expect("its output");
        tokio::task::spawn_blocking(move || {
            // An end of output instead of a line is seen below.
            let _ = BufReader::new(output).read_line(&mut line);
            line
        })
        .await
        .map(|line| match line.trim().strip_suffix('/') {
            Some(url) => Ok(Self { url: url.to_owned(), process, client: client(), _data: setup.data.is_none().then_some(own) }),
            None => {
                kill_tree(&mut process);
                Err(std::fs::read_to_string(&log).unwrap_or_default())
            }
        })
        .expect("reading its output")
    }

    /// `GET path`.
    pub async fn get(&self, path: &str) -> Answer {
        self.answer(self.client.get(format!("{}{path}", self.url))).await
    }

    /// `POST path` with a JSON body.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        self.post_bytes(path, body.to_string().into(), &[("content-type", "application/json")]).await
    }

    /// `PUT path` with a JSON body.
    pub async fn put(&self, path: &str, body: &Value) -> Answer {
        self.answer(self.client.put(format!("{}{path}", self.url)).body(body.to_string())).await
    }

    /// `POST path` with any body and headers.
    pub async fn post_bytes(&self, path: &str, body: Vec<u8>, headers: &[(&str, &str)]) -> Answer {
        let request = self.client.post(format!("{}{path}", self.url)).body(body);
        self.answer(headers.iter().fold(request, |request, (name, value)| request.header(*name, *value))).await
    }

    /// A request with these headers, for tests of what the answer's headers say.
    ///
    /// # Panics
    /// When there is no answer.
    pub async fn send(&self, method: reqwest::Method, path: &str, headers: &[(&str, &str)]) -> reqwest::Response {
        let request = self.client.request(method, format!("{}{path}", self.url));
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        request.send().await.expect("an answer")
    }

    /// Line protocol with times in milliseconds.
    pub async fn write_lines(&self, source: &str, lines: &str) -> Answer {
        self.post_bytes(&format!("/api/v2/write?bucket={source}&precision=ms"), lines.into(), &[]).await
    }

    async fn answer(&self, request: reqwest::RequestBuilder) -> Answer {
        let request = request.build().expect("a request");
        let sent = request.try_clone();
        match self.client.execute(request).await {
            Ok(response) => {
                let status = response.status().as_u16();
                let kind = response.headers().get("content-type").and_then(|kind| kind.to_str().ok()).unwrap_or_default().to_owned();
                let text = response.text().await.unwrap_or_default();
                let body = serde_json::from_str(&text).unwrap_or(Value::String(text));
                if let Some(sent) = sent {
                    let (method, path) = (sent.method().as_str(), sent.url().path());
                    let is_json = kind.starts_with("application/json");
                    let sent = sent.body().and_then(reqwest::Body::as_bytes);
                    Exchange { method, path, sent, status, is_json, answered: &body }.check();
                }
                Answer { status, body }
            }
            Err(error) => Answer { status: 0, body: Value::String(error.to_string()) },
        }
    }

    /// The recorded readings of a KPI.
    pub async fn readings(&self, kpi: &str, scope: &str, from: &str, to: &str) -> Vec<Value> {
        let answer = self.get(&format!("/api/v1/kpis/{kpi}/readings?scope={scope}&from={from}&to={to}")).await;
        assert_eq!(answer.status, StatusCode::OK.as_u16(), "{:?}", answer.body);
        answer.body["points"].as_array().cloned().unwrap_or_default()
    }

    /// A viewer of its screens.
    pub async fn viewer(&self) -> Viewer {
        Viewer::connect(&self.url).await.expect("the centre takes a viewer")
    }

    /// Its process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Ends it as `kill -9` does. An embedded database goes on by itself.
    pub fn kill(&mut self) {
        // It may have ended by itself.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    /// Asks it to stop, and waits; returns its exit code.
    pub async fn stop(&mut self) -> Option<i32> {
        self.signal("TERM");
        self.ended().await
    }

    /// Sends it a signal.
    pub fn signal(&self, name: &str) {
        // It may have ended by itself.
        let _ = Command::new("kill").args([&format!("-{name}"), &self.process.id().to_string()]).status();
    }

    /// Waits until it has ended, and returns its exit code.
    pub async fn ended(&mut self) -> Option<i32> {
        eventually("the centre stops", Duration::from_secs(30), || {
            let ended = self.process.try_wait().ok().flatten();
            async move { ended }
        })
        .await
        .code()
    }
}

impl Drop for Centre {
    fn drop(&mut self) {
        // A graceful stop also ends an embedded database; a process that was killed before has nothing to stop.
        if matches!(self.process.try_wait(), Ok(None)) {
            let _ = Command::new("kill").args(["-TERM", &self.process.id().to_string()]).status();
            for _ in 0..1500 {
                if !matches!(self.process.try_wait(), Ok(None)) {
                    return;
                }
                std::thread::sleep(Duration::from_millis(10));
            }
            kill_tree(&mut self.process);
        }
    }
}

fn client() -> Client {
    Client::builder().no_proxy().timeout(Duration::from_secs(60)).build().expect("an HTTP client")
}
