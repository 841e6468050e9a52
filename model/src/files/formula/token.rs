//! Tokens: a formula's text cut into numbers, names and signs.
//!
//! Must never know what a name stands for.

use super::Stop;
use std::ops::Range;

/// One piece of the text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Token<'t> {
    Number(f64),
    /// A whole dotted name: `energy.load`, `city.population`, `min`.
    Name(&'t str),
    Sign(&'static str),
    End,
}

/// A piece with its place.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Piece<'t> {
    pub(super) token: Token<'t>,
    pub(super) at: Range<usize>,
}

/// The longer signs first.
const SIGNS: &[&str] = &["<=", ">=", "==", "!=", "&&", "||", "+", "-", "*", "/", "%", "<", ">", "!", "?", ":", ",", "(", ")"];

/// What people write for a sign that the language has another for.
const MISTAKES: &[(&str, &str)] = &[
    ("×", "write *"),
    ("·", "write *"),
    ("÷", "write /"),
    ("−", "write -"),
    ("–", "write -"),
    ("≤", "write <="),
    ("≥", "write >="),
    ("≠", "write !="),
    ("=", "compare with =="),
    ("&", "write &&"),
    ("|", "write ||"),
    ("^", "multiply the number by itself"),
    ("[", "write ( and )"),
    ("{", "write ( and )"),
];

/// All pieces, and the end.
pub(super) fn cut(text: &str) -> Result<Vec<Piece<'_>>, Stop> {
    let mut pieces = Vec::new();
    let mut at = 0;
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let blanks = rest.len() - rest.trim_start().len();
        if blanks > 0 {
            at += blanks;
            continue;
        }
        let (token, length) = first(rest, at)?;
        pieces.push(Piece { token, at: at..at + length });
        at += length;
    }
    pieces.push(Piece { token: Token::End, at: text.len()..text.len() });
    Ok(pieces)
}

fn first(rest: &str, at: usize) -> Result<(Token<'_>, usize), Stop> {
    let begins_with = |test: fn(char) -> bool| rest.chars().next().is_some_and(test);
    if begins_with(|c| c.is_ascii_digit() || c == '.') {
        return number(rest, at);
    }
    if begins_with(|c| c.is_ascii_alphabetic() || c == '_') {
        let length = name_length(rest);
        return Ok((Token::Name(rest.get(..length).unwrap_or_default()), length));
    }
    if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
        return Ok((Token::Sign(sign), sign.len()));
    }
    let character: String = rest.chars().take(1).collect();
    let hint = MISTAKES.iter().find(|(mistake, _)| rest.starts_with(mistake)).map_or("remove it", |(_, hint)| hint);
    Err(Stop::at(at..at + character.len(), format!("formulas have no {character:?}"), hint))
}

/// A name goes on over dots and, between letters or digits, over dashes, as ids do.
fn name_length(rest: &str) -> usize {
    let in_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut length = 0;
    let mut characters = rest.char_indices().peekable();
    while let Some((place, c)) = characters.next() {
        let goes_on = characters.peek().is_some_and(|(_, next)| in_name(*next));
        if !(in_name(c) || ((c == '.' || c == '-') && goes_on)) {
            break;
        }
        length = place + c.len_utf8();
    }
    length
}

/// Digits, perhaps with a point, groups (`1_250_000`) and an exponent.
fn number(rest: &str, at: usize) -> Result<(Token<'_>, usize), Stop> {
    let mut length = 0;
    let mut before = ' ';
    for (place, c) in rest.char_indices() {
        let in_number = c.is_ascii_alphanumeric() || c == '.' || c == '_' || ((c == '+' || c == '-') && matches!(before, 'e' | 'E'));
        if !in_number {
            break;
        }
        length = place + 1;
        before = c;
    }
    let text = rest.get(..length).unwrap_or_default();
    let digits: String = text.chars().filter(|c| *c != '_').collect();
    match digits.parse::<f64>().ok().filter(|number| number.is_finite()) {
        Some(number) => Ok((Token::Number(number), length)),
        None => Err(Stop::at(at..at + length, format!("{text:?} is not a number"), "write it like 12.5, 1_250_000 or 1e6")),
    }
}
