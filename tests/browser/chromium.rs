//! A Chromium of a test's own, driven over WebDriver.
//!
//! Leaves nothing behind: its profile is a temporary folder, and every process that it started ends with it.

use fantoccini::{Client, ClientBuilder, wd::WindowHandle};
use harness::repository;
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Map, Value, json};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

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

/// A running browser with one tab.
pub(crate) struct Chromium {
    client: Client,
    /// WebDriver's address of the session, for the commands that only Chromium's driver has.
    session: String,
    http: reqwest::Client,
    /// Ends, with its browser, before the profile is removed: fields are dropped in this order.
    _driver: Driver,
    _profile: tempfile::TempDir,
}

impl Chromium {
    /// Starts the driver on a free port, and by it a browser with an empty profile.
    pub(crate) async fn start() -> Self {
        let profile = tempfile::Builder::new().prefix("taydo-chromium").tempdir().expect("a folder for the profile");
        let driver = Driver::start(profile.path());
        let mut arguments: Vec<String> = FLAGS.map(str::to_owned).to_vec();
        arguments.push(format!("--user-data-dir={}", profile.path().join("data").display()));
        let mut wanted = Map::new();
        let binary = program("TAYDO_CHROMIUM", "/usr/bin/chromium");
        wanted.insert("goog:chromeOptions".to_owned(), json!({ "binary": binary, "args": arguments }));
        wanted.insert("goog:loggingPrefs".to_owned(), json!({ "browser": "ALL" }));
        let client = ClientBuilder::new(HttpConnector::new()).capabilities(wanted).connect(&driver.url).await.expect("a browser starts");
        let id = client.session_id().await.expect("the session's id").expect("a session");
        let http = reqwest::Client::builder().no_proxy().build().expect("an HTTP client");
        Self { client, session: format!("{}/session/{id}", driver.url), http, _driver: driver, _profile: profile }
    }

    /// Turns to a browser that somebody else started, by the port of the loopback address on which it can be watched. It goes on
    /// when this ends.
    pub(crate) async fn attach(port: u16) -> Self {
        let profile = tempfile::Builder::new().prefix("taydo-chromium").tempdir().expect("a folder for the driver");
        let driver = Driver::start(profile.path());
        let mut wanted = Map::new();
        wanted.insert("goog:chromeOptions".to_owned(), json!({ "debuggerAddress": format!("127.0.0.1:{port}") }));
        let client = ClientBuilder::new(HttpConnector::new()).capabilities(wanted).connect(&driver.url).await.expect("the browser answers");
        let id = client.session_id().await.expect("the session's id").expect("a session");
        let http = reqwest::Client::builder().no_proxy().build().expect("an HTTP client");
        Self { client, session: format!("{}/session/{id}", driver.url), http, _driver: driver, _profile: profile }
    }

    /// Opens an address and waits until it is loaded.
    pub(crate) async fn open(&self, url: &str) {
        self.client.goto(url).await.expect("the page loads");
    }

    /// What a script returns that runs in the page.
    pub(crate) async fn ask(&self, script: &str) -> Value {
        self.client.execute(script, Vec::new()).await.unwrap_or_else(|error| panic!("the script failed: {error}\n{script}"))
    }

    /// What a script returns; `None` where it can't be asked now, as while another page is being loaded.
    pub(crate) async fn try_ask(&self, script: &str) -> Option<Value> {
        self.client.execute(script, Vec::new()).await.ok()
    }

    /// What a script tells its last argument, a function, at some time.
    pub(crate) async fn ask_later(&self, script: &str) -> Value {
        self.client.execute_async(script, Vec::new()).await.unwrap_or_else(|error| panic!("the script failed: {error}"))
    }

    /// Gives the page's window a size, in CSS pixels, as a screen of that size would have it.
    pub(crate) async fn size(&self, width: u32, height: u32) {
        let size = json!({ "width": width, "height": height, "deviceScaleFactor": 1, "mobile": false });
        self.devtools("Emulation.setDeviceMetricsOverride", &size).await;
        // What follows the size has followed it after the next frame.
        let frames = "const done = arguments[arguments.length - 1]; requestAnimationFrame(() => requestAnimationFrame(() => done(true)));";
        self.client.execute_async(frames, Vec::new()).await.expect("two frames");
    }

    /// Writes what the window shows to `tests/output/`, which git ignores.
    pub(crate) async fn screenshot(&self, name: &str) {
        let folder = repository().join("tests/output");
        std::fs::create_dir_all(&folder).expect("the folder for screenshots");
        let picture = self.client.screenshot().await.expect("a screenshot");
        std::fs::write(folder.join(format!("{name}.png")), picture).expect("the screenshot is written");
    }

