//! Motion: nothing flashes more than thrice a second (WCAG 2.2, 2.3.1), and nothing moves for whoever wants no motion.
//!
//! Must never take the pages' word for it: it watches what is painted, and what the style sheets could begin.

use super::*;
use harness::{Database, Setup};

/// Animations that run, or that a style sheet could begin, with a period below a third of a second; a line each.
pub(crate) const FLASHING: &str = "
    const least = 1000 / 3;
    const faults = [];
    for (const one of document.getAnimations()) {
        const { duration, iterations } = one.effect.getComputedTiming();
        if (iterations > 1 && duration < least) faults.push(`an animation of ${duration} ms: ${one.animationName ?? ''}`);
    }
    const ms = (text) => Math.max(0, ...text.split(',').map((part) => parseFloat(part) * (part.trim().endsWith('ms') ? 1 : 1000)).filter((one) => one > 0));
    const look = (rules) => {
        for (const rule of rules) {
            if (rule.cssRules) look(rule.cssRules);
            const period = rule.style ? ms(rule.style.animationDuration) : 0;
            if (period > 0 && period < least && rule.style.animationIterationCount !== '1') faults.push(`${rule.selectorText}: ${period} ms`);
            if (rule.style?.textDecorationLine.includes('blink')) faults.push(`${rule.selectorText} blinks`);
        }
    };
    for (const sheet of document.styleSheets) look(sheet.cssRules);
    return faults;";

/// From each frame on, how everything on the board looks; where one thing changed more than six times within a second, which is
/// three flashes, it is written down. `window.turns` counts the tile's changes of status.
const WATCH: &str = "
    const look = (one) => { const s = getComputedStyle(one); return [s.color, s.backgroundColor, s.borderTopColor, s.boxShadow, s.fill, s.visibility, s.opacity, s.backgroundImage].join('|'); };
    const known = new Map();
    window.flashes = []; window.turns = 0; window.frames = 0;
    let status = null;
    const frame = (now) => {
        window.frames += 1;
        const next = document.querySelector('.tile[data-scope=\"asset:p1\"]')?.dataset.status;
        if (status !== null && next !== status) window.turns += 1;
        status = next;
        for (const panel of document.querySelectorAll('.panel')) {
            // Parts come and go with their panel, which stays: a chip that appears changes the panel's look.
            const all = [panel, ...panel.querySelectorAll('.chip, .mark, .fill, .value, .sign, canvas')];
            const now_looks = all.map(look).join('\\n');
            const was = known.get(panel) ?? { looks: now_looks, at: [] };
            if (was.looks !== now_looks) was.at = [...was.at.filter((at) => at > now - 1000), now];
            was.looks = now_looks;
            known.set(panel, was);
            if (was.at.length > 6) window.flashes.push(panel.className);
        }
        requestAnimationFrame(frame);
    };
    requestAnimationFrame(frame);";

#[tokio::test]
async fn a_figure_that_jumps_many_times_a_second_makes_nothing_flash() {
    let _alone = alone().await;
    let database = Database::fresh().await;
    // As often as the server ever sends.
    let more = ["--tick-ms", "50"];
    let centre = Centre::start(Setup { city: "tests/cities/restless", database: Some(&database), more: &more, ..Setup::default() }).await;
    has_pages(&centre).await;
    let browser = Chromium::start().await;
    browser.open(&format!("{}/board/main?lang=en", centre.url)).await;
    until(&browser, "the board is there", "return document.querySelector('.tile[data-scope=\"asset:p1\"]') !== null;").await;
    browser.ask(WATCH).await;
    // As fast as it goes, until the tile has been seen to turn four times.
    let start = std::time::Instant::now();
    let mut is_high = false;
    while browser.ask("return window.turns >= 4;").await != true {
        is_high = !is_high;
        probe(&centre, "p1", if is_high { 95.0 } else { 5.0 }).await;
        assert!(start.elapsed() < Duration::from_secs(60), "the tile turned {} times", browser.ask("return window.turns;").await);
    }
    assert_eq!(browser.ask("return [...new Set(window.flashes)];").await, json!([]));
    assert_eq!(browser.ask(FLASHING).await, json!([]));
    browser.close().await;
}

#[tokio::test]
async fn whoever_wants_no_motion_gets_none() {
    let _alone = alone().await;
    let database = Database::fresh().await;
    let centre = Centre::start(Setup { city: "tests/cities/alarms", database: Some(&database), ..Setup::default() }).await;
    has_pages(&centre).await;
    let browser = Chromium::start().await;
    // What a style sheet would move if it were there: the rule that stops it is what is tested.
    let move_something = "
        const sheet = new CSSStyleSheet();
        sheet.replaceSync('@keyframes moves { to { transform: translateX(9px); } } .moves { animation: moves 1s infinite; transition: color 1s; }');
        document.adoptedStyleSheets = [sheet];
        document.querySelector('h1').classList.add('moves');
        return [document.getAnimations().length, getComputedStyle(document.querySelector('h1')).transitionDuration];";
    for page in ["/design", "/console", "/wall/main"] {
        for is_reduced in [false, true] {
            browser.reduce_motion(is_reduced).await;
            browser.open(&format!("{}{page}", centre.url)).await;
            until(&browser, "the page is there", "return document.querySelector('h1') !== null;").await;
            let wanted = if is_reduced { json!([0, "0s"]) } else { json!([1, "1s"]) };
            assert_eq!(browser.ask(move_something).await, wanted, "{page}, reduced: {is_reduced}");
        }
    }
    browser.close().await;
}
