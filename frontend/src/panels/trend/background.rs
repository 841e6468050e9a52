//! What lies behind a trend: the band that the figure usually lies in, and the city's events.
//!
//! Must never stand in for the figure: without them the chart is the same, and says nothing of them.

use crate::{
    calendar::Calendar,
    centre::Centre,
    draw::chart::{Background, Mark},
    panels::again::{use_again, use_played},
};
use jiff::Timestamp;
use std::rc::Rc;
use taydo_model::{KpiId, Scope, baseline::BandNotes, event::EventNotes, text::Language};
use yew::prelude::*;

/// Events are entered by people, and bands are made at night.
const ASK_MS: u32 = 5 * 60_000;
/// In a replay it is looked for anew with each so many seconds that have been played.
const REPLAY_S: u32 = 5 * 60;
const HOUR_S: f64 = 3600.0;

/// The background of a chart whose board asks for one; in a replay, what was known of it at the played instant.
#[hook]
pub fn use_background(kpi: &KpiId, language: Language, centre: &Centre, scope: Option<Scope>, span_s: u32) -> Rc<Background> {
    type Key = (String, u32, Option<Timestamp>);
    let played = use_played(centre, REPLAY_S);
    // The span and the instant are parts of the key, so that another one is asked for at once.
    let key: Option<Key> = scope.map(|scope| (format!("/api/v1/kpis/{kpi}/baseline?scope={scope}&"), span_s, played));
    let (one, other) = (centre.clone(), centre.clone());
    let band = use_again(key.clone(), ASK_MS, move |(path, span_s, _): &Key| path.clone() + &range(&one, *span_s));
    let events = use_again(key, ASK_MS, move |(_, span_s, _): &Key| "/api/v1/events?".to_owned() + &range(&other, *span_s));
    use_memo((band, events, language), |(band, events, language)| background(band.as_deref(), events.as_deref(), *language))
}

/// The chart's span, and a little of what is to come, until the next answer.
fn range(centre: &Centre, span_s: u32) -> String {
    let time = centre.now().time;
    let now = time.as_second();
    let at = |second: i64| Timestamp::from_second(second).unwrap_or(Timestamp::UNIX_EPOCH);
    let as_of = centre.as_of(time).map(|then| format!("&as_of={then}"));
    format!("from={}&to={}{}", at(now - i64::from(span_s)), at(now + 3600), as_of.unwrap_or_default())
}

fn background(band: Option<&BandNotes>, events: Option<&EventNotes>, language: Language) -> Background {
    #[allow(clippy::cast_precision_loss)]
    let seconds = |time: Timestamp| time.as_second() as f64;
    let hours = band.map(|page| page.points.as_slice()).unwrap_or_default();
    let events = events.map(|page| page.events.as_slice()).unwrap_or_default();
    Background {
        band: hours.iter().map(|point| (seconds(point.time), seconds(point.time) + HOUR_S, point.low, point.high)).collect(),
        marks: events
            .iter()
            .map(|event| Mark {
                from: seconds(event.says.from),
                to: event.says.to.map_or(f64::INFINITY, seconds),
                text: event.says.title.get(language).to_owned(),
            })
            .collect(),
    }
}

/// The events as a list, for those who don't see the chart.
pub fn list(background: &Background, calendar: &Calendar, now: Timestamp) -> Html {
    if background.marks.is_empty() {
        return Html::default();
    }
    #[allow(clippy::cast_possible_truncation)]
    let moment = |second: f64| Timestamp::from_second(second as i64).ok().map(|time| calendar.moment(time, now));
    let item = |mark: &Mark| {
        let until = moment(mark.to).filter(|_| mark.to.is_finite()).unwrap_or_else(|| "…".to_owned());
        html! { <li>{ format!("{} – {until}: {}", moment(mark.from).unwrap_or_default(), mark.text) }</li> }
    };
    html! { <ul class="events">{ for background.marks.iter().map(item) }</ul> }
}
