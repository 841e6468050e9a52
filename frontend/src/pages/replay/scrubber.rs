//! The scrubber: says that the past is shown and which instant, and moves through it.
//!
//! Must never let the past be taken for the present: the band stays on the screen, in words.

use super::{marks::marks, moved, put_address};
use crate::{
    app::use_speech,
    centre::Centre,
    locale::{ReplayWords, replay_words},
    pages::{
        asked::use_incidents,
        keydown::{free_tag, use_keydown},
        rota::wall_time,
    },
    panels::{Look, use_look},
    played::{self, Turn},
};
use jiff::Timestamp;
use std::rc::Rc;
use taydo_model::wire::{Knowledge, MAX_SPEED, Replay};
use web_sys::{HtmlInputElement, HtmlSelectElement, KeyboardEvent};
use yew::prelude::*;

/// What was opened and closed is asked for anew so often, in milliseconds; a stretch of the past changes no more.
const ASK_MS: u32 = 600_000;
/// The speeds that can be chosen.
const SPEEDS: [u8; 6] = [1, 2, 5, 10, 30, MAX_SPEED];
/// The band is renewed this often, in milliseconds.
const LOOK_MS: f64 = 250.0;

/// What the scrubber moves.
#[derive(Clone, PartialEq, Properties)]
pub struct ScrubberProps {
    /// The stretch.
    pub replay: Replay,
    /// Shows another one, or the present.
    pub show: Callback<Option<Replay>>,
}

#[derive(Debug, Clone, PartialEq)]
struct View {
    /// The instant that is shown, in whole seconds.
    at: Timestamp,
    /// The speed; none before the first frame.
    speed: Option<u8>,
    refused: Option<String>,
}

fn look() -> Look<View> {
    Box::new(|centre: &Centre, now| {
        let at = moved(now.time, 0);
        (View { at, speed: centre.played().map(|played| played.playing.speed), refused: centre.refused() }, Some(now.ms + LOOK_MS))
    })
}

/// What a key or a button asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wish {
    /// Play or stop.
    Toggle,
    /// So many seconds on.
    Seconds(i64),
    /// The next event, or the one before.
    Turn(bool),
    /// An instant.
    At(Timestamp),
}

fn wish(event: &KeyboardEvent) -> Option<Wish> {
    let tag = free_tag(event)?;
    match (event.key().as_str(), event.shift_key()) {
        (" ", false) if !matches!(tag.as_str(), "BUTTON" | "SUMMARY" | "A") => Some(Wish::Toggle),
        ("ArrowLeft", false) => Some(Wish::Seconds(-60)),
        ("ArrowRight", false) => Some(Wish::Seconds(60)),
        ("ArrowLeft", true) => Some(Wish::Turn(false)),
        ("ArrowRight", true) => Some(Wish::Turn(true)),
        _ => None,
    }
}

/// Does what is asked for; `pace` is the speed at which it is played.
fn act(centre: &Centre, replay: &Replay, turns: &[Turn], pace: u8, wish: Wish) {
    let now = centre.now().time;
    let at = match wish {
        Wish::Toggle => {
            let is_playing = centre.played().is_some_and(|played| played.playing.speed > 0);
            // Played out: from the beginning.
            let again = (!is_playing && centre.played().is_some_and(|played| now >= played.playing.to)).then_some(replay.from);
            put_address(Some(replay), Some(again.unwrap_or(now)));
            return centre.steer(Some(if is_playing { 0 } else { pace }), again);
        }
        Wish::Seconds(by_s) => Some(moved(now, by_s)),
        Wish::Turn(is_forward) => played::step(turns, now, is_forward),
        Wish::At(at) => Some(at),
    };
    if let Some(at) = at.map(|at| at.max(replay.from).min(replay.to)) {
        put_address(Some(replay), Some(at));
        centre.steer(None, Some(at));
    }
}

fn chosen(event: &Event) -> Option<String> {
    event.target_dyn_into::<HtmlSelectElement>().map(|select| select.value())
}

fn typed(event: &web_sys::Event) -> Option<String> {
    event.target_dyn_into::<HtmlInputElement>().map(|input| input.value())
}

