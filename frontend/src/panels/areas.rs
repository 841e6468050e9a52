//! The maps: every area of the city as a tile of one size, or in its real shape.
//!
//! Must never be the only way to a figure: the areas that stand out are named beside the map, and all are in its table.

use super::{Look, PanelProps, marks, use_look};
use crate::{
    areas::{self, Place, Places},
    centre::Centre,
    digits::{CHART_REST_MS, Gate},
    locale::{self, Language, PanelWords, panel_words, words},
    ranking::Names,
    store::Interest,
};
use std::rc::Rc;
use taydo_model::{Kpi, Quality, Scope, Status, board::Content, kpi::Dimension, map};
use web_sys::Element;
use yew::prelude::*;

fn look(kpi: Rc<Kpi>, names: Rc<Names>, language: Language) -> Look<Places> {
    let mut gate = Gate::new(CHART_REST_MS);
    Box::new(move |centre: &Centre, now| {
        let newest = centre.read(|store| areas::places(&kpi, store.ranked(&kpi.id, Dimension::Area), &names, now.time, language));
        let is_known = centre.read(|store| store.ranked(&kpi.id, Dimension::Area).next().is_some());
        gate.pass(newest, is_known, now.ms)
    })
}

fn class(place: &Place) -> Classes {
    let without = if place.is_measured { "none" } else { "none unmeasured" };
    let shade = place.shade.map_or_else(|| without.to_owned(), |shade| format!("shade-{shade}"));
    classes!("area", shade, (place.quality == Quality::Stale).then_some("stale"))
}

fn says(place: &Place, language: Language) -> String {
    let without = if place.is_measured { words(language).missing } else { panel_words(language).not_measured };
    let value = place.value.as_deref().unwrap_or(without);
    let status =
        if place.status == Status::Normal { String::new() } else { format!(" – {}", marks::status_word(place.status, words(language))) };
    format!("{}: {value}{status}", place.name)
}

/// The mark of what is not normal, within a tile around its centre.
fn mark(status: Status, (x, y): (f64, f64)) -> Html {
    let move_to = format!("translate({:.2} {:.2}) scale(0.065) translate(-8 -8)", x, y);
    let shape = match status {
        Status::Normal => return Html::default(),
        Status::Attention => html! { <circle cx="8" cy="8" r="6" /> },
        Status::Critical => html! { <path d="M8 1.5 15 14H1Z" /> },
    };
    html! { <g class="sign" transform={move_to}>{ shape }</g> }
}

/// The tile map; nothing where no area has a place on it.
fn tiles(shown: &Places, names: &Names, language: Language) -> Option<Html> {
    let (left, top, width, height) = areas::frame(names.areas().iter().filter_map(|area| area.hex))?;
    let tile = |(place, area): (&Place, &taydo_model::Area)| {
        let centre = areas::centre(area.hex?);
        Some(html! {
            <g key={place.area.to_string()} class={class(place)} data-status={marks::status_code(place.status)}>
                <title>{ says(place, language) }</title><polygon points={areas::outline(centre)} />{ mark(place.status, centre) }
            </g>
        })
    };
    let view = format!("{left:.2} {top:.2} {width:.2} {height:.2}");
    Some(
        html! { <svg class="tiles" viewBox={view} aria-hidden="true" focusable="false">{ for shown.places.iter().zip(names.areas()).filter_map(tile) }</svg> },
    )
}

/// The real shapes; nothing where the map is not there.
fn shapes(shown: &Places, names: &Names, id: &str, language: Language) -> Option<Html> {
    let found = names.map(id)?;
    let shape = |shape: &map::Shape| {
        let place = shown.places.iter().find(|place| place.area == shape.area)?;
        Some(html! {
            <g key={place.area.to_string()} class={class(place)} data-status={marks::status_code(place.status)}>
                <title>{ says(place, language) }</title><path fill-rule="evenodd" d={shape.path.clone()} />
            </g>
        })
    };
    let view = format!("0 0 {} {}", map::WIDTH, found.height);
    Some(
        html! { <svg class="shapes" viewBox={view} aria-hidden="true" focusable="false">{ for found.shapes.iter().filter_map(shape) }</svg> },
    )
}

