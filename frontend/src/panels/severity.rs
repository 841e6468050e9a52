//! The marks of severity and standing: a shape, a word and, for severity, a colour.
//!
//! Must never show a colour without its shape and its word.

use super::marks::shape;
use crate::locale::{ConsoleWords, RoomWords};
use taydo_model::{alert::Severity, incident::Standing};
use yew::prelude::*;

/// The code of a severity, for hooks and style sheets.
#[must_use]
pub fn severity_code(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "critical",
        Severity::High => "high",
        Severity::Medium => "medium",
        Severity::Info => "info",
    }
}

/// The severity that a code names.
#[must_use]
pub fn severity_of(code: &str) -> Option<Severity> {
    ALL.into_iter().find(|severity| severity_code(*severity) == code)
}

/// Every severity, the worst first.
pub const ALL: [Severity; 4] = [Severity::Critical, Severity::High, Severity::Medium, Severity::Info];

/// A severity: triangle, diamond, disc, square, in a filled chip. What is over is drawn without colour.
pub fn severity(severity: Severity, is_over: bool, words: &ConsoleWords) -> Html {
    let code = severity_code(severity);
    let path = match severity {
        Severity::Critical => "M8 1 15.5 14.5H.5Z",
        Severity::High => "M8 .5 15.5 8 8 15.5.5 8Z",
        Severity::Medium => "M8 1.5a6.5 6.5 0 1 1 0 13a6.5 6.5 0 0 1 0-13Z",
        Severity::Info => "M2 2h12v12H2Z",
    };
    let look = if is_over { "chip-over".to_owned() } else { format!("chip-{code}") };
    html! { <span class={classes!("chip", look)}>{ shape(html! { <path d={path} /> }) }{ words.severity_of(severity) }</span> }
}

/// The code of a standing, for hooks and style sheets.
#[must_use]
pub fn standing_code(standing: Standing) -> &'static str {
    match standing {
        Standing::Triggered => "triggered",
        Standing::Acknowledged => "acknowledged",
        Standing::Snoozed => "snoozed",
        Standing::Resolved => "resolved",
    }
}

/// A standing: a bell, a hand's tick, a clock, a closed ring.
pub fn standing(standing: Standing, words: &ConsoleWords) -> Html {
    let path = match standing {
        Standing::Triggered => "M3 12h10L11.8 9.5V6.5a3.8 3.8 0 0 0-7.6 0v3ZM6.8 14.2h2.4",
        Standing::Acknowledged => "M2 8.5 6.5 13 14 3.5",
        Standing::Snoozed => "M8 4v4.3l3 1.8M14.2 8A6.2 6.2 0 1 1 1.8 8a6.2 6.2 0 0 1 12.4 0Z",
        Standing::Resolved => "M14.2 8A6.2 6.2 0 1 1 1.8 8a6.2 6.2 0 0 1 12.4 0ZM5 8.2l2.2 2.2L11 6",
    };
    html! {
        <span class={classes!("standing", standing_code(standing))}>{ shape(html! { <path class="hollow" d={path} /> }) }{ words.standing_of(standing) }</span>
    }
}

/// The mark of an alert that fires on data that is old or missing, with for how long.
pub fn data_old(age: Option<String>, words: &RoomWords) -> Html {
    html! { if let Some(age) = age { <span class="standing data-old">{ shape(html! { <path class="hollow" d="M3 1.5h10L8 8l5 6.5H3L8 8Z" /> }) }{ format!("{} · {age}", words.data_old) }</span> } }
}

/// The mark of an exercise.
pub fn exercise(is_exercise: bool, words: &ConsoleWords) -> Html {
    html! { if is_exercise { <span class="chip chip-exercise">{ words.exercise }</span> } }
}
