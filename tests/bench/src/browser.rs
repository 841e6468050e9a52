//! The browser of a measurement: a window of a size, and what Chromium itself tells of it.
//!
//! It must never measure another browser than the one that it has started.

use anyhow::{Context, bail};
use serde_json::{Value, json};
use std::path::Path;

/// The longest that a script may take, in milliseconds.
const SCRIPT_LIMIT_MS: u32 = 120_000;

/// A running browser with one window.
#[derive(Debug)]
pub struct Browser(taydo_outside::Browser);

impl Browser {
    /// Starts one with an empty profile and a window of this size.
    ///
    /// # Errors
    /// When there is no browser.
    pub async fn start(width: u32, height: u32) -> anyhow::Result<Self> {
        let browser = Self(taydo_outside::Browser::start(&[format!("--window-size={width},{height}")]).await?);
        // CPU time of the thread, which other work on the machine doesn't lengthen.
        browser.devtools("Performance.enable", json!({ "timeDomain": "threadTicks" })).await?;
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        browser.devtools("Emulation.setDeviceMetricsOverride", size).await?;
        browser.0.post("timeouts", &json!({ "script": SCRIPT_LIMIT_MS })).await?;
        Ok(browser)
    }

    /// Opens an address.
    ///
    /// # Errors
    /// When it can't be loaded.
    pub async fn open(&self, url: &str) -> anyhow::Result<()> {
        self.0.open(url).await
    }

    /// What a script comes to; of a promise, what that comes to.
    ///
    /// # Errors
    /// When the script fails.
    pub async fn ask(&self, script: &str) -> anyhow::Result<Value> {
        // By value: what the driver asks in its own way stays in the page's memory for ever, and would be measured with it.
        let asked = json!({ "expression": format!("(function () {{ {script} }})()"), "returnByValue": true, "awaitPromise": true });
        let told = self.devtools("Runtime.evaluate", asked).await?;
        if let Some(problem) = told.get("exceptionDetails") {
            bail!("the script failed: {problem}");
        }
        Ok(told.pointer("/result/value").cloned().unwrap_or_default())
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
        self.0.console().await
    }

    /// Writes what is seen into a file.
    ///
    /// # Errors
    /// When it can't be written.
    pub async fn picture(&self, file: &Path) -> anyhow::Result<()> {
        Ok(std::fs::write(file, self.0.picture().await?)?)
    }

    /// A command of Chromium's own protocol.
    ///
    /// # Errors
    /// When it fails.
    pub async fn devtools(&self, command: &str, parameters: Value) -> anyhow::Result<Value> {
        self.0.devtools(command, &parameters).await
    }

    /// Ends the browser.
    pub async fn close(self) {
        self.0.close().await;
    }
}
