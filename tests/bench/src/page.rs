//! A page of a measurement in a headless Chromium: a folder of files, served on loopback, and questions about what the page does.
//!
//! It must never leave a browser behind, nor serve anything to other machines.

use actix_web::{App, HttpRequest, HttpResponse, HttpServer, dev::ServerHandle, web};
use anyhow::{Context, bail};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;
use taydo_server::clock::Clock;

const WIDTH: u32 = 3840;
const HEIGHT: u32 = 2160;
/// The longest that a script may take, in milliseconds.
const SCRIPT_LIMIT_MS: u32 = 120_000;

/// An open page.
#[derive(Debug)]
pub struct Page {
    http: reqwest::Client,
    session: String,
    server: ServerHandle,
    folder: PathBuf,
    /// Before the profile: it ends first.
    _driver: Driver,
    _profile: tempfile::TempDir,
}

/// The program that starts browsers. It and whatever it has started end with this.
#[derive(Debug)]
struct Driver {
    process: Child,
    url: String,
    /// Kept open, so that the driver never writes into a closed pipe.
    _output: BufReader<ChildStdout>,
}

impl Page {
    /// Serves a folder and opens its `index.html`, until that says that it is ready. Must run in a `LocalSet`.
    ///
    /// # Errors
    /// When there is no browser, or the page doesn't become ready.
    pub async fn open(folder: PathBuf) -> anyhow::Result<Self> {
        let root = folder.clone();
        let app = move || {
            let root = root.clone();
            App::new().default_service(web::get().to(move |request: HttpRequest| {
                let answer = file(&root, request.path());
                async move { answer }
            }))
        };
        let bound = HttpServer::new(app).workers(1).disable_signals().bind("127.0.0.1:0")?;
        let address = bound.addrs().first().context("the page's address")?.to_string();
        let running = bound.run();
        let server = running.handle();
        tokio::task::spawn_local(running);
        let profile = tempfile::Builder::new().prefix("taydo-chromium").tempdir()?;
        let driver = Driver::start(profile.path())?;
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(150)).build()?;
        let session = session(&http, &driver.url, profile.path()).await?;
        let page = Self { http, session, server, folder, _driver: driver, _profile: profile };
        // CPU time of the thread, which other work on the machine doesn't lengthen.
        page.devtools("Performance.enable", json!({ "timeDomain": "threadTicks" })).await?;
        let size = json!({ "width": WIDTH, "height": HEIGHT, "deviceScaleFactor": 1, "mobile": false });
        page.devtools("Emulation.setDeviceMetricsOverride", size).await?;
        page.post("timeouts", json!({ "script": SCRIPT_LIMIT_MS })).await?;
        page.post("url", json!({ "url": format!("http://{address}/index.html") })).await?;
        for _ in 0..200 {
            if page.ask("return window.ready === true").await? == true {
                return Ok(page);
            }
            Clock::real().sleep(Duration::from_millis(50)).await;
        }
        bail!("the page is not ready after ten seconds: {}", page.post("se/log", json!({ "type": "browser" })).await?)
    }

    /// What a script comes to; of a promise, what that comes to.
    ///
    /// # Errors
    /// When the script fails.
    pub async fn ask(&self, script: &str) -> anyhow::Result<Value> {
        self.post("execute/sync", json!({ "script": script, "args": [] })).await
    }

    /// One of Chromium's metrics of the page's main thread.
    ///
    /// # Errors
    /// When it has none of this name.
    pub async fn metric(&self, name: &str) -> anyhow::Result<f64> {
        let all = self.devtools("Performance.getMetrics", json!({})).await?;
        let found =
            all.get("metrics").and_then(Value::as_array).into_iter().flatten().find(|one| one.get("name").is_some_and(|it| it == name));
        found.and_then(|one| one.get("value")?.as_f64()).with_context(|| format!("the browser has no metric {name}"))
    }

    /// Writes what is seen beside the page's files.
    ///
    /// # Errors
    /// When it can't be written.
    pub async fn picture(&self, name: &str) -> anyhow::Result<()> {
        let answer: Value = self.http.get(format!("{}/screenshot", self.session)).send().await?.json().await?;
        let text = answer.get("value").and_then(Value::as_str).context("no picture")?;
        Ok(std::fs::write(self.folder.join(format!("{name}.png")), BASE64_STANDARD.decode(text)?)?)
    }

    /// Ends the browser and the server.
    pub async fn close(self) {
        // Both end in any case, with the driver and with this process.
        let _ = self.http.delete(&self.session).send().await;
        self.server.stop(false).await;
    }

    async fn devtools(&self, command: &str, parameters: Value) -> anyhow::Result<Value> {
        self.post("goog/cdp/execute", json!({ "cmd": command, "params": parameters })).await
    }

    async fn post(&self, command: &str, body: Value) -> anyhow::Result<Value> {
        let answer: Value = self.http.post(format!("{}/{command}", self.session)).json(&body).send().await?.json().await?;
        value_of(answer).with_context(|| format!("{command} failed"))
    }
}

