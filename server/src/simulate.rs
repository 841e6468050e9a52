//! The simulated city: models of its sensors, meters and desks, and feeds that tell of them as real devices would.
//!
//! It is a client of the public ways in, with a clock of its own, and never a back door: it must use nothing of the
//! server but the definitions' shapes. The models (`traffic`, `energy`, `dossiers`, `outage`) are pure: a value follows
//! from the seed, the asset and the time, so that any run can be repeated and history joins live data without a seam.

mod delivery;
mod desks;
mod device;
mod dossiers;
mod energy;
mod history;
mod lines;
mod local;
mod meters;
mod outage;
mod pace;
mod random;
mod report;
mod roads;
mod traffic;

use anyhow::Context;
use delivery::Delivery;
use device::Device;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use lines::LineNames;
use pace::Pace;
use random::Seed;
use report::Report;
use std::sync::Arc;
use taydo_model::{Definitions, DepartmentId, Kpi, kpi::From, source::Source};
use tokio_util::sync::CancellationToken;

/// How many departments have a one-stop desk.
const DESKS: usize = 15;
/// The metric whose readings show how far the server's history reaches.
const WITNESS: &str = "traffic.speed";

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
    /// The source of the road sensors' messages.
    pub roads: String,
    /// The source of the meters' lines.
    pub meters: String,
    /// The source of the back-fill's lines.
    pub history: String,
    /// The source of the dossiers.
    pub desks: String,
}

/// Plays a city until the plan's end or until `stop`.
///
/// # Errors
/// When the definitions lack a source that the plan names or a zone, or the plan can't be played.
pub async fn run(definitions: &Definitions, plan: Plan, stop: CancellationToken) -> anyhow::Result<()> {
    let zone = TimeZone::get(&definitions.city.zone).with_context(|| format!("no time zone {:?}", definitions.city.zone))?;
    let seed = Seed::new(plan.seed);
    let devices = Device::all(definitions, seed, &zone);
    let (roads, meters): (Vec<Device>, Vec<Device>) = devices.iter().cloned().partition(Device::is_road);
    let pace = Pace::new(plan.from, plan.speed, plan.until);
    let source = |id: &str| find_source(definitions, id);
    let names = |id: &str| {
        let source = source(id)?;
        let names = LineNames::of(source, definitions).with_context(|| format!("source {id} is not one of line protocol"))?;
        anyhow::Ok((source.id.clone(), names))
    };
    let quiet = Delivery::new(&plan.server, Arc::new(Report::new()), stop.clone())?;

    let whole = (pace.start().checked_sub(plan.backfill).unwrap_or(pace.start()), pace.start());
    let missing = history::missing(&quiet, witness(definitions), whole).await;
    let minutes = history::minutes(&missing);
    let report = Arc::new(if minutes > 0 { Report::with_history(minutes) } else { Report::new() });
    report.say(&format!(
        "{} road sensors, {} meters, seed {}; {minutes} minutes of history are missing",
        roads.len(),
        meters.len(),
        plan.seed
    ));

    let delivery = Delivery::new(&plan.server, report, stop)?;
    let (history_source, history_names) = names(&plan.history)?;
    let history = history::History { devices: &devices, source: history_source, names: history_names, delivery: delivery.clone() };
    let roads = roads::Roads::new(roads, source(&plan.roads)?, &plan.broker, pace.clone(), delivery.clone())?;
    let (meter_source, meter_names) = names(&plan.meters)?;
    let meters =
        meters::Meters { devices: meters, source: meter_source, names: meter_names, pace: pace.clone(), delivery: delivery.clone() };
    let areas = definitions.city.areas.iter().map(|area| area.id.clone()).collect();
    let desks = desks::DeskFeed {
        desks: dossiers::Desks::new(seed, &desk_departments(definitions), areas, zone),
        source: source(&plan.desks)?.id.clone(),
        pace,
        delivery: delivery.clone(),
    };
    let backfill = async {
        if history.run(&missing).await? && minutes > 0 {
            delivery.report.say("all history is stored");
        }
        anyhow::Ok(())
    };
    let roads = async {
        roads.run().await;
        anyhow::Ok(())
    };
    tokio::try_join!(roads, meters.run(), desks.run(), backfill)?;
    Ok(())
}

fn find_source<'a>(definitions: &'a Definitions, id: &str) -> anyhow::Result<&'a Source> {
    let found = definitions.sources.iter().find(|source| source.id.as_str() == id);
    found.map(|source| &**source).with_context(|| {
        let there: Vec<&str> = definitions.sources.iter().map(|source| source.id.as_str()).collect();
        format!("the city has no source {id:?}; it has {}", there.join(", "))
    })
}

/// A KPI that has a reading whenever any road sensor reports.
fn witness(definitions: &Definitions) -> Option<&Kpi> {
    let rests_on = |kpi: &Kpi| matches!(&kpi.from, From::Observations { metric, .. } if metric.as_str() == WITNESS);
    definitions.kpis.iter().map(|kpi| &**kpi).find(|kpi| rests_on(kpi))
}

/// The departments with a desk: the city's first ones by id, as its file arranges them.
fn desk_departments(definitions: &Definitions) -> Vec<DepartmentId> {
    definitions.city.departments.iter().map(|department| department.id.clone()).take(DESKS).collect()
}
