//! The kiosk as a wall's computer starts it: a compositor with real outputs, a window on each, nobody at a keyboard.
//!
//! The outputs are windows of another compositor, which has no screen. So they can be plugged in and pulled out.

use super::*;
use harness::{Setup, free_port, repository};
use kiosk::{BACK, Kiosk, an, enrol, free_ports, have_kept_keys, on_wall, shown, window, working_in};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The outputs' names with their places. The third is pulled out at first.
const OUTPUTS: [(&str, [i64; 2]); 3] = [("WL-1", [0, 0]), ("WL-2", [960, 0]), ("WL-3", [1920, 0])];
/// An unprivileged account: sway refuses to be root.
const NOBODY: u32 = 65534;

/// The other compositor: what its windows show is what screens would show.
const SCREENS: &str = "xwayland disable\noutput HEADLESS-1 mode 2880x1080\nfor_window [app_id=\".*\"] floating enable, border none\n";

/// A wall's computer with its screens.
struct Computer {
    folder: tempfile::TempDir,
    sway: PathBuf,
    /// Whom the outputs belong to.
    screens: chromium::Running,
    screens_socket: PathBuf,
    kiosk: Kiosk,
}

/// A window as the compositor has it.
#[derive(Debug, PartialEq)]
struct Placed {
    pid: String,
    rect: [i64; 4],
    is_full_screen: bool,
}

impl Computer {
    /// Switches it on, with two of three outputs. `None`, and said so, where there is no compositor.
    async fn start(server: &str, port: u16) -> Option<Self> {
        let Some(sway) = std::env::var_os("TAYDO_SWAY").map(PathBuf::from) else {
            println!("not covered: the kiosk on real outputs, because there is no sway");
            return None;
        };
        let folder = tempfile::Builder::new().prefix("taydo-kiosk").tempdir().expect("a folder");
        let at = |name: &str| folder.path().join(name);
        for name in ["run", "state"] {
            std::fs::create_dir(at(name)).expect("a folder");
        }
        std::fs::set_permissions(at("run"), std::fs::Permissions::from_mode(0o700)).expect("a private folder");
        std::fs::copy(repository().join("packaging/kiosk/taydo-kiosk"), at("taydo-kiosk")).expect("the kiosk's script");
        std::fs::write(at("screens.conf"), SCREENS).expect("the screens' configuration");
        let outputs: Vec<String> = OUTPUTS.iter().map(|(name, [x, y])| format!("{name}:{x},{y}:960x540")).collect();
        let settings = format!("server={server}\noutputs={}\nport={port}\nhang_s=8\ncompositor={}\n", outputs.join(" "), sway.display());
        let mut kiosk = Kiosk::command(folder.path(), &at("taydo-kiosk"), &settings);
        let everything = std::iter::once(folder.path().to_owned())
            .chain(std::fs::read_dir(folder.path()).into_iter().flatten().flatten().map(|entry| entry.path()));
        if is_root() {
            everything.for_each(|path| chown(path, Some(NOBODY), Some(NOBODY)).expect("a folder of nobody's"));
        }
        let mut screens = Command::new(&sway);
        screens.arg("--config").arg(at("screens.conf")).env("WLR_BACKENDS", "headless").env("WLR_HEADLESS_OUTPUTS", "1");
        let screens = chromium::Running::start(unprivileged(&mut screens, folder.path()));
        let screens_socket = socket(folder.path(), screens.pid());
        eventually("the screens are on", BACK, || async { ask(&sway, &screens_socket, &["-t", "get_outputs"]) }).await;
        let kiosk = unprivileged(&mut kiosk, folder.path());
        kiosk.env("WAYLAND_DISPLAY", "wayland-1").env("WLR_BACKENDS", "wayland").env("WLR_WL_OUTPUTS", "2");
        let kiosk = Kiosk::start(folder.path(), kiosk);
        Some(Self { folder, sway, screens, screens_socket, kiosk })
    }

    /// What the kiosk's compositor answers.
    fn ask(&self, question: &[&str]) -> Option<Value> {
        ask(&self.sway, &socket(self.folder.path(), self.kiosk.pid()), question)
    }

    /// Pulls an output's plug.
    fn unplug(&self, output: &str) {
        let question = format!("[title=\"{output}\"] kill");
        ask(&self.sway, &self.screens_socket, &[&question]).expect("the plug is pulled");
    }

