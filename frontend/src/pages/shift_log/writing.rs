//! The field for entries: written with the Enter key, and ready for the next.
//!
//! Must never write twice what was pressed once: each entry carries a key of its own until it is taken.

use crate::{
    browser, client,
    locale::{Language, console_words, room_words},
    pages::{
        actor::{Actor, SELECT},
        sending::use_sending,
    },
};
use taydo_model::shift_log::{MAX_ENTRY_CHARS, ShiftLogId, request::WriteEntry};
use web_sys::HtmlInputElement;
use yew::prelude::*;

/// The field's id, so that it can be given the focus.
const FIELD: &str = "entry";

#[derive(Clone, PartialEq, Properties)]
pub(super) struct WritingProps {
    pub(super) id: ShiftLogId,
    pub(super) actor: Actor,
    pub(super) language: Language,
    pub(super) again: Callback<()>,
}

fn new_key() -> String {
    format!("log-{}-{:.0}", browser::guessed_time().as_millisecond(), js_sys::Math::random() * 1e15)
}

/// The form.
#[component]
pub(super) fn Writing(props: &WritingProps) -> Html {
    let WritingProps { id, actor, language, again } = props.clone();
    let words = room_words(language);
    let sending = use_sending(&again, language);
    let (text, corrects) = (use_node_ref(), use_node_ref());
    let key = use_state(new_key);
    use_effect_with((), |()| browser::focus(FIELD));
    let onsubmit = {
        let (text, corrects, key, sending, person) = (text.clone(), corrects.clone(), key.clone(), sending.clone(), actor.person.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let Some(person) = person.clone() else {
                sending.refuse(console_words(language).who_first);
                return browser::focus(SELECT);
            };
            let input = |node: &NodeRef| node.cast::<HtmlInputElement>();
            let value = |node: &NodeRef| input(node).map(|input| input.value()).unwrap_or_default();
            let entry = WriteEntry {
                person,
                text: value(&text),
                incidents: Vec::new(),
                corrects: value(&corrects).parse().ok(),
                key: Some((*key).clone()),
            };
            let then = {
                let (text, corrects, key) = (text.clone(), corrects.clone(), key.setter());
                Callback::from(move |()| {
                    for node in [&text, &corrects] {
                        if let Some(input) = node.cast::<HtmlInputElement>() {
                            input.set_value("");
                        }
                    }
                    key.set(new_key());
                    browser::focus(FIELD);
                })
            };
            sending.send(format!("/api/v1/shift-logs/{}/entries", id.0), client::json(&entry), words.written, then);
        })
    };
    html! {
        <section class="writing"><h2>{ words.entry }</h2>
            <form class="entry" {onsubmit}>
                <label class="field wide">{ words.entry_hint }<input ref={text} id={FIELD} name="text" type="text" required=true maxlength={MAX_ENTRY_CHARS.to_string()} autocomplete="off" /></label>
                <label class="field">{ words.corrects }<input ref={corrects} name="corrects" type="number" min="1" /></label>
                <div class="buttons"><button type="submit" class="main">{ words.write }</button></div>
            </form>
            { sending.view() }
        </section>
    }
}
