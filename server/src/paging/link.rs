//! Links in messages: they name one person, one group and one escalation of it, until a time, and can't be made up.
//!
//! A link says who was asked; what it may still do is for whoever holds the group's row. It must never act by being read:
//! mail scanners read every link.

use hmac::{Hmac, KeyInit as _, Mac as _};
use jiff::Timestamp;
use sha2::Sha256;
use std::fmt;
use taydo_model::PersonId;
use taydo_model::incident::GroupId;

/// Hexadecimal digits of a signature: 128 bits, short enough for an SMS.
const SIGNATURE_DIGITS: usize = 32;
/// The shortest key, in bytes.
const LEAST_KEY: usize = 32;

/// What a link stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The group that it answers.
    pub group: GroupId,
    /// Its escalation; a link of an earlier one is superseded.
    pub escalation: i64,
    /// Whom it was sent to.
    pub person: PersonId,
    /// Until when it can be used, to the second.
    pub expires_at: Timestamp,
}

/// Why a link is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LinkError {
    /// It is not one of ours, or was changed.
    #[error("this link was not made here; use the link in the message as it is")]
    Forged,
    /// Its time is over.
    #[error("this link is too old; answer in the console, or by the link of a newer message")]
    Expired,
}

/// Signs links and reads them.
#[derive(Clone)]
pub struct Signer(Hmac<Sha256>);

impl fmt::Debug for Signer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Signer").finish()
    }
}

impl Signer {
    /// With a secret key of at least 32 random bytes; `None` where it has fewer.
    #[must_use]
    pub fn new(key: &[u8]) -> Option<Self> {
        Some(Self(Hmac::new_from_slice(Some(key).filter(|key| key.len() >= LEAST_KEY)?).ok()?))
    }

    /// The link as the last part of an address, such as `1042.1.1772413200.an.5f0c…`.
    #[must_use]
    pub fn sign(&self, link: &Link) -> String {
        // A person's id may hold full stops, so it comes last.
        let body = format!("{}.{}.{}.{}", link.group.0, link.escalation, link.expires_at.as_second(), link.person);
        format!("{}.{body}", self.signature(&body))
    }

    /// Reads a link.
    ///
    /// # Errors
    /// See [`LinkError`].
    pub fn read(&self, text: &str, now: Timestamp) -> Result<Link, LinkError> {
        let (signature, body) = text.split_once('.').ok_or(LinkError::Forged)?;
        if !is_equal(signature, &self.signature(body)) {
            return Err(LinkError::Forged);
        }
        let link = parse(body).ok_or(LinkError::Forged)?;
        if link.expires_at <= now { Err(LinkError::Expired) } else { Ok(link) }
    }

    fn signature(&self, body: &str) -> String {
        let mut mac = self.0.clone();
        mac.update(body.as_bytes());
        mac.finalize().into_bytes().iter().take(SIGNATURE_DIGITS / 2).map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Compares without telling by its time how far two texts agree.
pub(super) fn is_equal(one: &str, other: &str) -> bool {
    one.len() == other.len() && one.bytes().zip(other.bytes()).fold(0, |differences, (one, other)| differences | (one ^ other)) == 0
}

fn parse(body: &str) -> Option<Link> {
    let mut parts = body.splitn(4, '.');
    let mut number = || parts.next()?.parse::<i64>().ok();
    let (group, escalation, expires_s) = (number()?, number()?, number()?);
    let person = PersonId::new(parts.next()?).ok()?;
    Some(Link { group: GroupId(group), escalation, person, expires_at: Timestamp::from_second(expires_s).ok()? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_taken_as_it_is_and_until_its_time() {
        let signer = Signer::new(&[7; 32]).unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let person = PersonId::new("an.nguyen").unwrap();
        let link = Link { group: GroupId(1042), escalation: 2, person, expires_at: at("2026-03-02T01:00:00Z") };
        let text = signer.sign(&link);
        assert!(text.len() < 70, "{text}");
        assert_eq!(signer.read(&text, at("2026-03-02T00:59:59Z")), Ok(link));
        assert_eq!(signer.read(&text, at("2026-03-02T01:00:00Z")), Err(LinkError::Expired));
        for forged in [text.replace(".2.", ".3."), text.replace("an.", "binh."), "x".to_owned(), text.replacen('.', "", 1), String::new()] {
            assert_eq!(signer.read(&forged, at("2026-03-02T00:00:00Z")), Err(LinkError::Forged), "{forged}");
        }
        assert_eq!(Signer::new(&[8; 32]).unwrap().read(&text, at("2026-03-02T00:00:00Z")), Err(LinkError::Forged));
        assert!(Signer::new(&[7; 31]).is_none());
    }
}
