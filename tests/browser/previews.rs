//! The control page's small pictures of a wall: they follow their screens, and never stand for one that draws no more or says
//! that it shows something else.

use super::walls::Hall;
use super::*;
use harness::Viewer;
use std::time::Instant;

/// A screen that draws nothing but says so, as a test wants it.
struct Feigned {
    link: Viewer,
    frames: u64,
    said: Instant,
}

impl Feigned {
    async fn enrol(centre: &Centre, display: &str) -> Self {
        let issued = centre.post("/api/v1/screens/codes", &json!({})).await.body;
        let what = json!({ "person": "an", "code": issued["code"], "wall": "main", "display": display });
        assert_eq!(centre.post("/api/v1/screens", &what).await.status, 201);
        let mut link = Viewer::connect(&centre.url).await.expect("a connection");
        link.send(json!({ "type": "attend", "wall": "main", "token": issued["token"] })).await;
        Self { link, frames: 0, said: Instant::now() }
    }

    /// Says so, once a second at most: whoever talks more is cut off.
    async fn says(&mut self, report: &Value) {
        if self.said.elapsed() < Duration::from_secs(1) {
            return;
        }
        self.said = Instant::now();
        self.frames += 1;
        let mut beat = report.clone();
        (beat["type"], beat["frames"]) = (json!("beat"), json!(self.frames));
        self.link.send(beat).await;
    }
}

/// The script of a question about the spot of one display.
fn spot(display: usize, question: &str) -> String {
    format!(
        "const spot = document.querySelector('.spot[data-display=\"{display}\"]'); const wall = spot?.querySelector('.wall'); return {question};"
    )
}

#[tokio::test]
async fn previews_follow_their_screens() {
    let _alone = alone().await;
    let mut hall = Hall::start().await;
    hall.enrol(2).await;
    let feigned = Feigned::enrol(&hall.centre, "4").await;
    hall.windows.push(hall.browser.open_window().await);
    hall.browser.size(1440, 900).await;
    hall.browser.open(&format!("{}/walls?lang=vi", hall.centre.url)).await;
    let browser = &hall.browser;
    let see = async |what: &str, display: usize, question: &str| until(browser, what, &spot(display, question)).await;

    until(
        browser,
        "what comes next and when",
        "return /Tiếp theo: .+ sau \\d+:\\d\\d/.test(document.querySelector('.on-now')?.innerText);",
    )
    .await;
    hall.act(json!({ "act": "hold" })).await;
    let plan = hall.act(json!({ "act": "show", "scene": 0 })).await["number"].clone();

    // The first scene in small, where its screens are: one is enrolled and draws, one is not.
    see("the screen in small", 2, "spot.dataset.condition === 'draws' && wall?.dataset.board === 'second' && wall.querySelectorAll('.panel').length > 0 && spot.innerText.includes('Đang vẽ')").await;
    see(
        "what a screen would show",
        1,
        "spot.dataset.condition === 'absent' && wall?.dataset.board === 'main' && spot.innerText.includes('Chưa ghép')",
    )
    .await;
    let follows = || async {
        let screen = hall.wall().await["screens"][0].clone();
        (screen["showing"] == "scene" && screen["shows"] == "second" && screen["plan"] == plan).then_some(())
    };
    eventually("the screen says what it shows", Duration::from_secs(10), follows).await;

    // A screen that says something else is not pictured as if it showed what is planned.
    let feigned = Mutex::new(feigned);
    let says = async |what: &str, report: Value, question: &str| {
        let is_seen = || async {
            feigned.lock().await.says(&report).await;
            (browser.ask(&spot(4, question)).await == true).then_some(())
        };
        eventually(what, Duration::from_secs(30), is_seen).await;
    };
    let black = "spot.dataset.condition === 'differs' && wall === null && spot.innerText.includes('Khác kế hoạch') && spot.innerText.includes('báo: Tối')";
    says("the screen says otherwise", json!({ "showing": "blank", "plan": plan }), black).await;
    browser.screenshot("walls-differs-1440").await;
    let right = json!({ "showing": "scene", "shows": "second", "plan": plan });
    says("the screen is as planned", right, "spot.dataset.condition === 'draws' && wall?.dataset.board === 'second'").await;
    hall.act(json!({ "act": "show", "scene": 1 })).await;
    see("the other scene", 1, "wall?.dataset.board === 'second'").await;

    // The screens are taken over, and so are their pictures.
    let fire = json!({ "person": "an", "title": "Cháy chợ Tân An", "severity": "critical", "team": "roads", "area": "north", "place": "12 Lý Tự Trọng" });
    assert_eq!(hall.centre.post("/api/v1/incidents", &fire).await.status, 200);
    see("the takeover", 2, "wall?.dataset.shown === 'takeover' && wall.querySelector('.takeover h2').innerText === 'Cháy chợ Tân An' && spot.querySelector('figcaption').innerText.includes('Cháy chợ Tân An')").await;
    assert_eq!(sizes::barriers(browser).await, Vec::<String>::new());
    browser.screenshot("walls-takeover-1440").await;

    // The screen's frames stand still: no picture stands for it any more.
    browser.turn_to(&hall.windows[0]).await;
    browser.ask("window.requestAnimationFrame = () => 0;").await;
    browser.turn_to(&hall.windows[1]).await;
    see("the screen is dead", 2, "spot.dataset.condition === 'dead' && wall === null && spot.innerText.includes('Không vẽ nữa')").await;
    browser.screenshot("walls-dead-1440").await;

    // A wall in a dim room is dark on a light page too.
    browser.open(&format!("{}/walls?lang=vi&theme=light", hall.centre.url)).await;
    let grounds = "const ground = (one) => one && getComputedStyle(one).backgroundColor; return [ground(document.documentElement), ground(document.querySelector('.glass')), ground(document.querySelector('.glass .panel'))].join() === 'rgb(236, 238, 241),rgb(20, 23, 28),rgb(28, 32, 39)';";
    until(browser, "a dark wall on a light page", grounds).await;
    browser.screenshot("walls-light-1440").await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    hall.browser.close().await;
}
