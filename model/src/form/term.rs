//! Terms: the day, week, month, quarter or year that an entered figure is for.
//!
//! It knows the calendar's days and no zone but the one that it is given. It must never ask what day it is.

use super::fold;
use crate::text::Language;
use jiff::civil::{Date, ISOWeekDate, Weekday};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// The years that a term may be in.
const YEARS: std::ops::RangeInclusive<i16> = 2000..=2100;

/// Words beside a term's numbers.
const NAMES: &[&str] = &["thang", "nam", "ngay", "quy", "tuan", "ky"];

/// How long a term is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Cadence {
    Day,
    /// From Monday.
    Week,
    Month,
    Quarter,
    Year,
}

impl Cadence {
    /// The most days that a term has.
    #[must_use]
    pub fn longest_days(self) -> u32 {
        match self {
            Self::Day => 1,
            Self::Week => 7,
            Self::Month => 31,
            Self::Quarter => 92,
            Self::Year => 366,
        }
    }
}

/// One term. Written as `2026-11-05`, `2026-W45`, `2026-10`, `2026-Q3` or `2026`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
pub struct Term {
    cadence: Cadence,
    /// Its first day.
    first: Date,
}

impl Term {
    /// The term that a day belongs to.
    #[must_use]
    pub fn of(cadence: Cadence, day: Date) -> Self {
        let first = match cadence {
            Cadence::Day => day,
            Cadence::Week => day.saturating_sub(Span::new().days(day.weekday().to_monday_zero_offset())),
            Cadence::Month => day.first_of_month(),
            Cadence::Quarter => day.first_of_month().saturating_sub(Span::new().months((day.month() - 1) % 3)),
            Cadence::Year => day.first_of_year(),
        };
        Self { cadence, first }
    }

    /// How long it is.
    #[must_use]
    pub fn cadence(&self) -> Cadence {
        self.cadence
    }

    /// Its first day.
    #[must_use]
    pub fn first_day(&self) -> Date {
        self.first
    }

    /// The first day after it.
    #[must_use]
    pub fn next_day(&self) -> Date {
        self.first.saturating_add(self.step())
    }

    fn step(&self) -> Span {
        match self.cadence {
            Cadence::Day => Span::new().days(1),
            Cadence::Week => Span::new().days(7),
            Cadence::Month => Span::new().months(1),
            Cadence::Quarter => Span::new().months(3),
            Cadence::Year => Span::new().years(1),
        }
    }

    /// The term after it.
    #[must_use]
    pub fn next(&self) -> Self {
        Self { cadence: self.cadence, first: self.next_day() }
    }

    /// The term before it.
    #[must_use]
    pub fn previous(&self) -> Self {
        Self { cadence: self.cadence, first: self.first.saturating_sub(self.step()) }
    }

    /// The same term of the year before: of days and months by the calendar, of weeks by their number.
    #[must_use]
    pub fn year_before(&self) -> Self {
        let first = match self.cadence {
            Cadence::Week => {
                let week = self.first.iso_week_date();
                let of = |number| ISOWeekDate::new(week.year() - 1, number, Weekday::Monday).ok();
                of(week.week()).or_else(|| of(52)).map_or(self.first, ISOWeekDate::date)
            }
            _ => self.first.saturating_sub(Span::new().years(1)),
        };
        Self { cadence: self.cadence, first }
    }

    /// The moment at which it ends by the zone's clocks; figures for it carry this time.
    #[must_use]
    pub fn end(&self, zone: &TimeZone) -> Timestamp {
        let midnight = self.next_day().at(0, 0, 0, 0);
        zone.to_ambiguous_timestamp(midnight).compatible().unwrap_or(Timestamp::MAX)
    }

