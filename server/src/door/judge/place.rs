//! Places and times by the names that people give them.
//!
//! It must never guess between two: a name that isn't found is nobody's.

use jiff::civil::{Date, date};
use taydo_model::form::{Cadence, Term, fold};
use taydo_model::kpi::Dimension;
use taydo_model::text::Language;
use taydo_model::{City, DepartmentId, Kpi, Scope, Text};

/// Kinds of areas that people leave out of their names.
const KINDS: &[&str] = &["phuong ", "xa ", "thi tran ", "dac khu "];
/// Day 0 of spreadsheets: they take 1900 for a leap year, so that this holds from March 1900 on.
const SHEET_EPOCH: Date = date(1899, 12, 30);
/// The days that a number in a column of terms may stand for: 2000 to 2100.
const SHEET_DAYS: std::ops::RangeInclusive<f64> = 36_526.0..=73_415.0;

/// The scope that a text names, if the KPI is entered for it; an empty text is the city.
pub(super) fn find(city: &City, kpi: &Kpi, written: &str) -> Option<Scope> {
    let folded = fold(written);
    let bare = |name: &str| KINDS.iter().find_map(|kind| name.strip_prefix(kind)).unwrap_or(name).to_owned();
    if folded.is_empty()
        || ["city", "toan thanh pho", "thanh pho", "whole city"].contains(&folded.as_str())
        || fold(&city.name.vi) == folded
    {
        return Some(Scope::City);
    }
    if let Ok(scope) = written.parse::<Scope>() {
        return Some(scope).filter(|scope| kpi.covers(scope) && exists(city, scope));
    }
    let areas = city.areas.iter().filter(|_| kpi.by.contains(&Dimension::Area));
    let mut found: Vec<Scope> = Vec::new();
    for area in areas {
        let name = fold(&area.name);
        if area.id.as_str() == written || name == folded {
            return Some(Scope::Area(area.id.clone()));
        }
        if bare(&name) == bare(&folded) {
            found.push(Scope::Area(area.id.clone()));
        }
    }
    let departments = city.departments.iter().filter(|_| kpi.by.contains(&Dimension::Department));
    let named = departments.filter(|one| one.id.as_str() == written || fold(&one.name.vi) == folded || fold(&one.name.en) == folded);
    found.extend(named.map(|one| Scope::Department(one.id.clone())));
    // `Long Phú` is a commune and a ward: whoever means one of them writes its kind.
    (found.len() == 1).then(|| found.pop()).flatten()
}

/// Whether the city has it.
pub(super) fn exists(city: &City, scope: &Scope) -> bool {
    match scope {
        Scope::City => true,
        Scope::Area(id) => city.areas.iter().any(|area| area.id == *id),
        Scope::Department(id) => city.departments.iter().any(|one| one.id == *id),
        Scope::Asset(_) => false,
    }
}

/// What people call a scope.
pub(in crate::door) fn name(city: &City, scope: &Scope) -> Text {
    match scope {
        Scope::City => Text::new("Toàn thành phố", "Whole city"),
        Scope::Area(id) => Text::new(city.area_name(id), city.area_name(id)),
        Scope::Department(id) => department(city, id),
        Scope::Asset(id) => Text::new(id.as_str(), id.as_str()),
    }
}

/// What people call a department.
pub(in crate::door) fn department(city: &City, id: &DepartmentId) -> Text {
    let found = city.departments.iter().find(|one| one.id == *id);
    found.map_or_else(|| Text::new(id.as_str(), id.as_str()), |one| one.name.clone())
}

/// What people call a term.
pub(in crate::door) fn term_name(term: Term) -> Text {
    Text { vi: term.name(Language::Vi), en: term.name(Language::En) }
}

/// The term that a bare number stands for: a year where terms are years, else a spreadsheet's number of a day.
pub(super) fn term_of_number(cadence: Cadence, number: f64) -> Option<Term> {
    if cadence == Cadence::Year && number.fract() == 0.0 && (2000.0..=2100.0).contains(&number) {
        return Term::read(cadence, &number.to_string());
    }
    // Within the range every whole number fits.
    #[allow(clippy::cast_possible_truncation)]
    let days = SHEET_DAYS.contains(&number).then_some(number.floor() as i64)?;
    Some(Term::of(cadence, SHEET_EPOCH.checked_add(jiff::Span::new().try_days(days).ok()?).ok()?))
}
