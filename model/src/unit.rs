//! Units: which there are, what they measure, and how one becomes another of the same kind.
//!
//! Factors lead to the base units: kilometre, kilogram, hour, kilowatt-hour, one of what is counted. Offsets (°F) are not
//! units here, and decibels can be compared but not reckoned with.
//!
//! Counted things are kinds of their own: dossiers can't be added to vehicles, and what is divided by people is *per
//! person*. Three rules say which result may stand in which unit ([`Unit::factor_from`]):
//!
//! 1. What both measure must be the same: `kW·h` is `kWh`, accidents by accidents is a ratio, and so a `%`.
//! 2. The unit `1` counts things without naming them: any single count and any ratio may stand in it, and a plain
//!    number of things leaves the unit of what it multiplies as it is.
//! 3. A unit that says *per* what (`/100k people`) leaves to the KPI's title what is counted, so one counted thing
//!    above the line may be left out. What is below the line must always be named by the unit.

use crate::Text;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! bases {
    ($($name:ident),+ ;  $($count:ident),+ $(,)?) => {
        /// What the dimensions are made of: kinds of quantity, then things that are counted.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        #[allow(missing_docs)]
        pub enum Base { $($name,)+ $($count,)+ }

        const BASES: &[Base] = &[$(Base::$name,)+ $(Base::$count,)+];
        const COUNTS: &[Base] = &[$(Base::$count,)+];
        const BASE_COUNT: usize = BASES.len();
    };
}

bases! {
    Length, Mass, Time, Energy, Temperature, Level, Dong, Dollar, Data, Index, Points;
    Things, Cases, Vehicles, Reports, Accidents, People, Firms, Deaths, Trips, Customers, Incidents, Projects, Datasets,
    Outages, Violations, Procedures, Services, Sites, Lamps,
}

/// What a quantity measures: the power of each base. Speed is length¹ · time⁻¹.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Dimensions([i8; BASE_COUNT]);

impl fmt::Display for Dimensions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = self.iter().filter(|(_, power)| *power != 0).map(|(base, power)| match power {
            1 => format!("{base:?}").to_lowercase(),
            _ => format!("{base:?}^{power}").to_lowercase(),
        });
        let Some(first) = parts.next() else { return f.write_str("a ratio") };
        f.write_str(&first)?;
        parts.try_for_each(|part| write!(f, "·{part}"))
    }
}

impl Dimensions {
    /// Of ratios and shares: nothing is left of what they measure.
    pub const NONE: Self = Self([0; BASE_COUNT]);

    fn of(powers: &[(Base, i8)]) -> Self {
        let power = |base: &Base| powers.iter().find(|(has, _)| has == base).map_or(0, |(_, power)| *power);
        let mut all = Self::NONE;
        all.0.iter_mut().zip(BASES).for_each(|(slot, base)| *slot = power(base));
        all
    }

    /// The power of a base.
    #[must_use]
    pub fn power(&self, base: Base) -> i8 {
        self.iter().find(|(has, _)| *has == base).map_or(0, |(_, power)| power)
    }

    /// Every base with its power, zero included.
    fn iter(&self) -> impl Iterator<Item = (Base, i8)> {
        BASES.iter().copied().zip(self.0)
    }

    /// Those of a product; `None` when a power is beyond all sense.
    #[must_use]
    pub fn times(&self, other: &Self) -> Option<Self> {
        self.combine(other, i8::checked_add)
    }

    /// Those of a quotient; `None` when a power is beyond all sense.
    #[must_use]
    pub fn per(&self, other: &Self) -> Option<Self> {
        self.combine(other, i8::checked_sub)
    }

    fn combine(&self, other: &Self, with: fn(i8, i8) -> Option<i8>) -> Option<Self> {
        let mut all = *self;
        for (slot, power) in all.0.iter_mut().zip(other.0) {
            *slot = with(*slot, power)?;
        }
        Some(all)
    }

    /// Whether one counted thing is measured and nothing else.
    #[must_use]
    pub fn is_count(&self) -> bool {
        COUNTS.iter().any(|base| *self == Self::of(&[(*base, 1)]))
    }

    /// Whether a logarithm is in it, which can't be added or multiplied.
    #[must_use]
    pub fn is_level(&self) -> bool {
        self.power(Base::Level) != 0
    }

    fn without(&self, base: Base) -> Self {
        let mut all = *self;
        all.0.iter_mut().zip(BASES).filter(|(_, has)| **has == base).for_each(|(slot, _)| *slot = 0);
        all
    }

