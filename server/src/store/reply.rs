//! Replies: what people answer to messages. Each of a provider's events counts once, with everything that comes of it.
//!
//! It must never keep what somebody wrote, nor let anybody answer who was not told.

use super::outbox::{self, NewPage, ReceiptMessage};
use super::roster::{Roster, contact};
use super::text::storable;
use super::{Store, StoreError, micros::Micros};
use jiff::{SignedDuration, Timestamp};
use taydo_engine::routing::{Event, Refusal, Which};
use taydo_model::incident::{GroupId, IncidentId};
use taydo_model::oncall::{Channel, Contact, ContactId};
use taydo_model::page::Page;
use taydo_model::{Definitions, PersonId};
use tokio_postgres::Transaction;

/// Answers that were of no help are counted over this time.
const COUNTED: SignedDuration = SignedDuration::from_hours(24);

/// What somebody wants. Without an incident it is what they were told of last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish {
    /// To take it, and everything that the same message told.
    Acknowledge(Option<IncidentId>),
    /// To have the next step taken now.
    Escalate(Option<IncidentId>),
    /// To get no more messages on this contact.
    Stop,
    /// To get them again.
    Start,
    /// Nothing that is understood.
    Unclear,
}

/// From where a reply comes.
#[derive(Debug, Clone, Copy)]
pub enum ReplyFrom<'a> {
    /// From this address of this channel.
    Address(Channel, &'a str),
    /// From whoever got this message.
    Message(ReceiptMessage<'a>),
}

/// One event.
#[derive(Debug, Clone, Copy)]
pub struct NewReply<'a> {
    /// The provider's name in the configuration.
    pub provider: &'a str,
    /// Its id of the event: what makes it the only one.
    pub event: &'a str,
    /// From where it comes.
    pub from: ReplyFrom<'a>,
    /// What is wanted.
    pub wish: Wish,
}

/// What was made of a reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Did {
    /// It is theirs.
    Acknowledged,
    /// The next step was taken.
    Escalated,
    /// Nothing, for this reason.
    Refused(Refusal),
    /// Nothing: they were told of no such incident.
    NotTold,
    /// Nothing is sent to the contact any more.
    Stopped,
    /// Messages are sent to it again.
    Started,
    /// Nothing: it was not understood.
    Unclear,
    /// Nothing: nobody's proved contact.
    Stranger,
    /// Nothing: the event was there already.
    Repeated,
}

impl Did {
    /// As it is kept, and as the provider is told.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Acknowledged => "acknowledged",
            Self::Escalated => "escalated",
            Self::Refused(_) => "refused",
            Self::NotTold => "not_told",
            Self::Stopped => "stopped",
            Self::Started => "started",
            Self::Unclear => "unclear",
            Self::Stranger => "stranger",
            Self::Repeated => "repeated",
        }
    }

    /// Whether it left whoever wrote it without what they wanted.
    #[must_use]
    pub fn is_of_no_help(self) -> bool {
        matches!(self, Self::Refused(_) | Self::NotTold | Self::Unclear)
    }
}

/// A reply that was taken.
#[derive(Debug, Clone)]
pub struct Heard {
    /// Its number.
    pub id: i64,
    /// Whose it is; those of one address where several share it.
    pub contacts: Vec<(PersonId, Contact)>,
    /// What was made of it.
    pub did: Did,
    /// How many replies of this contact within a day, before this one, were of no help.
    pub of_no_help: u32,
}

