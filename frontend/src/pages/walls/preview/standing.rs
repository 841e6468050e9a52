//! How many panels of a board are not normal, by the shape and the number: what a small picture is too small to tell.
//!
//! Must never show a colour without its shape and its word.

use crate::{
    app::use_speech,
    centre::Centre,
    locale::words,
    panels::{Look, marks, use_look},
    store::{Interest, Key},
};
use std::rc::Rc;
use taydo_model::{Status, api::BoardPage, board::Panel};
use yew::prelude::*;

/// The worst status of what a panel shows.
fn worst(panel: &Panel, page: &BoardPage, centre: &Centre) -> Status {
    let kpis = page.kpis.iter().filter(|kpi| panel.content.kpis().contains(&kpi.id));
    centre.read(|store| {
        let mut worst = Status::Normal;
        for kpi in kpis {
            let scoped =
                panel.content.scopes().iter().filter_map(|scope| store.reading(&Key { kpi: kpi.id.clone(), scope: scope.clone() }));
            let ranked = panel.content.dimension().into_iter().flat_map(|by| store.ranked(&kpi.id, by));
            for reading in scoped.chain(ranked) {
                worst = worst.max(reading.value.map_or(Status::Normal, |value| kpi.status(&reading.scope, value)));
            }
        }
        worst
    })
}

#[derive(Clone, PartialEq, Properties)]
pub(super) struct StandingProps {
    pub page: Rc<BoardPage>,
}

/// The marks; nothing while all is normal.
#[component]
pub(super) fn Standing(props: &StandingProps) -> Html {
    let words = words(use_speech().language);
    let Some(centre) = use_context::<Centre>() else { return Html::default() };
    let page = props.page.clone();
    let make = || -> Look<(usize, usize)> {
        let page = page.clone();
        Box::new(move |centre: &Centre, _| {
            let count = |wanted| page.board.panels.iter().filter(|panel| worst(panel, &page, centre) == wanted).count();
            ((count(Status::Critical), count(Status::Attention)), None)
        })
    };
    let (critical, attention) = use_look(&centre, page.clone(), Vec::<Interest>::new, make).unwrap_or_default();
    let mark = |status: Status, count: usize| {
        let word = marks::status_word(status, words);
        (count > 0).then(|| html! { <span class={classes!("chip", format!("chip-{}", marks::status_code(status)))}>{ marks::status_shape(status) }{ count }<span class="hidden">{ format!(" {word}") }</span></span> })
    };
    html! { <>{ mark(Status::Critical, critical) }{ mark(Status::Attention, attention) }</> }
}
