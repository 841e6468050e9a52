//! A desk for tests of paging: it knows contacts by their numbers, and wants what it isn't told not to.

use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::Mutex;
use taydo_model::alert::Severity;
use taydo_model::oncall::{Channel, Contact, ContactId};
use taydo_model::text::Language;
use taydo_server::paging::text::{Content, Item};
use taydo_server::paging::{Brief, Desk, Verdict};
use taydo_server::store::StoreError;
use taydo_server::store::outbox::Claimed;

/// From this number on a contact is an e-mail address; below, a telephone.
const MAIL: i64 = 1_000_000;
/// From this number on a contact is a webhook.
const WEBHOOK: i64 = 2_000_000;

/// Knows every contact: `+8490…` by its number, or an address that it was told.
#[derive(Debug, Default)]
pub struct TestDesk {
    addresses: Mutex<HashMap<i64, String>>,
    verdicts: Mutex<HashMap<i64, Verdict>>,
    asked: Mutex<usize>,
}

impl TestDesk {
    /// A person's telephone.
    #[must_use]
    pub fn phone(number: i64) -> ContactId {
        ContactId(number)
    }

    /// A person's mailbox.
    #[must_use]
    pub fn mailbox(number: i64) -> ContactId {
        ContactId(MAIL + number)
    }

    /// A person's webhook.
    #[must_use]
    pub fn webhook(number: i64) -> ContactId {
        ContactId(WEBHOOK + number)
    }

    /// Gives a contact another address.
    pub fn set_address(&self, contact: ContactId, address: &str) {
        self.addresses.lock().expect("the desk").insert(contact.0, address.to_owned());
    }

    /// From now on pages of this group get this verdict.
    pub fn set_verdict(&self, group: i64, verdict: Verdict) {
        self.verdicts.lock().expect("the desk").insert(group, verdict);
    }

    /// How many messages it was asked about.
    #[must_use]
    pub fn asked(&self) -> usize {
        *self.asked.lock().expect("the desk")
    }

    /// The address of a contact.
    #[must_use]
    pub fn address(&self, contact: ContactId) -> String {
        let told = self.addresses.lock().expect("the desk").get(&contact.0).cloned();
        told.unwrap_or_else(|| match contact.0 {
            number if number >= MAIL => format!("person{}@cantho.example", number - MAIL),
            number => format!("+8490{number:07}"),
        })
    }

    fn contact(&self, id: ContactId, is_exercise: bool) -> Contact {
        let channel = match id.0 {
            number if number >= WEBHOOK => Channel::Webhook,
            number if number >= MAIL => Channel::Email,
            _ => Channel::Sms,
        };
        let verified_at = Some(Timestamp::UNIX_EPOCH);
        Contact { id, channel, address: self.address(id), verified_at, disabled_at: None, exercise: is_exercise }
    }
}

impl Desk for TestDesk {
    async fn brief(&self, messages: &[Claimed], now: Timestamp) -> Result<Vec<Brief>, StoreError> {
        *self.asked.lock().expect("the desk") += messages.len();
        let verdicts = self.verdicts.lock().expect("the desk").clone();
        let brief = |message: &Claimed| {
            let item = |number: i64| Item {
                number,
                title: "Tốc độ trung bình quá thấp".to_owned(),
                place: "Ninh Kiều".to_owned(),
                severity: Severity::Critical,
                value: Some("11,5 km/h".to_owned()),
                limit: Some("20 km/h".to_owned()),
                since: now,
            };
            let verdict = |group: Option<i64>| group.and_then(|group| verdicts.get(&group).copied()).unwrap_or(Verdict::Wanted);
            let incidents = message.pages.iter().flat_map(|page| page.page.incidents.iter().map(|incident| item(incident.0))).collect();
            Brief {
                verdicts: message.pages.iter().map(|page| verdict(page.page.group.map(|group| group.0))).collect(),
                contact: Some(self.contact(message.contact, message.exercise)),
                language: Language::Vi,
                content: Content { incidents, ..Content::default() },
                picture: None,
            }
        };
        Ok(messages.iter().map(brief).collect())
    }
}
