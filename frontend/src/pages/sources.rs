//! The sources page: how each feed is, what is wrong with the city's folder, which assets nobody has registered, what was
//! refused and why.
//!
//! Must never hide that its own figures are old: it says as of when they are.

mod gaps;

use super::{Failure, Frame, asked::use_asked};
use crate::{
    app::{Link, use_speech},
    centre::Centre,
    clock::seconds_between,
    locale::{self, Words, form_words, words},
    route::Route,
};
use jiff::Timestamp;
use taydo_model::{
    api::{DefinitionProblem, DefinitionsState, FeedState, Reject, SourceHealth, SourcesPage, UnknownAsset},
    text::Language,
};
use yew::prelude::*;

/// How often the page asks, in milliseconds.
const ASK_MS: u32 = 5_000;

/// A feed's state: its shape and its word.
pub(super) fn state(state: FeedState, words: &Words) -> Html {
    let (code, word, path) = match state {
        FeedState::Live => ("live", words.feed_live, "M2 8.5 6.5 13 14 3.5"),
        FeedState::Silent => ("silent", words.feed_silent, "M8 4v4.3l3 1.8M14.2 8A6.2 6.2 0 1 1 1.8 8a6.2 6.2 0 0 1 12.4 0Z"),
        FeedState::Problem => ("problem", words.feed_problem, "M8 1.5 15 14H1ZM8 6v4M8 12v.5"),
        FeedState::Waiting => ("waiting", words.feed_waiting, "M3 8h.01M8 8h.01M13 8h.01"),
    };
    html! {
        <span class={classes!("feed", code)}><svg class="shape" viewBox="0 0 16 16" aria-hidden="true" focusable="false"><path class="hollow" d={path} /></svg>{ word }</span>
    }
}

/// A cell that says on a phone, where there is no head, which column it is of.
fn cell(label: &'static str, content: impl Into<Html>) -> Html {
    html! { <td data-label={label}>{ content.into() }</td> }
}

fn feed(source: &SourceHealth, now: Timestamp, language: Language) -> Html {
    let words = words(language);
    let seen = source.last_seen.map_or_else(|| words.never.to_owned(), |seen| locale::age(seconds_between(seen, now), language));
    let count = |value: u64| Html::from(locale::count(value, language));
    let series = format!("{} / {}", locale::count(source.series, language), locale::count(u64::from(source.max_series), language));
    let problem = source.problem.as_ref().map(|problem| html! { <p class="problem">{ problem }</p> });
    let code = match source.state {
        FeedState::Live => "live",
        FeedState::Silent => "silent",
        FeedState::Problem => "problem",
        FeedState::Waiting => "waiting",
    };
    html! {
        <tr key={source.id.to_string()} data-source={source.id.to_string()} data-state={code}>
            <th scope="row">{ source.title.get(language) }<small>{ source.id.to_string() }</small>{ problem }</th>
            { cell(words.state, state(source.state, words)) }
            { cell(words.way, Html::from(source.way.clone())) }
            { cell(words.last_seen, Html::from(seen)) }
            { cell(words.per_minute, count(source.per_minute)) }
            { cell(words.accepted, count(source.accepted)) }
            { cell(words.rejected, count(source.rejected)) }
            { cell(words.series, Html::from(series)) }
        </tr>
    }
}

