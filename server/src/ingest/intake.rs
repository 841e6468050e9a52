//! The intake: the one gate that all ways in share. Decoded items are checked, their series interned, their rows
//! committed by a lane, and only then is the sender answered.
//!
//! It never acknowledges what isn't durable, rejects included, and never lets one source's fault touch another's items.

use super::{
    check::nearest,
    decode::{self, Item, Refusal},
    gather::{Gathered, Gathering, Memory},
    health::{Health, Problem, way},
    lane::{self, Failure, Lane, Rows},
    metrics::{Figure, IntakeMetrics, Level},
    registry::Registry,
};
use crate::{
    clock::Clock,
    definitions::InForce,
    disk::Gate,
    store::{Store, StoreError},
};
use jiff::Timestamp;
use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock, atomic::Ordering::Relaxed},
    time::Duration,
};
use taydo_engine::Batch;
use taydo_model::{
    Definitions, ErrorCode, SourceId,
    fault::BatchAnswer,
    source::{Source, Way},
};
use tokio::{sync::mpsc, task::JoinSet};
use tokio_util::sync::CancellationToken;

/// How long a submission waits for room and for its commit, each, before its sender is told to try again.
pub const PATIENCE: Duration = Duration::from_secs(10);
/// After how many seconds a refused sender should try again.
pub const RETRY_AFTER_S: u32 = 5;
/// How many lanes there are by default: two connections commit 1.7 times what one does.
pub const LANES: i16 = 2;
/// The most series that one statement makes.
const INTERN_CHUNK: usize = 1000;

/// Why a submission was not taken. Nothing of it is stored, or it may be: sending it again is harmless.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SubmitError {
    /// No such source is defined.
    #[error("{0}")]
    UnknownSource(String),
    /// The source is fed another way.
    #[error("{0}")]
    OtherWay(String),
    /// The body as a whole can't be read.
    #[error("{0}")]
    Body(#[from] Refusal),
    /// Too much at once.
    #[error("the queue is full; send it again in {RETRY_AFTER_S} s")]
    Busy,
    /// The database can't be reached.
    #[error("the database can't be reached now; send it again in {RETRY_AFTER_S} s")]
    Unavailable,
    /// The database's disk is full.
    #[error("the database's disk is full; nothing is taken until there is room")]
    Full,
    /// The database refuses it.
    #[error("the database refuses this; the server's log has the cause")]
    Internal,
}

impl SubmitError {
    /// The code that the sender is told.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::UnknownSource(_) => ErrorCode::NotFound,
            Self::OtherWay(_) => ErrorCode::Invalid,
            Self::Body(refusal) => refusal.code,
            Self::Busy => ErrorCode::Busy,
            Self::Unavailable | Self::Full => ErrorCode::Unavailable,
            Self::Internal => ErrorCode::Internal,
        }
    }

    /// In how many seconds the same may be sent again, where that can help.
    #[must_use]
    pub fn retry_after_s(&self) -> Option<u32> {
        matches!(self, Self::Busy | Self::Unavailable | Self::Full).then_some(RETRY_AFTER_S)
    }
}

impl From<Failure> for SubmitError {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Busy => Self::Busy,
            Failure::Unavailable => Self::Unavailable,
            Failure::Full => Self::Full,
            Failure::Internal => Self::Internal,
        }
    }
}

impl From<&StoreError> for Failure {
    fn from(error: &StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) | StoreError::Conflict(_) => Self::Unavailable,
            StoreError::Full(_) => Self::Full,
            StoreError::FenceLost(_) | StoreError::Internal(_) => Self::Internal,
        }
    }
}

/// The gate. A copy is the same gate.
#[derive(Debug, Clone)]
pub struct Intake(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    in_force: InForce,
    /// Of the definitions that were in force when it was last asked for.
    basis: RwLock<Arc<Basis>>,
    store: Store,
    clock: Clock,
    registry: Arc<Registry>,
    lanes: Vec<Lane>,
    health: Arc<Health>,
    metrics: Arc<IntakeMetrics>,
    /// Shut while the disk has no room for more.
    disk: Gate,
    stop: CancellationToken,
}

/// What items are checked by: a definition set, and what each source's spellings lead to under it.
#[derive(Debug)]
pub struct Basis {
    definitions: Arc<Definitions>,
    memories: HashMap<SourceId, Arc<Memory>>,
    /// For sources that aren't defined, or not any more.
    nobodys: Arc<Memory>,
}

impl Basis {
    fn new(definitions: Arc<Definitions>) -> Self {
        let memories = definitions.sources.iter().map(|source| (source.id.clone(), Arc::default())).collect();
        Self { definitions, memories, nobodys: Arc::default() }
    }
}

/// The tasks of the lanes.
#[derive(Debug)]
pub struct Lanes {
    tasks: JoinSet<()>,
    stop: CancellationToken,
}

