//! A piece of the past, read ahead: what happened in a stretch of time, in order.
//!
//! It must never hold more than its bound of readings, however many were recorded.

use super::outline::Outline;
use crate::store::incident::IncidentRow;
use crate::store::past::Stretch;
use crate::store::{Past, StoreError};
use jiff::Timestamp;
use taydo_model::Reading;
use taydo_model::incident::IncidentId;
use taydo_model::incident::log::{Entry, LogLine};
use taydo_model::wire::Knowledge;

/// The most readings of a piece; where there are more it ends sooner.
const MOST_READINGS: u32 = 20_000;
/// The most lines of incidents' logs; where there are more it ends sooner.
const MOST_LINES: u32 = 5_000;

/// What happened.
#[derive(Debug)]
pub(super) enum What {
    /// A reading was first to be seen.
    Reading(Reading),
    /// Something happened to incidents.
    Line(LogLine),
    /// Everything is to be read anew: other definitions, or more readings at once than a piece holds.
    Turn,
}

/// A piece.
#[derive(Debug)]
pub(super) struct Piece {
    /// How far it goes.
    pub(super) until: Timestamp,
    /// What happened when, in order.
    pub(super) events: Vec<(Timestamp, What)>,
    /// The incidents that were opened.
    pub(super) opened: Vec<IncidentRow>,
}

/// What came of a query with a limit: the rows up to an instant before which nothing is missing.
struct Cut<T> {
    rows: Vec<(Timestamp, T)>,
    until: Timestamp,
    /// Even the first instant alone holds more than the limit.
    is_too_much: bool,
}

fn cut<T>(mut rows: Vec<(Timestamp, T)>, limit: u32, until: Timestamp) -> Cut<T> {
    if rows.len() < usize::try_from(limit).unwrap_or(usize::MAX) {
        return Cut { rows, until, is_too_much: false };
    }
    let last = rows.last().map_or(until, |(at, _)| *at);
    rows.retain(|(at, _)| *at < last);
    match rows.last().map(|(at, _)| *at) {
        Some(until) => Cut { rows, until, is_too_much: false },
        None => Cut { rows, until: last, is_too_much: true },
    }
}

/// Reads what happened in a stretch; `turns` are the instants at which other definitions were put in force.
pub(super) async fn read(
    past: &Past,
    outline: &Outline,
    known: Knowledge,
    stretch: Stretch,
    turns: &[Timestamp],
) -> Result<Piece, StoreError> {
    let readings = past.recorded(&outline.figures, stretch, outline.span, known, MOST_READINGS);
    let (readings, lines) = tokio::try_join!(readings, past.lines_between(stretch, MOST_LINES))?;
    let lines = cut(lines.into_iter().map(|line| (line.at, line)).collect(), MOST_LINES, stretch.until);
    let readings = cut(readings, MOST_READINGS, stretch.until);
    let until = readings.until.min(lines.until);
    let is_opening = |line: &LogLine| matches!(line.entry, Entry::Opened { .. });
    let opened: Vec<IncidentId> =
        lines.rows.iter().filter(|(_, line)| is_opening(line)).flat_map(|(_, line)| line.incidents.iter().copied()).collect();
    let opened = if opened.is_empty() { Vec::new() } else { past.incidents_by_id(&opened).await? };
    let mut events: Vec<(Timestamp, What)> = Vec::new();
    events.extend(readings.rows.into_iter().map(|(at, reading)| (at, What::Reading(reading))));
    events.extend(lines.rows.into_iter().map(|(at, line)| (at, What::Line(line))));
    events.extend(turns.iter().filter(|turn| **turn > stretch.after).map(|turn| (*turn, What::Turn)));
    events.retain(|(at, _)| *at <= until);
    if readings.is_too_much && readings.until == until || lines.is_too_much && lines.until == until {
        events.push((until, What::Turn));
    }
    // Stable: what happened at one instant stays in the order in which it was read.
    events.sort_by_key(|(at, _)| *at);
    Ok(Piece { until, events, opened })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_piece_ends_before_the_first_instant_that_it_does_not_hold_whole() {
        let rows = |seconds: &[i64]| seconds.iter().map(|second| (at(*second), ())).collect::<Vec<_>>();
        let check = |seconds: &[i64], limit, (count, until, is_too_much)| {
            let cut = cut(rows(seconds), limit, at(100));
            assert_eq!((cut.rows.len(), cut.until, cut.is_too_much), (count, at(until), is_too_much), "{seconds:?}");
        };
        check(&[], 3, (0, 100, false));
        check(&[1, 2], 3, (2, 100, false));
        check(&[1, 2, 2], 3, (1, 1, false));
        check(&[1, 1, 2], 3, (2, 1, false));
        check(&[2, 2, 2], 3, (0, 2, true));
    }
}
