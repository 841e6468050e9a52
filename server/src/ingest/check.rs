//! The check: whether a decoded item makes sense under the city's definitions, and what it is to be stored as.
//!
//! Pure: definitions and `now` in, a refusal or something storable out. It never reads a clock and never asks the store.

mod case;
mod deadline;

pub use case::{case, content_hash};

use super::decode::{Given, Pair, Refusal};
use jiff::{SignedDuration, Timestamp};
use std::sync::Arc;
use taydo_model::{
    Asset, Definitions, ErrorCode, LabelName, Labels, Metric, MetricId, Unit,
    observation::{MAX_LABEL_BYTES, MAX_LABELS},
    text::nfc,
};

/// How far a time may lie in the future: clocks of devices are not exact.
pub const MAX_AHEAD: SignedDuration = SignedDuration::from_mins(5);
/// The first time that is kept: 2000-01-01T00:00:00Z.
pub const FIRST_TIME: Timestamp = Timestamp::constant(946_684_800, 0);
/// The label that names the asset.
pub const ASSET: &str = "asset";
/// The label that names the area; the register sets it.
pub const AREA: &str = "area";

/// What observations with one metric, one unit and one set of labels become.
#[derive(Debug, Clone)]
pub struct Target {
    /// The metric.
    pub metric: Arc<Metric>,
    /// What a number is multiplied by to be in the metric's unit.
    factor: f64,
    /// The labels as given, normalised.
    labels: Labels,
    /// The asset that they name, where the register has it.
    asset: Option<Arc<Asset>>,
    /// The asset that they name, where the register has it not.
    pub unknown: Option<Arc<str>>,
}

impl Target {
    /// Finds what a metric, labels and a unit stand for.
    ///
    /// # Errors
    /// `UnknownMetric`, `WrongUnit` or `InvalidLabel`.
    pub fn find(definitions: &Definitions, metric: &str, pairs: &[Pair<'_>], unit: Given<'_>) -> Result<Self, Refusal> {
        let found = MetricId::new(metric).ok().and_then(|id| definitions.metric(&id));
        let metric = Arc::clone(found.ok_or_else(|| unknown_metric(definitions, metric))?);
        let factor = factor(unit, &metric)?;
        let labels = labels(pairs)?;
        let asset = labels.asset().and_then(|id| definitions.asset(&id)).cloned();
        let unknown = if asset.is_none() { labels.get(ASSET).map(Arc::from) } else { None };
        Ok(Self { metric, factor, labels, asset, unknown })
    }

    /// Whether the register adds the asset's area to a series of that time: only while the asset is in service.
    #[must_use]
    pub fn is_enriched(&self, time: Timestamp) -> bool {
        self.asset.as_ref().is_some_and(|asset| asset.is_valid(time))
    }

    /// The series' labels. The register's area stands above one that was sent.
    #[must_use]
    pub fn labels(&self, enriched: bool) -> Labels {
        let mut labels = self.labels.clone();
        if let (true, Some(asset), Ok(area)) = (enriched, &self.asset, LabelName::new(AREA)) {
            labels.set(area, asset.area.as_str().to_owned());
        }
        labels
    }

    /// A number as steps of the metric's resolution. One that isn't physically possible is taken all the same: it is
    /// suspect, and whether it counts is for each KPI to say.
    ///
    /// # Errors
    /// `InvalidValue` when it is not a number, or has more steps than are kept exactly.
    pub fn ticks(&self, value: f64) -> Result<i64, Refusal> {
        let converted = value * self.factor;
        let ticks = self.metric.ticks(converted).filter(|_| converted.is_finite());
        ticks.ok_or_else(|| Refusal::new(ErrorCode::InvalidValue, format!("{value} is not a number that {} can have", self.metric.id)))
    }
}

/// The time as it is stored, in whole microseconds: what the engine sees and what SQL sees are then the same.
///
/// # Errors
/// `InvalidTime` when it is more than [`MAX_AHEAD`] after `now`, or before [`FIRST_TIME`].
pub fn time(time: Timestamp, now: Timestamp) -> Result<Timestamp, Refusal> {
    if time < FIRST_TIME {
        return Err(Refusal::new(ErrorCode::InvalidTime, format!("{time} is before {FIRST_TIME}, the first time that is kept")));
    }
    if now.checked_add(MAX_AHEAD).is_ok_and(|limit| time > limit) {
        let message = format!("{time} is in the future: more than 5 minutes after {now}; check the sender's clock and zone");
        return Err(Refusal::new(ErrorCode::InvalidTime, message));
    }
    Ok(whole_micros(time))
}

/// The time cut to whole microseconds.
#[must_use]
pub fn whole_micros(time: Timestamp) -> Timestamp {
    Timestamp::from_microsecond(time.as_microsecond()).unwrap_or(time)
}

fn unknown_metric(definitions: &Definitions, name: &str) -> Refusal {
    let shown: String = name.chars().take(80).collect();
    let near = nearest(name, definitions.metrics.iter().map(|metric| metric.id.as_str()));
    let hint = near.map_or_else(|| "define it in the city's metrics".to_owned(), |near| format!("is {near:?} meant?"));
    Refusal::new(ErrorCode::UnknownMetric, format!("there is no metric {shown:?}; {hint}"))
}

/// The name that is most like what was written, if any is much like it.
pub fn nearest<'a>(written: &str, names: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // Longer texts are no slips of the pen, and comparing them with every name would cost the server.
    if written.len() > taydo_model::id::MAX_ID_BYTES {
        return None;
    }
    names
        .map(|name| (strsim::jaro_winkler(written, name), name))
        .filter(|(likeness, _)| *likeness > 0.8)
        .max_by(|(a, _), (b, _)| a.total_cmp(b))
        .map(|(_, name)| name)
}

