//! Typing one figure, with the server's objections beside it.
//!
//! Must never read the number: it is sent as it was typed.

use super::{
    Clerk,
    rows::{answer, problems},
};
use crate::{
    client::{self, ClientError},
    locale::{Language, form_words},
};
use std::rc::Rc;
use taydo_model::form::{Draft, Duty, MAX_REASON_CHARS, Stated, Verdict};
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

/// Which figure.
#[derive(Clone, PartialEq, Properties)]
pub(super) struct EntryProps {
    pub(super) duty: Rc<Duty>,
    pub(super) clerk: Clerk,
    pub(super) language: Language,
    pub(super) close: Callback<()>,
}

/// The form.
#[component]
pub(super) fn EntryForm(props: &EntryProps) -> Html {
    let EntryProps { duty, clerk, language, close } = props.clone();
    let words = form_words(language);
    let (value, stated, reason) = (use_node_ref(), use_node_ref(), use_node_ref());
    let verdict = use_state(|| None::<Result<Verdict, ClientError>>);
    let busy = use_state_eq(|| false);
    let focus = value.clone();
    use_effect_with((), move |()| {
        if let Some(input) = focus.cast::<HtmlInputElement>() {
            let _ = input.focus();
        }
    });
    let send = {
        let (value, stated, reason) = (value.clone(), stated.clone(), reason.clone());
        let (setter, set_busy) = (verdict.setter(), busy.setter());
        let (duty, clerk) = (duty.clone(), clerk.clone());
        Callback::from(move |confirm: bool| {
            let text = |node: &NodeRef| node.cast::<HtmlInputElement>().map(|input| input.value()).unwrap_or_default();
            let is_provisional = stated.cast::<HtmlSelectElement>().is_some_and(|select| select.value() == "provisional");
            let draft = Draft {
                department: clerk.department.clone(),
                name: clerk.name.to_string(),
                kpi: duty.kpi.clone(),
                scope: duty.scope.clone(),
                term: duty.term,
                value: text(&value),
                stated: if is_provisional { Stated::Provisional } else { Stated::Official },
                reason: text(&reason),
                confirm,
                dry_run: false,
            };
            let (setter, set_busy, done) = (setter.clone(), set_busy.clone(), clerk.done.clone());
            set_busy.set(true);
            wasm_bindgen_futures::spawn_local(async move {
                let answer = client::enter(&draft).await;
                let is_taken = answer.as_ref().is_ok_and(|verdict| verdict.receipt.is_some());
                setter.set(Some(answer));
                set_busy.set(false);
                if is_taken {
                    done.emit(());
                }
            });
        })
    };
    let onsubmit = {
        let send = send.clone();
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            send.emit(false);
        })
    };
    let onkeydown = Callback::from(move |event: KeyboardEvent| {
        if event.key() == "Escape" {
            close.emit(());
        }
    });
    let to_confirm = matches!(&*verdict, Some(Ok(verdict)) if verdict.to_confirm > 0 && verdict.receipt.is_none());
    let objections = verdict.as_ref().and_then(|verdict| verdict.as_ref().ok()).filter(|verdict| verdict.taken + verdict.unchanged == 0);
    let confirm = {
        let send = send.clone();
        Callback::from(move |_: MouseEvent| send.emit(true))
    };
    let unit = duty.unit.symbol();
    let invalid = objections.is_some().to_string();
    html! {
        <form class="typing" {onsubmit} {onkeydown} novalidate=true>
            <label class="field">{ words.value }<span class="with-unit"><input ref={value} type="text" inputmode="decimal" autocomplete="off" aria-invalid={invalid} aria-describedby="objections" /><span>{ unit.get(language) }</span></span><small>{ words.value_hint }</small></label>
            <label class="field">{ words.stated }<select ref={stated}><option value="official" selected=true>{ words.official }</option><option value="provisional">{ words.provisional }</option></select></label>
            <label class="field wide">{ words.reason }<input ref={reason} type="text" maxlength={MAX_REASON_CHARS.to_string()} autocomplete="off" /><small>{ words.reason_hint }</small></label>
            <div id="objections" class="objections" role="alert">
                { objections.map(|verdict| {
                    let all: Vec<_> = verdict.problems.iter().chain(verdict.rows.iter().flat_map(|row| &row.problems)).collect();
                    problems(&all, language)
                }) }
            </div>
            <div class="buttons">
                <button type="submit" class="main" disabled={*busy}>{ if *busy { words.sending } else { words.send } }</button>
                if to_confirm { <button type="button" disabled={*busy} onclick={confirm}>{ words.confirm }</button> }
            </div>
            { verdict.as_ref().filter(|_| objections.is_none()).map(|verdict| answer(verdict.as_ref(), language)) }
        </form>
    }
}
