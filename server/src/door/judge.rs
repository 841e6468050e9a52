//! The judge: what a row or a typed figure means under the definitions and the figures that stand, and whether it can be taken.
//!
//! Pure: everything that it knows is an argument, and it finds every mistake of a row, not only the first. It must never
//! change a figure.

mod place;

pub(super) use place::{department, name as scope_name, term_name};

use super::layout::{Column, Record};
use super::ledger::Ledger;
use super::number::{self, Unclear};
use super::sheet::Cell;
use super::words::{self, Complaint};
use jiff::Timestamp;
use jiff::tz::TimeZone;
use std::sync::Arc;
use taydo_model::form::{self, Cadence, Current, Form, MAX_REASON_CHARS, Problem, Row, RowState, Stated, Term, WRITTEN_CHARS, fold};
use taydo_model::kpi::From;
use taydo_model::{Definitions, DepartmentId, Kpi, Scope, Text, Unit};

/// What figures are judged by.
#[derive(Debug)]
pub(super) struct Judge<'a> {
    pub(super) definitions: &'a Definitions,
    pub(super) ledger: &'a Ledger,
    pub(super) zone: &'a TimeZone,
    pub(super) now: Timestamp,
    /// Who sends.
    pub(super) department: &'a DepartmentId,
    /// What a row is that doesn't say so.
    pub(super) stated: Stated,
    /// Why rows are corrected that don't say so.
    pub(super) reason: &'a str,
    /// Whether unlikely jumps are meant.
    pub(super) confirmed: bool,
}

/// A row as it was judged, and what is to be stored when it is taken.
#[derive(Debug)]
pub(super) struct Judged {
    pub(super) row: Row,
    pub(super) figure: Option<Figure>,
}

/// A figure that can be stored.
#[derive(Debug, Clone)]
pub(super) struct Figure {
    pub(super) kpi: Arc<Kpi>,
    pub(super) scope: Scope,
    pub(super) term: Term,
    pub(super) end: Timestamp,
    pub(super) value: f64,
    pub(super) stated: Stated,
    pub(super) reason: String,
    pub(super) confirmed: bool,
    pub(super) revision: i32,
}

/// A row while it is judged.
struct Draft<'r> {
    record: Option<&'r Record<'r>>,
    row: Row,
}

impl Draft<'_> {
    fn complain(&mut self, column: Column, complaint: Complaint) {
        let cell = self.record.and_then(|record| record.address(column).or_else(|| record.address(Column::Value)));
        self.row.problems.push(complaint.at(cell));
    }
}

