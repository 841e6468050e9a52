//! Figures that a department enters: how often, until when, for which terms, and the bodies of `/api/v1/forms`.
//!
//! It must never decide whether a figure is taken; the server does.

mod fold;
mod page;
mod term;

pub use fold::fold;
pub use page::{
    Current, DepartmentForms, Draft, Duty, DutyState, EntriesPage, Entry, FormsPage, MAX_NAME_CHARS, MAX_REASON_CHARS, Problem, Receipt,
    Reminder, ReminderKind, Row, RowState, Stated, Verdict, WRITTEN_CHARS,
};
pub use term::{Cadence, Term};

use crate::kpi::{Aggregate, From, Suspect, Window};
use crate::observation::MetricKind;
use crate::source::{Source, Way};
use crate::text::Language;
use crate::{Kpi, Labels, Metric, MetricId, Scope, SourceId, Text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

const DAY_S: u32 = 86_400;
/// The source that entered figures come by. The loader makes it where a KPI is entered.
pub const SOURCE: &str = "forms";
/// Every scope of every such KPI is a series.
const MAX_SERIES: u32 = 100_000;
/// The longest time after a term's end that a figure may be due, in days of either sort.
pub const MAX_DUE_DAYS: u16 = 250;
/// Days off in a row, such as those of Tết with the week-ends around them.
const LONGEST_BREAK_DAYS: u32 = 14;

/// How a department enters a KPI.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Form {
    /// The metric whose observations the figures are. It has the KPI's own id.
    pub metric: MetricId,
    /// How long a term is.
    pub cadence: Cadence,
    /// How long after a term's end its figure is due.
    pub due: Due,
    /// How many days before that the department is reminded.
    pub remind_days: u16,
    /// The step that figures are rounded to, in the KPI's unit.
    pub resolution: f64,
    /// What is possible, both ends included, in the KPI's unit.
    pub range: Option<(f64, f64)>,
    /// A figure that differs from the term's before by more than this share of it must be confirmed.
    pub jump: Option<f64>,
}

/// How long after a term's end a figure is due: `10d`, or `10wd` for working days. Day 1 is the first day after the term.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct Due {
    /// How many days.
    pub days: u16,
    /// Whether only days are counted that are worked.
    pub working: bool,
}

impl Due {
    /// The most days that it can last.
    fn longest_days(self) -> u32 {
        let days = u32::from(self.days);
        if self.working { days.div_ceil(5) * 7 + LONGEST_BREAK_DAYS } else { days }
    }
}

impl fmt::Display for Due {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.days, if self.working { "wd" } else { "d" })
    }
}

impl FromStr for Due {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (digits, working) = match text.strip_suffix("wd") {
            Some(digits) => (Some(digits), true),
            None => (text.strip_suffix('d'), false),
        };
        let days = digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit())).and_then(|digits| digits.parse().ok());
        match days {
            Some(days) if (1..=MAX_DUE_DAYS).contains(&days) => Ok(Self { days, working }),
            _ => Err(format!("{text:?} is not a number of days from 1 to {MAX_DUE_DAYS}: write 10d, or 10wd for working days")),
        }
    }
}

impl TryFrom<String> for Due {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}
impl std::convert::From<Due> for String {
    fn from(due: Due) -> String {
        due.to_string()
    }
}

impl Form {
    /// When nothing newer has come for so many seconds after a term's end, the next term's figure was due.
    #[must_use]
    pub fn stale_s(&self) -> u32 {
        (self.cadence.longest_days() + self.due.longest_days()) * DAY_S
    }

    /// How far back the newest figure is looked for, in seconds: it is shown for one more term after it became stale.
    #[must_use]
    pub fn window_s(&self) -> u32 {
        self.stale_s() + self.cadence.longest_days() * DAY_S
    }

    /// What the engine computes: the newest figure.
    #[must_use]
    pub fn computed(&self) -> From {
        From::Observations {
            metric: self.metric.clone(),
            aggregate: Aggregate::Last,
            window: Window::Sliding(self.window_s()),
            across: None,
            only: Labels::default(),
            suspect: Suspect::Flag,
            at_least: 0,
            factor: 1.0,
        }
    }

    /// How it comes to be, in words.
    #[must_use]
    pub fn in_words(&self, language: Language) -> String {
        let (vi, en) = match self.cadence {
            Cadence::Day => ("mỗi ngày", "once a day"),
            Cadence::Week => ("mỗi tuần", "once a week"),
            Cadence::Month => ("mỗi tháng", "once a month"),
            Cadence::Quarter => ("mỗi quý", "once a quarter"),
            Cadence::Year => ("mỗi năm", "once a year"),
        };
        let Due { days, working } = self.due;
        match language {
            Language::Vi => {
                format!("Cơ quan phụ trách nhập {vi}, hạn {days} ngày{} sau khi hết kỳ", if working { " làm việc" } else { "" })
            }
            Language::En => {
                format!("Entered by its owner {en}, due {days}{} days after the term ends", if working { " working" } else { "" })
            }
        }
    }

    /// The metric whose observations the KPI's figures are.
    #[must_use]
    pub fn metric(&self, kpi: &Kpi) -> Metric {
        Metric {
            id: self.metric.clone(),
            title: kpi.title.clone(),
            unit: kpi.unit,
            resolution: self.resolution,
            range: self.range,
            kind: MetricKind::Gauge,
            jump: None,
            frozen_s: None,
        }
    }
}

/// The labels of the series of a scope's figures.
#[must_use]
pub fn labels(scope: &Scope) -> Vec<(&'static str, String)> {
    match scope {
        Scope::City => Vec::new(),
        Scope::Area(id) => vec![("area", id.to_string())],
        Scope::Department(id) => vec![("department", id.to_string())],
        Scope::Asset(id) => vec![("asset", id.to_string())],
    }
}

/// The source that entered figures come by.
#[must_use]
pub fn source() -> Option<Source> {
    Some(Source {
        id: SourceId::new(SOURCE).ok()?,
        title: Text::new("Biểu mẫu của sở, ngành", "Departments' forms"),
        owner: None,
        way: Way::Form,
        max_series: MAX_SERIES,
        silent_s: None,
        urgent: false,
        via: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_due_date_is_a_number_of_days_worked_or_not() {
        for (text, days, working) in [("10d", 10, false), ("5wd", 5, true), ("250d", 250, false)] {
            let due: Due = text.parse().unwrap();
            assert_eq!((due.days, due.working, due.to_string().as_str()), (days, working, text));
        }
        for text in ["", "d", "0d", "251d", "10", "10w", "1.5d", "-1d", "+1d", "10 d", "wd"] {
            assert!(text.parse::<Due>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_figure_is_fresh_until_the_next_ones_due_date() {
        let form = |cadence, due: &str| Form {
            metric: MetricId::new("m").unwrap(),
            cadence,
            due: due.parse().unwrap(),
            remind_days: 3,
            resolution: 1.0,
            range: None,
            jump: None,
        };
        assert_eq!(form(Cadence::Month, "10d").stale_s(), 41 * DAY_S);
        assert_eq!(form(Cadence::Year, "90d").stale_s(), 456 * DAY_S);
        assert_eq!(form(Cadence::Week, "2wd").stale_s(), (7 + 7 + 14) * DAY_S);
    }
}
