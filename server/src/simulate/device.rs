//! A device: an asset of the register with the model that measures for it, and when it reports.
//!
//! History and live data both come from here, so that they join without a seam. Nothing here knows how samples travel.

use super::energy::{Kind, Meter};
use super::local::LocalTime;
use super::outage::Outages;
use super::random::Seed;
use super::traffic::RoadSensor;
use jiff::{Timestamp, tz::TimeZone};
use std::sync::Arc;
use taydo_model::{Asset, Definitions, Metric};

/// What one device reports at one moment.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sample<'a> {
    pub(super) device: &'a Device,
    pub(super) time: Timestamp,
    /// Values in their metrics' units, rounded to their resolutions.
    pub(super) values: Vec<(&'a Metric, f64)>,
}

/// A simulated asset.
#[derive(Debug, Clone)]
pub(super) struct Device {
    pub(super) asset: Arc<Asset>,
    metrics: Vec<Arc<Metric>>,
    model: Model,
    outages: Outages,
    /// Milliseconds between reports, and of the first one in each.
    interval_ms: i64,
    phase_ms: i64,
    zone: TimeZone,
}

impl PartialEq for Device {
    fn eq(&self, other: &Self) -> bool {
        self.asset.id == other.asset.id
    }
}

#[derive(Debug, Clone)]
enum Model {
    Road(RoadSensor),
    Meter(Meter),
}

impl Device {
    /// The devices of the register: each asset with a metric that a model has.
    pub(super) fn all(definitions: &Definitions, seed: Seed, zone: &TimeZone) -> Vec<Device> {
        definitions.assets.iter().filter_map(|asset| Self::new(definitions, asset, seed, zone)).collect()
    }

    fn new(definitions: &Definitions, asset: &Arc<Asset>, seed: Seed, zone: &TimeZone) -> Option<Self> {
        let (id, site) = (asset.id.as_str(), asset.site.as_str());
        let measures = |prefix: &str| asset.metrics.iter().any(|metric| metric.as_str().starts_with(prefix));
        let model = if measures("traffic.") {
            Model::Road(RoadSensor::new(seed, id, site))
        } else if measures("lighting.") {
            Model::Meter(Meter::new(seed, id, Kind::Lighting))
        } else if measures("energy.") {
            Model::Meter(Meter::new(seed, id, energy_kind(asset)))
        } else {
            return None;
        };
        let interval_ms = i64::from(asset.interval_s.max(1)) * 1_000;
        Some(Self {
            metrics: asset.metrics.iter().filter_map(|metric| definitions.metric(metric).cloned()).collect(),
            outages: Outages::new(seed, id, site),
            phase_ms: (seed.of("phase").of(id).unit() * interval_ms as f64) as i64,
            interval_ms,
            model,
            asset: asset.clone(),
            zone: zone.clone(),
        })
    }

    /// Whether it stands at a road.
    pub(super) fn is_road(&self) -> bool {
        matches!(self.model, Model::Road(_))
    }

    /// What it reports after `after` and up to `until`, in order; nothing while it is silent.
    pub(super) fn samples(&self, after: Timestamp, until: Timestamp) -> impl Iterator<Item = Sample<'_>> {
        let number = |time: Timestamp| (time.as_millisecond() - self.phase_ms).div_euclid(self.interval_ms);
        (number(after) + 1..=number(until))
            .filter_map(|number| Timestamp::from_millisecond(number * self.interval_ms + self.phase_ms).ok())
            .filter_map(|time| self.sample(time))
    }

    fn sample(&self, time: Timestamp) -> Option<Sample<'_>> {
        let local = LocalTime::at(time, &self.zone);
        if self.outages.is_silent(local) || !self.asset.is_valid(time) {
            return None;
        }
        let mut values = Vec::with_capacity(self.metrics.len());
        for metric in &self.metrics {
            let exact = self.measure(metric, local);
            let rounded = exact.and_then(|value| metric.ticks(value)).map(|ticks| metric.value(ticks));
            values.extend(rounded.map(|value| (&**metric, value)));
        }
        (!values.is_empty()).then_some(Sample { device: self, time, values })
    }

    fn measure(&self, metric: &Metric, local: LocalTime) -> Option<f64> {
        match (&self.model, metric.id.as_str()) {
            (Model::Road(road), "traffic.speed") => Some(road.at(local).speed),
            (Model::Road(road), "traffic.flow") => Some(road.at(local).flow),
            (Model::Road(road), "traffic.occupancy") => Some(road.at(local).occupancy),
            (Model::Meter(meter), "energy.load" | "lighting.load") => Some(meter.load(local)),
            // The load is the interval's mean, so that the two figures of a meter agree.
            (Model::Meter(meter), "energy.used") => Some(meter.load(local) * self.interval_ms as f64 / 3_600_000.0),
            _ => None,
        }
    }
}

