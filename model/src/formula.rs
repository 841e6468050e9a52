//! Formulas: arithmetic over named figures, as definition files write it, lowered to a list of nodes.
//!
//! A node's parts stand before it, so evaluation is one pass without recursion, however a formula is nested. It can't
//! fail: what divides by zero, leaves the range of doubles or rests on a missing operand is missing. Nothing here reads
//! text or knows a name: operands are numbers, and whoever evaluates says what they stand for.

pub mod air;

use air::AirQuality;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A node's number in its formula.
pub type At = u16;

/// A formula: numbers and conditions over operands. Conditions are kept apart from numbers by who builds it.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Formula {
    nodes: Vec<Node>,
    /// The nodes that are divided by one another where the formula is a quotient, a conversion of its unit apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    quotient: Option<(At, At)>,
}

/// One step. Each is missing when a part that it needs is; those that do without say so.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Node {
    /// A number of the text, or a constant of the city.
    Number(f64),
    /// The operand with this number.
    Operand(u16),
    /// A part in another unit: times this factor.
    Scaled(At, f64),
    /// −a
    Negate(At),
    /// |a|
    Absolute(At),
    /// To the nearest whole number, halves away from zero.
    Round(At),
    /// Two parts reckoned with.
    Arithmetic(Arithmetic, At, At),
    /// The smallest of the parts.
    Least(Vec<At>),
    /// The largest of the parts.
    Greatest(Vec<At>),
    /// The first part, but not below the second, nor above the third.
    Clamp(At, At, At),
    /// The first part that isn't missing.
    Coalesce(Vec<At>),
    /// The second part where the condition, which is the first, holds, else the third; the other one may be missing.
    Choose(At, At, At),
    /// A condition: two numbers compared.
    Compare(Comparison, At, At),
    /// A condition: both hold. One that doesn't hold decides, also when the other is missing.
    Both(At, At),
    /// A condition: one of them holds. One that holds decides, also when the other is missing.
    Either(At, At),
    /// A condition: the part doesn't hold.
    Not(At),
    /// A condition: the part isn't missing. It is never missing itself.
    Has(At),
    /// An index of the air's quality.
    AirQuality(AirQuality),
}

/// What is done with two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Arithmetic {
    Add,
    Subtract,
    Multiply,
    /// Missing when the divisor is zero.
    Divide,
    /// The remainder, with the sign of what is divided; missing when the divisor is zero.
    Remainder,
}

/// How two numbers are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "FormulaComparison")]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Comparison {
    Less,
    AtMost,
    More,
    AtLeast,
    Equal,
    Unequal,
}

/// What a formula gives.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Outcome {
    /// The number; absent when it is missing. Always finite.
    pub value: Option<f64>,
    /// What was divided and by what, where the formula is a quotient and has a value.
    pub parts: Option<(f64, f64)>,
}

impl Formula {
    /// A formula of these nodes, each after its parts; the last one is the result. `quotient` are the nodes that are
    /// divided where it is a quotient.
    #[must_use]
    pub fn new(nodes: Vec<Node>, quotient: Option<(At, At)>) -> Self {
        Self { nodes, quotient }
    }

    /// The nodes, each after its parts.
    #[must_use]
    pub fn nodes(&self) -> &[Node] {
        &self.nodes
    }

    /// How many hours back an operand is read, beside the present one.
    #[must_use]
    pub fn hours_back(&self, operand: u16) -> u8 {
        let indices = self.nodes.iter().filter_map(|node| match node {
            Node::AirQuality(index) => Some(index.hours_back(operand)),
            _ => None,
        });
        indices.max().unwrap_or(0)
    }

    /// The result, given what each operand was so many hours back; zero is now.
    #[must_use]
    pub fn evaluate(&self, operand: &dyn Fn(u16, u8) -> Option<f64>) -> Outcome {
        let mut values: Vec<Option<f64>> = Vec::with_capacity(self.nodes.len());
        for node in &self.nodes {
            let of = |at: At| values.get(usize::from(at)).copied().flatten();
            let value = node.value(&of, operand).filter(|value| value.is_finite());
            values.push(value);
        }
        let of = |at: At| values.get(usize::from(at)).copied().flatten();
        let value = values.last().copied().flatten();
        let parts = self.quotient.filter(|_| value.is_some()).and_then(|(above, below)| Some((of(above)?, of(below)?)));
        Outcome { value, parts }
    }

    /// Whether the condition that the formula is holds; `None` when that can't be said.
    #[must_use]
    pub fn holds(&self, operand: &dyn Fn(u16, u8) -> Option<f64>) -> Option<bool> {
        self.evaluate(operand).value.map(is_true)
    }
}

/// Conditions are kept as numbers: zero doesn't hold.
fn is_true(value: f64) -> bool {
    value != 0.0
}

fn truth(holds: bool) -> f64 {
    f64::from(u8::from(holds))
}

