//! The machine of one alert: inactive, pending, firing, by one evaluation after the other.
//!
//! It must never look at a reading: what one says to the rule is its outlook.

use super::TOLERANCE;
use super::outlook::Outlook;
use jiff::{SignedDuration, Timestamp};
use taydo_model::alert::{Alert, Cause, Turn};

/// So many evaluations in a row without a reading that counts change nothing; the next one does.
const ABSENCES: u8 = 2;

/// What happened to an alert, and why.
pub(super) type Happening = (Turn, Cause);

/// An evaluation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moment {
    /// Its grid instant.
    pub(super) at: Timestamp,
    /// Its number among the rule's.
    pub(super) number: i64,
    /// At the first one after a restart: for how long evaluations were missed before it.
    pub(super) down: Option<SignedDuration>,
}

/// What the rule says of time.
#[derive(Debug, Clone, Copy)]
pub(super) struct Terms {
    pub(super) hold: SignedDuration,
    pub(super) keep: SignedDuration,
}

/// Takes one evaluation.
pub(super) fn advance(alert: &mut Alert, terms: Terms, moment: Moment, outlook: Outlook) -> Option<Happening> {
    if let Some(down) = moment.down {
        resume(alert, down);
    }
    let at = moment.at;
    match (alert.fired_at, outlook) {
        (None, Outlook::Known { starts, cause, .. }) => rise(alert, terms, at, starts).then_some((Turn::Fired, cause)),
        (None, Outlook::Unfit | Outlook::Absent | Outlook::Blind) => {
            lapse(alert);
            None
        }
        (Some(_), Outlook::Known { ends, cause, .. }) => {
            alert.absent = 0;
            let is_over = fall(alert, terms, at, ends);
            let was_old = std::mem::take(&mut alert.data_old);
            match (is_over, was_old) {
                (true, _) => resolved(alert, cause),
                (false, true) => Some((Turn::DataFresh, cause)),
                (false, false) => None,
            }
        }
        (Some(_), Outlook::Unfit) => {
            alert.absent = 0;
            grow_old(alert, Cause::Condition)
        }
        (Some(_), Outlook::Blind) => grow_old(alert, Cause::NoData),
        (Some(_), Outlook::Absent) => {
            alert.absent = alert.absent.saturating_add(1);
            if alert.absent > ABSENCES { resolved(alert, Cause::Missing) } else { None }
        }
    }
}

/// Counts towards `for`; whether it fires.
fn rise(alert: &mut Alert, terms: Terms, at: Timestamp, starts: bool) -> bool {
    alert.absent = 0;
    if !starts {
        alert.active_at = None;
        return false;
    }
    let since = *alert.active_at.get_or_insert(at);
    let fires = at.duration_since(since) >= terms.hold;
    alert.fired_at = fires.then_some(at);
    fires
}

/// Counts towards `keep_firing`; whether it is over.
fn fall(alert: &mut Alert, terms: Terms, at: Timestamp, ends: bool) -> bool {
    if !ends {
        alert.keep_since = None;
        return false;
    }
    let since = *alert.keep_since.get_or_insert(at);
    at.duration_since(since) >= terms.keep
}

/// What is pending waits a little for a reading that counts, and is then dropped.
fn lapse(alert: &mut Alert) {
    if alert.active_at.is_some() {
        alert.absent = alert.absent.saturating_add(1);
    }
    if alert.absent > ABSENCES {
        alert.active_at = None;
        alert.absent = 0;
    }
}

fn grow_old(alert: &mut Alert, cause: Cause) -> Option<Happening> {
    let is_news = !std::mem::replace(&mut alert.data_old, true);
    is_news.then_some((Turn::DataOld, cause))
}

fn resolved(alert: &mut Alert, cause: Cause) -> Option<Happening> {
    end(alert);
    Some((Turn::Resolved, cause))
}

/// Makes it inactive.
pub(super) fn end(alert: &mut Alert) {
    alert.active_at = None;
    alert.fired_at = None;
    alert.keep_since = None;
    alert.absent = 0;
    alert.data_old = false;
}

/// Drops what is pending, and lets what fires begin anew to end: the rule is another.
pub(super) fn begin_anew(alert: &mut Alert) {
    alert.keep_since = None;
    if alert.fired_at.is_none() {
        alert.active_at = None;
        alert.absent = 0;
    }
}

/// Lets the clocks go on after `down` time in which nothing was evaluated.
fn resume(alert: &mut Alert, down: SignedDuration) {
    if down > TOLERANCE {
        begin_anew(alert);
        return;
    }
    let later = |time: Timestamp| time.checked_add(down).unwrap_or(Timestamp::MAX);
    alert.keep_since = alert.keep_since.map(later);
    if alert.fired_at.is_none() {
        alert.active_at = alert.active_at.map(later);
    }
}
