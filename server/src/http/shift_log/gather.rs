//! The hand-over sheet as of now: what is open, silenced and silent, what was written, who comes next.
//!
//! It must never leave something out without counting it.

use super::super::incidents::{guide, team_name, view};
use super::super::pages::unavailable;
use super::super::refusal::Refusal;
use super::State;
use crate::store::incident::IncidentRow;
use crate::store::roster::Roster;
use jiff::Timestamp;
use std::collections::BTreeMap;
use taydo_engine::rota::{OnCall, view as rota_view};
use taydo_engine::shift_log::ShiftLog;
use taydo_model::api::FeedState;
use taydo_model::incident::log::{Assigned, Entry as Happened, LogLine, Outcome, replay};
use taydo_model::incident::{IncidentId, Party, Standing};
use taydo_model::shift_log::sheet::{Entry, MAX_LISTED, OpenIncident, Sheet, Silenced, SilentFeed, Turn};
use taydo_model::shift_log::{Entry as Line, Line as LogLineOfShift};
use taydo_model::silence::{Matcher, Silence};
use taydo_model::text::Language;
use taydo_model::{AreaId, Definitions, PersonId, RuleId, TeamId, Text};

/// The most open incidents that are looked at; beyond it they are only counted.
const MOST: u32 = 20_000;
/// The most silences that are looked at, the newest first.
const MOST_SILENCES: u32 = 500;

/// The sheet of a log.
pub(super) async fn sheet(state: &State, log: &ShiftLog, lines: &[LogLineOfShift], now: Timestamp) -> Result<Sheet, Refusal> {
    let definitions = state.definitions.get();
    let roster = state.store.roster(now).await.map_err(|error| unavailable(&error))?;
    let name = |id: &PersonId| roster.persons.get(id).map_or_else(|| id.to_string(), |person| person.name.clone());
    let (incidents, more_incidents) = incidents(state, &definitions, &roster).await?;
    let silences = state.store.silences(MOST_SILENCES).await.map_err(|error| unavailable(&error))?;
    let silenced = silences.into_iter().filter(|silence| silence.until > now);
    let (feeds, _) = state.health.snapshot(&definitions, now);
    let head = log.head();
    Ok(Sheet {
        log: head.id,
        city: definitions.city.name.clone(),
        desk: head.desk.clone(),
        opened_at: head.opened_at,
        made_at: now,
        lead: name(&head.lead),
        on_duty: head.on_duty.iter().map(name).collect(),
        incidents,
        more_incidents,
        silences: silenced.map(|silence| silence_of(silence, &definitions, &roster)).collect(),
        feeds: feeds
            .into_iter()
            .filter(|feed| feed.state != FeedState::Live)
            .map(|feed| SilentFeed { title: feed.title, state: feed.state, last_seen: feed.last_seen, problem: feed.problem })
            .collect(),
        entries: lines.iter().filter_map(|line| entry(line, &name)).collect(),
        rotas: turns(&roster, now),
    })
}

fn entry(line: &LogLineOfShift, name: &dyn Fn(&PersonId) -> String) -> Option<Entry> {
    let (text, corrects) = match &line.entry {
        Line::Written { text, corrects, .. } => (text.clone(), *corrects),
        // Why a signature was refused belongs to what the next shift has to know.
        Line::SentBack { why } => (why.clone(), None),
        _ => return None,
    };
    Some(Entry { number: line.number, at: line.at, person: name(&line.person), text, corrects })
}

fn silence_of(silence: Silence, definitions: &Definitions, roster: &Roster) -> Silenced {
    let Silence { matchers, from, until, author, reason, maintenance, .. } = silence;
    let author = roster.persons.get(&author).map_or_else(|| author.to_string(), |person| person.name.clone());
    let what = |language| matchers.iter().map(|matcher| chosen(matcher, definitions, roster, language)).collect::<Vec<_>>().join("; ");
    Silenced { what: Text { vi: what(Language::Vi), en: what(Language::En) }, from, until, author, reason, maintenance }
}

