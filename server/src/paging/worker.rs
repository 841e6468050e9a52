//! The worker: claims what is due, asks whether it is still wanted, writes the attempts down, and sends.
//!
//! Any number of workers, in any number of processes, may work at one outbox. It must never send what it hasn't written down.

use super::channel::Outgoing;
use super::decision::{self, Task};
use super::delivery::{Delivery, Step, finish};
use super::desk::{Brief, Desk, Verdict};
use super::finisher;
use super::provider::{Choice, Provider, Providers};
use crate::clock::Clock;
use crate::store::outbox::{AttemptOutcome, Bell, Claim, Claimed, Finish, NewAttempt, PageState, ProviderSign};
use crate::store::{Store, StoreError};
use jiff::Timestamp;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::time::Duration;
use taydo_model::page::PageKind;
use tokio::sync::{Notify, mpsc};
use tokio::task::JoinSet;

/// The most messages of one claim.
const BATCH: usize = 50;
/// The most messages that are being sent at a time. While there are so many nothing more is claimed: the rest waits in the
/// outbox, where any other worker may take it.
const IN_FLIGHT: usize = 100;
/// How often the outbox is looked at when nothing was heard.
const POLL: Duration = Duration::from_secs(1);
/// The pause after a failure of the database.
const PAUSE: Duration = Duration::from_millis(500);

/// What a worker has done since its start.
#[derive(Debug, Default)]
pub struct Counters {
    /// Messages that a provider took.
    pub accepted: AtomicU64,
    /// Attempts that failed and are made again.
    pub retried: AtomicU64,
    /// Attempts of which nobody knows what became.
    pub unknown: AtomicU64,
    /// Questions to a provider what became of a message.
    pub asked: AtomicU64,
    /// Messages that were sent once more, marked, because nobody could tell.
    pub repeated: AtomicU64,
    /// Messages that didn't arrive, or may not have.
    pub failed: AtomicU64,
    /// Pages that were no longer wanted.
    pub suppressed: AtomicU64,
    /// Ends that came after the lease was lost.
    pub late: AtomicU64,
    /// Whether ends can't be written now, because the database is away.
    pub is_behind: AtomicBool,
}

/// The worker, before and while it runs.
#[derive(Debug)]
pub(super) struct Worker<D> {
    store: Store,
    clock: Clock,
    desk: Arc<D>,
    providers: Arc<Providers>,
    counters: Arc<Counters>,
    /// Providers whose breaker has let one call through that isn't back yet.
    probing: HashSet<String>,
    /// What is being sent.
    sending: JoinSet<Finish>,
}

impl<D: Desk> Worker<D> {
    pub(super) fn new(store: Store, clock: Clock, desk: Arc<D>, providers: Arc<Providers>, counters: Arc<Counters>) -> Self {
        Self { store, clock, desk, providers, counters, probing: HashSet::new(), sending: JoinSet::new() }
    }

    /// Works until it is asked to stop; then what is being sent is finished.
    pub(super) async fn run(mut self, stopping: Arc<Notify>) {
        // As many ends as there can be messages on their way, so that none waits to be handed over.
        let (ends, written) = mpsc::channel(IN_FLIGHT + BATCH);
        let mut writing = JoinSet::new();
        let (store, clock, desk, counters) = (self.store.clone(), self.clock.clone(), Arc::clone(&self.desk), Arc::clone(&self.counters));
        writing.spawn(finisher::run(store, clock, desk, counters, written));
        let mut bell = None;
        // Whether something may be due; while the last look found something, the next one may too.
        let mut may_be_due = true;
        let mut least_room = 1;
        loop {
            if may_be_due && self.room() >= least_room {
                may_be_due = match self.turn(&ends).await {
                    Ok(found) => found,
                    Err(error) => {
                        tracing::warn!(error = &error as &dyn std::error::Error, "the outbox can't be worked at now; trying again");
                        self.clock.pause(PAUSE).await;
                        false
                    }
                };
                // Under load claims are made for many at once, and not for each message that is done.
                least_room = BATCH / 2;
                if may_be_due && self.room() >= least_room {
                    continue;
                }
            }
            if bell.is_none() {
                bell = self.store.bell().await.ok();
                // What was written before it could be heard is looked for once more.
                may_be_due |= bell.is_some();
                if may_be_due && self.room() >= least_room {
                    continue;
                }
            }
            tokio::select! {
                biased;
                () = stopping.notified() => break,
                Some(end) = self.sending.join_next() => {
                    self.hand_over(end, &ends).await;
                    while let Some(end) = self.sending.try_join_next() {
                        self.hand_over(end, &ends).await;
                    }
                }
                is_rung = rung(bell.as_ref()), if !may_be_due => {
                    may_be_due = true;
                    if !is_rung {
                        bell = None;
                    }
                }
                () = self.clock.sleep(POLL) => {
                    may_be_due = true;
                    least_room = 1;
                }
            }
        }
        while let Some(end) = self.sending.join_next().await {
            self.hand_over(end, &ends).await;
        }
        drop(ends);
        while writing.join_next().await.is_some() {}
    }

