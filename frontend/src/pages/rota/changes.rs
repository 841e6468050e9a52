//! What is changed for once in a rota: the list, taking one back, and having somebody stand in.
//!
//! Must never read a time by the browser's zone: what is typed is the city's wall time.

use super::days::Weeks;
use crate::{
    centre::Centre,
    client,
    locale::{Language, RotaWords, rota_words},
    pages::{actor::Actor, answered},
};
use jiff::{Timestamp, civil::DateTime};
use std::rc::Rc;
use taydo_model::{
    PersonId, RotaId,
    rota::{
        OverrideId,
        page::{OverrideNote, RotaNotes},
    },
};
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

/// Which rota, and what happens when it has been changed.
#[derive(Clone, PartialEq, Properties)]
pub(super) struct ChangesProps {
    pub(super) page: Rc<RotaNotes>,
    pub(super) actor: Actor,
    pub(super) language: Language,
    pub(super) changed: Callback<()>,
}

type Said = Result<&'static str, String>;

/// An override in words.
fn sentence(weeks: &Weeks<'_>, one: &OverrideNote) -> String {
    let words = rota_words(weeks.language);
    let name = weeks.name(&one.person);
    match (one.change.as_str(), &one.by) {
        (_, Some(by)) => format!("{} {} {name}", weeks.name(by), words.replaces),
        ("add", None) => format!("{name} {}", words.added),
        _ => format!("{name} {}", words.removed),
    }
}

/// Takes an override back; it is asked once more before.
fn removing(id: OverrideId, asked: &UseStateHandle<Option<OverrideId>>, said: &UseStateHandle<Option<Said>>, props: &ChangesProps) -> Html {
    let words = rota_words(props.language);
    let is_asked = **asked == Some(id);
    let onclick = {
        let (asked, said, props) = (asked.clone(), said.clone(), props.clone());
        Callback::from(move |_: MouseEvent| {
            if !is_asked {
                asked.set(Some(id));
                return;
            }
            let (asked, said, props) = (asked.clone(), said.clone(), props.clone());
            wasm_bindgen_futures::spawn_local(async move {
                let result = client::remove_override(id).await;
                said.set(Some(result.map(|()| rota_words(props.language).was_removed).map_err(|error| error.sentence(props.language))));
                asked.set(None);
                props.changed.emit(());
            });
        })
    };
    html! { <button type="button" class={classes!(is_asked.then_some("main"))} {onclick}>{ if is_asked { words.really_remove } else { words.remove } }</button> }
}

/// The changes that are not over, and the form for one more.
#[component]
pub(super) fn Changes(props: &ChangesProps) -> Html {
    let language = props.language;
    let words = rota_words(language);
    let said = use_state_eq(|| None::<Said>);
    let asked = use_state_eq(|| None::<OverrideId>);
    let Some(centre) = use_context::<Centre>() else { return Html::default() };
    let (page, calendar) = (&props.page, centre.calendar());
    let weeks = Weeks { page, calendar: &calendar, language };
    let row = |one: &OverrideNote| {
        html! {
            <li key={one.id.0} data-override={one.id.0.to_string()}><span><b>{ sentence(&weeks, one) }</b>
                { format!(" {} – {}", calendar.moment(one.from, page.time), calendar.moment(one.to, page.time)) }</span>
                { removing(one.id, &asked, &said, props) }</li>
        }
    };
    let coming: Vec<&OverrideNote> = page.rota.overrides.iter().filter(|one| one.to > page.time).collect();
    html! {
        <section class="changes"><h2>{ words.overrides }</h2>
            if coming.is_empty() { <p class="note">{ words.no_overrides }</p> } else { <ul>{ for coming.into_iter().map(row) }</ul> }
            { answered(said.as_ref().map(|said| said.as_ref().map(|text| *text).map_err(String::as_str))) }
            <StandIn ..props.clone() />
        </section>
    }
}

/// What is typed in the form.
#[derive(Clone, Default, PartialEq)]
struct Typed {
    person: NodeRef,
    by: NodeRef,
    from: NodeRef,
    to: NodeRef,
}

impl Typed {
    /// The override; `None` where something is missing or makes no sense.
    fn read(&self, centre: &Centre) -> Option<OverrideNote> {
        let person = |node: &NodeRef| PersonId::new(node.cast::<HtmlSelectElement>()?.value()).ok();
        let time =
            |node: &NodeRef| -> Option<Timestamp> { centre.calendar().instant(wall_time(&node.cast::<HtmlInputElement>()?.value())?) };
        let (person, by, from, to) = (person(&self.person)?, person(&self.by)?, time(&self.from)?, time(&self.to)?);
        (person != by && from < to).then(|| OverrideNote {
            id: OverrideId(0),
            from,
            to,
            change: "replace".to_owned(),
            person,
            by: Some(by),
        })
    }
}

/// `2026-03-02T08:00`, as the browser's own input writes it.
pub(in crate::pages) fn wall_time(text: &str) -> Option<DateTime> {
    let mut numbers = text.split(['-', 'T', ':']).map(|part| part.parse::<i16>().ok());
    let year = numbers.next()??;
    let mut next = || i8::try_from(numbers.next()??).ok();
    DateTime::new(year, next()?, next()?, next()?, next()?, 0, 0).ok()
}

fn send(rota: RotaId, one: OverrideNote, said: UseStateHandle<Option<Said>>, props: ChangesProps) {
    wasm_bindgen_futures::spawn_local(async move {
        let result = client::add_override(&rota, &one).await;
        if result.is_ok() {
            props.changed.emit(());
        }
        said.set(Some(result.map(|()| rota_words(props.language).saved).map_err(|error| error.sentence(props.language))));
    });
}

/// The form by which somebody stands in for another.
#[component]
fn StandIn(props: &ChangesProps) -> Html {
    let words: &'static RotaWords = rota_words(props.language);
    let typed = Typed { person: use_node_ref(), by: use_node_ref(), from: use_node_ref(), to: use_node_ref() };
    let said = use_state_eq(|| None::<Said>);
    let Some(centre) = use_context::<Centre>() else { return Html::default() };
    let onsubmit = {
        let (typed, said, props, centre) = (typed.clone(), said.clone(), props.clone(), centre.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            match typed.read(&centre) {
                Some(one) => send(props.page.rota.id.clone(), one, said.clone(), props.clone()),
                None => said.set(Some(Err(words.fill_all.to_owned()))),
            }
        })
    };
    let people = |node: &NodeRef, name: &'static str| {
        html! { <select ref={node.clone()} {name} required=true><option value="">{ words.choose }</option>{ props.actor.options(None) }</select> }
    };
    let time =
        |node: &NodeRef, name: &'static str| html! { <input ref={node.clone()} {name} type="datetime-local" required=true step="60" /> };
    html! {
        <form class="typing stand-in" {onsubmit}>
            <h3>{ words.replace_form }</h3>
            <label class="field">{ words.whose }{ people(&typed.person, "person") }</label>
            <label class="field">{ words.by }{ people(&typed.by, "by") }</label>
            <label class="field">{ words.from }{ time(&typed.from, "from") }</label>
            <label class="field">{ words.to }{ time(&typed.to, "to") }</label>
            <div class="buttons"><button type="submit" class="main">{ words.save }</button></div>
            { answered(said.as_ref().map(|said| said.as_ref().map(|text| *text).map_err(String::as_str))) }
        </form>
    }
}