async fn session(http: &reqwest::Client, driver: &str, profile: &Path) -> anyhow::Result<String> {
    let mut arguments: Vec<String> =
        ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
            .map(str::to_owned)
            .to_vec();
    arguments.extend([
        "--hide-scrollbars".to_owned(),
        format!("--window-size={WIDTH},{HEIGHT}"),
        format!("--user-data-dir={}", profile.join("data").display()),
    ]);
    let options = json!({ "binary": program("TAYDO_CHROMIUM", "/usr/bin/chromium"), "args": arguments });
    let wanted = json!({ "capabilities": { "alwaysMatch": { "goog:chromeOptions": options, "goog:loggingPrefs": { "browser": "ALL" } } } });
    let answer: Value = http.post(format!("{driver}/session")).json(&wanted).send().await?.json().await?;
    let value = value_of(answer).context("no browser starts")?;
    let id = value.get("sessionId").and_then(Value::as_str).context("no session")?;
    Ok(format!("{driver}/session/{id}"))
}

fn value_of(answer: Value) -> anyhow::Result<Value> {
    if let Some(error) = answer.pointer("/value/error").and_then(Value::as_str) {
        bail!("{error}: {}", answer.pointer("/value/message").unwrap_or(&Value::Null));
    }
    Ok(answer.get("value").cloned().unwrap_or_default())
}

fn file(root: &Path, path: &str) -> HttpResponse {
    let name = path.trim_start_matches('/');
    let kind = match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript",
        Some("css") => "text/css",
        Some("wasm") => "application/wasm",
        _ => "application/octet-stream",
    };
    match std::fs::read(root.join(name)) {
        Ok(bytes) if !name.contains("..") => HttpResponse::Ok().content_type(kind).body(bytes),
        _ => HttpResponse::NotFound().finish(),
    }
}

fn program(variable: &str, usual: &str) -> PathBuf {
    std::env::var_os(variable).map_or_else(|| PathBuf::from(usual), PathBuf::from)
}

impl Driver {
    fn start(folder: &Path) -> anyhow::Result<Self> {
        let binary = program("TAYDO_CHROMEDRIVER", "/usr/bin/chromedriver");
        let mut command = Command::new(&binary);
        command.arg("--port=0").env("TMPDIR", folder).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = command.spawn().with_context(|| format!("can't start {}; run `cargo xtask setup`", binary.display()))?;
        let mut output = BufReader::new(process.stdout.take().context("the driver's output")?);
        let mut line = String::new();
        // `ChromeDriver was started successfully on port 12345.`
        while !line.contains("successfully on port") {
            line.clear();
            if output.read_line(&mut line)? == 0 {
                bail!("the driver ended without saying its port");
            }
        }
        let port: String = line.chars().filter(char::is_ascii_digit).collect();
        Ok(Self { process, url: format!("http://127.0.0.1:{port}"), _output: output })
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let mut processes = vec![self.process.id().to_string()];
        let mut next = 0;
        while let Some(process) = processes.get(next) {
            let tasks = std::fs::read_dir(format!("/proc/{process}/task")).into_iter().flatten().flatten();
            let children = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("children")).ok()).collect::<String>();
            processes.extend(children.split_whitespace().map(str::to_owned));
            next += 1;
        }
        // One that has just ended by itself is no fault.
        let _ = Command::new("kill").arg("-9").args(&processes).stderr(Stdio::null()).status();
        let _ = self.process.wait();
    }
}
