//! The field for entries: written with the Enter key, and ready for the next.
//!
//! Must never write twice what was pressed once: each entry carries a key of its own until it is taken.

use crate::{
    browser, client,
    locale::{Language, console_words, room_words},
    pages::{
        actor::{Actor, SELECT},
        sending::{Sending, use_sending},
    },
};
use taydo_model::shift_log::{MAX_ENTRY_CHARS, ShiftLogId, request::WriteEntry};
use web_sys::HtmlInputElement;
use yew::prelude::*;

/// The field's id, so that it can be given the focus.
pub(super) const FIELD: &str = "entry";

/// The field, and what came of the last entry.
pub(super) struct Writing {
    sending: Sending,
    text: NodeRef,
    corrects: NodeRef,
    key: UseStateHandle<String>,
    language: Language,
}

fn new_key() -> String {
    format!("log-{}-{:.0}", browser::guessed_time().as_millisecond(), js_sys::Math::random() * 1e15)
}

/// The field; it has the focus as soon as the log can be written.
#[hook]
pub(super) fn use_writing(is_open: bool, again: &Callback<()>, language: Language) -> Writing {
    use_effect_with(is_open, |is_open| {
        if *is_open {
            browser::focus(FIELD);
        }
    });
    let sending = use_sending(again, language);
    Writing { sending, text: use_node_ref(), corrects: use_node_ref(), key: use_state_eq(new_key), language }
}

fn input(node: &NodeRef) -> Option<HtmlInputElement> {
    node.cast()
}

impl Writing {
    fn submit(&self, id: ShiftLogId, actor: &Actor) -> Callback<SubmitEvent> {
        let (text, corrects, key, sending) = (self.text.clone(), self.corrects.clone(), self.key.clone(), self.sending.clone());
        let (person, language) = (actor.person.clone(), self.language);
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let Some(person) = person.clone() else {
                sending.refuse(console_words(language).who_first);
                return browser::focus(SELECT);
            };
            let value = |node: &NodeRef| input(node).map(|input| input.value()).unwrap_or_default();
            let corrected = value(&corrects).parse().ok();
            let entry = WriteEntry { person, text: value(&text), incidents: Vec::new(), corrects: corrected, key: Some((*key).clone()) };
            let then = {
                let (text, corrects, key) = (text.clone(), corrects.clone(), key.setter());
                Callback::from(move |()| {
                    [&text, &corrects].into_iter().filter_map(input).for_each(|input| input.set_value(""));
                    key.set(new_key());
                    browser::focus(FIELD);
                })
            };
            sending.send(format!("/api/v1/shift-logs/{}/entries", id.0), client::json(&entry), room_words(language).written, then);
        })
    }

    /// What it looks like.
    pub(super) fn view(&self, id: ShiftLogId, actor: &Actor) -> Html {
        let words = room_words(self.language);
        html! {
            <section class="writing"><h2>{ words.entry }</h2>
                <form class="entry" onsubmit={self.submit(id, actor)}>
                    <label class="field wide">{ words.entry_hint }<input ref={self.text.clone()} id={FIELD} name="text" type="text" required=true maxlength={MAX_ENTRY_CHARS.to_string()} autocomplete="off" /></label>
                    <label class="field">{ words.corrects }<input ref={self.corrects.clone()} name="corrects" type="number" min="1" /></label>
                    <div class="buttons"><button type="submit" class="main">{ words.write }</button></div>
                </form>
                { self.sending.view() }
            </section>
        }
    }
}
