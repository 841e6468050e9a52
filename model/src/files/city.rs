//! `city.toml`: the city, its areas and its departments.
//!
//! Must never guess a name, a zone or a number.

use super::{FORMAT_VERSION, document::Document, retention, section::Section, value::Value};
use crate::{Area, AreaId, City, Constant, Department, DepartmentId};
use jiff::tz::TimeZone;

/// The city as far as the file is sound.
pub(super) fn read(document: &Document<'_>) -> City {
    let mut section = document.section();
    section.what = "city.toml".to_owned();
    section.need("format_version", format_version);
    let id = section.need("id", city_id);
    let name = section.need("name", Value::both_languages);
    let zone = section.need("zone", zone);
    let population = section.need("population", |value| value.whole(1, 100_000_000));
    let constants = section.may("constants", |value| entries(value, constant)).unwrap_or_default();
    let attribution = section.may("attribution", Value::text);
    let retention = section.may("retention", retention::read);
    let mut areas = section.may("areas", |value| entries(value, area)).unwrap_or_default();
    let mut departments = section.may("departments", |value| entries(value, department)).unwrap_or_default();
    section.finish();
    areas.sort_by(|a, b| a.id.cmp(&b.id));
    departments.sort_by(|a, b| a.id.cmp(&b.id));
    City {
        id: id.unwrap_or_default(),
        name: name.unwrap_or_default(),
        zone: zone.unwrap_or_default(),
        population: population.unwrap_or_default(),
        constants: constants.into_iter().collect(),
        areas,
        departments,
        attribution: attribution.unwrap_or_default(),
        retention: retention.unwrap_or_default(),
    }
}

fn format_version(value: &Value<'_>) -> Option<()> {
    let version = value.whole(0, u64::from(u32::MAX))?;
    if version != u64::from(FORMAT_VERSION) {
        value.problem(
            format!("format_version is {version}, and this program reads {FORMAT_VERSION}"),
            "use the program's version that belongs to these files",
        );
    }
    Some(())
}

fn city_id(value: &Value<'_>) -> Option<String> {
    let id = value.text()?;
    let slug = crate::id::slug(&id);
    if slug.as_ref() != Some(&id) {
        let hint = slug.map_or_else(|| "choose another".to_owned(), |slug| format!("for example `{slug}`"));
        value.problem(format!("{id:?} is not a city's id: it has a-z, 0-9 and single dashes"), hint);
        return None;
    }
    Some(id)
}

/// The name of a zone that the time zone database has.
pub(super) fn zone(value: &Value<'_>) -> Option<String> {
    let name = value.text()?;
    if TimeZone::get(&name).is_err() {
        value.problem(format!("there is no time zone {name:?}"), "write its IANA name, such as \"Asia/Ho_Chi_Minh\"");
        return None;
    }
    Some(name)
}

fn entries<T>(value: &Value<'_>, read: impl Fn(&Value<'_>) -> Option<T>) -> Option<Vec<T>> {
    let section = value.section(&format!("[{}]", value.key))?;
    Some(section.entries().filter_map(|entry| read(&entry)).collect())
}

/// `customers = { value = 1_250_000, unit = "customers" }`
fn constant(entry: &Value<'_>) -> Option<(String, Constant)> {
    if entry.key == "population" {
        entry.problem("the population has a line of its own", "remove it here, and write `population = …` above");
        return None;
    }
    let is_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    if !entry.key.starts_with(|c: char| c.is_ascii_lowercase()) || !entry.key.chars().all(is_name) {
        entry.problem(format!("`{}` can't be named in a formula", entry.key), "begin with a-z, and use a-z 0-9 _ alone");
        return None;
    }
    let mut section = entry.section(&format!("constant {}", entry.key))?;
    let value = section.need("value", Value::number);
    let unit = section.need("unit", Value::unit);
    section.finish();
    Some((entry.key.clone(), Constant { value: value?, unit: unit? }))
}

fn area(entry: &Value<'_>) -> Option<Area> {
    let id = entry.key_id::<AreaId>();
    let mut section = entry.section(&format!("area {}", entry.key))?;
    let name = section.need("name", Value::text);
    let hex = section.may("hex", |value| value.pair(|value| value.number_in(-1000.0, 1000.0).and_then(|n| step(value, n))));
    section.finish();
    Some(Area { id: id?, name: name?, hex })
}

fn step(value: &Value<'_>, number: f64) -> Option<i32> {
    if number.fract() != 0.0 {
        value.problem(format!("`{}` has {number}, and places on the tile map are whole numbers", value.key), "write it like [1, -4]");
        return None;
    }
    // The caller has checked that it lies within ±1000.
    #[allow(clippy::cast_possible_truncation)]
    Some(number as i32)
}

fn department(entry: &Value<'_>) -> Option<Department> {
    let id = entry.key_id::<DepartmentId>();
    let name = entry.both_languages();
    Some(Department { id: id?, name: name? })
}

/// An optional owner, which must be a department.
pub(super) fn owner(section: &mut Section<'_>, known: &super::name::Known) -> Option<DepartmentId> {
    section.may("owner", |value| value.reference(&known.departments))
}