fn factor(unit: Given<'_>, metric: &Metric) -> Result<f64, Refusal> {
    let unit = match unit {
        Given::Metrics => return Ok(1.0),
        Given::Unit(unit) => unit,
        Given::Code(code) => Unit::parse(code).ok_or_else(|| {
            let shown: String = code.chars().take(40).collect();
            Refusal::new(ErrorCode::WrongUnit, format!("there is no unit {shown:?}; {} is measured in {}", metric.id, metric.unit))
        })?,
    };
    unit.factor_to(metric.unit).ok_or_else(|| {
        Refusal::new(ErrorCode::WrongUnit, format!("{unit} can't be made {}, which {} is measured in", metric.unit, metric.id))
    })
}

fn labels(pairs: &[Pair<'_>]) -> Result<Labels, Refusal> {
    let refuse = |message: String| Err(Refusal::new(ErrorCode::InvalidLabel, message));
    if pairs.len() > MAX_LABELS {
        return refuse(format!("there are {} labels, and {MAX_LABELS} is the most", pairs.len()));
    }
    let mut labels = Labels::default();
    for (name, value) in pairs {
        let name = match LabelName::new(name) {
            Ok(name) => name,
            Err(error) => return refuse(error.to_string()),
        };
        let value = label_value(&name, value)?;
        // An empty value says no more than no label does.
        if !value.is_empty() {
            labels.set(name, value);
        }
    }
    Ok(labels)
}

fn label_value(name: &LabelName, value: &str) -> Result<String, Refusal> {
    let refuse = |message: String| Err(Refusal::new(ErrorCode::InvalidLabel, message));
    // A value that is far too long isn't worth normalising.
    let value = if value.len() > 4 * MAX_LABEL_BYTES { value.to_owned() } else { nfc(value) };
    if value.len() > MAX_LABEL_BYTES {
        return refuse(format!("label {name} has {} bytes, and {MAX_LABEL_BYTES} is the most", value.len()));
    }
    if value.chars().any(char::is_control) {
        return refuse(format!("label {name} has a control character in it"));
    }
    Ok(value)
}

#[cfg(test)]
pub(crate) mod tests;
