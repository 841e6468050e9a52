//! The passport as a list of what and which.
//!
//! Must never leave a row out because it is unknown: it says so.

use crate::{
    calendar::Calendar,
    locale::{self, words},
    pages::sources::state,
};
use jiff::Timestamp;
use taydo_model::{passport::PassportPage, text::Language};
use yew::prelude::*;

/// The section.
pub(super) fn passport(page: &PassportPage, calendar: &Calendar, now: Timestamp, language: Language) -> Html {
    let words = words(language);
    let (kpi, reading) = (&page.kpi, page.reading.as_ref());
    let unknown = || Html::from("—");
    let number = |value: f64| locale::number(value, kpi.decimals, language);
    let quotient = reading.and_then(|one| Some(format!("{} : {}", number(one.numerator?), number(one.denominator?))));
    let coverage = reading.and_then(|one| one.coverage).map(|share| locale::number(share * 100.0, 0, language) + "%");
    let expected = page.expected.map(|count| locale::count(count.into(), language));
    let since = page.version_since.map(|since| format!("{} {} {}", kpi.version, words.since, calendar.moment(since, now)));
    let judged = page.reading.as_ref().is_none_or(|reading| kpi.judges(&reading.scope));
    let thresholds: Vec<String> = [(words.target, kpi.target), (words.attention, kpi.attention), (words.critical, kpi.critical)]
        .into_iter()
        .filter(|_| judged)
        .filter_map(|(word, value)| Some(format!("{word}: {}", number(value?))))
        .collect();
    let text = |text: Option<String>| text.map_or_else(unknown, Html::from);
    let feed = |one: &taydo_model::passport::Feed| {
        let seen = one.last_seen.map_or_else(|| words.never.to_owned(), |seen| calendar.moment(seen, now));
        html! { <li>{ one.of.name.get(language) }{ " " }{ state(one.state, words) }{ " " }<span class="note">{ seen }</span></li> }
    };
    let feeds = if page.feeds.is_empty() {
        unknown()
    } else {
        html! { <ul>{ for page.feeds.iter().map(feed) }</ul> }
    };
    let rows = [
        (words.computed, Html::from(page.computed.get(language).to_owned())),
        (words.quotient, text(quotient)),
        (words.samples, text(reading.map(|one| locale::count(one.samples, language)))),
        (words.data_until, text(reading.and_then(|one| one.data_time).map(|time| calendar.moment(time, now)))),
        (words.expected, text(expected)),
        (words.coverage, text(coverage)),
        (words.cadence, Html::from(locale::span(kpi.every_s.into(), language))),
        (words.thresholds, text((!thresholds.is_empty()).then(|| thresholds.join("; ")))),
        (words.sources, feeds),
        (words.owner, text(page.owner.as_ref().map(|owner| owner.name.get(language).to_owned()))),
        (words.standard, text(kpi.standard.clone())),
        (words.version, text(since.or_else(|| Some(kpi.version.clone())))),
        (words.id, html! { <code>{ kpi.id.to_string() }</code> }),
    ];
    html! {
        <section class="passport">
            <h2>{ words.passport }</h2>
            <dl>{ for rows.into_iter().map(|(what, which)| html! { <><dt>{ what }</dt><dd>{ which }</dd></> }) }</dl>
        </section>
    }
}
