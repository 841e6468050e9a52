//! Flap damping: an alert that fires and ends too often is told once, marked, and then not until it has settled.
//!
//! Over the last 21 evaluations of the rule, which have 20 possible changes, all of the same weight: it starts at half of
//! them and stops below a quarter. It must never change what the alert is, only what is told of it.

use super::machine::{Happening, Moment};
use taydo_model::alert::{Alert, Cause, Turn};

/// The possible changes of a window.
const WINDOW: i64 = 20;
/// So many of them start the flapping …
const STARTS: usize = 10;
/// … and with fewer than so many it is over.
const GOES_ON: usize = 5;

/// What is told of what happened, which may be nothing.
pub(super) fn damp(alert: &mut Alert, moment: Moment, happened: Option<Happening>) -> Option<Happening> {
    let is_recent = |change: &i64| moment.number - change < WINDOW;
    // What has left the window is only forgotten with the next change, so that its leaving writes nothing.
    if happened.is_some_and(|(turn, _)| matches!(turn, Turn::Fired | Turn::Resolved)) {
        alert.changes.retain(is_recent);
        alert.changes.push(moment.number);
    }
    let changes = alert.changes.iter().filter(|change| is_recent(change)).count();
    let starts = !alert.flapping && changes >= STARTS;
    let stops = alert.flapping && changes < GOES_ON;
    if starts {
        alert.flapping = true;
        return happened.map(|(turn, _)| (turn, Cause::Flapping));
    }
    if stops {
        alert.flapping = false;
        return Some((if alert.fired_at.is_some() { Turn::Fired } else { Turn::Resolved }, Cause::Settled));
    }
    happened.filter(|_| !alert.flapping)
}
