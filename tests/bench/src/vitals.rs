//! What a long run asks a wall's screen and its server again and again, and when something of it has grown too much.
//!
//! Figures of the page are taken after a full collection. It must never judge a run by its first minutes: caches, compiled
//! code and charts' spans fill up meanwhile.

use crate::browser::Browser;
use crate::process::resident_kb;
use anyhow::Context;
use serde_json::{Value, json};

/// Before this minute nothing is judged.
pub const SETTLED_MIN: f64 = 10.0;

/// How something stood at one time.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Vitals {
    /// Minutes since the run began.
    pub minute: f64,
    /// Of the page's JavaScript, MB.
    pub heap_mb: f64,
    /// Of the page's wasm, MB; it never shrinks.
    pub wasm_mb: f64,
    /// Nodes of all documents, also those that only scripts hold.
    pub nodes: f64,
    /// Listeners of all of them.
    pub listeners: f64,
    /// The server's resident memory, MB.
    pub server_mb: f64,
}

/// One of the figures: its name, where it is, the share that it may grow by, and what it may grow by in any case.
type Limit = (&'static str, fn(&Vitals) -> f64, f64, f64);

/// By how much a figure may have grown since the run had settled. In 110 minutes there are 66,000 updates and some 400 scenes: a
/// hundred bytes kept of each update are 6.6 MB, one node or listener kept of each scene 400. Less is the collector's and the
/// allocators' own.
const LIMITS: [Limit; 5] = [
    ("JS heap, MB", |vitals| vitals.heap_mb, 0.1, 0.75),
    ("wasm memory, MB", |vitals| vitals.wasm_mb, 0.1, 1.0),
    ("DOM nodes", |vitals| vitals.nodes, 0.03, 150.0),
    ("event listeners", |vitals| vitals.listeners, 0.03, 50.0),
    ("server's memory, MB", |vitals| vitals.server_mb, 0.1, 16.0),
];

const MB: f64 = 1_048_576.0;

impl Vitals {
    /// Takes them; `server` is the server's process.
    ///
    /// # Errors
    /// When the browser doesn't answer.
    pub async fn take(browser: &Browser, server: u32, minute: f64) -> anyhow::Result<Self> {
        // What finalizers let go at the first time is collected at the second.
        for _ in 0..2 {
            browser.devtools("HeapProfiler.collectGarbage", json!({})).await?;
        }
        Ok(Self {
            minute,
            heap_mb: browser.metric("JSHeapUsedSize").await? / MB,
            wasm_mb: wasm_bytes(browser).await? / MB,
            nodes: browser.metric("Nodes").await?,
            listeners: browser.metric("JSEventListeners").await?,
            server_mb: resident_kb(server) / 1024.0,
        })
    }
}

/// Bytes of all of the page's wasm memories.
async fn wasm_bytes(browser: &Browser) -> anyhow::Result<f64> {
    let group = "vitals";
    let asked = browser.devtools("Runtime.evaluate", json!({ "expression": "WebAssembly.Memory.prototype", "objectGroup": group })).await?;
    let prototype = asked.pointer("/result/objectId").cloned().context("the page has no wasm")?;
    let found = browser.devtools("Runtime.queryObjects", json!({ "prototypeObjectId": prototype, "objectGroup": group })).await?;
    let list = found.pointer("/objects/objectId").cloned().context("the browser finds no wasm memory")?;
    let sum = "function () { return this.reduce((sum, memory) => sum + memory.buffer.byteLength, 0); }";
    let call = json!({ "objectId": list, "functionDeclaration": sum, "returnByValue": true });
    let told = browser.devtools("Runtime.callFunctionOn", call).await?;
    browser.devtools("Runtime.releaseObjectGroup", json!({ "objectGroup": group })).await?;
    told.pointer("/result/value").and_then(Value::as_f64).context("the browser doesn't tell the memory's size")
}

/// What has grown too much between the first figures after the run had settled and the last ones, a line each; `None` where
/// the run was too short for that.
#[must_use]
pub fn grown(all: &[Vitals]) -> Option<Vec<String>> {
    let first = all.iter().find(|vitals| vitals.minute >= SETTLED_MIN)?;
    let last = all.last().filter(|last| last.minute > first.minute)?;
    let lines = LIMITS.iter().filter_map(|(name, of, share, least)| {
        let (before, after) = (of(first), of(last));
        let may = (before * share).max(*least);
        (after - before > may).then(|| {
            format!("{name}: {before:.1} after {:.0} min and {after:.1} after {:.0}, {may:.1} more are allowed", first.minute, last.minute)
        })
    });
    Some(lines.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vitals(minute: f64, nodes: f64) -> Vitals {
        Vitals { minute, heap_mb: 10.0, wasm_mb: 4.0, nodes, listeners: 30.0, server_mb: 200.0 }
    }

    #[test]
    fn growth_counts_from_the_tenth_minute() {
        assert_eq!(grown(&[vitals(0.0, 100.0), vitals(10.0, 900.0)]), None, "too short");
        let calm = [vitals(0.0, 100.0), vitals(10.0, 900.0), vitals(60.0, 2_000.0), vitals(120.0, 1_040.0)];
        assert_eq!(grown(&calm), Some(Vec::new()), "what comes and goes is no leak");
        let leak = [vitals(1.0, 900.0), vitals(10.1, 900.0), vitals(120.0, 1_060.0)];
        assert_eq!(grown(&leak).unwrap().len(), 1);
    }
}
