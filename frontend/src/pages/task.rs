//! A task's page: what is to be done by whom until when, the figure since, what happened, and what can be done now.
//!
//! Must never offer to judge an answer that isn't on the page.

use super::{
    Failure, Frame,
    actor::{Actor, SELECT, use_actor},
    asked::use_asked,
    sending::{Sending, use_sending},
    tasks::{standing, standing_code},
};
use crate::{
    app::{Link, use_speech},
    browser,
    calendar::Calendar,
    centre::Centre,
    client,
    locale::{Language, LeaderWords, console_words, leader_words},
    route::Route,
};
use std::str::FromStr;
use taydo_model::{
    Allowance, PersonId,
    task::{
        MAX_TEXT_CHARS, Standing, TaskId,
        effect::Effect,
        page::{SaidLine, TaskNotes},
        request::TaskAct,
    },
};
use web_sys::{HtmlSelectElement, HtmlTextAreaElement};
use yew::prelude::*;

/// How often the page asks, in milliseconds.
const ASK_MS: u32 = 10_000;

/// Which task.
#[derive(Clone, PartialEq, Properties)]
pub struct TaskProps {
    /// Its number.
    pub id: TaskId,
}

/// The lengths of time that are offered, each with its words.
pub(super) fn lengths(words: &'static LeaderWords) -> [(&'static str, &'static str); 5] {
    [("1wd", words.in_1), ("3wd", words.in_3), ("5wd", words.in_5), ("10wd", words.in_10), ("20wd", words.in_20)]
}

/// A select of lengths of time; three working days are chosen.
pub(super) fn within(node: &NodeRef, words: &'static LeaderWords) -> Html {
    let option = |(value, text): (&'static str, &'static str)| html! { <option {value} selected={value == "3wd"}>{ text }</option> };
    html! { <label class="field">{ words.due }<select ref={node.clone()} name="within">{ for lengths(words).into_iter().map(option) }</select></label> }
}

/// The length of time that is chosen.
pub(super) fn chosen(node: &NodeRef) -> Option<Allowance> {
    Allowance::from_str(&node.cast::<HtmlSelectElement>()?.value()).ok()
}

fn figures(effect: &Effect, calendar: &Calendar, page: &TaskNotes, language: Language) -> Html {
    let words = leader_words(language);
    let at = |figure: &Option<taydo_model::task::Figure>| {
        figure.map_or_else(|| "—".to_owned(), |figure| calendar.moment(figure.time, page.time))
    };
    html! {
        <section class="since"><h2>{ words.effect }</h2>
            <p class="sentence">{ effect.words.get(language) }</p>
            <p class="note">{ format!("{}: {} · {}: {}", words.then, at(&effect.then), words.now, at(&effect.now)) }</p>
        </section>
    }
}

/// What somebody writes about a task, and how it is sent.
#[derive(Clone)]
struct Desk {
    id: TaskId,
    sending: Sending,
    text: NodeRef,
    remark: NodeRef,
    within: NodeRef,
    actor: Actor,
    language: Language,
}

