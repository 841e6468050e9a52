//! Terms: parts of a formula that have been read, what they measure, and what two of them make.
//!
//! A number of the text that has no unit beside a value that has one is in that value's unit: in `value < 25` the 25 are
//! km/h where the value is. Must never know how a formula is written.

use super::Stop;
use crate::Unit;
use crate::formula::{Arithmetic, At, Comparison, Formula, Node};
use crate::unit::Dimensions;
use std::ops::Range;

/// The most nodes of a formula.
const MAX_NODES: usize = 500;

/// What a term is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Kind {
    /// Numbers of the text alone; this is what they come to, where it is simple to say.
    Free(Option<f64>),
    /// A quantity: the dimensions, and what its numbers must be multiplied by to be in base units.
    Measured(Dimensions, f64),
    Condition,
}

/// A part that has been read.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Term {
    pub(super) node: At,
    pub(super) kind: Kind,
    /// Where it stands in the text.
    pub(super) at: Range<usize>,
    /// The node without the numbers of the text that it is multiplied by …
    bare: At,
    /// … and what they come to.
    factor: Option<f64>,
    /// The nodes that are divided, where it is a quotient.
    quotient: Option<(At, At)>,
}

/// The nodes of a formula that is being read.
#[derive(Debug, Default)]
pub(super) struct Nodes(Vec<Node>);

impl Nodes {
    pub(super) fn push(&mut self, node: Node, at: &Range<usize>) -> Result<At, Stop> {
        let number = At::try_from(self.0.len()).ok().filter(|_| self.0.len() < MAX_NODES);
        let Some(number) = number else {
            return Err(Stop::at(at.clone(), format!("the formula has more than {MAX_NODES} parts"), "make KPIs of some parts of it"));
        };
        self.0.push(node);
        Ok(number)
    }

    /// A term of one node.
    pub(super) fn term(&mut self, node: Node, kind: Kind, at: Range<usize>) -> Result<Term, Stop> {
        let node = self.push(node, &at)?;
        Ok(Term { node, bare: node, kind, at, factor: None, quotient: None })
    }

    /// The formula that ends in this term.
    pub(super) fn finish(self, last: &Term) -> Formula {
        Formula::new(self.0, last.quotient)
    }
}

/// What people call what is measured.
pub(super) fn show(dimensions: &Dimensions, scale: f64) -> String {
    Unit::of(dimensions, scale).map_or_else(|| dimensions.to_string(), |unit| unit.code().to_owned())
}

impl Term {
    pub(super) fn is_condition(&self) -> bool {
        self.kind == Kind::Condition
    }

    /// The same, standing at a place that is around it.
    pub(super) fn spanning(self, at: Range<usize>) -> Self {
        Self { at, ..self }
    }

    /// The same quantity, said to measure what this unit does.
    pub(super) fn measuring(self, unit: Unit) -> Self {
        match self.kind {
            Kind::Measured(_, scale) => Self { kind: Kind::Measured(unit.dimensions(), scale), ..self },
            _ => self,
        }
    }

    fn show(&self) -> String {
        match &self.kind {
            Kind::Free(_) => "a number".to_owned(),
            Kind::Measured(dimensions, scale) => show(dimensions, *scale),
            Kind::Condition => "a condition".to_owned(),
        }
    }

    /// The term, if it is a number.
    pub(super) fn number(self) -> Result<Self, Stop> {
        if self.is_condition() {
            let hint = "conditions are for `condition ? this : that`, && and ||";
            return Err(Stop::at(self.at, "this is a condition, not a number", hint));
        }
        Ok(self)
    }

    /// The term, if it is a condition.
    pub(super) fn condition(self) -> Result<Self, Stop> {
        if !self.is_condition() {
            return Err(Stop::at(self.at, "this is a number, not a condition", "compare it: a < b, a >= b, a == b"));
        }
        Ok(self)
    }

