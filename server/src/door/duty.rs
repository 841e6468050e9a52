//! Duties: which figures departments have to enter, until when, and what of that is late.
//!
//! Pure. It must never look further back than a few terms: what was never asked for is not late.

use super::judge::{department, scope_name, term_name};
use super::ledger::Ledger;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};
use taydo_model::form::{DepartmentForms, Due, Duty, DutyState, Form, Stated, Term};
use taydo_model::kpi::{Dimension, From};
use taydo_model::{City, Definitions, DepartmentId, Kpi, Scope, WorkingCalendar};

/// So many terms without a figure are asked for; of figures that were never entered only the newest is.
const TERMS_BACK: usize = 3;

/// What the days are counted by.
pub(super) struct Calendar<'a> {
    pub(super) zone: &'a TimeZone,
    pub(super) city: &'a City,
    /// Which days are worked; without it every weekday from Monday to Friday.
    pub(super) worked: Option<&'a WorkingCalendar>,
}

impl Calendar<'_> {
    fn works(&self, day: Date) -> bool {
        self.worked.map_or_else(|| day.weekday().to_monday_zero_offset() < 5, |worked| worked.is_working_day(day))
    }

    /// The first moment at which a term's figure is late: the end of its last day.
    pub(super) fn due(&self, term: Term, due: Due) -> Timestamp {
        let mut next = term.next_day();
        let mut left = due.days;
        while left > 0 {
            if !due.working || self.works(next) {
                left -= 1;
            }
            next = next.saturating_add(Span::new().days(1));
        }
        self.zone.to_ambiguous_timestamp(next.at(0, 0, 0, 0)).compatible().unwrap_or(Timestamp::MAX)
    }

    /// The moment at which a department is reminded.
    pub(super) fn remind(&self, due: Timestamp, form: &Form) -> Timestamp {
        let day = self.zone.to_datetime(due).saturating_sub(Span::new().days(form.remind_days));
        self.zone.to_ambiguous_timestamp(day).compatible().unwrap_or(due)
    }
}

/// All duties, the most urgent first.
pub(super) fn all(definitions: &Definitions, ledger: &Ledger, zone: &TimeZone, now: Timestamp) -> Vec<Duty> {
    let calendar = Calendar { zone, city: &definitions.city, worked: definitions.calendar.as_deref() };
    let mut duties = Vec::new();
    for kpi in &definitions.kpis {
        // The loader refuses an entered KPI without an owner.
        let (From::Form(form), Some(owner)) = (&kpi.from, &kpi.owner) else { continue };
        for scope in scopes(&definitions.city, kpi) {
            let entered = Entered { kpi, form, owner, scope };
            duties.extend(entered.duties(&calendar, ledger, now));
        }
    }
    duties.sort_by(|a, b| (a.state, a.due, &a.kpi, &a.scope, a.term).cmp(&(b.state, b.due, &b.kpi, &b.scope, b.term)));
    duties
}

/// The scopes that a KPI is entered for.
pub(super) fn scopes(city: &City, kpi: &Kpi) -> Vec<Scope> {
    let mut scopes = vec![Scope::City];
    for dimension in &kpi.by {
        match dimension {
            Dimension::Area => scopes.extend(city.areas.iter().map(|area| Scope::Area(area.id.clone()))),
            Dimension::Department => scopes.extend(city.departments.iter().map(|one| Scope::Department(one.id.clone()))),
            Dimension::Asset => {}
        }
    }
    scopes
}

/// A KPI for one scope, as a department enters it.
struct Entered<'a> {
    kpi: &'a Kpi,
    form: &'a Form,
    owner: &'a DepartmentId,
    scope: Scope,
}

impl Entered<'_> {
    fn duties(&self, calendar: &Calendar<'_>, ledger: &Ledger, now: Timestamp) -> Vec<Duty> {
        let (kpi, scope) = (&self.kpi.id, &self.scope);
        let running = Term::of(self.form.cadence, calendar.zone.to_datetime(now).date());
        let latest = running.previous();
        let mut terms = vec![latest];
        let settled = |term| ledger.get(kpi, scope, term).is_some_and(|figure| figure.stated == Stated::Official);
        let mut term = latest;
        // Back to the last official figure, or to the first one that there is: what came before that was asked for in its time.
        while terms.len() < TERMS_BACK && !settled(term) {
            term = term.previous();
            if settled(term) || ledger.before(kpi, scope, term.next()).is_none() {
                break;
            }
            terms.push(term);
        }
        // What comes next is shown once nothing else is asked for; a hundred wards' would hide what is.
        if settled(latest) && *scope == Scope::City {
            terms.push(running);
        }
        terms.into_iter().map(|term| self.duty(calendar, term, ledger, now)).collect()
    }

    fn duty(&self, calendar: &Calendar<'_>, term: Term, ledger: &Ledger, now: Timestamp) -> Duty {
        let Self { kpi, form, owner, scope } = self;
        let due = calendar.due(term, form.due);
        let current = ledger.get(&kpi.id, scope, term).cloned();
        let state = match &current {
            Some(figure) if figure.stated == Stated::Official => DutyState::Done,
            Some(_) => DutyState::Provisional,
            None if now >= due => DutyState::Late,
            None if term.end(calendar.zone) > now => DutyState::Running,
            None if now >= calendar.remind(due, form) => DutyState::Soon,
            None => DutyState::Open,
        };
        Duty {
            kpi: kpi.id.clone(),
            title: kpi.title.clone(),
            unit: kpi.unit,
            decimals: kpi.decimals,
            department: (*owner).clone(),
            scope: scope.clone(),
            scope_name: scope_name(calendar.city, scope),
            term,
            term_name: term_name(term),
            due,
            state,
            range: form.range,
            previous: ledger.before(&kpi.id, scope, term).cloned(),
            year_before: ledger.get(&kpi.id, scope, term.year_before()).cloned(),
            current,
        }
    }
}

/// The departments that enter figures, with what is late.
pub(super) fn departments(definitions: &Definitions, duties: &[Duty]) -> Vec<DepartmentForms> {
    let city = &definitions.city;
    let of = |id: &DepartmentId| {
        let own = || duties.iter().filter(|duty| duty.department == *id);
        let count = |state| own().filter(|duty| duty.state == state).count();
        let mut figures: Vec<_> = own().map(|duty| (&duty.kpi, &duty.scope)).collect();
        figures.sort();
        figures.dedup();
        DepartmentForms {
            id: id.clone(),
            title: department(city, id),
            figures: figures.len(),
            soon: count(DutyState::Soon),
            late: count(DutyState::Late),
        }
    };
    city.departments.iter().map(|one| of(&one.id)).filter(|one| one.figures > 0).collect()
}

#[cfg(test)]
mod tests;
