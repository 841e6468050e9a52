//! The operators' main tasks by keyboard alone: nothing is out of reach, nothing holds the focus, and the focus is always seen.
//!
//! Must never click, nor give the focus to anything by script.

use super::*;
use room::Room;

const TAB: &str = "\u{e004}";
const ENTER: &str = "\u{e007}";
const SPACE: &str = "\u{e00d}";
const ESCAPE: &str = "\u{e00c}";

/// More stops than any page has: whoever has not come round by then is held somewhere.
const MOST_STOPS: usize = 160;

/// What has the focus: a name for it, and what is wrong with how it is seen; nothing while the page itself has it.
const FOCUSED: &str = "
    const one = document.activeElement;
    if (!one || one === document.body || one === document.documentElement) return null;
    const box = one.getBoundingClientRect();
    const style = getComputedStyle(one.matches('.file input') ? one.nextElementSibling : one);
    const faults = [];
    if (!one.matches(':focus-visible') || style.outlineStyle === 'none' || parseFloat(style.outlineWidth) < 2) faults.push('no outline');
    if (box.width < 1 || box.height < 1 || box.bottom < 1 || box.top > innerHeight - 1 || box.right < 1 || box.left > innerWidth - 1) faults.push('out of sight');
    const all = [...document.querySelectorAll('*')];
    return { name: `${all.indexOf(one)} ${one.tagName.toLowerCase()}.${one.className} «${(one.textContent || one.name || '').trim().slice(0, 24)}»`, faults };";

/// Goes on with the Tab key until something that fits has the focus.
async fn tab_to(room: &Room, selector: &str) {
    for _ in 0..MOST_STOPS {
        room.browser.type_keys(TAB).await;
        let focused = room.browser.ask(FOCUSED).await;
        assert!(focused["faults"].as_array().is_none_or(Vec::is_empty), "{focused}");
        if room.browser.ask(&format!("return document.activeElement.matches('{selector}');")).await == true {
            return;
        }
    }
    panic!("the Tab key does not come to {selector}");
}

/// Goes round a page with the Tab key, from its beginning to its end: every stop is seen, and nothing is left out.
async fn go_round(room: &Room, page: &str) {
    let (mut stops, mut faults) = (Vec::<String>::new(), Vec::new());
    for _ in 0..MOST_STOPS {
        // Behind the last stop the page itself has the focus, and then the first one.
        if room.browser.ask(FOCUSED).await.is_null() {
            break;
        }
        room.browser.type_keys(TAB).await;
    }
    while stops.len() < MOST_STOPS {
        room.browser.type_keys(TAB).await;
        let focused = room.browser.ask(FOCUSED).await;
        let Some(name) = focused["name"].as_str() else { break };
        if stops.iter().any(|stop| stop == name) {
            break;
        }
        faults.extend(focused["faults"].as_array().into_iter().flatten().map(|fault| format!("{name}: {fault}")));
        stops.push(name.to_owned());
    }
    assert_eq!(faults, Vec::<String>::new(), "{page}");
    // What can be operated is all that has been stopped at; a group of choices is one stop.
    let all = "return [...document.querySelectorAll('a[href], button:not(:disabled), input, select, textarea, summary')].filter((one) => one.checkVisibility()).length;";
    let all = room.browser.ask(all).await.as_u64().unwrap_or(0);
    assert_eq!(u64::try_from(stops.len()).unwrap(), all, "{page}: the Tab key stops at {stops:#?}");
}

/// Waits until the page says in which incident it is.
async fn on_page(room: &Room, path: &str) {
    until(&room.browser, path, &format!("return location.pathname === '{path}' && document.querySelector('main h1') !== null;")).await;
}

async fn has_focus(room: &Room, selector: &str) {
    until(&room.browser, selector, &format!("return document.activeElement?.matches('{selector}') || document.activeElement?.outerHTML;"))
        .await;
}