    fn room(&self) -> usize {
        IN_FLIGHT.saturating_sub(self.sending.len())
    }

    async fn hand_over(&mut self, end: Result<Finish, tokio::task::JoinError>, ends: &mpsc::Sender<Finish>) {
        match end {
            Ok(end) => {
                if let Some(provider) = &end.provider {
                    self.probing.remove(provider);
                }
                // The finisher lives as long as this sender does.
                let _ = ends.send(end).await;
            }
            // Its message is taken up again when the lease is over, as after a crash.
            Err(error) => {
                self.probing.clear();
                tracing::error!(error = %error, "a message's sending has broken off");
            }
        }
    }

    /// Claims what there is room for and begins to send it. Returns whether there was anything.
    async fn turn(&mut self, ends: &mpsc::Sender<Finish>) -> Result<bool, StoreError> {
        if self.counters.is_behind.load(Relaxed) {
            // What isn't written down yet would be taken for lost, and sent again.
            return Ok(false);
        }
        let now = self.clock.now();
        let Claim { token, messages } = self.store.claim_messages(self.room().min(BATCH), now).await?;
        if messages.is_empty() {
            return Ok(false);
        }
        if let Err(error) = self.work(token, messages, ends, now).await {
            self.probing.clear();
            // Where this fails too, they are taken up when the lease is over.
            let _ = self.store.release_messages(token, now).await;
            return Err(error);
        }
        Ok(true)
    }

    async fn work(&mut self, token: i64, messages: Vec<Claimed>, ends: &mpsc::Sender<Finish>, now: Timestamp) -> Result<(), StoreError> {
        // Whatever has become of their incidents since: these were sent.
        let (taken, messages): (Vec<Claimed>, Vec<Claimed>) = messages.into_iter().partition(|message| message.is_taken);
        for message in taken {
            let _ = ends.send(finish(token, message.id, None, message.provider, decision::noted())).await;
        }
        if messages.is_empty() {
            return Ok(());
        }
        let briefs = self.desk.brief(&messages, now).await?;
        let wanted = self.settle(token, messages, briefs, now).await?;
        // The lease begins anew with the attempt, by the time that it is now.
        self.begin(token, wanted, ends, self.clock.now()).await
    }

    /// Closes the pages that are not to be sent, and returns the messages with any that are.
    async fn settle(
        &self,
        token: i64,
        messages: Vec<Claimed>,
        briefs: Vec<Brief>,
        now: Timestamp,
    ) -> Result<Vec<(Claimed, Brief)>, StoreError> {
        let (mut wanted, mut unwanted) = (Vec::with_capacity(messages.len()), Vec::new());
        for (mut message, brief) in messages.into_iter().zip(briefs) {
            let is_reachable = brief.contact.as_ref().is_some_and(|contact| {
                // A real page never goes to a contact that is for exercises only, and an exercise to no other. The code that
                // proves a contact is the one thing that is sent to it before.
                message.kind == PageKind::Code || contact.is_usable() && contact.exercise == message.exercise
            });
            let mut verdicts = brief.verdicts.iter();
            message.pages.retain(|page| {
                let verdict = verdicts.next().copied().unwrap_or(Verdict::Wanted);
                let state = match verdict {
                    Verdict::Suppressed => PageState::Suppressed,
                    Verdict::Expired => PageState::Expired,
                    Verdict::Wanted if is_reachable => return true,
                    Verdict::Wanted | Verdict::Unreachable => PageState::Failed,
                };
                unwanted.push((page.id, state));
                false
            });
            if !message.pages.is_empty() {
                wanted.push((message, brief));
            }
        }
        if !unwanted.is_empty() {
            self.store.settle_pages(token, &unwanted, "asked about before it was sent", now).await?;
            self.counters.suppressed.fetch_add(unwanted.len() as u64, Relaxed);
            self.desk.outcomes_written();
        }
        Ok(wanted)
    }