impl Judge<'_> {
    /// Judges a row of a file. `None` where it holds no figure: a note, a signature, a line left empty.
    pub(super) fn record(&self, record: &Record<'_>, term: impl Fn(Cadence) -> Option<Term>) -> Option<Judged> {
        let value = record.cell(Column::Value);
        let named = [Column::Code, Column::Title].map(|column| record.shown(column));
        let kpi = self.kpi(&named);
        // A line of the template that was left empty is no mistake, and neither is a heading or a signature.
        value?;
        let [code, title] = &named;
        let shown = if title.is_empty() { code } else { title };
        let mut draft = Draft { record: Some(record), row: blank(record.address(Column::Value), Text::new(shown, shown)) };
        draft.row.written = value.map(Cell::shown).unwrap_or_default().chars().take(WRITTEN_CHARS).collect();
        let (kpi, form) = match kpi {
            Ok(found) => found,
            Err((column, complaint)) => {
                draft.complain(column, complaint);
                return Some(finish(draft, None));
            }
        };
        self.name(&mut draft, &kpi);
        self.check_unit(&mut draft, &kpi, &record.shown(Column::Unit));
        let scope = self.scope(&mut draft, &kpi, &record.shown(Column::Scope));
        let written = record.cell(Column::Term);
        let term = match written {
            Some(cell) => self.term_of(&mut draft, form, cell),
            None => term(form.cadence).or_else(|| {
                draft.complain(Column::Term, words::no_term(self.latest(form.cadence)));
                None
            }),
        };
        let number = value.and_then(|cell| self.number(&mut draft, &kpi, form, cell));
        let stated = self.stated(&mut draft, &record.shown(Column::Stated));
        let reason = record.shown(Column::Reason);
        Some(self.weigh(draft, kpi, scope, term, number, stated, reason))
    }

    /// Judges a typed figure.
    pub(super) fn typed(&self, typed: &form::Draft) -> Judged {
        let mut draft = Draft { record: None, row: blank(None, Text::new(typed.kpi.as_str(), typed.kpi.as_str())) };
        draft.row.written = typed.value.chars().take(WRITTEN_CHARS).collect();
        let (kpi, form) = match self.kpi(&[typed.kpi.to_string(), String::new()]) {
            Ok(found) => found,
            Err((column, complaint)) => {
                draft.complain(column, complaint);
                return finish(draft, None);
            }
        };
        self.name(&mut draft, &kpi);
        let scope = kpi.covers(&typed.scope).then(|| typed.scope.clone()).filter(|scope| place::exists(&self.definitions.city, scope));
        if scope.is_none() {
            draft.complain(Column::Scope, words::unknown_scope(&typed.scope.to_string()));
        }
        let term = (typed.term.cadence() == form.cadence).then_some(typed.term);
        if term.is_none() {
            draft.complain(Column::Term, words::unclear_term(&typed.term.to_string(), self.latest(form.cadence)));
        }
        let number = match Some(typed.value.trim()).filter(|text| !text.is_empty()) {
            Some(text) => self.number(&mut draft, &kpi, form, &Cell::Text(text.to_owned())),
            None => {
                draft.complain(Column::Value, words::no_value());
                None
            }
        };
        self.weigh(draft, kpi, scope, term, number, Some(typed.stated), typed.reason.trim().to_owned())
    }

    /// The KPI that a code or a name means, if it is entered, and by this department.
    fn kpi(&self, [code, title]: &[String; 2]) -> Result<(Arc<Kpi>, &Form), (Column, Complaint)> {
        let by_title = || {
            let folded = fold(title);
            let is_it = |kpi: &&Arc<Kpi>| !folded.is_empty() && (fold(&kpi.title.vi) == folded || fold(&kpi.title.en) == folded);
            self.entered().map(|(kpi, _)| kpi).find(is_it)
        };
        let (column, written) = if code.is_empty() { (Column::Title, title) } else { (Column::Code, code) };
        let by_code = self.entered().map(|(kpi, _)| kpi).find(|kpi| kpi.id.as_str() == code.trim().to_lowercase());
        let found = if code.is_empty() { by_title() } else { by_code };
        let Some(kpi) = found else {
            return Err((column, words::unknown_kpi(written, self.nearest(written, by_title()))));
        };
        if let Some(other) = by_title().filter(|other| !code.is_empty() && other.id != kpi.id) {
            return Err((Column::Title, words::code_and_title_differ(kpi.id.as_str(), &kpi.title, other.id.as_str())));
        }
        if kpi.owner.as_ref() != Some(self.department) {
            let owner = kpi.owner.as_ref().map(|id| place::department(&self.definitions.city, id)).unwrap_or_default();
            return Err((column, words::other_department(kpi, &owner)));
        }
        match &kpi.from {
            From::Form(form) => Ok((Arc::clone(kpi), form)),
            _ => Err((column, words::unknown_kpi(written, None))),
        }
    }

    /// All KPIs that are entered.
    fn entered(&self) -> impl Iterator<Item = (&Arc<Kpi>, &Form)> {
        self.definitions.kpis.iter().filter_map(|kpi| if let From::Form(form) = &kpi.from { Some((kpi, form)) } else { None })
    }

    fn nearest<'s>(&'s self, written: &str, by_title: Option<&'s Arc<Kpi>>) -> Option<(&'s str, &'s Text)> {
        let written = written.trim().to_lowercase();
        let ids = self.entered().filter(|(kpi, _)| kpi.owner.as_ref() == Some(self.department)).map(|(kpi, _)| kpi.id.as_str());
        let near = by_title.map(|kpi| kpi.id.as_str()).or_else(|| crate::ingest::check::nearest(&written, ids))?;
        self.entered().find(|(kpi, _)| kpi.id.as_str() == near).map(|(kpi, _)| (kpi.id.as_str(), &kpi.title))
    }

    fn name(&self, draft: &mut Draft<'_>, kpi: &Kpi) {
        draft.row.kpi = Some(kpi.id.clone());
        draft.row.title = kpi.title.clone();
        draft.row.unit = kpi.unit;
        draft.row.decimals = kpi.decimals;
    }

    fn check_unit(&self, draft: &mut Draft<'_>, kpi: &Kpi, written: &str) {
        let symbol = kpi.unit.symbol();
        let same = |text: &str| text.trim() == written || (!fold(text).is_empty() && fold(text) == fold(written));
        if !written.is_empty() && ![kpi.unit.code(), &symbol.vi, &symbol.en].into_iter().any(same) {
            draft.complain(Column::Unit, words::other_unit(written, kpi.unit));
        }
    }

    fn scope(&self, draft: &mut Draft<'_>, kpi: &Kpi, written: &str) -> Option<Scope> {
        let scope = place::find(&self.definitions.city, kpi, written);
        if scope.is_none() {
            draft.complain(Column::Scope, words::unknown_scope(written));
        }
        scope
    }

    fn term_of(&self, draft: &mut Draft<'_>, form: &Form, cell: &Cell) -> Option<Term> {
        let term = match cell {
            Cell::Day(day) => Some(Term::of(form.cadence, *day)),
            Cell::Number(number) => place::term_of_number(form.cadence, *number),
            Cell::Text(text) => Term::read(form.cadence, text),
            Cell::Flag(_) | Cell::Failed(_) => None,
        };
        if term.is_none() {
            draft.complain(Column::Term, words::unclear_term(&cell.shown(), self.latest(form.cadence)));
        }
        term
    }

    /// The newest term that is over.
    fn latest(&self, cadence: Cadence) -> Term {
        Term::of(cadence, self.zone.to_datetime(self.now).date()).previous()
    }

    fn number(&self, draft: &mut Draft<'_>, kpi: &Kpi, form: &Form, cell: &Cell) -> Option<f64> {
        let read = match cell {
            Cell::Number(number) if number.is_finite() => Ok((*number, false)),
            Cell::Number(_) | Cell::Flag(_) => Err(words::not_a_number(&cell.shown())),
            Cell::Day(_) => Err(words::a_day(&cell.shown())),
            Cell::Failed(code) => Err(words::failed_formula(code)),
            Cell::Text(text) => {
                let bare = if kpi.unit.code() == "%" { text.strip_suffix('%').unwrap_or(text) } else { text };
                number::read(bare).map(|number| (number, true)).map_err(|unclear| match unclear {
                    Unclear::NotANumber => words::not_a_number(text),
                    Unclear::TwoWays => words::two_ways(text),
                })
            }
        };
        let (number, as_text) = match read {
            Ok(read) => read,
            Err(complaint) => {
                draft.complain(Column::Value, complaint);
                return None;
            }
        };
        // A spreadsheet's own numbers are results of formulas more often than not, and are rounded; what was typed is meant.
        let steps = number / form.resolution;
        if as_text && (steps - steps.round()).abs() > 1e-6 * steps.abs().max(1.0) {
            draft.complain(Column::Value, words::too_fine(&draft.row.written.clone(), kpi, form.resolution));
        }
        if let Some(range) = form.range.filter(|(least, most)| number < *least || number > *most) {
            draft.complain(Column::Value, words::out_of_range(number, kpi, range));
        }
        Some(number)
    }

    fn stated(&self, draft: &mut Draft<'_>, written: &str) -> Option<Stated> {
        match fold(written).as_str() {
            "" => Some(self.stated),
            "chinh thuc" | "official" | "so chinh thuc" => Some(Stated::Official),
            "tam tinh" | "provisional" | "uoc" | "uoc tinh" | "so bo" | "so tam tinh" | "du kien" => Some(Stated::Provisional),
            _ => {
                draft.complain(Column::Stated, words::unknown_state(written));
                None
            }
        }
    }

    /// Weighs a figure against those that stand.
    #[allow(clippy::too_many_arguments, reason = "each is one column")]
    fn weigh(
        &self,
        mut draft: Draft<'_>,
        kpi: Arc<Kpi>,
        scope: Option<Scope>,
        term: Option<Term>,
        number: Option<f64>,
        stated: Option<Stated>,
        reason: String,
    ) -> Judged {
        if let Some(scope) = &scope {
            draft.row.scope = scope.clone();
            draft.row.scope_name = place::name(&self.definitions.city, scope);
        }
        if let Some(term) = term {
            draft.row.term = Some(term);
            draft.row.term_name = place::term_name(term);
            if term.end(self.zone) > self.now {
                draft.complain(Column::Term, words::term_not_over(term));
            }
        }
        if reason.chars().count() > MAX_REASON_CHARS {
            draft.complain(Column::Reason, words::too_long(MAX_REASON_CHARS));
        }
        let metric = self.definitions.metrics.iter().find(|metric| metric.id.as_str() == kpi.id.as_str());
        let (Some(scope), Some(term), Some(number), Some(stated), Some(metric), From::Form(form)) =
            (scope, term, number, stated, metric, &kpi.from)
        else {
            return finish(draft, None);
        };
        let Some(ticks) = metric.ticks(number) else {
            draft.complain(Column::Value, words::not_a_number(&draft.row.written.clone()));
            return finish(draft, None);
        };
        let value = metric.value(ticks);
        let standing = self.ledger.get(&kpi.id, &scope, term);
        let previous = self.ledger.before(&kpi.id, &scope, term);
        let reason = if reason.is_empty() { self.reason.to_owned() } else { reason };
        draft.row.value = Some(value);
        draft.row.stated = stated;
        draft.row.reason.clone_from(&reason);
        draft.row.replaces = standing.cloned();
        draft.row.previous = previous.cloned();
        let same = standing.is_some_and(|standing| metric.ticks(standing.value) == Some(ticks) && standing.stated == stated);
        draft.row.state = match standing {
            Some(_) if same => RowState::Same,
            Some(_) => RowState::Changed,
            None => RowState::New,
        };
        let jumps = previous.filter(|previous| is_jump(value, previous, form)).cloned();
        if !same {
            if let Some(standing) = standing.filter(|standing| standing.stated == Stated::Official && reason.is_empty()) {
                draft.complain(Column::Reason, words::needs_reason(standing, &kpi));
            }
            if let Some(previous) = jumps.as_ref().filter(|_| !self.confirmed && draft.row.problems.is_empty()) {
                self.ask(&mut draft, &kpi, value, previous);
            }
        }
        let revision = standing.map_or(0, |standing| standing.revision.saturating_add(1));
        let end = term.end(self.zone);
        let confirmed = jumps.is_some() && self.confirmed;
        finish(draft, Some(Figure { kpi, scope, term, end, value, stated, reason, confirmed, revision }))
    }

    /// Asks for a confirmation. A share that is kept as a fraction is the most likely reason of all.
    fn ask(&self, draft: &mut Draft<'_>, kpi: &Kpi, value: f64, previous: &Current) {
        draft.complain(Column::Value, words::jump(value, previous, kpi));
        if kpi.unit.code() == "%" && value.abs() <= 1.0 && previous.value.abs() > 10.0 {
            draft.complain(Column::Value, words::share_as_fraction());
        }
        draft.row.state = RowState::Confirm;
    }
}

