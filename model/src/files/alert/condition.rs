//! `when` and `clear` of a rule: conditions over a reading and what stands beside it.
//!
//! Must never accept a condition that names what the KPI hasn't got for the rule's scopes, or that holds where all is well.

use crate::baseline::has_season;
use crate::files::formula::{self, Environment, Fault, Named, Stop};
use crate::files::name::{Known, nearest};
use crate::files::place;
use crate::files::value::Value;
use crate::kpi::{Better, Dimension, From};
use crate::rule::{Condition, Operand};
use crate::{City, Kpi, Unit};
use std::ops::Range;

const NAMES: &[&str] =
    &["value", "target", "attention", "critical", "age", "coverage", "previous", "baseline.low", "baseline.middle", "baseline.high"];

/// What the conditions of a rule are about.
pub(super) struct Context<'a> {
    pub(super) kpi: &'a Kpi,
    pub(super) by: Option<Dimension>,
    pub(super) known: &'a Known,
    pub(super) city: &'a City,
}

/// The condition, if it is sound; without a sound KPI it can't be judged.
pub(super) fn condition(value: &Value<'_>, context: Option<&Context<'_>>) -> Option<Condition> {
    let text = value.raw()?;
    let mut figures = Figures { context: context?, names_limit: false };
    let found = formula::condition(text, &mut figures);
    let names_limit = figures.names_limit;
    let fault = match found {
        Ok(formula) => {
            let condition = Condition { text: text.to_owned(), formula };
            match context.filter(|_| names_limit && value.key == "when").and_then(|context| turned_round(&condition, context.kpi)) {
                None => return Some(condition),
                Some(fault) => fault,
            }
        }
        Err(Stop::Fault(fault)) => fault,
        Err(Stop::Elsewhere) => return None,
    };
    let at = value.at + place::in_source(value.document.text_from(value.at), fault.at.start);
    value.document.problem(at, fault.message, Some(fault.hint));
    None
}

/// A condition with a threshold that holds at the best value there could be, and not at the worst, has its sign turned round.
fn turned_round(condition: &Condition, kpi: &Kpi) -> Option<Fault> {
    const EXTREME: f64 = 1e15;
    let (best, word) = match kpi.better {
        Better::Higher => (EXTREME, "higher"),
        Better::Lower => (-EXTREME, "lower"),
        Better::Neither => return None,
    };
    let holds = |value: f64| {
        condition.holds(&|operand| match operand {
            Operand::Age => Some(0.0),
            Operand::Coverage => Some(1.0),
            Operand::BaselineLow | Operand::BaselineMiddle | Operand::BaselineHigh => None,
            Operand::Value | Operand::Previous => Some(value),
        })
    };
    let is_turned = holds(best) == Some(true) && holds(-best) == Some(false);
    is_turned.then(|| Fault {
        at: 0..condition.text.len(),
        message: format!("this holds where {} is well: {word} is better", kpi.id),
        hint: "turn the comparison round".to_owned(),
    })
}

struct Figures<'a> {
    context: &'a Context<'a>,
    /// Whether a threshold was named.
    names_limit: bool,
}

fn fault(at: &Range<usize>, message: impl Into<String>, hint: impl Into<String>) -> Stop {
    Stop::Fault(Fault { at: at.clone(), message: message.into(), hint: hint.into() })
}

impl Environment for Figures<'_> {
    fn named(&mut self, name: &str, at: Range<usize>) -> Result<Named, Stop> {
        let unit = self.context.kpi.unit;
        let operand = |operand: Operand, unit| Ok(Named::Operand { number: operand.number(), unit });
        match name {
            "value" => operand(Operand::Value, unit),
            "previous" => operand(Operand::Previous, unit),
            "age" => operand(Operand::Age, base("s")?),
            "coverage" => operand(self.coverage(&at)?, base("ratio")?),
            "baseline.low" => operand(self.baseline(Operand::BaselineLow, &at)?, unit),
            "baseline.middle" => operand(self.baseline(Operand::BaselineMiddle, &at)?, unit),
            "baseline.high" => operand(self.baseline(Operand::BaselineHigh, &at)?, unit),
            "target" | "attention" | "critical" => self.limit(name, &at),
            _ => match name.strip_prefix("city.") {
                Some(constant) => self.constant(constant, &at),
                None => Err(fault(&at, format!("there is no `{name}` in a rule's condition"), hint(name))),
            },
        }
    }
}

fn hint(name: &str) -> String {
    match nearest(name, NAMES.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("conditions may name {}", NAMES.join(", ")),
    }
}

fn base(code: &str) -> Result<Unit, Stop> {
    Unit::parse(code).ok_or(Stop::Elsewhere)
}

impl Figures<'_> {
    /// A target or threshold, where the KPI has it for the rule's scopes.
    fn limit(&mut self, name: &str, at: &Range<usize>) -> Result<Named, Stop> {
        let kpi = self.context.kpi;
        let limit = match name {
            "target" => kpi.target,
            "attention" => kpi.attention,
            _ => kpi.critical,
        };
        let Some(value) = limit else {
            return Err(fault(at, format!("{} has no `{name}`", kpi.id), "give it one, or write a number"));
        };
        if let Some(dimension) = self.context.by.filter(|dimension| !kpi.thresholds_for.contains(dimension)) {
            let word = format!("{dimension:?}").to_lowercase();
            let message = format!("the `{name}` of {} is the whole city's, and the rule is by {word}", kpi.id);
            return Err(fault(at, message, format!("add \"{word}\" to its `thresholds_for`, or write a number")));
        }
        self.names_limit = true;
        Ok(Named::Constant { value, unit: kpi.unit })
    }

    fn coverage(&self, at: &Range<usize>) -> Result<Operand, Stop> {
        let kpi = self.context.kpi;
        match kpi.from {
            From::Cases { .. } | From::Form(_) => {
                Err(fault(at, format!("no series are expected of {}", kpi.id), "write a condition without `coverage`"))
            }
            From::Observations { .. } | From::Formula { .. } => Ok(Operand::Coverage),
        }
    }

    fn baseline(&self, operand: Operand, at: &Range<usize>) -> Result<Operand, Stop> {
        let kpi = self.context.kpi;
        if has_season(kpi) {
            return Ok(operand);
        }
        let message = format!("{} has no usual course of a week, because its window or its grid is longer", kpi.id);
        Err(fault(at, message, "compare with a threshold or a number"))
    }

    fn constant(&self, name: &str, at: &Range<usize>) -> Result<Named, Stop> {
        let known = &self.context.known.constants;
        if !known.allows(name) {
            return Err(fault(at, format!("there is no {} `{name}`", known.noun), known.hint(name)));
        }
        let constant = self.context.city.constant(name).ok_or(Stop::Elsewhere)?;
        Ok(Named::Constant { value: constant.value, unit: constant.unit })
    }
}
