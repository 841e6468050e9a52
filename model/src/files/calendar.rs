//! `calendar.toml`: which days are worked, when offices are open, and how long cases may take.
//!
//! Must never know a country's law: a file says what it comes to, day by day.

use super::{document::Document, hex, section::Section, value::Value};
use crate::calendar::{Allowance, AllowanceTable, CalendarParts, Holiday, Hours, Swap, WorkingCalendar};
use crate::{City, LabelName};
use jiff::civil::{Date, Weekday};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

const WEEKDAYS: &[(&str, Weekday)] = &[
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];

/// The calendar as far as the file is sound.
pub(super) fn read(document: &Document<'_>, city: &City) -> Option<WorkingCalendar> {
    let mut section = document.section();
    section.what = "calendar.toml".to_owned();
    let weekdays = section.need("weekdays", |value| value.each(|day| day.choice(WEEKDAYS)));
    let hours = section.need("hours", hours);
    let years = section.need("years", years);
    let holidays = section.may("holidays", |value| value.each(|one| holiday(one, years)));
    let swaps = section.may("swaps", |value| value.each(|one| swap(one, weekdays.as_deref().unwrap_or_default(), years)));
    let lunar_new_years = section.may("lunar_new_years", lunar_new_years);
    let allowances = section.may("allowances", allowances);
    section.finish();
    let (weekdays, hours, years) = (weekdays?, hours?, years?);
    if weekdays.is_empty() || hours.is_empty() {
        document.problem(0, "calendar.toml has no time that is worked", Some("name at least one weekday and one pair of hours".to_owned()));
    }
    let mut parts = CalendarParts {
        version: String::new(),
        zone: city.zone.clone(),
        weekdays,
        hours,
        years,
        holidays: holidays.unwrap_or_default(),
        swaps: swaps.unwrap_or_default(),
        lunar_new_years: lunar_new_years.unwrap_or_default(),
        allowances: allowances.unwrap_or_default(),
    };
    parts.version = version(&parts);
    WorkingCalendar::new(parts)
}

/// Names the content as it was understood, the names of holidays included.
fn version(parts: &CalendarParts) -> String {
    hex(&Sha256::digest(format!("{parts:?}"))).chars().take(16).collect()
}

pub(super) fn hours(value: &Value<'_>) -> Option<Vec<Hours>> {
    let mut all: Vec<Hours> = Vec::new();
    for pair in value.items()? {
        let Some((open_s, close_s)) = pair.pair(time) else { continue };
        if close_s <= open_s {
            pair.problem("the offices close before they open", "write the opening time first: [\"07:00\", \"11:30\"]");
        } else if all.last().is_some_and(|last| open_s < last.close_s) {
            pair.problem("these hours begin before the ones before them end", "write the hours of a day in order, without overlap");
        } else {
            all.push(Hours { open_s, close_s });
        }
    }
    Some(all)
}

/// A time of day such as `07:00`, in seconds since midnight; `24:00` is the day's end.
fn time(value: &Value<'_>) -> Option<u32> {
    let text = value.raw()?;
    let parsed = text.split_once(':').and_then(|(hour, minute)| {
        let number = |text: &str| (text.len() == 2).then(|| text.parse::<u32>().ok()).flatten();
        let (hour, minute) = (number(hour)?, number(minute)?);
        (minute < 60 && hour * 60 + minute <= 24 * 60).then_some((hour * 60 + minute) * 60)
    });
    if parsed.is_none() {
        value.problem(format!("{text:?} is not a time of day"), "write hours and minutes: \"07:00\"");
    }
    parsed
}

fn years(value: &Value<'_>) -> Option<(i16, i16)> {
    let year = |value: &Value<'_>| value.whole(1970, 9000).and_then(|year| i16::try_from(year).ok());
    let (first, last) = value.pair(year)?;
    if last < first {
        value.problem("the last year is before the first", "write the first year and the last: [2025, 2030]");
        return None;
    }
    Some((first, last))
}

