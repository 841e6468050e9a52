//! A KPI's target and thresholds: what is in force, who changed what and why, and the form that changes one.
//!
//! Must never show a limit as in force that the server does not name so.

use crate::{
    browser,
    centre::Centre,
    client, figure,
    locale::{LeaderWords, Words, console_words, leader_words, words},
    pages::{
        actor::{Actor, SELECT},
        asked::use_asked,
        sending::use_sending,
    },
};
use std::rc::Rc;
use taydo_model::{
    Kpi,
    kpi::Better,
    limit::{ChangeLimit, LimitChange, LimitsPage, MAX_REASON_CHARS, Which},
    text::Language,
};
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

/// How often the page asks, in milliseconds.
const ASK_MS: u32 = 10_000;

/// Of which KPI.
#[derive(Clone, PartialEq, Properties)]
pub(super) struct LimitsProps {
    pub(super) kpi: Rc<Kpi>,
    /// Who acts.
    pub(super) actor: Actor,
    pub(super) language: Language,
}

fn word(which: Which, words: &'static Words) -> &'static str {
    match which {
        Which::Target => words.target,
        Which::Attention => words.attention,
        Which::Critical => words.critical,
    }
}

/// A number as it is typed in the language: with its decimal comma or point. `None` where it is none.
fn typed(text: &str, language: Language) -> Option<f64> {
    let text = text.trim().replace('\u{2212}', "-");
    let plain = match language {
        Language::Vi => text.replace('.', "").replace(',', "."),
        Language::En => text.replace(',', ""),
    };
    plain.parse().ok().filter(|value: &f64| value.is_finite())
}

fn change(one: &LimitChange, page: &LimitsPage, props: &LimitsProps, centre: &Centre) -> Html {
    let language = props.language;
    let leader: &'static LeaderWords = leader_words(language);
    let who = page.names.get(&one.person).cloned().unwrap_or_else(|| one.person.to_string());
    let value = one.value.map_or_else(|| leader.from_file.to_owned(), |value| figure::with_unit(&props.kpi, value, language));
    html! {
        <li><time>{ centre.calendar().moment(one.at, centre.now().time) }</time>
            <span>{ format!("{}: ", word(one.which, words(language))) }<b>{ value }</b>{ format!(" – {who}: {}", one.reason) }</span></li>
    }
}

/// The section.
#[component]
pub(super) fn Limits(props: &LimitsProps) -> Html {
    let language = props.language;
    let (words, leader) = (words(language), leader_words(language));
    let kpi = props.kpi.id.clone();
    let asked = use_asked::<LimitsPage>(kpi.to_string(), ASK_MS, move || format!("/api/v1/kpis/{kpi}/limits"));
    let sending = use_sending(&asked.again, language);
    let (which, value, reason) = (use_node_ref(), use_node_ref(), use_node_ref());
    let Some(centre) = use_context::<Centre>() else { return Html::default() };
    let onsubmit = {
        let (props, actor, sending) = (props.clone(), props.actor.clone(), sending.clone());
        let (which, value, reason) = (which.clone(), value.clone(), reason.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let Some(person) = actor.person.clone() else {
                sending.refuse(console_words(language).who_first);
                return browser::focus(SELECT);
            };
            let text = |node: &NodeRef| node.cast::<HtmlInputElement>().map(|input| input.value()).unwrap_or_default();
            let code = which.cast::<HtmlSelectElement>().map(|select| select.value()).unwrap_or_default();
            let Some(which) = Which::ALL.into_iter().find(|which| which.key() == code) else { return };
            let number = text(&value);
            let wanted = typed(&number, language);
            if wanted.is_none() && !number.trim().is_empty() {
                return sending.refuse(leader_words(language).bad_number);
            }
            let change = ChangeLimit { person, which, value: wanted, reason: text(&reason) };
            let fields = [value.clone(), reason.clone()];
            let then = Callback::from(move |()| {
                fields.iter().filter_map(NodeRef::cast::<HtmlInputElement>).for_each(|input| input.set_value(""));
            });
            sending.send(format!("/api/v1/kpis/{}/limits", props.kpi.id), client::json(&change), leader_words(language).changed, then);
        })
    };
    let Some(page) = &asked.answer else { return Html::default() };
    let in_force =
        page.in_force.iter().map(|(which, value)| format!("{} {}", word(*which, words), figure::with_unit(&props.kpi, *value, language)));
    let in_force = in_force.collect::<Vec<_>>().join(" · ");
    html! {
        <section class="limits log">
            <h2>{ leader.limits }</h2>
            <p>{ if in_force.is_empty() { "—".to_owned() } else { in_force } }if page.is_pending { { " " }<span class="note">{ "(" }{ leader.not_yet }{ ")" }</span> }</p>
            if !page.changes.is_empty() { <ol>{ for page.changes.iter().map(|one| change(one, page, props, &centre)) }</ol> }
            { sending.view() }
            if props.kpi.better != Better::Neither {
                <details class="change-limits"><summary>{ leader.change_limits }</summary>
                    <form class="typing" {onsubmit}>
                        <label class="field">{ leader.which }<select ref={which} name="which">
                            { for Which::ALL.into_iter().map(|one| html! { <option value={one.key()}>{ word(one, words) }</option> }) }</select></label>
                        <label class="field">{ leader.new_value }<input ref={value} name="value" type="text" inputmode="decimal" autocomplete="off" /></label>
                        <label class="field wide">{ leader.reason }<input ref={reason} name="reason" type="text" required=true maxlength={MAX_REASON_CHARS.to_string()} autocomplete="off" /></label>
                        <div class="buttons"><button type="submit" class="main" disabled={sending.is_busy()}>{ leader.change }</button></div>
                    </form>
                </details>
            }
        </section>
    }
}