    /// Plugs an output in; it gets the next number.
    fn plug(&self) {
        self.ask(&["create_output"]).expect("an output more");
    }

    /// The one window that an output shows; `None` while it is not just one.
    fn shown_on(&self, output: &str) -> Option<Placed> {
        let tree = self.ask(&["-t", "get_tree"])?;
        let output = tree["nodes"].as_array()?.iter().find(|node| node["name"] == output)?;
        let windows: Vec<&Value> =
            output["nodes"].as_array()?.iter().flat_map(|workspace| workspace["nodes"].as_array().into_iter().flatten()).collect();
        let [window] = windows.as_slice() else { return None };
        let side = |name: &str| window["rect"][name].as_i64();
        (window["visible"] == true).then_some(Placed {
            pid: window["pid"].to_string(),
            rect: [side("x")?, side("y")?, side("width")?, side("height")?],
            is_full_screen: window["fullscreen_mode"] == 1,
        })
    }

    /// What the kiosk has said so far.
    fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("kiosk.log")).unwrap_or_default()
    }

    /// The browser's process of an output.
    fn browser(&self, output: &str) -> Option<String> {
        Some(std::fs::read_to_string(self.folder.path().join("run").join(format!("{output}.pid"))).ok()?.trim().to_owned())
    }

    /// Waits until an output shows its own window, and that alone, all over.
    async fn is_in_place(&self, output: &str) {
        let [x, y] = OUTPUTS.iter().find(|(name, _)| *name == output).expect("one of the outputs").1;
        let wanted = || Some(Placed { pid: self.browser(output)?, rect: [x, y, 960, 540], is_full_screen: true });
        let what = || format!("{output} shows {:?}, is to show {:?}; {}", self.shown_on(output), wanted(), self.log());
        eventually(what, BACK, || async { (wanted().is_some() && self.shown_on(output) == wanted()).then_some(()) }).await;
    }

    /// Writes what all outputs show, as one picture, where there is a program for that.
    fn photograph(&self, name: &str) {
        let Some(grim) = std::env::var_os("TAYDO_GRIM") else { return };
        let folder = repository().join("tests/output");
        std::fs::create_dir_all(&folder).expect("the folder for screenshots");
        let mut command = Command::new(grim);
        command
            .arg("-c")
            .arg(folder.join(format!("{name}.png")))
            .env("XDG_RUNTIME_DIR", self.folder.path().join("run"))
            .env("WAYLAND_DISPLAY", "wayland-2");
        assert!(command.status().expect("grim runs").success());
    }
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").expect("this process").uid() == 0
}

/// As an account of its own would be, without graphics or input devices.
fn unprivileged<'a>(command: &'a mut Command, folder: &Path) -> &'a mut Command {
    if is_root() {
        command.uid(NOBODY).gid(NOBODY);
    }
    command
        .env("HOME", folder)
        .env("XDG_RUNTIME_DIR", folder.join("run"))
        .env_remove("SWAYSOCK")
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY");
    command.env("WLR_LIBINPUT_NO_DEVICES", "1").env("WLR_RENDERER", "pixman").current_dir(folder)
}

/// Where a compositor that was started with this number answers.
fn socket(folder: &Path, pid: u32) -> PathBuf {
    let user = if is_root() { NOBODY } else { std::fs::metadata("/proc/self").expect("this process").uid() };
    folder.join(format!("run/sway-ipc.{user}.{pid}.sock"))
}

fn ask(sway: &Path, socket: &Path, question: &[&str]) -> Option<Value> {
    let mut command = Command::new(sway.with_file_name("swaymsg"));
    let answer = command.arg("--raw").arg("--socket").arg(socket).args(question).stderr(Stdio::null()).output().ok()?;
    answer.status.success().then(|| serde_json::from_slice(&answer.stdout).ok()).flatten()
}

/// Whether any process of a group is there.
fn is_there(group: &str) -> bool {
    let outcome = Command::new("kill").args(["-0", "--", &format!("-{group}")]).stderr(Stdio::null()).status();
    outcome.is_ok_and(|outcome| outcome.success())
}

fn stop(group: &str) {
    let outcome = Command::new("kill").args(["-STOP", "--", &format!("-{group}")]).status();
    assert!(outcome.is_ok_and(|outcome| outcome.success()), "the browser runs");
}