impl Node {
    fn value(&self, of: &dyn Fn(At) -> Option<f64>, operand: &dyn Fn(u16, u8) -> Option<f64>) -> Option<f64> {
        let condition = |at: At| of(at).map(is_true);
        match self {
            Self::Number(number) => Some(*number),
            Self::Operand(number) => operand(*number, 0),
            Self::Scaled(at, factor) => Some(of(*at)? * factor),
            Self::Negate(at) => Some(-of(*at)?),
            Self::Absolute(at) => Some(of(*at)?.abs()),
            Self::Round(at) => Some(of(*at)?.round()),
            Self::Arithmetic(what, a, b) => what.apply(of(*a)?, of(*b)?),
            Self::Least(parts) => extreme(parts, of, f64::min),
            Self::Greatest(parts) => extreme(parts, of, f64::max),
            Self::Clamp(value, low, high) => Some(of(*value)?.max(of(*low)?).min(of(*high)?)),
            Self::Coalesce(parts) => parts.iter().find_map(|at| of(*at)),
            Self::Choose(which, yes, no) => of(if condition(*which)? { *yes } else { *no }),
            Self::Compare(how, a, b) => Some(truth(how.holds(of(*a)?, of(*b)?))),
            Self::Both(a, b) => decided(condition(*a), condition(*b), false),
            Self::Either(a, b) => decided(condition(*a), condition(*b), true),
            Self::Not(at) => Some(truth(!condition(*at)?)),
            Self::Has(at) => Some(truth(of(*at).is_some())),
            Self::AirQuality(index) => index.value(operand),
        }
    }
}

fn extreme(parts: &[At], of: &dyn Fn(At) -> Option<f64>, of_two: fn(f64, f64) -> f64) -> Option<f64> {
    let all: Option<Vec<f64>> = parts.iter().map(|at| of(*at)).collect();
    all?.into_iter().reduce(of_two)
}

/// What two conditions give when one that is `decisive` settles it.
fn decided(a: Option<bool>, b: Option<bool>, decisive: bool) -> Option<f64> {
    if a == Some(decisive) || b == Some(decisive) {
        return Some(truth(decisive));
    }
    (a.is_some() && b.is_some()).then(|| truth(!decisive))
}

impl Arithmetic {
    fn apply(self, a: f64, b: f64) -> Option<f64> {
        match self {
            Self::Add => Some(a + b),
            Self::Subtract => Some(a - b),
            Self::Multiply => Some(a * b),
            Self::Divide => (b != 0.0).then(|| a / b),
            Self::Remainder => (b != 0.0).then(|| a % b),
        }
    }
}

impl Comparison {
    #[allow(clippy::float_cmp, reason = "equal means equal to the last bit, as in any language; files are told to round first")]
    fn holds(self, a: f64, b: f64) -> bool {
        match self {
            Self::Less => a < b,
            Self::AtMost => a <= b,
            Self::More => a > b,
            Self::AtLeast => a >= b,
            Self::Equal => a == b,
            Self::Unequal => a != b,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_not_be_said_is_missing() {
        let check = |nodes: Vec<Node>, expected: Option<f64>| {
            let formula = Formula::new(nodes.clone(), None);
            assert_eq!(formula.evaluate(&|operand, _| (operand == 0).then_some(6.0)).value, expected, "{nodes:?}");
        };
        let (has, lacks) = (Node::Operand(0), Node::Operand(1));
        let number = Node::Number;
        check(vec![], None);
        check(vec![Node::Negate(5)], None);
        check(vec![has.clone(), number(4.0), Node::Arithmetic(Arithmetic::Remainder, 0, 1)], Some(2.0));
        check(vec![has.clone(), number(0.0), Node::Arithmetic(Arithmetic::Divide, 0, 1)], None);
        check(vec![has.clone(), number(0.0), Node::Arithmetic(Arithmetic::Remainder, 0, 1)], None);
        check(vec![number(1e308), number(10.0), Node::Arithmetic(Arithmetic::Multiply, 0, 1)], None);
        check(vec![has.clone(), lacks.clone(), Node::Arithmetic(Arithmetic::Add, 0, 1)], None);
        check(vec![has.clone(), lacks.clone(), Node::Greatest(vec![0, 1])], None);
        check(vec![lacks.clone(), has.clone(), Node::Coalesce(vec![0, 1])], Some(6.0));
        check(vec![lacks.clone(), Node::Has(0)], Some(0.0));
        check(vec![has.clone(), lacks.clone(), Node::Has(1), Node::Choose(2, 1, 0)], Some(6.0));
        check(vec![has.clone(), lacks.clone(), Node::Choose(1, 0, 0)], None);
        check(vec![has.clone(), number(7.0), number(9.0), Node::Clamp(0, 1, 2)], Some(7.0));
        check(vec![number(-2.5), Node::Round(0)], Some(-3.0));
    }

    #[test]
    fn a_condition_that_decides_needs_no_other() {
        let check = |node: fn(At, At) -> Node, a: f64, expected: Option<bool>| {
            let formula = Formula::new(vec![Node::Number(a), Node::Operand(0), node(0, 1)], None);
            assert_eq!(formula.holds(&|_, _| None), expected);
        };
        check(Node::Both, 0.0, Some(false));
        check(Node::Both, 1.0, None);
        check(Node::Either, 1.0, Some(true));
        check(Node::Either, 0.0, None);
    }

    #[test]
    fn a_quotient_tells_its_parts() {
        let divide = Node::Arithmetic(Arithmetic::Divide, 0, 1);
        let formula = Formula::new(vec![Node::Operand(0), Node::Operand(1), divide, Node::Scaled(2, 100.0)], Some((0, 1)));
        let outcome = formula.evaluate(&|operand, _| Some([3.0, 4.0][usize::from(operand)]));
        assert_eq!(outcome, Outcome { value: Some(75.0), parts: Some((3.0, 4.0)) });
        let by_zero = formula.evaluate(&|operand, _| Some([3.0, 0.0][usize::from(operand)]));
        assert_eq!(by_zero, Outcome::default());
    }
}
