//! What the server says of a file or an entry: the sentence, the receipt, the rows with each mistake beside its cell.
//!
//! Must never leave a mistake out.

use super::mark;
use crate::{
    client::ClientError,
    locale::{self, Language, form_words},
};
use taydo_model::{
    Scope,
    form::{Problem, Row, RowState, Verdict},
};
use yew::prelude::*;

/// Mistakes, each with what to do.
pub(super) fn problems(all: &[&Problem], language: Language) -> Html {
    let words = form_words(language);
    let one = |problem: &&Problem| {
        let cell = problem.cell.as_ref().map(|cell| html! { <><code>{ cell }</code>{ " " }</> });
        html! { <li>{ cell }{ problem.what.get(language) }<br /><small><b>{ words.fix }</b>{ " " }{ problem.fix.get(language) }</small></li> }
    };
    html! { if !all.is_empty() { <ul class="problems">{ for all.iter().map(one) }</ul> } }
}

/// The sentence and the receipt, or why there is none.
pub(super) fn answer(verdict: Result<&Verdict, &ClientError>, language: Language) -> Html {
    let words = form_words(language);
    match verdict {
        Err(error) => html! { <p class="said problem" role="status">{ error.text(language) }</p> },
        Ok(verdict) => {
            let receipt = verdict.receipt.as_ref().map(|receipt| {
                let same = receipt.same_as.map(|number| format!("; {} {number}", words.same_as));
                html! { <p class="receipt" data-number={receipt.number.to_string()}><b>{ words.receipt }{ " " }{ receipt.number }</b>{ same }</p> }
            });
            html! { <div class="said" role="status"><p>{ verdict.said.get(language) }</p>{ receipt }</div> }
        }
    }
}

/// The rows of a file. Good ones come last: whoever has a mistake to mend looks for it.
pub(super) fn table(verdict: &Verdict, language: Language) -> Html {
    let words = form_words(language);
    let row = |row: &Row| {
        let (code, word) = words.row(row.state);
        let symbol = row.unit.symbol();
        let value = row.value.map_or_else(
            || row.written.clone(),
            |value| format!("{} {}", locale::number(value, row.decimals, language), symbol.get(language)),
        );
        let before = row.replaces.as_ref().filter(|_| row.state != RowState::Same).map(|old| {
            html! { <small>{ "← " }{ locale::number(old.value, row.decimals, language) }{ " (" }{ words.kind(old.stated).to_lowercase() }{ ")" }</small> }
        });
        let all: Vec<&Problem> = row.problems.iter().collect();
        html! {
            <tr key={row.cell.clone().unwrap_or_default()} data-state={code}>
                <th scope="row"><code>{ row.cell.clone().unwrap_or_default() }</code></th>
                <td data-label={words.figure}>{ row.title.get(language) }{ (row.scope != Scope::City).then(|| html! { <small>{ row.scope_name.get(language) }</small> }) }</td>
                <td data-label={words.term}>{ row.term_name.get(language) }</td>
                <td data-label={words.found} class="figures">{ value }{ before }</td>
                <td data-label={words.result} class="result">{ mark(code, word) }{ problems(&all, language) }</td>
            </tr>
        }
    };
    let order = |row: &&Row| match row.state {
        RowState::Wrong => 0,
        RowState::Confirm => 1,
        _ => 2,
    };
    let mut rows: Vec<&Row> = verdict.rows.iter().collect();
    rows.sort_by_key(order);
    let columns = [words.cell, words.figure, words.term, words.found, words.result];
    let whole: Vec<&Problem> = verdict.problems.iter().collect();
    html! {
        <>
            { problems(&whole, language) }
            if !rows.is_empty() {
                <table class="records folding judged">
                    <thead><tr>{ for columns.iter().map(|column| html! { <th scope="col">{ *column }</th> }) }</tr></thead>
                    <tbody>{ for rows.into_iter().map(row) }</tbody>
                </table>
            }
        </>
    }
}