/// Whether a figure differs from the one before by more than the definition's share of it.
fn is_jump(value: f64, previous: &Current, form: &Form) -> bool {
    form.jump.is_some_and(|share| previous.value != 0.0 && (value - previous.value).abs() > share * previous.value.abs())
}

fn finish(mut draft: Draft<'_>, figure: Option<Figure>) -> Judged {
    if draft.row.state != RowState::Confirm && !draft.row.problems.is_empty() {
        draft.row.state = RowState::Wrong;
    }
    let taken = matches!(draft.row.state, RowState::New | RowState::Changed);
    Judged { row: draft.row, figure: figure.filter(|_| taken) }
}

/// A row of which nothing is known yet.
fn blank(cell: Option<String>, title: Text) -> Row {
    Row {
        cell,
        kpi: None,
        title,
        unit: Unit::default(),
        decimals: 0,
        scope: Scope::City,
        scope_name: Text::default(),
        term: None,
        term_name: Text::default(),
        written: String::new(),
        value: None,
        stated: Stated::default(),
        reason: String::new(),
        replaces: None,
        previous: None,
        state: RowState::Wrong,
        problems: Vec::<Problem>::new(),
    }
}

/// A figure that stands in a file twice: the later rows are mistakes, since nobody can say which of them is meant.
pub(super) fn refuse_twins(judged: &mut [Judged]) {
    let mut first: std::collections::HashMap<(String, Scope, Term), String> = std::collections::HashMap::new();
    for one in judged {
        let Judged { row, figure } = one;
        let (Some(kpi), Some(term)) = (&row.kpi, row.term) else { continue };
        let cell = row.cell.clone().unwrap_or_default();
        match first.entry((kpi.to_string(), row.scope.clone(), term)) {
            std::collections::hash_map::Entry::Vacant(place) => {
                place.insert(cell);
            }
            std::collections::hash_map::Entry::Occupied(place) => {
                row.problems.push(words::twice(place.get()).at(row.cell.clone()));
                row.state = RowState::Wrong;
                *figure = None;
            }
        }
    }
}

#[cfg(test)]
pub(in crate::door) mod tests;
