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

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::time;

    /// Until when a message waits that comes at this instant, with these quiet hours.
    fn held(zone: &str, hours: ((i8, i8), (i8, i8)), now: &str) -> Option<String> {
        let ((from_hour, from_minute), (to_hour, to_minute)) = hours;
        let quiet = QuietHours { from: time(from_hour, from_minute, 0, 0), to: time(to_hour, to_minute, 0, 0) };
        let until = held_until(&quiet, &TimeZone::get(zone).unwrap(), now.parse().unwrap());
        until.map(|until| until.to_string())
    }

    #[test]
    fn the_start_is_quiet_and_the_end_is_not() {
        let night = ((22, 0), (6, 0));
        let in_can_tho = |now| held("Asia/Ho_Chi_Minh", night, now);
        assert_eq!(in_can_tho("2026-06-01T14:59:59Z"), None);
        assert_eq!(in_can_tho("2026-06-01T15:00:00Z").as_deref(), Some("2026-06-01T23:00:00Z"));
        assert_eq!(in_can_tho("2026-06-01T17:00:00Z").as_deref(), Some("2026-06-01T23:00:00Z"), "midnight");
        assert_eq!(in_can_tho("2026-06-01T22:59:59.999999Z").as_deref(), Some("2026-06-01T23:00:00Z"));
        assert_eq!(in_can_tho("2026-06-01T23:00:00Z"), None);
        let noon = ((12, 0), (13, 30));
        assert_eq!(held("Asia/Ho_Chi_Minh", noon, "2026-06-01T05:00:00Z").as_deref(), Some("2026-06-01T06:30:00Z"));
        assert_eq!(held("Asia/Ho_Chi_Minh", noon, "2026-06-01T06:30:00Z"), None);
    }

    #[test]
    fn hours_without_length_are_never_quiet_and_those_until_midnight_end_there() {
        assert_eq!(held("UTC", ((8, 0), (8, 0)), "2026-06-01T08:00:00Z"), None);
        assert_eq!(held("UTC", ((20, 0), (0, 0)), "2026-06-01T23:59:59Z").as_deref(), Some("2026-06-02T00:00:00Z"));
        assert_eq!(held("UTC", ((20, 0), (0, 0)), "2026-06-02T00:00:00Z"), None);
    }

    #[test]
    fn quiet_hours_follow_the_persons_clocks_when_they_change() {
        let night = ((22, 0), (6, 0));
        let in_berlin = |now| held("Europe/Berlin", night, now);
        assert_eq!(in_berlin("2026-03-28T21:00:00Z").as_deref(), Some("2026-03-29T04:00:00Z"), "seven hours");
        assert_eq!(in_berlin("2026-10-24T20:00:00Z").as_deref(), Some("2026-10-25T05:00:00Z"), "nine hours");
        // An end at 02:30 does not exist in spring, and comes twice in autumn.
        let until_half_past_two = ((22, 0), (2, 30));
        assert_eq!(held("Europe/Berlin", until_half_past_two, "2026-03-28T23:00:00Z").as_deref(), Some("2026-03-29T01:00:00Z"));
        assert_eq!(held("Europe/Berlin", until_half_past_two, "2026-03-29T01:00:00Z"), None);
        assert_eq!(held("Europe/Berlin", until_half_past_two, "2026-10-25T00:29:59Z").as_deref(), Some("2026-10-25T00:30:00Z"));
        assert_eq!(held("Europe/Berlin", until_half_past_two, "2026-10-25T01:15:00Z"), None, "02:15 for the second time");
        // A start that exists twice is the first one, and so the hours last through both.
        let from_half_past_two = ((2, 30), (3, 0));
        assert_eq!(held("Europe/Berlin", from_half_past_two, "2026-10-25T00:30:00Z").as_deref(), Some("2026-10-25T02:00:00Z"));
        assert_eq!(held("Europe/Berlin", from_half_past_two, "2026-10-25T01:15:00Z").as_deref(), Some("2026-10-25T02:00:00Z"));
        // Hours that the clocks skip are not there.
        assert_eq!(held("Europe/Berlin", ((2, 0), (3, 0)), "2026-03-29T01:00:00Z"), None);
        assert_eq!(held("Australia/Lord_Howe", night, "2026-10-03T12:00:00Z").as_deref(), Some("2026-10-03T19:00:00Z"));
    }
}
