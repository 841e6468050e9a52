//! Summaries: the text of a rule with its places filled in, in one language.
//!
//! Must never know a message's other parts: subject, links and pictures are made where it is sent.

use crate::text::Language;
use crate::{Definitions, Kpi, Reading, Scope, number};

/// What a summary may name in braces.
pub const PLACES: &[&str] = &["value", "unit", "scope", "area", "target", "attention", "critical", "age", "coverage", "kpi"];

/// What the places of a summary are filled with.
#[derive(Debug, Clone, Copy)]
pub struct Filling<'a> {
    /// Where names come from.
    pub definitions: &'a Definitions,
    /// The rule's KPI.
    pub kpi: &'a Kpi,
    /// Whose alert it is.
    pub scope: &'a Scope,
    /// The reading that decided it, where there is one.
    pub reading: Option<&'a Reading>,
}

/// The places of a text: the byte offset of what stands between a pair of braces, and that itself.
pub fn places(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.match_indices('{').filter_map(|(open, _)| {
        let rest = text.get(open + 1..)?;
        Some((open + 1, rest.get(..rest.find('}')?)?))
    })
}

/// The text with its places filled in; a dash where there is nothing to fill in.
pub(super) fn fill(text: &str, language: Language, filling: &Filling<'_>) -> String {
    let mut out = String::with_capacity(text.len() + 32);
    let mut written = 0;
    for (at, name) in places(text) {
        out.push_str(text.get(written..at - 1).unwrap_or_default());
        let filled = filling.place(name, language).unwrap_or_else(|| "–".to_owned());
        // A unit that has no symbol leaves no gap behind.
        if filled.is_empty() && out.ends_with(' ') {
            out.pop();
        }
        out.push_str(&filled);
        written = at + name.len() + 1;
    }
    out.push_str(text.get(written..).unwrap_or_default());
    out
}

impl Filling<'_> {
    fn place(&self, name: &str, language: Language) -> Option<String> {
        let Self { definitions, kpi, scope, reading } = *self;
        let shown = |value: f64| number::number(value, kpi.decimals, language);
        let limit = |limit: Option<f64>| limit.filter(|_| kpi.judges(scope)).map(shown);
        match name {
            "value" => reading?.value.map(shown),
            "unit" => Some(kpi.unit.symbol().get(language).to_owned()),
            "scope" => Some(definitions.scope_name(scope, language)),
            "area" => definitions.area_of(scope).map(|area| definitions.city.area_name(&area).to_owned()),
            "target" => limit(kpi.target),
            "attention" => limit(kpi.attention),
            "critical" => limit(kpi.critical),
            "age" => {
                let reading = reading?;
                Some(number::span(reading.time.as_second() - reading.data_time?.as_second(), language))
            }
            "coverage" => reading?.coverage.map(|share| format!("{} %", number::number(share * 100.0, 0, language))),
            "kpi" => Some(kpi.title.get(language).to_owned()),
            _ => None,
        }
    }
}
