//! `maps/*.geojson`: the shapes of areas, projected and simplified once, when the folder is read.
//!
//! Must never show a shape for an area that the city doesn't have, nor keep more points than a screen can show.

mod line;

use super::{File, Problem};
use crate::{
    AreaId, City,
    map::{Shape, ShapeMap, WIDTH},
};
use line::{Point, simplified};
use serde::Deserialize;
use std::fmt::Write;

/// More shapes than this are no city's areas.
const MOST_SHAPES: usize = 1_000;
/// More text than this, after simplification, is more than a page should have to fetch.
const MOST_PATH_BYTES: usize = 400_000;

/// The map that a file of this name defines.
pub(super) fn name(file: &str) -> Option<&str> {
    file.strip_prefix("maps/")?.strip_suffix(".geojson").filter(|stem| !stem.is_empty() && !stem.contains('/'))
}

/// GeoJSON (RFC 7946) as far as areas need it.
#[derive(Deserialize)]
struct Collection {
    #[serde(default)]
    attribution: Option<String>,
    features: Vec<Feature>,
}

#[derive(Deserialize)]
struct Feature {
    properties: Properties,
    geometry: Geometry,
}

#[derive(Deserialize)]
struct Properties {
    /// The area's id.
    code: Code,
}

/// Registers write codes as numbers and as texts.
#[derive(Deserialize)]
#[serde(untagged)]
enum Code {
    Number(u64),
    Text(String),
}

type Ring = Vec<Vec<f64>>;

#[derive(Deserialize)]
#[serde(tag = "type", content = "coordinates")]
enum Geometry {
    Polygon(Vec<Ring>),
    MultiPolygon(Vec<Vec<Ring>>),
}

/// The map, as far as it is sound, and what is wrong with it.
pub(super) fn read(file: &File, city: &City) -> (Option<ShapeMap>, Vec<Problem>) {
    let mut problems = Vec::new();
    let mut problem = |line: usize, column: usize, message: String, hint: &str| {
        problems.push(Problem { file: file.name.clone(), line, column, message, hint: Some(hint.to_owned()) });
    };
    let Some(id) = name(&file.name) else { return (None, problems) };
    let collection = match serde_json::from_str::<Collection>(&file.text) {
        Ok(collection) => collection,
        Err(error) => {
            let hint = "a map is a GeoJSON FeatureCollection of polygons, each with its area's id as the property `code`";
            problem(error.line().max(1), error.column().max(1), format!("this is no map: {error}"), hint);
            return (None, problems);
        }
    };
    if collection.features.is_empty() || collection.features.len() > MOST_SHAPES {
        problem(
            1,
            1,
            format!("the map has {} shapes, and may have 1 to {MOST_SHAPES}", collection.features.len()),
            "keep one feature for each area",
        );
        return (None, problems);
    }
    let Some(frame) = Frame::around(&collection.features) else {
        problem(
            1,
            1,
            "the map has a place that is no longitude and latitude".to_owned(),
            "write degrees east, then degrees north, in WGS 84",
        );
        return (None, problems);
    };
    let mut shapes: Vec<Shape> = Vec::new();
    for feature in &collection.features {
        let code = match &feature.properties.code {
            Code::Number(code) => code.to_string(),
            Code::Text(code) => code.clone(),
        };
        match AreaId::new(&code).ok().filter(|id| city.areas.iter().any(|area| area.id == *id)) {
            Some(area) if shapes.iter().any(|shape| shape.area == area) => {
                problem(1, 1, format!("the area `{code}` has two features"), "make them one MultiPolygon");
            }
            Some(area) => shapes.push(Shape { area, path: frame.path(&feature.geometry) }),
            None => problem(
                1,
                1,
                format!("the map has a shape for `{code}`, and the city has no such area"),
                "remove the feature, or add the area to city.toml",
            ),
        }
    }
    let bytes: usize = shapes.iter().map(|shape| shape.path.len()).sum();
    if bytes > MOST_PATH_BYTES {
        problem(
            1,
            1,
            format!("the map has {bytes} bytes after simplification, and may have {MOST_PATH_BYTES}"),
            "simplify its borders before",
        );
    }
    shapes.sort_by(|a, b| a.area.cmp(&b.area));
    let map = ShapeMap { id: id.to_owned(), height: frame.height, attribution: collection.attribution.unwrap_or_default(), shapes };
    (problems.is_empty().then_some(map), problems)
}

fn rings(geometry: &Geometry) -> Vec<&Ring> {
    match geometry {
        Geometry::Polygon(rings) => rings.iter().collect(),
        Geometry::MultiPolygon(parts) => parts.iter().flatten().collect(),
    }
}

/// The projection: degrees to the map's units, as a plane that touches the city (equirectangular at its middle latitude),
/// which at a city's size is off by less than a unit.
struct Frame {
    west: f64,
    north: f64,
    east_scale: f64,
    south_scale: f64,
    height: u32,
}

impl Frame {
    fn around(features: &[Feature]) -> Option<Self> {
        let (mut west, mut east, mut south, mut north) = (f64::INFINITY, f64::NEG_INFINITY, f64::INFINITY, f64::NEG_INFINITY);
        for place in features.iter().flat_map(|feature| rings(&feature.geometry)).flatten() {
            let [longitude, latitude, ..] = place.as_slice() else { return None };
            if !((-180.0..=180.0).contains(longitude) && (-85.0..=85.0).contains(latitude)) {
                return None;
            }
            (west, east) = (west.min(*longitude), east.max(*longitude));
            (south, north) = (south.min(*latitude), north.max(*latitude));
        }
        let shrink = f64::midpoint(south, north).to_radians().cos();
        let width = (east - west) * shrink;
        if !(width > 0.0 && north > south) {
            return None;
        }
        let scale = f64::from(WIDTH) / width;
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
        let height = ((north - south) * scale).ceil().min(f64::from(WIDTH) * 4.0) as u32;
        Some(Self { west, north, east_scale: shrink * scale, south_scale: scale, height })
    }

    fn point(&self, place: &[f64]) -> Option<Point> {
        let [longitude, latitude, ..] = place else { return None };
        #[allow(clippy::cast_possible_truncation)]
        let whole = |length: f64| length.round() as i32;
        Some((whole((longitude - self.west) * self.east_scale), whole((self.north - latitude) * self.south_scale)))
    }

    /// `M` to a ring's first point, then lines relative to the point before.
    fn path(&self, geometry: &Geometry) -> String {
        let mut path = String::new();
        for ring in rings(geometry) {
            let points = simplified(&ring.iter().filter_map(|place| self.point(place)).collect::<Vec<_>>());
            let Some((first, rest)) = points.split_first() else { continue };
            let _ = write!(path, "M{} {}", first.0, first.1);
            let mut before = *first;
            for point in rest {
                let _ = write!(path, "l{} {}", point.0 - before.0, point.1 - before.1);
                before = *point;
            }
            path.push('z');
        }
        path
    }
}

#[cfg(test)]
mod tests;
