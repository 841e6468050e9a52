//! A KPI from KPIs: `from = { formula = "services.late / services.closed" }`.
//!
//! It owns which names a formula may use, and what must hold between a KPI and those that it is made from. Must never
//! accept an operand that has no reading where the KPI has one.

use super::catalogue::Found;
use super::{Context, DAY_S, DELAY_S, EVERY_S, LATENESS_S};
use crate::files::duration;
use crate::files::formula::{Environment, Fault, Named, Stop, number};
use crate::files::place;
use crate::files::section::Section;
use crate::formula::Formula;
use crate::kpi::{Dimension, Extreme, From, Operand};
use crate::{Kpi, Unit};
use std::ops::Range;
use std::sync::Arc;

/// What is known of a KPI before its `from` is read.
pub(super) struct Frame<'a> {
    pub(super) unit: Option<Unit>,
    /// Where it is written.
    pub(super) every_s: Option<u32>,
    pub(super) by: &'a [Dimension],
}

/// The lines that the KPIs of a formula draw for the one that is made from them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    /// It can't be computed before its parts are.
    pub(super) delay_s: u32,
    pub(super) lateness_s: u32,
    pub(super) stale_s: u32,
}

/// What stands in `from`.
pub(super) fn read(section: &mut Section<'_>, frame: &Frame<'_>, context: &Context<'_>) -> Option<From> {
    let across = section.may("across", |value| value.choice(&[("max", Extreme::Max), ("min", Extreme::Min)]));
    let value = section.get("formula")?;
    let text = value.raw()?;
    let mut figures = Figures { frame, context, per_asset: across.is_some(), found: Vec::new() };
    let formula = number(text, frame.unit?, &mut figures).and_then(|formula| figures.sound(formula));
    match formula {
        Ok(formula) => {
            let operands = (0..).zip(&figures.found);
            let operands = operands.map(|(at, (kpi, _))| Operand { kpi: kpi.id.clone(), hours_back: formula.hours_back(at) }).collect();
            Some(From::Formula { text: text.to_owned(), operands, formula, across })
        }
        Err(Stop::Fault(Fault { at, message, hint })) => {
            let place = value.at + place::in_source(value.document.text_from(value.at), at.start);
            value.document.problem(place, message, Some(hint));
            None
        }
        Err(Stop::Elsewhere) => None,
    }
}

/// The KPIs that this one is made from; none unless it is a formula.
fn parts(from: &From, context: &Context<'_>) -> Vec<Arc<Kpi>> {
    let From::Formula { operands, .. } = from else { return Vec::new() };
    let parts = operands.iter().filter_map(|operand| match context.catalogue.find(operand.kpi.as_str(), context) {
        Found::Sound(kpi) => Some(kpi),
        _ => None,
    });
    parts.collect()
}

/// As often as the KPI that is computed most rarely, and no more often than others.
pub(super) fn usual_every_s(from: &From, context: &Context<'_>) -> u32 {
    parts(from, context).iter().map(|kpi| kpi.every_s).fold(EVERY_S, u32::max)
}

/// What the KPIs that this one is made from ask of it; `None` unless it is a formula.
pub(super) fn bounds(from: Option<&From>, context: &Context<'_>) -> Option<Bounds> {
    let from = from.filter(|from| matches!(from, From::Formula { .. }))?;
    let parts = parts(from, context);
    let most = |of: fn(&Kpi) -> u32, usual| parts.iter().map(|kpi| of(kpi)).max().unwrap_or(usual);
    Some(Bounds {
        delay_s: most(|kpi| kpi.delay_s, DELAY_S),
        lateness_s: most(|kpi| kpi.lateness_s, LATENESS_S),
        stale_s: most(|kpi| kpi.stale_s, DAY_S),
    })
}

/// The versions of the KPIs that this one is made from, which its own version rests on.
pub(super) fn versions(from: &From, context: &Context<'_>) -> Vec<String> {
    parts(from, context).iter().map(|kpi| kpi.version.clone()).collect()
}

/// None for indices, one for shares, else two.
pub(super) fn usual_decimals(unit: Option<Unit>) -> u8 {
    match unit {
        Some(unit) if unit.is_count() || unit.code() == "index" => 0,
        Some(unit) if unit.code() == "%" => 1,
        _ => 2,
    }
}

/// The names of a KPI's formula: other KPIs, and the city's constants.
struct Figures<'a> {
    frame: &'a Frame<'a>,
    context: &'a Context<'a>,
    per_asset: bool,
    /// The KPIs that have been named, by their numbers as operands, with where each was first.
    found: Vec<(Arc<Kpi>, Range<usize>)>,
}

