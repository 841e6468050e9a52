//! One layer of a rota by the clocks on the wall: whose turn a reading lies in, whether a window is open, and at which
//! readings that can change.
//!
//! It works on wall times alone: it must never see an instant or a zone.

use jiff::civil::{Date, DateTime, Time};
use jiff::{SignedDuration, Span};
use taydo_model::PersonId;
use taydo_model::rota::{Hours, Layer, Rotation, Window};

const HOUR_S: i64 = 3600;
const DAY_S: i64 = 24 * HOUR_S;

/// Whose turn it is when the clocks show this time; nobody's outside of the layer's time and of its windows.
pub(super) fn slot(layer: &Layer, shown: DateTime) -> &[PersonId] {
    let is_open = layer.windows.is_empty() || layer.windows.iter().any(|window| is_open(window, shown));
    if !is_open || layer.until.is_some_and(|until| until <= shown) {
        return &[];
    }
    let slots = i64::try_from(layer.slots.len()).unwrap_or(0);
    let slot = turn(layer, shown).and_then(|turn| usize::try_from(turn.checked_rem(slots)?).ok());
    slot.and_then(|slot| layer.slots.get(slot)).map_or(&[], Vec::as_slice)
}

/// Every wall time after `from` and up to `to` at which the layer's people may change, in no order.
pub(super) fn changes(layer: &Layer, from: DateTime, to: DateTime) -> Vec<DateTime> {
    let mut changes: Vec<DateTime> = layer.until.into_iter().collect();
    let to = layer.until.map_or(to, |until| until.min(to));
    let mut next = turn(layer, from).map_or(0, |turn| turn + 1);
    // Where everybody is on at every turn, nothing changes after the first.
    let is_constant = layer.slots.windows(2).all(|pair| pair.first() == pair.last());
    while let Some(hand_off) = hand_off(layer, next).filter(|hand_off| *hand_off <= to && (next == 0 || !is_constant)) {
        changes.push(hand_off);
        next += 1;
    }
    // A window that began the day before may still be open.
    let mut date = from.date().yesterday().ok();
    while let Some(day) = date.filter(|day| *day <= to.date() && !layer.windows.is_empty()) {
        for (open, close) in layer.windows.iter().filter_map(|window| span_on(window, day)) {
            changes.extend([open, close]);
        }
        date = day.tomorrow().ok();
    }
    changes.retain(|change| from < *change && *change <= to);
    changes
}

/// The number of the turn that the time lies in, from 0; `None` before the first.
fn turn(layer: &Layer, shown: DateTime) -> Option<i64> {
    if shown < layer.start {
        return None;
    }
    if let Some(shift_s) = shift_s(layer) {
        return shown.duration_since(layer.start).as_secs().checked_div(shift_s);
    }
    let months = |time: DateTime| i64::from(time.year()) * 12 + i64::from(time.month());
    let begun = (months(shown) - months(layer.start)).checked_div(layer.shift_length.into())?;
    // The last of them may come only later in this month.
    if hand_off(layer, begun)? <= shown { Some(begun) } else { begun.checked_sub(1) }
}

/// When a turn begins; `None` beyond the calendar's end.
fn hand_off(layer: &Layer, turn: i64) -> Option<DateTime> {
    if let Some(shift_s) = shift_s(layer) {
        return layer.start.checked_add(SignedDuration::from_secs(turn.checked_mul(shift_s)?)).ok();
    }
    // Counted from the start, and not from turn to turn, a month that is too short leaves the later ones as they are.
    let months = Span::new().try_months(turn.checked_mul(layer.shift_length.into())?).ok()?;
    layer.start.checked_add(months).ok()
}

/// How long the clocks run during a shift, in seconds; `None` for months, which are of no one length.
fn shift_s(layer: &Layer) -> Option<i64> {
    let unit_s = match layer.rotation {
        Rotation::Hourly => HOUR_S,
        Rotation::Daily => DAY_S,
        Rotation::Weekly => 7 * DAY_S,
        Rotation::Monthly => return None,
    };
    Some(unit_s * i64::from(layer.shift_length))
}

fn is_open(window: &Window, shown: DateTime) -> bool {
    let today = shown.date();
    let days = [Some(today), today.yesterday().ok()];
    days.into_iter().flatten().filter_map(|day| span_on(window, day)).any(|(open, close)| open <= shown && shown < close)
}

/// The window's start and end that begins on this day, if one does.
fn span_on(window: &Window, day: Date) -> Option<(DateTime, DateTime)> {
    if !window.weekdays.is_empty() && !window.weekdays.contains(&day.weekday().into()) {
        return None;
    }
    match window.hours {
        Some(hours) => hours_on(hours, day),
        None => Some((day.to_datetime(Time::midnight()), day.tomorrow().ok()?.to_datetime(Time::midnight()))),
    }
}

/// The start and the end of the hours that begin on this day.
pub(crate) fn hours_on(hours: Hours, day: Date) -> Option<(DateTime, DateTime)> {
    let last = if hours.to < hours.from { day.tomorrow().ok()? } else { day };
    Some((day.to_datetime(hours.from), last.to_datetime(hours.to)))
}
