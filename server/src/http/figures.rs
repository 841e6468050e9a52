//! The duty's figures: how soon alerts are answered, how many there are, and who carries how much.
//!
//! It must never count anything itself.

use super::pages::unavailable;
use super::refusal::Refusal;
use super::{State, query};
use crate::duty;
use crate::store::roster::Roster;
use actix_web::http::header::{ContentDisposition, ContentType, DispositionParam, DispositionType};
use actix_web::web::{Data, Json};
use actix_web::{HttpRequest, HttpResponse};
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Deserialize;
use taydo_model::figures::{Figures, FiguresPage, Group, Names, Times};
use taydo_model::{Definitions, ErrorCode, TeamId};

/// What is told of when it isn't said.
const SHOWN: SignedDuration = SignedDuration::from_hours(28 * 24);
/// The longest time.
const LONGEST: SignedDuration = SignedDuration::from_hours(366 * 24);

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    #[serde(default)]
    from: Option<Timestamp>,
    #[serde(default)]
    to: Option<Timestamp>,
    #[serde(default)]
    team: Option<TeamId>,
}

async fn answer(request: &HttpRequest, state: &State) -> Result<FiguresPage, Refusal> {
    let Asked { from, to, team } = query(request)?;
    let time = state.clock.now();
    let to = to.unwrap_or(time);
    let from = from.unwrap_or_else(|| to.saturating_sub(SHOWN).unwrap_or(to));
    if to <= from || to.duration_since(from) > LONGEST {
        return Err(Refusal::new(ErrorCode::Invalid, "`to` must lie after `from`, and within 366 days of it"));
    }
    let definitions = state.definitions.get();
    let roster = state.store.roster(time).await.map_err(|error| unavailable(&error))?;
    let record = duty::record(&state.store, &definitions, &roster, (from, to), team.as_ref()).await.map_err(|error| unavailable(&error))?;
    let too_much =
        || Refusal::new(ErrorCode::TooLarge, "the log of that time is too long for one answer; ask for a shorter time, or for one team");
    let figures = record.ok_or_else(too_much)?.figures(time);
    let names = names(&figures, &definitions, &roster);
    Ok(FiguresPage { time, from, to, team, figures, names })
}

fn names(figures: &Figures, definitions: &Definitions, roster: &Roster) -> Names {
    let person = |id| roster.persons.get(id).map(|person| person.name.clone());
    let rule = |id| definitions.rule(id).map(|rule| rule.title.clone());
    Names {
        persons: figures.people.iter().filter_map(|one| Some((one.person.clone(), person(&one.person)?))).collect(),
        teams: roster.teams.values().map(|team| (team.id.clone(), team.name.clone())).collect(),
        areas: figures.incidents.by_area.iter().map(|one| (one.key.clone(), definitions.city.area_name(&one.key).to_owned())).collect(),
        rules: figures.load.most_frequent.iter().filter_map(|one| Some((one.rule.clone(), rule(&one.rule)?))).collect(),
    }
}

pub(super) async fn figures(request: HttpRequest, state: Data<State>) -> Result<Json<FiguresPage>, Refusal> {
    Ok(Json(answer(&request, &state).await?))
}

pub(super) async fn csv(request: HttpRequest, state: Data<State>) -> Result<HttpResponse, Refusal> {
    let page = answer(&request, &state).await?;
    let written = table(&page).and_then(|table| table.into_inner().map_err(|error| error.into_error().into()));
    let text = written.map_err(|error| Refusal::internal(&error))?;
    let name = DispositionParam::Filename("figures.csv".to_owned());
    let disposition = ContentDisposition { disposition: DispositionType::Attachment, parameters: vec![name] };
    let kind = ContentType("text/csv; charset=utf-8".parse().unwrap_or(actix_web::mime::TEXT_CSV));
    Ok(HttpResponse::Ok().insert_header(kind).insert_header(disposition).body(text))
}

type Table = csv::Writer<Vec<u8>>;

/// One row for each figure: what, of whom or what, how much, in which unit. Numbers have a decimal point.
fn table(page: &FiguresPage) -> Result<Table, csv::Error> {
    let mut table = Table::from_writer(Vec::new());
    let FiguresPage { figures: Figures { incidents, load, people, exercises }, .. } = page;
    table.write_record(["figure", "of", "value", "unit"])?;
    table.write_record(["from", "", &page.from.to_string(), ""])?;
    table.write_record(["to", "", &page.to.to_string(), ""])?;
    let mut row = |figure: &str, of: &str, value: String, unit: &str| table.write_record([figure, of, &value, unit]);
    for (figure, value) in [
        ("opened", incidents.opened),
        ("acknowledged", incidents.acknowledged),
        ("joined", incidents.joined),
        ("never_acknowledged", incidents.never_acknowledged),
        ("waiting", incidents.waiting),
        ("resolved", incidents.resolved),
        ("exercises", exercises.opened),
        ("alarms", load.alarms),
        ("muted", load.muted),
    ] {
        row(figure, "", value.to_string(), "")?;
    }
    for (figure, times) in [("time_to_acknowledge", incidents.time_to_acknowledge), ("time_to_resolve", incidents.time_to_resolve)] {
        let Some(Times { mean_s, median_s, p90_s, longest_s, .. }) = times else { continue };
        for (of, value) in [("mean", mean_s), ("median", median_s), ("p90", p90_s), ("longest", longest_s)] {
            row(figure, of, format!("{value:.1}"), "s")?;
        }
    }
    groups(&mut row, "severity", &incidents.by_severity, |severity| crate::store::word(severity))?;
    groups(&mut row, "team", &incidents.by_team, ToString::to_string)?;
    groups(&mut row, "domain", &incidents.by_domain, Clone::clone)?;
    groups(&mut row, "area", &incidents.by_area, ToString::to_string)?;
    row("operators", "", format!("{:.2}", load.operators), "")?;
    for measure in &load.measures {
        row("load", &crate::store::word(measure.what), format!("{:.2}", measure.value), "alarms")?;
        row("load_judgement", &crate::store::word(measure.what), crate::store::word(measure.judgement), "")?;
    }
    for one in &load.most_frequent {
        row("rule_alarms", one.rule.as_str(), one.alarms.to_string(), "")?;
    }
    for one in people {
        row("on_call", one.person.as_str(), one.on_call_s.to_string(), "s")?;
        row("pages", one.person.as_str(), one.pages.to_string(), "")?;
        row("night_pages", one.person.as_str(), one.night_pages.to_string(), "")?;
    }
    Ok(table)
}

fn groups<K>(
    row: &mut impl FnMut(&str, &str, String, &str) -> Result<(), csv::Error>,
    by: &str,
    groups: &[Group<K>],
    name: impl Fn(&K) -> String,
) -> Result<(), csv::Error> {
    for group in groups {
        let of = format!("{by}:{}", name(&group.key));
        row("opened", &of, group.opened.to_string(), "")?;
        row("acknowledged", &of, group.acknowledged.to_string(), "")?;
        for (figure, mean_s) in [("time_to_acknowledge", group.acknowledge_mean_s), ("time_to_resolve", group.resolve_mean_s)] {
            if let Some(mean_s) = mean_s {
                row(figure, &of, format!("{mean_s:.1}"), "s")?;
            }
        }
    }
    Ok(())
}
