//! The real city's pages at the sizes people have: nothing clipped, nothing to scroll sideways, no complaint of the browser.

use super::*;
use chromium::Running;
use harness::{Broker, Database, Setup, program, repository};
use std::process::Command;

const CITY: &str = "dashboards/can-tho";
const BOARDS: [&str; 7] = ["leaders", "operations", "traffic", "energy", "services", "reports", "accidents"];
const HISTORY: &str = "2h";
const WALL: [(u32, u32); 1] = [(3840, 2160)];
/// A desk, a phone, and the narrowest window in which nothing may have to be scrolled sideways.
const PAGES: [(u32, u32); 3] = [(1440, 900), (390, 844), (320, 640)];

/// What is wrong with a page's layout, a line each.
const FAULTS: &str = "
    const faults = [];
    const root = document.documentElement;
    // A wall's picture is moved by up to 3 px, so that nothing burns in.
    const moved = root.dataset.kiosk ? 3 : 0;
    if (root.scrollWidth > innerWidth + moved) {
        const wide = [...document.querySelectorAll('body *')].find((one) => one.getBoundingClientRect().right > innerWidth + 1);
        faults.push(`scrolls sideways: ${root.scrollWidth} > ${innerWidth}, ${wide?.className || wide?.tagName}`);
    }
    if (root.dataset.kiosk && root.scrollHeight > innerHeight + moved) faults.push(`a wall of ${root.scrollHeight} px in ${innerHeight}`);
    for (const panel of document.querySelectorAll('.panel')) {
        const box = panel.getBoundingClientRect();
        const name = `${panel.querySelector('h2')?.textContent} (${Math.round(box.width)} x ${Math.round(box.height)})`;
        for (const one of panel.querySelectorAll('h2, .chip, .value, .unit, .by, .target, .quality, .age, .name, .latest, .note, footer, .week tr, .worst li, .bullets li, .open-alerts li')) {
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

/// What axe-core finds that keeps people out, a line each.
const BARRIERS: &str = "
    const done = arguments[arguments.length - 1];
    const rules = { type: 'tag', values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] };
    axe.run(document, { resultTypes: ['violations'], runOnly: rules }).then(
        (found) => done(found.violations.flatMap((one) => one.nodes.slice(0, 3).map((node) => `${one.id}: ${node.target}: ${node.failureSummary}`))),
        (error) => done([String(error)]));";

/// The panels show data: all are there and at least one has a good value.
const FILLED: &str = "
    const panels = [...document.querySelectorAll('.panel')];
    return panels.length > 2 && document.documentElement.dataset.link === 'live'
        && document.querySelector('.tile[data-quality=\"good\"]') !== null && document.fonts.status === 'loaded';";

/// A KPI's parts and its course are there.
const RANKED: &str =
    "return document.querySelectorAll('.ranked tbody tr').length > 3 && document.querySelector('.course canvas')?.width > 100
    && document.querySelector('.passport dl') !== null && document.fonts.status === 'loaded';";

/// The page is there, whatever it lists.
const TITLED: &str = "return document.querySelector('main h1') !== null && document.fonts.status === 'loaded';";

/// The components are there, with their charts.
const DESIGNED: &str = "return document.querySelectorAll('.panel').length > 20 && document.querySelectorAll('.tiles .area').length > 100
    && document.fonts.status === 'loaded' && document.querySelector('.kinds canvas')?.width > 100;";

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
    let an = json!({ "id": "an", "name": "An", "zone": "Asia/Ho_Chi_Minh", "language": "vi", "quiet": null, "contacts": [], "rules": [] });
    assert_eq!(centre.put("/api/v1/persons/an", &an).await.status, 204);
    let browser = Chromium::start().await;
    let mut look = Look { browser: &browser, url: &centre.url, theme: "dark", part: String::new(), faults: Vec::new() };
    for language in ["vi", "en"] {
        look.wall(&centre, language).await;
        look.at("/sources", LISTED, language, &PAGES).await;
        look.at("/design", DESIGNED, language, &PAGES).await;
        look.at("/kpi/traffic.speed", RANKED, language, &PAGES).await;
        look.at("/tasks", TITLED, language, &PAGES).await;
        for board in BOARDS {
            look.at(&format!("/board/{board}"), FILLED, language, &PAGES).await;
        }
    }
    look.theme = "light";
    look.wall(&centre, "vi").await;
    look.at("/board/leaders", FILLED, "vi", &PAGES).await;
    look.at("/design", DESIGNED, "vi", &PAGES).await;
    let faults = look.faults;
    browser.close().await;
    assert!(faults.is_empty(), "{} faults:\n  {}", faults.len(), faults.join("\n  "));
}

