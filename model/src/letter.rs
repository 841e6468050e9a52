//! The morning letter: to whom it goes, and when.
//!
//! It must never say what a letter says: that is made when its time has come.

use crate::rota::Day;
use crate::{PersonId, Text};
use jiff::Timestamp;
use jiff::civil::{Date, Time, time};
use jiff::tz::TimeZone;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The most people that it goes to.
const MOST_RECIPIENTS: usize = 100;
/// The longest address of the centre, in characters.
const MOST_URL: usize = 200;
/// Between two letters at the most, with room.
const LONGEST_DAYS: usize = 8;

/// `PUT /api/v1/letter`: what the centre is asked to send each morning.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LetterOrder {
    /// To whom; each needs a verified e-mail address.
    pub recipients: Vec<PersonId>,
    /// At what time of the city's clocks.
    #[serde(default = "seven")]
    pub at: Time,
    /// On which days; on all, where there is none.
    #[serde(default)]
    pub weekdays: Vec<Day>,
    /// Where the recipients reach the centre's pages, such as `https://ioc.cantho.gov.vn`; without it the letter has no links.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
}

fn seven() -> Time {
    time(7, 0, 0, 0)
}

/// A letter's turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Turn {
    /// The date by the city's clocks: there is one letter for each.
    pub date: Date,
    /// When it is due.
    pub at: Timestamp,
}

impl LetterOrder {
    /// What keeps it from being taken, with what to do; `None` when it is sound.
    #[must_use]
    pub fn problem(&self) -> Option<Text> {
        if self.recipients.len() > MOST_RECIPIENTS {
            return Some(Text {
                vi: format!("thư gửi cho {} người; nhiều nhất là {MOST_RECIPIENTS}", self.recipients.len()),
                en: format!("`recipients` has {} people; at most {MOST_RECIPIENTS} are taken", self.recipients.len()),
            });
        }
        let url = self.url.as_deref()?;
        let is_web = url.starts_with("https://") || url.starts_with("http://");
        let is_plain = url.chars().count() <= MOST_URL && !url.chars().any(|c| c.is_control() || c.is_whitespace() || "\"'<>".contains(c));
        (!is_web || !is_plain).then(|| Text {
            vi: format!("`url` là {url:?}; hãy ghi địa chỉ mọi người mở trang, như https://ioc.example.vn"),
            en: format!("`url` is {url:?}; write where people reach the pages, such as https://ioc.example.vn"),
        })
    }

    /// The last turn at or before a moment.
    #[must_use]
    pub fn last_turn(&self, zone: &TimeZone, now: Timestamp) -> Option<Turn> {
        let today = zone.to_datetime(now).date();
        // A day on, because a gap of the clocks can move a turn beyond midnight.
        let days = today.tomorrow().ok().into_iter().chain(today.series(jiff::Span::new().days(-1)));
        days.take(LONGEST_DAYS + 2).filter_map(|date| self.turn_on(zone, date)).find(|turn| turn.at <= now)
    }

    /// The first turn after a moment.
    #[must_use]
    pub fn next_turn(&self, zone: &TimeZone, now: Timestamp) -> Option<Turn> {
        let yesterday = zone.to_datetime(now).date().yesterday().ok()?;
        let days = yesterday.series(jiff::Span::new().days(1));
        days.take(LONGEST_DAYS + 2).filter_map(|date| self.turn_on(zone, date)).find(|turn| now < turn.at)
    }

    fn turn_on(&self, zone: &TimeZone, date: Date) -> Option<Turn> {
        let is_wanted = self.weekdays.is_empty() || self.weekdays.contains(&date.weekday().into());
        let at = is_wanted.then(|| date.to_datetime(self.at).to_zoned(zone.clone()).ok())??.timestamp();
        Some(Turn { date, at })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn turns_follow_the_citys_clocks_and_its_weekdays() {
        let zone = TimeZone::get("Asia/Ho_Chi_Minh").unwrap();
        let order = |weekdays| LetterOrder { recipients: Vec::new(), at: seven(), weekdays, url: None };
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let daily = order(Vec::new());
        // A Monday.
        let now = at("2026-03-02T00:00:00Z");
        let last = daily.last_turn(&zone, now).unwrap();
        assert_eq!((last.date.to_string(), last.at), ("2026-03-02".to_owned(), now));
        assert_eq!(daily.next_turn(&zone, now).unwrap().at, at("2026-03-03T00:00:00Z"));
        let before = daily.last_turn(&zone, at("2026-03-01T23:59:59Z")).unwrap();
        assert_eq!(before.date.to_string(), "2026-03-01");
        let workdays = order(vec![Day::Monday, Day::Friday]);
        assert_eq!(workdays.last_turn(&zone, at("2026-03-01T23:59:59Z")).unwrap().date.to_string(), "2026-02-27");
        assert_eq!(workdays.next_turn(&zone, now).unwrap().date.to_string(), "2026-03-06");
        // A time that the clocks skip is the first after it.
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let early = LetterOrder { at: time(2, 30, 0, 0), ..order(Vec::new()) };
        assert_eq!(early.next_turn(&berlin, at("2026-03-28T12:00:00Z")).unwrap().at, at("2026-03-29T01:30:00Z"));
    }
}
