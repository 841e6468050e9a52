//! A Chromium of a test's own: what fails in it fails the test.
//!
//! Leaves nothing behind: its profile is a temporary folder, and every process that it started ends with it.

use harness::repository;
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use taydo_outside::Browser;

/// A running browser with one tab.
pub(crate) struct Chromium(Browser);

impl Chromium {
    /// Starts a browser with an empty profile.
    pub(crate) async fn start() -> Self {
        Self(Browser::start(&[]).await.expect("a browser starts"))
    }

    /// Turns to a browser that somebody else started, by the port of the loopback address on which it can be watched. It goes on
    /// when this ends.
    pub(crate) async fn attach(port: u16) -> Self {
        Self(Browser::attach(port).await.expect("the browser answers"))
    }

    /// Opens an address and waits until it is loaded.
    pub(crate) async fn open(&self, url: &str) {
        self.0.open(url).await.expect("the page loads");
    }

    /// What a script returns that runs in the page.
    pub(crate) async fn ask(&self, script: &str) -> Value {
        self.0.ask(script).await.unwrap_or_else(|error| panic!("the script failed: {error:#}\n{script}"))
    }

    /// What a script returns; `None` where it can't be asked now, as while another page is being loaded.
    pub(crate) async fn try_ask(&self, script: &str) -> Option<Value> {
        self.0.ask(script).await.ok()
    }

    /// What a script tells its last argument, a function, at some time.
    pub(crate) async fn ask_later(&self, script: &str) -> Value {
        self.0.ask_later(script).await.unwrap_or_else(|error| panic!("the script failed: {error:#}"))
    }

    /// Gives the page's window a size, in CSS pixels, as a screen of that size would have it.
    pub(crate) async fn size(&self, width: u32, height: u32) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", &size).await;
        // What follows the size has followed it after the next frame.
        let frames = "const done = arguments[arguments.length - 1]; requestAnimationFrame(() => requestAnimationFrame(() => done(true)));";
        self.0.ask_later(frames).await.expect("two frames");
    }

    /// Writes what the window shows to `tests/output/`, which git ignores.
    pub(crate) async fn screenshot(&self, name: &str) {
        let folder = repository().join("tests/output");
        std::fs::create_dir_all(&folder).expect("the folder for screenshots");
        let picture = self.0.picture().await.expect("a screenshot");
        std::fs::write(folder.join(format!("{name}.png")), picture).expect("the screenshot is written");
    }

    /// What the browser has complained of since it was asked last: errors, refusals of the page's policy, failed requests.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        let entries = self.0.console().await.expect("the browser's log").as_array().expect("a list").clone();
        let is_complaint = |entry: &&Value| matches!(entry["level"].as_str(), Some("WARNING" | "SEVERE"));
        entries.iter().filter(is_complaint).map(|entry| format!("{} {}", entry["level"], entry["message"])).collect()
    }

    /// Chooses a file for an input, as the browser's dialogue would.
    pub(crate) async fn choose_file(&self, selector: &str, file: &Path) {
        self.0.choose_file(selector, file).await.expect("the file is chosen");
    }

    /// Types keys into what has the focus; the Private Use characters of WebDriver are keys such as Enter.
    pub(crate) async fn type_keys(&self, keys: &str) {
        self.0.type_keys(keys).await.expect("the keys are typed");
    }

    /// Opens one more window and turns to it; returns its handle.
    pub(crate) async fn open_window(&self) -> String {
        let window = self.0.open_window().await.expect("a window");
        self.turn_to(&window).await;
        window
    }

    /// Turns to a window: whatever is asked from now on is asked there.
    pub(crate) async fn turn_to(&self, window: &str) {
        self.0.turn_to(window).await.expect("the window is there");
    }

    /// Closes the window that it is turned to.
    pub(crate) async fn close_window(&self) {
        self.0.close_window().await.expect("the window closes");
    }

    /// Tells the page that whoever looks at it wants as little motion as possible, or has no such wish.
    pub(crate) async fn reduce_motion(&self, is_reduced: bool) {
        let value = if is_reduced { "reduce" } else { "no-preference" };
        let features = json!({ "features": [{ "name": "prefers-reduced-motion", "value": value }] });
        self.devtools("Emulation.setEmulatedMedia", &features).await;
    }

    async fn devtools(&self, command: &str, parameters: &Value) {
        self.0.devtools(command, parameters).await.expect("the driver obeys");
    }

    /// Ends the browser.
    pub(crate) async fn close(self) {
        self.0.close().await;
    }
}

/// A process that a test needs for its whole length; it is killed when dropped.
pub(crate) struct Running(Child);

impl Running {
    /// Starts it, silent.
    pub(crate) fn start(command: &mut Command) -> Self {
        Self(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program runs"))
    }

    /// Its number.
    pub(crate) fn pid(&self) -> u32 {
        self.0.id()
    }

    /// Whether it has not ended.
    pub(crate) fn is_running(&mut self) -> bool {
        matches!(self.0.try_wait(), Ok(None))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