#[tokio::test]
async fn a_shift_goes_by_without_a_mouse() {
    let _alone = alone().await;
    let room = Room::start("2026-03-02T01:00:00Z").await;
    let browser = &room.browser;
    browser.size(1440, 900).await;
    let ready = "return document.querySelector('#actor option:nth-child(2)') !== null && document.fonts.status === 'loaded';";
    room.open("/console", "the console", ready).await;

    // Who acts: one key, and the beginning of a name.
    browser.type_keys("w").await;
    has_focus(&room, "#actor").await;
    browser.type_keys("Ngu").await;
    until(browser, "An acts", "return document.querySelector('#actor').value === 'an';").await;
    browser.type_keys(TAB).await;

    // The list of keys is found, and says what it lists.
    browser.type_keys("?").await;
    room.says(".keys", "nhận xử lý").await;
    go_round(&room, "the console").await;
    browser.type_keys(ESCAPE).await;
    until(browser, "the list is gone", "return document.querySelector('.keys') === null;").await;

    // Opening an incident by hand, of a kind that brings a check-list.
    browser.type_keys("n").await;
    has_focus(&room, "input[name=title]").await;
    browser.type_keys("Khoi o cho").await;
    tab_to(&room, "select[name=kind]").await;
    browser.type_keys("Ch").await;
    until(browser, "the kind brings how bad it is", "return document.querySelector('select[name=severity]').value === 'critical';").await;
    tab_to(&room, ".opening button[type=submit]").await;
    browser.type_keys(ENTER).await;
    room.says(".opening", "Đã mở sự cố số").await;
    let id = room.centre.get("/api/v1/incidents").await.body["incidents"][0]["incident"]["id"].as_i64().expect("it is open");
    browser.type_keys(ESCAPE).await;
    until(browser, "the form is closed", "return document.querySelector('.opening') === null;").await;

    // Choosing it, answering it, and to its page.
    until(browser, "it is listed", "return document.querySelectorAll('.incident').length === 1;").await;
    browser.type_keys("j").await;
    has_focus(&room, ".incident a").await;
    browser.type_keys("a").await;
    until(browser, "it is in hand", "return document.querySelector('.incident').dataset.standing === 'acknowledged';").await;
    browser.type_keys(ENTER).await;
    on_page(&room, &format!("/incidents/{id}")).await;
    until(browser, "the check-list", "return document.querySelectorAll('.sop li').length === 3;").await;
    go_round(&room, "an incident").await;
    browser.type_keys("t").await;
    room.says(".sop li.done", "Gọi 114").await;
    tab_to(&room, ".sop li:not(.done) button").await;
    browser.type_keys(SPACE).await;
    until(browser, "two steps are done", "return document.querySelectorAll('.sop li.done').length === 2;").await;
    browser.ask("document.activeElement.blur();").await;
    browser.type_keys("n").await;
    has_focus(&room, "textarea").await;
    browser.type_keys("Da goi doi chua chay").await;
    tab_to(&room, "[data-act=note]").await;
    browser.type_keys(ENTER).await;
    room.says(".log", "Da goi doi chua chay").await;
    browser.type_keys("b").await;
    on_page(&room, "/console").await;

    // The shift log: opened, written, handed over.
    browser.type_keys("l").await;
    on_page(&room, "/log").await;
    until(browser, "the people are known", ready).await;
    tab_to(&room, "main > .buttons button").await;
    browser.type_keys(ENTER).await;
    until(browser, "the form", "return document.querySelector('.opening form') !== null;").await;
    tab_to(&room, "input[name=desk]").await;
    browser.type_keys("Ban chinh").await;
    tab_to(&room, "select[name=lead]").await;
    browser.type_keys("Ngu").await;
    tab_to(&room, ".opening button[type=submit]").await;
    browser.type_keys(ENTER).await;
    has_focus(&room, "#entry").await;
    browser.type_keys(&format!("Da xu ly #{id}{ENTER}")).await;
    room.says(".shift-log .log", "Da xu ly").await;
    go_round(&room, "the shift log").await;
    tab_to(&room, "[data-act=ask-sign]").await;
    browser.type_keys(ENTER).await;
    until(browser, "it is asked", "return document.querySelector('[data-act=sign]') !== null;").await;
    tab_to(&room, "[data-act=sign]").await;
    browser.type_keys(ENTER).await;
    until(browser, "it is handed over", "return document.querySelector('.shift-log')?.dataset.standing === 'handed_over';").await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    room.browser.close().await;
}

/// Counts the tones that the page makes.
const LISTEN: &str = "
    window.tones = 0;
    const make = BaseAudioContext.prototype.createOscillator;
    BaseAudioContext.prototype.createOscillator = function () { window.tones += 1; return make.call(this); };";

async fn listed(room: &Room, incident: i64) {
    until(&room.browser, "it is listed", &format!("return document.querySelector('[data-incident=\"{incident}\"]') !== null;")).await;
}

#[tokio::test]
async fn a_new_critical_incident_sounds_once_unless_the_desk_is_silenced() {
    let _alone = alone().await;
    let room = Room::start("2026-03-02T01:00:00Z").await;
    let browser = &room.browser;
    browser.size(1440, 900).await;
    let heard = "return document.querySelector('.calm') !== null && localStorage.getItem('taydo.heard') !== null;";
    room.open("/console", "nothing is open", heard).await;
    // Browsers let no page sound that nobody has touched: it says so.
    room.says(".sound", "bấm một phím").await;
    browser.ask(LISTEN).await;
    browser.type_keys("j").await;
    let high = room.incident("Cây đổ", "high").await;
    listed(&room, high).await;
    room.says(".sound", "bật").await;
    assert_eq!(browser.ask("return window.tones;").await, 0);
    let fire = room.incident("Cháy chợ", "critical").await;
    until(browser, "it sounds", "return window.tones === 3 || window.tones;").await;
    let medium = room.incident("Đèn tắt", "medium").await;
    listed(&room, medium).await;
    listed(&room, fire).await;
    assert_eq!(browser.ask("return window.tones;").await, 3, "once is enough");

    browser.type_keys("m").await;
    room.says(".sound", "tắt").await;
    let flood = room.incident("Ngập hầm chui", "critical").await;
    listed(&room, flood).await;
    // What comes with the next answer has been judged with it.
    let next = room.incident("Đèn tắt nữa", "medium").await;
    listed(&room, next).await;
    assert_eq!(browser.ask("return window.tones;").await, 3, "it was silenced");
    room.open("/console", "the list", "return document.querySelector('.incident') !== null;").await;
    room.says(".sound", "tắt").await;

    // Two who share the desk change places with one key each.
    for person in ["an", "binh"] {
        room.fill("#actor", person).await;
    }
    for (key, person) in [("1", "an"), ("2", "binh")] {
        browser.ask("document.activeElement.blur();").await;
        browser.type_keys(key).await;
        until(browser, person, &format!("return document.querySelector('#actor').value === '{person}';")).await;
    }
    room.look("console-station").await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    room.browser.close().await;
}