/// How many areas stand out, and how many are not known.
fn counts(shown: &Places, panel_words: &PanelWords, language: Language) -> Html {
    let words = words(language);
    let count = |count: usize| locale::count(u64::try_from(count).unwrap_or(u64::MAX), language);
    let of = |status: Status, many: usize| {
        (many > 0).then(|| html! { <span class={format!("chip chip-{}", marks::status_code(status))}>{ marks::status_shape(status) }{ count(many) }{ " " }{ marks::status_word(status, words) }</span> })
    };
    html! { <p class="counts">{ of(Status::Critical, shown.critical) }{ of(Status::Attention, shown.attention) }
    { (shown.missing > 0).then(|| html! { <span class="quality">{ marks::quality_shape(Quality::Missing) }{ count(shown.missing) }{ " " }{ panel_words.without }</span> }) }</p> }
}

/// The shades from the smallest value to the largest.
fn scale(shown: &Places) -> Html {
    let Some((low, high)) = &shown.ends else { return Html::default() };
    let swatch = |n: usize| html! { <rect class={format!("shade-{n}")} x={(n * 20).to_string()} width="20" height="10" /> };
    html! { <p class="ends">{ low }<svg viewBox="0 0 100 10" aria-hidden="true" focusable="false">{ for (0..areas::SHADES).map(swatch) }</svg>{ high }</p> }
}

fn worst(shown: &Places) -> Html {
    let named = shown.worst.iter().filter_map(|at| shown.places.get(*at));
    let line = |place: &Place| {
        html! { <li data-status={marks::status_code(place.status)}><span class="name">{ marks::status_shape(place.status) }{ &place.name }</span><b class="value">{ place.value.clone() }</b></li> }
    };
    html! { <ol class="worst">{ for named.map(line) }</ol> }
}

fn table(shown: &Places, title: &str, language: Language) -> Html {
    let words = words(language);
    let row = |place: &Place| {
        let value = place.value.clone().unwrap_or_else(|| "—".to_owned());
        let quality = if place.is_measured { marks::quality_word(place.quality, words) } else { panel_words(language).not_measured };
        let status = place.value.as_ref().map(|_| marks::status_word(place.status, words));
        html! { <tr key={place.area.to_string()}><th scope="row">{ &place.name }</th><td>{ value }</td><td>{ status }</td><td>{ quality }</td></tr> }
    };
    html! {
        <div class="scroll" tabindex="0" role="region" aria-label={format!("{}: {title}", words.table)}>
            <table>
                <thead><tr><th scope="col">{ panel_words(language).area }</th><th scope="col">{ words.value }</th><th scope="col">{ words.state }</th><th scope="col">{ words.quality }</th></tr></thead>
                <tbody>{ for shown.places.iter().map(row) }</tbody>
            </table>
        </div>
    }
}

/// The map with what is said of it; `table` is opened by who can operate it.
#[component]
pub fn AreaMap(props: &PanelProps) -> Html {
    let Some(centre) = use_context::<Centre>() else { return Html::default() };
    let is_open = use_state_eq(|| false);
    let interests = || vec![Interest::Ranked(props.kpi.id.clone(), Dimension::Area)];
    let view = use_look(&centre, props.clone(), interests, || look(props.kpi.clone(), props.names.clone(), props.language));
    let Some(shown) = view else { return Html::default() };
    let panel_words = panel_words(props.language);
    let (drawn, source) = match &props.panel.content {
        Content::Map { map, .. } => {
            (shapes(&shown, &props.names, map, props.language), props.names.map(map).map(|map| map.attribution.clone()))
        }
        _ => (tiles(&shown, &props.names, props.language), None),
    };
    let title = props.title();
    let set_open = is_open.setter();
    let ontoggle = Callback::from(move |event: Event| {
        set_open.set(event.target_dyn_into::<Element>().is_some_and(|details| details.has_attribute("open")));
    });
    let summary =
        shown.worst.iter().filter_map(|at| shown.places.get(*at)).map(|place| says(place, props.language)).collect::<Vec<_>>().join("; ");
    let is_bare = shown.ends.is_none();
    html! {
        <section class="panel map" data-kpi={props.kpi.id.to_string()} data-quality={if is_bare { "missing" } else { "good" }}>
            <header><h2>{ props.heading(&Scope::City) }</h2>{ scale(&shown) }</header>
            { counts(&shown, panel_words, props.language) }
            <div class="drawn" role="img" aria-label={format!("{title}. {}: {summary}", panel_words.worst)}>
                { drawn.unwrap_or_else(|| html! { <p class="empty">{ panel_words.no_areas }</p> }) }
            </div>
            { worst(&shown) }
            { source.filter(|source| !source.is_empty()).map(|source| html! { <small>{ source }</small> }) }
            if !props.is_kiosk {
                <details {ontoggle}><summary>{ words(props.language).table }</summary>{ is_open.then(|| table(&shown, &title, props.language)) }</details>
            }
        </section>
    }
}