impl Environment for Figures<'_> {
    fn named(&mut self, name: &str, at: Range<usize>) -> Result<Named, Stop> {
        match name.strip_prefix("city.") {
            Some(constant) => self.constant(constant, at),
            None => self.figure(name, at),
        }
    }
}

fn fault(at: &Range<usize>, message: impl Into<String>, hint: impl Into<String>) -> Stop {
    Stop::Fault(Fault { at: at.clone(), message: message.into(), hint: hint.into() })
}

impl Figures<'_> {
    fn constant(&self, name: &str, at: Range<usize>) -> Result<Named, Stop> {
        let known = &self.context.known.constants;
        if !known.allows(name) {
            return Err(fault(&at, format!("there is no {} `{name}`", known.noun), known.hint(name)));
        }
        let constant = self.context.city.constant(name).ok_or(Stop::Elsewhere)?;
        if constant.unit.is_count() && (!self.frame.by.is_empty() || self.per_asset) {
            let message = format!("city.{name} is the whole city's, and a part of it can't be divided by that");
            return Err(fault(&at, message, "remove `by` and `across`, or make a KPI that has a value for each part"));
        }
        Ok(Named::Constant { value: constant.value, unit: constant.unit })
    }

    fn figure(&mut self, name: &str, at: Range<usize>) -> Result<Named, Stop> {
        let known = &self.context.known.kpis;
        if !known.allows(name) {
            let hint = match name.contains('-') {
                true => format!("{}; around a minus there must be blanks", known.hint(name)),
                false => known.hint(name),
            };
            return Err(fault(&at, format!("there is no KPI `{name}`"), hint));
        }
        let kpi = match self.context.catalogue.find(name, self.context) {
            Found::Sound(kpi) => kpi,
            Found::Faulty => return Err(Stop::Elsewhere),
            Found::Circle(path) => {
                let message = format!("the formulas go round in a circle: {}", path.join(" → "));
                return Err(fault(&at, message, "make one of them from observations, cases or other KPIs"));
            }
            Found::TooDeep => {
                return Err(fault(&at, "too many formulas are made from one another here", "write what it is made from in its place"));
            }
        };
        let number = self.found.iter().position(|(known, _)| known.id == kpi.id);
        let number = number.unwrap_or_else(|| {
            self.found.push((Arc::clone(&kpi), at.clone()));
            self.found.len() - 1
        });
        let number = u16::try_from(number).map_err(|_| fault(&at, "the formula names too many KPIs", "make KPIs of some parts of it"))?;
        self.fits(&kpi, &at)?;
        Ok(Named::Operand { number, unit: kpi.unit })
    }

    /// Whether the operand has a reading wherever the KPI has one.
    fn fits(&self, kpi: &Kpi, at: &Range<usize>) -> Result<(), Stop> {
        let needed: &[Dimension] = if self.per_asset { &[Dimension::Asset] } else { self.frame.by };
        match needed.iter().find(|dimension| !kpi.by.contains(dimension)) {
            Some(lacking) => {
                let lacking = format!("{lacking:?}").to_lowercase();
                Err(fault(at, format!("{} has no value by {lacking}", kpi.id), format!("add {lacking} to its `by`, or remove it here")))
            }
            None => Ok(()),
        }
    }

    /// The formula, if its operands are such as it asks for.
    fn sound(&self, formula: Formula) -> Result<Formula, Stop> {
        if self.found.is_empty() {
            return Err(fault(&(0..0), "the formula names no KPI", "name the KPIs that it is made from"));
        }
        let usual_s = self.found.iter().map(|(kpi, _)| kpi.every_s).fold(EVERY_S, u32::max);
        let every_s = self.frame.every_s.unwrap_or(usual_s);
        for (number, (kpi, at)) in (0..).zip(&self.found) {
            if !every_s.is_multiple_of(kpi.every_s) {
                let (own, its) = (duration::show(every_s), duration::show(kpi.every_s));
                let message = format!("{} is computed every {its}, which doesn't divide this one's {own}", kpi.id);
                return Err(fault(at, message, format!("set `every` to {its} or a multiple of it")));
            }
            if formula.hours_back(number) > 0 && !3600_u32.is_multiple_of(kpi.every_s) {
                let message = format!("{} is read for past hours, and computed every {}", kpi.id, duration::show(kpi.every_s));
                return Err(fault(at, message, "set its `every` to 1h or what divides that"));
            }
        }
        if self.per_asset && self.frame.by.contains(&Dimension::Department) {
            return Err(fault(&(0..0), "assets aren't divided by department", "write area or asset in `by`"));
        }
        Ok(formula)
    }
}
