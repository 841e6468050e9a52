//! The city: its name, its zone, its areas and its departments.

use crate::{AreaId, DepartmentId, Text, Unit, retention::Retention};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A city, as its folder defines it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct City {
    /// Its name in files and addresses, such as `can-tho`.
    pub id: String,
    /// What people call it.
    pub name: Text,
    /// The IANA name of its time zone.
    pub zone: String,
    /// Inhabitants.
    pub population: u64,
    /// Figures that change once a year or less, by name; formulas call them `city.NAME`.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub constants: BTreeMap<String, Constant>,
    /// Wards and communes, by id.
    pub areas: Vec<Area>,
    /// Departments and other owners, by id.
    pub departments: Vec<Department>,
    /// Where geography and names come from, to be shown with them.
    pub attribution: String,
    /// How long what is kept; the server's own business.
    #[serde(skip)]
    pub retention: Retention,
}

/// A figure of the city that isn't measured.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Constant {
    /// The number, in `unit`.
    pub value: f64,
    /// Its unit.
    pub unit: Unit,
}

/// A ward or commune.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Area {
    /// Its GSO code.
    pub id: AreaId,
    /// Its name, with its kind: `Phường Ninh Kiều`.
    pub name: String,
    /// Its place on the tile map, axial coordinates.
    pub hex: Option<(i32, i32)>,
}

/// A department or another owner.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Department {
    /// Its name in files and labels.
    pub id: DepartmentId,
    /// What people call it.
    pub name: Text,
}

impl City {
    /// The constant that formulas call `city.NAME`; the population is always one.
    #[must_use]
    pub fn constant(&self, name: &str) -> Option<Constant> {
        if name == "population" {
            #[allow(clippy::cast_precision_loss)]
            return Some(Constant { value: self.population as f64, unit: Unit::parse("people")? });
        }
        self.constants.get(name).copied()
    }

    /// Its zone; where that is unknown, UTC.
    #[must_use]
    pub fn time_zone(&self) -> jiff::tz::TimeZone {
        jiff::tz::TimeZone::get(&self.zone).unwrap_or(jiff::tz::TimeZone::UTC)
    }

    /// The area's name, or its id where the city doesn't know it.
    #[must_use]
    pub fn area_name<'a>(&'a self, id: &'a AreaId) -> &'a str {
        self.areas.iter().find(|area| area.id == *id).map_or(id.as_str(), |area| area.name.as_str())
    }
}
