//! Writes samples as line protocol, in the names and units that a source's mapping asks for.

use super::device::Sample;
use std::collections::BTreeMap;
use std::fmt::Write;
use taydo_model::{Definitions, MetricId, source::Field, source::Source, source::StateField, source::Way};

/// How each metric is called, and what its values are multiplied by.
#[derive(Debug, Clone)]
pub(super) struct LineNames(BTreeMap<MetricId, Name>);

#[derive(Debug, Clone)]
struct Name {
    measurement: String,
    field: String,
    factor: f64,
    state: Option<StateField>,
}

impl LineNames {
    /// The names that a line-protocol source understands; `None` for a source of another kind.
    pub(super) fn of(source: &Source, definitions: &Definitions) -> Option<Self> {
        let Way::Line { fields } = &source.way else { return None };
        let name = |metric: &taydo_model::Metric| {
            let mapped: Option<&Field> = fields.iter().find(|field| field.metric == metric.id);
            let full = mapped.map_or(metric.id.as_str(), |field| &field.name);
            // A mapping that names the field alone leaves the measurement free.
            let own = metric.id.as_str().rsplit_once('.').map_or("values", |(measurement, _)| measurement);
            let (measurement, field) = full.rsplit_once('.').unwrap_or((own, full));
            let factor = mapped.and_then(|field| metric.unit.factor_to(field.unit)).unwrap_or(1.0);
            let state = mapped.and_then(|field| field.state.clone());
            (metric.id.clone(), Name { measurement: measurement.to_owned(), field: field.to_owned(), factor, state })
        };
        Some(Self(definitions.metrics.iter().map(|metric| name(metric)).collect()))
    }

    /// Appends a sample: one line for each measurement, times in milliseconds.
    pub(super) fn write(&self, sample: &Sample<'_>, out: &mut String) {
        let mut open: Option<&Name> = None;
        let end = |open: Option<&Name>, out: &mut String| {
            let Some(name) = open else { return };
            // What the device says of itself goes for all fields of the line.
            let code = name.state.as_ref().and_then(|state| Some((&state.name, state.code(sample.state)?)));
            if let Some((field, code)) = code {
                let _ = write!(out, ",{field}=\"{code}\"");
            }
            let _ = writeln!(out, " {}", sample.time.as_millisecond());
        };
        for (metric, value) in &sample.values {
            let Some(name) = self.0.get(&metric.id) else { continue };
            if open.is_some_and(|open| open.measurement == name.measurement) {
                out.push(',');
            } else {
                end(open, out);
                let _ = write!(out, "{},asset={} ", name.measurement, sample.device.asset.id);
                open = Some(name);
            }
            let _ = write!(out, "{}={}", name.field, value * name.factor);
        }
        end(open, out);
    }
}

#[cfg(test)]
mod tests {
    use super::super::device::{
        samples,
        tests::{city, devices},
    };
    use super::*;
    use jiff::Timestamp;
    use taydo_model::{SourceId, Text, Unit};

    #[test]
    fn a_sample_is_one_line_in_the_sources_own_names() {
        let definitions = city();
        let field = Field {
            name: "kwh".into(),
            metric: MetricId::new("energy.used").unwrap(),
            unit: Unit::parse("Wh").unwrap(),
            labels: Default::default(),
            state: None,
        };
        let source = Source {
            id: SourceId::new("energy-meters").unwrap(),
            title: Text::default(),
            owner: None,
            way: Way::Line { fields: vec![field] },
            max_series: 10,
            silent_s: None,
            urgent: false,
            via: None,
        };
        let names = LineNames::of(&source, &definitions).unwrap();
        let devices = devices(&definitions, Vec::new());
        let from: Timestamp = "2026-03-12T10:00:00Z".parse().unwrap();
        let feeder = devices.iter().filter(|device| device.asset.id.as_str() == "feeder-1");
        let one = samples(feeder, from, from + jiff::SignedDuration::from_mins(1)).remove(0);
        let mut line = String::new();
        names.write(&one, &mut line);
        let (load, used) = (one.values[0].1, one.values[1].1 * 1_000.0);
        assert_eq!(line, format!("energy,asset=feeder-1 load={load},kwh={used} {}\n", one.time.as_millisecond()));
    }
}
