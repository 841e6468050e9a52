//! Line protocol: `measurement[,tag=value…] field=value[,field=value…] [timestamp]`, one or more observations a line.
//!
//! It follows InfluxDB's reference for version 2 (escapes, `1i`, `1u`, booleans, quoted strings, comments). It never
//! copies what it can borrow from the body: this is the way in that has to carry the most.

use super::{Draft, Given, Incoming, Item, MAX_ITEMS, Pair, Refusal};
use jiff::Timestamp;
use std::borrow::Cow;
use taydo_model::{ErrorCode, SampleState, source::Field};

/// What a timestamp counts, as the query parameter `precision` names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Precision {
    /// Nanoseconds: what is meant when the parameter is absent.
    #[default]
    Nanoseconds,
    /// Microseconds.
    Microseconds,
    /// Milliseconds.
    Milliseconds,
    /// Seconds.
    Seconds,
}

impl Precision {
    /// Reads the query parameter: `ns`, `us`, `ms` or `s`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Some(match text {
            "ns" => Self::Nanoseconds,
            "us" => Self::Microseconds,
            "ms" => Self::Milliseconds,
            "s" => Self::Seconds,
            _ => return None,
        })
    }

    fn time(self, count: i64) -> Option<Timestamp> {
        match self {
            Self::Nanoseconds => Timestamp::from_nanosecond(i128::from(count)).ok(),
            Self::Microseconds => Timestamp::from_microsecond(count).ok(),
            Self::Milliseconds => Timestamp::from_millisecond(count).ok(),
            Self::Seconds => Timestamp::from_second(count).ok(),
        }
    }
}

/// A field's value.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Value<'a> {
    Number(f64),
    /// What stands between the quotes, escapes and all.
    Text(&'a str),
}

/// One line as it is read; its vectors are used again for the next one.
#[derive(Debug, Default)]
struct Line<'a> {
    measurement: Cow<'a, str>,
    tags: Vec<Pair<'a>>,
    fields: Vec<(Cow<'a, str>, Value<'a>)>,
    time: Option<Timestamp>,
}

/// Reads a body. Fields that `mapping` names become its metrics, all others `measurement.field`; tags become labels.
/// Texts are left out unless the mapping wants a number there. A bad line is refused and reading goes on after it.
///
/// # Errors
/// When the body has more than [`MAX_ITEMS`] lines; nothing has been handed over then.
pub fn decode(body: &[u8], precision: Precision, mapping: &[Field], take: &mut dyn FnMut(Item<'_>)) -> Result<(), Refusal> {
    // The line feeds inside quoted texts count as well; a body near the limit is split by its sender anyway.
    if body.iter().filter(|&&byte| byte == b'\n').count() >= MAX_ITEMS {
        return Err(Refusal::new(ErrorCode::TooLarge, format!("the body has more than {MAX_ITEMS} lines; send it in parts")));
    }
    let mut cursor = Cursor { body, at: 0 };
    let mut line = Line::default();
    let mut name = String::new();
    let mut index = 0;
    while cursor.at < body.len() {
        let start = cursor.at;
        match cursor.line(&mut line, precision) {
            Ok(true) => emit(&line, mapping, &mut name, index, cursor.since(start), take),
            Ok(false) => {}
            Err((code, problem)) => {
                let column = cursor.at.saturating_sub(start) + 1;
                // An open quote must not swallow the lines after it.
                cursor.at = start;
                cursor.skip_line();
                let message = format!("line {}, column {column}: {problem}", index + 1);
                take(Item { index, payload: cursor.since(start), content: Err(Refusal::new(code, message)) });
            }
        }
        index += 1 + cursor.since(start).iter().filter(|&&byte| byte == b'\n').count().saturating_sub(1);
    }
    Ok(())
}

/// Hands a line's observations over.
fn emit(line: &Line<'_>, mapping: &[Field], name: &mut String, index: usize, payload: &[u8], take: &mut dyn FnMut(Item<'_>)) {
    let mut labels = Vec::new();
    for (field, value) in &line.fields {
        let mapped = find(mapping, &line.measurement, field);
        let (metric, unit) = match (value, mapped) {
            (Value::Text(_), None) => continue,
            (_, Some(mapped)) => (mapped.metric.as_str(), Given::Unit(mapped.unit)),
            // Codes of states are no metrics.
            (Value::Number(_), None) if is_state(mapping, &line.measurement, field) => continue,
            (Value::Number(_), None) => {
                name.clear();
                name.push_str(&line.measurement);
                name.push('.');
                name.push_str(field);
                (name.as_str(), Given::Metrics)
            }
        };
        let content = number_and_state(line, field, value, mapped, index).map(|(value, state)| {
            let own = mapped.filter(|mapped| !mapped.labels.is_empty());
            if let Some(mapped) = own {
                labels.clone_from(&line.tags);
                labels.extend(mapped.labels.iter().map(|(name, value)| (Cow::Borrowed(name.as_str()), Cow::Borrowed(value))));
            }
            let labels = if own.is_some() { &labels } else { &line.tags };
            Incoming::Observation(Draft { metric, labels, time: line.time, value, unit, revision: 0, state })
        });
        take(Item { index, payload, content });
    }
}