    /// What people call it: `tháng 10/2026`, `October 2026`.
    #[must_use]
    pub fn name(&self, language: Language) -> String {
        let (first, last) = (self.first, self.next_day().yesterday().unwrap_or(self.first));
        let day = |day: Date| format!("{:02}/{:02}/{:04}", day.day(), day.month(), day.year());
        match (self.cadence, language) {
            (Cadence::Day, Language::Vi) => format!("ngày {}", day(first)),
            (Cadence::Day, Language::En) => day(first),
            (Cadence::Week, Language::Vi) => format!("tuần {}/{} ({} – {})", self.week().0, self.week().1, day(first), day(last)),
            (Cadence::Week, Language::En) => format!("week {}/{} ({} – {})", self.week().0, self.week().1, day(first), day(last)),
            (Cadence::Month, Language::Vi) => format!("tháng {:02}/{}", first.month(), first.year()),
            (Cadence::Month, Language::En) => format!("{:02}/{}", first.month(), first.year()),
            (Cadence::Quarter, Language::Vi) => format!("quý {}/{}", self.quarter(), first.year()),
            (Cadence::Quarter, Language::En) => format!("Q{} {}", self.quarter(), first.year()),
            (Cadence::Year, Language::Vi) => format!("năm {}", first.year()),
            (Cadence::Year, Language::En) => format!("{}", first.year()),
        }
    }

    fn quarter(&self) -> i8 {
        (self.first.month() - 1) / 3 + 1
    }

    fn week(&self) -> (i8, i16) {
        let week = self.first.iso_week_date();
        (week.week(), week.year())
    }

    /// The term of this length that a cell's text names: `10/2026`, `Tháng 10 năm 2026`, `T10-2026`, `Quý III/2026`,
    /// `31/10/2026`. `None` where it names none.
    #[must_use]
    pub fn read(cadence: Cadence, text: &str) -> Option<Self> {
        let folded = fold(text);
        let (names, words): (Vec<&str>, Vec<&str>) = folded.split(' ').partition(|word| NAMES.contains(word));
        let numbers = words.into_iter().map(Number::read).collect::<Option<Vec<Number>>>()?;
        let other = |word: &&str| match *word {
            "quy" => cadence != Cadence::Quarter,
            "tuan" => cadence != Cadence::Week,
            // A day's month may be named in full.
            "thang" => cadence != Cadence::Month && numbers.len() < 3,
            _ => false,
        };
        if names.iter().any(other) {
            return None;
        }
        let plain: Vec<i16> = numbers.iter().map(|number| number.value).collect();
        let fits = |letter: char| numbers.iter().all(|number| number.letter.is_none_or(|have| have == letter));
        match (cadence, plain.as_slice()) {
            (_, [a, b, c]) if fits(' ') => date(*a, *b, *c).map(|day| Self::of(cadence, day)),
            (Cadence::Month, [a, b]) if fits('t') => pair(*a, *b).and_then(|(month, year)| Self::month(year, month)),
            (Cadence::Quarter, [a, b]) if fits('q') => pair(*a, *b).and_then(|(quarter, year)| Self::of_quarter(year, quarter)),
            (Cadence::Week, [a, b]) if fits('w') => pair(*a, *b).and_then(|(week, year)| Self::of_week(year, week)),
            (Cadence::Year, [year]) if fits(' ') => Self::of_year(*year),
            _ => None,
        }
    }

    /// The term of this length that a heading speaks of, such as `BÁO CÁO … THÁNG 10 NĂM 2026`. The day on which a
    /// paper was signed (`ngày 05 tháng 11 năm 2026`) is none, but where terms are days.
    #[must_use]
    pub fn find(cadence: Cadence, text: &str) -> Option<Self> {
        let folded = fold(text);
        let words: Vec<&str> = folded.split(' ').filter(|word| *word != "nam" || cadence == Cadence::Year).collect();
        let name = match cadence {
            Cadence::Day => "ngay",
            Cadence::Week => "tuan",
            Cadence::Month => "thang",
            Cadence::Quarter => "quy",
            Cadence::Year => "nam",
        };
        let length = match cadence {
            Cadence::Day => 4,
            Cadence::Year => 1,
            _ => 2,
        };
        (0..words.len()).filter(|at| words.get(*at) == Some(&name)).find_map(|at| {
            // `thang 11 2026` after `ngay 05`, or `nam 2026` after a month or a quarter, belongs to a longer date.
            let owner = at.checked_sub(2).and_then(|before| words.get(before));
            if owner.is_some_and(|word| matches!(*word, "ngay" | "thang" | "quy" | "tuan")) {
                return None;
            }
            Self::read(cadence, &words.get(at + 1..at + 1 + length)?.join(" "))
        })
    }

