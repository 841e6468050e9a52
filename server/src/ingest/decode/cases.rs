//! `POST /api/v1/cases`: an array of cases, or `{"cases": […]}`.
//!
//! Each element is read by itself; whether the case makes sense is for the check to say.

use super::{Incoming, Item, Refusal, json, split};
use schemars::JsonSchema;
use taydo_model::{Case, CaseId};

/// What is sent: an array, or an object that holds it.
#[derive(JsonSchema)]
#[schemars(untagged, rename = "SentCases")]
#[expect(dead_code, reason = "a body is read element by element; this only describes it")]
pub(crate) enum Body {
    Bare(Vec<Case>),
    Named { cases: Vec<Case> },
}

/// Reads a body and hands its elements over.
///
/// # Errors
/// When the body is no such array, or has too many elements; nothing has been handed over then.
pub fn decode(body: &[u8], take: &mut dyn FnMut(Item<'_>)) -> Result<(), Refusal> {
    for (index, payload) in split::elements(body, "cases")?.into_iter().enumerate() {
        let content = match serde_json::from_slice::<Case>(payload) {
            Ok(case) => Ok(Incoming::Case(Box::new(case))),
            Err(error) => Err(Refusal { case: id(payload), ..json::refuse(&error) }),
        };
        take(Item { index, payload, content });
    }
    Ok(())
}

/// The id of a case whose other fields can't be read.
fn id(payload: &[u8]) -> Option<CaseId> {
    #[derive(serde::Deserialize)]
    struct Named {
        id: CaseId,
    }
    serde_json::from_slice::<Named>(payload).ok().map(|named| named.id)
}

#[cfg(test)]
mod tests {
    use super::super::tests::show;
    use super::*;

    #[test]
    fn a_bad_case_spoils_no_other() {
        let good = r#"{"id":"H1","kind":"dossier","opened":"2026-03-01T07:30:05+07:00"}"#;
        let body = format!(r#"{{"cases":[{good},{{"id":"H2","kind":"dossier","opened":"soon"}},{good}]}}"#);
        let mut out = Vec::new();
        decode(body.as_bytes(), &mut |item| {
            if let Err(refusal) = &item.content {
                assert_eq!(refusal.case, CaseId::new("H2").ok());
            }
            out.push(show(&item));
        })
        .unwrap();
        assert_eq!(out.len(), 3);
        assert!(out[0].contains(r#""opened":"2026-03-01T00:30:05Z""#), "{}", out[0]);
        assert!(out[1].starts_with("1: Invalid:"), "{}", out[1]);
    }
}
