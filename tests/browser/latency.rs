//! How soon a value that a device publishes stands in its tile: device → Mosquitto → server → WebSocket → page.

use super::*;
use harness::{Broker, Database, Device, Setup};
use std::collections::HashMap;
use tokio::time::MissedTickBehavior;

const TILES: usize = 20;
const ROUNDS: usize = 10;
/// A tile's digits change at once only after a rest, so each is published to less often than every 3 s.
const ROUND: Duration = Duration::from_millis(3050);
/// What the product promises, in milliseconds.
const PROMISED_MS: i64 = 1000;

/// Writes down, by the machine's clock, when the text of a tile's value changes.
const WATCH: &str = "
    window.seen = [];
    const last = new Map();
    const look = () => {
        const at = Date.now();
        for (const tile of document.querySelectorAll('.tile')) {
            const text = tile.querySelector('.value').textContent;
            if (last.get(tile) !== text) {
                last.set(tile, text);
                window.seen.push({ scope: tile.dataset.scope, text, at });
            }
        }
    };
    look();
    window.seen.length = 0;
    new MutationObserver(look).observe(document.querySelector('.grid'), { subtree: true, childList: true, characterData: true });";

#[tokio::test]
async fn a_value_published_over_mqtt_appears_in_its_tile() {
    let _alone = alone().await;
    let broker = Broker::start().await;
    let database = Database::fresh().await;
    let more = ["--tick-ms", "250"];
    let setup =
        Setup { city: "tests/cities/mini", broker: Some(broker.address()), database: Some(&database), more: &more, ..Setup::default() };
    let centre = Centre::start(setup).await;
    has_pages(&centre).await;
    subscribed(&centre).await;
    let browser = Chromium::start().await;
    browser.size(1440, 900).await;
    browser.open(&format!("{}/board/probes?lang=en", centre.url)).await;
    until(
        &browser,
        "all tiles are there",
        "return document.querySelectorAll('.tile').length === 20 && document.documentElement.dataset.link === 'live';",
    )
    .await;
    browser.ask(WATCH).await;

    let published = publish(&mut Device::connect(broker.address(), "probes").await).await;
    let expected = TILES * ROUNDS;
    until(&browser, "every value was seen", &format!("return window.seen.length >= {expected} || window.seen.length;")).await;
    let seen = browser.ask("return window.seen;").await;
    browser.close().await;

    let mut latencies: Vec<i64> = published.iter().map(|((scope, text), sent)| seen_at(&seen, scope, text) - sent).collect();
    latencies.sort_unstable();
    let share = |hundredths: usize| latencies[(latencies.len() * hundredths).div_ceil(100) - 1];
    println!("publish to text, {expected} values over {TILES} tiles: p50 {} ms, p95 {} ms, max {} ms", share(50), share(95), share(100));
    assert!(latencies[0] >= 0, "a value was seen {} ms before it was sent", -latencies[0]);
    assert!(share(95) <= PROMISED_MS, "p95 is {} ms: {latencies:?}", share(95));
}

/// Waits until the server has subscribed, so that nothing is published into the void.
async fn subscribed(centre: &Centre) {
    eventually("the server subscribes", Duration::from_secs(20), || async {
        let ready = centre.get("/readyz").await;
        (ready.status == 200 && ready.body["warnings"].as_array().is_some_and(Vec::is_empty)).then_some(())
    })
    .await;
}

/// Publishes a value of its own to each tile in each round; returns when each was sent, in milliseconds of Unix time.
async fn publish(device: &mut Device) -> HashMap<(String, String), i64> {
    let mut published = HashMap::new();
    let mut pace = tokio::time::interval(ROUND / TILES as u32);
    pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
    for n in 0..TILES * ROUNDS {
        pace.tick().await;
        let (asset, value) = (format!("probe-{:02}", n % TILES + 1), 101 + n);
        published.insert((format!("asset:{asset}"), value.to_string()), jiff::Timestamp::now().as_millisecond());
        device.publish(&format!("mini/value/{asset}/probe.value"), &value.to_string()).await;
        device.acknowledged().await;
    }
    published
}

/// When a tile showed this value, in milliseconds of Unix time.
fn seen_at(seen: &Value, scope: &str, value: &str) -> i64 {
    let is_it = |one: &&Value| one["scope"] == scope && one["text"].as_str().and_then(|text| text.split('.').next()) == Some(value);
    let found = seen.as_array().and_then(|seen| seen.iter().find(is_it));
    found.and_then(|one| one["at"].as_i64()).unwrap_or_else(|| panic!("{value} never stood in the tile of {scope}: {seen}"))
}
