//! The grammar: from tokens to nodes, checked on the way. Loosest first: `? :`, `||`, `&&`, comparisons, `+ -`, `* / %`,
//! signs, then numbers, names, calls and parentheses.
//!
//! Must never recurse deeper than [`MAX_DEPTH`].

use super::infer::{self, Kind, Nodes, Term};
use super::token::{Piece, Token, cut};
use super::{Environment, MAX_BYTES, Named, Stop, function};
use crate::Unit;
use crate::formula::{Arithmetic, Comparison, Formula, Node};
use std::ops::Range;

/// How deep parentheses, calls, signs and choices may be nested.
const MAX_DEPTH: usize = 32;

const COMPARISONS: &[(&str, Comparison)] = &[
    ("<", Comparison::Less),
    ("<=", Comparison::AtMost),
    (">", Comparison::More),
    (">=", Comparison::AtLeast),
    ("==", Comparison::Equal),
    ("!=", Comparison::Unequal),
];
const SUMS: &[(&str, Arithmetic)] = &[("+", Arithmetic::Add), ("-", Arithmetic::Subtract)];
const PRODUCTS: &[(&str, Arithmetic)] = &[("*", Arithmetic::Multiply), ("/", Arithmetic::Divide), ("%", Arithmetic::Remainder)];

/// A formula that is being read.
pub(super) struct Parser<'t> {
    pieces: std::iter::Peekable<std::vec::IntoIter<Piece<'t>>>,
    end: usize,
    depth: usize,
    pub(super) nodes: Nodes,
    environment: &'t mut dyn Environment,
}

impl<'t> Parser<'t> {
    pub(super) fn new(text: &'t str, environment: &'t mut dyn Environment) -> Result<Self, Stop> {
        if text.len() > MAX_BYTES {
            return Err(Stop::at(0..1, format!("the formula is longer than {MAX_BYTES} bytes"), "make KPIs of some parts of it"));
        }
        Ok(Self { pieces: cut(text)?.into_iter().peekable(), end: text.len(), depth: 0, nodes: Nodes::default(), environment })
    }

    /// The whole text as one term.
    pub(super) fn whole(&mut self) -> Result<Term, Stop> {
        let term = self.choice()?;
        match self.next() {
            Piece { token: Token::End, .. } => Ok(term),
            piece => Err(unexpected(&piece, "an operator or the end")),
        }
    }

    pub(super) fn finish_number(mut self, term: Term, unit: Unit) -> Result<Formula, Stop> {
        let result = infer::result(&mut self.nodes, term, unit)?;
        Ok(self.nodes.finish(&result))
    }

    pub(super) fn finish_condition(self, term: &Term) -> Result<Formula, Stop> {
        let term = term.clone().condition()?;
        Ok(self.nodes.finish(&term))
    }

