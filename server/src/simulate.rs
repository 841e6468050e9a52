//! The simulated city: models of its sensors, meters, vehicles and desks, and feeds that tell of them as real ones would.
//!
//! It is a client of the public ways in, with a clock of its own, and never a back door: it must use nothing of the
//! server but the definitions' shapes. The models are pure: a value follows from the seed, the asset and the time (and
//! from the incidents that somebody asked for), so that any run can be repeated and history joins live data without a seam.

mod accidents;
mod air;
mod case_feed;
mod clerks;
mod delivery;
mod desks;
mod device;
mod dossiers;
mod energy;
mod enforcement;
mod history;
mod incident;
mod life;
mod line_feed;
mod lines;
mod local;
mod messages;
mod pace;
mod played;
mod power_cuts;
mod random;
mod report;
mod reports;
mod river;
mod route;
mod silence;
#[cfg(test)]
mod tests;
mod traffic;
mod transit;
mod weather;
mod worktime;
mod world;

pub use incident::{Kind, Request};
pub use played::{Happened, Happening, Played, Said, What};

use anyhow::Context;
use delivery::Delivery;
use device::Device;
use futures_util::future;
use incident::Incident;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use lines::LineNames;
use pace::Pace;
use random::Seed;
use report::Report;
use route::{Messages, Route, Routes};
use std::{collections::BTreeMap, sync::Arc};
use taydo_model::{Definitions, Kpi, SourceId, kpi::From, source::Source};
use tokio_util::sync::CancellationToken;
use world::World;

/// The metric whose readings show how far the server's history reaches.
const WITNESS: &str = "traffic.speed";
/// The source of the back-fill's lines.
const HISTORY: &str = "history";

/// What is to be simulated, and for whom.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The server's address, such as `http://127.0.0.1:4390`.
    pub server: String,
    /// The broker's, as HOST:PORT.
    pub broker: String,
    /// Which of the possible cities.
    pub seed: u64,
    /// How much history there should be before the start.
    pub backfill: SignedDuration,
    /// When simulated time begins; absent: now.
    pub from: Option<Timestamp>,
    /// How many times as fast as real time it runs.
    pub speed: f64,
    /// When it ends; absent: never.
    pub until: Option<Timestamp>,
    /// What is to happen besides, from the start on.
    pub incidents: Vec<Request>,
}

/// Plays a city until the plan's end or until `stop`.
///
/// # Errors
/// When the definitions lack a source of history or a zone, an incident can't happen, or the plan can't be played.
pub async fn run(definitions: &Definitions, plan: Plan, stop: CancellationToken) -> anyhow::Result<()> {
    let zone = TimeZone::get(&definitions.city.zone).with_context(|| format!("no time zone {:?}", definitions.city.zone))?;
    let pace = Pace::new(plan.from, plan.speed, plan.until);
    let routes = Routes::of(definitions);
    let incidents = incidents(definitions, &routes, &plan.incidents, pace.start())?;
    let world = Arc::new(World::new(definitions, Seed::new(plan.seed), zone, incidents));
    let devices: Vec<Device> =
        Device::all(definitions, &world).into_iter().filter(|device| routes.route(&device.asset).is_some()).collect();

    let quiet = Delivery::new(&plan.server, Arc::new(Report::new()), stop.clone())?;
    let whole = (pace.start().checked_sub(plan.backfill).unwrap_or(pace.start()), pace.start());
    let missing = history::missing(&quiet, witness(definitions), whole).await;
    let minutes = history::minutes(&missing);
    let report = Arc::new(if minutes > 0 { Report::with_history(minutes) } else { Report::new() });
    report.say(&format!("{} devices, seed {}; {minutes} minutes of history are missing", devices.len(), plan.seed));
    for incident in &world.incidents {
        report.say(&format!("{} until {}: {}", incident.kind, incident.to, incident.extent()));
    }

    let delivery = Delivery::new(&plan.server, report, stop)?;
    let (source, names) = history_lines(definitions)?;
    let history = history::History { devices: &devices, source, names, delivery: delivery.clone() };
    let (messages, lines) = by_way(&devices, &routes);
    let messages = messages::MessageFeed::new(messages, &plan.broker, pace.clone(), delivery.clone())?;
    let mut line_feeds = Vec::new();
    for (source, (names, devices)) in lines {
        line_feeds.push(line_feed::LineFeed { devices, source, names, pace: pace.clone(), delivery: delivery.clone() }.run());
    }
    let lines = future::try_join_all(line_feeds);
    let cases = desks::all(definitions, &world, &pace, &delivery).into_iter().map(case_feed::CaseFeed::run);
    let cases = future::try_join_all(cases);
    let clerks = clerks::Clerks::new(definitions, world.seed, world.zone.clone(), pace.clone(), delivery.clone());
    let backfill = async {
        if history.run(&missing).await? && minutes > 0 {
            delivery.report.say("all history is stored");
        }
        anyhow::Ok(())
    };
    let messages = async {
        messages.run().await;
        anyhow::Ok(())
    };
    tokio::try_join!(messages, lines, cases, clerks.run(), backfill)?;
    Ok(())
}

fn incidents(definitions: &Definitions, routes: &Routes, asked: &[Request], from: Timestamp) -> anyhow::Result<Vec<Incident>> {
    let source_of = |asset: &taydo_model::Asset| routes.source(asset).cloned();
    asked.iter().map(|request| request.resolve(definitions, source_of, from).map_err(anyhow::Error::msg)).collect()
}

/// The devices of each way.
type ByWay<'a> = (Vec<(&'a Device, &'a Messages)>, BTreeMap<&'a SourceId, (&'a LineNames, Vec<&'a Device>)>);

fn by_way<'a>(devices: &'a [Device], routes: &'a Routes) -> ByWay<'a> {
    let mut messages = Vec::new();
    let mut lines: BTreeMap<&SourceId, (&LineNames, Vec<&Device>)> = BTreeMap::new();
    for device in devices {
        match routes.route(&device.asset).map(AsRef::as_ref) {
            Some(Route::Messages(form)) => messages.push((device, form)),
            Some(Route::Lines { source, names }) => lines.entry(source).or_insert((names, Vec::new())).1.push(device),
            None => {}
        }
    }
    (messages, lines)
}

fn history_lines(definitions: &Definitions) -> anyhow::Result<(SourceId, LineNames)> {
    let source = find_source(definitions, HISTORY)?;
    let names = LineNames::of(source, definitions).with_context(|| format!("source {HISTORY} is not one of line protocol"))?;
    Ok((source.id.clone(), names))
}

fn find_source<'a>(definitions: &'a Definitions, id: &str) -> anyhow::Result<&'a Source> {
    let found = definitions.sources.iter().find(|source| source.id.as_str() == id);
    found.map(|source| &**source).with_context(|| {
        let there: Vec<&str> = definitions.sources.iter().map(|source| source.id.as_str()).collect();
        format!("the city has no source {id:?}, which the simulator's past goes through; it has {}", there.join(", "))
    })
}

/// A KPI that has a reading whenever any road sensor reports.
fn witness(definitions: &Definitions) -> Option<&Kpi> {
    let rests_on = |kpi: &Kpi| matches!(&kpi.from, From::Observations { metric, .. } if metric.as_str() == WITNESS);
    definitions.kpis.iter().map(|kpi| &**kpi).find(|kpi| rests_on(kpi))
}

/// A smooth line through chance points a few hours apart, in [−1, 1], by a seed and what it is for.
#[must_use]
pub fn wave(seed: u64, name: &str, at: Timestamp) -> f64 {
    Seed::new(seed).of(name).wave(at.as_second(), 3 * 3_600)
}
