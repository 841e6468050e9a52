//! The keys of an operators' page, and the list of them that `?` shows.
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

/// Keys that do the same, and what that is.
pub type Row = (&'static [&'static str], &'static str);

/// A page's keys.
pub struct Keys {
    letters: UseStateHandle<bool>,
    is_shown: UseStateHandle<bool>,
}

/// Calls `act`, as it was at the newest rendering, with every key that nobody else has a use for, such as `j` or `ArrowDown`;
/// it says whether it has one. `Escape` always comes, also from somebody who is typing.
#[hook]
pub fn use_keys(act: Box<dyn Fn(&str) -> bool>) -> Keys {
    let (letters, is_shown) = (use_state_eq(|| browser::remembered(NO_KEYS).is_none()), use_state_eq(|| false));
    let (with_letters, shown) = (*letters, is_shown.clone());
    use_keydown(Box::new(move |event: &KeyboardEvent| {
        let key = event.key();
        if key == "Escape" {
            shown.set(false);
            act(&key);
            return false;
        }
        if free_tag(event).is_none() {
            return false;
        }
        if key == "?" {
            shown.set(!*shown);
            return true;
        }
        (with_letters || key.chars().count() > 1) && act(&key)
    }));
    Keys { letters, is_shown }
}

impl Keys {
    /// The button that shows and hides the list.
    pub fn button(&self, words: &ConsoleWords) -> Html {
        let shown = self.is_shown.clone();
        let onclick = Callback::from(move |_: MouseEvent| shown.set(!*shown));
        html! { <button type="button" aria-expanded={self.is_shown.to_string()} {onclick}>{ words.keys }{ " " }<kbd>{ "?" }</kbd></button> }
    }

    /// The list, while it is shown.
    pub fn list(&self, rows: &[Row], words: &ConsoleWords) -> Html {
        if !*self.is_shown {
            return Html::default();
        }
        let row = |(keys, what): &Row| html! { <div><dt>{ for keys.iter().map(|key| html! { <kbd>{ *key }</kbd> }) }</dt><dd>{ *what }</dd></div> };
        let letters = self.letters.clone();
        let toggle = Callback::from(move |_: Event| {
            browser::remember(NO_KEYS, if *letters { "1" } else { "" });
            letters.set(!*letters);
        });
        html! {
            <section class="keys" id="keys">
                <h2>{ words.keys }</h2>
                <dl>{ for rows.iter().map(row) }</dl>
                <label class="check"><input type="checkbox" checked={*self.letters} onchange={toggle} />{ words.keys_on }</label>
            </section>
        }
    }
}
