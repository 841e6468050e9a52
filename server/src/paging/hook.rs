//! Hooks: what providers send by themselves, and how they prove that it is they who send it.
//!
//! It must never read what came without its proof, and never log a body: it may hold an address or somebody's words.

use super::gateway::text_of;
use hmac::{Hmac, KeyInit as _, Mac as _};
use reqwest::Url;
use serde_json::{Map, Value};
use sha2::Sha256;
use std::fmt;

/// A request of a provider's, as it came.
pub struct Posted<'a> {
    /// A header's value, by its name in small letters.
    pub header: &'a dyn Fn(&str) -> Option<String>,
    /// The body, JSON or a form by its content type.
    pub body: &'a [u8],
}

/// Why a provider's request is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HookError {
    /// The provider sends nothing of this kind, or the proof is wrong.
    #[error("this is not allowed; give the provider the secret of its [report] or [reply], in the header that stands there")]
    Refused,
    /// It can't be read.
    #[error("the body is neither JSON nor a form; see the provider's [report] or [reply]")]
    Unreadable,
    /// Something is missing in it.
    #[error("the event, the message or what it says is missing; compare it with the provider's [report] or [reply]")]
    Incomplete,
    /// It says something that doesn't matter here, such as that a message is queued.
    #[error("it says nothing new")]
    Indifferent,
}

/// How a provider proves that a request is its own.
#[derive(Clone)]
pub(super) enum Proof {
    /// The secret itself stands in a header, alone or after `Bearer`.
    Token {
        /// The header's name, in small letters.
        header: String,
        /// The secret.
        secret: String,
    },
    /// A header has the HMAC-SHA256 of the body under the secret, in hexadecimal.
    Signature {
        /// The header's name, in small letters.
        header: String,
        /// What stands before it.
        prefix: String,
        /// The secret.
        secret: String,
    },
}

impl fmt::Debug for Proof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proof").finish_non_exhaustive()
    }
}

impl Proof {
    fn holds(&self, posted: &Posted<'_>) -> bool {
        match self {
            Self::Token { header, secret } => {
                let given = (posted.header)(header).unwrap_or_default();
                is_equal(given.strip_prefix("Bearer ").unwrap_or(&given).trim(), secret)
            }
            Self::Signature { header, prefix, secret } => {
                let given = (posted.header)(header).unwrap_or_default();
                let given = given.trim().strip_prefix(prefix.as_str()).and_then(from_hex);
                let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).ok();
                mac.zip(given).is_some_and(|(mut mac, given)| {
                    mac.update(posted.body);
                    mac.verify_slice(&given).is_ok()
                })
            }
        }
    }

    /// The body of a request that came with its proof.
    pub(super) fn open(&self, posted: &Posted<'_>) -> Result<Value, HookError> {
        if !self.holds(posted) {
            return Err(HookError::Refused);
        }
        let kind = (posted.header)("content-type").unwrap_or_default();
        if kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded")) {
            return form(posted.body).ok_or(HookError::Unreadable);
        }
        serde_json::from_slice(posted.body).map_err(|_| HookError::Unreadable)
    }
}

/// A form as an object of texts, so that JSON pointers name its fields too.
fn form(body: &[u8]) -> Option<Value> {
    let mut url = Url::parse("form:").ok()?;
    url.set_query(Some(std::str::from_utf8(body).ok()?));
    Some(Value::Object(url.query_pairs().map(|(name, value)| (name.into_owned(), value.into_owned().into())).collect::<Map<_, _>>()))
}

fn from_hex(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: &u8| char::from(*byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    rest.is_empty().then(|| pairs.iter().map(|[high, low]| Some(digit(high)? << 4 | digit(low)?)).collect())?
}

/// Compares without telling by its time how far two texts agree.
fn is_equal(one: &str, other: &str) -> bool {
    one.len() == other.len() && one.bytes().zip(other.bytes()).fold(0, |differences, (one, other)| differences | (one ^ other)) == 0
}

/// What stands in a body at a JSON pointer, as text; nothing where it is empty.
pub(super) fn at(body: &Value, pointer: &str) -> Option<String> {
    body.pointer(pointer).map(text_of).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn opened(proof: &Proof, headers: &[(&str, &str)], body: &str) -> Result<Value, HookError> {
        let header = |name: &str| headers.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        proof.open(&Posted { header: &header, body: body.as_bytes() })
    }

    #[test]
    fn a_body_is_read_only_with_its_proof() {
        let token = Proof::Token { header: "authorization".to_owned(), secret: "0123456789abcdef".to_owned() };
        assert_eq!(opened(&token, &[("authorization", "Bearer 0123456789abcdef")], "{}"), Ok(Value::Object(Map::new())));
        assert!(opened(&token, &[("authorization", "0123456789abcdef")], "{}").is_ok());
        for wrong in ["0123456789abcdeF", "0123456789abcde", "", "Bearer"] {
            assert_eq!(opened(&token, &[("authorization", wrong)], "{}"), Err(HookError::Refused), "{wrong}");
        }
        assert_eq!(opened(&token, &[], "{}"), Err(HookError::Refused));
        // printf '{}' | openssl dgst -sha256 -hmac 0123456789abcdef
        let right = "sha256=f91e3e9f05cc2df64ac1c26f8adccdffda8d1e4a7a8c50a1a08eeadac6ddfec5";
        let signature =
            Proof::Signature { header: "x-sign".to_owned(), prefix: "sha256=".to_owned(), secret: "0123456789abcdef".to_owned() };
        assert_eq!(opened(&signature, &[("x-sign", right)], "{} "), Err(HookError::Refused), "another body");
        for wrong in ["", "sha256=", "sha256=zz", "sha256=123", right.trim_start_matches("sha256=")] {
            assert_eq!(opened(&signature, &[("x-sign", wrong)], "{}"), Err(HookError::Refused), "{wrong}");
        }
        assert!(opened(&signature, &[("x-sign", right)], "{}").is_ok());
    }

    #[test]
    fn a_form_is_read_as_an_object() {
        let token = Proof::Token { header: "x-token".to_owned(), secret: "0123456789abcdef".to_owned() };
        let headers = [("x-token", "0123456789abcdef"), ("content-type", "application/x-www-form-urlencoded; charset=utf-8")];
        let body = opened(&token, &headers, "From=%2B8490&Body=nh%E1%BA%ADn+198%20").unwrap();
        assert_eq!((at(&body, "/From").as_deref(), at(&body, "/Body").as_deref()), (Some("+8490"), Some("nhận 198 ")));
        assert_eq!(opened(&token, &headers[..1], "From=1"), Err(HookError::Unreadable));
    }
}
