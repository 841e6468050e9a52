//! What devices and files send is shown as text, whatever it looks like.

use super::*;
use harness::{Database, Setup, repository};
use std::path::Path;

const HOSTILE: &str = "<img src=x onerror=window.__x=1>";

#[tokio::test]
async fn hostile_text_stays_text() {
    let _alone = alone().await;
    let city = tempfile::tempdir().expect("a folder for the city");
    hostile_city(city.path());
    let database = Database::fresh().await;
    let centre =
        Centre::start(Setup { city: city.path().to_str().expect("a path in Unicode"), database: Some(&database), ..Setup::default() })
            .await;
    has_pages(&centre).await;
    centre.post("/api/v1/observations?source=api", &json!([{ "metric": HOSTILE, "labels": { "asset": "probe-01" }, "value": 1 }])).await;
    centre.post("/api/v1/observations?source=api", &json!([{ "metric": "probe.value", "labels": { "asset": HOSTILE }, "value": 1 }])).await;
    centre
        .post("/api/v1/observations?source=api", &json!([{ "metric": "road.speed", "labels": { "asset": "road-1" }, "value": 31 }]))
        .await;
    probe(&centre, "probe-01", 1.0).await;
    let browser = Chromium::start().await;
    for page in ["/sources", "/board/probes", "/board/main", "/wall/main", "/"] {
        browser.open(&format!("{}{page}", centre.url)).await;
        until(
            &browser,
            &format!("{page} shows the text"),
            &format!("return document.body.innerText.includes('{HOSTILE}') || document.body.innerText;"),
        )
        .await;
        let script = "return [window.__x === undefined, document.querySelectorAll('img').length];";
        assert_eq!(browser.ask(script).await, json!([true, 0]), "{page}");
        assert_eq!(browser.complaints().await, Vec::<String>::new(), "{page}");
    }
    browser.close().await;
}

/// The small city, with names in its files that are no names.
fn hostile_city(to: &Path) {
    let from = repository().join("tests/cities/mini");
    copy(&from, to);
    for (file, name) in [
        ("city.toml", "Phường Bắc"),
        ("city.toml", "Thành phố nhỏ"),
        ("boards/probes.toml", "Đầu đo 1\""),
        ("boards/main.toml", "Tổng quan"),
    ] {
        let path = to.join(file);
        let text = std::fs::read_to_string(&path).expect("a file of the city");
        assert!(text.contains(name), "{file} has no {name}");
        let instead = if name.ends_with('"') { format!("{HOSTILE}\"") } else { HOSTILE.to_owned() };
        std::fs::write(&path, text.replace(name, &instead)).expect("the changed file");
    }
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("the city's files").map(|entry| entry.expect("an entry")) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).expect("the file is copied");
        }
    }
}
