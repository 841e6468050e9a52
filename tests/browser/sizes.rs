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
    // Texts that are cut off, where nobody can scroll to the rest.
    for (const one of document.querySelectorAll('main :is(h1, h2, h3, p, li, td, th, dt, dd, button, label, b, small, time)')) {
        const style = getComputedStyle(one);
        const isCut = style.overflowX === 'hidden' && style.textOverflow !== 'ellipsis' && !one.classList.contains('hidden');
        if (isCut && one.scrollWidth > one.clientWidth + 1) faults.push(`cut: ${one.className || one.tagName} ${one.textContent.slice(0, 40)}`);
        const box = one.getBoundingClientRect();
        if (box.width > 0 && box.left < -1 && !one.closest('.hidden, .skip')) faults.push(`begins left of the window: ${one.className || one.tagName}`);
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

/// The boards and walls are listed.
const INDEX: &str = "return document.querySelectorAll('.list a').length > 3 && document.fonts.status === 'loaded';";

/// The wall's screens are previewed.
const PREVIEWED: &str = "return document.querySelector('.preview') !== null && document.fonts.status === 'loaded';";

/// The incidents are listed, or that there are none.
const WATCHED: &str = "return document.querySelector('.calm, .incident') !== null && document.fonts.status === 'loaded';";

/// A table has rows and the fonts are there.
const LISTED: &str = "return document.querySelector('.feeds tbody tr') !== null && document.fonts.status === 'loaded';";

/// Every page beside walls and boards that needs no incident, log or rota; those are looked at where they are made.
const OTHERS: [(&str, &str); 10] = [
    ("/", INDEX),
    ("/sources", LISTED),
    ("/design", DESIGNED),
    ("/kpi/traffic.speed", RANKED),
    ("/tasks", TITLED),
    ("/walls", PREVIEWED),
    ("/forms", TITLED),
    ("/console", WATCHED),
    ("/log", TITLED),
    ("/on-call", TITLED),
];

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
    let policy = json!({ "id": "roads", "steps": [{ "targets": [{ "person": "an" }], "delay_s": 600 }], "repeats": 0, "fallback": "an" });
    assert_eq!(centre.put("/api/v1/policies/roads", &policy).await.status, 204);
    let team = json!({ "id": "giao-thong", "name": "Đội giao thông", "policy": "roads", "members": ["an"] });
    assert_eq!(centre.put("/api/v1/teams/giao-thong", &team).await.status, 204);
    let browser = Chromium::start().await;
    let mut look = Look { browser: &browser, url: &centre.url, language: "vi", theme: "dark", part: String::new(), faults: Vec::new() };
    // Each page once with every size, and once in the other theme and language.
    for (language, theme) in [("vi", "dark"), ("en", "light")] {
        (look.language, look.theme) = (language, theme);
        look.wall(&centre).await;
        for (path, is_full) in OTHERS {
            look.at(path, is_full).await;
        }
        for board in BOARDS {
            look.at(&format!("/board/{board}"), FILLED).await;
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
    language: &'static str,
    theme: &'static str,
    /// What is added to the names of pictures.
    part: String,
    faults: Vec<String>,
}

impl Look<'_> {
    /// Every scene of the wall, one after the other.
    async fn wall(&mut self, centre: &Centre) {
        let page = centre.get("/api/v1/walls/main").await.body;
        for (scene, one) in page["wall"]["scenes"].as_array().expect("scenes").iter().enumerate() {
            let order = json!({ "person": "an", "act": "show", "scene": scene });
            let answer = centre.post("/api/v1/walls/main/acts", &order).await;
            assert_eq!(answer.status, 204, "{answer:?}");
            self.part = format!("-{}", one["boards"][0].as_str().expect("a board"));
            let is_full =
                format!("if (document.querySelector('main.wall')?.dataset.board !== '{}') return false; {FILLED}", &self.part[1..]);
            self.at("/wall/main", &is_full).await;
        }
        self.emergency(centre).await;
        self.part.clear();
    }

    /// The wall while an incident has taken it over, and while visitors see it.
    async fn emergency(&mut self, centre: &Centre) {
        let fire = json!({ "person": "an", "title": "Cháy chợ Tân An, nhiều ki-ốt, khói lan sang khu dân cư", "severity": "critical", "team": "giao-thong", "place": "12 Lý Tự Trọng" });
        let opened = centre.post("/api/v1/incidents", &fire).await;
        assert_eq!(opened.status, 200, "{opened:?}");
        let act = async |act: Value| {
            let mut order = act;
            order["person"] = json!("an");
            assert_eq!(centre.post("/api/v1/walls/main/acts", &order).await.status, 204);
        };
        self.part = "-takeover".to_owned();
        let is_on = |shown: &str| {
            format!(
                "return document.querySelector('main.wall')?.dataset.shown === '{shown}' && document.querySelector('.strip li') !== null && document.fonts.status === 'loaded';"
            )
        };
        self.at("/wall/main", &is_on("takeover")).await;
        act(json!({ "act": "present", "minutes": 5 })).await;
        self.part = "-presentation".to_owned();
        self.at("/wall/main", &is_on("scene")).await;
        assert_eq!(
            self.browser.ask("return document.body.innerText.includes('Tân An') || document.body.innerText.includes('Lý Tự Trọng');").await,
            false,
            "what people typed is no matter for visitors"
        );
        act(json!({ "act": "end_presentation" })).await;
        let over = json!({ "person": "an", "act": "resolve" });
        assert_eq!(centre.post(&format!("/api/v1/incidents/{}/acts", opened.body["incident"]), &over).await.status, 200);
    }

    async fn at(&mut self, path: &str, is_full: &str) {
        let (browser, language) = (self.browser, self.language);
        let sizes: &[(u32, u32)] = if path.starts_with("/wall/") { &WALL } else { &PAGES };
        browser.size(sizes[0].0, sizes[0].1).await;
        browser.open(&format!("{}{path}?lang={language}&theme={}", self.url, self.theme)).await;
        until(browser, &format!("{path} is filled"), is_full).await;
        let mut faults = barriers(browser).await;
        for (width, height) in sizes {
            browser.size(*width, *height).await;
            for script in [FAULTS, motion::FLASHING] {
                let found = browser.ask(script).await;
                let found = found.as_array().expect("a list of faults").iter().filter_map(Value::as_str);
                faults.extend(found.map(|fault| format!("at {width}: {fault}")));
            }
            // Pictures are for people: every size once, and of the other theme a desk's.
            if self.theme == "dark" || *width == sizes[0].0 {
                self.picture(path, *width, *height).await;
            }
        }
        if browser.ask("return document.documentElement.lang;").await != language {
            faults.push("the document's language is another".to_owned());
        }
        faults.extend(browser.complaints().await);
        let (part, theme) = (&self.part, self.theme);
        self.faults.extend(faults.into_iter().map(|fault| format!("{path}{part} in {language}, {theme}: {fault}")));
    }

    /// The whole page, also what lies below the window; a wall has nothing below.
    async fn picture(&self, path: &str, width: u32, height: u32) {
        let whole =
            self.browser.ask("return document.documentElement.dataset.kiosk ? innerHeight : document.documentElement.scrollHeight;").await;
        let whole = whole.as_u64().and_then(|whole| u32::try_from(whole).ok()).unwrap_or(height).clamp(height, 12_000);
        self.browser.size(width, whole).await;
        let theme = if self.theme == "dark" { "" } else { "-light" };
        let name = if path == "/" { "index".to_owned() } else { path.trim_start_matches('/').replace('/', "-") };
        self.browser.screenshot(&format!("{name}{}-{width}{theme}", self.part)).await;
    }
}

/// What axe-core finds that keeps people out, where the scanner is there.
pub(crate) async fn barriers(browser: &Chromium) -> Vec<String> {
    let Some(scanner) = std::env::var_os("TAYDO_AXE").and_then(|file| std::fs::read_to_string(file).ok()) else {
        println!("not covered: accessibility; run `cargo xtask test --only browser`");
        return Vec::new();
    };
    if browser.ask("return window.axe === undefined;").await == true {
        browser.ask(&scanner).await;
    }
    let found = browser.ask_later(BARRIERS).await;
    found.as_array().expect("a list of barriers").iter().filter_map(Value::as_str).map(str::to_owned).collect()
}