/// What a silence chooses, as people call it.
fn chosen(matcher: &Matcher, definitions: &Definitions, roster: &Roster, language: Language) -> String {
    let pick = |vi: &'static str, en: &'static str| language.pick(vi, en);
    let label = match matcher.label.as_str() {
        "rule" => pick("quy tắc", "rule"),
        "team" => pick("đội", "team"),
        "area" => pick("địa bàn", "area"),
        "severity" => pick("mức", "severity"),
        "asset" => pick("thiết bị", "asset"),
        other => other,
    };
    let value = |value: &String| match matcher.label.as_str() {
        "rule" => RuleId::new(value.as_str()).ok().and_then(|id| definitions.rule(&id)).map(|rule| rule.title.get(language).to_owned()),
        "team" => TeamId::new(value.as_str()).ok().map(|team| team_name(roster, &team)),
        "area" => AreaId::new(value.as_str()).ok().map(|area| definitions.city.area_name(&area).to_owned()),
        _ => None,
    };
    let values: Vec<String> = matcher.values.iter().map(|one| value(one).unwrap_or_else(|| one.clone())).collect();
    format!("{label}: {}", values.join(", "))
}

fn turns(roster: &Roster, now: Timestamp) -> Vec<Turn> {
    let reachable = |person: &PersonId| roster.reaches(person, false);
    let names = |persons: &[PersonId]| -> Vec<String> {
        persons.iter().map(|id| roster.persons.get(id).map_or_else(|| id.to_string(), |person| person.name.clone())).collect()
    };
    let turn = |rota| {
        let at = rota_view::now(&OnCall::new(rota, &reachable), now);
        Turn { rota: at.name, now: names(&at.persons), until: at.until, next: names(&at.next) }
    };
    roster.rotas.values().map(turn).collect()
}

/// The open incidents, the worst first, and how many more there are.
async fn incidents(state: &State, definitions: &Definitions, roster: &Roster) -> Result<(Vec<OpenIncident>, usize), Refusal> {
    let mut rows = state.store.incidents(None, MOST).await.map_err(|error| unavailable(&error))?;
    // What is real comes before what is an exercise.
    rows.sort_by_key(|row| (row.exercise, std::cmp::Reverse(row.incident.severity), row.incident.opened_at, row.incident.id));
    let more = rows.len().saturating_sub(MAX_LISTED);
    rows.truncate(MAX_LISTED);
    let ids: Vec<IncidentId> = rows.iter().map(|row| row.incident.id).collect();
    let lines = state.store.incident_marks(&ids).await.map_err(|error| unavailable(&error))?;
    let mut outcomes: BTreeMap<IncidentId, Outcome> = BTreeMap::new();
    replay(&mut outcomes, &lines);
    let listed = rows.into_iter().map(|row| {
        let id = row.incident.id;
        open_incident(definitions, roster, row, outcomes.get(&id), &lines)
    });
    Ok((listed.collect(), more))
}

fn open_incident(
    definitions: &Definitions,
    roster: &Roster,
    row: IncidentRow,
    outcome: Option<&Outcome>,
    lines: &[LogLine],
) -> OpenIncident {
    let id = row.incident.id;
    let (sop, _) = guide(definitions, &row);
    let until = lines.iter().rev().find_map(|line| match line.entry {
        Happened::Snoozed { until, .. } if line.incidents.contains(&id) => Some(until),
        _ => None,
    });
    let name = |id: &PersonId| roster.persons.get(id).map_or_else(|| id.to_string(), |person| person.name.clone());
    let assigned = |one: &Assigned| match &one.assignment.party {
        Party::Team(team) => team_name(roster, team),
        Party::Agency { name, phone } if phone.is_empty() => name.clone(),
        Party::Agency { name, phone } => format!("{name} ({phone})"),
    };
    let done = |step: &&Text| outcome.is_some_and(|outcome| outcome.ticks.contains_key(&step.vi));
    let steps = (sop.iter().filter(done).count(), sop.len());
    let view = view(definitions, row);
    OpenIncident {
        id,
        exercise: view.exercise,
        severity: view.incident.severity,
        title: view.title,
        place: view.place,
        opened_at: view.incident.opened_at,
        standing: view.incident.standing,
        owner: view.incident.assignee.as_ref().map(name),
        until: until.filter(|_| view.incident.standing == Standing::Snoozed),
        assignments: outcome.into_iter().flat_map(|outcome| &outcome.assignments).map(assigned).collect(),
        steps,
    }
}
