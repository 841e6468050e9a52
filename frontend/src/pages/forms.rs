//! The departments' page: what is due, typing a figure, sending a file, reminders.
//!
//! Must never judge a figure: what is typed and what a file holds is the server's to read, and so is every mistake.

mod duties;
mod entry;
mod rows;
mod upload;

use super::{Failure, Frame};
use crate::{
    app::{use_answer, use_speech},
    browser,
    centre::Centre,
    client,
    locale::{self, FormWords, Language, form_words, words},
};
use std::rc::Rc;
use taydo_model::{
    DepartmentId,
    form::{Current, DepartmentForms, Duty, FormsPage, Reminder},
};
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

/// Where the department and the name are remembered.
const DEPARTMENT: &str = "taydo.department";
const NAME: &str = "taydo.name";

/// Who enters, and what to do once something was taken.
#[derive(Clone, PartialEq)]
struct Clerk {
    department: DepartmentId,
    name: AttrValue,
    /// Asks for the page again.
    done: Callback<()>,
}

/// A figure with its unit and, where it isn't official, what it is.
fn figure(current: Option<&Current>, duty: &Duty, language: Language) -> Html {
    let Some(current) = current else { return html! { <span class="note">{ "—" }</span> } };
    let symbol = duty.unit.symbol();
    let kind = (current.stated == taydo_model::form::Stated::Provisional).then(|| form_words(language).kind(current.stated).to_lowercase());
    html! {
        <>{ locale::number(current.value, duty.decimals, language) }{ " " }{ symbol.get(language) }{ kind.map(|kind| html! { <small>{ kind }</small> }) }</>
    }
}

/// A state as shape and word.
fn mark(code: &'static str, word: &'static str) -> Html {
    let path = match code {
        "late" | "wrong" => "M8 1.5 15 14H1ZM8 6v4M8 12v.5",
        "soon" | "confirm" => "M8 4v4.3l3 1.8M14.2 8A6.2 6.2 0 1 1 1.8 8a6.2 6.2 0 0 1 12.4 0Z",
        "done" | "new" | "changed" => "M2 8.5 6.5 13 14 3.5",
        "same" => "M3 6h10M3 10h10",
        "provisional" => "M2 9c2-4 4-4 6-1s4 3 6-1",
        _ => "M3 8h.01M8 8h.01M13 8h.01",
    };
    html! {
        <span class={classes!("feed", "mark", code)}><svg class="shape" viewBox="0 0 16 16" aria-hidden="true" focusable="false"><path class="hollow" d={path} /></svg>{ word }</span>
    }
}

fn pick(
    departments: &[DepartmentForms],
    chosen: Option<&DepartmentId>,
    choose: &Callback<Option<DepartmentId>>,
    language: Language,
) -> Html {
    let words = form_words(language);
    let choose = choose.clone();
    let onchange = Callback::from(move |event: Event| {
        let value = event.target_dyn_into::<HtmlSelectElement>().map(|select| select.value()).unwrap_or_default();
        choose.emit(DepartmentId::new(value).ok());
    });
    let option = |one: &DepartmentForms| {
        let count = |count: usize, word: &str| (count > 0).then(|| format!(" · {count} {word}")).unwrap_or_default();
        let text = format!("{}{}{}", one.title.get(language), count(one.late, words.late), count(one.soon, words.soon));
        html! { <option value={one.id.to_string()} selected={chosen == Some(&one.id)}>{ text }</option> }
    };
    html! {
        <label class="field">{ words.department }
            <select {onchange}><option value="" selected={chosen.is_none()}>{ words.choose_department }</option>{ for departments.iter().map(option) }</select>
        </label>
    }
}

fn reminders(all: &[Reminder], page: &FormsPage, centre: &Centre, language: Language) -> Html {
    let (words, calendar) = (form_words(language), centre.calendar());
    let row = |one: &Reminder| {
        let title = page.duties.iter().find(|duty| duty.kpi == one.kpi).map(|duty| duty.title.get(language).to_owned());
        let key = format!("{}/{}/{}/{:?}", one.kpi, one.scope, one.term, one.kind);
        html! {
            <li {key}>{ calendar.moment(one.time, page.time) }{ " – " }{ words.reminder(one.kind) }{ ": " }<b>{ title.unwrap_or_else(|| one.kpi.to_string()) }</b>{ ", " }{ one.term.name(language) }</li>
        }
    };
    html! {
        if !all.is_empty() { <section><h2>{ words.reminders }</h2><ul class="reminders">{ for all.iter().map(row) }</ul></section> }
    }
}

