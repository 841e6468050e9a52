//! What can be taken along from a KPI's page: its address with what is chosen, its readings as CSV, and paper.
//!
//! Must never put anything into an address that is not in this browser's address already.

use super::course::between;
use crate::{
    browser,
    centre::Centre,
    locale::{Language, leader_words},
    pages::{actor::Actor, freezing::Freezing},
    route::Route,
};
use taydo_model::{KpiId, Scope, frozen::FrozenOf};
use yew::prelude::*;

/// Of what.
#[derive(Clone, PartialEq, Properties)]
pub(super) struct ShareProps {
    pub(super) kpi: KpiId,
    pub(super) scope: Scope,
    pub(super) span_s: i64,
    /// Who acts.
    pub(super) actor: Actor,
    pub(super) language: Language,
}

/// The section.
#[component]
pub(super) fn Share(props: &ShareProps) -> Html {
    let words = leader_words(props.language);
    let said = use_state_eq(|| None::<(bool, String)>);
    let Some(centre) = use_context::<Centre>() else { return Html::default() };
    let copy = {
        let said = said.clone();
        Callback::from(move |_: MouseEvent| {
            let address = browser::address();
            said.set(Some((browser::copy(&address), address)));
        })
    };
    let (from, to) = between(centre.now().time, props.span_s);
    let csv = format!("/api/v1/kpis/{}/readings?scope={}&from={from}&to={to}&points=5000&format=csv&bom=true", props.kpi, props.scope);
    let answer = said.as_ref().map(|(is_copied, address)| {
        if *is_copied {
            html! { <p class="said">{ words.link_copied }</p> }
        } else {
            html! { <p class="said link">{ words.link_here }{ ": " }<code>{ address }</code></p> }
        }
    });
    let span_s = u32::try_from(props.span_s).unwrap_or(u32::MAX);
    let of = FrozenOf::Kpi { kpi: props.kpi.clone(), scope: props.scope.clone(), span_s };
    let path = Route::Kpi(props.kpi.clone(), props.scope.clone()).path();
    html! {
        <section class="share">
            <h2>{ words.share }</h2>
            <div class="buttons">
                <button type="button" data-act="copy" onclick={copy}>{ words.copy_link }</button>
                <a href={csv} download="">{ words.csv }</a>
                <button type="button" data-act="print" onclick={|_| browser::print()}>{ words.print }</button>
            </div>
            <div role="status">{ answer }</div>
            <Freezing {of} {path} actor={props.actor.clone()} language={props.language} />
        </section>
    }
}
