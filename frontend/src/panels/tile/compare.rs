//! A tile's lines of comparison.
//!
//! Must never show an arrow without its word.

use crate::{
    figure::Direction,
    locale::words,
    panels::{again::use_again, marks},
};
use taydo_model::{
    Kpi, Scope,
    compare::{Against, CompareNotes, TrendWay},
    text::Language,
};
use yew::prelude::*;

/// A comparison moves slowly; many walls and browsers ask.
const LEAST_S: u32 = 120;
const MOST_S: u32 = 3600;

/// The lines that are asked for, as far as they are here.
#[hook]
pub fn use_comparisons(kpi: &Kpi, scope: &Scope, against: Vec<Against>, language: Language) -> Html {
    let key = (!against.is_empty()).then(|| format!("/api/v1/kpis/{}/compare?scope={scope}", kpi.id));
    let every_ms = kpi.every_s.clamp(LEAST_S, MOST_S) * 1000;
    let page = use_again::<String, CompareNotes>(key, every_ms, String::clone);
    let line = |against: &Against| {
        let one = page.as_ref()?.comparisons.iter().find(|one| one.against == *against)?;
        let direction = one.way.map(|way| match way {
            TrendWay::Rising => Direction::Up,
            TrendWay::Falling => Direction::Down,
            TrendWay::Level => Direction::Level,
        });
        let direction = direction.map(|direction| marks::direction(direction, words(language)));
        Some(html! { <p class="change compare">{ direction }<span>{ one.words.get(language) }</span></p> })
    };
    against.iter().filter_map(line).collect()
}
