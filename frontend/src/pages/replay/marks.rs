//! The marks on a replay's bar: when incidents were opened, and when they were over.
//!
//! Must never be the only way to find them: the buttons and keys step through the same.

use crate::played::{Turn, share};
use jiff::Timestamp;
use yew::prelude::*;

/// The marks of a stretch.
pub(super) fn marks(turns: &[Turn], from: Timestamp, to: Timestamp) -> Html {
    let mark = |turn: &Turn| {
        let x = share(from, to, turn.at).to_string();
        let (class, y) = if turn.is_opening { ("opened", "0") } else { ("closed", "5") };
        html! { <rect {class} {x} {y} width="3" height="5" /> }
    };
    html! {
        <svg class="turns" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true" focusable="false">{ for turns.iter().map(mark) }</svg>
    }
}
