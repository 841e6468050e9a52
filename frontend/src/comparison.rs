//! A comparison as a line of text: by how much, against what, and whether that is good.
//!
//! Must never compare by itself, nor give a percentage that the model withholds.

use crate::figure::{self, Direction};
use crate::locale;
use taydo_model::Kpi;
use taydo_model::compare::{Against, Comparison, Verdict, Withheld};
use taydo_model::text::Language;

/// What a tile says of a comparison.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// Which way the figure has gone; absent where nothing can be said.
    pub direction: Option<Direction>,
    /// By how much, where it has changed.
    pub by: Option<String>,
    /// Against what, or why not.
    pub text: String,
    /// Whether that is good, in words.
    pub verdict: Option<&'static str>,
}

/// The line of a comparison.
#[must_use]
pub fn line(kpi: &Kpi, one: &Comparison, language: Language) -> Line {
    let against = against(one.against, language);
    let nothing = |why: &str| Line { direction: None, by: None, text: format!("{why} ({against})"), verdict: None };
    let too_few = nothing(pick(language, "quá ít để so sánh", "too few to compare"));
    let Some(difference) = one.difference else {
        return match one.without_percent {
            Some(Withheld::TooFew) => too_few,
            _ => nothing(pick(language, "chưa có số liệu", "no data")),
        };
    };
    if one.without_percent == Some(Withheld::TooFew) {
        return too_few;
    }
    let is_level = difference.abs() < 0.5 * 10_f64.powi(-i32::from(kpi.decimals));
    let direction = match difference {
        _ if is_level => Direction::Level,
        difference if difference > 0.0 => Direction::Up,
        _ => Direction::Down,
    };
    let by = match one.percent {
        Some(percent) => locale::number(percent.abs(), u8::from(percent.abs() < 10.0), language) + "\u{a0}%",
        None if one.without_percent == Some(Withheld::Share) => {
            locale::number(difference.abs(), kpi.decimals, language) + pick(language, "\u{a0}điểm\u{a0}%", "\u{a0}pp")
        }
        None => figure::with_unit(kpi, difference.abs(), language),
    };
    let unlike = pick(language, " (lệch Tết)", " (unlike: Tết)");
    Line {
        direction: Some(direction),
        by: (!is_level).then_some(by),
        text: if one.is_unlike { against.to_owned() + unlike } else { against.to_owned() },
        verdict: one.verdict.and_then(|verdict| match verdict {
            Verdict::Better => Some(pick(language, "tốt hơn", "better")),
            Verdict::Worse => Some(pick(language, "xấu đi", "worse")),
            Verdict::Same => None,
        }),
    }
}

fn against(against: Against, language: Language) -> &'static str {
    match against {
        Against::Previous => pick(language, "so với kỳ trước", "against the period before"),
        Against::Yesterday => pick(language, "so với cùng giờ hôm qua", "against this time yesterday"),
        Against::LastWeek => pick(language, "so với cùng giờ tuần trước", "against this time last week"),
        Against::LastYear => pick(language, "so với cùng kỳ năm trước", "against the same period last year"),
    }
}

fn pick(language: Language, vi: &'static str, en: &'static str) -> &'static str {
    match language {
        Language::Vi => vi,
        Language::En => en,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::tests::speed;
    use taydo_model::compare::{Alignment, Side};
    use taydo_model::{Unit, text::nfc};

    fn told(kpi: &Kpi, change: impl FnOnce(&mut Comparison)) -> (Option<Direction>, String) {
        let mut one = Comparison {
            against: Against::LastWeek,
            aligned: Alignment::Weekday,
            is_unlike: false,
            then: Side::missing(jiff::Timestamp::UNIX_EPOCH),
            difference: Some(-3.6),
            percent: Some(-12.0),
            without_percent: None,
            verdict: Some(Verdict::Worse),
        };
        change(&mut one);
        let line = line(kpi, &one, Language::Vi);
        let text = [line.by.unwrap_or_default(), line.text, line.verdict.unwrap_or_default().to_owned()].join(" ");
        assert_eq!(nfc(&text), text.trim());
        (line.direction, text.trim().to_owned())
    }

    #[test]
    fn a_comparison_reads_as_people_say_it() {
        let kpi = speed();
        assert_eq!(told(&kpi, |_| {}), (Some(Direction::Down), "12\u{a0}% so với cùng giờ tuần trước xấu đi".into()));
        assert_eq!(told(&kpi, |one| one.percent = Some(4.26)).1, "4,3\u{a0}% so với cùng giờ tuần trước xấu đi");
        let level = told(&kpi, |one| (one.difference, one.verdict) = (Some(0.04), Some(Verdict::Same)));
        assert_eq!(level, (Some(Direction::Level), "so với cùng giờ tuần trước".into()));
        let few = told(&kpi, |one| (one.percent, one.without_percent, one.verdict) = (None, Some(Withheld::TooFew), None));
        assert_eq!(few, (None, "quá ít để so sánh (so với cùng giờ tuần trước)".into()));
        let none = told(&kpi, |one| (one.difference, one.percent, one.without_percent) = (None, None, Some(Withheld::Missing)));
        assert_eq!(none, (None, "chưa có số liệu (so với cùng giờ tuần trước)".into()));
        let zero = told(&kpi, |one| (one.percent, one.without_percent) = (None, Some(Withheld::Zero)));
        assert_eq!(zero.1, "3,6\u{a0}km/h so với cùng giờ tuần trước xấu đi");
        let share = Kpi { unit: Unit::parse("%").unwrap(), ..speed() };
        let points = told(&share, |one| (one.percent, one.without_percent) = (None, Some(Withheld::Share)));
        assert_eq!(points.1, "3,6\u{a0}điểm\u{a0}% so với cùng giờ tuần trước xấu đi");
        let unlike = told(&kpi, |one| (one.against, one.is_unlike) = (Against::LastYear, true));
        assert_eq!(unlike.1, "12\u{a0}% so với cùng kỳ năm trước (lệch Tết) xấu đi");
    }
}
