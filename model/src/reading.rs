//! Readings: a KPI's value for one scope at one moment, never without its quality.

use crate::{AreaId, AssetId, DepartmentId, KpiId, kpi::Dimension};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

/// Whom a value is for.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, JsonSchema)]
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

/// What is to be known of a reading beside its quality: a set, usually empty. On the wire a list of words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct Flags(u8);

impl Flags {
    /// It rests on values that jumped, stood still for too long, or are not physically possible.
    pub const SUSPECT: Self = Self(1);
    /// It rests on values that are expected to be corrected.
    pub const PROVISIONAL: Self = Self(2);
    /// It has no value because fewer samples or cases than the definition's minimum were there to divide.
    pub const TOO_FEW: Self = Self(4);

    const WORDS: [(Self, &str); 3] = [(Self::SUSPECT, "suspect"), (Self::PROVISIONAL, "provisional"), (Self::TOO_FEW, "too_few")];

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0 == 0
    }

    /// Whether all of these are in it.
    #[must_use]
    pub fn contains(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }

    /// Those of both.
    #[must_use]
    pub fn union(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// The bits in the store; `None` when there is none.
    #[must_use]
    pub fn code(self) -> Option<i16> {
        (self.0 != 0).then(|| self.0.into())
    }

    /// What bits in the store stand for; unknown ones are left out.
    #[must_use]
    pub fn from_code(code: Option<i16>) -> Self {
        let bits = code.and_then(|code| u8::try_from(code).ok()).unwrap_or(0);
        Self(bits & Self::WORDS.iter().fold(0, |all, (flag, _)| all | flag.0))
    }
}

impl TryFrom<Vec<String>> for Flags {
    type Error = String;
    fn try_from(words: Vec<String>) -> Result<Self, String> {
        words.iter().try_fold(Self::default(), |flags, word| {
            let known = Self::WORDS.iter().find(|(_, name)| name == word).ok_or_else(|| format!("unknown flag {word:?}"))?;
            Ok(flags.union(known.0))
        })
    }
}
impl From<Flags> for Vec<String> {
    fn from(flags: Flags) -> Vec<String> {
        Flags::WORDS.iter().filter(|(flag, _)| flags.contains(*flag)).map(|(_, word)| (*word).to_owned()).collect()
    }
}

/// How far a value lies towards the bad side.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Status {
    #[default]
    Normal,
    Attention,
    Critical,
}

/// A KPI's value for one scope at one moment.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
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
    /// What else is to be known of it.
    #[serde(default, skip_serializing_if = "Flags::is_empty")]
    pub flags: Flags,
    /// The event time of its newest sample, also of one that has left the window; its age counts from here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data_time: Option<Timestamp>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_are_words_on_the_wire_and_bits_in_the_store() {
        let both = Flags::SUSPECT.union(Flags::TOO_FEW);
        assert_eq!(serde_json::to_string(&both).unwrap(), r#"["suspect","too_few"]"#);
        assert_eq!(serde_json::from_str::<Flags>(r#"["too_few","suspect"]"#).unwrap(), both);
        assert!(serde_json::from_str::<Flags>(r#"["odd"]"#).is_err());
        assert_eq!((both.code(), Flags::default().code()), (Some(5), None));
        assert_eq!(
            (Flags::from_code(Some(0x7f05)), Flags::from_code(Some(13)), Flags::from_code(None)),
            (Flags::default(), both, Flags::default())
        );
    }

    #[test]
    fn a_scope_is_its_text() {
        for text in ["city", "area:31135", "department:so-giao-thong", "asset:ql91-12"] {
            assert_eq!(text.parse::<Scope>().unwrap().to_string(), text);
        }
        assert!("road:1".parse::<Scope>().is_err());
        assert!("area:Ninh Kiều".parse::<Scope>().is_err());
    }
}
