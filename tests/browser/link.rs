//! A lost server: the page says so, keeps what it knows, and comes back without being touched.

use super::*;
use harness::{Database, Setup};

const LINK: &str = "document.documentElement.dataset.link";

#[tokio::test]
async fn a_killed_server_is_told_and_the_page_resumes_by_itself() {
    let _alone = alone().await;
    let database = Database::fresh().await;
    let start = |port| Centre::start(Setup { city: "tests/cities/mini", database: Some(&database), port, ..Setup::default() });
    let mut centre = start(0).await;
    has_pages(&centre).await;
    let port: u16 = centre.url.rsplit(':').next().and_then(|port| port.parse().ok()).expect("the centre's port");
    probe(&centre, "probe-01", 111.0).await;
    probe(&centre, "probe-02", 222.0).await;
    let browser = Chromium::start().await;
    browser.size(1440, 900).await;
    browser.open(&format!("{}/board/probes?lang=en", centre.url)).await;
    shows(&browser, "probe-01", "111.000").await;
    shows(&browser, "probe-02", "222.000").await;
    until(&browser, "the link is live", &format!("return {LINK} === 'live' && document.querySelector('.banner').innerText === '';")).await;
    let normal = look_of_a_tile(&browser).await;
    browser.ask("window.untouched = true;").await;

    let killed = jiff::Timestamp::now();
    centre.kill();
    until(
        &browser,
        "the page says that the link is lost",
        &format!("return {LINK} === 'lost' && document.querySelector('.banner .lost') !== null;"),
    )
    .await;
    says_since(&browser, killed).await;
    shows(&browser, "probe-01", "111.000").await;
    assert_ne!(look_of_a_tile(&browser).await, normal, "old values look like live ones");
    browser.screenshot("link-lost-1440").await;

    let centre = start(port).await;
    probe(&centre, "probe-01", 333.0).await;
    shows(&browser, "probe-01", "333.000").await;
    shows(&browser, "probe-02", "222.000").await;
    until(&browser, "the link is live again", &format!("return {LINK} === 'live' && document.querySelector('.banner').innerText === '';"))
        .await;
    assert_eq!(look_of_a_tile(&browser).await, normal);
    assert_eq!(browser.ask("return window.untouched === true;").await, true, "the page was loaded again");
    browser.close().await;
}

/// How a tile is drawn, as far as it tells old from live.
async fn look_of_a_tile(browser: &Chromium) -> Value {
    let script = "
        const tile = document.querySelector('.tile[data-scope=\"asset:probe-01\"]');
        const [box, value] = [getComputedStyle(tile), getComputedStyle(tile.querySelector('.value'))];
        return [box.borderTopStyle, box.backgroundImage, value.color];";
    browser.ask(script).await
}

/// The banner names the second, on the city's clock, since which nothing was heard; heartbeats come every 5 s at most.
async fn says_since(browser: &Chromium, killed: jiff::Timestamp) {
    let said = browser.ask("return document.querySelector('.banner time').textContent;").await;
    let said = said.as_str().expect("a time").to_owned();
    let zone = jiff::tz::TimeZone::get("Asia/Ho_Chi_Minh").expect("the city's zone");
    let possible: Vec<String> =
        (-1..=15).map(|s| (killed - jiff::SignedDuration::from_secs(s)).to_zoned(zone.clone()).strftime("%H:%M:%S").to_string()).collect();
    assert!(possible.iter().any(|time| said.contains(time)), "the banner says {said}, the server was killed at {}", possible[1]);
}