    fn next(&mut self) -> Piece<'t> {
        self.pieces.next().unwrap_or(Piece { token: Token::End, at: self.end..self.end })
    }

    fn peek(&mut self) -> Token<'t> {
        self.pieces.peek().map_or(Token::End, |piece| piece.token)
    }

    /// Takes the sign if it comes next, and says where it stands.
    pub(super) fn take(&mut self, sign: &str) -> Option<Range<usize>> {
        matches!(self.peek(), Token::Sign(next) if next == sign).then(|| self.next().at)
    }

    /// Takes the sign, which must come next.
    pub(super) fn need(&mut self, sign: &str) -> Result<Range<usize>, Stop> {
        match self.take(sign) {
            Some(at) => Ok(at),
            None => Err(unexpected(&self.next(), &format!("`{sign}`"))),
        }
    }

    fn take_one_of<T: Copy>(&mut self, signs: &[(&str, T)]) -> Option<(T, Range<usize>)> {
        let Token::Sign(next) = self.peek() else { return None };
        let (_, found) = signs.iter().find(|(sign, _)| *sign == next)?;
        Some((*found, self.next().at))
    }

    /// Reads something nested, unless it is nested too deeply.
    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Stop>) -> Result<T, Stop> {
        if self.depth == MAX_DEPTH {
            let at = self.next().at;
            return Err(Stop::at(at, format!("this is nested more than {MAX_DEPTH} deep"), "make KPIs of some parts of it"));
        }
        self.depth += 1;
        let read = read(self);
        self.depth -= 1;
        read
    }

    /// `condition ? this : that`, or what binds more tightly.
    pub(super) fn choice(&mut self) -> Result<Term, Stop> {
        let which = self.nested(Self::either)?;
        let Some(sign) = self.take("?") else { return Ok(which) };
        let which = which.condition()?;
        let yes = self.nested(Self::choice)?.number()?;
        self.need(":")?;
        let no = self.nested(Self::choice)?.number()?;
        let at = which.at.start..no.at.end;
        let (parts, kind) = infer::alike(&mut self.nodes, vec![yes, no], &sign)?;
        match parts.as_slice() {
            [yes, no] => self.nodes.term(Node::Choose(which.node, yes.node, no.node), kind, at),
            _ => Err(Stop::Elsewhere),
        }
    }

    fn either(&mut self) -> Result<Term, Stop> {
        self.joined("||", Node::Either, Self::both)
    }

    fn both(&mut self) -> Result<Term, Stop> {
        self.joined("&&", Node::Both, Self::comparison)
    }

    /// Conditions joined by a sign.
    fn joined(&mut self, sign: &str, node: fn(u16, u16) -> Node, tighter: fn(&mut Self) -> Result<Term, Stop>) -> Result<Term, Stop> {
        let mut all = tighter(self)?;
        while self.take(sign).is_some() {
            let one = tighter(self)?.condition()?;
            all = all.condition()?;
            let at = all.at.start..one.at.end;
            all = self.nodes.term(node(all.node, one.node), Kind::Condition, at)?;
        }
        Ok(all)
    }

    fn comparison(&mut self) -> Result<Term, Stop> {
        let a = self.sum()?;
        let Some((how, sign)) = self.take_one_of(COMPARISONS) else { return Ok(a) };
        let b = self.sum()?;
        let compared = infer::compared(&mut self.nodes, how, a, b, &sign)?;
        match self.take_one_of(COMPARISONS) {
            None => Ok(compared),
            Some((_, at)) => Err(Stop::at(at, "comparisons don't follow one another", "write a < b && b < c")),
        }
    }

    fn sum(&mut self) -> Result<Term, Stop> {
        self.reckoned(SUMS, Self::product)
    }

    fn product(&mut self) -> Result<Term, Stop> {
        self.reckoned(PRODUCTS, Self::signed)
    }

    /// Terms reckoned with, from left to right.
    fn reckoned(&mut self, signs: &[(&str, Arithmetic)], tighter: fn(&mut Self) -> Result<Term, Stop>) -> Result<Term, Stop> {
        let mut all = tighter(self)?;
        while let Some((what, sign)) = self.take_one_of(signs) {
            let one = tighter(self)?;
            all = infer::arithmetic(&mut self.nodes, what, all, one, sign)?;
        }
        Ok(all)
    }

    fn signed(&mut self) -> Result<Term, Stop> {
        if let Some(sign) = self.take("-") {
            let term = self.nested(Self::signed)?;
            let at = sign.start..term.at.end;
            return infer::negative(&mut self.nodes, term, at);
        }
        if let Some(sign) = self.take("!") {
            let term = self.nested(Self::signed)?.condition()?;
            let at = sign.start..term.at.end;
            return self.nodes.term(Node::Not(term.node), Kind::Condition, at);
        }
        self.simple()
    }

    fn simple(&mut self) -> Result<Term, Stop> {
        let piece = self.next();
        match piece.token {
            Token::Number(number) => self.nodes.term(Node::Number(number), Kind::Free(Some(number)), piece.at),
            Token::Name(name) if matches!(self.peek(), Token::Sign("(")) => function::call(self, name, piece.at),
            Token::Name(name) => self.figure(name, piece.at),
            Token::Sign("(") => {
                let inner = self.choice()?;
                let end = self.need(")")?;
                Ok(inner.spanning(piece.at.start..end.end))
            }
            _ => Err(unexpected(&piece, "a number, a name or (")),
        }
    }

    fn figure(&mut self, name: &str, at: Range<usize>) -> Result<Term, Stop> {
        match self.environment.named(name, at.clone())? {
            Named::Operand { number, unit } => self.nodes.term(Node::Operand(number), Kind::Measured(unit.dimensions(), unit.scale()), at),
            Named::Constant { value, unit } => self.nodes.term(Node::Number(value), Kind::Measured(unit.dimensions(), unit.scale()), at),
        }
    }

    /// `name: NAME`, as functions of many figures are given them: the word, and the operand that it stands before.
    pub(super) fn labelled(&mut self) -> Result<(&'t str, u16, Unit, Range<usize>), Stop> {
        let label = self.next();
        let Token::Name(word) = label.token else { return Err(unexpected(&label, "a word, a colon and a KPI")) };
        self.need(":")?;
        let piece = self.next();
        let Token::Name(name) = piece.token else { return Err(unexpected(&piece, "the name of a KPI")) };
        match self.environment.named(name, piece.at.clone())? {
            Named::Operand { number, unit } => Ok((word, number, unit, label.at.start..piece.at.end)),
            Named::Constant { .. } => Err(Stop::at(piece.at, format!("{name} has no hours"), "write the name of a KPI")),
        }
    }
}

fn unexpected(piece: &Piece<'_>, wanted: &str) -> Stop {
    let found = match piece.token {
        Token::Number(number) => number.to_string(),
        Token::Name(name) => format!("`{name}`"),
        Token::Sign(sign) => format!("`{sign}`"),
        Token::End => "the end".to_owned(),
    };
    Stop::at(piece.at.clone(), format!("{found} stands where {wanted} should"), "check the parentheses and signs around it")
}