    /// The quantity that it measures, where it is one that can be reckoned with.
    fn reckoned(&self) -> Result<(), Stop> {
        match &self.kind {
            Kind::Measured(dimensions, _) if dimensions.is_level() => Err(Stop::at(
                self.at.clone(),
                "decibels are logarithms and can't be reckoned with",
                "compare them, or take their min or max",
            )),
            _ => Ok(()),
        }
    }
}

/// The same quantity, with an operation on its number.
pub(super) fn same(nodes: &mut Nodes, node: fn(At) -> Node, term: Term, at: Range<usize>) -> Result<Term, Stop> {
    let term = term.number()?;
    nodes.term(node(term.node), without_value(term.kind), at)
}

/// Its negative.
pub(super) fn negative(nodes: &mut Nodes, term: Term, at: Range<usize>) -> Result<Term, Stop> {
    let term = term.number()?;
    term.reckoned()?;
    let kind = match term.kind {
        Kind::Free(value) => Kind::Free(value.map(|value| -value)),
        other => other,
    };
    nodes.term(Node::Negate(term.node), kind, at)
}

fn without_value(kind: Kind) -> Kind {
    match kind {
        Kind::Free(_) => Kind::Free(None),
        other => other,
    }
}

/// Two terms reckoned with; `sign` is where the sign between them stands.
pub(super) fn arithmetic(nodes: &mut Nodes, what: Arithmetic, a: Term, b: Term, sign: Range<usize>) -> Result<Term, Stop> {
    let (a, b) = (a.number()?, b.number()?);
    a.reckoned()?;
    b.reckoned()?;
    match what {
        Arithmetic::Add | Arithmetic::Subtract | Arithmetic::Remainder => {
            let at = a.at.start..b.at.end;
            let (mut parts, kind) = alike(nodes, vec![a, b], &sign)?;
            let b = parts.pop().map_or(0, |term| term.node);
            let a = parts.pop().map_or(0, |term| term.node);
            nodes.term(Node::Arithmetic(what, a, b), without_value(kind), at)
        }
        Arithmetic::Multiply | Arithmetic::Divide => scaled(nodes, what, a, b, sign),
    }
}

/// A product or a quotient.
fn scaled(nodes: &mut Nodes, what: Arithmetic, a: Term, b: Term, sign: Range<usize>) -> Result<Term, Stop> {
    let divides = what == Arithmetic::Divide;
    let kind = match (a.kind, b.kind) {
        (Kind::Free(x), Kind::Free(y)) => Kind::Free(x.zip(y).map(|(x, y)| if divides { x / y } else { x * y })),
        (Kind::Measured(dimensions, scale), Kind::Free(_)) => Kind::Measured(dimensions, scale),
        (Kind::Free(_), Kind::Measured(dimensions, scale)) if !divides => Kind::Measured(dimensions, scale),
        (above, below) => {
            let (above, from) = measured(above);
            let (below, to) = measured(below);
            let dimensions = if divides { above.per(&below) } else { above.times(&below) };
            let Some(dimensions) = dimensions else {
                return Err(Stop::at(sign, "nothing measures so high a power", "divide before you multiply again"));
            };
            Kind::Measured(dimensions, if divides { from / to } else { from * to })
        }
    };
    let node_at = a.at.start..b.at.end;
    let node = nodes.push(Node::Arithmetic(what, a.node, b.node), &node_at)?;
    let quotient = match (&a.kind, &b.kind) {
        (_, Kind::Measured(..)) if divides => Some((a.bare, b.bare)),
        (Kind::Measured(..), Kind::Free(_)) => a.quotient,
        (Kind::Free(_), Kind::Measured(..)) => b.quotient,
        _ => None,
    };
    // What the numbers of the text come to: a number by itself, else those that a quantity is multiplied by already.
    let number = |term: &Term| match term.kind {
        Kind::Free(value) => value,
        _ => Some(term.factor.unwrap_or(1.0)),
    };
    let factor = number(&a).zip(number(&b)).map(|(x, y)| if divides { x / y } else { x * y });
    let bare = match (&a.kind, &b.kind) {
        (Kind::Measured(..), Kind::Free(_)) => a.bare,
        (Kind::Free(_), Kind::Measured(..)) if !divides => b.bare,
        _ => node,
    };
    Ok(Term { node, bare, kind, at: node_at, factor, quotient })
}

