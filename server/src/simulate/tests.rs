//! The catalogue of Cần Thơ's KPIs against the simulated city: each has somebody who answers for it and a feed that moves it.
//!
//! Nothing here is computed; whether the figures are right is tested elsewhere.

use super::device::{Device, samples};
use super::{Seed, World, desks};
use crate::config::folder;
use crate::self_watch;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use taydo_model::{Case, Definitions, Kpi, KpiId, MetricId, kpi::From};

/// The nine domains: the first word of every KPI's id, and the file that it stands in.
const DOMAINS: [&str; 9] = ["business", "services", "reports", "traffic", "accidents", "energy", "environment", "planning", "platform"];

fn can_tho() -> Definitions {
    folder::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../dashboards/can-tho")).unwrap()
}

/// What moves in a played city.
struct Feeds {
    metrics: BTreeSet<MetricId>,
    cases: Vec<Case>,
}

impl Feeds {
    fn of(definitions: &Definitions) -> Self {
        let zone = TimeZone::get(&definitions.city.zone).unwrap();
        let world = Arc::new(World::new(definitions, Seed::new(1), zone, Vec::new()));
        let devices = Device::all(definitions, &world);
        let from: Timestamp = "2026-03-12T01:00:00Z".parse().unwrap();
        let heard = samples(&devices, from, from + SignedDuration::from_mins(61));
        let metrics = heard.iter().flat_map(|sample| sample.values.iter().map(|(metric, _)| metric.id.clone()));
        let own = self_watch::METRICS.into_iter().map(|metric| MetricId::new(metric).unwrap());
        let populations = desks::desks(definitions, &world).into_iter().flat_map(|(_, populations)| populations);
        let desk = super::life::Desk::new(populations.collect(), world.zone.clone());
        Self { metrics: metrics.chain(own).collect(), cases: desk.standing(from) }
    }

    /// Why a KPI is not fed; nothing when it is.
    fn lack(&self, definitions: &Definitions, kpi: &Kpi) -> Option<String> {
        match &kpi.from {
            From::Observations { metric, .. } => (!self.metrics.contains(metric)).then(|| format!("nothing measures {metric}")),
            From::Cases { kind, terms, .. } => {
                let carries = |case: &Case| terms.only.iter().all(|(name, value)| case.labels.get(name.as_str()) == Some(value));
                let is_fed = self.cases.iter().any(|case| case.kind == *kind && carries(case));
                (!is_fed).then(|| format!("no desk has such a case of kind {kind:?}"))
            }
            From::Formula { operands, .. } => operands.iter().find_map(|operand| {
                let lack = self.lack(definitions, definitions.kpi(&operand.kpi)?)?;
                Some(format!("{}: {lack}", operand.kpi))
            }),
            // A person's entry is its feed; the loader lets none stand without an owner to be asked.
            From::Form(_) => None,
        }
    }
}

#[test]
fn every_kpi_of_the_catalogue_has_an_owner_and_is_fed() {
    let definitions = can_tho();
    let feeds = Feeds::of(&definitions);
    let mut faults = Vec::new();
    for kpi in &definitions.kpis {
        let domain = kpi.id.as_str().split('.').next().unwrap();
        if !DOMAINS.contains(&domain) {
            faults.push(format!("{}: {domain} is none of the nine domains", kpi.id));
        }
        if kpi.owner.is_none() {
            faults.push(format!("{}: nobody answers for it", kpi.id));
        }
        faults.extend(feeds.lack(&definitions, kpi).map(|why| format!("{}: {why}", kpi.id)));
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
    assert!(definitions.kpis.len() >= 60, "{}", definitions.kpis.len());
    for domain in DOMAINS {
        let own = definitions.kpis.iter().filter(|kpi| kpi.id.as_str().split('.').next() == Some(domain)).count();
        assert!(own >= 6, "{domain} has {own} KPIs");
    }
}

#[test]
fn every_point_of_the_plan_is_measured_by_what_is_fed_and_owned() {
    let definitions = can_tho();
    let feeds = Feeds::of(&definitions);
    let goals: Vec<_> = definitions.goals.iter().flat_map(|part| &part.goals).collect();
    assert_eq!(goals.len(), 11, "the plan's points: three of living, four of platforms, four of transport");
    for goal in goals {
        assert!(!goal.kpis.is_empty(), "{}", goal.id);
        for id in &goal.kpis {
            let kpi = definitions.kpi(id).unwrap();
            assert!(kpi.owner.is_some() && feeds.lack(&definitions, kpi).is_none(), "{}: {id}", goal.id);
        }
    }
}

#[test]
fn the_plan_notices_a_point_without_feed_or_owner() {
    let definitions = can_tho();
    let feeds = Feeds { metrics: BTreeSet::new(), cases: Vec::new() };
    let fed = |id: &str| feeds.lack(&definitions, definitions.kpi(&KpiId::new(id).unwrap()).unwrap()).is_none();
    assert!(!fed("traffic.speed") && !fed("services.on_time"));
}