impl Store {
    /// Takes a reply, and writes the pages that follow from it in the same transaction.
    ///
    /// # Errors
    /// See [`StoreError`]; on `Conflict` nothing was done, and it can be taken again.
    pub async fn take_reply(
        &self,
        reply: &NewReply<'_>,
        answer: impl Fn(&Roster, &Heard) -> Vec<Page>,
        definitions: &Definitions,
        now: Timestamp,
    ) -> Result<Heard, StoreError> {
        // As it was before the reply: a transaction that changes the roster must not be the one that reads it for everybody.
        let roster = self.roster(now).await?;
        let mut client = self.client().await?;
        let transaction = tokio_postgres::Client::transaction(&mut client).await?;
        let sql =
            "INSERT INTO provider_reply (provider, event, did, received_at) VALUES ($1, $2, '', $3) ON CONFLICT DO NOTHING RETURNING id";
        let event = storable(reply.event);
        let Some(row) = transaction.query_opt(sql, &[&reply.provider, &&*event, &Micros::from(now)]).await? else {
            return Ok(Heard { id: 0, contacts: Vec::new(), did: Did::Repeated, of_no_help: 0 });
        };
        let id: i64 = row.try_get(0)?;
        let (contacts, message) = senders(&transaction, reply).await?;
        let did = self.fulfil(&transaction, reply.wish, &contacts, message, definitions, now).await?;
        let first = contacts.first().map(|(_, contact)| contact.id.0);
        let since = now.saturating_sub(COUNTED).unwrap_or(now);
        let sql =
            "SELECT count(*) FROM provider_reply WHERE contact = $1 AND received_at > $2 AND did IN ('refused', 'not_told', 'unclear')";
        let count: i64 = transaction.query_one(sql, &[&first, &Micros::from(since)]).await?.try_get(0)?;
        let sql = "UPDATE provider_reply SET contact = $2, did = $3 WHERE id = $1";
        transaction.execute(sql, &[&id, &first, &did.word()]).await?;
        let heard = Heard { id, contacts, did, of_no_help: u32::try_from(count).unwrap_or(u32::MAX) };
        let pages = answer(&roster, &heard);
        for exercise in [false, true] {
            let is_of = |page: &&Page| heard.contacts.iter().any(|(_, contact)| contact.id == page.contact && contact.exercise) == exercise;
            let new: Vec<NewPage<'_>> = pages.iter().filter(is_of).map(|page| NewPage { page, team: None, exercise }).collect();
            outbox::write_pages(&transaction, &new, now).await?;
        }
        transaction.commit().await?;
        Ok(heard)
    }

    async fn fulfil(
        &self,
        transaction: &Transaction<'_>,
        wish: Wish,
        contacts: &[(PersonId, Contact)],
        message: Option<i64>,
        definitions: &Definitions,
        now: Timestamp,
    ) -> Result<Did, StoreError> {
        let ids: Vec<ContactId> = contacts.iter().map(|(_, contact)| contact.id).collect();
        // Whoever has the address may stop it, also before it was proved.
        match wish {
            Wish::Stop if contacts.is_empty() => return Ok(Did::Stranger),
            Wish::Stop => return contact::stop(transaction, &ids, now).await.map(|()| Did::Stopped),
            _ if !contacts.iter().any(|(_, contact)| contact.verified_at.is_some()) => return Ok(Did::Stranger),
            Wish::Start => return contact::start(transaction, &ids).await.map(|()| Did::Started),
            Wish::Unclear => return Ok(Did::Unclear),
            Wish::Acknowledge(_) | Wish::Escalate(_) => {}
        }
        let incident = if let Wish::Acknowledge(incident) | Wish::Escalate(incident) = wish { incident } else { None };
        let Some(told) = told(transaction, contacts, incident, message).await? else { return Ok(Did::NotTold) };
        let mut refused = None;
        let mut has_acted = false;
        let is_escalation = matches!(wish, Wish::Escalate(_));
        for (group, escalation, turn) in groups_of(transaction, &told, if is_escalation { incident } else { None }).await? {
            let person = told.person.clone();
            let event = if is_escalation {
                let taken = taken_by(transaction, group, escalation, turn).await?;
                Event::EscalateNow { person, escalation, taken }
            } else {
                Event::Acknowledged { person, which: Which::All, link: Some(escalation) }
            };
            let acted = self.advance_group_in(transaction, group, &[event], definitions, now).await?;
            match acted.and_then(|acted| acted.refused.first().copied()) {
                Some(refusal) => refused = refused.or(Some(refusal)),
                None => has_acted = true,
            }
            if is_escalation {
                break;
            }
        }
        Ok(match (has_acted, refused) {
            (false, Some(refusal)) => Did::Refused(refusal),
            (false, None) => Did::NotTold,
            (true, _) if is_escalation => Did::Escalated,
            (true, _) => Did::Acknowledged,
        })
    }

    /// The other groups that the message told a person of which told them of this incident last, each with the escalation
    /// that it was told in: who answers a message answers for all that it tells.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn told_together(&self, person: &PersonId, incident: IncidentId) -> Result<Vec<(GroupId, i64)>, StoreError> {
        let mut client = self.client().await?;
        let transaction = tokio_postgres::Client::transaction(&mut client).await?;
        let persons = [person.as_str()];
        let Some(row) = transaction.query_opt(TOLD_OF, &[&incident.0, &&persons[..]]).await? else { return Ok(Vec::new()) };
        let told = Told { message: row.try_get(0)?, person: person.clone() };
        let groups = groups_of(&transaction, &told, None).await?;
        let own = transaction.query_one("SELECT group_id FROM incident WHERE id = $1", &[&incident.0]).await?;
        let own = GroupId(own.try_get(0)?);
        Ok(groups.into_iter().filter(|(group, ..)| *group != own).map(|(group, escalation, _)| (group, escalation)).collect())
    }
}

