//! Which desks a city has, whose cases they tell of, and through which of its sources.
//!
//! A desk whose source the city doesn't have is left out, and said to be.

use super::accidents::Accidents;
use super::case_feed::CaseFeed;
use super::delivery::Delivery;
use super::dossiers::Dossiers;
use super::incident::Kind;
use super::life::{Desk, Population};
use super::pace::Pace;
use super::power_cuts::PowerCuts;
use super::reports::Reports;
use super::world::World;
use jiff::Timestamp;
use std::sync::Arc;
use taydo_model::{Definitions, DepartmentId, SourceId};

/// How many departments have a one-stop desk.
const ONE_STOP_DESKS: usize = 15;

type Populations = Vec<Box<dyn Population + Send + Sync>>;

/// The desks and the sources that they tell through.
pub(super) fn desks(definitions: &Definitions, world: &Arc<World>) -> [(&'static str, Populations); 4] {
    let areas: Vec<_> = definitions.city.areas.iter().map(|area| area.id.clone()).collect();
    let departments: Vec<DepartmentId> =
        definitions.city.departments.iter().map(|department| department.id.clone()).take(ONE_STOP_DESKS).collect();
    let department = |id: &str| definitions.city.departments.iter().map(|one| &one.id).find(|one| one.as_str() == id).cloned();
    let dossiers = Dossiers::new(world.seed, &departments, areas.clone(), world.zone.clone());
    let reports = Reports::new(Arc::clone(world), areas.clone());
    let accidents = Accidents::new(Arc::clone(world), areas.clone(), department("cong-an-thanh-pho"), department("so-y-te"));
    let cuts = PowerCuts::new(Arc::clone(world), areas, department("tong-cong-ty-dien-luc"));
    [
        ("one-stop", vec![Box::new(dossiers)]),
        ("reports", vec![Box::new(reports)]),
        ("road-police", vec![Box::new(accidents)]),
        ("power-cuts", vec![Box::new(cuts)]),
    ]
}

/// The feeds of all desks whose sources the city has.
pub(super) fn all(definitions: &Definitions, world: &Arc<World>, pace: &Pace, delivery: &Delivery) -> Vec<CaseFeed> {
    let mut feeds = Vec::new();
    for (id, populations) in desks(definitions, world) {
        let Some(source) = definitions.sources.iter().find(|source| source.id.as_str() == id) else {
            delivery.report.say(&format!("the city has no source {id}; its cases are left out"));
            continue;
        };
        feeds.push(CaseFeed {
            desk: Desk::new(populations, world.zone.clone()),
            source: source.id.clone(),
            silences: silences(world, &source.id),
            pace: pace.clone(),
            delivery: delivery.clone(),
        });
    }
    feeds
}

/// When a desk's source is silent.
pub(super) fn silences(world: &World, source: &SourceId) -> Vec<(Timestamp, Timestamp)> {
    let silent = world.incidents.iter().filter(|incident| incident.kind == Kind::Silence && incident.sources.contains(source));
    silent.map(|incident| (incident.from, incident.to)).collect()
}