    fn month(year: i16, month: i16) -> Option<Self> {
        date(1, month, year).map(|day| Self::of(Cadence::Month, day))
    }

    fn of_quarter(year: i16, quarter: i16) -> Option<Self> {
        let month = (1..=4).contains(&quarter).then(|| quarter * 3 - 2)?;
        date(1, month, year).map(|day| Self::of(Cadence::Quarter, day))
    }

    fn of_week(year: i16, week: i16) -> Option<Self> {
        let week = ISOWeekDate::new(year, i8::try_from(week).ok()?, Weekday::Monday).ok()?;
        YEARS.contains(&year).then(|| Self { cadence: Cadence::Week, first: week.date() })
    }

    fn of_year(year: i16) -> Option<Self> {
        date(1, 1, year).map(|day| Self::of(Cadence::Year, day))
    }
}

/// A number in a term's name, with the letter that it came with: `t10`, `q3`, `w44`; `iii` is a quarter's.
struct Number {
    value: i16,
    letter: Option<char>,
}

impl Number {
    fn read(word: &str) -> Option<Self> {
        let roman = ["i", "ii", "iii", "iv"].iter().position(|numeral| *numeral == word);
        if let Some(at) = roman {
            return Some(Self { value: i16::try_from(at + 1).ok()?, letter: Some('q') });
        }
        let letter = word.chars().next().filter(|c| matches!(c, 't' | 'q' | 'w'));
        let digits = if letter.is_some() { word.get(1..)? } else { word };
        let value = digits.parse().ok().filter(|_| digits.len() <= 4 && digits.bytes().all(|byte| byte.is_ascii_digit()))?;
        Some(Self { value, letter })
    }
}

/// A number and a year, in either order.
fn pair(a: i16, b: i16) -> Option<(i16, i16)> {
    match (YEARS.contains(&a), YEARS.contains(&b)) {
        (false, true) => Some((a, b)),
        (true, false) => Some((b, a)),
        _ => None,
    }
}

/// Day, month and year in this order, or year, month and day.
fn date(a: i16, month: i16, c: i16) -> Option<Date> {
    let (day, year) = if YEARS.contains(&c) { (a, c) } else { (c, a) };
    YEARS.contains(&year).then(|| Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()).flatten()
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = self.first;
        match self.cadence {
            Cadence::Day => write!(f, "{first}"),
            Cadence::Week => write!(f, "{:04}-W{:02}", self.week().1, self.week().0),
            Cadence::Month => write!(f, "{:04}-{:02}", first.year(), first.month()),
            Cadence::Quarter => write!(f, "{:04}-Q{}", first.year(), self.quarter()),
            Cadence::Year => write!(f, "{:04}", first.year()),
        }
    }
}

impl FromStr for Term {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        // The browser reads terms too, and would have to carry Unicode's tables if this went by way of `read`.
        let number = |digits: &str| digits.parse::<i16>().ok();
        let found = match text.split('-').collect::<Vec<_>>().as_slice() {
            [year] => number(year).and_then(Self::of_year),
            [year, part] => number(year).and_then(|year| match part.split_at_checked(1) {
                Some(("Q", quarter)) => Self::of_quarter(year, number(quarter)?),
                Some(("W", week)) => Self::of_week(year, number(week)?),
                _ => Self::month(year, number(part)?),
            }),
            [year, month, day] => number(year)
                .zip(number(month))
                .zip(number(day))
                .and_then(|((year, month), day)| Some(Self::of(Cadence::Day, date(day, month, year)?))),
            _ => None,
        };
        let found = found.filter(|term| term.to_string() == text);
        found.ok_or_else(|| {
            let shown: String = text.chars().take(40).collect();
            format!("{shown:?} is not a term: write 2026-11-05, 2026-W45, 2026-10, 2026-Q3 or 2026")
        })
    }
}

