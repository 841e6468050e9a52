//! Sending a file: it is checked first, and sent for good when whoever sends it says so.
//!
//! Must never send for good what was not checked: the file that was tried is the one that is sent.

use super::{
    Clerk,
    rows::{answer, table},
};
use crate::{
    client::{self, ClientError, Sending},
    locale::{Language, form_words},
};
use std::rc::Rc;
use taydo_model::form::Verdict;
use web_sys::{DragEvent, File, HtmlInputElement};
use yew::prelude::*;

/// Who sends.
#[derive(Clone, PartialEq, Properties)]
pub(super) struct UploadProps {
    pub(super) clerk: Clerk,
    pub(super) language: Language,
}

/// A file that was chosen, and what the server said of it.
#[derive(Clone, Default)]
struct Chosen {
    file: Option<File>,
    verdict: Option<Result<Rc<Verdict>, ClientError>>,
    busy: bool,
}

/// What may be done with a checked file.
#[derive(Clone, Copy, PartialEq)]
enum Press {
    Send,
    GoodRows,
    Confirm,
}

fn buttons(verdict: &Verdict, busy: bool, press: &Callback<Press>, language: Language) -> Html {
    let words = form_words(language);
    let good = verdict.rows.len() - verdict.wrong - verdict.to_confirm;
    let button = |what: Press, text: &'static str, main: bool| {
        let press = press.clone();
        html! { <button type="button" class={classes!(main.then_some("main"))} disabled={busy} onclick={move |_| press.emit(what)}>{ if busy { words.sending } else { text } }</button> }
    };
    if !verdict.dry_run || !verdict.problems.is_empty() {
        return Html::default();
    }
    html! {
        <div class="buttons">
            if verdict.wrong == 0 && verdict.to_confirm == 0 { { button(Press::Send, words.send, true) } }
            if verdict.wrong == 0 && verdict.to_confirm > 0 { { button(Press::Confirm, words.confirm_file, true) } }
            if verdict.wrong + verdict.to_confirm > 0 && good > 0 { { button(Press::GoodRows, words.send_good, false) } }
        </div>
    }
}

/// The section.
#[component]
pub(super) fn Upload(props: &UploadProps) -> Html {
    let UploadProps { clerk, language } = props.clone();
    let words = form_words(language);
    let chosen = use_state(Chosen::default);
    let over = use_state_eq(|| false);
    let ask = {
        let (setter, clerk) = (chosen.setter(), clerk.clone());
        Callback::from(move |(file, press, sha256): (File, Option<Press>, Option<String>)| {
            let sending = Sending {
                department: clerk.department.clone(),
                name: clerk.name.to_string(),
                dry_run: press.is_none(),
                good_rows: press == Some(Press::GoodRows),
                confirm: sha256.filter(|_| press == Some(Press::Confirm)),
            };
            let (setter, done) = (setter.clone(), clerk.done.clone());
            setter.set(Chosen { file: Some(file.clone()), verdict: None, busy: true });
            wasm_bindgen_futures::spawn_local(async move {
                let verdict = client::upload(&file, &sending).await.map(Rc::new);
                let is_taken = verdict.as_ref().is_ok_and(|verdict| verdict.receipt.is_some() && verdict.taken > 0);
                setter.set(Chosen { file: Some(file), verdict: Some(verdict), busy: false });
                if is_taken {
                    done.emit(());
                }
            });
        })
    };
    let onchange = {
        let ask = ask.clone();
        Callback::from(move |event: Event| {
            let Some(input) = event.target_dyn_into::<HtmlInputElement>() else { return };
            if let Some(file) = input.files().and_then(|files| files.get(0)) {
                ask.emit((file, None, None));
            }
            // So that the same file, mended, can be chosen again.
            input.set_value("");
        })
    };
    let ondrop = {
        let (ask, setter) = (ask.clone(), over.setter());
        Callback::from(move |event: DragEvent| {
            event.prevent_default();
            setter.set(false);
            if let Some(file) = event.data_transfer().and_then(|data| data.files()).and_then(|files| files.get(0)) {
                ask.emit((file, None, None));
            }
        })
    };
    let drag = |is_over: bool| {
        let setter = over.setter();
        Callback::from(move |event: DragEvent| {
            event.prevent_default();
            setter.set(is_over);
        })
    };
    let verdict = chosen.verdict.as_ref().map(Result::as_ref);
    let press = {
        let (file, sha256) = (chosen.file.clone(), verdict.and_then(Result::ok).and_then(|verdict| verdict.sha256.clone()));
        Callback::from(move |press: Press| {
            if let Some(file) = file.clone() {
                ask.emit((file, Some(press), sha256.clone()));
            }
        })
    };
    let template = |end: &str| format!("/api/v1/forms/template.{end}?department={}", clerk.department);
    let name = chosen.file.as_ref().map(File::name);
    html! {
        <section class="upload">
            <h2>{ words.upload }</h2>
            <p class="note">{ words.upload_note }{ " " }{ words.template }{ ": " }<a href={template("xlsx")} download="">{ ".xlsx" }</a>{ ", " }<a href={template("csv")} download="">{ ".csv" }</a></p>
            <div class={classes!("drop", over.then_some("over"))} {ondrop} ondragover={drag(true)} ondragleave={drag(false)}>
                <label class="file"><input type="file" accept=".xlsx,.csv,text/csv,application/vnd.openxmlformats-officedocument.spreadsheetml.sheet" {onchange} /><span>{ if name.is_some() { words.other_file } else { words.choose_file } }</span></label>
                <span class="note">{ name.unwrap_or_else(|| words.drop_here.to_owned()) }</span>
            </div>
            if chosen.busy { <p class="note" role="status">{ words.sending }</p> }
            { verdict.map(|verdict| html! {
                <div class="verdict" data-wrong={verdict.map_or(0, |verdict| verdict.wrong).to_string()}>
                    { answer(verdict.map(AsRef::as_ref), language) }
                    { verdict.ok().map(|verdict| html! { <>{ buttons(verdict, chosen.busy, &press, language) }{ table(verdict, language) }</> }) }
                </div>
            }) }
        </section>
    }
}
