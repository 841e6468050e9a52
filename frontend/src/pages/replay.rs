//! The past in place of the present: which stretch a page shows, told by its address so that it can be shared.
//!
//! Must never begin by itself, and never on a wall.

mod marks;
mod scrubber;

pub use scrubber::Scrubber;

use crate::{browser, centre::Centre, locale::replay_words};
use jiff::Timestamp;
use taydo_model::text::Language;
use taydo_model::wire::{Knowledge, Replay};
use yew::prelude::*;

/// What is shown where no stretch was chosen: so much before now.
const LAST_S: i64 = 3600;
/// What is shown around a single instant that the address names.
const AROUND_S: i64 = 1800;
/// How fast a stretch is played until somebody chooses otherwise.
const SPEED: u8 = 10;

/// The stretch that a page shows; none while it shows the present.
#[derive(Debug, Clone, PartialEq)]
pub struct Watching {
    /// The stretch.
    pub replay: Option<Replay>,
    /// Shows another one, or the present.
    pub show: Callback<Option<Replay>>,
}

fn moved(time: Timestamp, by_s: i64) -> Timestamp {
    Timestamp::from_second(time.as_second() + by_s).unwrap_or(time)
}

/// The stretch that the address asks for: `?replay=FROM..TO`, with `at` and `known=now` where they are given, or `?at=TIME`.
fn asked(now: Timestamp) -> Option<Replay> {
    let at = browser::query("at").and_then(|at| at.parse::<Timestamp>().ok());
    let known = if browser::query("known").as_deref() == Some("now") { Knowledge::Now } else { Knowledge::Then };
    let stretch = browser::query("replay").and_then(|text| {
        let (from, to) = text.split_once("..")?;
        Some((from.parse().ok()?, to.parse().ok()?))
    });
    let (from, to) = match (stretch, at) {
        (Some(stretch), _) => stretch,
        (None, Some(at)) => (moved(at, -AROUND_S), moved(at, AROUND_S).min(now)),
        (None, None) => return None,
    };
    // A link to an instant shows that instant.
    let speed = if at.is_some() { 0 } else { SPEED };
    Some(Replay { from, to: to.min(now), at, speed, known })
}

/// Puts what is shown into the address.
pub(super) fn put_address(replay: Option<&Replay>, at: Option<Timestamp>) {
    let text = |time: Timestamp| time.to_string();
    browser::put_query(&[
        ("replay", replay.map(|replay| format!("{}..{}", replay.from, replay.to))),
        ("at", replay.and(at).map(text)),
        ("known", replay.filter(|replay| replay.known == Knowledge::Now).map(|_| "now".to_owned())),
    ]);
}

/// What the page shows: from its address, and then what somebody chooses.
#[hook]
pub fn use_watching(centre: Option<&Centre>) -> Watching {
    let replay = use_state_eq(|| centre.and_then(|centre| asked(centre.present())));
    if let Some(centre) = centre {
        centre.set_past(replay.is_some());
    }
    use_effect_with(replay.is_some(), |is_past| {
        browser::mark_past(*is_past);
        || browser::mark_past(false)
    });
    let setter = replay.setter();
    let show = use_callback((), move |next: Option<Replay>, ()| {
        put_address(next.as_ref(), next.and_then(|next| next.at));
        setter.set(next);
    });
    Watching { replay: *replay, show }
}

/// The button that begins to replay the last hour.
pub fn begin(centre: &Centre, watching: &Watching, language: Language) -> Html {
    let (centre, show) = (centre.clone(), watching.show.clone());
    let onclick = Callback::from(move |_: MouseEvent| {
        let now = centre.present();
        show.emit(Some(Replay { from: moved(now, -LAST_S), to: now, at: None, speed: SPEED, known: Knowledge::Then }));
    });
    html! { <button type="button" class="begin-replay" {onclick}>{ replay_words(language).replay }</button> }
}
