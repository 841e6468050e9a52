//! All areas of the city as a map shows them: one shade of grey for each value, a status where one is due, and the worst
//! by name.
//!
//! Must never colour what is normal, nor draw a value where none is known.

use crate::{figure, locale, ranking::Names};
use jiff::Timestamp;
use std::collections::BTreeMap;
use taydo_model::{AreaId, Kpi, Quality, Reading, Scope, Status, kpi::Better, text::Language};

/// How many shades there are between the smallest value and the largest.
pub const SHADES: usize = 5;
/// How many areas are named below the map.
const NAMED: usize = 4;

/// An area.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// Its id.
    pub area: AreaId,
    /// What people call it.
    pub name: String,
    /// Whether there is a figure for it at all: a ward without sensors lacks nothing.
    pub is_measured: bool,
    /// Its figure with its unit; `None` where it is missing.
    pub value: Option<String>,
    /// How much it can be relied on.
    pub quality: Quality,
    /// How far it lies towards the bad side.
    pub status: Status,
    /// Which of the shades it has, from 0; `None` without a value.
    pub shade: Option<usize>,
}

/// What a map shows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Places {
    /// The areas, in the city's order.
    pub places: Vec<Place>,
    /// The smallest and the largest value, with their unit.
    pub ends: Option<(String, String)>,
    /// Those to be named, the worst first: places in `places`.
    pub worst: Vec<usize>,
    /// How many areas are critical …
    pub critical: usize,
    /// … deserve attention …
    pub attention: usize,
    /// … and have no value, though they have had one.
    pub missing: usize,
}

/// Every area of the city, with what its readings say at `now`.
#[must_use]
pub fn places<'a>(kpi: &Kpi, readings: impl Iterator<Item = &'a Reading>, names: &Names, now: Timestamp, language: Language) -> Places {
    let mut measured: BTreeMap<&AreaId, Option<(f64, Quality)>> = BTreeMap::new();
    for reading in readings {
        let quality = kpi.quality_at(reading, now);
        if let Scope::Area(area) = &reading.scope {
            measured.insert(area, reading.value.filter(|_| quality != Quality::Missing).map(|value| (value, quality)));
        }
    }
    let values = || measured.values().flatten().map(|(value, _)| *value);
    let (low, high) = (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max));
    let mut found = Places::default();
    let mut order: Vec<(i64, f64, usize)> = Vec::new();
    for area in names.areas() {
        let scope = Scope::Area(area.id.clone());
        let is_measured = measured.contains_key(&area.id);
        let now_known = measured.get(&area.id).and_then(Option::as_ref);
        let status = now_known.map_or(Status::Normal, |(value, _)| kpi.status(&scope, *value));
        match (status, now_known) {
            (_, None) => found.missing += usize::from(is_measured),
            (Status::Critical, _) => found.critical += 1,
            (Status::Attention, _) => found.attention += 1,
            (Status::Normal, _) => {}
        }
        if let Some((value, _)) = now_known {
            let badness = if kpi.better == Better::Higher { *value } else { -value };
            order.push((-(status as i64), badness, found.places.len()));
        }
        found.places.push(Place {
            area: area.id.clone(),
            name: names.of(&scope, language),
            is_measured,
            value: now_known.map(|(value, _)| figure::with_unit(kpi, *value, language)),
            quality: now_known.map_or(Quality::Missing, |(_, quality)| *quality),
            status,
            shade: now_known.map(|(value, _)| shade(*value, low, high)),
        });
    }
    // The few worst are found one by one: a sort of its own would weigh more than all of this.
    while found.worst.len() < NAMED {
        let rest = order.iter().filter(|one| !found.worst.contains(&one.2));
        let Some((.., at)) = rest.min_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)).then(a.2.cmp(&b.2))) else { break };
        found.worst.push(*at);
    }
    found.ends = (low <= high).then(|| (locale::number(low, kpi.decimals, language), figure::with_unit(kpi, high, language)));
    found
}