    /// Whether a result of these dimensions may stand in a unit of those: the rules at the top of this file.
    fn fits(&self, unit: &Self) -> bool {
        let is_number = *unit == Self::of(&[(Base::Things, 1)]);
        let named = self.without(Base::Things);
        let says_per = COUNTS.iter().any(|base| unit.power(*base) < 0) && COUNTS.iter().all(|base| unit.power(*base) <= 0);
        let counted = || COUNTS.iter().filter(|base| self.power(**base) == 1);
        self == unit
            || (is_number && (*self == Self::NONE || self.is_count()))
            || (self.power(Base::Things) == 1 && named != Self::NONE && named == *unit)
            || (says_per && counted().any(|base| self.without(*base) == *unit))
    }
}

struct Entry {
    code: &'static str,
    powers: &'static [(Base, i8)],
    factor: f64,
    vi: &'static str,
    en: &'static str,
}

macro_rules! units {
    ($($code:literal [$($base:ident $power:literal)*] $factor:literal $vi:literal $en:literal;)+) => {
        static UNITS: &[Entry] =
            &[$(Entry { code: $code, powers: &[$((Base::$base, $power)),*], factor: $factor, vi: $vi, en: $en }),+];
    };
}

units! {
    "1" [Things 1] 1.0 "" "";
    "%" [] 0.01 "%" "%";
    "ratio" [] 1.0 "" "";
    "km/h" [Length 1 Time -1] 1.0 "km/h" "km/h";
    "m/s" [Length 1 Time -1] 3.6 "m/s" "m/s";
    "mph" [Length 1 Time -1] 1.609_344 "mph" "mph";
    "veh/h" [Vehicles 1 Time -1] 1.0 "xe/giờ" "veh/h";
    "veh/min" [Vehicles 1 Time -1] 60.0 "xe/phút" "veh/min";
    "1/s" [Things 1 Time -1] 3600.0 "/giây" "/s";
    "W" [Energy 1 Time -1] 0.001 "W" "W";
    "kW" [Energy 1 Time -1] 1.0 "kW" "kW";
    "MW" [Energy 1 Time -1] 1000.0 "MW" "MW";
    "Wh" [Energy 1] 0.001 "Wh" "Wh";
    "kWh" [Energy 1] 1.0 "kWh" "kWh";
    "MWh" [Energy 1] 1000.0 "MWh" "MWh";
    "GWh" [Energy 1] 1_000_000.0 "GWh" "GWh";
    "kWh/m2" [Energy 1 Length -2] 1_000_000.0 "kWh/m²" "kWh/m²";
    "kWh/km" [Energy 1 Length -1] 1.0 "kWh/km" "kWh/km";
    "kWh/person" [Energy 1 People -1] 1.0 "kWh/người" "kWh/person";
    "W/person" [Energy 1 Time -1 People -1] 0.001 "W/người" "W/person";
    "ms" [Time 1] 0.000_000_277_777_777_777_777_8 "ms" "ms";
    "s" [Time 1] 0.000_277_777_777_777_777_8 "giây" "s";
    "min" [Time 1] 0.016_666_666_666_666_666 "phút" "min";
    "h" [Time 1] 1.0 "giờ" "h";
    "d" [Time 1] 24.0 "ngày" "days";
    "mm" [Length 1] 0.000_001 "mm" "mm";
    "cm" [Length 1] 0.000_01 "cm" "cm";
    "m" [Length 1] 0.001 "m" "m";
    "km" [Length 1] 1.0 "km" "km";
    "mm/h" [Length 1 Time -1] 0.000_001 "mm/giờ" "mm/h";
    "m2" [Length 2] 0.000_001 "m²" "m²";
    "ha" [Length 2] 0.01 "ha" "ha";
    "km2" [Length 2] 1.0 "km²" "km²";
    "m3" [Length 3] 0.000_000_001 "m³" "m³";
    "kg" [Mass 1] 1.0 "kg" "kg";
    "t" [Mass 1] 1000.0 "tấn" "t";
    "ug/m3" [Mass 1 Length -3] 1.0 "µg/m³" "µg/m³";
    "mg/m3" [Mass 1 Length -3] 1000.0 "mg/m³" "mg/m³";
    "degC" [Temperature 1] 1.0 "°C" "°C";
    "dB" [Level 1] 1.0 "dB" "dB";
    "B" [Data 1] 1.0 "B" "B";
    "MB" [Data 1] 1_000_000.0 "MB" "MB";
    "GB" [Data 1] 1_000_000_000.0 "GB" "GB";
    "TB" [Data 1] 1_000_000_000_000.0 "TB" "TB";
    "vnd" [Dong 1] 1.0 "đồng" "VND";
    "million vnd" [Dong 1] 1_000_000.0 "triệu đồng" "million VND";
    "bn vnd" [Dong 1] 1_000_000_000.0 "tỷ đồng" "billion VND";
    "vnd/kWh" [Dong 1 Energy -1] 1.0 "đồng/kWh" "VND/kWh";
    "usd" [Dollar 1] 1.0 "USD" "USD";
    "million usd" [Dollar 1] 1_000_000.0 "triệu USD" "million USD";
    "index" [Index 1] 1.0 "" "";
    "points" [Points 1] 1.0 "điểm" "points";
    "cases" [Cases 1] 1.0 "hồ sơ" "files";
    "vehicles" [Vehicles 1] 1.0 "xe" "vehicles";
    "reports" [Reports 1] 1.0 "phản ánh" "reports";
    "accidents" [Accidents 1] 1.0 "vụ" "accidents";
    "people" [People 1] 1.0 "người" "people";
    "firms" [Firms 1] 1.0 "doanh nghiệp" "firms";
    "deaths" [Deaths 1] 1.0 "người chết" "deaths";
    "trips" [Trips 1] 1.0 "chuyến" "trips";
    "customers" [Customers 1] 1.0 "khách hàng" "customers";
    "incidents" [Incidents 1] 1.0 "sự cố" "incidents";
    "projects" [Projects 1] 1.0 "dự án" "projects";
    "datasets" [Datasets 1] 1.0 "bộ dữ liệu" "data sets";
    "outages" [Outages 1] 1.0 "lần mất điện" "outages";
    "violations" [Violations 1] 1.0 "vi phạm" "violations";
    "procedures" [Procedures 1] 1.0 "thủ tục" "procedures";
    "services" [Services 1] 1.0 "dịch vụ" "services";
    "sites" [Sites 1] 1.0 "điểm" "sites";
    "lamps" [Lamps 1] 1.0 "đèn" "lamps";
    "customer-min" [Customers 1 Time 1] 0.016_666_666_666_666_666 "khách hàng·phút" "customer-minutes";
    "outages/customer" [Outages 1 Customers -1] 1.0 "lần/khách hàng" "outages/customer";
    "/1k people" [People -1] 0.001 "/1.000 dân" "per 1,000 people";
    "/10k people" [People -1] 0.000_1 "/10.000 dân" "per 10,000 people";
    "/100k people" [People -1] 0.000_01 "/100.000 dân" "per 100,000 people";
    "/10k vehicles" [Vehicles -1] 0.000_1 "/10.000 xe" "per 10,000 vehicles";
}