fn measured(kind: Kind) -> (Dimensions, f64) {
    match kind {
        Kind::Measured(dimensions, scale) => (dimensions, scale),
        Kind::Free(_) | Kind::Condition => (Dimensions::NONE, 1.0),
    }
}

/// The terms in one unit, that of the first that has one.
pub(super) fn alike(nodes: &mut Nodes, terms: Vec<Term>, place: &Range<usize>) -> Result<(Vec<Term>, Kind), Stop> {
    let first = terms.iter().find(|term| matches!(term.kind, Kind::Measured(..))).cloned();
    let Some(Term { kind: Kind::Measured(dimensions, scale), .. }) = first else {
        return Ok((terms, Kind::Free(None)));
    };
    let mut parts = Vec::with_capacity(terms.len());
    for term in terms {
        parts.push(match term.kind {
            Kind::Measured(other, _) if other != dimensions => {
                let message = format!("{} and {} don't go together: they measure different things", show(&dimensions, scale), term.show());
                let hint = "multiply, divide, or use KPIs that measure the same";
                return Err(Stop::at(place.clone(), message, hint));
            }
            Kind::Measured(_, other) if (other / scale - 1.0).abs() > 1e-12 => {
                let node = Node::Scaled(term.node, Unit::ratio(other, scale));
                nodes.term(node, Kind::Measured(dimensions, scale), term.at)?
            }
            _ => term,
        });
    }
    Ok((parts, Kind::Measured(dimensions, scale)))
}

/// Two numbers compared.
pub(super) fn compared(nodes: &mut Nodes, how: Comparison, a: Term, b: Term, sign: &Range<usize>) -> Result<Term, Stop> {
    let at = a.at.start..b.at.end;
    let (parts, _) = alike(nodes, vec![a.number()?, b.number()?], sign)?;
    match parts.as_slice() {
        [a, b] => nodes.term(Node::Compare(how, a.node, b.node), Kind::Condition, at),
        _ => Err(Stop::Elsewhere),
    }
}

/// The result in the unit that it should have.
///
/// A number that the whole is multiplied by, and that is just the step between the two units, is taken for that step:
/// in %, `a / b * 100` is the same as `a / b`.
pub(super) fn result(nodes: &mut Nodes, term: Term, unit: Unit) -> Result<Term, Stop> {
    let term = term.number()?;
    let Kind::Measured(dimensions, scale) = term.kind else {
        return Err(Stop::at(term.at, "the formula names no figure", "name the KPIs that it is made from"));
    };
    let Some(step) = unit.factor_from(&dimensions, scale) else {
        let hint = match Unit::of(&dimensions, scale) {
            Some(other) => format!("set the unit to {other}, or to another that measures the same"),
            None => "check what is divided by what, or choose another unit".to_owned(),
        };
        return Err(Stop::at(term.at.clone(), format!("the formula gives {}, which can't become {unit}", term.show()), hint));
    };
    let is = |a: f64, b: f64| (a / b - 1.0).abs() < 1e-9;
    if is(step, 1.0) || term.factor.is_some_and(|factor| is(factor, step)) {
        return Ok(term);
    }
    if let Some(factor) = term.factor.filter(|factor| is_decimal_step(*factor)) {
        let message = format!("{} becomes {unit} by itself, and the formula multiplies by {factor} beside that", term.show());
        return Err(Stop::at(term.at, message, format!("remove it, or write {step}, which is the step between the two units")));
    }
    let node = nodes.push(Node::Scaled(term.node, step), &term.at)?;
    Ok(Term { node, kind: Kind::Measured(unit.dimensions(), unit.scale()), ..term })
}

/// Whether it is a power of ten as conversions are: 100, 1000, 0.001.
fn is_decimal_step(factor: f64) -> bool {
    let power = factor.abs().log10();
    power.abs() > 1.5 && (power - power.round()).abs() < 1e-9
}
