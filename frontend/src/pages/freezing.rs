//! Frozen copies of a page: making one, and the list of those that were made, each of which can be revoked.
//!
//! Must never show a link again that was shown once: the server doesn't know it.

use super::{
    actor::{Actor, SELECT},
    answered,
    asked::use_asked,
};
use crate::{
    browser,
    centre::Centre,
    client,
    locale::{Language, console_words, leader_words},
};
use taydo_model::frozen::{Freeze, FrozenLine, FrozenMade, FrozenOf, FrozenPages};
use web_sys::HtmlSelectElement;
use yew::prelude::*;

/// How often the list is asked for, in milliseconds.
const ASK_MS: u32 = 60_000;
/// The shown ones of the list: the newest.
const SHOWN: usize = 5;

/// Of which page.
#[derive(Clone, PartialEq, Properties)]
pub struct FreezingProps {
    /// What is frozen.
    pub of: FrozenOf,
    /// The page's path.
    pub path: AttrValue,
    /// Who acts.
    pub actor: Actor,
    /// The language.
    pub language: Language,
}

/// What came of making or revoking one: the link, or a sentence.
#[derive(Clone, PartialEq)]
enum Said {
    Link(String),
    Done(&'static str),
    Refused(String),
}

fn line(one: &FrozenLine, page: &FrozenPages, centre: &Centre, revoke: &Callback<FrozenLine>, language: Language) -> Html {
    let words = leader_words(language);
    let moment = |time| centre.calendar().moment(time, page.time);
    let who = page.names.get(&one.person).cloned().unwrap_or_else(|| one.person.to_string());
    let is_seen = one.revoked_at.is_none() && one.expires_at > page.time;
    let state = match one.revoked_at {
        Some(_) => words.revoked.to_owned(),
        None if is_seen => format!("{} {}", words.expires, moment(one.expires_at)),
        None => words.expired.to_owned(),
    };
    let onclick = {
        let (revoke, one) = (revoke.clone(), one.clone());
        Callback::from(move |_: MouseEvent| revoke.emit(one.clone()))
    };
    html! {
        <li key={one.id.0}><span>{ format!("{} {} · {who} · {state}", words.made, moment(one.made_at)) }</span>
            if is_seen { <button type="button" data-act="revoke" {onclick}>{ words.revoke }</button> }</li>
    }
}

/// The section's part.
#[component]
pub fn Freezing(props: &FreezingProps) -> Html {
    let language = props.language;
    let words = leader_words(language);
    let said = use_state_eq(|| None::<Said>);
    let days = use_node_ref();
    let path = props.path.clone();
    let asked = use_asked::<FrozenPages>(path.to_string(), ASK_MS, move || format!("/api/v1/frozen?path={path}"));
    let Some(centre) = use_context::<Centre>() else { return Html::default() };
    let person = {
        let (actor, said) = (props.actor.clone(), said.clone());
        move || {
            if actor.person.is_none() {
                said.set(Some(Said::Refused(console_words(language).who_first.to_owned())));
                browser::focus(SELECT);
            }
            actor.person.clone()
        }
    };
    let onsubmit = {
        let (of, days, said, again, person) = (props.of.clone(), days.clone(), said.clone(), asked.again.clone(), person.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let Some(person) = person() else { return };
            let days = days.cast::<HtmlSelectElement>().and_then(|select| select.value().parse().ok()).unwrap_or(1);
            let (body, said, again) = (client::json(&Freeze { person, of: of.clone(), days, language }), said.clone(), again.clone());
            wasm_bindgen_futures::spawn_local(async move {
                let made = client::freeze(body).await;
                said.set(Some(made.map_or_else(
                    |error| Said::Refused(error.sentence(language)),
                    |made: FrozenMade| Said::Link(format!("{}{}", browser::origin(), made.path)),
                )));
                again.emit(());
            });
        })
    };
    let revoke = {
        let (said, again) = (said.clone(), asked.again.clone());
        Callback::from(move |one: FrozenLine| {
            let Some(person) = person() else { return };
            let (said, again) = (said.clone(), again.clone());
            wasm_bindgen_futures::spawn_local(async move {
                let done = client::revoke_frozen(one.id, &person).await;
                said.set(Some(
                    done.map_or_else(|error| Said::Refused(error.sentence(language)), |()| Said::Done(leader_words(language).revoked)),
                ));
                again.emit(());
            });
        })
    };
    let answer = match &*said {
        None => answered(None),
        Some(Said::Link(link)) => {
            html! { <div role="status" class="answer"><p class="said link"><a href={link.clone()} rel="noreferrer" target="_blank">{ link }</a><br />{ words.snapshot_note }</p></div> }
        }
        Some(Said::Done(text)) => answered(Some(Ok(text))),
        Some(Said::Refused(text)) => answered(Some(Err(text))),
    };
    let option = |(value, text): (&'static str, &'static str)| html! { <option {value} selected={value == "7"}>{ text }</option> };
    let lengths = [("1", words.days_1), ("7", words.days_7), ("30", words.days_30)];
    html! {
        <details class="freezing"><summary>{ words.snapshot }</summary>
            <form class="typing" {onsubmit}>
                <label class="field">{ words.valid }<select ref={days} name="days">{ for lengths.into_iter().map(option) }</select></label>
                <div class="buttons"><button type="submit" class="main" data-act="freeze">{ words.make }</button></div>
            </form>
            { answer }
            { asked.answer.as_ref().map(|page| if page.pages.is_empty() {
                html! { <p class="note">{ words.no_snapshots }</p> }
            } else {
                html! { <ul class="frozen">{ for page.pages.iter().take(SHOWN).map(|one| line(one, page, &centre, &revoke, language)) }</ul> }
            }) }
        </details>
    }
}