fn number_and_state(
    line: &Line<'_>,
    field: &str,
    value: &Value<'_>,
    mapped: Option<&Field>,
    index: usize,
) -> Result<(f64, SampleState), Refusal> {
    let Value::Number(value) = value else {
        let message = format!("line {}: field {field:?} is a text, and its metric needs a number", index + 1);
        return Err(Refusal::new(ErrorCode::InvalidValue, message));
    };
    let Some(mapped) = mapped else { return Ok((*value, SampleState::Normal)) };
    let state = super::state(mapped, |name| {
        line.fields.iter().find(|(field, _)| stands_for(name, &line.measurement, field)).map(|(_, code)| match code {
            Value::Number(code) => code.to_string(),
            Value::Text(code) => (*code).to_owned(),
        })
    });
    let state = state.map_err(|refusal| Refusal { message: format!("line {}: {}", index + 1, refusal.message), ..refusal })?;
    Ok((*value, state))
}

fn is_state(mapping: &[Field], measurement: &str, field: &str) -> bool {
    mapping.iter().filter_map(|entry| entry.state.as_ref()).any(|state| stands_for(&state.name, measurement, field))
}

/// Whether a name of the mapping, `measurement.field` or the field alone, is this field's.
fn stands_for(name: &str, measurement: &str, field: &str) -> bool {
    name == field || name.strip_prefix(measurement).and_then(|rest| rest.strip_prefix('.')).is_some_and(|rest| rest == field)
}

/// The mapping's entry for a field: `measurement.field` before the field alone.
fn find<'m>(mapping: &'m [Field], measurement: &str, field: &str) -> Option<&'m Field> {
    let whole =
        |entry: &&Field| entry.name.strip_prefix(measurement).and_then(|rest| rest.strip_prefix('.')).is_some_and(|rest| rest == field);
    mapping.iter().find(whole).or_else(|| mapping.iter().find(|entry| entry.name == field))
}