/// A unit of the table above.
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
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
        static NUMBER: Entry = Entry { code: "1", powers: &[(Base::Things, 1)], factor: 1.0, vi: "", en: "" };
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
    pub fn dimensions(self) -> Dimensions {
        Dimensions::of(self.entry().powers)
    }

    /// What a value in this unit must be multiplied by to be in the base units of its dimensions.
    #[must_use]
    pub fn scale(self) -> f64 {
        self.entry().factor
    }

    /// Whether it counts single things: `1`, `vehicles`, `cases`.
    #[must_use]
    pub fn is_count(self) -> bool {
        self.dimensions().is_count()
    }

    /// What seconds must be multiplied by to be in this unit of time, or of things that each last for a time
    /// (`customer-min`); `None` when it measures neither.
    #[must_use]
    pub fn from_seconds(self) -> Option<f64> {
        let second = Self::parse("s")?;
        let things = self.dimensions().per(&second.dimensions())?;
        (things == Dimensions::NONE || things.is_count()).then(|| Self::ratio(second.scale(), self.scale()))
    }

    /// What a value in this unit must be multiplied by to be in `other`; `None` when they measure different things.
    #[must_use]
    pub fn factor_to(self, other: Unit) -> Option<f64> {
        if self == other {
            return Some(1.0);
        }
        (self.dimensions() == other.dimensions()).then(|| Self::ratio(self.scale(), other.scale()))
    }

    /// What a result of these dimensions and this scale must be multiplied by to stand in this unit; `None` when it
    /// measures something else. The rules for counted things are at the top of this file.
    #[must_use]
    pub fn factor_from(self, dimensions: &Dimensions, scale: f64) -> Option<f64> {
        dimensions.fits(&self.dimensions()).then(|| Self::ratio(scale, self.scale()))
    }

    /// The unit that measures this at this scale, if the table has one.
    #[must_use]
    pub fn of(dimensions: &Dimensions, scale: f64) -> Option<Self> {
        let is = |unit: &Entry| Dimensions::of(unit.powers) == *dimensions && (unit.factor / scale - 1.0).abs() < 1e-9;
        UNITS.iter().position(is).and_then(|at| u8::try_from(at).ok()).map(Unit)
    }

    /// The quotient of two scales. They are decimal, or have an hour's 60 minutes or 3600 seconds in them, so where the quotient
    /// or its inverse is that near to a whole number it is one.
    pub(crate) fn ratio(from: f64, to: f64) -> f64 {
        let ratio = from / to;
        let near = |exact: f64| (ratio / exact - 1.0).abs() < 1e-12;
        if ratio >= 0.5 && near(ratio.round()) {
            ratio.round()
        } else if near(1.0 / (1.0 / ratio).round()) {
            1.0 / (1.0 / ratio).round()
        } else {
            ratio
        }
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

    fn unit(code: &str) -> Unit {
        Unit::parse(code).unwrap()
    }

    #[test]
    fn units_convert_within_their_dimension_only() {
        assert_eq!(unit("mph").factor_to(unit("km/h")), Some(1.609344));
        assert_eq!(unit("m/s").factor_to(unit("km/h")), Some(3.6));
        assert_eq!(unit("veh/min").factor_to(unit("veh/h")), Some(60.0));
        assert_eq!(unit("ms").factor_to(unit("s")), Some(0.001));
        assert_eq!(unit("d").factor_to(unit("s")), Some(86_400.0));
        assert_eq!(unit("W").factor_to(unit("kW")), Some(0.001));
        assert_eq!(unit("MW").factor_to(unit("kW")), Some(1000.0));
        assert_eq!(unit("ug/m3").factor_to(unit("mg/m3")), Some(0.001));
        assert_eq!(unit("ha").factor_to(unit("m2")), Some(10_000.0));
        for (one, other) in [("kW", "kWh"), ("1", "%"), ("cases", "1"), ("vnd", "usd"), ("deaths", "people"), ("m", "m2")] {
            assert_eq!(unit(one).factor_to(unit(other)), None, "{one} {other}");
        }
        assert_eq!(Unit::parse("furlong"), None);
        assert_eq!(Unit::parse("µg/m³"), Unit::parse("ug/m3"));
    }

    #[test]
    fn every_code_and_every_name_means_one_unit() {
        for (at, entry) in UNITS.iter().enumerate() {
            assert_eq!(Unit::parse(entry.code), u8::try_from(at).ok().map(Unit), "{}", entry.code);
            let same = UNITS.iter().filter(|other| !entry.en.is_empty() && (other.en == entry.en || other.code == entry.en)).count();
            assert!(same <= 1, "{} is named as another is", entry.code);
        }
    }

    #[test]
    fn a_quotient_of_units_fits_the_unit_that_says_it() {
        let check = |above: &str, below: &str, result: &str, factor: Option<f64>| {
            let (above, below) = (unit(above), unit(below));
            let dimensions = above.dimensions().per(&below.dimensions()).unwrap();
            assert_eq!(unit(result).factor_from(&dimensions, above.scale() / below.scale()), factor, "{above} per {below} as {result}");
        };
        check("kWh", "h", "kW", Some(1.0));
        check("MWh", "kW", "h", Some(1000.0));
        check("kWh", "km", "kWh/km", Some(1.0));
        check("kW", "people", "W/person", Some(1000.0));
        check("cases", "cases", "%", Some(100.0));
        check("cases", "cases", "1", Some(1.0));
        check("deaths", "people", "/100k people", Some(100_000.0));
        check("violations", "vehicles", "/10k vehicles", Some(10_000.0));
        check("1", "people", "/1k people", Some(1000.0));
        check("customer-min", "customers", "min", Some(1.0));
        check("customer-min", "customers", "h", Some(1.0 / 60.0));
        // What is below the line is never left out, nor what isn't counted above it.
        check("deaths", "people", "%", None);
        check("deaths", "people", "1", None);
        check("deaths", "people", "/10k vehicles", None);
        check("kWh", "people", "/1k people", None);
        check("deaths", "people", "deaths", None);
        check("cases", "vehicles", "ratio", None);
        check("kWh", "m2", "kWh/km", None);
    }

    #[test]
    fn a_plain_number_of_things_multiplies_and_counts() {
        let check = |one: &str, other: &str, result: &str, factor: Option<f64>| {
            let dimensions = unit(one).dimensions().times(&unit(other).dimensions()).unwrap();
            assert_eq!(
                unit(result).factor_from(&dimensions, unit(one).scale() * unit(other).scale()),
                factor,
                "{one} times {other} as {result}"
            );
        };
        check("kW", "h", "kWh", Some(1.0));
        check("kW", "1", "kW", Some(1.0));
        check("cases", "%", "1", Some(0.01));
        check("1", "%", "%", None);
        check("cases", "1", "kW", None);
        check("people", "people", "people", None);
    }
}
