//! What was given to units: what is open, overdue first, and what was closed lately.
//!
//! Must never let an overdue task look like any other.

use super::{Failure, Frame, asked::use_asked};
use crate::{
    app::{Link, use_speech},
    centre::Centre,
    clock::seconds_between,
    locale::{self, Language, leader_words},
    route::Route,
};
use jiff::Timestamp;
use taydo_model::task::{
    Standing,
    page::{TaskLine, TasksPage},
};
use yew::prelude::*;

/// How often the page asks, in milliseconds.
const ASK_MS: u32 = 15_000;

/// A standing's code, for hooks and style sheets.
pub(super) fn standing_code(standing: Standing) -> &'static str {
    match standing {
        Standing::Open => "open",
        Standing::Answered => "answered",
        Standing::Closed => "closed",
    }
}

/// Where a task stands: overdue in a chip of its own, else its standing and how much time is left.
pub(super) fn standing(task: &TaskLine, now: Timestamp, language: Language) -> Html {
    let words = leader_words(language);
    let apart = |from: Timestamp, to: Timestamp| locale::span(seconds_between(from, to), language);
    let due = task.head.due;
    match task.head.standing {
        _ if task.is_late => html! { <span class="late-chip">{ format!("{} {}", words.overdue_by, apart(due, now)) }</span> },
        Standing::Open => html! { <span class="quality">{ format!("{} · {} {}", words.open, words.left, apart(now, due)) }</span> },
        Standing::Answered => html! { <span class="quality">{ words.answered }</span> },
        Standing::Closed => html! { <span class="quality">{ words.closed }</span> },
    }
}

/// A list of tasks; `with_kpi` where they are of several KPIs.
pub(super) fn list(tasks: &[&TaskLine], page: &TasksPage, centre: &Centre, with_kpi: bool, language: Language) -> Html {
    let words = leader_words(language);
    let calendar = centre.calendar();
    let line = |task: &&TaskLine| {
        let head = &task.head;
        let giver = page.names.get(&head.giver).cloned().unwrap_or_else(|| head.giver.to_string());
        let about = with_kpi.then(|| html! { <>{ task.about.get(language) }{ " · " }</> });
        html! {
            <li key={head.id.0} data-late={task.is_late.to_string()} data-standing={standing_code(head.standing)}>
                <span class="what"><Link to={Route::Tasks(Some(head.id))} text={format!("{}. {}", head.id.0, head.text)} /></span>
                { standing(task, page.time, language) }
                <small>{ about }{ task.unit_name.get(language) }{ format!(" · {} {} · {} {giver}", words.due, calendar.moment(head.due, page.time), words.giver) }</small>
            </li>
        }
    };
    html! { <ul class="task-list">{ for tasks.iter().map(line) }</ul> }
}

/// The page.
#[component]
pub fn Tasks() -> Html {
    let language = use_speech().language;
    let words = leader_words(language);
    let asked = use_asked::<TasksPage>(String::new(), ASK_MS, || "/api/v1/tasks".to_owned());
    let Some(centre) = use_context::<Centre>() else { return Html::default() };
    let Some(page) = &asked.answer else { return html! { <Failure error={asked.error()} {language} /> } };
    let (closed, open): (Vec<&TaskLine>, Vec<&TaskLine>) = page.tasks.iter().partition(|task| task.head.standing == Standing::Closed);
    html! {
        <Frame title={words.tasks}>
            { super::broken(asked.broken.as_ref(), &centre.calendar(), language) }
            <section class={classes!(asked.broken.is_some().then_some("old"))}>
                <h2>{ words.open }</h2>
                if open.is_empty() { <p class="note">{ if closed.is_empty() { words.no_tasks } else { words.no_open_tasks } }</p> }
                { list(&open, page, &centre, true, language) }
            </section>
            if !closed.is_empty() { <section><h2>{ words.closed_tasks }</h2>{ list(&closed, page, &centre, true, language) }</section> }
        </Frame>
    }
}
