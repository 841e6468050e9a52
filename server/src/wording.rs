//! Incidents in words: titles, places and summaries as people are shown them, by a definition set.
//!
//! It must never ask the store or the clock: what it is given is all that it says.

use crate::store::incident::IncidentRow;
use taydo_model::alert::Transition;
use taydo_model::console::IncidentView;
use taydo_model::incident::{Incident, Origin};
use taydo_model::rule::Filling;
use taydo_model::text::Language;
use taydo_model::{Definitions, Scope, Text};

/// An incident in words.
#[must_use]
pub(crate) fn view(definitions: &Definitions, row: IncidentRow) -> IncidentView {
    let (title, place, summary, figure) = words(definitions, &row.incident, &row.content);
    IncidentView { incident: row.incident, title, place, summary, figure, acknowledged_at: row.acknowledged_at, exercise: row.exercise }
}

type Words = (Text, Text, Text, Option<(taydo_model::KpiId, Scope)>);

fn words(definitions: &Definitions, incident: &Incident, content: &serde_json::Value) -> Words {
    let both = |of: &dyn Fn(Language) -> String| Text { vi: of(Language::Vi), en: of(Language::En) };
    let Origin::Alert { rule: id, scope, no_data } = &incident.origin else {
        let title = serde_json::from_value(content.get("title").cloned().unwrap_or_default()).unwrap_or_default();
        let area = incident.area.as_ref().map(|area| definitions.city.area_name(area)).unwrap_or_default();
        let exactly = content.get("place").and_then(serde_json::Value::as_str).unwrap_or_default();
        let place = [exactly, area].into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ");
        let caller = content.get("caller").and_then(serde_json::Value::as_str).unwrap_or_default();
        return (title, Text::new(&place, &place), Text::new(caller, caller), None);
    };
    let place = both(&|language| definitions.scope_name(scope, language));
    let Some(rule) = definitions.rule(id) else { return (Text::new(id.as_str(), id.as_str()), place, Text::default(), None) };
    let figure = Some((rule.kpi.clone(), scope.clone()));
    if *no_data {
        let summary = Text::new("Không còn số liệu nào của quy tắc này", "None of the rule's readings has come");
        return (rule.title.clone(), place, summary, figure);
    }
    let transition: Option<Transition> = serde_json::from_value(content.clone()).ok();
    let reading = transition.and_then(|transition| transition.reading);
    let summary = definitions.kpi(&rule.kpi).map(|kpi| {
        let filling = Filling { definitions, kpi, scope, reading: reading.as_ref() };
        both(&|language| rule.summary_in(language, &filling))
    });
    (rule.title.clone(), place, summary.unwrap_or_default(), figure)
}
