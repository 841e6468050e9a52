//! A room for the console's tests: a centre with people, a team and incidents, a browser, and what is looked at on every page.

use super::*;
use harness::{Database, MovedClock, Setup};

/// A desk, a phone, and the narrowest window in which nothing may have to be scrolled sideways.
const SIZES: [(u32, u32); 3] = [(1440, 900), (390, 844), (320, 640)];

/// What sticks out sideways, a line each.
const WIDE: &str = "
    const over = [...document.querySelectorAll('body *')].filter((one) => one.getBoundingClientRect().right > innerWidth + 1 && !one.classList.contains('hidden'));
    return [document.documentElement.scrollWidth > innerWidth, over.slice(0, 3).map((one) => `${one.tagName}.${one.className}`)];";

/// What keeps a page from people who don't see it well or use no mouse, a line each: names, ids, headings, the size of what is
/// pressed, and the contrast of texts (WCAG 2.2 AA).
const BARRIERS: &str = r"
    const faults = [];
    const seen = (one) => { const box = one.getBoundingClientRect(); return box.width > 1 && box.height > 1 && getComputedStyle(one).visibility === 'visible'; };
    const what = (one) => `${one.tagName.toLowerCase()}.${one.className} «${(one.textContent ?? '').trim().slice(0, 30)}»`;
    for (const one of document.querySelectorAll('a, button, input, select, textarea, summary, [role=img], [role=group], [role=region]')) {
        const name = one.getAttribute('aria-label') || (one.matches('input, select, textarea') ? [...(one.labels ?? [])].map((label) => label.textContent.trim()).join('') : one.textContent.trim());
        if (!name) faults.push(`no name: ${what(one)}`);
    }
    const ids = [...document.querySelectorAll('[id]')].map((one) => one.id);
    for (const id of new Set(ids.filter((id, n) => ids.indexOf(id) !== n))) faults.push(`two of id ${id}`);
    let level = 0;
    for (const one of document.querySelectorAll('h1, h2, h3, h4')) {
        const next = Number(one.tagName[1]);
        if (next > level + 1) faults.push(`a heading of level ${next} after ${level}: ${what(one)}`);
        level = next;
    }
    if (document.querySelectorAll('h1').length !== 1 || document.querySelectorAll('main').length !== 1) faults.push('not one h1 and one main');
    for (const one of document.querySelectorAll('button, input, select, textarea')) {
        const box = one.getBoundingClientRect();
        const label = one.matches('input[type=checkbox]') ? one.closest('label')?.getBoundingClientRect() : undefined;
        if (seen(one) && Math.min(box.width, (label ?? box).height) < 20) faults.push(`small: ${what(one)} ${box.width} x ${box.height}`);
        if (seen(one) && one.matches('button') && box.height < 24) faults.push(`small: ${what(one)} ${box.height}`);
    }
    const parse = (text) => { const [r, g, b, a = 1] = text.match(/[\d.]+/g).map(Number); return { rgb: [r, g, b], a }; };
    const light = (rgb) => { const [r, g, b] = rgb.map((one) => one / 255).map((one) => (one <= 0.03928 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4)); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
    const ground = (one) => { for (let at = one; at; at = at.parentElement) { const { rgb, a } = parse(getComputedStyle(at).backgroundColor); if (a > 0.99) return rgb; } return [255, 255, 255]; };
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
        const one = walker.currentNode.parentElement;
        if (!walker.currentNode.textContent.trim() || !seen(one) || one.closest('.hidden, .skip, noscript, script, option')) continue;
        const style = getComputedStyle(one);
        const [a, b] = [light(parse(style.color).rgb), light(ground(one))].sort((x, y) => y - x);
        const size = parseFloat(style.fontSize);
        const least = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 600) ? 3 : 4.5;
        if ((a + 0.05) / (b + 0.05) < least) faults.push(`contrast ${((a + 0.05) / (b + 0.05)).toFixed(1)}: ${what(one)}`);
    }
    return [...new Set(faults)];";

/// A centre with people and a browser.
pub(crate) struct Room {
    pub(crate) browser: Chromium,
    pub(crate) centre: Centre,
    pub(crate) clock: MovedClock,
    pub(crate) database: Database,
}

impl Room {
    /// An, Bình and Chi, the team `roads`, and nothing that is open.
    pub(crate) async fn start(now: &str) -> Self {
        Self::start_in("tests/cities/alarms", now).await
    }

    /// The same in another city's folder that is like that one.
    pub(crate) async fn start_in(city: &str, now: &str) -> Self {
        let clock = MovedClock::at(now);
        let database = Database::fresh().await;
        let centre = Centre::start(Setup { city, clock: Some(&clock), database: Some(&database), ..Setup::default() }).await;
        has_pages(&centre).await;
        let room = Self { browser: Chromium::start().await, centre, clock, database };
        for (id, name) in [("an", "Nguyễn Văn An"), ("binh", "Trần Thị Bình"), ("chi", "Lê Hoàng Chi")] {
            room.person(id, name).await;
        }
        let steps = json!([{ "targets": [{ "person": "an" }], "delay_s": 300 }, { "targets": [{ "person": "binh" }], "delay_s": 300 }]);
        room.put("policies/roads", &json!({ "id": "roads", "steps": steps, "repeats": 1, "fallback": "chi" })).await;
        room.put("teams/roads", &json!({ "id": "roads", "name": "Đội giao thông", "policy": "roads", "members": ["an", "binh", "chi"] }))
            .await;
        room
    }

