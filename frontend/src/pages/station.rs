//! An operators' station: who acts, the sound of a new critical incident, and the keys, the same on each of their pages.
//!
//! Must never look as if it sounded when it doesn't: silenced by somebody and refused by the browser are both said.

use super::{
    actor::{Actor, SELECT, use_actor},
    keys::{Keys, Row, use_keys},
};
use crate::{
    browser, incidents,
    locale::{Language, console_words, room_words},
    tones::Tones,
};
use std::rc::Rc;
use taydo_model::{PersonId, console::IncidentsNotes};
use yew::prelude::*;

/// Where this desk remembers that it is to be silent, and the newest incident that it has heard of.
const SILENT: &str = "taydo.silent";
const HEARD: &str = "taydo.heard";

/// The station of a page.
pub struct Station {
    /// Who acts.
    pub actor: Actor,
    keys: Keys,
    is_silent: UseStateHandle<bool>,
    language: Language,
}

fn silence(is_silent: &UseStateHandle<bool>) {
    browser::remember(SILENT, if **is_silent { "" } else { "1" });
    is_silent.set(!**is_silent);
}

/// The station of a page that knows these incidents; `act` is told the keys that are the page's own.
#[hook]
pub fn use_station(notes: Option<Rc<IncidentsNotes>>, language: Language, act: Box<dyn Fn(&str) -> bool>) -> Station {
    let actor = use_actor();
    let is_silent = use_state_eq(|| browser::remembered(SILENT).is_some());
    let tones = use_memo((), |()| Tones::default());
    let is_wanted = !*is_silent;
    use_effect_with(notes, move |notes| {
        if let Some(notes) = notes {
            // All pages of a browser share what was heard: a page that is opened anew rings for what came meanwhile and is
            // unanswered, and of two pages one rings.
            let heard = browser::remembered(HEARD).and_then(|text| text.parse().ok());
            let (is_alarming, newest) = incidents::alarming(&notes.incidents, heard);
            if is_alarming && is_wanted {
                tones.sound();
            }
            browser::remember(HEARD, &newest.to_string());
        }
    });
    let (switch, silent) = (actor.clone(), is_silent.clone());
    let keys = use_keys(Box::new(move |key| match key {
        "w" => {
            browser::focus(SELECT);
            true
        }
        "m" => {
            silence(&silent);
            true
        }
        _ => match key.parse::<usize>().ok().and_then(|n| switch.recent.get(n.checked_sub(1)?)) {
            Some(person) => {
                switch.choose(person.clone());
                true
            }
            None => act(key),
        },
    }));
    Station { actor, keys, is_silent, language }
}

impl Station {
    /// The line under a page's title: who has acted here lately, the sound, the keys.
    pub fn bar(&self) -> Html {
        let (words, room) = (console_words(self.language), room_words(self.language));
        let state = match (*self.is_silent, browser::was_touched()) {
            (true, _) => ("off", room.sound_off),
            (false, true) => ("on", room.sound_on),
            (false, false) => ("waits", room.sound_waits),
        };
        let is_silent = self.is_silent.clone();
        let onclick = Callback::from(move |_: MouseEvent| silence(&is_silent));
        let person = |(n, person): (usize, &PersonId)| {
            let (actor, chosen) = (self.actor.clone(), person.clone());
            let onclick = Callback::from(move |_: MouseEvent| actor.choose(chosen.clone()));
            let pressed = (self.actor.person.as_ref() == Some(person)).to_string();
            html! { <button type="button" aria-pressed={pressed} {onclick}><kbd>{ n.saturating_add(1) }</kbd>{ self.actor.name(person) }</button> }
        };
        html! {
            <div class="station">
                if self.actor.recent.len() > 1 { <div class="recent" role="group" aria-label={words.who}>{ for self.actor.recent.iter().enumerate().map(person) }</div> }
                <button type="button" class="sound" data-sound={state.0} aria-pressed={(!*self.is_silent).to_string()} {onclick}>{ room.sound }{ ": " }<b>{ state.1 }</b></button>
                { self.keys.button(words) }
            </div>
        }
    }

    /// The list of keys, while it is shown: the page's own and the station's.
    pub fn help(&self, own: &[Row]) -> Html {
        let (words, room) = (console_words(self.language), room_words(self.language));
        let mut rows = own.to_vec();
        rows.extend([
            (&["w"] as &[_], room.key_who),
            (&["1", "…", "4"], room.key_recent),
            (&["m"], room.key_sound),
            (&["?"], words.key_help),
        ]);
        self.keys.list(&rows, words)
    }
}
