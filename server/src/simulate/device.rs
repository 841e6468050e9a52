//! A device: an asset of the register with the model that measures for it, and when it reports.
//!
//! History and live data both come from here, so that they join without a seam. Nothing here knows how samples travel.

use super::air::{self, AirStation};
use super::energy::{self, Meter};
use super::enforcement::Post;
use super::incident::{Kind, Troubles};
use super::local::LocalTime;
use super::river::{ALARM_CM, FloodPoint, TideGauge};
use super::silence::Silence;
use super::traffic::RoadSensor;
use super::transit::{Bus, Corridor};
use super::world::World;
use jiff::Timestamp;
use std::sync::Arc;
use taydo_model::{Asset, Definitions, Metric, SampleState};

/// What one device reports at one moment.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Sample<'a> {
    pub(super) device: &'a Device,
    pub(super) time: Timestamp,
    /// Values in their metrics' units, rounded to their resolutions.
    pub(super) values: Vec<(&'a Metric, f64)>,
    /// What the device says of itself, where it says anything.
    pub(super) state: SampleState,
}

/// A simulated asset.
#[derive(Debug, Clone)]
pub(super) struct Device {
    pub(super) asset: Arc<Asset>,
    metrics: Vec<Arc<Metric>>,
    model: Model,
    world: Arc<World>,
    silence: Silence,
    troubles: Troubles,
    /// Milliseconds between reports, and of the first one in each.
    interval_ms: i64,
    phase_ms: i64,
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
    Air(AirStation),
    Rain,
    Tide(TideGauge),
    Flood(FloodPoint),
    Bus(Bus),
    Corridor(Corridor),
    Post(Post),
}

