//! A headless Chromium of a measurement: one window, driven over WebDriver, and what Chromium itself tells of it.
//!
//! It must never leave a browser behind, nor touch one that it has not started.

use anyhow::{Context, bail};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

/// The longest that a script may take, in milliseconds.
const SCRIPT_LIMIT_MS: u32 = 120_000;

/// A running browser with one window.
#[derive(Debug)]
pub struct Browser {
    http: reqwest::Client,
    session: String,
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

impl Browser {
    /// Starts one with an empty profile and a window of this size.
    ///
    /// # Errors
    /// When there is no browser.
    pub async fn start(width: u32, height: u32) -> anyhow::Result<Self> {
        let profile = tempfile::Builder::new().prefix("taydo-chromium").tempdir()?;
        let driver = Driver::start(profile.path())?;
        let http = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(150)).build()?;
        let session = session(&http, &driver.url, profile.path(), (width, height)).await?;
        let browser = Self { http, session, _driver: driver, _profile: profile };
        // CPU time of the thread, which other work on the machine doesn't lengthen.
        browser.devtools("Performance.enable", json!({ "timeDomain": "threadTicks" })).await?;
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        browser.devtools("Emulation.setDeviceMetricsOverride", size).await?;
        browser.post("timeouts", json!({ "script": SCRIPT_LIMIT_MS })).await?;
        Ok(browser)
    }

    /// Opens an address.
    ///
    /// # Errors
    /// When it can't be loaded.
    pub async fn open(&self, url: &str) -> anyhow::Result<()> {
        self.post("url", json!({ "url": url })).await.map(drop)
    }

    /// What a script comes to; of a promise, what that comes to.
    ///
    /// # Errors
    /// When the script fails.
    pub async fn ask(&self, script: &str) -> anyhow::Result<Value> {
        self.post("execute/sync", json!({ "script": script, "args": [] })).await
    }

    /// One of Chromium's metrics of the page and its main thread.
    ///
    /// # Errors
    /// When it has none of this name.
    pub async fn metric(&self, name: &str) -> anyhow::Result<f64> {
        let all = self.devtools("Performance.getMetrics", json!({})).await?;
        let found =
            all.get("metrics").and_then(Value::as_array).into_iter().flatten().find(|one| one.get("name").is_some_and(|it| it == name));
        found.and_then(|one| one.get("value")?.as_f64()).with_context(|| format!("the browser has no metric {name}"))
    }

    /// What the page has written to its console, as far as it hasn't been asked for.
    ///
    /// # Errors
    /// When the browser is gone.
    pub async fn console(&self) -> anyhow::Result<Value> {
        self.post("se/log", json!({ "type": "browser" })).await
    }

    /// Writes what is seen into a file.
    ///
    /// # Errors
    /// When it can't be written.
    pub async fn picture(&self, file: &Path) -> anyhow::Result<()> {
        let answer: Value = self.http.get(format!("{}/screenshot", self.session)).send().await?.json().await?;
        let text = answer.get("value").and_then(Value::as_str).context("no picture")?;
        Ok(std::fs::write(file, BASE64_STANDARD.decode(text)?)?)
    }

    /// A command of Chromium's own protocol.
    ///
    /// # Errors
    /// When it fails.
    pub async fn devtools(&self, command: &str, parameters: Value) -> anyhow::Result<Value> {
        self.post("goog/cdp/execute", json!({ "cmd": command, "params": parameters })).await
    }

    /// Ends the browser.
    pub async fn close(self) {
        // It ends in any case, with the driver and with this process.
        let _ = self.http.delete(&self.session).send().await;
    }

    async fn post(&self, command: &str, body: Value) -> anyhow::Result<Value> {
        let answer: Value = self.http.post(format!("{}/{command}", self.session)).json(&body).send().await?.json().await?;
        value_of(answer).with_context(|| format!("{command} failed"))
    }
}

async fn session(http: &reqwest::Client, driver: &str, profile: &Path, (width, height): (u32, u32)) -> anyhow::Result<String> {
    let mut arguments: Vec<String> =
        ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
            .map(str::to_owned)
            .to_vec();
    arguments.extend([
        "--hide-scrollbars".to_owned(),
        format!("--window-size={width},{height}"),
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