#[tokio::test]
async fn each_output_has_its_own_display_also_when_it_hangs_or_is_plugged_in_later() {
    let _alone = alone().await;
    let (port, watched) = (free_port(), free_ports(OUTPUTS.len()));
    let Some(computer) = Computer::start(&format!("http://127.0.0.1:{port}"), watched).await else { return };
    // There is no server yet: each output says that it waits, in its own window.
    for ((output, _), at) in OUTPUTS.iter().zip(watched..).take(2) {
        computer.is_in_place(output).await;
        shown(&window(at).await, "it waits", "return document.body.innerText.includes('Đang chờ máy chủ');").await;
    }
    computer.photograph("wall-outputs-waiting");
    assert_eq!(computer.ask(&["-t", "get_inputs"]), Some(json!([])), "there is neither keyboard nor mouse");

    let database = harness::Database::fresh().await;
    let mut centre = Centre::start(Setup { city: "tests/cities/alarms", database: Some(&database), port, ..Setup::default() }).await;
    has_pages(&centre).await;
    an(&centre).await;
    for ((output, _), (number, at)) in OUTPUTS.iter().zip((1..).zip(watched..)).take(2) {
        let display = window(at).await;
        enrol(&centre, &display, &number.to_string()).await;
        shown(&display, "the screen joins its wall", &on_wall(&json!(0))).await;
        shown(
            &display,
            "nothing is to be clicked",
            "return getComputedStyle(document.querySelector('main.wall')).cursor === 'none' && innerWidth === 960 && innerHeight === 540;",
        )
        .await;
        computer.is_in_place(output).await;
    }
    computer.photograph("wall-outputs");

    have_kept_keys(&computer.folder.path().join("state"), &["WL-1", "WL-2"]).await;
    // One browser stands still, the other output is pulled out, and a third is plugged in.
    let hung = computer.browser("WL-1").expect("a browser");
    stop(&hung);
    // What has the focus is what a compositor would show on another output.
    computer.ask(&["workspace \"WL-2\""]).expect("the focus is there");
    computer.unplug("WL-2");
    computer.plug();
    computer.is_in_place("WL-3").await;
    shown(
        &window(watched + 2).await,
        "the third output has a display of its own",
        "return document.querySelector('.enrolment .code') !== null;",
    )
    .await;
    eventually("the hung browser is another", BACK, || async { (computer.browser("WL-1")? != hung).then_some(()) }).await;
    assert!(!is_there(&hung), "all of the hung browser's processes are gone");
    computer.is_in_place("WL-1").await;
    // By the key that it has kept, without hands.
    shown(&window(watched).await, "the display is on its wall again", &on_wall(&json!(0))).await;
    eventually("nothing looks alive behind an output that is gone", BACK, || async {
        let screens = centre.get("/api/v1/walls").await.body["walls"][0]["screens"].clone();
        let states: Vec<&Value> = screens.as_array()?.iter().map(|screen| &screen["state"]).collect();
        (states.len() == 2 && states[0] == "live" && states[1] != "live").then_some(())
    })
    .await;
    computer.is_in_place("WL-1").await;
    computer.photograph("wall-outputs-after");

    // The windows don't outlive their compositor.
    let _ = Command::new("kill").arg(computer.kiosk.pid().to_string()).status();
    let browsers = computer.folder.path().join("state");
    eventually("the windows have ended", BACK, || async { working_in(&browsers).is_empty().then_some(()) }).await;
    assert_eq!(centre.stop().await, Some(0));
    drop(computer.screens);
}

#[test]
fn systemd_understands_the_unit() {
    let folder = tempfile::tempdir().expect("a folder");
    let unit = std::fs::read_to_string(repository().join("packaging/kiosk/taydo-kiosk.service")).expect("the unit");
    let script = repository().join("packaging/kiosk/taydo-kiosk");
    let here = folder.path().join("taydo-kiosk.service");
    std::fs::write(&here, unit.replace("/usr/libexec/taydo-kiosk", &script.display().to_string())).expect("the unit with this script");
    match Command::new("systemd-analyze").args(["verify", "--man=no"]).arg(&here).output() {
        Err(error) => println!("not covered: the kiosk's unit, because there is no systemd-analyze: {error}"),
        Ok(said) => assert!(said.status.success() && said.stderr.is_empty(), "{}", String::from_utf8_lossy(&said.stderr)),
    }
}
