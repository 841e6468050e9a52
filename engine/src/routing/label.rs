//! What silences and inhibitions know an alert by, and what a rule mutes while it fires.
//!
//! It must never look anything up: a transition and a rule say all of it.

use super::Inhibition;
use serde::Serialize;
use taydo_model::Scope;
use taydo_model::alert::Transition;
use taydo_model::rule::Rule;
use taydo_model::silence::{Labels, Matcher};

/// The labels of the incident that a transition opens; see [`Labels`] for their names.
#[must_use]
pub fn labels(transition: &Transition) -> Labels {
    let mut labels = Labels::from([
        ("rule".to_owned(), transition.rule.to_string()),
        ("scope".to_owned(), transition.scope.to_string()),
        ("team".to_owned(), transition.team.to_string()),
        ("domain".to_owned(), transition.domain.clone()),
        ("severity".to_owned(), word(transition.severity)),
        ("no_data".to_owned(), transition.no_data.to_string()),
    ]);
    match &transition.scope {
        Scope::City => None,
        Scope::Area(area) => labels.insert("area".to_owned(), area.to_string()),
        Scope::Department(department) => labels.insert("department".to_owned(), department.to_string()),
        Scope::Asset(asset) => labels.insert("asset".to_owned(), asset.to_string()),
    };
    if let Some(area) = &transition.area {
        labels.insert("area".to_owned(), area.to_string());
    }
    labels
}

/// What a rule mutes while it fires: a named rule or a named domain is enough.
#[must_use]
pub fn inhibitions(rule: &Rule) -> Vec<Inhibition> {
    let matcher = |label: &str, values: Vec<String>| Matcher { label: label.to_owned(), values };
    let mut all = Vec::new();
    for one in &rule.inhibits {
        let rules: Vec<String> = one.rules.iter().map(ToString::to_string).collect();
        for (label, values) in [("rule", rules), ("domain", one.domains.clone())] {
            if values.is_empty() {
                continue;
            }
            let mut target = vec![matcher(label, values)];
            target.extend(one.no_data.then(|| matcher("no_data", vec!["true".to_owned()])));
            let equal = one.equal.iter().map(|label| word(*label)).collect();
            all.push(Inhibition { source: vec![matcher("rule", vec![rule.id.to_string()])], target, equal });
        }
    }
    all
}

/// A value as it is on the wire.
fn word(value: impl Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}
