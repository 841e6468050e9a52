//! Durations as files write them: `30s`, `5m`, `1h`, `30d`.
//!
//! Must never accept a bare number: whose unit would it be?

/// The duration in seconds; `None` when the text is not one whole number and one unit, or is longer than ten years.
pub(super) fn parse(text: &str) -> Option<u32> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_lowercase());
    let seconds_per_unit = match text.strip_prefix(digits)? {
        "s" => 1,
        "m" => 60,
        "h" => 3600,
        "d" => 86_400,
        _ => return None,
    };
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let seconds = digits.parse::<u32>().ok()?.checked_mul(seconds_per_unit)?;
    (seconds <= 3_653 * 86_400).then_some(seconds)
}

/// The duration in the largest unit that divides it.
pub(super) fn show(seconds: u32) -> String {
    let units = [(86_400, "d"), (3600, "h"), (60, "m")];
    let whole = units.iter().find(|(size, _)| seconds >= *size && seconds.is_multiple_of(*size));
    whole.map_or_else(|| format!("{seconds}s"), |(size, unit)| format!("{}{unit}", seconds / size))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_a_whole_number_and_a_unit() {
        for (text, seconds) in [("30s", 30), ("5m", 300), ("1h", 3600), ("30d", 2_592_000), ("90s", 90)] {
            assert_eq!(parse(text), Some(seconds), "{text}");
            assert_eq!(show(seconds), text);
        }
        for text in ["", "5", "m", "1.5h", "-5m", "5 m", "5min", "1h30m", "99999999999d", "9999d"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