fn head(columns: &[&'static str]) -> Html {
    html! { <thead><tr>{ for columns.iter().map(|column| html! { <th scope="col">{ *column }</th> }) }</tr></thead> }
}

fn unknown(assets: &[UnknownAsset], words: &Words, language: Language) -> Html {
    let row = |one: &UnknownAsset| {
        html! {
            <tr><th scope="row">{ &one.asset }</th>{ cell(words.source, Html::from(one.source.to_string())) }
                { cell(words.observations, Html::from(locale::count(one.observations, language))) }</tr>
        }
    };
    html! {
        <section>
            <h2>{ words.unknown_assets }</h2>
            if assets.is_empty() { <p class="note">{ words.nothing }</p> } else {
                <p class="note">{ words.unknown_assets_note }</p>
                <table class="records folding">{ head(&[words.asset, words.source, words.observations]) }<tbody>{ for assets.iter().map(row) }</tbody></table>
            }
        </section>
    }
}

fn rejects(rejects: &[Reject], centre: &Centre, now: Timestamp, language: Language) -> Html {
    let (words, calendar) = (words(language), centre.calendar());
    let row = |one: &Reject| {
        let reason = html! { <><b>{ locale::refusal(one.code, language) }</b>{ " " }{ &one.reason }</> };
        html! {
            <tr key={one.id}><th scope="row">{ calendar.moment(one.time, now) }</th>{ cell(words.source, Html::from(one.source.to_string())) }
                { cell(words.reason, reason) }{ cell(words.payload, html! { <code>{ &one.payload }</code> }) }</tr>
        }
    };
    html! {
        <section>
            <h2>{ words.newest_rejects }</h2>
            if rejects.is_empty() { <p class="note">{ words.nothing }</p> } else {
                <table class="records folding rejects">{ head(&[words.time, words.source, words.reason, words.payload]) }<tbody>{ for rejects.iter().map(row) }</tbody></table>
            }
        </section>
    }
}

/// Since when the definitions in force have been, and what keeps newer ones from following them.
fn definitions(state: &DefinitionsState, centre: &Centre, now: Timestamp, language: Language) -> Html {
    let (words, calendar) = (words(language), centre.calendar());
    let row = |one: &DefinitionProblem| {
        let place = format!("{}:{}:{}", one.file, one.line, one.column);
        let hint = one.hint.as_ref().map(|hint| html! { <small>{ hint }</small> });
        html! { <tr><th scope="row">{ place }</th>{ cell(words.reason, html! { <>{ &one.message }{ hint }</> }) }</tr> }
    };
    let rest = state.problem_count.saturating_sub(state.problems.len());
    html! {
        <section data-definitions={if state.broken_since.is_some() { "broken" } else { "sound" }}>
            <h2>{ words.definitions }</h2>
            <p class="note">{ words.in_force_since }{ " " }{ calendar.moment(state.since, now) }{ " · " }<code>{ state.hash.get(..12).unwrap_or(&state.hash).to_owned() }</code>
                if state.next.is_some() { { " · " }{ words.being_taken_over }{ "…" } }</p>
            if let Some(since) = state.broken_since {
                <p role="alert"><span class="feed problem">{ words.definitions_broken }{ " " }{ calendar.moment(since, now) }</span>{ " " }{ words.definitions_broken_note }</p>
                <table class="records">{ head(&[words.place, words.reason]) }<tbody>{ for state.problems.iter().map(row) }</tbody></table>
                if rest > 0 { <p class="note">{ format!("+ {rest} {}", words.further_problems) }</p> }
            }
        </section>
    }
}

/// How many figures departments owe; nothing where they owe none.
fn figures(page: &SourcesPage, language: Language) -> Html {
    let words = form_words(language);
    let count = |count: usize, text: &str| (count > 0).then(|| html! { <p>{ text }{ ": " }<b>{ count }</b></p> });
    html! {
        if page.figures_late + page.figures_soon > 0 {
            <section class="owed"><h2>{ words.title }</h2>{ count(page.figures_late, words.late_figures) }{ count(page.figures_soon, words.soon_figures) }
                <p><Link to={Route::Forms} text={words.all_departments} /></p></section>
        }
    }
}

/// The page.
#[component]
pub fn Sources() -> Html {
    let language = use_speech().language;
    let words = words(language);
    let asked = use_asked::<SourcesPage>(String::new(), ASK_MS, || "/api/v1/sources".to_owned());
    let absences = gaps::use_gaps(language);
    let Some(centre) = use_context::<Centre>() else { return Html::default() };
    let Some(page) = &asked.answer else { return html! { <Failure error={asked.error()} {language} /> } };
    let as_of = format!("{} {}", words.as_of, centre.calendar().second(page.time));
    let columns = [words.source, words.state, words.way, words.last_seen, words.per_minute, words.accepted, words.rejected, words.series];
    html! {
        <Frame title={words.sources}>
            <p class="state" role="status">{ as_of }
                { asked.error().map(|error| html! { <span class="problem">{ " – " }{ error.text(language) }{ ". " }{ words.retrying }{ "…" }</span> }) }</p>
            if page.sources.is_empty() { <p class="note">{ words.nothing }</p> } else {
                <table class="records folding feeds">{ head(&columns) }<tbody>{ for page.sources.iter().map(|source| feed(source, page.time, language)) }</tbody></table>
            }
            { definitions(&page.definitions, &centre, page.time, language) }
            { absences }
            { figures(page, language) }
            { unknown(&page.unknown_assets, words, language) }
            { rejects(&page.rejects, &centre, page.time, language) }
        </Frame>
    }
}
