//! To whom an incident was given, and with which it was merged; and the forms for both.
//!
//! Must never page anybody: whoever gives it to somebody has told them.

use super::{Saying, acts::Desk};
use crate::{app::Link, locale::room_words, pages::actor::Actor, route::Route};
use std::rc::Rc;
use taydo_model::{
    TeamId,
    console::{Act, MAX_PARTY_CHARS, MAX_PHONE_CHARS},
    incident::{IncidentId, Party, Standing, log::Assigned},
};
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

/// The forms' fields.
#[derive(Clone)]
pub(super) struct Fields {
    team: NodeRef,
    agency: NodeRef,
    phone: NodeRef,
    into: NodeRef,
}

/// The forms' fields.
#[hook]
pub(super) fn use_fields() -> Fields {
    Fields { team: use_node_ref(), agency: use_node_ref(), phone: use_node_ref(), into: use_node_ref() }
}

fn text(node: &NodeRef) -> String {
    node.cast::<HtmlInputElement>().map(|input| input.value()).unwrap_or_default()
}

impl Fields {
    fn party(&self) -> Option<Party> {
        let name = text(&self.agency).trim().to_owned();
        if !name.is_empty() {
            return Some(Party::Agency { name, phone: text(&self.phone).trim().to_owned() });
        }
        let team = self.team.cast::<HtmlSelectElement>()?.value();
        TeamId::new(team).ok().map(Party::Team)
    }

    fn clear(&self) {
        for node in [&self.agency, &self.phone, &self.into] {
            if let Some(input) = node.cast::<HtmlInputElement>() {
                input.set_value("");
            }
        }
    }
}

/// What was given to whom, what was merged, and the forms.
pub(super) fn given(saying: &Saying<'_>, desk: &Desk, fields: &Fields, actor: &Actor) -> Html {
    let (page, words) = (saying.page, room_words(saying.language));
    let incident = &page.view.incident;
    let one = |one: &Assigned| {
        let to = match &one.assignment.party {
            Party::Team(team) => actor.team(team),
            Party::Agency { name, phone } if phone.is_empty() => name.clone(),
            Party::Agency { name, phone } => format!("{name} ({phone})"),
        };
        html! { <li><b>{ to }</b>{ format!(", {} {} – {}", words.told_at, saying.moment(one.assignment.told_at), saying.name(&one.by.person)) }</li> }
    };
    let link = |id: &IncidentId| html! { <>{ " " }<Link to={Route::Incident(*id)} text={format!("#{}", id.0)} /></> };
    html! {
        <section class="given">
            { incident.merged_into.as_ref().map(|into| html! { <p class="said">{ words.merged_into }{ link(into) }</p> }) }
            if !page.absorbed.is_empty() { <p>{ words.absorbed }{ for page.absorbed.iter().map(link) }</p> }
            if !page.assignments.is_empty() { <h2>{ words.given }</h2><ul>{ for page.assignments.iter().map(one) }</ul> }
            if incident.standing != Standing::Resolved { { assigning(saying, desk, fields, actor) }{ merging(saying, desk, fields) } }
        </section>
    }
}

fn assigning(saying: &Saying<'_>, desk: &Desk, fields: &Fields, actor: &Actor) -> Html {
    let words = room_words(saying.language);
    let onsubmit = {
        let (desk, fields) = (desk.clone(), fields.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let Some(party) = fields.party() else { return desk.refuse(words.name_one) };
            desk.act(&|person| Act::Assign { person, party: party.clone(), told_at: None });
            fields.clear();
        })
    };
    html! {
        <details><summary>{ words.assign }</summary>
            <form class="typing assigning" {onsubmit}>
                <label class="field">{ words.team }<select ref={fields.team.clone()} name="party"><option value="" selected=true>{ words.choose }</option>{ for actor.known.teams.iter().map(|one| html! { <option value={one.id.to_string()}>{ &one.name }</option> }) }</select></label>
                <label class="field">{ words.agency }<input ref={fields.agency.clone()} name="agency" type="text" maxlength={MAX_PARTY_CHARS.to_string()} autocomplete="off" /></label>
                <label class="field">{ words.phone }<input ref={fields.phone.clone()} name="phone" type="tel" maxlength={MAX_PHONE_CHARS.to_string()} autocomplete="off" /></label>
                <div class="buttons"><button type="submit" data-act="assign">{ words.told_now }</button></div>
            </form>
        </details>
    }
}

fn merging(saying: &Saying<'_>, desk: &Desk, fields: &Fields) -> Html {
    let words = room_words(saying.language);
    let onsubmit = {
        let (desk, fields) = (desk.clone(), Rc::new(fields.clone()));
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let number = text(&fields.into).trim_start_matches('#').parse().ok();
            let Some(into) = number.map(IncidentId) else { return };
            desk.act(&|person| Act::Merge { person, into });
            fields.clear();
        })
    };
    html! {
        <details><summary>{ words.merge }</summary>
            <form class="typing merging" {onsubmit}>
                <label class="field">{ words.merge_number }<input ref={fields.into.clone()} name="into" type="text" inputmode="numeric" required=true pattern="#?[0-9]+" autocomplete="off" /></label>
                <div class="buttons"><button type="submit" data-act="merge">{ words.merge_act }</button></div>
            </form>
        </details>
    }
}
