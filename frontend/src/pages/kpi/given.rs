//! What was given to units about a KPI, and the form that gives something more.
//!
//! Must never give anything in nobody's name.

use crate::{
    browser,
    centre::Centre,
    client,
    locale::{Language, console_words, leader_words, words},
    pages::{
        actor::{Actor, SELECT},
        asked::use_asked,
        sending::use_sending,
        task::{chosen, within},
        tasks::list,
    },
};
use taydo_model::{
    DepartmentId, KpiId, Scope,
    task::{
        MAX_TEXT_CHARS,
        page::{TaskLine, TasksPage},
        request::GiveTask,
    },
};
use web_sys::{HtmlSelectElement, HtmlTextAreaElement};
use yew::prelude::*;

/// How often the page asks, in milliseconds.
const ASK_MS: u32 = 30_000;

/// About what.
#[derive(Clone, PartialEq, Properties)]
pub(super) struct GivenProps {
    pub(super) kpi: KpiId,
    pub(super) scope: Scope,
    /// Who acts.
    pub(super) actor: Actor,
    pub(super) language: Language,
}

fn new_key() -> String {
    format!("task-{}-{:.0}", browser::guessed_time().as_millisecond(), js_sys::Math::random() * 1e15)
}

/// The section.
#[component]
pub(super) fn Given(props: &GivenProps) -> Html {
    let language = props.language;
    let leader = leader_words(language);
    let (kpi, scope) = (props.kpi.clone(), props.scope.clone());
    let asked = use_asked::<TasksPage>(format!("{kpi}/{scope}"), ASK_MS, move || format!("/api/v1/tasks?kpi={kpi}&scope={scope}"));
    let sending = use_sending(&asked.again, language);
    let key = use_state_eq(new_key);
    let (unit, text, time) = (use_node_ref(), use_node_ref(), use_node_ref());
    let Some(centre) = use_context::<Centre>() else { return Html::default() };
    let onsubmit = {
        let (props, actor, sending, key) = (props.clone(), props.actor.clone(), sending.clone(), key.clone());
        let (unit, text, time) = (unit.clone(), text.clone(), time.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let Some(person) = actor.person.clone() else {
                sending.refuse(console_words(language).who_first);
                return browser::focus(SELECT);
            };
            let area = text.cast::<HtmlTextAreaElement>();
            let written = area.as_ref().map(HtmlTextAreaElement::value).unwrap_or_default();
            let unit = unit.cast::<HtmlSelectElement>().and_then(|select| DepartmentId::new(select.value()).ok());
            let (Some(unit), Some(within), false) = (unit, chosen(&time), written.trim().is_empty()) else {
                return sending.refuse(leader_words(language).fill);
            };
            let (kpi, scope) = (props.kpi.clone(), props.scope.clone());
            let task = GiveTask { person, kpi, scope, unit, text: written, within: Some(within), due: None, key: Some((*key).clone()) };
            let then = {
                let key = key.setter();
                Callback::from(move |()| {
                    area.iter().for_each(|area| area.set_value(""));
                    key.set(new_key());
                })
            };
            sending.send("/api/v1/tasks".to_owned(), client::json(&task), leader_words(language).given, then);
        })
    };
    let tasks = asked.answer.as_ref().map(|page| {
        let all: Vec<&TaskLine> = page.tasks.iter().collect();
        if all.is_empty() {
            html! { <p class="note">{ leader.no_tasks }</p> }
        } else {
            list(&all, page, &centre, false, language)
        }
    });
    let waiting = asked.error().map_or_else(|| words(language).loading.to_owned(), |error| error.text(language));
    let departments = &centre.city().city.departments;
    let option = |department: &taydo_model::Department| html! { <option value={department.id.to_string()}>{ department.name.get(language) }</option> };
    html! {
        <section class="given-tasks">
            <h2>{ leader.tasks }</h2>
            { tasks.unwrap_or_else(|| html! { <p class="note">{ waiting }</p> }) }
            { sending.view() }
            <details class="give"><summary>{ leader.give }</summary>
                <form class="typing" {onsubmit}>
                    <label class="field">{ leader.unit }<select ref={unit} name="unit" required=true><option value="">{ "—" }</option>{ for departments.iter().map(option) }</select></label>
                    { within(&time, leader) }
                    <label class="field wide">{ leader.what }<textarea ref={text} name="text" rows="3" required=true maxlength={MAX_TEXT_CHARS.to_string()}/></label>
                    <div class="buttons"><button type="submit" class="main" disabled={sending.is_busy()}>{ leader.send }</button></div>
                </form>
            </details>
        </section>
    }
}
