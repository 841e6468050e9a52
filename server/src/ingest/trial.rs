//! Trying a mapping: what an item would become, as a line for people. Nothing is stored and no series is made.

use super::{
    check::{self, Target},
    decode::{Incoming, Item, Refusal, excerpt},
};
use jiff::Timestamp;
use taydo_model::{Definitions, source::Source};

/// What an item would become.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It would be stored: columns of a table.
    Taken([String; 4]),
    /// It would be rejected: why, and the beginning of what came.
    Refused(String, String),
}

/// The table's head.
pub const COLUMNS: [&str; 4] = ["time", "what", "value", "labels"];

/// Checks one item as the intake would.
#[must_use]
pub fn item(definitions: &Definitions, source: &Source, item: Item<'_>, now: Timestamp) -> Outcome {
    let Item { index, payload, content } = item;
    let outcome = content.and_then(|content| judge(definitions, source, content, now));
    match outcome {
        Ok(columns) => Outcome::Taken(columns),
        Err(Refusal { code, message, .. }) => Outcome::Refused(format!("item {index}: {code:?}: {message}"), excerpt(payload)),
    }
}

fn judge(definitions: &Definitions, source: &Source, content: Incoming<'_>, now: Timestamp) -> Result<[String; 4], Refusal> {
    match content {
        Incoming::Observation(draft) => {
            let time = draft.time.map_or_else(|| Ok(check::whole_micros(now)), |time| check::time(time, now))?;
            let target = Target::find(definitions, draft.metric, draft.labels, draft.unit)?;
            let value = target.metric.value(target.ticks(draft.value)?);
            let labels: Vec<String> =
                target.labels(target.is_enriched(time)).iter().map(|(name, value)| format!("{name}={value}")).collect();
            let unknown = target.unknown.map_or_else(String::new, |asset| format!(" (asset {asset:?} is not in the register)"));
            Ok([
                time.to_string(),
                target.metric.id.to_string(),
                format!("{value} {}", target.metric.unit),
                format!("{}{unknown}", labels.join(" ")),
            ])
        }
        Incoming::Case(case) => {
            let version = check::case(definitions, &source.id, *case, now)?;
            let case = version.case;
            let dated = |name: &str, time: Option<Timestamp>| time.map_or_else(String::new, |time| format!(" {name} {time}"));
            let later = [("due", case.due), ("closed", case.closed), ("withdrawn", case.withdrawn), ("reopened", case.reopened)];
            let later: String = later.into_iter().map(|(name, time)| dated(name, time)).collect();
            let value = format!("opened {}{later}", case.opened);
            let place = [case.department.map(|id| format!("department={id}")), case.area.map(|id| format!("area={id}"))];
            let labels = case.labels.iter().map(|(name, value)| format!("{name}={value}"));
            let labels: Vec<String> = place.into_iter().flatten().chain(labels).collect();
            Ok([version.updated.to_string(), format!("{} {}", case.kind, case.id), value, labels.join(" ")])
        }
    }
}
