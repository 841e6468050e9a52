//! The marks of status, quality and change: a shape and a word each, so that nothing hangs on colour.
//!
//! Must never show a colour without its shape and its word.

use crate::{figure::Direction, locale::Words};
use taydo_model::{Quality, Status};
use yew::prelude::*;

/// A shape of 16 × 16, drawn in the text's colour.
pub(crate) fn shape(content: Html) -> Html {
    html! { <svg class="shape" viewBox="0 0 16 16" aria-hidden="true" focusable="false">{ content }</svg> }
}

/// The code of a status, for hooks and style sheets.
#[must_use]
pub fn status_code(status: Status) -> &'static str {
    match status {
        Status::Normal => "normal",
        Status::Attention => "attention",
        Status::Critical => "critical",
    }
}

/// The code of a quality, for hooks and style sheets.
#[must_use]
pub fn quality_code(quality: Quality) -> &'static str {
    match quality {
        Quality::Good => "good",
        Quality::Partial => "partial",
        Quality::Stale => "stale",
        Quality::Missing => "missing",
    }
}

/// A status's word.
#[must_use]
pub fn status_word(status: Status, words: &Words) -> &'static str {
    match status {
        Status::Normal => words.normal,
        Status::Attention => words.attention,
        Status::Critical => words.critical,
    }
}

/// A quality's word.
#[must_use]
pub fn quality_word(quality: Quality, words: &Words) -> &'static str {
    match quality {
        Quality::Good => words.good,
        Quality::Partial => words.partial,
        Quality::Stale => words.stale,
        Quality::Missing => words.missing,
    }
}

/// The shape of a status that is not normal.
pub fn status_shape(status: Status) -> Html {
    match status {
        Status::Normal => Html::default(),
        Status::Attention => shape(html! { <circle cx="8" cy="8" r="6.5" /> }),
        Status::Critical => shape(html! { <path d="M8 1 15.5 14.5H.5Z" /> }),
    }
}

/// A status that is not normal: a filled chip.
pub fn status(status: Status, words: &Words) -> Html {
    if status == Status::Normal {
        return Html::default();
    }
    html! {
        <span class={classes!("chip", format!("chip-{}", status_code(status)))}>
            { status_shape(status) }{ status_word(status, words) }
        </span>
    }
}

/// The shape of a quality that is not good: half a disc, a clock, a broken square.
pub fn quality_shape(quality: Quality) -> Html {
    match quality {
        Quality::Good => Html::default(),
        Quality::Partial => shape(html! { <>
            <circle cx="8" cy="8" r="6.2" class="hollow" /><path d="M8 1.8a6.2 6.2 0 0 1 0 12.4Z" />
        </> }),
        Quality::Stale => shape(html! { <><circle cx="8" cy="8" r="6.2" class="hollow" /><path d="M8 4v4.3l3 1.8" class="hollow" /></> }),
        Quality::Missing => shape(html! { <path d="M2 6V2h4M10 2h4v4M14 10v4h-4M6 14H2v-4" class="hollow" /> }),
    }
}

/// A quality that is not good.
pub fn quality(quality: Quality, words: &Words) -> Html {
    if quality == Quality::Good {
        return Html::default();
    }
    html! { <span class="quality">{ quality_shape(quality) }{ quality_word(quality, words) }</span> }
}

/// An arrow, and its word for those who don't see it.
pub fn direction(direction: Direction, words: &Words) -> Html {
    let (path, word) = match direction {
        Direction::Up => ("M8 2v12M3 7l5-5 5 5", words.rising),
        Direction::Down => ("M8 14V2M3 9l5 5 5-5", words.falling),
        Direction::Level => ("M2 8h12M9 3l5 5-5 5", words.level),
    };
    html! { <>{ shape(html! { <path d={path} class="hollow" /> }) }<span>{ word }</span></> }
}