/// Starts the simulated city, and waits until its past is in.
async fn simulate(centre: &Centre, broker: &Broker) -> Running {
    let mut command = Command::new(program());
    command.args(["simulate", "--server", &centre.url, "--mqtt", &broker.address().to_string(), "--backfill", HISTORY]);
    let mut running = Running::start(command.arg("--city").arg(repository().join(CITY)));
    let now = jiff::Timestamp::now();
    let minute = |ago: i64| now - jiff::SignedDuration::from_mins(ago);
    let past = format!("/api/v1/kpis/traffic.speed/readings?from={}&to={}", minute(90), minute(30));
    eventually("the simulated city's past is computed", Duration::from_secs(60), || async {
        let readings = centre.get(&past).await.body;
        (readings["points"].as_array().is_some_and(|points| points.len() >= 60)).then_some(())
    })
    .await;
    assert!(running.is_running(), "the simulator has ended");
    running
}

/// Looks at pages and gathers what is wrong with them.
struct Look<'a> {
    browser: &'a Chromium,
    url: &'a str,
    theme: &'static str,
    /// What is added to the names of pictures.
    part: String,
    faults: Vec<String>,
}

impl Look<'_> {
    /// Every scene of the wall, one after the other.
    async fn wall(&mut self, centre: &Centre, language: &str) {
        let page = centre.get("/api/v1/walls/main").await.body;
        for (scene, one) in page["wall"]["scenes"].as_array().expect("scenes").iter().enumerate() {
            let order = json!({ "person": "an", "act": "show", "scene": scene });
            let answer = centre.post("/api/v1/walls/main/acts", &order).await;
            assert_eq!(answer.status, 204, "{answer:?}");
            self.part = format!("-{}", one["boards"][0].as_str().expect("a board"));
            let is_full =
                format!("if (document.querySelector('main.wall')?.dataset.board !== '{}') return false; {FILLED}", &self.part[1..]);
            self.at("/wall/main", &is_full, language, &WALL).await;
        }
        self.part.clear();
    }

    async fn at(&mut self, path: &str, is_full: &str, language: &str, sizes: &[(u32, u32)]) {
        let browser = self.browser;
        browser.size(sizes[0].0, sizes[0].1).await;
        browser.open(&format!("{}{path}?lang={language}&theme={}", self.url, self.theme)).await;
        until(browser, &format!("{path} is filled"), is_full).await;
        let mut faults = if language == "vi" { self.barriers().await } else { Vec::new() };
        for (width, height) in sizes {
            browser.size(*width, *height).await;
            let found = browser.ask(FAULTS).await;
            let found = found.as_array().expect("a list of faults").iter().filter_map(Value::as_str);
            faults.extend(found.map(|fault| format!("at {width}: {fault}")));
            if language == "vi" {
                self.picture(path, *width, *height).await;
            }
        }
        if browser.ask("return document.documentElement.lang;").await != language {
            faults.push("the document's language is another".to_owned());
        }
        faults.extend(browser.complaints().await);
        let part = &self.part;
        self.faults.extend(faults.into_iter().map(|fault| format!("{path}{part} in {language}: {fault}")));
    }

    /// Looks for barriers, where the scanner is there.
    async fn barriers(&self) -> Vec<String> {
        let Some(scanner) = std::env::var_os("TAYDO_AXE").and_then(|file| std::fs::read_to_string(file).ok()) else {
            println!("not covered: accessibility; run `cargo xtask test --only browser`");
            return Vec::new();
        };
        self.browser.ask(&scanner).await;
        let found = self.browser.ask_later(BARRIERS).await;
        found.as_array().expect("a list of barriers").iter().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// The whole page, also what lies below the window; a wall has nothing below.
    async fn picture(&self, path: &str, width: u32, height: u32) {
        let whole =
            self.browser.ask("return document.documentElement.dataset.kiosk ? innerHeight : document.documentElement.scrollHeight;").await;
        let whole = whole.as_u64().and_then(|whole| u32::try_from(whole).ok()).unwrap_or(height).clamp(height, 12_000);
        self.browser.size(width, whole).await;
        let theme = if self.theme == "dark" { "" } else { "-light" };
        self.browser.screenshot(&format!("{}{}-{width}{theme}", path.trim_start_matches('/').replace('/', "-"), self.part)).await;
    }
}
