//! What a browser reads of how a KPI is computed: what is counted of cases, and nothing else.
//!
//! A definition's formulas and terms are for the engine; what people read of them comes in words. The code that reads them
//! from JSON would be one part in thirty of the program that a phone has to fetch (ADR 23). It must never be compiled for
//! anything but the browser: what it leaves out is not there any more.

use super::{CaseMeasure, CaseTerms, From, Window};
use crate::formula::Formula;
use serde::{Deserialize, Deserializer};

/// One of [`From`]'s shapes, with only what is read.
#[derive(Deserialize)]
struct Brief {
    cases: Option<Cases>,
}

#[derive(Deserialize)]
struct Cases {
    measure: CaseMeasure,
}

/// Cases with what is counted of them; anything else as a formula without a text.
pub(super) fn from<'de, D: Deserializer<'de>>(deserializer: D) -> Result<From, D::Error> {
    let brief = Brief::deserialize(deserializer)?;
    Ok(match brief.cases {
        Some(Cases { measure }) => From::Cases { kind: String::new(), measure, window: Window::Sliding(0), terms: CaseTerms::default() },
        None => From::Formula { text: String::new(), operands: Vec::new(), formula: Formula::default(), across: None },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Deserialize)]
    struct Read(#[serde(deserialize_with = "from")] From);

    #[test]
    fn of_cases_the_measure_is_read_and_of_the_rest_nothing() {
        let read = |text: &str| serde_json::from_str::<Read>(text).unwrap().0;
        let cases = r#"{"cases":{"kind":"dossier","measure":"overdue","window":{"sliding":0},"terms":{}}}"#;
        assert!(matches!(read(cases), From::Cases { measure: CaseMeasure::Overdue, .. }));
        for other in [r#"{"observations":{"metric":"a.b","aggregate":"mean"}}"#, r#"{"form":{"every":"month"}}"#] {
            assert!(matches!(read(other), From::Formula { .. }), "{other}");
        }
    }
}