/// What a page without a department shows: who is late.
fn overview(page: &FormsPage, choose: &Callback<Option<DepartmentId>>, words: &FormWords, language: Language) -> Html {
    let entry = |one: &DepartmentForms| {
        let (choose, id) = (choose.clone(), one.id.clone());
        let onclick = Callback::from(move |_: MouseEvent| choose.emit(Some(id.clone())));
        html! {
            <li key={one.id.to_string()}><button type="button" {onclick}><b>{ one.title.get(language) }</b>
                <span>{ one.late.gt(&0).then(|| mark("late", words.is_late)) }{ one.late.gt(&0).then(|| format!(" {} ", one.late)) }
                    { one.soon.gt(&0).then(|| mark("soon", words.is_soon)) }{ one.soon.gt(&0).then(|| format!(" {}", one.soon)) }</span></button></li>
        }
    };
    html! {
        <section>
            <h2>{ words.all_departments }</h2>
            if page.departments.is_empty() { <p class="note">{ words.nobody }</p> } else { <ul class="offices">{ for page.departments.iter().map(entry) }</ul> }
        </section>
    }
}

/// The page.
#[component]
pub fn Forms() -> Html {
    let language = use_speech().language;
    let (words, general) = (form_words(language), words(language));
    let department =
        use_state_eq(|| browser::query("department").or_else(|| browser::remembered(DEPARTMENT)).and_then(|id| DepartmentId::new(id).ok()));
    let name = use_state_eq(|| AttrValue::from(browser::remembered(NAME).unwrap_or_default()));
    let round = use_state_eq(|| 0_u32);
    let (page, error) =
        use_answer(((*department).clone(), *round), |(department, _)| async move { client::forms(department.as_ref()).await });
    let done = {
        let (setter, next) = (round.setter(), round.wrapping_add(1));
        Callback::from(move |()| setter.set(next))
    };
    let choose = {
        let setter = department.setter();
        Callback::from(move |id: Option<DepartmentId>| {
            browser::remember(DEPARTMENT, id.as_ref().map(DepartmentId::as_str).unwrap_or_default());
            setter.set(id);
        })
    };
    let onname = {
        let setter = name.setter();
        Callback::from(move |event: InputEvent| {
            let value = event.target_dyn_into::<HtmlInputElement>().map(|input| input.value()).unwrap_or_default();
            browser::remember(NAME, &value);
            setter.set(value.into());
        })
    };
    let Some(centre) = use_context::<Centre>() else { return Html::default() };
    let Some(page) = page else { return html! { <Failure {error} {language} /> } };
    let known = department.as_ref().filter(|id| page.departments.iter().any(|one| one.id == **id));
    let clerk = known.map(|department| Clerk { department: department.clone(), name: (*name).clone(), done });
    html! {
        <Frame title={words.title}>
            <p class="state" role="status">{ error.map(|error| html! { <span class="problem">{ error.text(language) }{ ". " }{ general.retrying }{ "…" }</span> }) }</p>
            <div class="clerk">
                { pick(&page.departments, known, &choose, language) }
                <label class="field">{ words.your_name }<input type="text" autocomplete="name" maxlength="100" value={(*name).clone()} oninput={onname} /><small>{ words.name_hint }</small></label>
            </div>
            { match clerk {
                Some(clerk) => html! { <Department key={clerk.department.to_string()} page={page.clone()} clerk={clerk.clone()} {language} /> },
                None => overview(&page, &choose, words, language),
            } }
            { reminders(&page.reminders, &page, &centre, language) }
        </Frame>
    }
}

#[derive(Clone, PartialEq, Properties)]
struct DepartmentProps {
    page: Rc<FormsPage>,
    clerk: Clerk,
    language: Language,
}

/// A department's own part of the page.
#[component]
fn Department(props: &DepartmentProps) -> Html {
    let DepartmentProps { page, clerk, language } = props.clone();
    html! { <><duties::Duties {page} clerk={clerk.clone()} {language} /><upload::Upload {clerk} {language} /></> }
}
