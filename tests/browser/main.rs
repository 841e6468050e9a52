//! The built pages in real Chromium, against the real program: how soon a value is seen, what a lost server looks like,
//! whether pages are whole at every size, and whether what devices send stays text.
//!
//! Nothing here talks to the front end but through the browser: it reads what a person would see.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::indexing_slicing, clippy::panic, reason = "a test's own code")]

mod chromium;
mod colours;
mod console;
mod forms;
mod hostile;
mod keyboard;
mod kiosk;
mod latency;
mod leaders;
mod letter;
mod link;
mod motion;
mod on_call;
mod outputs;
mod power_cut;
mod previews;
mod replay;
mod room;
mod shift_log;
mod sizes;
mod walls;

use chromium::Chromium;
use harness::{Centre, eventually};
use serde_json::{Value, json};
use std::time::Duration;
use tokio::sync::{Mutex, MutexGuard};

static BROWSER: Mutex<()> = Mutex::const_new(());

/// One browser at a time: two that share the machine would spoil each other's times.
async fn alone() -> MutexGuard<'static, ()> {
    BROWSER.lock().await
}

/// Fails where the server was built without its pages: then nothing here could be shown.
async fn has_pages(centre: &Centre) {
    let page = centre.get("/").await.body;
    let is_built = page.as_str().is_some_and(|page| page.contains("<script"));
    assert!(is_built, "the server under test was built without its pages; run `cargo xtask test --only browser`");
}

/// Sends a probe's value, measured now, over HTTP.
async fn probe(centre: &Centre, asset: &str, value: f64) {
    let observation = json!({ "metric": "probe.value", "labels": { "asset": asset }, "time": jiff::Timestamp::now(), "value": value });
    let answer = centre.post("/api/v1/observations?source=api", &json!([observation])).await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
}

/// Waits until a script's answer is true.
async fn until(browser: &Chromium, what: &str, script: &str) {
    let last = std::cell::RefCell::new(Value::Null);
    let what = || format!("{what}, the page's last answer is {}", last.borrow());
    eventually(what, Duration::from_secs(30), || async {
        last.replace(browser.ask(script).await);
        (*last.borrow() == Value::Bool(true)).then_some(())
    })
    .await;
}

/// Waits until a probe's tile shows a number, as the page writes it in English.
async fn shows(browser: &Chromium, asset: &str, text: &str) {
    let script = format!(
        "const found = document.querySelector('.tile[data-scope=\"asset:{asset}\"] .value')?.textContent; return found === '{text}' || (found ?? null);"
    );
    until(browser, &format!("the tile of {asset} shows {text}"), &script).await;
}