/// What a model says, by the metrics' ids.
type Values = Vec<(&'static str, f64)>;

/// An hour, in milliseconds: what reports so seldom does it on the hour.
const HOUR_MS: i64 = 3_600_000;

impl Device {
    /// The devices of the register: each asset with a metric that a model has.
    pub(super) fn all(definitions: &Definitions, world: &Arc<World>) -> Vec<Device> {
        definitions.assets.iter().filter_map(|asset| Self::new(definitions, asset, world)).collect()
    }

    fn new(definitions: &Definitions, asset: &Arc<Asset>, world: &Arc<World>) -> Option<Self> {
        let (id, seed) = (asset.id.as_str(), world.seed);
        let interval_ms = i64::from(asset.interval_s.max(1)) * 1_000;
        let phase = if interval_ms < HOUR_MS { seed.of("phase").of(id).unit() } else { 0.0 };
        Some(Self {
            metrics: asset.metrics.iter().filter_map(|metric| definitions.metric(metric).cloned()).collect(),
            model: Model::of(asset, world)?,
            silence: Silence::new(seed, id, asset.site.as_str()),
            troubles: world.troubles(&asset.id),
            phase_ms: (phase * interval_ms as f64) as i64,
            interval_ms,
            world: Arc::clone(world),
            asset: asset.clone(),
        })
    }

    /// What it reports after `after` and up to `until`, in order; nothing while it is silent.
    pub(super) fn samples(&self, after: Timestamp, until: Timestamp) -> impl Iterator<Item = Sample<'_>> {
        let number = |time: Timestamp| (time.as_millisecond() - self.phase_ms).div_euclid(self.interval_ms);
        (number(after) + 1..=number(until))
            .filter_map(|number| Timestamp::from_millisecond(number * self.interval_ms + self.phase_ms).ok())
            .filter_map(|time| self.sample(time))
    }

    fn sample(&self, time: Timestamp) -> Option<Sample<'_>> {
        let local = LocalTime::at(time, &self.world.zone);
        let is_silent = self.silence.is_silent(local) || self.troubles.are(Kind::Silence, local);
        if is_silent || !self.asset.is_valid(time) {
            return None;
        }
        let (measured, state) = self.measure(local);
        let rounded = |metric: &Metric, value: f64| metric.ticks(value).map(|ticks| metric.value(ticks));
        let value = |metric: &'_ Arc<Metric>| {
            let (_, exact) = measured.iter().find(|(id, _)| *id == metric.id.as_str())?;
            rounded(metric, *exact)
        };
        let values: Vec<(&Metric, f64)> = self.metrics.iter().filter_map(|metric| Some((&**metric, value(metric)?))).collect();
        (!values.is_empty()).then_some(Sample { device: self, time, values, state })
    }

    fn measure(&self, local: LocalTime) -> (Values, SampleState) {
        let (world, interval_s) = (&*self.world, self.interval_ms / 1_000);
        let passable = || world.passable(&self.asset.area, &self.troubles, local);
        let values = match &self.model {
            Model::Road(road) => {
                let traffic = road.at(local, passable());
                vec![("traffic.speed", traffic.speed), ("traffic.flow", traffic.flow), ("traffic.occupancy", traffic.occupancy)]
            }
            Model::Meter(meter) => self.meter(meter, local),
            Model::Air(station) => return self.air(station, local),
            Model::Rain => vec![("rain.amount", world.weather.fallen(world.spot(&self.asset.area), local, interval_s))],
            Model::Tide(gauge) => vec![("river.level", gauge.level(local))],
            Model::Flood(point) => {
                let depth = point.depth(&world.weather, local);
                vec![("flood.depth", depth), ("flood.alarm", f64::from(u8::from(depth >= ALARM_CM)))]
            }
            Model::Bus(bus) => match bus.at(local, interval_s, 1.0 / passable()) {
                Some(passage) => vec![("bus.delay", passage.delay_s), ("bus.trips", passage.trips)],
                None => Vec::new(),
            },
            Model::Corridor(corridor) => {
                vec![("freight.time", corridor.time_min(local, 1.0 / passable())), ("freight.free_time", corridor.free_min())]
            }
            Model::Post(post) => {
                let counts = post.at(local);
                vec![
                    ("enforcement.checked", counts.checked),
                    ("enforcement.violations", counts.violations),
                    ("enforcement.riders", counts.riders),
                    ("enforcement.helmets", counts.helmets),
                    ("enforcement.tests", counts.tests),
                    ("enforcement.drunk", counts.drunk),
                ]
            }
        };
        (values, SampleState::Normal)
    }

    /// The load is the interval's mean, so that a meter's figures agree.
    fn meter(&self, meter: &Meter, local: LocalTime) -> Values {
        let hours = self.interval_ms as f64 / HOUR_MS as f64;
        let left = if self.troubles.are(Kind::Outage, local) { 0.02 } else { 1.0 };
        let load = left * meter.load(local);
        vec![
            ("energy.load", load),
            ("energy.used", load * hours),
            ("building.used", load * hours),
            ("building.reference", meter.load_before(local) * hours),
            ("lighting.load", load),
            ("lighting.day_lamps", left * meter.lamps_by_day(local)),
        ]
    }

    fn air(&self, station: &AirStation, local: LocalTime) -> (Values, SampleState) {
        let weather = &self.world.weather;
        let (air, state) = if self.interval_ms < HOUR_MS { station.at(weather, local) } else { station.hour(weather, local) };
        let values = vec![
            ("air.pm25", air.pm25),
            ("air.pm10", air.pm10),
            ("air.o3", air.o3),
            ("air.co", air.co),
            ("air.so2", air.so2),
            ("air.no2", air.no2),
        ];
        let state = match state {
            air::State::Measuring => SampleState::Normal,
            air::State::Calibrating => SampleState::Calibrating,
            air::State::Fault => SampleState::Fault,
        };
        (values, state)
    }
}

impl Model {
    /// The model for what the asset measures; `None` where none does.
    fn of(asset: &Asset, world: &World) -> Option<Self> {
        let (seed, id, site) = (world.seed, asset.id.as_str(), asset.site.as_str());
        let (spot, troubles) = (world.spot(&asset.area), world.troubles(&asset.id));
        let measures = |prefix: &str| asset.metrics.iter().any(|metric| metric.as_str().starts_with(prefix));
        let models: [(&str, &dyn Fn() -> Model); 10] = [
            ("traffic.", &|| Model::Road(RoadSensor::new(seed, id, site))),
            ("lighting.", &|| Model::Meter(Meter::new(seed, id, energy::Kind::Lighting))),
            ("energy.", &|| Model::Meter(Meter::new(seed, id, energy_kind(asset)))),
            ("air.", &|| Model::Air(AirStation::new(seed, id, spot, troubles.clone()))),
            ("rain.", &|| Model::Rain),
            ("river.", &|| Model::Tide(TideGauge::new(seed, id))),
            ("flood.", &|| Model::Flood(world.flood_point(asset))),
            ("bus.", &|| Model::Bus(Bus::new(seed, id, site))),
            ("freight.", &|| Model::Corridor(Corridor::new(seed, id))),
            ("enforcement.", &|| Model::Post(Post::new(seed, id))),
        ];
        models.iter().find(|(prefix, _)| measures(prefix)).map(|(_, model)| model())
    }
}

