//! Metrics and observations: one measured number, and what may be measured.

use crate::{AreaId, AssetId, LabelName, MetricId, Text, Unit};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The longest label value, in bytes.
pub const MAX_LABEL_BYTES: usize = 256;
/// The most labels that a series may have.
pub const MAX_LABELS: usize = 16;

/// What a metric's numbers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum MetricKind {
    /// A level: speed, load.
    #[default]
    Gauge,
    /// A count that only grows, and begins again at a reset.
    Counter,
}

/// What a sender says of a measured value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum SampleState {
    /// Nothing in particular.
    #[default]
    Normal,
    /// The sensor is being calibrated: the value measures nothing.
    Calibrating,
    /// The sensor has a fault: the value measures nothing.
    Fault,
    /// The value counts, and is expected to be corrected.
    Provisional,
}

impl SampleState {
    /// The code in the store; `None` for a normal value.
    #[must_use]
    pub fn code(self) -> Option<i16> {
        match self {
            Self::Normal => None,
            Self::Calibrating => Some(1),
            Self::Fault => Some(2),
            Self::Provisional => Some(3),
        }
    }

    /// What a code in the store stands for. An unknown one is a fault: a value that nobody understands measures nothing.
    #[must_use]
    pub fn from_code(code: Option<i16>) -> Self {
        match code {
            None | Some(0) => Self::Normal,
            Some(1) => Self::Calibrating,
            Some(3) => Self::Provisional,
            Some(_) => Self::Fault,
        }
    }
}

/// A definition: what a number means.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Metric {
    /// Its name.
    pub id: MetricId,
    /// Its title.
    pub title: Text,
    /// The unit that values are stored in.
    pub unit: Unit,
    /// The step that values are rounded to when they are taken in, in `unit`: sums of such values are exact.
    pub resolution: f64,
    /// What is physically possible, both ends included, in `unit`. A value outside is kept and suspect.
    #[serde(default)]
    pub range: Option<(f64, f64)>,
    /// A value that is too far from its series' value before is suspect.
    #[serde(default)]
    pub jump: Option<Jump>,
    /// A value that has been the same for this long, in seconds, without a pause as long, is suspect.
    #[serde(default)]
    pub frozen_s: Option<u32>,
    /// Gauge or counter.
    pub kind: MetricKind,
}

/// Which values jump: those that differ by more than `more_than` (in the metric's unit) from the one before, when that is
/// at most `within_s` seconds older. A value that goes back to near the
/// one before that doesn't jump.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
#[allow(missing_docs)]
pub struct Jump {
    pub more_than: f64,
    pub within_s: u32,
}

impl Metric {
    /// The value as a whole number of resolution steps; `None` when it is not a number or doesn't fit 53 bits.
    #[must_use]
    pub fn ticks(&self, value: f64) -> Option<i64> {
        let ticks = (value / self.resolution).round();
        // Within 53 bits every whole number is a double, so the conversion is exact.
        #[allow(clippy::cast_possible_truncation)]
        (ticks.abs() <= 9_007_199_254_740_992.0).then_some(ticks as i64)
    }

    /// The value that so many resolution steps stand for.
    #[must_use]
    pub fn value(&self, ticks: i64) -> f64 {
        #[allow(clippy::cast_precision_loss)]
        let ticks = ticks as f64;
        // 1/resolution is a whole number for all decimal resolutions below one; dividing by it gives the nearest
        // double to the decimal, where multiplying by 0.1 would not.
        let per_unit = (1.0 / self.resolution).round();
        if self.resolution < 1.0 && (per_unit * self.resolution - 1.0).abs() < 1e-12 { ticks / per_unit } else { ticks * self.resolution }
    }
}

/// The labels of a series, sorted by name; equal sets are equal values.
#[derive(Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(from = "std::collections::BTreeMap<LabelName, String>", into = "std::collections::BTreeMap<LabelName, String>")]
pub struct Labels(Vec<(LabelName, String)>);