impl TryFrom<String> for Term {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}
impl From<Term> for String {
    fn from(term: Term) -> String {
        term.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_term_is_its_text() {
        for text in ["2026-11-05", "2026-W45", "2026-10", "2026-Q3", "2026", "2024-02-29", "2020-W53"] {
            assert_eq!(text.parse::<Term>().unwrap().to_string(), text);
        }
        for text in ["", "2026-13", "2026-Q5", "2026-W54", "26", "2026-1", "1999", "2026-02-30", "10/2026"] {
            assert!(text.parse::<Term>().is_err(), "{text}");
        }
    }

    #[test]
    fn terms_follow_one_another() {
        for (text, next, year_before, last) in [
            ("2026-10", "2026-11", "2025-10", "2026-10-31"),
            ("2026-12", "2027-01", "2025-12", "2026-12-31"),
            ("2026-Q4", "2027-Q1", "2025-Q4", "2026-12-31"),
            ("2026", "2027", "2025", "2026-12-31"),
            ("2024-02-29", "2024-03-01", "2023-02-28", "2024-02-29"),
            ("2020-W53", "2021-W01", "2019-W52", "2021-01-03"),
        ] {
            let term: Term = text.parse().unwrap();
            assert_eq!(term.next().to_string(), next);
            assert_eq!(term.year_before().to_string(), year_before);
            assert_eq!(term.next_day().yesterday().unwrap().to_string(), last);
            assert_eq!(term.next().previous().first_day().to_string(), term.first_day().to_string());
        }
    }

    #[test]
    fn what_people_write_into_cells_is_understood() {
        use Cadence::*;
        for (cadence, text, term) in [
            (Month, "10/2026", "2026-10"),
            (Month, "Tháng 10/2026", "2026-10"),
            (Month, "tháng 10 năm 2026", "2026-10"),
            (Month, "T10-2026", "2026-10"),
            (Month, "2026-10", "2026-10"),
            (Month, "31/10/2026", "2026-10"),
            (Quarter, "Quý III/2026", "2026-Q3"),
            (Quarter, "Q3 2026", "2026-Q3"),
            (Quarter, "quý 3 năm 2026", "2026-Q3"),
            (Quarter, "30/09/2026", "2026-Q3"),
            (Year, "Năm 2026", "2026"),
            (Week, "Tuần 44/2026", "2026-W44"),
            (Week, "2026-W44", "2026-W44"),
            (Day, "05/11/2026", "2026-11-05"),
            (Day, "ngày 5 tháng 11 năm 2026", "2026-11-05"),
        ] {
            assert_eq!(Term::read(cadence, text).map(|term| term.to_string()).as_deref(), Some(term), "{text}");
        }
        for (cadence, text) in [
            (Month, "2026"),
            (Month, "Q3/2026"),
            (Month, "13/2026"),
            (Quarter, "T10/2026"),
            (Month, "Quý 3/2026"),
            (Quarter, "tháng 3/2026"),
            (Year, "10"),
            (Day, "10/2026"),
        ] {
            assert_eq!(Term::read(cadence, text), None, "{text}");
        }
    }

    #[test]
    fn a_heading_says_the_term_and_the_date_of_the_paper_does_not() {
        use Cadence::*;
        let title = "BÁO CÁO TÌNH HÌNH GIẢI NGÂN VỐN ĐẦU TƯ CÔNG THÁNG 10 NĂM 2026";
        assert_eq!(Term::find(Month, title).unwrap().to_string(), "2026-10");
        assert_eq!(Term::find(Month, "Cần Thơ, ngày 05 tháng 11 năm 2026"), None);
        assert_eq!(Term::find(Year, "Cần Thơ, ngày 05 tháng 11 năm 2026"), None);
        assert_eq!(Term::find(Day, "Cần Thơ, ngày 05 tháng 11 năm 2026").unwrap().to_string(), "2026-11-05");
        assert_eq!(Term::find(Quarter, "Biểu số 03/BC-ĐTC, quý III năm 2026").unwrap().to_string(), "2026-Q3");
        assert_eq!(Term::find(Year, "Kế hoạch năm 2026").unwrap().to_string(), "2026");
    }

    #[test]
    fn a_term_ends_at_midnight_by_the_citys_clocks() {
        let zone = TimeZone::get("Asia/Ho_Chi_Minh").unwrap_or(TimeZone::fixed(jiff::tz::offset(7)));
        let term: Term = "2026-10".parse().unwrap();
        assert_eq!(term.end(&zone).to_string(), "2026-10-31T17:00:00Z");
    }
}