/// The shade of a value between two ends; where all are the same, the middle one.
#[must_use]
pub fn shade(value: f64, low: f64, high: f64) -> usize {
    if high <= low {
        return SHADES / 2;
    }
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)]
    let step = ((value - low) / (high - low) * SHADES as f64) as usize;
    step.min(SHADES - 1)
}

/// The corners of a tile of the map, in units of which a tile's side is 1: pointed at the top, as axial coordinates have it.
#[must_use]
pub fn centre((q, r): (i32, i32)) -> (f64, f64) {
    (3.0_f64.sqrt() * (f64::from(q) + f64::from(r) / 2.0), 1.5 * f64::from(r))
}

/// A tile's outline around its centre, a little smaller than its place.
#[must_use]
pub fn outline((x, y): (f64, f64)) -> String {
    let (side, half) = (0.94, 0.94 * 3.0_f64.sqrt() / 2.0);
    let corners = [(0.0, -side), (half, -side / 2.0), (half, side / 2.0), (0.0, side), (-half, side / 2.0), (-half, -side / 2.0)];
    corners.iter().map(|(dx, dy)| format!("{:.2},{:.2}", x + dx, y + dy)).collect::<Vec<_>>().join(" ")
}

/// The box around tiles: left, top, width, height; `None` without any.
#[must_use]
pub fn frame(tiles: impl Iterator<Item = (i32, i32)>) -> Option<(f64, f64, f64, f64)> {
    let mut ends = (f64::INFINITY, f64::INFINITY, f64::NEG_INFINITY, f64::NEG_INFINITY);
    for (x, y) in tiles.map(centre) {
        ends = (ends.0.min(x - 0.9), ends.1.min(y - 1.0), ends.2.max(x + 0.9), ends.3.max(y + 1.0));
    }
    (ends.0 < ends.2).then_some((ends.0, ends.1, ends.2 - ends.0, ends.3 - ends.1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        figure::tests::{reading, speed},
        ranking::tests::with_areas,
    };

    #[test]
    fn every_area_is_shown_and_what_is_not_known_is_counted() {
        let readings = [("31135", Some(12.0)), ("31120", Some(40.0)), ("31147", None)]
            .map(|(area, value)| reading(format!("area:{area}").parse().unwrap(), value));
        let names = with_areas(&["31120", "31135", "31147", "31150"]);
        let shown = places(&speed(), readings.iter(), &names, readings[0].time, Language::Vi);
        let said: Vec<_> = shown.places.iter().map(|place| (place.area.as_str(), place.status, place.shade)).collect();
        let normal = Status::Normal;
        let expected = [("31120", normal, Some(4)), ("31135", Status::Critical, Some(0)), ("31147", normal, None), ("31150", normal, None)];
        assert_eq!(said, expected);
        assert_eq!((shown.critical, shown.attention, shown.missing, shown.worst), (1, 0, 1, vec![1, 0]));
        assert_eq!(shown.places.iter().map(|place| place.is_measured).collect::<Vec<_>>(), [true, true, true, false]);
        assert_eq!(shown.ends, Some(("12,0".to_owned(), "40,0\u{a0}km/h".to_owned())));
    }

    #[test]
    fn shades_lie_between_the_ends() {
        let shades: Vec<usize> = [0.0, 1.9, 2.0, 9.99, 10.0].iter().map(|value| shade(*value, 0.0, 10.0)).collect();
        assert_eq!(shades, [0, 0, 1, 4, 4]);
        assert_eq!(shade(3.0, 3.0, 3.0), 2);
    }

    #[test]
    fn neighbours_on_the_tile_map_touch_and_don_t_overlap() {
        let distance = |a: (i32, i32), b: (i32, i32)| (centre(a).0 - centre(b).0).hypot(centre(a).1 - centre(b).1);
        for neighbour in [(1, 0), (0, 1), (-1, 1), (-1, 0), (0, -1), (1, -1)] {
            assert!((distance((0, 0), neighbour) - 3.0_f64.sqrt()).abs() < 1e-9, "{neighbour:?}");
        }
        assert_eq!(frame([(0, 0)].into_iter()).map(|frame| (frame.2, frame.3)), Some((1.8, 2.0)));
        assert_eq!(frame(std::iter::empty()), None);
    }
}