impl Labels {
    /// The label's value.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.binary_search_by(|(have, _)| have.as_str().cmp(name)).ok().and_then(|at| self.0.get(at)).map(|(_, value)| value.as_str())
    }

    /// Sets one label, replacing what was there.
    pub fn set(&mut self, name: LabelName, value: String) {
        match self.0.binary_search_by(|(have, _)| have.cmp(&name)) {
            Ok(at) => {
                if let Some(slot) = self.0.get_mut(at) {
                    slot.1 = value;
                }
            }
            Err(at) => self.0.insert(at, (name, value)),
        }
    }

    /// All of them, by name.
    pub fn iter(&self) -> impl Iterator<Item = (&LabelName, &str)> {
        self.0.iter().map(|(name, value)| (name, value.as_str()))
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The asset that the series is about.
    #[must_use]
    pub fn asset(&self) -> Option<AssetId> {
        self.get("asset").and_then(|text| AssetId::new(text).ok())
    }

    /// The area that the series is in.
    #[must_use]
    pub fn area(&self) -> Option<AreaId> {
        self.get("area").and_then(|text| AreaId::new(text).ok())
    }
}

impl From<std::collections::BTreeMap<LabelName, String>> for Labels {
    fn from(map: std::collections::BTreeMap<LabelName, String>) -> Self {
        Self(map.into_iter().collect())
    }
}
impl From<Labels> for std::collections::BTreeMap<LabelName, String> {
    fn from(labels: Labels) -> Self {
        labels.0.into_iter().collect()
    }
}
impl FromIterator<(LabelName, String)> for Labels {
    fn from_iter<I: IntoIterator<Item = (LabelName, String)>>(pairs: I) -> Self {
        pairs.into_iter().collect::<std::collections::BTreeMap<_, _>>().into()
    }
}
impl fmt::Debug for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// One measured number, as it was sent: not yet checked against the definitions.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Observation {
    /// What was measured.
    pub metric: MetricId,
    /// Of what, where.
    #[serde(default)]
    pub labels: Labels,
    /// When it was measured. Absent: when it is received; such an observation has no identity of its own when sent again.
    #[serde(default)]
    pub time: Option<Timestamp>,
    /// The number, in `unit`.
    pub value: f64,
    /// The unit of `value`. Absent: the metric's.
    #[serde(default)]
    pub unit: Option<String>,
    /// The source's own count of corrections to this key; the highest wins, then the larger value.
    #[serde(default)]
    pub revision: i32,
    /// What the sender says of the value. Absent: nothing in particular.
    #[serde(default)]
    pub state: SampleState,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_survives_its_ticks() {
        let metric = |resolution| Metric {
            id: MetricId::new("m").unwrap(),
            title: Text::default(),
            unit: Unit::default(),
            resolution,
            range: None,
            jump: None,
            frozen_s: None,
            kind: MetricKind::Gauge,
        };
        assert_eq!(metric(0.1).ticks(31.5), Some(315));
        assert_eq!(metric(0.1).value(315), 31.5);
        assert_eq!(metric(0.001).value(34_055_696), 34_055.696);
        assert_eq!(metric(5.0).ticks(12.0), Some(2));
        assert_eq!(metric(0.1).ticks(f64::NAN), None);
        assert_eq!(metric(0.1).ticks(1e300), None);
    }

    #[test]
    fn labels_are_equal_whatever_the_order() {
        let name = |text| LabelName::new(text).unwrap();
        let a: Labels = [(name("b"), "2".into()), (name("a"), "1".into())].into_iter().collect();
        let mut b = Labels::default();
        b.set(name("a"), "0".into());
        b.set(name("b"), "2".into());
        b.set(name("a"), "1".into());
        assert_eq!(a, b);
        assert_eq!(a.get("b"), Some("2"));
        assert_eq!(a.get("c"), None);
    }
}
