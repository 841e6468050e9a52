//! A tile's line of comparison.
//!
//! Must never show an arrow without its word.

use crate::{
    figure::Direction,
    locale::words,
    panels::{PanelProps, again::use_again, marks},
};
use taydo_model::{
    Scope,
    compare::{Against, CompareNotes, TrendWay},
};
use yew::prelude::*;

/// A comparison moves slowly; many walls and browsers ask.
const LEAST_S: u32 = 120;
const MOST_S: u32 = 3600;

/// The line, where the board asks for one and it is here.
#[hook]
pub fn use_compare(props: &PanelProps, scope: &Scope, against: Option<Against>) -> Html {
    let key = against.map(|_| format!("/api/v1/kpis/{}/compare?scope={scope}", props.kpi.id));
    let every_ms = props.kpi.every_s.clamp(LEAST_S, MOST_S) * 1000;
    let page = use_again::<String, CompareNotes>(key, every_ms, String::clone);
    let found = page.as_ref().and_then(|page| page.comparisons.iter().find(|one| Some(one.against) == against));
    let Some(one) = found else { return Html::default() };
    let direction = one.way.map(|way| match way {
        TrendWay::Rising => Direction::Up,
        TrendWay::Falling => Direction::Down,
        TrendWay::Level => Direction::Level,
    });
    let direction = direction.map(|direction| marks::direction(direction, words(props.language)));
    html! { <p class="change compare">{ direction }<span>{ one.words.get(props.language) }</span></p> }
}
