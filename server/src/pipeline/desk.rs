//! The desk where recomputes are asked for, and where one sees how far they have got.
//!
//! It must never compute, nor wait: what it knows is told to it by the recompute's jobs.

use jiff::Timestamp;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use taydo_engine::Touched;
use taydo_model::recompute::{RecomputeJob, RecomputeState};
use taydo_model::{Definitions, KpiId};
use tokio::sync::mpsc;

/// Requests that wait for the pipeline to take them; a further one is refused as busy.
const QUEUE: usize = 8;
/// The most grid instants of one piece of a request. Between pieces late data has its turn.
const PIECE: u64 = 20_000;

/// Asks for recomputes and tells how they stand. A copy is the same desk.
#[derive(Debug, Clone)]
pub struct RecomputeDesk {
    asks: mpsc::Sender<RecomputeJob>,
    standing: Standing,
}

/// A place in the queue of requests.
#[derive(Debug)]
pub struct Place(mpsc::OwnedPermit<RecomputeJob>);

/// What the jobs tell.
#[derive(Debug, Clone, Default)]
pub(super) struct Standing(Arc<Mutex<Told>>);

#[derive(Debug, Default)]
struct Told {
    /// The request that runs: its number, instants done, readings changed.
    running: Option<(i64, u64, u64)>,
    /// Whether ranges wait or are being mended that nobody asked for.
    is_mending: bool,
    /// How many readings recomputes have changed since the start.
    changed: u64,
}

impl RecomputeDesk {
    pub(super) fn open() -> (Self, mpsc::Receiver<RecomputeJob>, Standing) {
        let (asks, asked) = mpsc::channel(QUEUE);
        let standing = Standing::default();
        (Self { asks, standing: standing.clone() }, asked, standing)
    }

    /// A desk without a pipeline behind it: every request is refused as one too many.
    #[must_use]
    pub fn unattended() -> Self {
        Self::open().0
    }

    /// A place for one request; `None` when too many wait.
    #[must_use]
    pub fn place(&self) -> Option<Place> {
        self.asks.clone().try_reserve_owned().ok().map(Place)
    }

    /// The job as the store has it, with how far it has got.
    #[must_use]
    pub fn as_it_stands(&self, mut job: RecomputeJob) -> RecomputeJob {
        if let (Some((id, done, changed)), false) = (self.standing.told().running, job.state.is_final())
            && id == job.id
        {
            job.state = RecomputeState::Running;
            job.instants_done = done;
            job.changed = changed;
        }
        job
    }

    /// Whether late data or an absence is still being mended.
    #[must_use]
    pub fn is_mending(&self) -> bool {
        self.standing.told().is_mending
    }

    /// How many readings recomputes have changed since the start.
    #[must_use]
    pub fn changed(&self) -> u64 {
        self.standing.told().changed
    }
}

impl Place {
    /// Takes the place.
    pub fn take(self, job: RecomputeJob) {
        self.0.send(job);
    }
}

impl Standing {
    fn told(&self) -> MutexGuard<'_, Told> {
        // Plain figures: what was left in the middle of a panic is still the best there is.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn mending(&self, is_mending: bool) {
        self.told().is_mending = is_mending;
    }

    /// The request's figures now; `None` when none runs.
    pub(super) fn running(&self, running: Option<(i64, u64, u64)>) {
        self.told().running = running;
    }

    pub(super) fn changed(&self, by: u64) {
        self.told().changed += by;
    }
}

/// A request on its way, piece by piece.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) job: i64,
    pieces: VecDeque<Touched>,
    /// What the pieces before have come to.
    pub(super) instants_done: u64,
    pub(super) changed: u64,
}

impl Asked {
    pub(super) fn new(job: &RecomputeJob, definitions: &Definitions) -> Self {
        let request = &job.request;
        let pieces = request.kpis.iter().flat_map(|kpi| pieces(definitions, kpi, request.from, request.to)).collect();
        Self { job: job.id, pieces, instants_done: 0, changed: 0 }
    }

    /// The piece that is to be computed now.
    pub(super) fn piece(&self) -> Option<&Touched> {
        self.pieces.front()
    }

    /// Whether there is nothing after this piece.
    pub(super) fn is_last(&self) -> bool {
        self.pieces.len() <= 1
    }

    /// The piece is computed.
    pub(super) fn advance(&mut self, instants: u64, changed: u64) {
        self.pieces.pop_front();
        self.instants_done += instants;
        self.changed += changed;
    }
}

/// How many grid instants of these KPIs lie in a stretch of time, both ends included.
#[must_use]
pub fn instants(definitions: &Definitions, kpis: &[KpiId], from: Timestamp, to: Timestamp) -> u64 {
    let of = |kpi: &KpiId| {
        let every = i64::from(definitions.kpi(kpi)?.every_s.max(1));
        let (first, last) = grid(every, from, to);
        u64::try_from((last - first) / every + 1).ok().filter(|_| first <= last)
    };
    kpis.iter().filter_map(of).sum()
}

/// The first and the last grid instant of a stretch of time, in seconds.
fn grid(every: i64, from: Timestamp, to: Timestamp) -> (i64, i64) {
    let begin = from.as_second() + i64::from(from.subsec_nanosecond() > 0);
    let first = begin.div_euclid(every) + i64::from(begin.rem_euclid(every) > 0);
    (first * every, to.as_second().div_euclid(every) * every)
}

fn pieces(definitions: &Definitions, kpi: &KpiId, from: Timestamp, to: Timestamp) -> Vec<Touched> {
    let Some(found) = definitions.kpi(kpi) else { return Vec::new() };
    let every = i64::from(found.every_s.max(1));
    let (mut first, end) = grid(every, from, to);
    let reach = i64::try_from(PIECE - 1).unwrap_or(0).saturating_mul(every);
    let mut pieces = Vec::new();
    while first <= end {
        let last = first.saturating_add(reach).min(end);
        if let (Ok(from), Ok(to)) = (Timestamp::from_second(first), Timestamp::from_second(last)) {
            pieces.push(Touched { kpi: kpi.clone(), from, to });
        }
        first = last.saturating_add(every);
    }
    pieces
}