/// The last message that told one of these persons of an incident. One that was put into a message and then not sent told nobody.
const TOLD_OF: &str = "SELECT p.message, p.person FROM incident i JOIN page p ON p.group_id = i.group_id WHERE i.id = $1 AND p.person = ANY($2) \
     AND p.incidents @> ARRAY[$1::bigint] AND p.message IS NOT NULL AND p.state NOT IN ('suppressed', 'expired') ORDER BY p.id DESC LIMIT 1";

/// The last message to one of these contacts that told of something.
const TOLD_LAST: &str = "SELECT m.id, m.person FROM message m WHERE m.contact = ANY($1) AND m.state NOT IN ('suppressed', 'expired') \
     AND EXISTS (SELECT FROM page p WHERE p.message = m.id AND p.group_id IS NOT NULL) ORDER BY m.id DESC LIMIT 1";

/// A message that told somebody of something.
struct Told {
    message: i64,
    person: PersonId,
}

fn person(text: &str) -> Result<PersonId, StoreError> {
    PersonId::new(text).map_err(|error| StoreError::Internal(error.into()))
}

/// Whose contacts the reply comes from, and the message that it answers, where it names one.
async fn senders(transaction: &Transaction<'_>, reply: &NewReply<'_>) -> Result<(Vec<(PersonId, Contact)>, Option<i64>), StoreError> {
    match reply.from {
        ReplyFrom::Address(channel, address) => Ok((contact::at_address(transaction, channel, address).await?, None)),
        ReplyFrom::Message(message) => match outbox::message_of(transaction, reply.provider, message).await? {
            Some((message, _)) => Ok((contact::of_message(transaction, message).await?, Some(message))),
            None => Ok((Vec::new(), None)),
        },
    }
}

async fn told(
    transaction: &Transaction<'_>,
    contacts: &[(PersonId, Contact)],
    incident: Option<IncidentId>,
    message: Option<i64>,
) -> Result<Option<Told>, StoreError> {
    let proved = || contacts.iter().filter(|(_, contact)| contact.verified_at.is_some());
    let row = match (message, incident) {
        (Some(message), _) => transaction.query_opt("SELECT id, person FROM message WHERE id = $1", &[&message]).await?,
        (None, Some(incident)) => {
            let persons: Vec<&str> = proved().map(|(person, _)| person.as_str()).collect();
            transaction.query_opt(TOLD_OF, &[&incident.0, &persons]).await?
        }
        (None, None) => {
            let ids: Vec<i64> = proved().map(|(_, contact)| contact.id.0).collect();
            transaction.query_opt(TOLD_LAST, &[&ids]).await?
        }
    };
    row.map(|row| Ok(Told { message: row.try_get(0)?, person: person(row.try_get(1)?)? })).transpose()
}

/// The groups that a message tells of, each with the escalation and the turn of its page; only an incident's, where one is named.
async fn groups_of(transaction: &Transaction<'_>, told: &Told, of: Option<IncidentId>) -> Result<Vec<(GroupId, i64, i64)>, StoreError> {
    let sql = "SELECT DISTINCT ON (group_id) group_id, escalation, (content ->> 'turn')::bigint FROM page WHERE message = $1 \
         AND group_id IS NOT NULL AND ($2::bigint IS NULL OR incidents @> ARRAY[$2::bigint]) ORDER BY group_id, escalation DESC, id DESC";
    let rows = transaction.query(sql, &[&told.message, &of.map(|incident| incident.0)]).await?;
    rows.iter().map(|row| Ok((GroupId(row.try_get(0)?), row.try_get(1)?, row.try_get(2)?))).collect()
}

/// How many steps of an escalation had been taken when a page of it was decided: what whoever got it knows.
async fn taken_by(transaction: &Transaction<'_>, group: GroupId, escalation: i64, turn: i64) -> Result<u32, StoreError> {
    let sql = "SELECT count(*) FROM incident_log WHERE group_id = $1 AND line ->> 'what' IN ('escalated', 'no_target') \
         AND (line ->> 'escalation')::bigint = $2 AND number < (SELECT max(number) FROM incident_log WHERE group_id = $1 \
         AND line ->> 'what' = 'paged' AND (line ->> 'turn')::bigint = $3)";
    let count: i64 = transaction.query_one(sql, &[&group.0, &escalation, &turn]).await?.try_get(0)?;
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}
