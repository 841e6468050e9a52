//! The power of a whole wall fails: server, database, broker and displays at once. And a server of another build comes back.
//!
//! The displays are kept by the kiosk's own script. Nobody touches anything until feeds are back.

use super::*;
use harness::{Broker, Setup, free_port};
use kiosk::{BACK, Kiosk, an, enrol, free_ports, have_kept_keys, on_wall, shown, window};
use std::path::Path;
use std::process::Command;

const OUTPUTS: [&str; 2] = ["A", "B"];

/// Whether this is the text of the first figure on a display.
fn is_figure(text: &str) -> String {
    format!(
        "const found = document.querySelector('.scene.on .tile[data-kpi=\"traffic.probe\"] .value')?.textContent; return found === '{text}' || (found ?? null);"
    )
}

fn kill_database(data: &Path) {
    let text = std::fs::read_to_string(data.join("postgres/postmaster.pid")).expect("the database runs");
    let pid = text.lines().next().expect("its number");
    let _ = Command::new("kill").args(["-9", pid]).status();
}

async fn wall(centre: &Centre) -> Value {
    centre.get("/api/v1/walls").await.body["walls"][0].clone()
}

/// A value that was measured so many seconds ago.
async fn measured(centre: &Centre, seconds: i64, value: f64) {
    let time = jiff::Timestamp::now() - jiff::SignedDuration::from_secs(seconds);
    let observation = json!({ "metric": "probe.value", "labels": { "asset": "p1" }, "time": time, "value": value });
    let answer = centre.post("/api/v1/observations?source=api", &json!([observation])).await;
    assert_eq!(answer.status, 200, "{:?}", answer.body);
}

#[tokio::test]
async fn a_wall_without_power_comes_back_without_hands() {
    let _alone = alone().await;
    let folder = tempfile::Builder::new().prefix("taydo-cut").tempdir().expect("a folder");
    let data = tempfile::Builder::new().prefix("taydo-data").tempdir().expect("a data folder");
    let (port, watched) = (free_port(), free_ports(OUTPUTS.len()));
    let mut broker = Broker::start().await;
    let start = |broker: &Broker| Setup {
        city: "tests/cities/alarms",
        data: Some(data.path().to_owned()),
        broker: Some(broker.address()),
        port,
        ..Setup::default()
    };
    // The displays come first, and wait.
    let mut kiosk = Kiosk::without_outputs(folder.path(), &format!("http://127.0.0.1:{port}"), &OUTPUTS, watched);
    let mut centre = Centre::start(start(&broker)).await;
    has_pages(&centre).await;
    an(&centre).await;
    for (number, at) in (1..).zip(watched..).take(OUTPUTS.len()) {
        let display = window(at).await;
        enrol(&centre, &display, &number.to_string()).await;
        shown(&display, "the screen joins its wall", &on_wall(&json!(0))).await;
    }
    have_kept_keys(&folder.path().join("state"), &OUTPUTS).await;
    for act in [json!({ "person": "an", "act": "show", "scene": 0 }), json!({ "person": "an", "act": "hold" })] {
        assert_eq!(centre.post("/api/v1/walls/main/acts", &act).await.status, 204);
    }
    let before = wall(&centre).await;
    let plan = before["state"]["plan"]["number"].clone();
    // The figure's window of a minute will have passed when the power is back.
    let display = window(watched).await;
    shown(&display, "the scene is held", &on_wall(&plan)).await;
    eventually("the figure is shown", BACK, || async {
        measured(&centre, 30, 31.0).await;
        (display.try_ask(&is_figure("31,0")).await? == true).then_some(())
    })
    .await;
    drop(display);

    let cut = std::time::Instant::now();
    kiosk.kill();
    centre.kill();
    kill_database(data.path());
    broker.kill();

    // All begin at once, as their units do; the displays are the fastest.
    kiosk = Kiosk::without_outputs(folder.path(), &format!("http://127.0.0.1:{port}"), &OUTPUTS, watched);
    broker.restart().await;
    let mut centre = Centre::start(start(&broker)).await;
    println!("the server is ready {:.1} s after the cut", cut.elapsed().as_secs_f64());
    let mut displays = Vec::new();
    for (name, at) in OUTPUTS.iter().zip(watched..) {
        let display = window(at).await;
        shown(&display, "the display shows its scene again", &on_wall(&plan)).await;
        println!("display {name} shows its scene {:.1} s after the cut", cut.elapsed().as_secs_f64());
        displays.push(display);
    }
    let Some(first) = displays.first() else { panic!("there are displays") };
    // Nothing has reported since: no figure may look as if something had.
    shown(
        first,
        "the figure is not known",
        "return document.querySelector('.scene.on .tile[data-kpi=\"traffic.probe\"]')?.dataset.quality === 'missing';",
    )
    .await;
    shown(first, "the city's stage is unknown", "return document.querySelector('.city-stage')?.dataset.stage === 'unknown';").await;
    first.screenshot("wall-after-power-cut-960").await;
    eventually("both screens are known and draw", BACK, || async {
        let now = wall(&centre).await;
        let same = |one: &Value, other: &Value| one["id"] == other["id"] && one["state"] == "live";
        let (now, before) = (now["screens"].as_array()?.clone(), before["screens"].as_array()?.clone());
        (now.len() == before.len() && now.iter().zip(&before).all(|(now, before)| same(now, before))).then_some(())
    })
    .await;
    // The feed is back: the first figure follows.
    measured(&centre, 0, 32.0).await;
    shown(first, "the figure follows", &is_figure("32,0")).await;
    println!("figures follow; {:.1} s after the cut", cut.elapsed().as_secs_f64());
    kiosk.kill();
    drop(displays);
    assert_eq!(centre.stop().await, Some(0));
}

#[tokio::test]
async fn a_screen_loads_a_new_build_by_itself_also_soon_after_another() {
    let _alone = alone().await;
    let database = harness::Database::fresh().await;
    let start = |port, build: &'static [&'static str]| {
        Centre::start(Setup { city: "tests/cities/alarms", database: Some(&database), port, more: build, ..Setup::default() })
    };
    let mut centre = start(0, &["--test-build", "first"]).await;
    has_pages(&centre).await;
    let port: u16 = centre.url.rsplit(':').next().and_then(|port| port.parse().ok()).expect("the centre's port");
    let browser = Chromium::start().await;
    browser.size(960, 540).await;
    browser.open(&format!("{}/wall/main?lang=vi", centre.url)).await;
    let live = "return document.querySelector('main.wall')?.dataset.shown === 'scene' && document.documentElement.dataset.link === 'live'";
    until(&browser, "the wall is there", &format!("{live};")).await;
    for build in ["second", "third"] {
        // It loaded itself a while ago: it rests for the few seconds that are left of its minute, and must not forget.
        browser.ask("localStorage.setItem('taydo.reloaded', String(Date.now() - 55000)); window.old = true;").await;
        centre.kill();
        centre = start(port, if build == "second" { &["--test-build", "second"] } else { &["--test-build", "third"] }).await;
        shown(&browser, "the page is another one", &format!("{live} && window.old !== true;")).await;
    }
    browser.close().await;
}
