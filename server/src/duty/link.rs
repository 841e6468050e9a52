//! Links: what is written into messages so that whoever got one can answer without logging in.
//!
//! A link is one incident's, one person's and one escalation's, and it ends. It must never be guessable, and never do anything
//! by being opened.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit, Mac};
use jiff::{SignedDuration, Timestamp};
use sha2::Sha256;
use std::sync::Arc;
use taydo_model::PersonId;
use taydo_model::incident::IncidentId;
use taydo_model::oncall::ContactId;

/// How long a link counts.
const LIFE: SignedDuration = SignedDuration::from_hours(72);
/// Bytes of the signature that are kept: 128 bits, which nobody guesses over a network.
const SIGNATURE_BYTES: usize = 16;

/// What a link says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The incident.
    pub incident: IncidentId,
    /// Whose link it is.
    pub person: PersonId,
    /// The escalation that it was sent in.
    pub escalation: i64,
    /// Until when it counts, in seconds since the Unix epoch.
    pub until: i64,
}

/// Makes links and reads them.
#[derive(Clone)]
pub struct Links {
    /// Where people reach the listener that answers them; without it messages have no links.
    base: Option<Arc<str>>,
    key: Arc<[u8]>,
}

impl std::fmt::Debug for Links {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Links").field("base", &self.base).finish_non_exhaustive()
    }
}

impl Links {
    /// Links that begin with `base` and are signed with the key.
    #[must_use]
    pub fn new(base: Option<&str>, key: &[u8]) -> Self {
        Self { base: base.map(|base| base.trim_end_matches('/').into()), key: key.into() }
    }

    /// A link for somebody who is told of an incident at `now`; `None` where people can't reach this server.
    #[must_use]
    pub fn write(&self, incident: IncidentId, person: &PersonId, escalation: i64, now: Timestamp) -> Option<String> {
        let base = self.base.as_ref()?;
        Some(format!("{base}/i/{}", self.token(incident, person, escalation, now)))
    }

    /// The part of a link that says it all.
    #[must_use]
    pub fn token(&self, incident: IncidentId, person: &PersonId, escalation: i64, now: Timestamp) -> String {
        let until = now.saturating_add(LIFE).unwrap_or(now).as_second();
        let said = format!("{}.{}.{escalation}.{until}", person, incident.0);
        let sealed = [self.sign(said.as_bytes()).as_slice(), said.as_bytes()].concat();
        URL_SAFE_NO_PAD.encode(sealed)
    }

    /// What a link says; `None` where it isn't one of ours. Whether it still counts is the caller's to ask.
    #[must_use]
    pub fn read(&self, token: &str) -> Option<Link> {
        let sealed = URL_SAFE_NO_PAD.decode(token).ok()?;
        let (signature, said) = sealed.split_at_checked(SIGNATURE_BYTES)?;
        self.mac(said)?.verify_truncated_left(signature).ok()?;
        let mut parts = std::str::from_utf8(said).ok()?.rsplitn(4, '.');
        let until = parts.next()?.parse().ok()?;
        let escalation = parts.next()?.parse().ok()?;
        let incident = IncidentId(parts.next()?.parse().ok()?);
        let person = PersonId::new(parts.next()?).ok()?;
        Some(Link { incident, person, escalation, until })
    }

    /// The code of six digits that was sent to a contact at a moment.
    #[must_use]
    pub fn code(&self, contact: ContactId, sent_at: Timestamp) -> String {
        let signature = self.sign(format!("code {} {}", contact.0, sent_at.as_microsecond()).as_bytes());
        let number = signature.iter().take(8).fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        format!("{:06}", number % 1_000_000)
    }

    fn mac(&self, said: &[u8]) -> Option<Hmac<Sha256>> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key).ok()?;
        mac.update(said);
        Some(mac)
    }

    fn sign(&self, said: &[u8]) -> Vec<u8> {
        let whole = self.mac(said).map(|mac| mac.finalize().into_bytes().to_vec()).unwrap_or_default();
        whole.into_iter().take(SIGNATURE_BYTES).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_says_what_it_was_made_of_and_nothing_else_counts() {
        let now: Timestamp = "2026-03-02T01:00:00Z".parse().unwrap();
        let links = Links::new(Some("https://ioc.example/"), b"key");
        let person = PersonId::new("an.nguyen").unwrap();
        let link = links.write(IncidentId(7), &person, 2, now).unwrap();
        let token = link.strip_prefix("https://ioc.example/i/").unwrap();
        let read = links.read(token).unwrap();
        assert_eq!((read.incident, &read.person, read.escalation), (IncidentId(7), &person, 2));
        assert_eq!(read.until, now.as_second() + 72 * 3600);
        assert_eq!(Links::new(None, b"other").read(token), None, "another key");
        let mut broken = URL_SAFE_NO_PAD.decode(token).unwrap();
        *broken.last_mut().unwrap() ^= 1;
        assert_eq!(links.read(&URL_SAFE_NO_PAD.encode(broken)), None, "another end");
        assert_eq!(links.read(""), None);
        assert_eq!(links.read("not a token"), None);
        assert_eq!(Links::new(None, b"key").write(IncidentId(7), &person, 2, now), None);
    }
}
