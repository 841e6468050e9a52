//! The calendar feed, read by a parser that is not ours.

use super::*;
use crate::rota::ical::{events, events_of, feed};
use ::ical::IcalParser;
use ::ical::parser::ical::component::IcalEvent;

const STAMP: &str = "2026-03-01T00:00:00Z";

fn events_in(text: &str) -> Vec<IcalEvent> {
    let mut calendars = IcalParser::new(text.as_bytes());
    let calendar = calendars.next().unwrap().unwrap();
    assert!(calendars.next().is_none());
    calendar.events
}

fn property(event: &IcalEvent, name: &str) -> String {
    event.properties.iter().find(|property| property.name == name).unwrap().value.clone().unwrap()
}

#[test]
fn a_feed_has_utc_instants_and_the_same_names_in_every_fetch() {
    let rota = rota("Europe/Berlin", vec![layer(Rotation::Weekly, 1, "2026-03-16T09:00:00", "a b")]);
    let on_call = OnCall::planned(&rota);
    let fetch = |from: &str| {
        let events = events_of(&on_call, &person("a"), at(from), at("2026-04-20T00:00:00Z"), "Trực: Giao thông");
        events_in(&feed("Ca của tôi", &events, at(STAMP)))
    };
    let first = fetch("2026-03-01T00:00:00Z");
    let of = |name: &str| first.iter().map(|event| property(event, name)).collect::<Vec<_>>();
    assert_eq!(of("DTSTART"), ["20260316T080000Z", "20260330T070000Z", "20260413T070000Z"]);
    assert_eq!(of("DTEND"), ["20260323T080000Z", "20260406T070000Z", "20260420T070000Z"]);
    assert_eq!(of("UID")[0], "ca.a.20260316T080000Z@taydo");
    assert_eq!(of("SUMMARY")[0], "Trực: Giao thông");
    assert_eq!(of("DTSTAMP")[0], "20260301T000000Z");
    // In the middle of the first shift: it still has its first instant, and all have their names.
    let later = fetch("2026-03-20T12:34:56Z");
    assert_eq!(later.iter().map(|event| property(event, "UID")).collect::<Vec<_>>(), of("UID"));
    assert_eq!(later.iter().map(|event| property(event, "DTSTART")).collect::<Vec<_>>(), of("DTSTART"));
}

#[test]
fn the_feed_of_a_rota_names_who_is_on_call_and_has_no_gaps() {
    let mut only = layer(Rotation::Daily, 1, "2026-03-16T08:00:00", "a b+c");
    only.until = Some("2026-03-18T00:00:00".parse().unwrap());
    let rota = rota("Asia/Ho_Chi_Minh", vec![only]);
    let events = events(&OnCall::planned(&rota), at("2026-03-01T00:00:00Z"), at("2026-04-01T00:00:00Z"), &|persons| names(persons));
    let events = events_in(&feed("Ca trực", &events, at(STAMP)));
    let seen: Vec<_> = events.iter().map(|event| (property(event, "DTSTART"), property(event, "SUMMARY"))).collect();
    let seen: Vec<_> = seen.iter().map(|(start, summary)| (start.as_str(), summary.as_str())).collect();
    assert_eq!(seen, [("20260316T010000Z", "a"), ("20260317T010000Z", "b+c")]);
    assert_eq!(property(&events[1], "DTEND"), "20260317T170000Z");
}

#[test]
fn long_lines_are_folded_between_letters_and_text_is_escaped() {
    let rota = rota("Asia/Ho_Chi_Minh", vec![layer(Rotation::Daily, 1, "2026-03-16T08:00:00", "a b")]);
    let summary = "Trực ban: Trung tâm điều hành, phòng 2; tầng \\ 3\r\nSố điện thoại đường dây nóng \u{7}ở bảng tin 🚦".repeat(3);
    let events = events_of(&OnCall::planned(&rota), &person("a"), at("2026-03-16T01:00:00Z"), at("2026-03-16T02:00:00Z"), &summary);
    let text = feed("Ca, trực", &events, at(STAMP));
    assert!(text.ends_with("END:VCALENDAR\r\n"));
    for line in text.split_terminator("\r\n") {
        assert!(line.len() <= 75, "{} octets: {line}", line.len());
        assert!(!line.contains(['\r', '\n']));
    }
    // Unfolded and unescaped it is the text again, its control character apart.
    let value = property(&events_in(&text)[0], "SUMMARY");
    let plain = value.replace("\\n", "\n").replace("\\,", ",").replace("\\;", ";").replace("\\\\", "\\");
    assert_eq!(plain, summary.replace("\r\n", "\n").replace('\u{7}', ""));
}