    /// Chooses providers, writes the attempts down, and begins.
    async fn begin(
        &mut self,
        token: i64,
        wanted: Vec<(Claimed, Brief)>,
        ends: &mpsc::Sender<Finish>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        if wanted.is_empty() {
            return Ok(());
        }
        let health = self.store.provider_health().await?;
        let mut sends: Vec<(Claimed, Brief, Arc<Provider>, bool)> = Vec::with_capacity(wanted.len());
        for (message, brief) in wanted {
            let last = message.provider.as_deref().and_then(|name| self.providers.named(name)).cloned();
            let task = decision::task(&message, last.as_ref().is_some_and(|provider| provider.channel.can_ask()));
            let Some(contact) = &brief.contact else { continue };
            match (task, last) {
                (Task::Ask, Some(provider)) => {
                    self.counters.asked.fetch_add(1, Relaxed);
                    self.spawn(Delivery { token, message, provider, step: Step::Ask });
                }
                (Task::Leave | Task::Ask, _) => {
                    let ending = decision::left(&message, ProviderSign::None, "it may have arrived, and is not sent again");
                    let _ = ends.send(finish(token, message.id, None, message.provider.clone(), ending)).await;
                }
                (Task::Send | Task::Repeat, _) => match self.providers.choose(contact.channel, &message, &health, &mut self.probing, now) {
                    Choice::Call(provider) => sends.push((message, brief, provider, task == Task::Repeat)),
                    Choice::Wait(until) => {
                        let ending = decision::without_provider(&message, until, now);
                        let _ = ends.send(finish(token, message.id, None, None, ending)).await;
                    }
                },
            }
        }
        let attempts: Vec<NewAttempt<'_>> = sends
            .iter()
            .map(|(message, _, provider, is_repeat)| NewAttempt { message: message.id, provider: &provider.name, is_repeat: *is_repeat })
            .collect();
        let begun = self.store.begin_attempts(token, &attempts, now).await?;
        for (message, brief, provider, is_repeat) in sends {
            // One that isn't among them belongs to another worker by now.
            let Some(attempt) = begun.get(&message.id).copied() else {
                self.probing.remove(&provider.name);
                continue;
            };
            let Some(outgoing) = outgoing(&message, brief, is_repeat, now) else { continue };
            self.counters.repeated.fetch_add(u64::from(is_repeat), Relaxed);
            self.spawn(Delivery { token, message, provider, step: Step::Send { attempt, is_repeat, outgoing: Box::new(outgoing) } });
        }
        Ok(())
    }

    fn spawn(&mut self, delivery: Delivery) {
        let (clock, store) = (self.clock.clone(), self.store.clone());
        self.sending.spawn(async move {
            let can_ask = delivery.provider.channel.can_ask();
            let end = delivery.run(&clock).await;
            // Ends are written many at a time. A kill until then would leave in doubt what nobody can be asked about.
            if let (false, Some((attempt, AttemptOutcome::Accepted))) = (can_ask, end.attempt)
                && let Err(error) = store.note_accepted(attempt).await
            {
                tracing::debug!(error = &error as &dyn std::error::Error, attempt, "an accepted message can't be noted; its end follows");
            }
            end
        });
    }
}

fn outgoing(message: &Claimed, brief: Brief, is_repeat: bool, now: Timestamp) -> Option<Outgoing> {
    let Brief { contact, language, mut content, picture, .. } = brief;
    content.kind = message.kind;
    content.exercise = message.exercise;
    content.is_repeat = is_repeat;
    content.reference.clone_from(&message.reference);
    let texts = super::text::compose(&content, language, picture.is_some());
    Some(Outgoing { reference: message.reference.clone(), address: contact?.address, texts, picture, now })
}

/// Whether the bell has rung; otherwise it is broken. Without one it is waited for ever, beside the poll.
async fn rung(bell: Option<&Bell>) -> bool {
    match bell {
        Some(bell) => bell.rung().await.is_ok(),
        None => std::future::pending().await,
    }
}
