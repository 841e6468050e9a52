//! `duty.toml`: how long messages wait for each other, and who looks after the departments' feeds.
//!
//! Must never say that a person, a team or a rota is unknown: those are not of the files.

use super::{calendar, document::Document, hex, name::Known, section::Section, value::Value};
use crate::calendar::{CalendarParts, WorkingCalendar};
use crate::duty::{Duty, LONGEST_S, Steward, Timings, steward_team};
use crate::oncall::Target;
use crate::{DepartmentId, TeamId};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::sync::Arc;

/// For how long a steward has it alone, where nothing is said.
const LEAD_AFTER_S: u32 = 4 * 3600;

/// The duty as far as the file is sound.
pub(super) fn read(document: &Document<'_>, known: &Known, calendar: Option<&WorkingCalendar>) -> Duty {
    let mut section = document.section();
    section.what = "duty.toml".to_owned();
    let groups = section.may("groups", groups).unwrap_or_default();
    let stewards = section.may("stewards", |value| stewards(value, known, calendar)).unwrap_or_default();
    section.finish();
    Duty { timings: groups.0, teams: groups.1, shift_lead: stewards.0, stewards: stewards.1 }
}

fn groups(value: &Value<'_>) -> Option<(Timings, BTreeMap<TeamId, Timings>)> {
    let mut section = value.section("[groups]")?;
    let city = timings(&mut section);
    let teams = section.may("teams", |value| {
        let section = value.section("[groups.teams]")?;
        Some(section.entries().filter_map(|entry| team(&entry)).collect())
    });
    section.finish();
    Some((city, teams.unwrap_or_default()))
}

fn team(entry: &Value<'_>) -> Option<(TeamId, Timings)> {
    let id = entry.key_id::<TeamId>();
    let mut section = entry.section(&format!("team {}", entry.key))?;
    let timings = timings(&mut section);
    section.finish();
    Some((id?, timings))
}

fn timings(section: &mut Section<'_>) -> Timings {
    Timings {
        group_wait_s: section.may("group_wait", |value| value.seconds(0, LONGEST_S)),
        group_interval_s: section.may("group_interval", |value| value.seconds(1, LONGEST_S)),
        repeat_interval_s: section.may("repeat_interval", |value| value.seconds(1, LONGEST_S)),
        acknowledgement_timeout_s: section.may("acknowledgement_timeout", |value| value.seconds(1, LONGEST_S)),
    }
}

type Stewards = (Option<Target>, BTreeMap<TeamId, Steward>);

fn stewards(value: &Value<'_>, known: &Known, calendar: Option<&WorkingCalendar>) -> Option<Stewards> {
    let mut section = value.section("[stewards]")?;
    let shift_lead = section.may("shift_lead", target);
    let lead_after_s = section.may("lead_after", |value| value.seconds(60, LONGEST_S)).unwrap_or(LEAD_AFTER_S);
    let departments = section.may("departments", |value| {
        let section = value.section("[stewards.departments]")?;
        Some(section.entries().filter_map(|entry| steward(&entry, known, calendar, lead_after_s)).collect())
    });
    section.finish();
    Some((shift_lead, departments.unwrap_or_default()))
}

fn steward(entry: &Value<'_>, known: &Known, calendar: Option<&WorkingCalendar>, lead_after_s: u32) -> Option<(TeamId, Steward)> {
    let department = entry.key_id::<DepartmentId>();
    if !known.departments.allows(&entry.key) {
        entry.problem(format!("there is no department `{}`", entry.key), known.departments.hint(&entry.key));
    }
    let mut section = entry.section(&format!("the steward of {}", entry.key))?;
    let target = section.need("steward", target);
    let own = section.may("hours", calendar::hours);
    let lead_after_s = section.may("lead_after", |value| value.seconds(60, LONGEST_S)).unwrap_or(lead_after_s);
    if calendar.is_none() && !known.has_calendar {
        section.problem("the city has no calendar, so there are no office hours", "add a calendar.toml");
    }
    section.finish();
    let hours = calendar.and_then(|calendar| office(calendar, own))?;
    let department = department?;
    let team = steward_team(&department);
    if team.is_none() {
        entry.problem(format!("the id `{department}` is too long for a steward"), "give the department an id of at most 56 bytes");
    }
    Some((team?, Steward { department, target: target?, hours: Arc::new(hours), lead_after_s }))
}

/// The city's calendar with a department's own hours.
fn office(calendar: &WorkingCalendar, hours: Option<Vec<crate::calendar::Hours>>) -> Option<WorkingCalendar> {
    let Some(hours) = hours.filter(|hours| !hours.is_empty()) else { return Some(calendar.clone()) };
    let mut parts = CalendarParts { hours, ..calendar.parts().clone() };
    parts.version = hex(&Sha256::digest(format!("{parts:?}"))).chars().take(16).collect();
    WorkingCalendar::new(parts)
}

/// `person:ID`, `rota:ID` or `team:ID`.
fn target(value: &Value<'_>) -> Option<Target> {
    let text = value.text()?;
    let found = text.split_once(':').and_then(|(kind, id)| match kind {
        "person" => id.parse().ok().map(Target::Person),
        "rota" => id.parse().ok().map(Target::Rota),
        "team" => id.parse().ok().map(Target::Team),
        _ => None,
    });
    if found.is_none() {
        value.problem(format!("{text:?} names nobody"), "write it like \"person:an.nguyen\", \"rota:shift-lead\" or \"team:roads\"");
    }
    found
}
