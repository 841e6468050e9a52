//! The city's operating stage on the console: what holds, what is proposed and why, and its confirmation by the shift lead.
//!
//! Must never confirm anything in nobody's name.

use crate::{
    centre::Centre,
    client,
    figure::amount,
    locale::{Language, StageWords, console_words, number, stage_words},
    pages::{
        actor::{self, Actor},
        asked::use_asked,
        sending::use_sending,
    },
};
use taydo_model::{
    KpiId,
    stage::{Condition, ConfirmStage, Confirmed, Limit, StagePage, StageSign, Stages, lead::By},
};
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

/// How often it is asked for, in milliseconds.
const ASK_MS: u32 = 5_000;

#[derive(Clone, PartialEq, Properties)]
pub(super) struct StageDeskProps {
    pub(super) actor: Actor,
    pub(super) language: Language,
}

/// The stage in one line.
fn line(sign: &StageSign, words: &StageWords, language: Language) -> String {
    let mut text = match sign.stage {
        Some(stage) => format!("{} {stage} – {}", words.stage, sign.title.get(language)),
        None => format!("{}: {}", words.stage, words.unknown),
    };
    if let Some(stage) = sign.at_least {
        text.push_str(&format!(" ({} {stage})", words.at_least));
    }
    text
}

/// Why the figures come to what they do, and which are not known.
fn grounds(page: &StagePage, words: &StageWords, language: Language) -> Html {
    let title = |kpi: &KpiId| page.figures.get(kpi).map(|figure| figure.title.get(language).to_owned()).unwrap_or_default();
    let met = |(condition, value): &(Condition, f64)| {
        let (sign, limit) = match condition.limit {
            Limit::AtLeast(limit) => ("≥", limit),
            Limit::AtMost(limit) => ("≤", limit),
        };
        let Some(figure) = page.figures.get(&condition.kpi) else { return String::new() };
        let value = number(*value, figure.decimals, language);
        format!("{} {value} {sign} {}", figure.title.get(language), amount(limit, (figure.decimals, figure.unit), language))
    };
    let (met, unknown): (Vec<String>, Vec<String>) =
        (page.judged.met.iter().map(met).collect(), page.judged.unknown.iter().map(title).collect());
    let part = |text: &str, list: Vec<String>| {
        (!list.is_empty()).then(|| html! { <p class="note">{ format!("{text}: {}", list.join(" · ")) }</p> })
    };
    html! { <>{ part(words.because, met) }{ part(words.not_known, unknown) }</> }
}

fn log(page: &StagePage, actor: &Actor, centre: &Centre, words: &StageWords) -> Html {
    let by = |by: Option<By>| match by {
        Some(By::Keeper) => format!(" ({})", words.as_keeper),
        Some(By::Anybody) => format!(" ({})", words.unled),
        Some(By::ShiftLog | By::Duty) | None => String::new(),
    };
    let row = |one: &Confirmed| html! { <li><time>{ centre.calendar().moment(one.at, page.time) }</time>{ format!(" · {} · {}{}: {}", one.stage, actor.name(&one.person), by(one.by), one.reason) }</li> };
    if page.log.is_empty() {
        return html! { <p class="note">{ words.never }</p> };
    }
    html! { <details><summary>{ words.log }</summary><ol>{ for page.log.iter().map(row) }</ol></details> }
}

/// Who confirms.
fn leads(page: &StagePage, words: &StageWords) -> Html {
    let names: Vec<&str> = page.leads.iter().map(|lead| lead.name.as_str()).collect();
    let text = if names.is_empty() { words.nobody_leads.to_owned() } else { format!("{}: {}", words.lead, names.join(", ")) };
    html! { <p class="note leads">{ text }</p> }
}

/// Where the city has stages.
#[component]
pub(super) fn StageDesk(props: &StageDeskProps) -> Html {
    let StageDeskProps { actor, language } = props.clone();
    let words = stage_words(language);
    let asked = use_asked::<StagePage>(String::new(), ASK_MS, || "/api/v1/stage".to_owned());
    let sending = use_sending(&asked.again, language);
    let (choice, reason) = (use_node_ref(), use_node_ref());
    let (Some(centre), Some(page)) = (use_context::<Centre>(), asked.answer.clone()) else { return Html::default() };
    let (Some(stages), Some(sign)) = (&page.stages, &page.sign) else { return Html::default() };
    let onsubmit = {
        let (choice, reason, sending, person) = (choice.clone(), reason.clone(), sending.clone(), actor.person.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let Some(person) = person.clone() else {
                crate::browser::focus(actor::SELECT);
                return sending.refuse(console_words(language).who_first);
            };
            let Some(input) = reason.cast::<HtmlInputElement>() else { return };
            let stage = choice.cast::<HtmlSelectElement>().and_then(|select| select.value().parse().ok()).unwrap_or(0);
            let what = ConfirmStage { person, stage, reason: input.value() };
            sending.send("/api/v1/stage".to_owned(), client::json(&what), words.done, Callback::from(move |()| input.set_value("")));
        })
    };
    let wanted = sign.proposed.or(sign.stage).unwrap_or(page.judged.at_least);
    let code = sign.stage.map_or_else(|| "unknown".to_owned(), |stage| stage.to_string());
    html! {
        <section class="stage-desk" data-stage={code} data-proposed={sign.proposed.map(|stage| stage.to_string())} aria-label={words.stage}>
            <p class="state"><b>{ line(sign, words, language) }</b>{ sign.proposed.map(|stage| html! { <strong>{ format!(" → {} {stage} – {}", words.proposed, stages.title(stage).get(language)) }</strong> }) }</p>
            { super::super::broken(asked.broken.as_ref(), &centre.calendar(), language) }
            { grounds(&page, words, language) }
            <details open={sign.proposed.is_some()}><summary>{ words.confirm }</summary>
                { leads(&page, words) }
                <form class="typing" {onsubmit}>
                    <label class="field">{ words.stage }<select ref={choice} name="stage">{ options(stages, wanted, language) }</select></label>
                    <label class="field wide">{ words.why }<input ref={reason} name="reason" type="text" maxlength="500" required=true autocomplete="off" /></label>
                    <div class="buttons"><button type="submit" class="main" disabled={sending.is_busy()}>{ words.confirm }</button></div>
                </form>
            </details>
            { sending.view() }
            { log(&page, &actor, &centre, words) }
        </section>
    }
}

fn options(stages: &Stages, wanted: u8, language: Language) -> Html {
    let option = |level: &taydo_model::stage::Level| {
        html! { <option value={level.stage.to_string()} selected={level.stage == wanted}>{ format!("{} – {}", level.stage, level.title.get(language)) }</option> }
    };
    stages.levels.iter().map(option).collect()
}
