//! Maps: what is drawn of a file, and what is said of one that is no map.

use super::*;
use crate::city::Area;

fn city() -> City {
    let area = |id: &str| Area { id: AreaId::new(id).unwrap(), name: id.to_owned(), hex: None };
    City { areas: vec![area("31117"), area("31120")], ..City::default() }
}

fn file(features: &str) -> File {
    File {
        name: "maps/wards.geojson".to_owned(),
        text: format!(r#"{{"type":"FeatureCollection","attribution":"The city","features":[{features}]}}"#),
    }
}

/// A square of 0.1° with a point in the middle of each side, a little aside where `bend` says so.
fn square(code: &str, west: f64, bend: f64) -> String {
    let (east, middle) = (west + 0.1, west + 0.05);
    format!(
        r#"{{"type":"Feature","properties":{{"code":{code}}},"geometry":{{"type":"Polygon","coordinates":[[[{west},10.0],[{middle},{}],[{east},10.0],[{east},10.1],[{west},10.1],[{west},10.0]]]}}}}"#,
        10.0 - bend
    )
}

#[test]
fn a_map_is_projected_and_loses_the_points_that_nobody_sees() {
    let (map, problems) = read(&file(&[square("31117", 105.0, 0.000_01), square("\"31120\"", 105.1, 0.02)].join(",")), &city());
    assert_eq!(problems, []);
    let map = map.unwrap();
    assert_eq!((map.id.as_str(), map.attribution.as_str()), ("wards", "The city"));
    let paths: Vec<&str> = map.shapes.iter().map(|shape| shape.path.as_str()).collect();
    // The whole is 0.2° wide and, with the bend, 0.12° high; a degree east is shorter than one north by cos 10.04°.
    assert_eq!(map.height, 1219);
    assert_eq!(paths, ["M0 1016l1000 0l0 -1016l-1000 0z", "M1000 1016l500 203l500 -203l0 -1016l-1000 0z"]);
}

#[test]
fn what_is_no_map_is_told() {
    for (features, message) in [
        (square("99999", 105.0, 0.0), "the map has a shape for `99999`, and the city has no such area"),
        (format!("{},{}", square("31117", 105.0, 0.0), square("31117", 105.1, 0.0)), "the area `31117` has two features"),
        (square("31117", 605.0, 0.0), "the map has a place that is no longitude and latitude"),
        (String::new(), "the map has 0 shapes, and may have 1 to 1000"),
        (r#"{"properties":{},"geometry":{"type":"Point","coordinates":[1,2]}}"#.to_owned(), "this is no map: missing field `code`"),
    ] {
        let (map, problems) = read(&file(&features), &city());
        assert!(map.is_none(), "{features}");
        assert!(problems.iter().any(|problem| problem.message.starts_with(message)), "{problems:?}");
    }
}
