//! The outbox: pages that were decided, the messages that carry them, and what became of them.
//!
//! Pages are written in the transaction that decides them, and everything that is done about them is fenced by the
//! token of whoever claimed their message. It must never decide whom to page, nor what a message says.

mod attempt;
mod bell;
mod canary;
mod claim;
mod finish;
mod forward;
mod outcome;
mod purge;
mod receipt;
mod settle;

pub use attempt::{CANARY_LIMIT, NewAttempt, ProviderHealth};
pub use bell::Bell;
pub use claim::{Claim, Claimed, ClaimedPage};
pub use finish::{AttemptOutcome, BREAKER_FAILURES, Finish, Next, ProviderSign};
pub use outcome::{Outcome, What};
pub(in crate::store) use receipt::message_of;
pub use receipt::{Receipt, ReceiptMessage, ReceiptState, ReceiptTaken};

use super::word::{from_word, word};
use super::{Store, StoreError, micros::Micros};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use taydo_engine::routing::dedupe_key;
use taydo_model::PersonId;
use taydo_model::TeamId;
use taydo_model::alert::Urgency;
use taydo_model::incident::GroupId;
use taydo_model::page::{Page, PageKind};
use tokio_postgres::Transaction;
use tokio_postgres::types::Json;

/// How long a message belongs to the worker that claimed it, or that last began an attempt with it.
pub const LEASE_S: i64 = 30;
/// On this channel of the database new pages are rung for.
const BELL: &str = "taydo_page";

/// A page to be written, with what its group says of it.
#[derive(Debug, Clone, Copy)]
pub struct NewPage<'a> {
    /// What was decided.
    pub page: &'a Page,
    /// Whose it is; pages of one team for one contact may share a message.
    pub team: Option<&'a TeamId>,
    /// Whether it belongs to an exercise.
    pub exercise: bool,
}

/// Where a page stands, and its message when that is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PageState {
    /// Not due, or not yet claimed.
    Waiting,
    /// An open message carries it.
    Carried,
    /// A provider has taken it.
    Accepted,
    /// The provider says that it arrived.
    Delivered,
    /// The provider says that it was read or heard.
    Read,
    /// It didn't reach its contact, and won't.
    Failed,
    /// It was no longer wanted.
    Suppressed,
    /// It was too old to be of use.
    Expired,
    /// It may have arrived once or twice; nobody can tell.
    Unconfirmed,
}

/// How much is due and not yet sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Depth {
    /// Pages that are due and in no message yet.
    pub pages: u64,
    /// Messages that are not done.
    pub messages: u64,
    /// Since when the oldest of either should have been sent, where one is overdue.
    pub oldest: Option<Timestamp>,
}

/// In which order pages go: people who are waited for come first, digests last.
fn rank(page: &Page) -> i16 {
    match page.kind {
        PageKind::Digest | PageKind::Shift | PageKind::Notice | PageKind::Letter => 2,
        PageKind::Reply => 1,
        _ if page.urgency == Urgency::High && page.kind != PageKind::Resolved => 0,
        _ => 1,
    }
}

/// Writes pages in the transaction that decided them. One that is there already is left as it is. Returns how many were new.
pub(in crate::store) async fn write_pages(transaction: &Transaction<'_>, pages: &[NewPage<'_>], now: Timestamp) -> Result<u64, StoreError> {
    if pages.is_empty() {
        return Ok(0);
    }
    // Incident numbers travel as texts, because an array of arrays of different lengths can't.
    let sql = "INSERT INTO page (dedupe_key, group_id, team, incidents, escalation, person, contact, kind, content, exercise, rank, \
         decided_at, due_at, state) SELECT k, g, t, i::bigint[], e, p, c, n, j, x, o, $13, d, 'waiting' FROM unnest($1::bytea[], $2::bigint[], \
         $3::text[], $4::text[], $5::bigint[], $6::text[], $7::bigint[], $8::text[], $9::jsonb[], $10::bool[], $11::smallint[], \
         $12::timestamptz[]) AS new (k, g, t, i, e, p, c, n, j, x, o, d) ON CONFLICT DO NOTHING";
    let array = |page: &Page| format!("{{{}}}", page.incidents.iter().map(|one| one.0.to_string()).collect::<Vec<_>>().join(","));
    let keys: Vec<Vec<u8>> = pages.iter().map(|new| dedupe_key(new.page).to_vec()).collect();
    let groups: Vec<Option<i64>> = pages.iter().map(|new| new.page.group.map(|group| group.0)).collect();
    let teams: Vec<Option<&str>> = pages.iter().map(|new| new.team.map(TeamId::as_str)).collect();
    let incidents: Vec<String> = pages.iter().map(|new| array(new.page)).collect();
    let escalations: Vec<i64> = pages.iter().map(|new| new.page.escalation).collect();
    let persons: Vec<&str> = pages.iter().map(|new| new.page.person.as_str()).collect();
    let contacts: Vec<i64> = pages.iter().map(|new| new.page.contact.0).collect();
    let kinds: Vec<String> = pages.iter().map(|new| word(new.page.kind)).collect();
    let contents: Vec<Json<&Page>> = pages.iter().map(|new| Json(new.page)).collect();
    let exercises: Vec<bool> = pages.iter().map(|new| new.exercise).collect();
    let ranks: Vec<i16> = pages.iter().map(|new| rank(new.page)).collect();
    let dues: Vec<Micros> = pages.iter().map(|new| new.page.due_at.into()).collect();
    let now = Micros::from(now);
    let parameters: [&(dyn tokio_postgres::types::ToSql + Sync); 13] =
        [&keys, &groups, &teams, &incidents, &escalations, &persons, &contacts, &kinds, &contents, &exercises, &ranks, &dues, &now];
    let written = transaction.execute(sql, &parameters).await?;
    if written > 0 {
        transaction.execute("SELECT pg_notify($1, '')", &[&BELL]).await?;
    }
    Ok(written)
}

