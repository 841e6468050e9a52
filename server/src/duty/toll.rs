//! The duty's figures, from what was written down: what the API answers with and the morning letter tells.
//!
//! It must never reckon anything itself: `engine::duty` does.

use crate::store::roster::Roster;
use crate::store::{Store, StoreError};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use taydo_engine::duty::Record;
use taydo_model::{Definitions, TeamId};

/// What was written down of a time, with the zones of the people in the roster; `None` where it is too much at once.
///
/// # Errors
/// See [`StoreError`].
pub async fn record(
    store: &Store,
    definitions: &Definitions,
    roster: &Roster,
    time: (Timestamp, Timestamp),
    team: Option<&TeamId>,
) -> Result<Option<Record>, StoreError> {
    let city = definitions.city.time_zone();
    let elsewhere = roster.persons.values().filter(|person| person.zone != definitions.city.zone);
    let zones = elsewhere.filter_map(|person| Some((person.id.clone(), TimeZone::get(&person.zone).ok()?))).collect();
    let record = store.duty_record(time, team, city).await?;
    Ok(record.map(|record| Record { zones, ..record }))
}
