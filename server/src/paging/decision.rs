//! What a message does next, by what came of its attempt: pure, so that "never zero, never more than two" can be read here.
//!
//! It must never know a channel or the store.

use super::channel::{Accepted, Fate, SendError};
use crate::clock::later;
use crate::store::outbox::{AttemptOutcome, Claimed, Next, PageState, ProviderSign, What};
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;
use taydo_model::page::PageKind;

/// How long is waited before the next attempt, by how many there were, in seconds; from the end on the last one.
const BACKOFF_S: [u64; 8] = [1, 1, 1, 2, 5, 10, 30, 60];
/// How long is waited before the provider is asked, so that it has written down what it took.
const ASK_AFTER: Duration = Duration::from_secs(2);
/// How long is waited before it is asked again.
const ASK_AGAIN_AFTER: Duration = Duration::from_secs(5);
/// How often a provider is asked in vain before it counts as one that can't tell.
const MOST_ASKS: i32 = 3;
/// After so many attempts a provider that says it never got any of them is not asked again.
const MOST_NEVER_SEEN: i32 = 5;
/// Who is asked to wait for longer than this is tried on another contact meanwhile.
const LONG_WAIT: Duration = Duration::from_secs(60);
/// A message that could not be sent for so long is given up.
const GIVE_UP_AFTER: SignedDuration = SignedDuration::from_hours(12);

/// What is to be done with a message that was claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Task {
    /// Send it.
    Send,
    /// Ask the last provider what became of it.
    Ask,
    /// Send it again, marked.
    Repeat,
    /// Leave it: it may have arrived, and must not be sent a second or a third time.
    Leave,
}

/// What a claimed message needs; `can_ask` is of the provider of its last attempt.
pub(super) fn task(message: &Claimed, can_ask: bool) -> Task {
    if !message.doubt {
        return Task::Send;
    }
    if can_ask && message.asks < MOST_ASKS {
        return Task::Ask;
    }
    if is_never_repeated(message) || message.repeats > 0 { Task::Leave } else { Task::Repeat }
}

/// A digest or a letter that may have arrived is left at that: nobody waits for it, and twice the same is a nuisance.
fn is_never_repeated(message: &Claimed) -> bool {
    matches!(message.kind, PageKind::Digest | PageKind::Letter)
}

/// What a step has come to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ending {
    /// Of the attempt, where there was one.
    pub(super) outcome: Option<AttemptOutcome>,
    /// What the message does.
    pub(super) next: Next,
    /// For the log of the incident.
    pub(super) what: What,
    /// What it says of the provider.
    pub(super) sign: ProviderSign,
    /// Whether the person's next contact is pulled forward.
    pub(super) pull: bool,
    /// How the provider names the message.
    pub(super) provider_reference: Option<String>,
    /// Why, in words.
    pub(super) detail: String,
}

impl Ending {
    fn new(next: Next, what: What, sign: ProviderSign, detail: impl Into<String>) -> Self {
        Self { outcome: None, next, what, sign, pull: false, provider_reference: None, detail: detail.into() }
    }

    fn pulling(self, pull: bool) -> Self {
        Self { pull, ..self }
    }

    fn of(self, outcome: AttemptOutcome) -> Self {
        Self { outcome: Some(outcome), ..self }
    }
}

/// After an attempt. `message` is as it was claimed, before this attempt was counted.
pub(super) fn after_sending(
    message: &Claimed,
    is_repeat: bool,
    can_ask: bool,
    result: Result<Accepted, SendError>,
    now: Timestamp,
) -> Ending {
    match result {
        Ok(Accepted { provider_reference }) => {
            let ending = Ending::new(Next::Done(PageState::Accepted), What::Accepted, ProviderSign::Well, "");
            Ending { provider_reference, ..ending.of(AttemptOutcome::Accepted) }
        }
        Err(SendError::Retry { after, why }) => after_refusal(message, after, why, now).of(AttemptOutcome::Retry),
        Err(SendError::Permanent { is_contact, why }) => {
            let what = if is_contact { What::ContactRefused } else { What::Failed };
            // A provider that refuses a number works.
            Ending::new(Next::Done(PageState::Failed), what, ProviderSign::Well, why).pulling(true).of(AttemptOutcome::Permanent)
        }
        Err(SendError::Unknown { why }) => after_doubt(message, is_repeat, can_ask, why, now).of(AttemptOutcome::Unknown),
    }
}

