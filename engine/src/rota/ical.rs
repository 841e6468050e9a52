//! Shifts as an iCalendar feed (RFC 5545) that calendar programs subscribe to.
//!
//! It must never ask for the time, and never write a local one: instants are UTC, so that no reader needs our zones.

use super::OnCall;
use jiff::Timestamp;
use taydo_model::PersonId;
use taydo_model::rota::Shift;

/// The longest line in octets, without its end (RFC 5545, 3.1).
const MAX_LINE_OCTETS: usize = 75;

/// One shift of a feed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Names it in every fetch: made of the rota, the person where the feed is theirs, and the first instant.
    pub uid: String,
    /// Its first instant.
    pub from: Timestamp,
    /// The first instant after it.
    pub to: Timestamp,
    /// What people read.
    pub summary: String,
}

/// The person's own shifts by a rota that touch the time from `from` to `to`. `summary` is what they read, such as
/// `Trực: Giao thông`.
#[must_use]
pub fn events_of(on_call: &OnCall<'_>, person: &PersonId, from: Timestamp, to: Timestamp, summary: &str) -> Vec<Event> {
    let event = |shift: Shift| Event {
        uid: format!("{}.{person}.{}@taydo", on_call.rota().parts().id, instant(shift.from)),
        from: shift.from,
        to: shift.to,
        summary: summary.to_owned(),
    };
    on_call.shifts_of(person, from, to).into_iter().map(event).collect()
}

/// Everybody's shifts by a rota that touch the time from `from` to `to`. `summary` is told who is on call.
#[must_use]
pub fn events(on_call: &OnCall<'_>, from: Timestamp, to: Timestamp, summary: &dyn Fn(&[PersonId]) -> String) -> Vec<Event> {
    let event = |shift: Shift| Event {
        uid: format!("{}.{}@taydo", on_call.rota().parts().id, instant(shift.from)),
        from: shift.from,
        to: shift.to,
        summary: summary(&shift.persons),
    };
    on_call.whole_shifts(from, to).into_iter().map(event).collect()
}

/// The feed as text. `stamp` is when what it says was last changed, or the time of the fetch where that isn't known.
#[must_use]
pub fn feed(name: &str, events: &[Event], stamp: Timestamp) -> String {
    let mut text = String::new();
    let mut line = |property: &str, value: &str| fold(&mut text, &format!("{property}:{value}"));
    line("BEGIN", "VCALENDAR");
    line("VERSION", "2.0");
    line("PRODID", "-//taydo//on call//EN");
    line("METHOD", "PUBLISH");
    // The older name is the one that most programs read.
    line("NAME", &escape(name));
    line("X-WR-CALNAME", &escape(name));
    line("REFRESH-INTERVAL;VALUE=DURATION", "PT1H");
    line("X-PUBLISHED-TTL", "PT1H");
    for event in events {
        line("BEGIN", "VEVENT");
        line("UID", &event.uid);
        line("DTSTAMP", &instant(stamp));
        line("DTSTART", &instant(event.from));
        line("DTEND", &instant(event.to));
        line("SUMMARY", &escape(&event.summary));
        // Being on call keeps nobody from a meeting.
        line("TRANSP", "TRANSPARENT");
        line("END", "VEVENT");
    }
    line("END", "VCALENDAR");
    text
}

/// A UTC instant in whole seconds (RFC 5545, 3.3.5, form 2).
fn instant(at: Timestamp) -> String {
    let utc = jiff::tz::Offset::UTC.to_datetime(at);
    let (date, time) = (utc.date(), utc.time());
    format!("{:04}{:02}{:02}T{:02}{:02}{:02}Z", date.year(), date.month(), date.day(), time.hour(), time.minute(), time.second())
}

/// Text as a value (RFC 5545, 3.3.11), without the control characters that it can't hold.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for letter in text.replace("\r\n", "\n").chars() {
        match letter {
            '\\' | ';' | ',' => escaped.extend(['\\', letter]),
            '\n' => escaped.push_str("\\n"),
            control if control.is_control() => {}
            letter => escaped.push(letter),
        }
    }
    escaped
}

/// Appends a line, cut where it is too long, but never within a letter.
fn fold(text: &mut String, line: &str) {
    let mut octets = 0;
    for letter in line.chars() {
        if octets + letter.len_utf8() > MAX_LINE_OCTETS {
            // The space that marks the continuation is one of its octets.
            text.push_str("\r\n ");
            octets = 1;
        }
        text.push(letter);
        octets += letter.len_utf8();
    }
    text.push_str("\r\n");
}
