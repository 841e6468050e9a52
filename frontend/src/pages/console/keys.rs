//! The console's keys: listened for on the whole page, so that nothing has to be focused first.
//!
//! Must never take a key from somebody who is typing, or one that the browser or the system has a use for.

use crate::{
    browser,
    locale::ConsoleWords,
    pages::keydown::{free_tag, use_keydown},
};
use web_sys::KeyboardEvent;
use yew::prelude::*;

/// Where it is remembered that somebody wants no single-letter keys.
const NO_KEYS: &str = "taydo.no-keys";

/// What a key asks for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Wish {
    /// So many incidents on.
    Move(isize),
    /// Acknowledge the chosen one.
    Acknowledge,
    /// Show or hide the keys.
    Help,
    /// Close what lies open.
    Escape,
}

fn wish(event: &KeyboardEvent, letters: bool) -> Option<Wish> {
    if event.key() == "Escape" {
        return Some(Wish::Escape);
    }
    free_tag(event)?;
    match event.key().as_str() {
        "ArrowDown" => Some(Wish::Move(1)),
        "ArrowUp" => Some(Wish::Move(-1)),
        "j" if letters => Some(Wish::Move(1)),
        "k" if letters => Some(Wish::Move(-1)),
        "a" if letters => Some(Wish::Acknowledge),
        "?" => Some(Wish::Help),
        _ => None,
    }
}

/// Whether single letters are keys, and how to change that.
#[hook]
pub(super) fn use_letters() -> UseStateHandle<bool> {
    use_state_eq(|| browser::remembered(NO_KEYS).is_none())
}

/// Calls `act` for every key that asks for something, as it was at the newest rendering.
#[hook]
pub(super) fn use_keys(letters: bool, act: impl Fn(Wish) + 'static) {
    use_keydown(Box::new(move |event: &KeyboardEvent| {
        let wish = wish(event, letters);
        wish.into_iter().for_each(&act);
        wish.is_some_and(|wish| wish != Wish::Escape)
    }));
}

/// The list of keys.
pub(super) fn help(letters: &UseStateHandle<bool>, words: &ConsoleWords) -> Html {
    let row = |keys: &[&'static str], what: &'static str| html! { <div><dt>{ for keys.iter().map(|key| html! { <kbd>{ *key }</kbd> }) }</dt><dd>{ what }</dd></div> };
    let toggle = {
        let letters = letters.clone();
        Callback::from(move |_: Event| {
            browser::remember(NO_KEYS, if *letters { "1" } else { "" });
            letters.set(!*letters);
        })
    };
    html! {
        <section class="keys" id="keys">
            <h2>{ words.keys }</h2>
            <dl>{ row(&["j", "k", "↓", "↑"], words.key_move) }{ row(&["Enter"], words.key_open) }{ row(&["a"], words.key_acknowledge) }{ row(&["?"], words.key_help) }</dl>
            <label class="check"><input type="checkbox" checked={**letters} onchange={toggle} />{ words.keys_on }</label>
        </section>
    }
}
