//! The formula language of definition files: text in, a checked [`Formula`] out.
//!
//! A small part of CEL: numbers, names, `+ - * / %`, comparisons, `&& || !`, `c ? a : b`, and functions. What a name
//! stands for is said by an [`Environment`], so that KPIs and other definitions share the language. Units are inferred
//! on the way, and a result that measures something else than it should is a problem at its place.
//!
//! Must never recurse as deep as a text likes, nor evaluate anything.

mod function;
mod infer;
mod parse;
#[cfg(test)]
mod tests;
mod token;

use crate::Unit;
use crate::formula::Formula;
use parse::Parser;
use std::ops::Range;

/// The longest text, in bytes.
const MAX_BYTES: usize = 2000;

/// What is wrong with a formula, and where in its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fault {
    /// The bytes of the text that it is about.
    pub(super) at: Range<usize>,
    pub(super) message: String,
    pub(super) hint: String,
}

/// Why a formula could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Stop {
    Fault(Fault),
    /// Something that it names has a problem of its own, which has been told.
    Elsewhere,
}

impl Stop {
    fn at(at: Range<usize>, message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self::Fault(Fault { at, message: message.into(), hint: hint.into() })
    }
}

/// What a name stands for.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Named {
    /// A figure that is known when the formula is evaluated.
    Operand { number: u16, unit: Unit },
    /// One that is known already.
    Constant { value: f64, unit: Unit },
}

/// Which names there are.
pub(super) trait Environment {
    /// What the name at this place stands for.
    ///
    /// # Errors
    /// When it stands for nothing, or for nothing that may be used here.
    fn named(&mut self, name: &str, at: Range<usize>) -> Result<Named, Stop>;
}

/// A formula whose result is a number in this unit.
///
/// # Errors
/// The first thing that is wrong with it.
pub(super) fn number(text: &str, unit: Unit, environment: &mut dyn Environment) -> Result<Formula, Stop> {
    let mut parser = Parser::new(text, environment)?;
    let result = parser.whole()?;
    parser.finish_number(result, unit)
}

/// A formula whose result is a condition.
///
/// # Errors
/// The first thing that is wrong with it.
pub(super) fn condition(text: &str, environment: &mut dyn Environment) -> Result<Formula, Stop> {
    let mut parser = Parser::new(text, environment)?;
    let result = parser.whole()?;
    parser.finish_condition(&result)
}
