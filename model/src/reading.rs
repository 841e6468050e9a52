//! Readings: a KPI's value for one scope at one moment, never without its quality.

use crate::{AreaId, AssetId, DepartmentId, KpiId, kpi::Dimension};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Whom a value is for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Scope {
    /// The whole city.
    #[default]
    City,
    /// One area.
    Area(AreaId),
    /// One department.
    Department(DepartmentId),
    /// One asset.
    Asset(AssetId),
}

impl Scope {
    /// The way of dividing that it belongs to; `None` for the city.
    #[must_use]
    pub fn dimension(&self) -> Option<Dimension> {
        match self {
            Self::City => None,
            Self::Area(_) => Some(Dimension::Area),
            Self::Department(_) => Some(Dimension::Department),
            Self::Asset(_) => Some(Dimension::Asset),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::City => f.write_str("city"),
            Self::Area(id) => write!(f, "area:{id}"),
            Self::Department(id) => write!(f, "department:{id}"),
            Self::Asset(id) => write!(f, "asset:{id}"),
        }
    }
}

impl FromStr for Scope {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let unknown = || format!("{text:?} is not a scope: write city, area:ID, department:ID or asset:ID");
        if text.is_empty() || text == "city" {
            return Ok(Self::City);
        }
        let (kind, id) = text.split_once(':').ok_or_else(unknown)?;
        match kind {
            "area" => AreaId::new(id).map(Self::Area).map_err(|e| e.to_string()),
            "department" => DepartmentId::new(id).map(Self::Department).map_err(|e| e.to_string()),
            "asset" => AssetId::new(id).map(Self::Asset).map_err(|e| e.to_string()),
            _ => Err(unknown()),
        }
    }
}
impl TryFrom<String> for Scope {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}
impl From<Scope> for String {
    fn from(scope: Scope) -> String {
        scope.to_string()
    }
}

/// How much a value can be relied on. The order is from best to worst.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Quality {
    /// As it should be.
    Good,
    /// Too few of the expected series reported.
    Partial,
    /// The newest sample is too old.
    Stale,
    /// There is no value. Never zero.
    #[default]
    Missing,
}

impl Quality {
    /// The code in the store.
    #[must_use]
    pub fn code(self) -> i16 {
        match self {
            Self::Good => 0,
            Self::Partial => 1,
            Self::Stale => 2,
            Self::Missing => 3,
        }
    }

    /// What a code in the store stands for; anything unknown is missing.
    #[must_use]
    pub fn from_code(code: i16) -> Self {
        match code {
            0 => Self::Good,
            1 => Self::Partial,
            2 => Self::Stale,
            _ => Self::Missing,
        }
    }
}

/// How far a value lies towards the bad side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Status {
    #[default]
    Normal,
    Attention,
    Critical,
}

/// A KPI's value for one scope at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Reading {
    /// The KPI.
    pub kpi: KpiId,
    /// For whom.
    pub scope: Scope,
    /// The moment that it is for: a grid instant when recorded, the hub's tick when live.
    pub time: Timestamp,
    /// The value in the KPI's unit; absent when quality is missing.
    pub value: Option<f64>,
    /// For means and shares, what was divided …
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub numerator: Option<f64>,
    /// … and by what.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub denominator: Option<f64>,
    /// How many samples or cases it rests on.
    pub samples: u64,
    /// The share of the expected series that reported, where series are expected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub coverage: Option<f64>,
    /// How much it can be relied on.
    pub quality: Quality,
    /// The event time of its newest sample, also of one that has left the window; its age counts from here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_time: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_is_its_text() {
        for text in ["city", "area:31135", "department:so-giao-thong", "asset:ql91-12"] {
            assert_eq!(text.parse::<Scope>().unwrap().to_string(), text);
        }
        assert!("road:1".parse::<Scope>().is_err());
        assert!("area:Ninh Kiều".parse::<Scope>().is_err());
    }
}
