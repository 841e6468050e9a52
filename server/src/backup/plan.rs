//! When back-ups are due, and which of them are kept: reckoned, never looked up.
//!
//! It must never let the newest go, nor one whose name it doesn't understand.

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeSet;

/// After a failure it is tried again so much later.
const AGAIN: SignedDuration = SignedDuration::from_hours(1);

/// How many are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// Of so many days the last one each.
    pub daily: usize,
    /// Of so many weeks the last one each.
    pub weekly: usize,
}

/// Whether a back-up is due: the last was begun before the last time of day `at`, or failed an hour ago; or there was none.
#[must_use]
pub fn is_due(last: Option<(Timestamp, bool)>, at: Time, zone: &TimeZone, now: Timestamp) -> bool {
    let Some((begun, succeeded)) = last else { return true };
    if !succeeded && now.duration_since(begun) >= AGAIN {
        return true;
    }
    let today = zone.to_datetime(now).date();
    // In a zone where clocks change, a time of day that there is not comes as much later.
    let moment = |day: Date| zone.to_ambiguous_timestamp(day.to_datetime(at)).compatible().ok();
    let todays = moment(today).filter(|moment| *moment <= now);
    let last_moment = todays.or_else(|| moment(today.yesterday().ok()?));
    last_moment.is_some_and(|moment| begun < moment)
}

/// The names of those that may go. Days and weeks (from Monday) are the city's; those that have no back-up count for nothing.
#[must_use]
pub fn superfluous(names: &[String], keep: Keep, zone: &TimeZone) -> Vec<String> {
    let mut dated: Vec<(Timestamp, &String)> = names.iter().filter_map(|name| Some((time_of(name)?, name))).collect();
    dated.sort_by(|a, b| b.cmp(a));
    let (mut days, mut weeks) = (BTreeSet::new(), BTreeSet::new());
    let mut gone = Vec::new();
    for (at, (time, name)) in dated.into_iter().enumerate() {
        let date = zone.to_datetime(time).date();
        let week = date.iso_week_date();
        let is_new_day = days.len() < keep.daily && days.insert(date);
        let is_new_week = weeks.len() < keep.weekly && weeks.insert((week.year(), week.week()));
        if at > 0 && !is_new_day && !is_new_week {
            gone.push(name.clone());
        }
    }
    gone
}

/// The moment in a back-up's name: `taydo-CITY-20260302T023000Z`.
#[must_use]
pub fn time_of(name: &str) -> Option<Timestamp> {
    let stamp = name.strip_prefix("taydo-")?.rsplit_once('-')?.1;
    let time = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", stamp).ok()?;
    TimeZone::UTC.to_timestamp(time).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    #[test]
    fn one_is_due_each_day_at_its_time_and_an_hour_after_a_failure() {
        let zone = TimeZone::get("Asia/Ho_Chi_Minh").unwrap();
        let two = Time::constant(2, 30, 0, 0);
        let due = |last: Option<(&str, bool)>, now: &str| is_due(last.map(|(begun, ok)| (at(begun), ok)), two, &zone, at(now));
        assert!(due(None, "2026-03-02T00:00:00Z"));
        // 02:30 in the city is 19:30 of the day before.
        assert!(!due(Some(("2026-03-01T19:30:01Z", true)), "2026-03-02T19:29:59Z"));
        assert!(due(Some(("2026-03-01T19:30:01Z", true)), "2026-03-02T19:30:00Z"));
        assert!(due(Some(("2026-02-20T19:30:01Z", true)), "2026-03-02T10:00:00Z"), "what was missed is made up for");
        assert!(!due(Some(("2026-03-01T19:30:01Z", false)), "2026-03-01T20:30:00Z"));
        assert!(due(Some(("2026-03-01T19:30:01Z", false)), "2026-03-01T20:30:01Z"));
    }

    #[test]
    fn the_last_of_each_day_and_week_is_kept() {
        let names: Vec<String> = (0..40)
            .flat_map(|day| {
                let time = at("2026-03-31T19:30:00Z") - SignedDuration::from_hours(24 * day);
                [time, time - SignedDuration::from_hours(5)].map(|time| crate::backup::sealed::name("mini", time))
            })
            .collect();
        let zone = TimeZone::get("Asia/Ho_Chi_Minh").unwrap();
        let gone = superfluous(&names, Keep { daily: 7, weekly: 4 }, &zone);
        let kept: Vec<&String> = names.iter().filter(|name| !gone.contains(name)).collect();
        // Wednesday 1 April and the six days before it; the Sundays before them, of weeks of which no day is among those.
        let days = ["0331T193000Z", "0331T143000Z", "0330T143000Z", "0329T143000Z", "0328T143000Z", "0327T143000Z", "0326T143000Z"];
        let weeks = ["0322T143000Z", "0315T143000Z"];
        let expected: Vec<String> = days.iter().chain(&weeks).map(|end| format!("taydo-mini-2026{end}")).collect();
        assert_eq!(kept, expected.iter().collect::<Vec<_>>());
        assert!(superfluous(&["taydo-mini-old".to_owned(), "notes".to_owned()], Keep { daily: 0, weekly: 0 }, &zone).is_empty());
        assert!(superfluous(&names[..1], Keep { daily: 0, weekly: 0 }, &zone).is_empty(), "the newest stays");
    }
}