/// All samples of some devices after `after` and up to `until`, in order of time.
pub(super) fn samples<'a>(devices: impl IntoIterator<Item = &'a Device>, after: Timestamp, until: Timestamp) -> Vec<Sample<'a>> {
    let mut samples: Vec<Sample<'a>> = devices.into_iter().flat_map(|device| device.samples(after, until)).collect();
    samples.sort_by_key(|sample| sample.time);
    samples
}

/// What the power company calls a feeder is one; any other meter of the register is a building's.
fn energy_kind(asset: &Asset) -> Kind {
    let name = asset.name.to_lowercase();
    let is_feeder = ["xuất tuyến", "feeder"].iter().any(|word| name.contains(word));
    if is_feeder { Kind::Feeder } else { Kind::Building }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use taydo_model::{AreaId, AssetId, DepartmentId, MetricId, Text, Unit, observation::MetricKind};

    /// A small city: roads and meters, each with what a register would say of them.
    pub(crate) fn city() -> Definitions {
        let metric = |(id, unit, resolution): (&str, &str, f64)| {
            Arc::new(Metric {
                id: MetricId::new(id).unwrap(),
                title: Text::default(),
                unit: Unit::parse(unit).unwrap(),
                resolution,
                range: None,
                kind: MetricKind::Gauge,
                jump: None,
                frozen_s: None,
            })
        };
        let asset = |id: String, name: &str, metrics: &[&str]| {
            Arc::new(Asset {
                id: AssetId::new(id).unwrap(),
                name: name.to_owned(),
                site: "Quốc lộ 91".to_owned(),
                area: AreaId::new("31135").unwrap(),
                latitude: None,
                longitude: None,
                owner: DepartmentId::new("so-xay-dung").unwrap(),
                metrics: metrics.iter().map(|id| MetricId::new(id).unwrap()).collect(),
                interval_s: 60,
                valid_from: None,
                valid_to: None,
            })
        };
        let road = ["traffic.speed", "traffic.flow", "traffic.occupancy"];
        let mut assets: Vec<Arc<Asset>> = (0..4).map(|n| asset(format!("road-{n}"), "Cảm biến", &road)).collect();
        assets.push(asset("feeder-1".into(), "Xuất tuyến 471", &["energy.load", "energy.used"]));
        assets.push(asset("light-1".into(), "Tủ chiếu sáng", &["lighting.load"]));
        assets.push(asset("rain-1".into(), "Trạm mưa", &[]));
        assets.sort_by(|a, b| a.id.cmp(&b.id));
        let metrics = [
            ("energy.load", "kW", 0.1),
            ("energy.used", "kWh", 0.001),
            ("lighting.load", "kW", 0.1),
            ("traffic.flow", "veh/h", 1.0),
            ("traffic.occupancy", "%", 0.1),
            ("traffic.speed", "km/h", 0.1),
        ];
        Definitions { metrics: metrics.into_iter().map(metric).collect(), assets, ..Definitions::default() }
    }

    #[test]
    fn two_halves_of_a_time_give_what_the_whole_gives() {
        let zone = TimeZone::get("Asia/Ho_Chi_Minh").unwrap();
        let devices = Device::all(&city(), Seed::new(1), &zone);
        assert_eq!(devices.len(), 6);
        let time = |text: &str| text.parse::<Timestamp>().unwrap();
        let (from, middle, to) = (time("2026-03-12T00:00:00Z"), time("2026-03-12T00:31:07.250Z"), time("2026-03-12T02:00:00Z"));
        let whole = samples(&devices, from, to);
        let halves = [samples(&devices, from, middle), samples(&devices, middle, to)].concat();
        assert_eq!(whole, halves);
        assert!(whole.len() > 6 * 100 && whole.len() <= 6 * 121, "{}", whole.len());
        let roads = whole.iter().filter(|sample| sample.device.is_road());
        assert!(roads.clone().all(|sample| sample.values.len() == 3));
        let seconds: std::collections::BTreeSet<i64> = roads.map(|sample| sample.time.as_second() % 60).collect();
        assert_eq!(seconds.len(), 4, "sensors report in turn, not all at once");
    }
}