    /// Somebody with a telephone that counts as proved.
    async fn person(&self, id: &str, name: &str) {
        let mut person =
            json!({ "id": id, "name": name, "zone": "Asia/Ho_Chi_Minh", "language": "vi", "quiet": null, "contacts": [], "rules": [] });
        self.put(&format!("persons/{id}"), &person).await;
        let answer =
            self.centre.post(&format!("/api/v1/persons/{id}/contacts"), &json!({ "channel": "sms", "address": "+84900000001" })).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        let sql = "UPDATE contact SET verified_at = '2026-01-01T00:00:00Z' WHERE person = $1";
        self.database.client().await.execute(sql, &[&id]).await.expect("the contact is proved");
        person["rules"] = json!([{ "urgency": "high", "contact": answer.body["id"], "after_min": 0 }]);
        self.put(&format!("persons/{id}"), &person).await;
    }

    pub(crate) async fn put(&self, path: &str, body: &Value) {
        let answer = self.centre.put(&format!("/api/v1/{path}"), body).await;
        assert_eq!(answer.status, 204, "{path}: {answer:?}");
    }

    /// Opens an incident over the API, and returns its number.
    pub(crate) async fn incident(&self, title: &str, severity: &str) -> i64 {
        let what = json!({ "person": "binh", "title": title, "severity": severity, "team": "roads", "area": "north" });
        let answer = self.centre.post("/api/v1/incidents", &what).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body["incident"].as_i64().expect("its number")
    }

    /// A value of the probe within a minute of the standing clock, and the minute's reading on record.
    pub(crate) async fn measures(&self, value: f64) {
        let time = self.clock.now();
        let observation = json!([{ "metric": "probe.value", "labels": { "asset": "p1" }, "time": time, "value": value }]);
        assert_eq!(self.centre.post("/api/v1/observations?source=api", &observation).await.status, 200);
        self.clock.advance(jiff::SignedDuration::from_secs(30));
        eventually("the reading is on record", Duration::from_secs(20), || async {
            let path = format!("/api/v1/kpis/traffic.probe/readings?from={time}&to={}", self.clock.now());
            let points = self.centre.get(&path).await.body["points"].clone();
            points.as_array().is_some_and(|points| points.iter().any(|point| point["value"] == value)).then_some(())
        })
        .await;
        self.clock.advance(jiff::SignedDuration::from_secs(30));
    }

    /// Opens a page.
    pub(crate) async fn open(&self, path: &str, what: &str, is_there: &str) {
        self.browser.open(&format!("{}{path}", self.centre.url)).await;
        until(&self.browser, what, is_there).await;
    }

    /// Looks at the page at every size and in both themes: nothing may have to be scrolled sideways, and nothing may keep
    /// anybody out.
    pub(crate) async fn look(&self, name: &str) {
        for (width, height) in SIZES {
            self.browser.size(width, height).await;
            assert_eq!(self.browser.ask(WIDE).await, json!([false, []]), "{name} at {width}");
            assert_eq!(self.browser.ask(BARRIERS).await, json!([]), "{name} at {width}");
            assert_eq!(self.browser.ask(motion::FLASHING).await, json!([]), "{name} at {width}");
            let whole = self.browser.ask("return document.documentElement.scrollHeight;").await.as_u64().unwrap_or(0);
            self.browser.size(width, u32::try_from(whole).unwrap_or(height).clamp(height, 6000)).await;
            self.browser.screenshot(&format!("{name}-{width}")).await;
        }
        self.browser.size(1440, 900).await;
        self.browser.ask("document.documentElement.dataset.theme = 'light';").await;
        assert_eq!(self.browser.ask(BARRIERS).await, json!([]), "{name} in the light theme");
        assert_eq!(sizes::barriers(&self.browser).await, Vec::<String>::new(), "{name} in the light theme");
        self.browser.screenshot(&format!("{name}-light")).await;
        self.browser.ask("document.documentElement.dataset.theme = 'dark';").await;
        assert_eq!(sizes::barriers(&self.browser).await, Vec::<String>::new(), "{name} in the dark theme");
    }

    pub(crate) async fn text(&self, selector: &str) -> String {
        let script = format!("return [...document.querySelectorAll('{selector}')].map((one) => one.innerText).join('\\n');");
        self.browser.ask(&script).await.as_str().unwrap_or_default().to_owned()
    }

    pub(crate) async fn press(&self, selector: &str) {
        let script = format!("const one = document.querySelector('{selector}'); one?.click(); return one !== null;");
        assert_eq!(self.browser.ask(&script).await, true, "{selector}");
    }

    /// Fills an input, or chooses an option.
    pub(crate) async fn fill(&self, selector: &str, value: &str) {
        let script = format!(
            "const one = document.querySelector('{selector}'); one.value = '{value}';
            for (const kind of ['input', 'change']) one.dispatchEvent(new Event(kind, {{ bubbles: true }})); return one.value === '{value}';"
        );
        assert_eq!(self.browser.ask(&script).await, true, "{selector}");
    }

    /// Waits until a part of the page says something.
    pub(crate) async fn says(&self, selector: &str, text: &str) {
        let script = format!(
            "const said = [...document.querySelectorAll('{selector}')].map((one) => one.innerText).join('\\n'); return said.includes('{text}') || said;"
        );
        until(&self.browser, &format!("{selector} says {text}"), &script).await;
    }

    /// Where an incident stands, as the server says.
    pub(crate) async fn standing(&self, incident: i64) -> String {
        let page = self.centre.get(&format!("/api/v1/incidents/{incident}")).await.body;
        page["view"]["incident"]["standing"].as_str().expect("its standing").to_owned()
    }
}
