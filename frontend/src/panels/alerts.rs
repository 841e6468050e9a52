//! What is open now, the worst first.
//!
//! Must never be empty without a word: that nothing is open, or that it is not known.

use super::{PlaceProps, severity};
use crate::{
    app::Link,
    centre::Centre,
    clock::seconds_between,
    incidents::{self, Filter},
    locale::{self, Language, console_words, panel_words},
    pages::asked::use_asked,
    route::Route,
};
use jiff::Timestamp;
use taydo_model::{
    alert::Severity,
    board::Content,
    console::{IncidentsNotes, ViewNote},
};
use yew::prelude::*;

const ASK_MS: u32 = 5_000;

/// The list; `more` is how many are open beside those.
pub fn list(open: &[&ViewNote], limit: usize, now: Timestamp, language: Language, is_kiosk: bool) -> Html {
    let (words, panel_words) = (console_words(language), panel_words(language));
    if open.is_empty() {
        return html! { <p class="empty">{ panel_words.none_open }</p> };
    }
    let row = |view: &&ViewNote| {
        let (incident, title) = (&view.incident, view.title.get(language).to_owned());
        let heading = if is_kiosk {
            html! { title }
        } else {
            html! { <Link to={Route::Incident(incident.id)} text={title} /> }
        };
        html! {
            <li key={incident.id.0} data-severity={severity::severity_code(incident.severity)}>
                <span class="how-bad">{ severity::severity(incident.severity, false, words) }{ severity::exercise(view.exercise, words) }</span>
                <span class="what"><b class="name">{ heading }</b><small class="where">{ view.place.get(language) }</small></span>
                <span class="whose">{ severity::standing(incident.standing, words) }<span class="age">{ locale::span(seconds_between(incident.opened_at, now), language) }</span></span>
            </li>
        }
    };
    let more = open.len().saturating_sub(limit);
    html! {
        <>
            <ol>{ for open.iter().take(limit).map(row) }</ol>
            <footer><span class="age">{ (more > 0).then(|| format!("+{} {}", locale::count(u64::try_from(more).unwrap_or(u64::MAX), language), panel_words.more_open)) }</span></footer>
        </>
    }
}

/// The panel.
#[component]
pub fn Alerts(props: &PlaceProps) -> Html {
    let (limit, least) = match &props.panel.content {
        Content::Alerts { limit, least } => (usize::from(*limit), *least),
        _ => (0, Severity::Info),
    };
    let asked = use_asked::<IncidentsNotes>(String::new(), ASK_MS, || "/api/v1/incidents".to_owned());
    let Some(centre) = use_context::<Centre>() else { return Html::default() };
    let (words, language) = (panel_words(props.language), props.language);
    let filter = Filter { team: None, severity: Some(least) };
    let body = match &asked.answer {
        Some(page) => list(&incidents::open(&page.incidents, &filter), limit, centre.now().time, language, props.is_kiosk),
        None if asked.broken.is_some() => html! { <p class="empty">{ words.unknown_open }</p> },
        None => html! { <p class="empty">{ locale::words(language).loading }</p> },
    };
    let broken = asked.broken.as_ref().filter(|_| asked.answer.is_some());
    let broken = broken.map(
        |(_, since)| html! { <p class="broken"><b>{ console_words(language).broken }{ " " }{ centre.calendar().second(*since) }</b></p> },
    );
    html! {
        <section class={classes!("panel", "open-alerts", broken.is_some().then_some("old"))}>
            <header><h2>{ props.title_or(words.open_alerts) }</h2></header>
            { broken }{ body }
        </section>
    }
}
