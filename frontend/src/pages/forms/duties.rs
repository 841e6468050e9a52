//! The table of what a department has to enter, with a form below the row that is being entered.
//!
//! Must never hide what is late: the server's order is kept.

use super::{Clerk, entry::EntryForm, figure, mark};
use crate::{
    centre::Centre,
    locale::{Language, form_words},
};
use jiff::SignedDuration;
use std::rc::Rc;
use taydo_model::{
    KpiId, Scope,
    form::{Duty, DutyState, FormsPage, Term},
};
use yew::prelude::*;

/// Names a duty.
type Key = (KpiId, Scope, Term);

/// What the table shows.
#[derive(Clone, PartialEq, Properties)]
pub(super) struct DutiesProps {
    pub(super) page: Rc<FormsPage>,
    pub(super) clerk: Clerk,
    pub(super) language: Language,
}

fn key(duty: &Duty) -> Key {
    (duty.kpi.clone(), duty.scope.clone(), duty.term)
}

/// The table.
#[component]
pub(super) fn Duties(props: &DutiesProps) -> Html {
    let language = props.language;
    let words = form_words(language);
    let open = use_state_eq(|| None::<Key>);
    let Some(centre) = use_context::<Centre>() else { return Html::default() };
    let calendar = centre.calendar();
    let row = |duty: &Duty| {
        let own = key(duty);
        let is_open = open.as_ref() == Some(&own);
        let (code, word) = words.duty(duty.state);
        let last_day = duty.due.saturating_sub(SignedDuration::from_secs(1)).unwrap_or(duty.due);
        let toggle = {
            let (setter, own) = (open.setter(), own.clone());
            Callback::from(move |_: MouseEvent| setter.set((!is_open).then(|| own.clone())))
        };
        let close = {
            let setter = open.setter();
            Callback::from(move |()| setter.set(None))
        };
        let verb = match (is_open, &duty.current) {
            (true, _) => words.close,
            (false, Some(_)) => words.correct,
            (false, None) => words.enter,
        };
        let name = format!("{}/{}/{}", own.0, own.1, own.2);
        let about = format!("{verb}: {}, {}", duty.title.get(language), duty.term_name.get(language));
        html! {
            <>
                <tr key={name.clone()} data-kpi={duty.kpi.to_string()} data-scope={duty.scope.to_string()} data-term={duty.term.to_string()} data-state={code}>
                    <th scope="row">{ duty.title.get(language) }<small>{ duty.kpi.to_string() }{ (duty.scope != Scope::City).then(|| format!(" · {}", duty.scope_name.get(language))) }</small></th>
                    <td data-label={words.term}>{ duty.term_name.get(language) }</td>
                    <td data-label={words.due}>{ calendar.date(last_day) }</td>
                    <td data-label={words.state}>{ mark(code, word) }</td>
                    <td data-label={words.before} class="figures">{ figure(duty.previous.as_ref(), duty, language) }</td>
                    <td data-label={words.year_before} class="figures">{ figure(duty.year_before.as_ref(), duty, language) }</td>
                    <td data-label={words.entered} class="figures">{ figure(duty.current.as_ref(), duty, language) }</td>
                    <td class="act">
                        if duty.state != DutyState::Running {
                            <button type="button" aria-expanded={is_open.to_string()} aria-label={about} onclick={toggle}>{ verb }</button>
                        }
                    </td>
                </tr>
                if is_open {
                    <tr key={format!("{name}/form")} class="entry"><td colspan="8"><EntryForm duty={Rc::new(duty.clone())} clerk={props.clerk.clone()} {language} {close} /></td></tr>
                }
            </>
        }
    };
    let columns = [words.figure, words.term, words.due, words.state, words.before, words.year_before, words.entered, ""];
    html! {
        <section>
            <h2>{ words.due_figures }</h2>
            <table class="records folding duties">
                <thead><tr>{ for columns.iter().map(|column| html! { <th scope="col">{ *column }</th> }) }</tr></thead>
                <tbody>{ for props.page.duties.iter().map(row) }</tbody>
            </table>
        </section>
    }
}
