//! A headless Chromium, driven over WebDriver (W3C), and by Chromium's own protocol through it.
//!
//! It must never leave a browser behind, nor end one that it has not started.

use crate::driver::{Driver, program};
use anyhow::{Context, bail};
use base64::{Engine, prelude::BASE64_STANDARD};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

/// What every browser here is started with.
const FLAGS: [&str; 10] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-breakpad",
    "--hide-scrollbars",
];

/// A question may take as long as the longest script that a measurement runs.
const LIMIT: Duration = Duration::from_secs(150);

/// A running browser.
#[derive(Debug)]
pub struct Browser {
    http: reqwest::Client,
    session: String,
    /// Ends, with its browser, before the profile is removed: fields are dropped in this order.
    _driver: Driver,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Starts one with an empty profile, one window, and these flags more.
    ///
    /// # Errors
    /// When there is no browser.
    pub async fn start(flags: &[String]) -> anyhow::Result<Self> {
        let profile = tempfile::Builder::new().prefix("taydo-chromium").tempdir()?;
        let mut arguments: Vec<String> = FLAGS.map(str::to_owned).to_vec();
        arguments.push(format!("--user-data-dir={}", profile.path().join("data").display()));
        arguments.extend_from_slice(flags);
        Self::session(profile, &json!({ "binary": program("TAYDO_CHROMIUM", "/usr/bin/chromium"), "args": arguments })).await
    }

    /// Turns to a browser that somebody else started, by the port of the loopback address on which it can be watched. It goes on
    /// when this ends.
    ///
    /// # Errors
    /// When nothing answers there.
    pub async fn attach(port: u16) -> anyhow::Result<Self> {
        let profile = tempfile::Builder::new().prefix("taydo-chromium").tempdir()?;
        Self::session(profile, &json!({ "debuggerAddress": format!("127.0.0.1:{port}") })).await
    }

    async fn session(profile: tempfile::TempDir, options: &Value) -> anyhow::Result<Self> {
        let driver = Driver::start(profile.path())?;
        let http = reqwest::Client::builder().no_proxy().timeout(LIMIT).build()?;
        let wanted = json!({ "goog:chromeOptions": options, "goog:loggingPrefs": { "browser": "ALL" } });
        let body = json!({ "capabilities": { "alwaysMatch": wanted } });
        let answer: Value = http.post(format!("{}/session", driver.url)).json(&body).send().await?.json().await?;
        let value = value_of(answer).context("no browser starts")?;
        let id = value.get("sessionId").and_then(Value::as_str).context("no session")?;
        Ok(Self { http, session: format!("{}/session/{id}", driver.url), _driver: driver, _profile: profile })
    }

    /// Opens an address and waits until it is loaded.
    ///
    /// # Errors
    /// When it can't be loaded.
    pub async fn open(&self, url: &str) -> anyhow::Result<()> {
        self.post("url", &json!({ "url": url })).await.map(drop)
    }

    /// What a script comes to; of a promise, what that comes to.
    ///
    /// # Errors
    /// When the script fails, or another page is being loaded.
    pub async fn ask(&self, script: &str) -> anyhow::Result<Value> {
        self.post("execute/sync", &json!({ "script": script, "args": [] })).await
    }

    /// What a script tells its last argument, a function, at some time.
    ///
    /// # Errors
    /// When the script fails, or doesn't tell.
    pub async fn ask_later(&self, script: &str) -> anyhow::Result<Value> {
        self.post("execute/async", &json!({ "script": script, "args": [] })).await
    }

    /// What the page has written to its console, as far as it hasn't been asked for.
    ///
    /// # Errors
    /// When the browser is gone.
    pub async fn console(&self) -> anyhow::Result<Value> {
        self.post("se/log", &json!({ "type": "browser" })).await
    }

    /// What is seen, as PNG.
    ///
    /// # Errors
    /// When the browser is gone.
    pub async fn picture(&self) -> anyhow::Result<Vec<u8>> {
        let answer = self.get("screenshot").await?;
        Ok(BASE64_STANDARD.decode(answer.as_str().context("no picture")?)?)
    }

    /// Chooses a file for an input, as the browser's dialogue would.
    ///
    /// # Errors
    /// When there is no such input.
    pub async fn choose_file(&self, selector: &str, file: &Path) -> anyhow::Result<()> {
        let input = self.post("element", &json!({ "using": "css selector", "value": selector })).await?;
        self.type_into(&input, file.to_str().context("a path in Unicode")?).await
    }

    /// Types keys into what has the focus; the Private Use characters of WebDriver are keys such as Enter.
    ///
    /// # Errors
    /// When nothing has it.
    pub async fn type_keys(&self, keys: &str) -> anyhow::Result<()> {
        let element = self.get("element/active").await?;
        self.type_into(&element, keys).await
    }

    async fn type_into(&self, element: &Value, keys: &str) -> anyhow::Result<()> {
        // An element is an object with its id under a name that the standard fixes.
        let id = element.as_object().and_then(|element| element.values().next()?.as_str()).context("no element")?;
        self.post(&format!("element/{id}/value"), &json!({ "text": keys })).await.map(drop)
    }

    /// Opens one more window; returns its handle.
    ///
    /// # Errors
    /// When it can't be opened.
    pub async fn open_window(&self) -> anyhow::Result<String> {
        let window = self.post("window/new", &json!({ "type": "window" })).await?;
        Ok(window.get("handle").and_then(Value::as_str).context("no window")?.to_owned())
    }

    /// Turns to a window: whatever is asked from now on is asked there.
    ///
    /// # Errors
    /// When it is gone.
    pub async fn turn_to(&self, window: &str) -> anyhow::Result<()> {
        self.post("window", &json!({ "handle": window })).await.map(drop)
    }

    /// Closes the window that it is turned to.
    ///
    /// # Errors
    /// When it is gone.
    pub async fn close_window(&self) -> anyhow::Result<()> {
        let answer = self.http.delete(format!("{}/window", self.session)).send().await?.json().await?;
        value_of(answer).context("window failed").map(drop)
    }

    /// A command of Chromium's own protocol.
    ///
    /// # Errors
    /// When it fails.
    pub async fn devtools(&self, command: &str, parameters: &Value) -> anyhow::Result<Value> {
        self.post("goog/cdp/execute", &json!({ "cmd": command, "params": parameters })).await
    }

    /// A command of WebDriver's.
    ///
    /// # Errors
    /// When it fails.
    pub async fn post(&self, command: &str, body: &Value) -> anyhow::Result<Value> {
        let answer = self.http.post(format!("{}/{command}", self.session)).json(body).send().await?.json().await?;
        value_of(answer).with_context(|| format!("{command} failed"))
    }

    async fn get(&self, command: &str) -> anyhow::Result<Value> {
        let answer = self.http.get(format!("{}/{command}", self.session)).send().await?.json().await?;
        value_of(answer).with_context(|| format!("{command} failed"))
    }

    /// Ends the browser.
    pub async fn close(self) {
        // It ends in any case, with the driver and with this process.
        let _ = self.http.delete(&self.session).send().await;
    }
}

fn value_of(answer: Value) -> anyhow::Result<Value> {
    if let Some(error) = answer.pointer("/value/error").and_then(Value::as_str) {
        bail!("{error}: {}", answer.pointer("/value/message").unwrap_or(&Value::Null));
    }
    Ok(answer.get("value").cloned().unwrap_or_default())
}
