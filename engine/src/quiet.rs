//! Quiet hours: until when a message of low urgency waits for a person.
//!
//! It must never know what waits; high urgency is not asked about here.

use crate::local::{first_shown, shown};
use crate::rota::hours_on;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use taydo_model::oncall::QuietHours;
use taydo_model::rota::Hours;

/// When the quiet hours end that `now` lies in, by the clocks of the person's own zone; `None` outside of them. The start
/// belongs to them, the end does not. An end that the clocks skip comes when they are put forward, and one that they show
/// twice comes the first time.
#[must_use]
pub fn held_until(quiet: &QuietHours, zone: &TimeZone, now: Timestamp) -> Option<Timestamp> {
    let reading = shown(zone, now);
    let hours = Hours { from: quiet.from, to: quiet.to };
    let days = [Some(reading.date()), reading.date().yesterday().ok()];
    let mut spans = days.into_iter().flatten().filter_map(|day| hours_on(hours, day));
    spans.find(|(from, to)| *from <= reading && reading < *to).map(|(_, to)| first_shown(zone, to))
}
