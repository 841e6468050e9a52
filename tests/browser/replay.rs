//! Replays in the browser: the past is played and scrubbed, and can't be taken for the present.

use super::*;
use jiff::SignedDuration;
use room::Room;

const SHOWN: &str = "return document.querySelector('.replay') !== null && document.fonts.status === 'loaded';";

/// Waits until the band names an instant, by the city's clocks.
async fn names(room: &Room, time: &str) {
    let script =
        format!("const shown = document.querySelector('.replay-time')?.textContent; return shown === '{time}' || (shown ?? null);");
    until(&room.browser, &format!("the band names {time}"), &script).await;
}

#[tokio::test]
async fn an_hour_is_scrubbed_on_the_console_and_on_a_board() {
    let _alone = alone().await;
    let room = Room::start("2026-03-02T01:00:00Z").await;
    let browser = &room.browser;
    browser.size(1440, 900).await;
    room.clock.advance(SignedDuration::from_secs(40));
    room.measures(10.0).await;
    room.measures(25.0).await;
    room.clock.advance(SignedDuration::from_secs(440));
    let id = room.incident("Cây đổ chắn ngang đường Nguyễn Trãi", "high").await;
    room.clock.advance(SignedDuration::from_mins(10));
    let answer = room.centre.post(&format!("/api/v1/incidents/{id}/acts"), &json!({ "act": "acknowledge", "person": "an" })).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    room.clock.advance(SignedDuration::from_mins(10));
    let answer = room.centre.post(&format!("/api/v1/incidents/{id}/acts"), &json!({ "act": "resolve", "person": "an" })).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    room.clock.advance(SignedDuration::from_mins(10));

    let stretch = "replay=2026-03-02T01:00:00Z..2026-03-02T01:40:00Z";
    room.open(&format!("/console?{stretch}&at=2026-03-02T01:05:00Z"), "the console of then", SHOWN).await;
    names(&room, "08:05:00").await;
    until(browser, "nothing is open yet", "return document.querySelector('.calm') !== null && !document.querySelector('.incident');").await;
    assert_eq!(
        browser.ask("return [document.title.startsWith('PHÁT LẠI'), document.documentElement.hasAttribute('data-past')];").await,
        json!([true, true])
    );

    // To the next event, by keyboard, once the bar knows them: it is opened, and nobody can answer it in the past.
    until(browser, "the events' marks", "return document.querySelectorAll('.turns > *').length === 2;").await;
    browser.ask("document.activeElement.blur();").await;
    browser.ask("document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', shiftKey: true, bubbles: true }));").await;
    names(&room, "08:10:00").await;
    let stands =
        |standing: &str| format!("return document.querySelector('.incident[data-incident=\"{id}\"]')?.dataset.standing === '{standing}';");
    until(browser, "it is open", &stands("triggered")).await;
    assert_eq!(browser.ask("return document.querySelector('.incident .act button, #actor, .tools .main');").await, Value::Null);
    room.look("replay-console").await;

    // By the bar: it is in hand; and on to its end.
    room.fill(".replay-bar input", "1260").await;
    names(&room, "08:21:00").await;
    until(browser, "it is in hand", &stands("acknowledged")).await;
    room.says(".incident .owner", "Nguyễn Văn An").await;
    assert!(browser.ask("return location.search;").await.as_str().unwrap().contains("at=2026-03-02T01%3A21%3A00Z"));
    browser.type_keys(" ").await;
    until(browser, "it plays", "return document.querySelector('.replay')?.dataset.playing === 'true';").await;

    room.open(&format!("/board/main?{stretch}&at=2026-03-02T01:21:00Z&lang=en"), "the board of then", SHOWN).await;
    names(&room, "08:21:00").await;
    until(browser, "its panels", "return document.querySelector('.tile') !== null;").await;
    room.look("replay-board").await;
    // Compared as it was then: the minute of 08:02 was not on record when it began.
    room.open(&format!("/board/main?{stretch}&at=2026-03-02T01:03:30Z&lang=en"), "the board of then", SHOWN).await;
    room.says(".tile .compare", "Rising").await;
    room.fill(".replay-bar input", "150").await;
    names(&room, "08:02:30").await;
    until(browser, "nothing before it", "return !document.querySelector('.tile .compare')?.innerText.includes('Rising');").await;
    room.says(".tile .value", "25").await;
    room.press(".to-live").await;
    until(browser, "the present", "return !document.querySelector('.replay') && !document.documentElement.hasAttribute('data-past') && !document.title.startsWith('PHÁT') && !location.search.includes('replay');").await;
    assert_eq!(browser.complaints().await, Vec::<String>::new());
    room.browser.close().await;
}