/// All samples of some devices after `after` and up to `until`, in order of time.
pub(super) fn samples<'a>(devices: impl IntoIterator<Item = &'a Device>, after: Timestamp, until: Timestamp) -> Vec<Sample<'a>> {
    let mut samples: Vec<Sample<'a>> = devices.into_iter().flat_map(|device| device.samples(after, until)).collect();
    samples.sort_by_key(|sample| sample.time);
    samples
}

/// What the power company calls a feeder is one; any other meter of the register is a building's.
fn energy_kind(asset: &Asset) -> energy::Kind {
    let name = asset.name.to_lowercase();
    let is_feeder = ["xuất tuyến", "feeder"].iter().any(|word| name.contains(word));
    if is_feeder { energy::Kind::Feeder } else { energy::Kind::Building }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::{incident::Incident, random::Seed};
    use super::*;
    use jiff::tz::TimeZone;
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
                jump: None,
                frozen_s: None,
                kind: MetricKind::Gauge,
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
                camera: None,
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

    pub(crate) fn world(definitions: &Definitions, incidents: Vec<Incident>) -> Arc<World> {
        let zone = TimeZone::get("Asia/Ho_Chi_Minh").unwrap();
        Arc::new(World::new(definitions, Seed::new(1), zone, incidents))
    }

    /// The devices of that city.
    pub(crate) fn devices(definitions: &Definitions, incidents: Vec<Incident>) -> Vec<Device> {
        Device::all(definitions, &world(definitions, incidents))
    }

    #[test]
    fn two_halves_of_a_time_give_what_the_whole_gives() {
        let devices = devices(&city(), Vec::new());
        assert_eq!(devices.len(), 6);
        let time = |text: &str| text.parse::<Timestamp>().unwrap();
        let (from, middle, to) = (time("2026-03-12T00:00:00Z"), time("2026-03-12T00:31:07.250Z"), time("2026-03-12T02:00:00Z"));
        let whole = samples(&devices, from, to);
        let halves = [samples(&devices, from, middle), samples(&devices, middle, to)].concat();
        assert_eq!(whole, halves);
        assert!(whole.len() > 6 * 100 && whole.len() <= 6 * 121, "{}", whole.len());
        let roads = whole.iter().filter(|sample| sample.device.asset.id.as_str().starts_with("road"));
        assert!(roads.clone().all(|sample| sample.values.len() == 3));
        let seconds: std::collections::BTreeSet<i64> = roads.map(|sample| sample.time.as_second() % 60).collect();
        assert_eq!(seconds.len(), 4, "sensors report in turn, not all at once");
    }

    #[test]
    fn an_incident_changes_what_it_concerns_while_it_lasts_and_nothing_else() {
        let definitions = city();
        let (from, to) = ("2026-03-12T03:00:00Z".parse().unwrap(), "2026-03-12T03:40:00Z".parse().unwrap());
        let all = |incidents| {
            let devices = devices(&definitions, incidents);
            samples(&devices, from, to)
                .into_iter()
                .map(|sample| (sample.device.asset.id.clone(), sample.time, sample.values[0].1))
                .collect::<Vec<_>>()
        };
        let quiet = all(Vec::new());
        let begin = from + jiff::SignedDuration::from_mins(10);
        let resolve = |text: &str| text.parse::<super::super::incident::Request>().unwrap().resolve(&definitions, |_| None, begin).unwrap();
        let jammed = all(vec![resolve("congestion:road-1:20")]);
        assert_eq!(quiet.len(), jammed.len());
        for (before, after) in quiet.iter().zip(&jammed) {
            let lasts = before.1 >= begin && before.1 < begin + jiff::SignedDuration::from_mins(20);
            assert_eq!(before.2 != after.2, lasts && before.0.as_str() == "road-1", "{} at {}", before.0, before.1);
            assert!(after.2 <= before.2);
        }
        let silenced = all(vec![resolve("silence:road-1:20")]);
        assert_eq!(quiet.len() - silenced.len(), 20);
    }
}