fn in_years(value: &Value<'_>, date: Date, years: Option<(i16, i16)>) {
    if years.is_some_and(|(first, last)| !(first..=last).contains(&date.year())) {
        value.problem(
            format!("{date} is not in the years that the calendar is for"),
            "widen `years`, once all their days off are in the file",
        );
    }
}

fn holiday(value: &Value<'_>, years: Option<(i16, i16)>) -> Option<Holiday> {
    let mut section = value.section("holiday")?;
    let id = section.need("id", Value::id::<LabelName>);
    let name = section.need("name", Value::both_languages);
    let checked = |value: &Value<'_>| value.date().inspect(|date| in_years(value, *date, years));
    let from = section.need("from", checked);
    let to = section.may("to", checked).or(from);
    if let (Some(from), Some(to)) = (from, to)
        && to < from
    {
        section.problem(format!("the holiday ends on {to}, before it begins"), "write the first day in `from` and the last in `to`");
    }
    section.finish();
    Some(Holiday { id: id?.into(), name: name?, from: from?, to: to? })
}

/// A lunar year has twelve or thirteen months: from 353 to 385 days.
fn lunar_new_years(value: &Value<'_>) -> Option<Vec<Date>> {
    let mut all: Vec<Date> = Vec::new();
    for item in value.items()? {
        let Some(day) = item.date() else { continue };
        match all.last().map(|last| (day - *last).get_days()) {
            Some(days) if !(353..=385).contains(&days) => {
                item.problem(
                    format!("{day} is {days} days after the new year before it"),
                    "write the first day of every lunar year, in order",
                );
            }
            _ => all.push(day),
        }
    }
    Some(all)
}

fn swap(value: &Value<'_>, weekdays: &[Weekday], years: Option<(i16, i16)>) -> Option<Swap> {
    let mut section = value.section("swap")?;
    let mut day = |key, worked: bool| {
        section.need(key, |value| {
            let day = value.date()?;
            in_years(value, day, years);
            if !weekdays.is_empty() && weekdays.contains(&day.weekday()) != worked {
                let is = if worked { "is no weekday that is usually worked" } else { "is usually worked anyway" };
                value.problem(format!("{day} {is}"), "`off` is the working day that is not worked, `on` the day that is worked instead");
            }
            Some(day)
        })
    };
    let (off, on) = (day("off", true), day("on", false));
    section.finish();
    Some(Swap { off: off?, on: on? })
}

fn allowances(value: &Value<'_>) -> Option<Vec<AllowanceTable>> {
    let section = value.section("`allowances`")?;
    Some(section.entries().filter_map(|entry| table(&entry)).collect())
}

fn table(entry: &Value<'_>) -> Option<AllowanceTable> {
    let kind = entry.key_id::<LabelName>();
    let mut section = entry.section(&format!("allowances of {}", entry.key))?;
    let label = section.need("label", Value::id::<LabelName>);
    let otherwise = section.may("otherwise", allowance);
    let of = section.may("of", |value| {
        let section: Section<'_> = value.section("`of`")?;
        Some(section.entries().filter_map(|one| Some((one.key.clone(), allowance(&one)?))).collect::<BTreeMap<_, _>>())
    });
    section.finish();
    Some(AllowanceTable { kind: kind?.into(), label: label?, of: of.unwrap_or_default(), otherwise })
}

/// A length of time such as `5wd`.
pub(super) fn allowance(value: &Value<'_>) -> Option<Allowance> {
    let text = value.raw()?;
    let allowance = text.parse::<Allowance>().ok();
    if allowance.is_none() {
        value.problem(
            format!("`{}` is {text:?}, which is not a length of time", value.key),
            "write working days as \"5wd\", office hours as \"16wh\", days as \"20d\" or hours as \"36h\"",
        );
    }
    allowance
}