fn after_refusal(message: &Claimed, after: Option<Duration>, why: String, now: Timestamp) -> Ending {
    if now.duration_since(message.created_at) >= GIVE_UP_AFTER {
        return Ending::new(Next::Done(PageState::Failed), What::Failed, ProviderSign::None, why).pulling(!message.pulled);
    }
    let nth = usize::try_from(message.attempts).unwrap_or(usize::MAX);
    let backoff = Duration::from_secs(BACKOFF_S.get(nth).or(BACKOFF_S.last()).copied().unwrap_or(60));
    let sign = if after.is_some() { ProviderSign::None } else { ProviderSign::Failed };
    let wait = after.unwrap_or(backoff).max(Duration::from_secs(1));
    let next = Next::Again { at: later(now, wait), doubt: false, asks: 0 };
    Ending::new(next, What::Retry, sign, why).pulling(wait > LONG_WAIT && !message.pulled)
}

fn after_doubt(message: &Claimed, is_repeat: bool, can_ask: bool, why: String, now: Timestamp) -> Ending {
    let may_repeat = !is_never_repeated(message) && message.repeats == 0 && !is_repeat;
    if !can_ask && !may_repeat {
        return left(message, ProviderSign::Failed, why);
    }
    let wait = if can_ask { ASK_AFTER } else { Duration::ZERO };
    Ending::new(Next::Again { at: later(now, wait), doubt: true, asks: 0 }, What::Unknown, ProviderSign::Failed, why)
}

/// A message that a provider has, as was noted before its worker was gone.
pub(super) fn noted() -> Ending {
    Ending::new(Next::Done(PageState::Accepted), What::Accepted, ProviderSign::None, "it was noted before the worker was gone")
}

/// A message in doubt that must not be sent again. Its person is told elsewhere, unless it was a digest.
pub(super) fn left(message: &Claimed, sign: ProviderSign, why: impl Into<String>) -> Ending {
    let pull = !is_never_repeated(message) && !message.pulled;
    Ending::new(Next::Done(PageState::Unconfirmed), What::Unconfirmed, sign, why).pulling(pull)
}

/// After the provider was asked.
pub(super) fn after_asking(message: &Claimed, result: Result<Fate, String>, now: Timestamp) -> Ending {
    let at_once = Next::Again { at: now, doubt: false, asks: 0 };
    match result {
        Ok(Fate::Taken(Accepted { provider_reference })) => {
            let detail = "the provider was asked and has it";
            let ending = Ending::new(Next::Done(PageState::Accepted), What::Accepted, ProviderSign::Well, detail);
            Ending { provider_reference, ..ending }
        }
        Ok(Fate::Undelivered) => {
            let detail = "the provider was asked and couldn't deliver it";
            Ending::new(Next::Done(PageState::Failed), What::Failed, ProviderSign::Well, detail).pulling(!message.pulled)
        }
        // A provider that loses message after message is not believed for ever.
        Ok(Fate::NeverSeen) if message.attempts >= MOST_NEVER_SEEN => left(message, ProviderSign::Failed, "the provider has never seen it"),
        Ok(Fate::NeverSeen) => Ending::new(at_once, What::Retry, ProviderSign::Well, "the provider was asked and never got it"),
        Err(why) => {
            let next = Next::Again { at: later(now, ASK_AGAIN_AFTER), doubt: true, asks: message.asks.saturating_add(1) };
            Ending::new(next, What::Unknown, ProviderSign::None, format!("the provider was asked and can't tell: {why}"))
        }
    }
}

