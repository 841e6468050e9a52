//! A wall's computer: the kiosk's own script with its windows, and what is asked of them.
//!
//! Nothing here outlives its test: every process that works in the computer's folder ends with it.

use super::*;
use harness::{free_port, repository};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use taydo_outside::program;

/// Two browsers that start beside a server and a database, on a machine that does other things too.
pub(crate) const BACK: Duration = Duration::from_secs(90);

/// The kiosk's script and whatever it has started.
pub(crate) struct Kiosk {
    script: Child,
    folder: PathBuf,
}

impl Kiosk {
    /// The windows alone, without anything that could show them: their outputs are only names.
    pub(crate) fn without_outputs(folder: &Path, server: &str, outputs: &[&str], port: u16) -> Self {
        let outputs: Vec<String> = outputs.iter().map(|name| format!("{name}:0,0:960x540")).collect();
        let script = repository().join("packaging/kiosk/taydo-kiosk");
        let mut command = Self::command(folder, &script, &format!("server={server}\noutputs={}\nport={port}\n", outputs.join(" ")));
        Self::start(folder, command.arg("windows").env("TAYDO_KIOSK_BROWSER_FLAGS", format!("--headless=new {FLAGS}")))
    }

    /// The script with this configuration, not started yet. Whatever it keeps is in `folder`.
    pub(crate) fn command(folder: &Path, script: &Path, settings: &str) -> Command {
        let conf = folder.join("kiosk.conf");
        let browser = program("TAYDO_CHROMIUM", "/usr/bin/chromium");
        std::fs::write(&conf, format!("{settings}browser={}\nlanguage=vi\n", browser.display())).expect("the kiosk's configuration");
        let mut command = Command::new(script);
        command.env("TAYDO_KIOSK_CONF", &conf).env("STATE_DIRECTORY", folder.join("state")).env("RUNTIME_DIRECTORY", folder.join("run"));
        command.env("TAYDO_KIOSK_BROWSER_FLAGS", FLAGS);
        command
    }

    /// Starts it. What it says is in `kiosk.log`.
    pub(crate) fn start(folder: &Path, command: &mut Command) -> Self {
        let log = std::fs::File::create(folder.join("kiosk.log")).expect("the kiosk's log");
        command.process_group(0).stdin(Stdio::null()).stdout(log.try_clone().expect("the log")).stderr(log);
        Self { script: command.spawn().expect("the kiosk's script runs"), folder: folder.to_owned() }
    }

    /// The number of the process that was started.
    pub(crate) fn pid(&self) -> u32 {
        self.script.id()
    }

    /// Ends the script and all of its windows as a power cut would.
    pub(crate) fn kill(&mut self) {
        // First whatever would start a window anew.
        let _ = Command::new("kill").args(["-9", "--", &format!("-{}", self.script.id())]).stderr(Stdio::null()).status();
        let _ = self.script.wait();
        end_all(&self.folder);
    }
}

impl Drop for Kiosk {
    fn drop(&mut self) {
        self.kill();
    }
}

/// What a browser needs on a machine without graphics, where a test may be root.
const FLAGS: &str = "--no-sandbox --disable-gpu --disable-background-networking";

/// The processes that name a folder in their arguments.
pub(crate) fn working_in(folder: &Path) -> Vec<String> {
    let folder = folder.display().to_string();
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    let processes = entries.filter_map(|entry| entry.file_name().into_string().ok()).filter(|name| name.parse::<u32>().is_ok());
    processes.filter(|pid| arguments(pid).contains(&folder)).collect()
}

fn arguments(pid: &str) -> String {
    // One that has just ended has none.
    String::from_utf8_lossy(&std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default()).into_owned()
}

/// Kills the processes that work in a folder of the test's own, and those that they start meanwhile.
fn end_all(folder: &Path) {
    for _ in 0..20 {
        let left = working_in(folder);
        if left.is_empty() {
            return;
        }
        let _ = Command::new("kill").arg("-9").args(left).stderr(Stdio::null()).status();
    }
}

/// The first of so many free ports in a row.
pub(crate) fn free_ports(count: usize) -> u16 {
    let is_free = |port: u16| std::net::TcpListener::bind(("127.0.0.1", port)).is_ok();
    let mut firsts = (0..100).map(|_| free_port());
    firsts.find(|first| (*first..).take(count).all(is_free)).expect("free ports in a row")
}

/// Whether a display's key is on its browser's disk: that is seconds after it was enrolled, and a power cut before then loses it.
fn has_kept_key(profile: &Path, output: &str) -> bool {
    let entries = std::fs::read_dir(profile.join("Default/Local Storage/leveldb")).into_iter().flatten().flatten();
    let (key, mut files) = (format!("taydo.screen.{output}"), entries.filter_map(|entry| std::fs::read(entry.path()).ok()));
    files.any(|bytes| bytes.windows(key.len()).any(|part| part == key.as_bytes()))
}

/// Waits until the displays' keys are on the disk, so that neither a power cut nor a browser's end loses them.
pub(crate) async fn have_kept_keys(profiles: &Path, outputs: &[&str]) {
    eventually("the browsers have kept the displays' keys", BACK, || async {
        outputs.iter().all(|name| has_kept_key(&profiles.join(name), name)).then_some(())
    })
    .await;
}

/// Turns to a display's window, once it is there.
pub(crate) async fn window(port: u16) -> Chromium {
    let client = reqwest::Client::builder().no_proxy().build().expect("an HTTP client");
    eventually("the window answers", BACK, || async {
        let pages: Value = client.get(format!("http://127.0.0.1:{port}/json/list")).send().await.ok()?.json().await.ok()?;
        pages.as_array()?.iter().any(|page| page["type"] == "page").then_some(())
    })
    .await;
    Chromium::attach(port).await
}

/// Waits until a display's script answer is true. Its page may be on the way from the waiting page to the wall's.
pub(crate) async fn shown(display: &Chromium, what: &str, script: &str) {
    let last = std::cell::RefCell::new(Value::Null);
    eventually(
        || format!("{what}, the last answer is {}", last.borrow()),
        BACK,
        || async {
            last.replace(display.try_ask(script).await.unwrap_or_default());
            (*last.borrow() == Value::Bool(true)).then_some(())
        },
    )
    .await;
}

pub(crate) async fn enrol(centre: &Centre, display: &Chromium, name: &str) {
    shown(
        display,
        "the screen shows a code",
        "return /^\\d{3} \\d{3}$/.test(document.querySelector('.enrolment .code')?.textContent.trim());",
    )
    .await;
    let code = display.ask("return document.querySelector('.enrolment .code').textContent.replace(/\\D/g, '');").await;
    let what = json!({ "person": "an", "code": code, "wall": "main", "display": name });
    assert_eq!(centre.post("/api/v1/screens", &what).await.status, 201);
}

pub(crate) fn on_wall(plan: &Value) -> String {
    format!(
        "const wall = document.querySelector('main.wall'); return (wall?.dataset.shown === 'scene' && wall.dataset.plan === '{plan}' && document.documentElement.dataset.link === 'live') \
         || (wall ? wall.dataset.shown + ' ' + wall.dataset.plan : document.body?.innerText ?? null);"
    )
}

pub(crate) async fn an(centre: &Centre) {
    let an = json!({ "id": "an", "name": "Nguyễn Văn An", "zone": "Asia/Ho_Chi_Minh", "language": "vi", "quiet": null, "contacts": [], "rules": [] });
    assert_eq!(centre.put("/api/v1/persons/an", &an).await.status, 204);
}
