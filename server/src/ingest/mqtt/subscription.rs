//! Subscriptions: what the session with the broker was asked for, and what is to change when other definitions are in force.
//!
//! A change asks for what is new and lets go of what is gone; the session and what it holds are never dropped for it.

use crate::clock::Clock;
use crate::definitions::InForce;
use rumqttc::v5::{
    AsyncClient,
    mqttbytes::{
        QoS,
        v5::{Filter, RetainForwardRule, SubscribeReasonCode},
    },
};
use std::{
    collections::{BTreeMap, BTreeSet, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use taydo_model::{Definitions, SourceId, source::Way};
use tokio_util::sync::CancellationToken;

/// Where Mosquitto counts the messages that it dropped because a queue was full or a packet too large.
pub(super) const DROPPED_TOPIC: &str = "$SYS/broker/publish/messages/dropped";
/// The pause after the client's queue was too full to take a request.
const PAUSE: Duration = Duration::from_secs(1);

/// What is subscribed to. Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub(super) struct Subscriptions {
    client: AsyncClient,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    is_connected: bool,
    /// The filters that the session has been asked for, and for which source.
    filters: BTreeMap<String, SourceId>,
    /// Filters that it has and that nobody wants any more.
    gone: BTreeSet<String>,
    /// The requests that the broker has not answered, oldest first; it answers in order.
    asked: VecDeque<Vec<SourceId>>,
}

/// The MQTT sources' filters.
fn filters(definitions: &Definitions) -> BTreeMap<String, SourceId> {
    let filter = |source: &Arc<taydo_model::source::Source>| match &source.way {
        Way::Mqtt { topic, .. } => Some((topic.filter(), source.id.clone())),
        _ => None,
    };
    definitions.sources.iter().filter_map(filter).collect()
}

impl Subscriptions {
    pub(super) fn new(client: AsyncClient) -> Self {
        Self { client, state: Arc::default() }
    }

    /// There is a connection: asks for everything, because the session may be a new one.
    pub(super) fn connected(&self, definitions: &Definitions) {
        let mut state = self.state();
        *state = State { is_connected: true, gone: std::mem::take(&mut state.gone), ..State::default() };
        let dropped = Filter::new(DROPPED_TOPIC, QoS::AtMostOnce);
        if !self.ask(&mut state, filters(definitions), Some(dropped)) {
            // The queue is full of acknowledgements: the next connection tries again.
            tracing::error!("can't ask for the subscriptions: the client's queue is full");
        }
    }

    /// The connection is lost; the next one asks for everything.
    pub(super) fn lost(&self) {
        let mut state = self.state();
        state.is_connected = false;
        state.asked.clear();
    }

    /// What the broker has answered to the oldest request: for each source whether it subscribes it as asked.
    pub(super) fn answered(&self, codes: &[SubscribeReasonCode]) -> Vec<(SourceId, SubscribeReasonCode)> {
        // The codes stand in the order of the filters; a last one may be of the broker's own count, which it need not have.
        self.state().asked.pop_front().unwrap_or_default().into_iter().zip(codes.iter().copied()).collect()
    }

    /// Follows the definitions in force until it is stopped.
    pub(super) async fn follow(self, in_force: InForce, clock: Clock, stop: CancellationToken) {
        let mut changes = in_force.changes();
        loop {
            tokio::select! {
                changed = changes.changed() => if changed.is_err() { return },
                () = stop.cancelled() => return,
            }
            let definitions = changes.borrow_and_update().clone();
            while !self.change(&definitions) {
                tracing::warn!("the changed subscriptions can't be asked for yet: the client's queue is full");
                tokio::select! {
                    () = clock.pause(PAUSE) => {}
                    () = stop.cancelled() => return,
                }
            }
        }
    }

    /// Whether everything that changed could be asked for.
    fn change(&self, definitions: &Definitions) -> bool {
        let mut state = self.state();
        let wanted = filters(definitions);
        let unwanted: Vec<String> = state.filters.keys().filter(|filter| !wanted.contains_key(*filter)).cloned().collect();
        state.gone.extend(unwanted);
        state.filters.retain(|filter, _| wanted.contains_key(filter));
        if !state.is_connected {
            return true;
        }
        self.ask(&mut state, wanted, None)
    }

    /// Asks for those of `wanted` that were not asked for, then lets go of what is gone. Whether the client's queue took it.
    fn ask(&self, state: &mut State, wanted: BTreeMap<String, SourceId>, dropped: Option<Filter>) -> bool {
        state.gone.retain(|filter| !wanted.contains_key(filter));
        let new: Vec<(String, SourceId)> = wanted.into_iter().filter(|(filter, _)| !state.filters.contains_key(filter)).collect();
        if !new.is_empty() || dropped.is_some() {
            let asked = new.iter().map(|(path, _)| at_least_once(path.clone()));
            if self.client.try_subscribe_many(asked.chain(dropped)).is_err() {
                return false;
            }
            state.asked.push_back(new.iter().map(|(_, source)| source.clone()).collect());
            state.filters.extend(new);
        }
        while let Some(filter) = state.gone.first().cloned() {
            if self.client.try_unsubscribe(filter.as_str()).is_err() {
                return false;
            }
            state.gone.remove(&filter);
        }
        true
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A value that was retained is of unknown age, so the broker is asked not to repeat it.
fn at_least_once(path: String) -> Filter {
    let mut filter = Filter::new(path, QoS::AtLeastOnce);
    filter.retain_forward_rule = RetainForwardRule::Never;
    filter
}
