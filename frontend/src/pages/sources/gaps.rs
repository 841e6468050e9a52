//! The reports of the centre's own absences.
//!
//! Must never say that there was none before it is known.

use crate::{locale::words, panels::again::use_again};
use taydo_model::{
    gap::{GapNote, GapNotes},
    text::Language,
};
use yew::prelude::*;

const ASK_MS: u32 = 10_000;

/// The section.
#[hook]
pub(super) fn use_gaps(language: Language) -> Html {
    let page = use_again::<(), GapNotes>(Some(()), ASK_MS, |()| "/api/v1/gaps".to_owned());
    let words = words(language);
    let Some(page) = page else { return Html::default() };
    let report = |gap: &GapNote| {
        html! {
            <li key={gap.id} data-gap={gap.id.to_string()}><b>{ gap.words.title.get(language) }</b>
                <ul>{ for gap.words.lines.iter().map(|line| html! { <li>{ line.get(language) }</li> }) }</ul></li>
        }
    };
    html! {
        <section class="gaps">
            <h2>{ words.absences }</h2>
            if page.gaps.is_empty() { <p class="note">{ words.nothing }</p> }
            <ul>{ for page.gaps.iter().map(report) }</ul>
        </section>
    }
}
