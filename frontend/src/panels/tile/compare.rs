//! A tile's line of comparison.
//!
//! Must never show an arrow without its word.

use crate::{
    client, comparison,
    locale::words,
    panels::{PanelProps, again::use_again, marks},
};
use taydo_model::{Scope, compare::Against};
use yew::prelude::*;

/// A comparison moves slowly; many walls and browsers ask.
const LEAST_S: u32 = 120;
const MOST_S: u32 = 3600;

/// The line, where the board asks for one and it is here.
#[hook]
pub fn use_compare(props: &PanelProps, scope: &Scope, against: Option<Against>) -> Html {
    let key = against.map(|_| (props.kpi.id.clone(), scope.clone()));
    let every_ms = props.kpi.every_s.clamp(LEAST_S, MOST_S) * 1000;
    let page = use_again(key, every_ms, |(kpi, scope)| async move { client::compare(&kpi, &scope).await });
    let found = page.as_ref().and_then(|page| page.comparisons.iter().find(|one| Some(one.against) == against));
    let Some(one) = found else { return Html::default() };
    let line = comparison::line(&props.kpi, one, props.language);
    let direction = line.direction.map(|direction| marks::direction(direction, words(props.language)));
    let by = line.by.map(|by| html! { <b class="by">{ by }</b> });
    let verdict = line.verdict.map(|verdict| html! { <span class="verdict">{ verdict }</span> });
    html! { <p class="change compare">{ direction }{ by }<span>{ line.text }</span>{ verdict }</p> }
}
