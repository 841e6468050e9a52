//! The real city's pages at the sizes people have: nothing clipped, nothing to scroll sideways, no complaint of the browser.

use super::*;
use chromium::Running;
use harness::{Broker, Database, Setup, program, repository};
use std::process::Command;

const CITY: &str = "dashboards/can-tho";
const BOARDS: [&str; 5] = ["leaders", "operations", "traffic", "energy", "services"];
const HISTORY: &str = "2h";

/// What is wrong with a page's layout, a line each.
const FAULTS: &str = "
    const faults = [];
    const root = document.documentElement;
    if (root.scrollWidth > innerWidth) {
        const wide = [...document.querySelectorAll('body *')].find((one) => one.getBoundingClientRect().right > innerWidth + 1);
        faults.push(`scrolls sideways: ${root.scrollWidth} > ${innerWidth}, ${wide?.className || wide?.tagName}`);
    }
    if (root.dataset.kiosk && root.scrollHeight > innerHeight) faults.push(`a wall of ${root.scrollHeight} px in ${innerHeight}`);
    for (const panel of document.querySelectorAll('.panel')) {
        const box = panel.getBoundingClientRect();
        const name = `${panel.querySelector('h3')?.textContent} (${Math.round(box.width)} x ${Math.round(box.height)})`;
        for (const one of panel.querySelectorAll('h3, .chip, .value, .unit, .by, .target, .quality, .age, .name, .latest, .note, footer')) {
            const inner = one.getBoundingClientRect();
            if (inner.width === 0) continue;
            const over = Math.max(inner.right - box.right, inner.bottom - box.bottom, box.left - inner.left, box.top - inner.top);
            if (over > 1) faults.push(`${name}: ${one.className || one.tagName} sticks out by ${Math.round(over)} px`);
            const cut = one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== 'inline';
            if (cut) faults.push(`${name}: ${one.className || one.tagName} is cut: ${one.textContent}`);
        }
        const list = panel.querySelector('ol');
        if (list && list.scrollHeight > list.clientHeight + 1) faults.push(`${name}: the list is cut`);
        if (panel.classList.contains('tile') && !panel.dataset.quality) faults.push(`${name}: no quality`);
    }
    return [...new Set(faults)];";

/// The panels show data: all are there and at least one has a good value.
const FILLED: &str = "
    const panels = [...document.querySelectorAll('.panel')];
    return panels.length > 2 && document.documentElement.dataset.link === 'live'
        && document.querySelector('.tile[data-quality=\"good\"]') !== null && document.fonts.status === 'loaded';";

/// A table has rows and the fonts are there.
const LISTED: &str = "return document.querySelector('.feeds tbody tr') !== null && document.fonts.status === 'loaded';";

#[tokio::test]
async fn pages_are_whole_at_every_size() {
    let _alone = alone().await;
    let broker = Broker::start().await;
    let database = Database::fresh().await;
    let centre = Centre::start(Setup { city: CITY, broker: Some(broker.address()), database: Some(&database), ..Setup::default() }).await;
    has_pages(&centre).await;
    let _city = simulate(&centre, &broker).await;
    let browser = Chromium::start().await;
    let mut look = Look { browser: &browser, url: &centre.url, faults: Vec::new() };
    look.at("/wall/main", FILLED, "vi", (3840, 2160)).await;
    look.at("/wall/main", FILLED, "en", (3840, 2160)).await;
    for board in BOARDS {
        for language in ["vi", "en"] {
            for size in [(1440, 900), (390, 844), (320, 640)] {
                look.at(&format!("/board/{board}"), FILLED, language, size).await;
            }
        }
    }
    for language in ["vi", "en"] {
        for size in [(1440, 900), (390, 844), (320, 640)] {
            look.at("/sources", LISTED, language, size).await;
        }
    }
    let faults = look.faults;
    browser.close().await;
    assert!(faults.is_empty(), "{} faults:\n  {}", faults.len(), faults.join("\n  "));
}

/// Starts the simulated city, and waits until its past is in.
async fn simulate(centre: &Centre, broker: &Broker) -> Running {
    let mut command = Command::new(program());
    command.args(["simulate", "--server", &centre.url, "--mqtt", &broker.address().to_string(), "--backfill", HISTORY]);
    let mut running = Running::start(command.arg("--city").arg(repository().join(CITY)));
    eventually("the simulated city's values arrive", Duration::from_secs(30), || async {
        let sources = centre.get("/api/v1/sources").await.body;
        let accepted = |id: &str| {
            sources["sources"].as_array().and_then(|all| all.iter().find(|one| one["id"] == id)).and_then(|one| one["accepted"].as_u64())
        };
        (accepted("road-sensors") > Some(0) && accepted("history") > Some(0)).then_some(())
    })
    .await;
    assert!(running.is_running(), "the simulator has ended");
    running
}

/// Looks at pages and gathers what is wrong with them.
struct Look<'a> {
    browser: &'a Chromium,
    url: &'a str,
    faults: Vec<String>,
}

impl Look<'_> {
    async fn at(&mut self, path: &str, is_full: &str, language: &str, (width, height): (u32, u32)) {
        let browser = self.browser;
        browser.size(width, height).await;
        browser.open(&format!("{}{path}?lang={language}", self.url)).await;
        until(browser, &format!("{path} is filled"), is_full).await;
        let mut faults: Vec<String> = Vec::new();
        if browser.ask("return document.documentElement.lang;").await != language {
            faults.push("the document's language is another".to_owned());
        }
        let layout = browser.ask(FAULTS).await;
        faults.extend(layout.as_array().expect("a list of faults").iter().filter_map(|fault| fault.as_str().map(str::to_owned)));
        faults.extend(browser.complaints().await);
        self.faults.extend(faults.into_iter().map(|fault| format!("{path} {language} {width}: {fault}")));
        self.picture(path, language, (width, height)).await;
    }

    /// The whole page, also what lies below the window.
    async fn picture(&self, path: &str, language: &str, (width, height): (u32, u32)) {
        let whole = self.browser.ask("return document.documentElement.scrollHeight;").await;
        let whole = whole.as_u64().and_then(|whole| u32::try_from(whole).ok()).unwrap_or(height).clamp(height, 6000);
        self.browser.size(width, whole).await;
        self.browser.screenshot(&format!("{}-{language}-{width}", path.trim_start_matches('/').replace('/', "-"))).await;
    }
}
