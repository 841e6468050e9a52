//! Numbers as Vietnamese offices type them: `1.234,5`. What can be read in two ways is refused, not guessed.
//!
//! Must never know what a number is of.

/// Why a text is not a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unclear {
    /// It isn't one.
    NotANumber,
    /// It could be two: `1,234`.
    TwoWays,
}

/// The number that a text stands for. A comma is the decimal sign and points divide thousands; where points or commas
/// can only be meant the other way round, they are read so. Blanks between groups are left out.
///
/// # Errors
/// See [`Unclear`].
pub(super) fn read(text: &str) -> Result<f64, Unclear> {
    let compact: String = text.chars().filter(|c| !matches!(c, ' ' | '\u{a0}' | '\u{202f}' | '\u{2009}' | '_')).collect();
    let (negative, digits) = match compact.strip_prefix(['-', '\u{2212}', '\u{2013}']) {
        Some(rest) => (true, rest),
        None => (false, compact.strip_prefix('+').unwrap_or(&compact)),
    };
    let plain = plain(digits)?;
    let number: f64 = plain.parse().map_err(|_| Unclear::NotANumber)?;
    Ok(if negative { -number } else { number })
}

/// The digits with `.` as the decimal sign and no groups.
fn plain(text: &str) -> Result<String, Unclear> {
    let is_number = text.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | ',')) && text.starts_with(|c: char| c.is_ascii_digit());
    if !is_number || text.len() > 30 || text.ends_with(['.', ',']) {
        return Err(Unclear::NotANumber);
    }
    let (points, commas) = (text.matches('.').count(), text.matches(',').count());
    match (points, commas) {
        (0, 0) => Ok(text.to_owned()),
        (_, 0) => match grouped(text, '.') {
            Some(whole) => Ok(whole),
            None if points == 1 => Ok(text.to_owned()),
            None => Err(Unclear::NotANumber),
        },
        (0, 1) => match grouped(text, ',') {
            // A decimal number with three digits, or a whole one of a thousand and more.
            Some(_) => Err(Unclear::TwoWays),
            None => Ok(text.replace(',', ".")),
        },
        (0, _) => grouped(text, ',').ok_or(Unclear::NotANumber),
        _ => {
            let (decimal, group) = if text.rfind(',') > text.rfind('.') { (',', '.') } else { ('.', ',') };
            let (whole, fraction) = text.rsplit_once(decimal).ok_or(Unclear::NotANumber)?;
            let whole = if whole.contains(group) { grouped(whole, group) } else { None };
            whole.map(|whole| format!("{whole}.{fraction}")).ok_or(Unclear::NotANumber)
        }
    }
}

/// The digits of a whole number whose thousands are divided; `None` where they are not divided so.
fn grouped(text: &str, sign: char) -> Option<String> {
    let mut groups = text.split(sign);
    let first = groups.next()?;
    let sound =
        (1..=3).contains(&first.len()) && !first.starts_with('0') && groups.all(|group| group.len() == 3 && !group.contains([',', '.']));
    (sound && !first.contains([',', '.'])).then(|| text.replace(sign, ""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_as_they_are_typed_here() {
        for (text, number) in [
            ("12", 12.0),
            ("1.234,5", 1234.5),
            ("12,5", 12.5),
            ("0,125", 0.125),
            ("12,3456", 12.3456),
            ("1.234", 1234.0),
            ("1.234.567", 1_234_567.0),
            ("1 234 567,89", 1_234_567.89),
            ("1\u{a0}234", 1234.0),
            ("12.5", 12.5),
            ("0.125", 0.125),
            ("1,234.5", 1234.5),
            ("1,234,567", 1_234_567.0),
            ("-3,5", -3.5),
            ("−3", -3.0),
            ("+4", 4.0),
            ("1234567", 1_234_567.0),
        ] {
            assert_eq!(read(text), Ok(number), "{text}");
        }
        for text in [
            "",
            "-",
            "abc",
            "12%",
            "1.2.3",
            "12,",
            ",5",
            "1..2",
            "1e5",
            "NaN",
            "inf",
            "1.23.456",
            "12.34,5,6",
            "0x10",
            "--1",
            "1,23.4",
            "١٢",
        ] {
            assert_eq!(read(text), Err(Unclear::NotANumber), "{text}");
        }
        for text in ["1,234", "12,345", "-1,500"] {
            assert_eq!(read(text), Err(Unclear::TwoWays), "{text}");
        }
    }
}