impl Lanes {
    /// Takes nothing more in, and waits until every lane has committed its queue; without a database that is given up
    /// after one attempt, and the senders are told. The ways in have to be stopped before.
    pub async fn stop(mut self) {
        self.stop.cancel();
        while self.tasks.join_next().await.is_some() {}
    }
}

impl Intake {
    /// Reads the series that the store has, and opens lanes 0 to `lanes` − 1, which hand what they committed to `pipeline`.
    ///
    /// # Errors
    /// When the store can't be read.
    pub async fn start(
        in_force: InForce,
        store: Store,
        clock: Clock,
        health: Arc<Health>,
        lanes: i16,
        pipeline: mpsc::Sender<Batch>,
    ) -> Result<(Self, Lanes), StoreError> {
        let registry = Arc::new(Registry::new(store.series().await?));
        let (metrics, stop) = (Arc::new(IntakeMetrics::default()), CancellationToken::new());
        let mut tasks = JoinSet::new();
        let mut opened = Vec::new();
        for number in 0..lanes.max(1) {
            let writer = store.writer(number);
            let (lane, worker) =
                lane::open(writer, Arc::clone(&registry), pipeline.clone(), Arc::clone(&metrics), clock.clone(), stop.clone());
            opened.push(lane);
            tasks.spawn(worker.run());
        }
        let basis = RwLock::new(Arc::new(Basis::new(in_force.get())));
        let inner =
            Inner { in_force, basis, store, clock, registry, lanes: opened, health, metrics, disk: Gate::default(), stop: stop.clone() };
        Ok((Self(Arc::new(inner)), Lanes { tasks, stop }))
    }

