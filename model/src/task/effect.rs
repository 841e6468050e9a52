//! What became of a KPI since something was given: the value then, now, and the change, on the KPI's own cadence.
//!
//! What has a rhythm of days is set beside the same hour of the week before the giving; a level, or what is entered for a
//! period, beside what it was at the giving. It must never compare a figure with itself: where no newer data has come, it
//! says so.

use super::Figure;
use crate::compare::{Verdict, verdict};
use crate::headline::with_unit;
use crate::kpi::From;
use crate::number::difference;
use crate::text::Language;
use crate::{Kpi, Quality, Text};
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

const WEEK_S: i64 = 7 * 86_400;
/// What is computed over a longer window than this, or recorded less often, has no rhythm of days any more.
const DAY_S: u32 = 86_400;

/// The figure since something was given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Effect {
    /// What it is compared with.
    pub then: Option<Figure>,
    /// The newest reading.
    pub now: Option<Figure>,
    /// Now less then, in the KPI's unit; absent where one of them is not known, or no newer data has come.
    pub change: Option<f64>,
    /// Whether that is good.
    pub verdict: Option<Verdict>,
    /// In words.
    pub words: Text,
}

/// Whether the figure goes up and down with the hours of the day, so that only equal hours are alike.
#[must_use]
pub fn has_rhythm(kpi: &Kpi) -> bool {
    let of_hours = matches!(kpi.from, From::Observations { .. } | From::Formula { .. });
    of_hours && kpi.every_s < DAY_S && kpi.window().longest_s() < DAY_S
}

/// The instant that a reading is set beside: by whole weeks before it, the last at or before the giving; `None` where it is
/// the figure of the giving itself.
#[must_use]
pub fn reference(kpi: &Kpi, given_at: Timestamp, now: Timestamp) -> Option<Timestamp> {
    if !has_rhythm(kpi) {
        return None;
    }
    let since = now.duration_since(given_at).as_secs().max(0);
    // At the very moment of the giving that moment itself is the last.
    let weeks = since.div_euclid(WEEK_S) + i64::from(since.rem_euclid(WEEK_S) > 0);
    kpi.last_instant(now.checked_sub(SignedDuration::from_secs(weeks * WEEK_S)).ok()?)
}

/// Sets the newest reading beside what it was.
#[must_use]
pub fn effect(kpi: &Kpi, then: Option<Figure>, now: Option<Figure>) -> Effect {
    let known = |figure: &Option<Figure>| figure.filter(|one| one.quality != Quality::Missing).and_then(|one| Some((one, one.value?)));
    let mut effect = Effect { then, now, change: None, verdict: None, words: Text::default() };
    let (Some((before, was)), Some((after, is))) = (known(&then), known(&now)) else {
        effect.words = Text::new(
            "Không so sánh được: thiếu số liệu ở một trong hai thời điểm",
            "Can't be compared: one of the two figures is missing",
        );
        return effect;
    };
    let is_newer = after.time > before.time && after.data_time.zip(before.data_time).is_none_or(|(after, before)| after > before);
    if !is_newer {
        effect.words = Text::new("Chưa có số liệu mới từ khi giao việc", "No newer data since it was given");
        return effect;
    }
    let change = is - was;
    effect.change = Some(change);
    effect.verdict = verdict(kpi, change);
    let say = |language: Language| {
        let judged = match effect.verdict {
            Some(Verdict::Better) => language.pick(", tốt hơn", ", better"),
            Some(Verdict::Worse) => language.pick(", xấu đi", ", worse"),
            Some(Verdict::Same) => language.pick(", không đổi", ", unchanged"),
            None => "",
        };
        let beside = if has_rhythm(kpi) {
            language.pick("so với cùng giờ trong tuần trước khi giao", "against the same hour in the week before it was given")
        } else {
            language.pick("so với khi giao", "against when it was given")
        };
        let (was, is) = (with_unit(kpi, was, language), with_unit(kpi, is, language));
        format!("{was} → {is}: {}{judged}, {beside}", difference(change, kpi.decimals, language))
    };
    effect.words = Text { vi: say(Language::Vi), en: say(Language::En) };
    effect
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::speed;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn figure(time: &str, value: f64) -> Option<Figure> {
        Some(Figure { time: at(time), value: Some(value), quality: Quality::Good, data_time: Some(at(time)) })
    }

    #[test]
    fn what_has_a_rhythm_is_set_beside_the_same_hour_before_the_giving() {
        let given = at("2026-03-04T02:00:00Z");
        for (now, reference_at) in [
            ("2026-03-04T02:00:00Z", "2026-03-04T02:00:00Z"),
            ("2026-03-04T10:00:30Z", "2026-02-25T10:00:00Z"),
            ("2026-03-11T01:00:00Z", "2026-03-04T01:00:00Z"),
            ("2026-03-11T03:00:00Z", "2026-02-25T03:00:00Z"),
            ("2026-04-01T02:00:00Z", "2026-03-04T02:00:00Z"),
        ] {
            assert_eq!(reference(&speed(), given, at(now)), Some(at(reference_at)), "{now}");
        }
        let form = Kpi { every_s: DAY_S, ..speed() };
        assert_eq!(reference(&form, given, at("2026-03-11T03:00:00Z")), None);
    }

    #[test]
    fn a_figure_is_never_compared_with_itself() {
        let kpi = Kpi { every_s: DAY_S, ..speed() };
        let then = figure("2026-03-01T00:00:00Z", 20.0);
        // The next day's reading of a monthly figure rests on the same month.
        let same = then.map(|one| Figure { time: at("2026-03-05T00:00:00Z"), ..one });
        assert_eq!(effect(&kpi, then, same).change, None);
        let next = effect(&kpi, then, figure("2026-04-01T00:00:00Z", 26.0));
        assert_eq!((next.change, next.verdict), (Some(6.0), Some(Verdict::Better)));
        assert_eq!(next.words.vi, "20,0\u{a0}km/h → 26,0\u{a0}km/h: +6,0, tốt hơn, so với khi giao");
        assert_eq!(effect(&kpi, None, then).change, None);
    }
}
