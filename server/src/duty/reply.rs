//! Replies: what whoever answered a message is told, and who learns that somebody wants no more messages.
//!
//! It must never decide what a reply does: that was decided in the same transaction, under the group's lock.

use super::steward::notice;
use crate::definitions::InForce;
use crate::paging::reply::Answered;
use crate::store::reply::{Did, Heard};
use crate::store::roster::Roster;
use crate::store::{Store, StoreError};
use jiff::Timestamp;
use taydo_engine::routing::Refusal;
use taydo_model::oncall::Channel;
use taydo_model::page::{About, Page, PageKind, ReplyOutcome};

/// So often within a day somebody is told that a reply was of no help: another machine that answers ours finds its end.
const MOST_OF_NO_HELP: u32 = 3;
/// How often a reply is taken again that somebody else's transaction was in the way of.
const TRIES: u32 = 5;

/// Takes what somebody answered over a provider.
///
/// # Errors
/// See [`StoreError`]; then nothing was done, and the provider can send it again.
pub async fn take_reply(
    store: &Store,
    definitions: &InForce,
    provider: &str,
    answered: &Answered,
    now: Timestamp,
) -> Result<Did, StoreError> {
    let definitions = definitions.get();
    let channel = answered.channel();
    for _ in 1..TRIES {
        match store.take_reply(&answered.reply(provider), |roster, heard| pages(roster, heard, channel, now), &definitions, now).await {
            Err(StoreError::Conflict(_)) => {}
            done => return done.map(|heard| noted(provider, &heard)),
        }
    }
    let last = store.take_reply(&answered.reply(provider), |roster, heard| pages(roster, heard, channel, now), &definitions, now).await;
    last.map(|heard| noted(provider, &heard))
}

fn noted(provider: &str, heard: &Heard) -> Did {
    for (person, contact) in &heard.contacts {
        match heard.did {
            Did::Stopped => tracing::warn!(%person, contact = contact.id.0, provider, "somebody wants no more messages on a contact"),
            did => tracing::info!(%person, contact = contact.id.0, provider, did = did.word(), "somebody answered a message"),
        }
    }
    heard.did
}

fn pages(roster: &Roster, heard: &Heard, channel: Channel, now: Timestamp) -> Vec<Page> {
    if heard.did == Did::Stopped {
        return heard
            .contacts
            .iter()
            .filter_map(|(person, contact)| {
                let keeper = roster.keeper.as_ref()?;
                let about = About::Stopped { person: person.clone(), contact: contact.id };
                let page = notice(roster, keeper, PageKind::Notice, about, now)?;
                // The keeper who stopped their own last contact can't be told there.
                heard.contacts.iter().all(|(_, stopped)| stopped.id != page.contact).then_some(page)
            })
            .collect();
    }
    // Whoever pressed a key hears what came of it in the same call.
    if channel == Channel::Voice || heard.did.is_of_no_help() && heard.of_no_help >= MOST_OF_NO_HELP {
        return Vec::new();
    }
    let Some(outcome) = outcome(heard.did) else { return Vec::new() };
    let proved = heard.contacts.iter().find(|(_, contact)| contact.verified_at.is_some());
    let to = |(person, contact): &(taydo_model::PersonId, taydo_model::oncall::Contact)| Page {
        about: Some(About::Reply { outcome }),
        turn: heard.id,
        ..Page::to_contact(PageKind::Reply, person.clone(), contact.id, now)
    };
    proved.map(to).into_iter().collect()
}

/// What whoever wrote is told.
fn outcome(did: Did) -> Option<ReplyOutcome> {
    match did {
        Did::Acknowledged => Some(ReplyOutcome::Acknowledged),
        Did::Escalated => Some(ReplyOutcome::Escalated),
        Did::Refused(Refusal::AlreadyClosed) => Some(ReplyOutcome::Closed),
        Did::Refused(Refusal::Superseded { .. }) => Some(ReplyOutcome::Superseded),
        Did::Refused(_) => Some(ReplyOutcome::Late),
        Did::NotTold => Some(ReplyOutcome::NotTold),
        Did::Unclear => Some(ReplyOutcome::Help),
        Did::Started => Some(ReplyOutcome::Resumed),
        Did::Stopped | Did::Stranger | Did::Repeated => None,
    }
}
