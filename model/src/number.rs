//! How numbers and spans of time are written in each language, for every text that people read: screens, sentences, messages.
//!
//! Must never round silently to another precision than it is asked for, nor read a setting: the language is an argument.

use crate::text::Language;

/// A number with this many decimals: `1.234,5` in Vietnamese, `1,234.5` in English, with a true minus sign.
#[must_use]
pub fn number(value: f64, decimals: u8, language: Language) -> String {
    let (group, point) = match language {
        Language::Vi => ('.', ','),
        Language::En => (',', '.'),
    };
    let plain = format!("{:.*}", usize::from(decimals), value.abs());
    let (whole, fraction) = plain.split_once('.').unwrap_or((&plain, ""));
    let mut out = String::with_capacity(plain.len() + plain.len() / 3 + 1);
    // What rounds to zero has no sign.
    if value < 0.0 && plain.bytes().any(|digit| (b'1'..=b'9').contains(&digit)) {
        out.push('\u{2212}');
    }
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 {
            out.push(group);
        }
        out.push(digit);
    }
    if !fraction.is_empty() {
        out.push(point);
        out.push_str(fraction);
    }
    out
}

/// A whole number, such as a count.
#[must_use]
pub fn count(value: u64, language: Language) -> String {
    #[allow(clippy::cast_precision_loss)]
    number(value as f64, 0, language)
}

/// A difference, with its sign: `+1,2`.
#[must_use]
pub fn difference(value: f64, decimals: u8, language: Language) -> String {
    let text = number(value, decimals, language);
    if value > 0.0 && text.bytes().any(|digit| (b'1'..=b'9').contains(&digit)) { format!("+{text}") } else { text }
}

/// A span in its largest whole unit: `12 giây`, `3 min`.
#[must_use]
pub fn span(seconds: i64, language: Language) -> String {
    let seconds = seconds.max(0);
    let (amount, vi, en) = match seconds {
        0..60 => (seconds, "giây", "s"),
        60..3600 => (seconds / 60, "phút", "min"),
        3600..172_800 => (seconds / 3600, "giờ", "h"),
        _ => (seconds / 86_400, "ngày", "days"),
    };
    match language {
        Language::Vi => format!("{amount} {vi}"),
        Language::En => format!("{amount} {en}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_as_each_language_writes_them() {
        for (value, decimals, vi, en) in [
            (1234.5, 1, "1.234,5", "1,234.5"),
            (-1_234_567.0, 0, "−1.234.567", "−1,234,567"),
            (0.0, 1, "0,0", "0.0"),
            (-0.04, 1, "0,0", "0.0"),
            (999.96, 1, "1.000,0", "1,000.0"),
            (12.0, 0, "12", "12"),
        ] {
            assert_eq!(number(value, decimals, Language::Vi), vi);
            assert_eq!(number(value, decimals, Language::En), en);
        }
        assert_eq!(difference(1.25, 1, Language::Vi), "+1,2");
        assert_eq!(difference(0.01, 1, Language::Vi), "0,0");
        assert_eq!(difference(-3.0, 0, Language::En), "−3");
    }
}
