//! Templates of gateways: a text with places such as `{address}`, filled so that a value can't break out of its place.
//!
//! It must never fill anything but the places that it knows.

use std::fmt::Write as _;

/// How a value is written into its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::paging) enum Escape {
    /// Within a string of JSON.
    Json,
    /// Within a form's body or an address: percent-encoded.
    Form,
    /// As it is, without line ends: a header.
    Header,
    /// As it is.
    Plain,
}

/// What can stand in a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Address,
    Text,
    Subject,
    Reference,
    Secret,
}

const PLACES: [(&str, Place); 5] = [
    ("address", Place::Address),
    ("text", Place::Text),
    ("subject", Place::Subject),
    ("reference", Place::Reference),
    ("secret", Place::Secret),
];

/// The values of one message.
#[derive(Clone, Copy, Default)]
pub(in crate::paging) struct Values<'a> {
    pub(in crate::paging) address: &'a str,
    pub(in crate::paging) text: &'a str,
    pub(in crate::paging) subject: &'a str,
    pub(in crate::paging) reference: &'a str,
    pub(in crate::paging) secret: &'a str,
}

impl Values<'_> {
    fn of(&self, place: Place) -> &str {
        match place {
            Place::Address => self.address,
            Place::Text => self.text,
            Place::Subject => self.subject,
            Place::Reference => self.reference,
            Place::Secret => self.secret,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    Place(Place),
}

/// A text with places.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::paging) struct Template {
    parts: Vec<Part>,
    escape: Escape,
}

impl Template {
    /// Reads a template. A brace that no word of small letters and `}` follow is an ordinary character, so JSON needs no escaping.
    ///
    /// # Errors
    /// When a place has a name that there isn't.
    pub(in crate::paging) fn parse(text: &str, escape: Escape) -> Result<Self, String> {
        let (mut parts, mut literal, mut rest) = (Vec::new(), String::new(), text);
        while let Some((before, after)) = rest.split_once('{') {
            literal.push_str(before);
            let name = after.split_once('}').map(|(name, _)| name);
            match name.filter(|name| !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')) {
                Some(name) => {
                    let known = PLACES.iter().find(|(known, _)| *known == name);
                    let names = || PLACES.map(|(name, _)| format!("{{{name}}}")).join(" ");
                    let (_, place) = known.ok_or_else(|| format!("there is no place {{{name}}}; there are {}", names()))?;
                    parts.push(Part::Literal(std::mem::take(&mut literal)));
                    parts.push(Part::Place(*place));
                    rest = after.split_once('}').map_or("", |(_, rest)| rest);
                }
                None => {
                    literal.push('{');
                    rest = after;
                }
            }
        }
        literal.push_str(rest);
        parts.push(Part::Literal(literal));
        Ok(Self { parts, escape })
    }

    /// The text with the values in their places.
    pub(in crate::paging) fn fill(&self, values: &Values<'_>) -> String {
        let mut out = String::new();
        for part in &self.parts {
            match part {
                Part::Literal(text) => out.push_str(text),
                Part::Place(place) => push(&mut out, values.of(*place), self.escape),
            }
        }
        out
    }
}

fn push(out: &mut String, value: &str, escape: Escape) {
    match escape {
        Escape::Plain => out.push_str(value),
        Escape::Header => out.extend(value.chars().filter(|c| !c.is_control())),
        Escape::Json => {
            let quoted = serde_json::Value::from(value).to_string();
            out.push_str(quoted.strip_prefix('"').and_then(|text| text.strip_suffix('"')).unwrap_or_default());
        }
        Escape::Form => {
            for byte in value.bytes() {
                if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
                    out.push(char::from(byte));
                } else {
                    // Writing to a string does not fail.
                    let _ = write!(out, "%{byte:02X}");
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_stays_in_its_place() {
        let values = Values { address: "+84", text: "a\"}, {\"x\": \"{secret}\n&b=1", secret: "s\r\nX: y", ..Values::default() };
        let json = Template::parse("{\"to\": \"{address}\", \"m\": {\"text\": \"{text}\"}}", Escape::Json).unwrap().fill(&values);
        let parsed: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(parsed["m"]["text"], values.text);
        assert_eq!(Template::parse("to={address}&m={text}", Escape::Form).unwrap().fill(&values).matches('&').count(), 1);
        assert_eq!(Template::parse("Bearer {secret}", Escape::Header).unwrap().fill(&values), "Bearer sX: y");
        assert!(Template::parse("{adress}", Escape::Plain).unwrap_err().contains("{address}"));
    }
}
