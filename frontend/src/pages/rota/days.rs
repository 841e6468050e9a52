//! Four weeks of a rota: each day with who is on call in the end, and below it whose turn it is by each layer.
//!
//! Must never let a gap look like a quiet day.

use crate::{
    calendar::Calendar,
    locale::{Language, rota_words},
    pages::on_call::gap_mark,
    weeks::{Day, Piece, days, monday},
};
use jiff::civil::Date;
use taydo_model::{
    PersonId,
    rota::{
        Shift,
        page::{LayerNote, RotaNotes},
    },
};
use yew::prelude::*;

/// What the days are drawn with.
pub(super) struct Weeks<'w> {
    pub(super) page: &'w RotaNotes,
    pub(super) calendar: &'w Calendar,
    pub(super) language: Language,
}

impl Weeks<'_> {
    /// The four weeks from a Monday on.
    pub(super) fn view(&self, first: Date) -> Html {
        let all = days(self.calendar, first);
        let words = rota_words(self.language);
        let heads = (0..7).map(|day| html! { <li>{ words.weekday(day) }</li> });
        html! {
            <>
                <ol class="weekdays" aria-hidden="true">{ for heads }</ol>
                <ol class="days">{ for all.iter().map(|day| self.day(day)) }</ol>
            </>
        }
    }

    fn day(&self, day: &Day) -> Html {
        let words = rota_words(self.language);
        let pieces = day.pieces(&self.page.shifts);
        let today = self.calendar.civil(self.page.time).date();
        let has_gap = pieces.iter().any(|piece| piece.persons.is_empty() && piece.to > self.page.time);
        let weekday = usize::try_from(day.date.weekday().to_monday_zero_offset()).unwrap_or_default();
        let class = classes!(
            "day",
            (day.date == today).then_some("today"),
            has_gap.then_some("has-gap"),
            (day.to <= self.page.time).then_some("past")
        );
        let layer = |(layer, shifts): (&LayerNote, &Vec<Shift>)| {
            html! { <li><b>{ &layer.name }</b>{ ": " }{ self.turns(day, shifts) }</li> }
        };
        html! {
            <li key={day.date.to_string()} {class} data-date={day.date.to_string()}>
                <p class="date"><span class="weekday">{ words.weekday(weekday) }{ " " }</span><time datetime={day.date.to_string()}>{ self.calendar.day(day.from) }</time>
                    if day.date == today { <small>{ words.today }</small> }</p>
                { bar(day, &pieces) }
                <ul class="final">{ for pieces.iter().map(|piece| self.piece(day, piece)) }</ul>
                if self.page.layers.len() > 1 { <ul class="layers">{ for self.page.rota.layers.iter().zip(&self.page.layers).map(layer) }</ul> }
            </li>
        }
    }

    fn piece(&self, day: &Day, piece: &Piece<'_>) -> Html {
        let words = rota_words(self.language);
        let who = if piece.persons.is_empty() { gap_mark(words.gap) } else { self.names(piece.persons).into() };
        html! { <li><span class="hours">{ self.hours(day, piece) }</span>{ " " }{ who }</li> }
    }

    /// `08:00–20:00`; nothing where it is the whole day.
    fn hours(&self, day: &Day, piece: &Piece<'_>) -> String {
        if (piece.from, piece.to) == (day.from, day.to) {
            return String::new();
        }
        let to = if piece.to == day.to { "24:00".to_owned() } else { self.calendar.minute(piece.to) };
        format!("{}–{to}", self.calendar.minute(piece.from))
    }

    /// A layer's turns of a day in one line.
    fn turns(&self, day: &Day, shifts: &[Shift]) -> String {
        let pieces = day.pieces(shifts);
        let turn = |piece: &Piece<'_>| match self.hours(day, piece) {
            hours if hours.is_empty() => self.names(piece.persons),
            hours => format!("{hours} {}", self.names(piece.persons)),
        };
        let turns: Vec<String> = pieces.iter().filter(|piece| !piece.persons.is_empty()).map(turn).collect();
        if turns.is_empty() { "—".to_owned() } else { turns.join(", ") }
    }

    fn names(&self, persons: &[PersonId]) -> String {
        let names: Vec<String> = persons.iter().map(|id| self.name(id)).collect();
        names.join(", ")
    }

    /// What somebody is called; their id where nobody knows.
    pub(super) fn name(&self, id: &PersonId) -> String {
        self.page.people.iter().find(|one| one.id == *id).map_or_else(|| id.to_string(), |one| one.name.clone())
    }
}

/// The Monday that the calendar begins with, so many times four weeks from now.
pub(super) fn first(calendar: &Calendar, now: jiff::Timestamp, pages: i64) -> Date {
    crate::weeks::later(monday(calendar, now), pages * crate::weeks::DAYS)
}

/// The day as a bar: those on call in two greys by turns, gaps left open with a thick edge.
fn bar(day: &Day, pieces: &[Piece<'_>]) -> Html {
    let one = |(n, piece): (usize, &Piece<'_>)| {
        let (from, to) = (day.share(piece.from), day.share(piece.to));
        let class = if piece.persons.is_empty() {
            "bar-gap"
        } else if n % 2 == 0 {
            "bar-one"
        } else {
            "bar-other"
        };
        html! { <rect {class} x={from.to_string()} y="0" width={(to - from).max(4).to_string()} height="10" /> }
    };
    html! { <svg class="day-bar" viewBox="0 0 1000 10" preserveAspectRatio="none" aria-hidden="true" focusable="false">{ for pieces.iter().enumerate().map(one) }</svg> }
}