impl Desk {
    /// A form's callback: does what `make` says in the name of whoever acts.
    fn act(
        &self,
        field: &NodeRef,
        done: &'static str,
        make: impl Fn(PersonId, String) -> Option<TaskAct> + 'static,
    ) -> Callback<SubmitEvent> {
        let (desk, field) = (self.clone(), field.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            desk.send(&field, done, &make);
        })
    }

    fn send(&self, field: &NodeRef, done: &'static str, make: &dyn Fn(PersonId, String) -> Option<TaskAct>) {
        let Some(person) = self.actor.person.clone() else {
            self.sending.refuse(console_words(self.language).who_first);
            return browser::focus(SELECT);
        };
        let area = field.cast::<HtmlTextAreaElement>();
        let text = area.as_ref().map(HtmlTextAreaElement::value).unwrap_or_default();
        let Some(act) = make(person, text) else { return self.sending.refuse(leader_words(self.language).fill) };
        let then = Callback::from(move |()| area.iter().for_each(|area| area.set_value("")));
        self.sending.send(format!("/api/v1/tasks/{}/acts", self.id.0), client::json(&act), done, then);
    }

    fn area(&self, node: &NodeRef, name: &'static str, label: &'static str, is_required: bool) -> Html {
        html! { <label class="field wide">{ label }<textarea ref={node.clone()} {name} rows="3" required={is_required} maxlength={MAX_TEXT_CHARS.to_string()}/></label> }
    }

    /// What can be done now.
    fn view(&self, page: &TaskNotes) -> Html {
        let words = leader_words(self.language);
        let head = &page.task.head;
        if head.standing == Standing::Closed {
            return self.sending.view();
        }
        let seen = head.lines;
        let answer =
            self.act(&self.text, words.answer_sent, |person, text| (!text.trim().is_empty()).then_some(TaskAct::Answer { person, text }));
        let close = self.act(&self.remark, words.was_closed, move |person, text| Some(TaskAct::Close { person, text, seen }));
        let back = {
            let desk = self.clone();
            Callback::from(move |_: MouseEvent| {
                let within = chosen(&desk.within);
                let make = move |person: PersonId, text: String| {
                    let within = within?;
                    (!text.trim().is_empty()).then_some(TaskAct::SendBack { person, text, within, seen })
                };
                desk.send(&desk.remark, words.was_sent_back, &make);
            })
        };
        let is_busy = self.sending.is_busy();
        html! {
            <section class="task-acts">
                { self.sending.view() }
                <form class="typing answer" onsubmit={answer}><h2>{ words.answer }</h2>
                    { self.area(&self.text, "answer", words.answer_hint, true) }
                    <div class="buttons"><button type="submit" class="main" disabled={is_busy}>{ words.send_answer }</button></div>
                </form>
                <form class="typing judge" onsubmit={close}><h2>{ words.giver }</h2>
                    { self.area(&self.remark, "remark", words.close_note, false) }
                    if head.standing == Standing::Answered { { within(&self.within, words) } }
                    <div class="buttons"><button type="submit" class="main" data-act="close" disabled={is_busy}>{ words.close }</button>
                        if head.standing == Standing::Answered { <button type="button" data-act="back" disabled={is_busy} onclick={back}>{ words.send_back }</button> }</div>
                </form>
            </section>
        }
    }
}

fn history(page: &TaskNotes, calendar: &Calendar, language: Language) -> Html {
    let line = |line: &SaidLine| {
        let who = page.names.get(&line.person).cloned().unwrap_or_else(|| line.person.to_string());
        html! { <li><time>{ calendar.moment(line.at, page.time) }</time><span>{ format!("{who}: {}", line.text.get(language)) }</span></li> }
    };
    html! { <section class="log"><h2>{ leader_words(language).history }</h2><ol>{ for page.said.iter().map(line) }</ol></section> }
}

/// The page.
#[component]
pub fn TaskView(props: &TaskProps) -> Html {
    let language = use_speech().language;
    let words = leader_words(language);
    let id = props.id;
    let actor = use_actor();
    let asked = use_asked::<TaskNotes>(id.0.to_string(), ASK_MS, move || format!("/api/v1/tasks/{}", id.0));
    let sending = use_sending(&asked.again, language);
    let (text, remark, within) = (use_node_ref(), use_node_ref(), use_node_ref());
    let Some(centre) = use_context::<Centre>() else { return Html::default() };
    let Some(page) = &asked.answer else { return html! { <Failure error={asked.error()} {language} /> } };
    let desk = Desk { id, sending, text, remark, within, actor: actor.clone(), language };
    let (calendar, head) = (centre.calendar(), &page.task.head);
    let kpi = Route::Kpi(head.kpi.clone(), head.scope.clone());
    html! {
        <Frame title={format!("{}. {}", id.0, head.text)} head={actor.select(language)}>
            <p class="state"><Link to={Route::Tasks(None)} text={words.tasks} />{ " · " }<Link to={kpi} text={page.task.about.get(language).to_owned()} /></p>
            { super::broken(asked.broken.as_ref(), &calendar, language) }
            if !page.is_intact { <p class="broken" role="alert">{ words.broken_chain }</p> }
            <div class={classes!("case", "task", asked.broken.is_some().then_some("old"))} data-standing={standing_code(head.standing)}>
                <div>
                    <p class="marks">{ standing(&page.task, page.time, language) }</p>
                    <dl class="facts">
                        <div><dt>{ words.unit }</dt><dd>{ page.task.unit_name.get(language) }</dd></div>
                        <div><dt>{ words.due }</dt><dd>{ calendar.moment(head.due, page.time) }</dd></div>
                        <div><dt>{ words.giver }</dt><dd>{ page.names.get(&head.giver).cloned().unwrap_or_else(|| head.giver.to_string()) }</dd></div>
                    </dl>
                    { page.effect.as_ref().map(|effect| figures(effect, &calendar, page, language)) }
                    { desk.view(page) }
                </div>
                <div>{ history(page, &calendar, language) }</div>
            </div>
        </Frame>
    }
}