    /// What the browser has complained of since it was asked last: errors, refusals of the page's policy, failed requests.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        let answer = self.post("se/log", &json!({ "type": "browser" })).await;
        let entries = answer["value"].as_array().expect("the browser's log").clone();
        let is_complaint = |entry: &&Value| matches!(entry["level"].as_str(), Some("WARNING" | "SEVERE"));
        entries.iter().filter(is_complaint).map(|entry| format!("{} {}", entry["level"], entry["message"])).collect()
    }

    /// Chooses a file for an input, as the browser's dialogue would.
    pub(crate) async fn choose_file(&self, selector: &str, file: &Path) {
        let input = self.client.find(fantoccini::Locator::Css(selector)).await.expect("the input");
        input.send_keys(file.to_str().expect("a path in Unicode")).await.expect("the file is chosen");
    }

    /// Types keys into what has the focus; the Private Use characters of WebDriver are keys such as Enter.
    pub(crate) async fn type_keys(&self, keys: &str) {
        self.client.active_element().await.expect("something has the focus").send_keys(keys).await.expect("the keys are typed");
    }

    /// Opens one more window and turns to it; returns its handle.
    pub(crate) async fn open_window(&self) -> WindowHandle {
        let window = self.client.new_window(false).await.expect("a window").handle;
        self.turn_to(&window).await;
        window
    }

    /// Turns to a window: whatever is asked from now on is asked there.
    pub(crate) async fn turn_to(&self, window: &WindowHandle) {
        self.client.switch_to_window(window.clone()).await.expect("the window is there");
    }

    /// Closes the window that it is turned to.
    pub(crate) async fn close_window(&self) {
        self.client.close_window().await.expect("the window closes");
    }

    /// Tells the page that whoever looks at it wants as little motion as possible, or has no such wish.
    pub(crate) async fn reduce_motion(&self, is_reduced: bool) {
        let value = if is_reduced { "reduce" } else { "no-preference" };
        let features = json!({ "features": [{ "name": "prefers-reduced-motion", "value": value }] });
        self.devtools("Emulation.setEmulatedMedia", &features).await;
    }

    async fn devtools(&self, command: &str, parameters: &Value) {
        self.post("goog/cdp/execute", &json!({ "cmd": command, "params": parameters })).await;
    }

    /// Ends the browser.
    pub(crate) async fn close(self) {
        // It is killed in any case.
        let _ = self.client.close().await;
    }

    async fn post(&self, command: &str, body: &Value) -> Value {
        let address = format!("{}/{command}", self.session);
        let request = self.http.post(address).header("content-type", "application/json").body(body.to_string());
        let response = request.send().await.expect("the driver answers");
        assert!(response.status().is_success(), "{command}: {}", response.status());
        response.json().await.expect("the driver's answer")
    }
}

/// The program that starts browsers.
struct Driver {
    url: String,
    process: Child,
    /// Kept open, so that the driver never writes into a closed pipe.
    _output: BufReader<ChildStdout>,
}

impl Driver {
    fn start(folder: &Path) -> Self {
        let binary = program("TAYDO_CHROMEDRIVER", "/usr/bin/chromedriver");
        let mut command = Command::new(&binary);
        command.arg("--port=0").arg(format!("--log-path={}", folder.join("driver.log").display()));
        command.env("TMPDIR", folder).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process =
            command.spawn().unwrap_or_else(|error| panic!("{} can't be started: {error}; run `cargo xtask setup`", binary.display()));
        let mut output = BufReader::new(process.stdout.take().expect("the driver's output"));
        let mut line = String::new();
        // `ChromeDriver was started successfully on port 12345.`
        while !line.contains("successfully on port") {
            line.clear();
            let read = output.read_line(&mut line).expect("the driver's output");
            assert!(read > 0, "the driver ended without saying its port");
        }
        let port: String = line.chars().filter(char::is_ascii_digit).collect();
        Self { url: format!("http://127.0.0.1:{port}"), process, _output: output }
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

/// A program that the environment names, or the one where Debian has it.
pub(crate) fn program(variable: &str, usual: &str) -> PathBuf {
    std::env::var_os(variable).map_or_else(|| PathBuf::from(usual), PathBuf::from)
}

/// A process that a test needs for its whole length; it is killed when dropped.
pub(crate) struct Running(Child);

impl Running {
    /// Starts it, silent.
    pub(crate) fn start(command: &mut Command) -> Self {
        Self(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program runs"))
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