type Problem = (ErrorCode, Cow<'static, str>);

fn malformed<T>(problem: &'static str) -> Result<T, Problem> {
    Err((ErrorCode::Malformed, Cow::Borrowed(problem)))
}

/// Where the reading stands.
struct Cursor<'a> {
    body: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn peek(&self) -> Option<u8> {
        self.body.get(self.at).copied()
    }

    fn since(&self, start: usize) -> &'a [u8] {
        self.body.get(start..self.at).unwrap_or_default()
    }

    fn skip_line(&mut self) {
        let rest = self.body.get(self.at..).unwrap_or_default();
        self.at += rest.iter().position(|&byte| byte == b'\n').map_or(rest.len(), |at| at + 1);
    }

    fn skip_spaces(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r')) {
            self.at += 1;
        }
    }

    /// Reads one line into `line`. `false` for a blank one and for a comment. On a problem it stays where that is.
    fn line(&mut self, line: &mut Line<'a>, precision: Precision) -> Result<bool, Problem> {
        line.tags.clear();
        line.fields.clear();
        line.time = None;
        self.skip_spaces();
        match self.peek() {
            None => return Ok(false),
            Some(b'\n' | b'#') => {
                self.skip_line();
                return Ok(false);
            }
            Some(_) => {}
        }
        line.measurement = self.token(b", ", b", ")?;
        if line.measurement.is_empty() {
            return malformed("a line begins with the measurement's name");
        }
        while self.peek() == Some(b',') {
            self.at += 1;
            let pair = self.tag()?;
            line.tags.push(pair);
        }
        if self.peek() != Some(b' ') {
            return malformed("the fields are missing: measurement[,tag=value] field=value [timestamp]");
        }
        self.skip_spaces();
        loop {
            let field = self.field()?;
            line.fields.push(field);
            if self.peek() != Some(b',') {
                break;
            }
            self.at += 1;
        }
        line.time = self.timestamp(precision)?;
        Ok(true)
    }

    fn tag(&mut self) -> Result<Pair<'a>, Problem> {
        let name = self.token(b",= ", b",= ")?;
        if name.is_empty() || self.peek() != Some(b'=') {
            return malformed("expected a tag: name=value");
        }
        self.at += 1;
        let value = self.token(b",= ", b",= ")?;
        if value.is_empty() || self.peek() == Some(b'=') {
            return malformed("expected the tag's value; commas, equals signs and spaces in it need a backslash");
        }
        Ok((name, value))
    }

    fn field(&mut self) -> Result<(Cow<'a, str>, Value<'a>), Problem> {
        let name = self.token(b",= ", b",= ")?;
        if name.is_empty() || self.peek() != Some(b'=') {
            return malformed("expected a field: name=value");
        }
        self.at += 1;
        if self.peek() == Some(b'"') {
            return Ok((name, Value::Text(self.quoted()?)));
        }
        let start = self.at;
        while !matches!(self.peek(), None | Some(b',' | b' ' | b'\n' | b'\r')) {
            self.at += 1;
        }
        match number(self.since(start)) {
            Some(number) => Ok((name, Value::Number(number))),
            None => {
                self.at = start;
                malformed("expected a number (1.5, 2i, 3u), a boolean or a quoted text")
            }
        }
    }

    /// A quoted text, without the quotes: the centre measures numbers, and only a state may be one.
    fn quoted(&mut self) -> Result<&'a str, Problem> {
        let start = self.at;
        self.at += 1;
        loop {
            match self.peek() {
                None => {
                    self.at = start;
                    return malformed("the text that begins here has no closing quote");
                }
                Some(b'\\') => self.at += 2,
                Some(b'"') => {
                    let text = self.body.get(start + 1..self.at).unwrap_or_default();
                    self.at += 1;
                    return Ok(std::str::from_utf8(text).unwrap_or_default());
                }
                Some(_) => self.at += 1,
            }
        }
    }

    /// The time at the line's end, and the end itself.
    fn timestamp(&mut self, precision: Precision) -> Result<Option<Timestamp>, Problem> {
        self.skip_spaces();
        let start = self.at;
        while matches!(self.peek(), Some(b'-' | b'0'..=b'9')) {
            self.at += 1;
        }
        let digits = self.since(start);
        self.skip_spaces();
        match self.peek() {
            None => {}
            Some(b'\n') => self.at += 1,
            Some(_) => return malformed("expected the timestamp, a whole number, and the line's end"),
        }
        if digits.is_empty() {
            return Ok(None);
        }
        let count = std::str::from_utf8(digits).ok().and_then(|text| text.parse().ok());
        match count.and_then(|count| precision.time(count)) {
            Some(time) => Ok(Some(time)),
            None => {
                self.at = start;
                Err((ErrorCode::InvalidTime, Cow::Borrowed("the timestamp is outside of the calendar; is `precision` right?")))
            }
        }
    }

    /// The text up to one of `stops` or the line's end. A backslash before one of `escaped` takes it as it is.
    fn token(&mut self, stops: &[u8], escaped: &[u8]) -> Result<Cow<'a, str>, Problem> {
        let start = self.at;
        let mut escapes = false;
        while let Some(byte) = self.peek() {
            if byte == b'\\' && self.body.get(self.at + 1).is_some_and(|next| escaped.contains(next)) {
                escapes = true;
                self.at += 2;
                continue;
            }
            if byte == b'\n' || stops.contains(&byte) {
                break;
            }
            self.at += 1;
        }
        let Ok(text) = std::str::from_utf8(self.since(start)) else {
            self.at = start;
            return malformed("what begins here is not UTF-8");
        };
        if !escapes {
            return Ok(Cow::Borrowed(text));
        }
        let mut plain = String::with_capacity(text.len());
        let mut letters = text.chars().peekable();
        while let Some(letter) = letters.next() {
            let next = letters.peek().and_then(|next| u8::try_from(*next).ok());
            match (letter, next) {
                ('\\', Some(next)) if escaped.contains(&next) => plain.extend(letters.next()),
                _ => plain.push(letter),
            }
        }
        Ok(Cow::Owned(plain))
    }
}

/// A field's number: `1.5`, `2i`, `3u`, or a boolean as 0 or 1.
fn number(text: &[u8]) -> Option<f64> {
    let text = std::str::from_utf8(text).ok()?;
    match text {
        "t" | "T" | "true" | "True" | "TRUE" => return Some(1.0),
        "f" | "F" | "false" | "False" | "FALSE" => return Some(0.0),
        _ => {}
    }
    // Whole numbers beyond 53 bits lose their last digits here; no metric's ticks go that far.
    #[allow(clippy::cast_precision_loss)]
    if let Some(digits) = text.strip_suffix('i') {
        return digits.parse::<i64>().ok().map(|whole| whole as f64);
    } else if let Some(digits) = text.strip_suffix('u') {
        return digits.parse::<u64>().ok().map(|whole| whole as f64);
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests;