/// The scrubber.
#[component]
pub fn Scrubber(props: &ScrubberProps) -> Html {
    let words = replay_words(use_speech().language);
    let replay = props.replay;
    let (dragged, pace) = (use_state_eq(|| None::<i64>), use_state_eq(|| replay.speed.max(1)));
    let address = format!("/api/v1/incidents?at={}&closed_since={}", replay.to, replay.from);
    let asked = use_incidents(address.clone(), ASK_MS, Rc::new(move || address.clone()));
    // The handle is always there: the page waits for the city before anything else.
    let Some(centre) = use_context::<Centre>() else { return Html::default() };
    let view = use_look(&centre, replay, Vec::new, look);
    let turns: Rc<[Turn]> = asked.answer.map(|notes| played::turns(&notes, replay.from, replay.to)).unwrap_or_default().into();
    let act: Rc<dyn Fn(Wish)> = {
        let (centre, turns, pace) = (centre.clone(), turns.clone(), *pace);
        Rc::new(move |wish| act(&centre, &replay, &turns, pace, wish))
    };
    let pressed = act.clone();
    use_keydown(Box::new(move |event: &KeyboardEvent| wish(event).map(|wish| pressed(wish)).is_some()));
    let Some(view) = view else { return Html::default() };
    let is_playing = view.speed.is_some_and(|speed| speed > 0);
    let press = |wish: Wish| {
        let act = act.clone();
        Callback::from(move |_: MouseEvent| act(wish))
    };
    let on_speed = {
        let (centre, pace) = (centre.clone(), pace.setter());
        Callback::from(move |event: Event| {
            let Some(speed) = chosen(&event).and_then(|text| text.parse::<u8>().ok()) else { return };
            pace.set(speed);
            if is_playing {
                centre.steer(Some(speed), None);
            }
        })
    };
    let speed = |speed: &u8| html! { <option value={speed.to_string()} selected={*speed == *pace}>{ format!("×{speed}") }</option> };
    let to_live = {
        let show = props.show.clone();
        Callback::from(move |_: MouseEvent| show.emit(None))
    };
    html! {
        <section class="replay" aria-label={words.replay} data-playing={is_playing.to_string()}>
            <p class="replay-band"><b>{ "PHÁT LẠI · REPLAY" }</b>
                <span class="replay-date">{ centre.calendar().date(view.at) }</span><time class="replay-time">{ centre.calendar().second(view.at) }</time>
                <span>{ if replay.known == Knowledge::Now { words.known_now } else { words.known_then } }{ view.speed.is_none().then_some(" …") }</span>
                <button type="button" class="to-live" onclick={to_live}>{ words.to_live }</button></p>
            { bar(&centre, replay, view.at, &dragged, &act, &turns, words) }
            <div class="replay-tools">
                <button type="button" class="replay-toggle" onclick={press(Wish::Toggle)}>{ if is_playing { words.pause } else { words.play } }</button>
                <button type="button" onclick={press(Wish::Turn(false))}>{ "‹ " }{ words.back }</button>
                <button type="button" onclick={press(Wish::Turn(true))}>{ words.on }{ " ›" }</button>
                <label>{ words.speed }<select name="speed" onchange={on_speed}>{ for SPEEDS.iter().map(speed) }</select></label>
                { stretch(&centre, props, words) }
            </div>
            <p class="note replay-keys">{ words.keys }</p>
            <div role="alert">{ view.refused.map(|why| html! { <p class="said problem">{ why }</p> }) }</div>
        </section>
    }
}

/// The bar with its marks.
fn bar(
    centre: &Centre,
    replay: Replay,
    at: Timestamp,
    dragged: &UseStateHandle<Option<i64>>,
    act: &Rc<dyn Fn(Wish)>,
    turns: &[Turn],
    words: &ReplayWords,
) -> Html {
    let begun = replay.from.as_second();
    let whole = (replay.to.as_second() - begun).max(1);
    let value = dragged.unwrap_or_else(|| at.as_second() - begun);
    let oninput = {
        let dragged = dragged.setter();
        Callback::from(move |event: InputEvent| dragged.set(typed(&event).and_then(|text| text.parse().ok())))
    };
    let onchange = {
        let (dragged, act) = (dragged.setter(), act.clone());
        Callback::from(move |event: Event| {
            dragged.set(None);
            if let Some(second) = typed(&event).and_then(|text| text.parse().ok()) {
                act(Wish::At(moved(replay.from, second)));
            }
        })
    };
    let said = centre.calendar().second(moved(replay.from, value));
    html! {
        <div class="replay-bar">
            { marks(turns, replay.from, replay.to) }
            <input type="range" name="position" min="0" max={whole.to_string()} step={(whole / 1000).max(1).to_string()} value={value.to_string()}
                aria-label={words.position} aria-valuetext={said} {oninput} {onchange} />
        </div>
    }
}

/// The stretch and which revisions are shown; another one is shown as soon as it is chosen.
fn stretch(centre: &Centre, props: &ScrubberProps, words: &ReplayWords) -> Html {
    let calendar = centre.calendar();
    let show = |change: fn(Replay, Timestamp) -> Replay| {
        let (centre, show, replay) = (centre.clone(), props.show.clone(), props.replay);
        Callback::from(move |event: Event| {
            let time = typed(&event).and_then(|text| centre.calendar().instant(wall_time(&text)?));
            if let Some(time) = time {
                show.emit(Some(Replay { at: None, ..change(replay, time.min(centre.present())) }));
            }
        })
    };
    let on_known = {
        let (show, replay) = (props.show.clone(), props.replay);
        Callback::from(move |event: Event| {
            let known = if chosen(&event).as_deref() == Some("now") { Knowledge::Now } else { Knowledge::Then };
            show.emit(Some(Replay { known, at: None, ..replay }));
        })
    };
    // `datetime-local` wants the wall clock's time as `2026-03-02T08:00`.
    let wall = |time: Timestamp| moved(time, i64::from(calendar.offset_s(time))).to_string().get(..16).unwrap_or_default().to_owned();
    let field = |name: &'static str, time: Timestamp, onchange: Callback<Event>| html! { <input {name} type="datetime-local" value={wall(time)} {onchange} /> };
    let is_now = props.replay.known == Knowledge::Now;
    html! {
        <>
            <label>{ words.from }{ field("from", props.replay.from, show(|replay, from| Replay { from, ..replay })) }</label>
            <label>{ words.to }{ field("to", props.replay.to, show(|replay, to| Replay { to, ..replay })) }</label>
            <label>{ words.known }<select name="known" onchange={on_known}>
                <option value="then" selected={!is_now}>{ words.known_then }</option>
                <option value="now" selected={is_now}>{ words.known_now }</option></select></label>
        </>
    }
}
