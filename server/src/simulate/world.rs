//! What all models of one city share: its seed, its zone, its weather, where its wards lie, where water stands, and the
//! incidents that were asked for.
//!
//! Nothing here changes while the city is played.

use super::incident::{Incident, Kind, Troubles};
use super::local::LocalTime;
use super::random::Seed;
use super::river::FloodPoint;
use super::weather::{Spot, Weather};
use jiff::tz::TimeZone;
use std::collections::BTreeMap;
use taydo_model::{AreaId, Asset, AssetId, Definitions};

/// The surroundings of every device and every desk.
#[derive(Debug)]
pub(super) struct World {
    pub(super) seed: Seed,
    pub(super) zone: TimeZone,
    pub(super) weather: Weather,
    pub(super) incidents: Vec<Incident>,
    spots: BTreeMap<AreaId, Spot>,
    flood_points: BTreeMap<AreaId, Vec<FloodPoint>>,
}

/// From this depth on water slows traffic, and where it stops it nearly, cm.
const SHALLOW_CM: f64 = 5.0;
const DEEP_CM: f64 = 40.0;

impl World {
    pub(super) fn new(definitions: &Definitions, seed: Seed, zone: TimeZone, incidents: Vec<Incident>) -> Self {
        let spot = |area: &taydo_model::Area| (area.id.clone(), area.hex.map(Spot::of_hex).unwrap_or_default());
        let mut world = Self {
            seed,
            weather: Weather::new(seed),
            spots: definitions.city.areas.iter().map(spot).collect(),
            zone,
            incidents,
            flood_points: BTreeMap::new(),
        };
        for asset in definitions.assets.iter().filter(|asset| is_flood_point(asset)) {
            let point = world.flood_point(asset);
            world.flood_points.entry(asset.area.clone()).or_default().push(point);
        }
        world
    }

    /// Where a ward lies; the city's middle for one that isn't on its map.
    pub(super) fn spot(&self, area: &AreaId) -> Spot {
        self.spots.get(area).copied().unwrap_or_default()
    }

    /// The incidents that an asset suffers.
    pub(super) fn troubles(&self, asset: &AssetId) -> Troubles {
        Troubles::of(&self.incidents, asset, &self.zone)
    }

    pub(super) fn flood_point(&self, asset: &Asset) -> FloodPoint {
        FloodPoint::new(self.seed, asset.id.as_str(), self.spot(&asset.area), self.troubles(&asset.id))
    }

    /// How hard it rains in a ward, mm/h.
    pub(super) fn rain(&self, area: &AreaId, local: LocalTime) -> f64 {
        self.weather.rain(self.spot(area), local)
    }

    /// What rain, standing water and incidents leave of the speed in a ward: 1 on a dry and quiet day.
    pub(super) fn passable(&self, area: &AreaId, troubles: &Troubles, local: LocalTime) -> f64 {
        let rain = 1.0 - 0.28 * (1.0 - (-self.rain(area, local) / 12.0).exp());
        let points = self.flood_points.get(area).map_or(&[][..], Vec::as_slice);
        let depth = points.iter().map(|point| point.depth(&self.weather, local)).fold(0.0, f64::max);
        let water = 1.0 - 0.5 * ((depth - SHALLOW_CM) / (DEEP_CM - SHALLOW_CM)).clamp(0.0, 1.0);
        let incident = if troubles.are(Kind::Congestion, local) {
            0.2
        } else if troubles.are(Kind::Accident, local) {
            0.45
        } else {
            1.0
        };
        rain * water * incident
    }
}

pub(super) fn is_flood_point(asset: &Asset) -> bool {
    asset.metrics.iter().any(|metric| metric.as_str().starts_with("flood."))
}