/// No provider of the channel can be called before `at`: the person is told elsewhere, and the message waits.
pub(super) fn without_provider(message: &Claimed, at: Option<Timestamp>, now: Timestamp) -> Ending {
    let is_old = now.duration_since(message.created_at) >= GIVE_UP_AFTER;
    let Some(at) = at.filter(|_| !is_old) else {
        let detail = if is_old { "no provider could be used for too long" } else { "the channel has no provider" };
        return Ending::new(Next::Done(PageState::Failed), What::Failed, ProviderSign::None, detail).pulling(!message.pulled);
    };
    let next = Next::Again { at: at.max(later(now, Duration::from_secs(1))), doubt: message.doubt, asks: message.asks };
    Ending::new(next, What::ProvidersDown, ProviderSign::None, "every provider of the channel is down").pulling(!message.pulled)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use taydo_model::PersonId;
    use taydo_model::oncall::ContactId;

    fn now() -> Timestamp {
        "2026-03-02T01:00:00Z".parse().unwrap()
    }

    pub(in crate::paging) fn message(kind: PageKind) -> Claimed {
        Claimed {
            id: 1,
            reference: String::new(),
            contact: ContactId(1),
            person: PersonId::new("an").unwrap(),
            team: None,
            kind,
            exercise: false,
            created_at: now(),
            is_taken: false,
            doubt: false,
            attempts: 0,
            repeats: 0,
            asks: 0,
            pulled: false,
            provider: None,
            pages: Vec::new(),
        }
    }

    /// Plays a message against a provider that takes everything and never answers; returns how often it took it and
    /// where the message ends.
    fn play_silent(kind: PageKind, can_ask: bool, answer: &Result<Fate, String>) -> (u32, PageState) {
        let mut message = message(kind);
        let mut taken = 0;
        for _ in 0..20 {
            let task = task(&message, can_ask);
            let ending = match task {
                Task::Send | Task::Repeat => {
                    taken += 1;
                    let is_repeat = task == Task::Repeat;
                    let ending = after_sending(&message, is_repeat, can_ask, Err(SendError::Unknown { why: String::new() }), now());
                    message.attempts += 1;
                    message.repeats += i32::from(is_repeat);
                    ending
                }
                Task::Ask => after_asking(&message, answer.clone(), now()),
                Task::Leave => left(&message, ProviderSign::None, ""),
            };
            match ending.next {
                Next::Done(state) => return (taken, state),
                Next::Again { doubt, asks, .. } => (message.doubt, message.asks) = (doubt, asks),
            }
        }
        panic!("the message never ends");
    }

    #[test]
    fn a_provider_that_never_answers_gets_a_message_once_or_twice() {
        let cant_tell = Err("503".to_owned());
        let taken = Ok(Fate::Taken(Accepted::default()));
        assert_eq!(play_silent(PageKind::Firing, false, &cant_tell), (2, PageState::Unconfirmed));
        assert_eq!(play_silent(PageKind::Firing, true, &cant_tell), (2, PageState::Unconfirmed));
        assert_eq!(play_silent(PageKind::Firing, true, &taken), (1, PageState::Accepted));
        assert_eq!(play_silent(PageKind::Digest, false, &cant_tell), (1, PageState::Unconfirmed));
        assert_eq!(play_silent(PageKind::Digest, true, &cant_tell), (1, PageState::Unconfirmed));
    }

    #[test]
    fn a_wait_that_the_provider_asks_for_is_kept_and_is_no_fault_of_its_own() {
        let asked = Err(SendError::Retry { after: Some(Duration::from_secs(7)), why: String::new() });
        let ending = after_sending(&message(PageKind::Firing), false, false, asked, now());
        assert_eq!(ending.next, Next::Again { at: later(now(), Duration::from_secs(7)), doubt: false, asks: 0 });
        assert_eq!((ending.sign, ending.pull), (ProviderSign::None, false));
        let long = Err(SendError::Retry { after: Some(Duration::from_secs(600)), why: String::new() });
        assert!(after_sending(&message(PageKind::Firing), false, false, long, now()).pull);
    }

    #[test]
    fn what_can_not_be_sent_for_half_a_day_is_given_up() {
        let end = now().checked_add(GIVE_UP_AFTER).unwrap();
        let refused = || Err(SendError::failed("500"));
        assert!(matches!(after_sending(&message(PageKind::Firing), false, false, refused(), now()).next, Next::Again { .. }));
        assert_eq!(after_sending(&message(PageKind::Firing), false, false, refused(), end).next, Next::Done(PageState::Failed));
        assert_eq!(without_provider(&message(PageKind::Firing), Some(end), end).next, Next::Done(PageState::Failed));
    }
}
