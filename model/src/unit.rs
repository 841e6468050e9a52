//! Units: which there are, what they measure, and how one becomes another of the same kind.
//!
//! Factors lead to the dimension's base unit. Offsets (°F) and logarithms (dB) are not units here.

use crate::Text;
use serde::{Deserialize, Serialize};
use std::fmt;

/// What a unit measures.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Dimension {
    Number,
    Share,
    Speed,
    Flow,
    Power,
    Energy,
    Time,
    Length,
    Concentration,
    Temperature,
    Money,
    Cases,
    Vehicles,
    Reports,
    Accidents,
    People,
    Firms,
    Data,
}

struct Entry {
    code: &'static str,
    dimension: Dimension,
    factor: f64,
    vi: &'static str,
    en: &'static str,
}

macro_rules! units {
    ($($code:literal $dimension:ident $factor:literal $vi:literal $en:literal;)+) => {
        static UNITS: &[Entry] = &[$(Entry { code: $code, dimension: Dimension::$dimension, factor: $factor, vi: $vi, en: $en }),+];
    };
}

units! {
    "1" Number 1.0 "" "";
    "%" Share 0.01 "%" "%";
    "ratio" Share 1.0 "" "";
    "km/h" Speed 1.0 "km/h" "km/h";
    "m/s" Speed 3.6 "m/s" "m/s";
    "mph" Speed 1.609344 "mph" "mph";
    "veh/h" Flow 1.0 "xe/giờ" "veh/h";
    "veh/min" Flow 60.0 "xe/phút" "veh/min";
    "W" Power 0.001 "W" "W";
    "kW" Power 1.0 "kW" "kW";
    "MW" Power 1000.0 "MW" "MW";
    "Wh" Energy 0.001 "Wh" "Wh";
    "kWh" Energy 1.0 "kWh" "kWh";
    "MWh" Energy 1000.0 "MWh" "MWh";
    "ms" Time 0.001 "ms" "ms";
    "s" Time 1.0 "giây" "s";
    "min" Time 60.0 "phút" "min";
    "h" Time 3600.0 "giờ" "h";
    "d" Time 86400.0 "ngày" "days";
    "m" Length 1.0 "m" "m";
    "mm" Length 0.001 "mm" "mm";
    "cm" Length 0.01 "cm" "cm";
    "km" Length 1000.0 "km" "km";
    "ug/m3" Concentration 1.0 "µg/m³" "µg/m³";
    "mg/m3" Concentration 1000.0 "mg/m³" "mg/m³";
    "GB" Data 1.0 "GB" "GB";
    "degC" Temperature 1.0 "°C" "°C";
    "vnd" Money 1.0 "đồng" "VND";
    "cases" Cases 1.0 "hồ sơ" "files";
    "vehicles" Vehicles 1.0 "xe" "vehicles";
    "reports" Reports 1.0 "phản ánh" "reports";
    "accidents" Accidents 1.0 "vụ" "accidents";
    "people" People 1.0 "người" "people";
    "firms" Firms 1.0 "doanh nghiệp" "firms";
}

/// A unit of the table above.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Unit(u8);

impl Unit {
    /// The unit with this code (`km/h`, `%`), if there is one. `µg/m³` and `°C` are understood as well.
    #[must_use]
    pub fn parse(code: &str) -> Option<Self> {
        let code = code.trim();
        UNITS
            .iter()
            .position(|unit| unit.code == code || (!unit.en.is_empty() && unit.en == code))
            .and_then(|at| u8::try_from(at).ok())
            .map(Unit)
    }

    /// Every unit's code, for hints.
    pub fn codes() -> impl Iterator<Item = &'static str> {
        UNITS.iter().map(|unit| unit.code)
    }

    fn entry(self) -> &'static Entry {
        static NUMBER: Entry = Entry { code: "1", dimension: Dimension::Number, factor: 1.0, vi: "", en: "" };
        UNITS.get(usize::from(self.0)).unwrap_or(&NUMBER)
    }

    /// The code, as files and messages write it.
    #[must_use]
    pub fn code(self) -> &'static str {
        self.entry().code
    }

    /// What people read beside the number; empty for plain numbers.
    #[must_use]
    pub fn symbol(self) -> Text {
        let entry = self.entry();
        Text { vi: entry.vi.to_owned(), en: entry.en.to_owned() }
    }

    /// What the unit measures.
    #[must_use]
    pub fn dimension(self) -> Dimension {
        self.entry().dimension
    }

    /// What a value in this unit must be multiplied by to be in `other`; `None` when they measure different things.
    #[must_use]
    pub fn factor_to(self, other: Unit) -> Option<f64> {
        if self == other {
            return Some(1.0);
        }
        (self.dimension() == other.dimension()).then(|| self.entry().factor / other.entry().factor)
    }
}

impl fmt::Debug for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
impl TryFrom<String> for Unit {
    type Error = String;
    fn try_from(code: String) -> Result<Self, String> {
        Unit::parse(&code).ok_or_else(|| format!("unknown unit {code:?}"))
    }
}
impl From<Unit> for String {
    fn from(unit: Unit) -> String {
        unit.code().to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_convert_within_their_dimension_only() {
        let unit = |code| Unit::parse(code).unwrap();
        assert_eq!(unit("mph").factor_to(unit("km/h")), Some(1.609344));
        assert_eq!(unit("MW").factor_to(unit("kW")), Some(1000.0));
        assert_eq!(unit("kW").factor_to(unit("kWh")), None);
        assert_eq!(Unit::parse("furlong"), None);
        assert_eq!(Unit::parse("µg/m³"), Unit::parse("ug/m3"));
    }
}
