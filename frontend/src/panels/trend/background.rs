//! What lies behind a trend: the band that the figure usually lies in, and the city's events.
//!
//! Must never stand in for the figure: without them the chart is the same, and says nothing of them.

use crate::{
    calendar::Calendar,
    centre::Centre,
    client,
    draw::chart::{Background, Mark},
    panels::{PanelProps, again::use_again},
};
use jiff::{SignedDuration, Timestamp};
use std::rc::Rc;
use taydo_model::{Scope, baseline::BaselinePage, event::EventsPage, text::Language};
use yew::prelude::*;

/// Events are entered by people, and bands are made at night.
const ASK_MS: u32 = 5 * 60_000;
const HOUR_S: f64 = 3600.0;

/// The background of a chart whose board asks for one.
#[hook]
pub fn use_background(props: &PanelProps, centre: &Centre, scope: Option<Scope>, span_s: u32) -> Rc<Background> {
    let key = scope.map(|scope| (props.kpi.id.clone(), scope, span_s));
    let (one, other) = (centre.clone(), centre.clone());
    let band = use_again(key.clone(), ASK_MS, move |(kpi, scope, span_s)| {
        let (from, to) = range(one.now().time, span_s);
        async move { client::baseline(&kpi, &scope, from, to).await }
    });
    let events = use_again(key, ASK_MS, move |(_, _, span_s)| {
        let (from, to) = range(other.now().time, span_s);
        async move { client::events(from, to).await }
    });
    let language = props.language;
    use_memo((band, events, language), |(band, events, language)| background(band.as_deref(), events.as_deref(), *language))
}

/// The chart's span, and a little of what is to come, until the next answer.
fn range(now: Timestamp, span_s: u32) -> (Timestamp, Timestamp) {
    let from = now.saturating_sub(SignedDuration::from_secs(span_s.into())).unwrap_or(now);
    (from, now.saturating_add(SignedDuration::from_secs(3600)).unwrap_or(now))
}

fn background(band: Option<&BaselinePage>, events: Option<&EventsPage>, language: Language) -> Background {
    #[allow(clippy::cast_precision_loss)]
    let seconds = |time: Timestamp| time.as_second() as f64;
    let hours = band.map(|page| page.points.as_slice()).unwrap_or_default();
    let events = events.map(|page| page.events.as_slice()).unwrap_or_default();
    Background {
        band: hours.iter().map(|point| (seconds(point.time), seconds(point.time) + HOUR_S, point.band.low, point.band.high)).collect(),
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