/// Whose waiting pages are withdrawn.
#[derive(Debug, Clone, Copy)]
pub struct Withdrawal<'a> {
    /// The group.
    pub group: GroupId,
    /// The escalation that has ended.
    pub escalation: i64,
    /// What they tell.
    pub kinds: &'a [PageKind],
    /// Only this person's; all where there is none.
    pub person: Option<&'a PersonId>,
}

/// Suppresses the waiting pages of a group's escalation, in the transaction that ended it. What a message carries
/// already is asked about before each attempt instead. Returns how many there were.
pub(in crate::store) async fn withdraw(transaction: &Transaction<'_>, what: Withdrawal<'_>, now: Timestamp) -> Result<u64, StoreError> {
    // Rows are locked in the order of their numbers, as everywhere, so that two transactions can't wait for each other.
    let sql = "WITH theirs AS (SELECT id FROM page WHERE group_id = $1 AND escalation = $2 AND kind = ANY($3) AND state = 'waiting' \
         AND ($4::text IS NULL OR person = $4) ORDER BY id FOR UPDATE), gone AS (UPDATE page SET state = 'suppressed' FROM theirs \
         WHERE page.id = theirs.id RETURNING page.id) INSERT INTO outcome (at, page, what) SELECT $5, id, 'suppressed' FROM gone";
    let kinds: Vec<String> = what.kinds.iter().map(word).collect();
    let person = what.person.map(PersonId::as_str);
    Ok(transaction.execute(sql, &[&what.group.0, &what.escalation, &kinds, &person, &Micros::from(now)]).await?)
}

impl Store {
    /// Writes pages in a transaction of their own. Returns how many were new.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn write_pages(&self, pages: &[NewPage<'_>], now: Timestamp) -> Result<u64, StoreError> {
        if pages.is_empty() {
            return Ok(0);
        }
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let written = write_pages(&transaction, pages, now).await?;
        transaction.commit().await?;
        Ok(written)
    }

    /// Suppresses waiting pages in a transaction of its own. Returns how many there were.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn withdraw_pages(&self, what: Withdrawal<'_>, now: Timestamp) -> Result<u64, StoreError> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let withdrawn = withdraw(&transaction, what, now).await?;
        transaction.commit().await?;
        Ok(withdrawn)
    }

    /// How much is due and not yet sent.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn outbox_depth(&self, now: Timestamp) -> Result<Depth, StoreError> {
        let sql = "SELECT (SELECT count(*) FROM page WHERE state = 'waiting' AND due_at <= $1), \
             (SELECT count(*) FROM message WHERE state IN ('waiting', 'sending')), \
             least((SELECT min(due_at) FROM page WHERE state = 'waiting' AND due_at <= $1), \
             (SELECT min(p.due_at) FROM page p JOIN message m ON m.id = p.message WHERE m.state IN ('waiting', 'sending') AND p.state = 'carried'))";
        let row = self.client().await?.query_one(sql, &[&Micros::from(now)]).await?;
        let count = |at: usize| row.try_get::<_, i64>(at).map(i64::unsigned_abs);
        Ok(Depth { pages: count(0)?, messages: count(1)?, oldest: row.try_get::<_, Option<Micros>>(2)?.map(Micros::timestamp) })
    }
}
