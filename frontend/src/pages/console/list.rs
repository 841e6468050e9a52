//! The console's list: one incident a row, with what is to be known at a glance and one button.
//!
//! Must never show an age by the browser's own clock.

use crate::{
    app::Link,
    clock::seconds_between,
    locale::{self, Language, console_words, room_words},
    pages::actor::Actor,
    panels::severity,
    route::Route,
};
use jiff::Timestamp;
use taydo_model::{
    console::ViewNote,
    incident::{IncidentId, Standing},
};
use yew::prelude::*;

/// What the rows are drawn with.
pub(super) struct Rows<'r> {
    /// Whether the past is shown, where nobody can act.
    pub(super) is_past: bool,
    pub(super) actor: &'r Actor,
    pub(super) names: &'r std::collections::BTreeMap<taydo_model::PersonId, String>,
    pub(super) now: Timestamp,
    pub(super) language: Language,
    pub(super) chosen: Option<IncidentId>,
    pub(super) choose: &'r Callback<IncidentId>,
    pub(super) acknowledge: &'r Callback<IncidentId>,
}

/// The id of the element that has the focus while an incident is chosen.
pub(super) fn element_id(incident: IncidentId) -> String {
    format!("incident-{}", incident.0)
}

impl Rows<'_> {
    /// A list of incidents.
    pub(super) fn list(&self, views: &[&ViewNote]) -> Html {
        html! { <ol class="incidents">{ for views.iter().map(|view| self.row(view)) }</ol> }
    }

    fn row(&self, view: &ViewNote) -> Html {
        let (incident, words) = (&view.incident, console_words(self.language));
        let id = incident.id;
        let is_over = incident.standing == Standing::Resolved;
        let age = match incident.resolved_at {
            Some(at) => locale::age(seconds_between(at, self.now), self.language),
            None => locale::span(seconds_between(incident.opened_at, self.now), self.language),
        };
        let old = incident.data_old_since.map(|since| locale::span(seconds_between(since, self.now), self.language));
        let owner = incident.assignee.as_ref().map(|person| self.names.get(person).cloned().unwrap_or_else(|| self.actor.name(person)));
        let onfocusin = {
            let choose = self.choose.clone();
            Callback::from(move |_: FocusEvent| choose.emit(id))
        };
        let is_chosen = self.chosen == Some(id);
        html! {
            <li key={id.0} id={element_id(id)} class={classes!("incident", is_chosen.then_some("chosen"))} {onfocusin}
                data-incident={id.0.to_string()} data-severity={severity::severity_code(incident.severity)} data-standing={severity::standing_code(incident.standing)}>
                <p class="how-bad">{ severity::severity(incident.severity, is_over, words) }{ severity::exercise(view.exercise, words) }</p>
                <div class="what">
                    <h3><Link to={Route::Incident(id)} text={view.title.get(self.language).to_owned()} /><small>{ format!("#{}", id.0) }</small></h3>
                    <p class="note">{ [view.place.get(self.language), view.summary.get(self.language)].into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" · ") }</p>
                </div>
                <p class="age">{ age }</p>
                <p class="whose">{ severity::standing(incident.standing, words) }{ severity::data_old(old, room_words(self.language)) }<span class="owner">{ owner }</span></p>
                <p class="act">{ self.button(view) }</p>
            </li>
        }
    }

    fn button(&self, view: &ViewNote) -> Html {
        let (id, words) = (view.incident.id, console_words(self.language));
        let onclick = {
            let acknowledge = self.acknowledge.clone();
            Callback::from(move |_: MouseEvent| acknowledge.emit(id))
        };
        let about = format!("{}: {}", words.acknowledge, view.title.get(self.language));
        html! {
            if view.incident.standing == Standing::Triggered && !self.is_past { <button type="button" aria-label={about} {onclick}>{ words.acknowledge }</button> }
        }
    }
}
