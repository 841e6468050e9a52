//! Deadlines that the source didn't give: resolved when a case is taken in, so that the engine and SQL see the same one.
//!
//! A deadline once stored stays: another calendar changes only the deadlines of what comes after it. It must never
//! replace a deadline that was given.

use crate::ingest::decode::Refusal;
use jiff::tz::TimeZone;
use taydo_model::calendar::deadline;
use taydo_model::{Allowance, Case, Definitions, ErrorCode, WorkingCalendar};

/// What stands for the calendar where a deadline was resolved without one.
const NO_CALENDAR: &str = "none";

/// Gives a case without a deadline the one that follows from its allowance, or from the city's table for its kind, and
/// says which calendar made it. A case that has neither stays without.
///
/// # Errors
/// `Invalid` when the allowance is counted in working time and the city has no working calendar.
pub(super) fn resolve(definitions: &Definitions, case: &mut Case) -> Result<(), Refusal> {
    let calendar = definitions.calendar.as_deref();
    let allowance = case.allowance.or_else(|| calendar.and_then(|calendar| from_table(calendar, case)));
    let Some(allowance) = allowance.filter(|_| case.due.is_none()) else { return Ok(()) };
    let due = match calendar {
        Some(calendar) => Some(calendar.due(case.opened, allowance)),
        None => deadline::due(case.opened, allowance, &TimeZone::get(&definitions.city.zone).unwrap_or(TimeZone::UTC)),
    };
    let Some(due) = due else {
        let message = format!("allowance {allowance} is of working time, and the city has no calendar.toml; add one, or send `due`");
        return Err(Refusal::new(ErrorCode::Invalid, message));
    };
    case.due = Some(super::whole_micros(due));
    case.calendar = Some(calendar.map_or(NO_CALENDAR, WorkingCalendar::version).to_owned());
    Ok(())
}

fn from_table(calendar: &WorkingCalendar, case: &Case) -> Option<Allowance> {
    let table = calendar.parts().allowances.iter().find(|table| table.kind == case.kind)?;
    case.labels.get(table.label.as_str()).and_then(|value| table.of.get(value)).copied().or(table.otherwise)
}
