//! A person's own shifts, and the address of the calendar feed that shows them elsewhere.
//!
//! Must never show how the person is reached.

use super::{Failure, Frame, asked::use_asked};
use crate::{
    app::{Link, use_speech},
    browser,
    centre::Centre,
    clock::seconds_between,
    locale::{self, rota_words},
    route::Route,
};
use taydo_model::{
    PersonId,
    rota::page::{MyShift, MyShiftsPage},
};
use yew::prelude::*;

/// How often the page asks, in milliseconds.
const ASK_MS: u32 = 60_000;

/// Whose.
#[derive(Clone, PartialEq, Properties)]
pub struct ShiftsProps {
    /// The person.
    pub id: PersonId,
}

/// The page.
#[component]
pub fn Shifts(props: &ShiftsProps) -> Html {
    let language = use_speech().language;
    let words = rota_words(language);
    let id = props.id.clone();
    let asked = use_asked::<MyShiftsPage>(String::new(), ASK_MS, move || format!("/api/v1/persons/{id}/shifts"));
    let is_copied = use_state_eq(|| false);
    let Some(centre) = use_context::<Centre>() else { return Html::default() };
    let Some(page) = &asked.answer else { return html! { <Failure error={asked.error()} {language} /> } };
    let calendar = centre.calendar();
    let row = |shift: &MyShift| {
        let name = html! { <Link to={Route::Rota(shift.rota.clone())} text={shift.name.clone()} /> };
        html! {
            <tr key={format!("{}/{}", shift.rota, shift.from)}><th scope="row">{ calendar.moment(shift.from, page.time) }</th>
                <td data-label={words.to}>{ calendar.moment(shift.to, page.time) }</td>
                <td data-label={words.length}>{ locale::span(seconds_between(shift.from, shift.to), language) }</td>
                <td data-label={words.rota}><span>{ name }if shift.changed { <small>{ " · " }{ words.changed }</small> }</span></td></tr>
        }
    };
    let address = format!("{}/api/v1/persons/{}/shifts.ics", browser::origin(), props.id);
    let copy = {
        let (address, is_copied) = (address.clone(), is_copied.setter());
        Callback::from(move |_: MouseEvent| is_copied.set(browser::copy(&address)))
    };
    html! {
        <Frame title={format!("{} {}", words.my_shifts, page.person.name)}>
            <p class="state"><Link to={Route::OnCall} text={words.title} />{ format!(" · {} {}", words.as_of, calendar.second(page.time)) }</p>
            if page.shifts.is_empty() { <p class="note">{ words.no_shifts }</p> } else {
                <table class="records folding shifts"><thead><tr><th scope="col">{ words.from }</th><th scope="col">{ words.to }</th><th scope="col">{ words.length }</th><th scope="col">{ words.rota }</th></tr></thead>
                    <tbody>{ for page.shifts.iter().map(row) }</tbody></table>
            }
            <section class="ical"><h2>{ words.feed }</h2><p class="note">{ words.feed_note }</p>
                <div class="copying"><label class="field wide"><span class="hidden">{ words.feed }</span><input type="text" readonly=true value={address} /></label>
                    <button type="button" onclick={copy}>{ if *is_copied { words.copied } else { words.copy } }</button></div>
            </section>
        </Frame>
    }
}