    /// What items are checked by now. What is being gathered goes on by what it began with.
    #[must_use]
    pub fn basis(&self) -> Arc<Basis> {
        let definitions = self.0.in_force.get();
        let basis = self.0.basis.read().unwrap_or_else(PoisonError::into_inner).clone();
        if Arc::ptr_eq(&basis.definitions, &definitions) {
            return basis;
        }
        let basis = Arc::new(Basis::new(definitions));
        self.0.health.forget_unknown();
        *self.0.basis.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&basis);
        basis
    }

    /// `POST /api/v1/observations?source=`.
    ///
    /// # Errors
    /// See [`SubmitError`].
    pub async fn observations(&self, source: &str, body: &[u8]) -> Result<BatchAnswer, SubmitError> {
        let source = self.source(source, |way| matches!(way, Way::Http))?;
        self.body(&source, body, |take| decode::json::decode(body, take)).await
    }

    /// `POST /api/v1/cases?source=`.
    ///
    /// # Errors
    /// See [`SubmitError`].
    pub async fn cases(&self, source: &str, body: &[u8]) -> Result<BatchAnswer, SubmitError> {
        let source = self.source(source, |way| matches!(way, Way::Http))?;
        self.body(&source, body, |take| decode::cases::decode(body, take)).await
    }

    /// `POST /api/v2/write?bucket=&precision=`. An observation counts as one item; several can stand on a line.
    ///
    /// # Errors
    /// See [`SubmitError`].
    pub async fn lines(&self, bucket: &str, body: &[u8], precision: decode::line::Precision) -> Result<BatchAnswer, SubmitError> {
        let source = self.source(bucket, |way| matches!(way, Way::Line { .. }))?;
        let Way::Line { fields } = &source.way else { return Err(SubmitError::Internal) };
        self.body(&source, body, |take| decode::line::decode(body, precision, fields, take)).await
    }

    /// A source by its name, if data may come this way.
    ///
    /// # Errors
    /// When there is none, or it is fed another way.
    pub fn source(&self, name: &str, fits: impl Fn(&Way) -> bool) -> Result<Arc<Source>, SubmitError> {
        let definitions = self.definitions();
        let sources = &definitions.sources;
        let found = SourceId::new(name).ok().and_then(|id| definitions.source(&id));
        match found {
            Some(source) if fits(&source.way) => Ok(Arc::clone(source)),
            Some(source) => Err(SubmitError::OtherWay(format!("source {name:?} is fed by {}, not this way", way(source)))),
            None => {
                let shown: String = name.chars().take(80).collect();
                let near = nearest(name, sources.iter().filter(|source| fits(&source.way)).map(|source| source.id.as_str()));
                let hint = near.map_or_else(|| "define it in the city's sources".to_owned(), |near| format!("is {near:?} meant?"));
                Err(SubmitError::UnknownSource(format!("there is no source {shown:?}; {hint}")))
            }
        }
    }

    /// One body of one source. A body that can't be read at all is kept as one reject, and refused.
    async fn body(
        &self,
        source: &Source,
        body: &[u8],
        decode: impl FnOnce(&mut dyn FnMut(Item<'_>)) -> Result<(), Refusal>,
    ) -> Result<BatchAnswer, SubmitError> {
        let now = self.0.clock.now();
        let (gathered, whole) = self.gather(source, now, |gathering| {
            let outcome = decode(&mut |item| gathering.take(item));
            if let Err(refusal) = &outcome {
                gathering.refuse(0, body, refusal.clone());
            }
            outcome
        });
        let answer = self.submit(source, gathered, now).await?;
        whole?;
        Ok(answer)
    }

    /// Gathers a source's items while `fill` runs, which must not wait for anything.
    pub fn gather<T>(&self, source: &Source, now: Timestamp, fill: impl FnOnce(&mut Gathering<'_>) -> T) -> (Gathered, T) {
        let basis = self.basis();
        let mut gathering = self.gathering(&basis, source, now);
        let outcome = fill(&mut gathering);
        (gathering.finish(), outcome)
    }

    /// Begins to gather a source's items. What comes of it must be submitted; nothing may be waited for before it is finished.
    #[must_use]
    pub fn gathering<'g>(&'g self, basis: &'g Basis, source: &'g Source, now: Timestamp) -> Gathering<'g> {
        let memory = basis.memories.get(&source.id).unwrap_or(&basis.nobodys);
        memory.gather(&basis.definitions, source, &self.0.registry, now)
    }

    /// Makes what was gathered durable, and answers.
    ///
    /// # Errors
    /// See [`SubmitError`]; never `Body`.
    pub async fn submit(&self, source: &Source, mut gathered: Gathered, now: Timestamp) -> Result<BatchAnswer, SubmitError> {
        let outcome = self.persist(source, &mut gathered, now).await;
        let health = &self.0.health;
        match outcome {
            Ok(answer) => {
                health.taken(&source.id, answer.accepted as u64, answer.rejected as u64, self.0.clock.now());
                health.clear(&source.id, Problem::Store);
                for (name, count) in &gathered.unknown {
                    health.unknown(&source.id, name, *count);
                }
                Ok(answer)
            }
            Err(failure) => {
                let counter = if failure == Failure::Busy { &self.0.metrics.refused_busy } else { &self.0.metrics.refused_unavailable };
                counter.fetch_add(1, Relaxed);
                let error = SubmitError::from(failure);
                health.raise(&source.id, Problem::Store, error.to_string());
                Err(error)
            }
        }
    }

    async fn persist(&self, source: &Source, gathered: &mut Gathered, now: Timestamp) -> Result<BatchAnswer, Failure> {
        let inner = &*self.0;
        if inner.stop.is_cancelled() {
            return Err(Failure::Unavailable);
        }
        // What the centre measures of itself is a few rows a minute, and says that the disk is full.
        if inner.disk.is_shut() && !matches!(source.way, Way::Own) {
            return Err(Failure::Full);
        }
        let mut fresh = Vec::with_capacity(gathered.fresh.len());
        for keys in gathered.fresh.chunks(INTERN_CHUNK) {
            let interned = inner.clock.timeout(PATIENCE, inner.store.intern_series(&source.id, keys, now)).await;
            fresh.extend(interned.map_err(|_| Failure::Unavailable)?.map_err(|error| Failure::from(&error))?);
        }
        inner.registry.learn(&source.id, std::mem::take(&mut gathered.fresh), &fresh);
        if !fresh.is_empty() {
            inner.health.series(&source.id, inner.registry.created(&source.id));
        }
        if let Some(memory) = gathered.memory.take() {
            memory.learn(source, gathered, &fresh);
        }
        let rows = Rows {
            received: now,
            samples: std::mem::take(&mut gathered.samples),
            cases: std::mem::take(&mut gathered.cases),
            rejects: std::mem::take(&mut gathered.rejects),
        };
        let (accepted, rejected) = (rows.samples.len() + rows.cases.len(), rows.rejects.len());
        if accepted + rejected > 0 {
            let lane = inner.lanes.iter().max_by_key(|lane| lane.room()).ok_or(Failure::Internal)?;
            lane.commit(rows, PATIENCE, &inner.clock).await?;
        }
        Ok(BatchAnswer { accepted, rejected, errors: std::mem::take(&mut gathered.errors) })
    }

    /// The counters, for `/metrics`.
    #[must_use]
    pub fn figures(&self) -> Vec<Figure> {
        self.0.metrics.figures()
    }

    /// What fills now, for `/metrics`.
    #[must_use]
    pub fn levels(&self) -> Vec<Level> {
        let queued = self.0.lanes.iter().map(|lane| lane.depth() as u64).sum();
        self.0.metrics.levels(queued)
    }

    /// The counters.
    #[must_use]
    pub fn metrics(&self) -> &IntakeMetrics {
        &self.0.metrics
    }

    /// The gate that is shut while the disk has no room.
    #[must_use]
    pub fn gate(&self) -> &Gate {
        &self.0.disk
    }

    /// The definitions that items are checked against now.
    #[must_use]
    pub fn definitions(&self) -> Arc<Definitions> {
        self.0.in_force.get()
    }

    pub(super) fn store(&self) -> &Store {
        &self.0.store
    }

    pub(super) fn clock(&self) -> &Clock {
        &self.0.clock
    }
}
