//! A comparison as people say it, in both languages.
//!
//! It must never compare by itself, nor give a percentage that is withheld.

use super::{Against, Comparison, TrendWay, Verdict, Withheld, half_step};
use crate::number::number;
use crate::text::Language;
use crate::{Kpi, Text};

impl Comparison {
    /// Which way the figure has gone, as far as it is seen in what is written.
    #[must_use]
    pub fn way(&self, kpi: &Kpi) -> Option<TrendWay> {
        let difference = self.difference.filter(|_| self.without_percent != Some(Withheld::TooFew))?;
        Some(match difference {
            difference if difference.abs() < half_step(kpi) => TrendWay::Level,
            difference if difference > 0.0 => TrendWay::Rising,
            _ => TrendWay::Falling,
        })
    }

    /// By how much, against what, and whether that is good: `12 % so với cùng giờ tuần trước, xấu đi`. The direction is
    /// an arrow's to show.
    #[must_use]
    pub fn in_words(&self, kpi: &Kpi) -> Text {
        Text { vi: self.say(kpi, Language::Vi), en: self.say(kpi, Language::En) }
    }

    fn say(&self, kpi: &Kpi, language: Language) -> String {
        let pick = |vi: &'static str, en: &'static str| if language == Language::Vi { vi } else { en };
        let against = match self.against {
            Against::Previous => pick("so với kỳ trước", "against the period before"),
            Against::Yesterday => pick("so với cùng giờ hôm qua", "against this time yesterday"),
            Against::LastWeek => pick("so với cùng giờ tuần trước", "against this time last week"),
            Against::LastYear => pick("so với cùng kỳ năm trước", "against the same period last year"),
        };
        let Some(way) = self.way(kpi) else {
            let why = match self.without_percent {
                Some(Withheld::TooFew) => pick("quá ít để so sánh", "too few to compare"),
                _ => pick("chưa có số liệu", "no data"),
            };
            return format!("{why} ({against})");
        };
        let mut said = match way {
            TrendWay::Level => against.to_owned(),
            _ => format!("{} {against}", self.amount(kpi, language)),
        };
        if self.is_unlike {
            said.push_str(pick(" (lệch Tết)", " (one of them around Tết)"));
        }
        match self.verdict {
            Some(Verdict::Better) => said.push_str(pick(", tốt hơn", ", better")),
            Some(Verdict::Worse) => said.push_str(pick(", xấu đi", ", worse")),
            Some(Verdict::Same) | None => {}
        }
        said
    }

    fn amount(&self, kpi: &Kpi, language: Language) -> String {
        let difference = number(self.difference.unwrap_or(0.0).abs(), kpi.decimals, language);
        match (self.percent.map(f64::abs), self.without_percent, language) {
            (Some(percent), ..) => format!("{}\u{a0}%", number(percent, u8::from(percent < 10.0), language)),
            (None, Some(Withheld::Share), Language::Vi) => format!("{difference} điểm\u{a0}%"),
            (None, Some(Withheld::Share), Language::En) => format!("{difference}\u{a0}pp"),
            _ => match kpi.unit.symbol().get(language) {
                "" => difference,
                unit => format!("{difference}\u{a0}{unit}"),
            },
        }
    }
}
