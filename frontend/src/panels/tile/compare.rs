//! A tile's lines of comparison.
//!
//! Must never show an arrow without its word.

use crate::{
    centre::Centre,
    figure::Direction,
    locale::words,
    panels::{
        again::{use_again, use_played},
        marks,
    },
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

/// The lines that are asked for, as far as they are here; in a replay, those of the played instant.
#[hook]
pub fn use_comparisons(centre: &Centre, kpi: &Kpi, scope: &Scope, against: Vec<Against>, language: Language) -> Html {
    let played = use_played(centre, kpi.every_s.clamp(1, MOST_S));
    let key = (!against.is_empty()).then(|| {
        let mut path = format!("/api/v1/kpis/{}/compare?scope={scope}", kpi.id);
        path.extend(played.map(|at| format!("&at={at}")));
        path.extend(played.and_then(|at| centre.as_of(at)).map(|then| format!("&as_of={then}")));
        path
    });
    // What was stays as it was.
    let every_s = if played.is_some() { MOST_S } else { kpi.every_s.clamp(LEAST_S, MOST_S) };
    let every_ms = every_s * 1000;
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
