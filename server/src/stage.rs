//! The city's operating stage: what the figures come to, what is proposed, and what somebody confirmed.
//!
//! It rests on recorded readings of the whole city. It must never change the stage by itself, nor tell a stage as known that
//! rests on readings from before the centre was away.

mod lead;

use crate::clock::Clock;
use crate::definitions::InForce;
use crate::http::refusal::chain;
use crate::store::past::{Figures, Past};
use crate::store::{Store, StoreError};
use jiff::{SignedDuration, Timestamp};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use taydo_model::stage::lead::{Lead, entitled};
use taydo_model::stage::{ConfirmStage, Confirmed, Course, Judged, StageFigure, StagePage, StageSign, Stages, sign};
use taydo_model::wire::Knowledge;
use taydo_model::{Definitions, KpiId, PersonId, Quality, Reading, Scope, Text};

/// How often it looks.
const EVERY: Duration = Duration::from_secs(5);
/// A recorded reading is old when this much more than two of its instants has gone by.
const GRACE_S: i64 = 120;
/// The most confirmations in an answer.
const LOG: u32 = 50;

/// Why a stage isn't confirmed.
#[derive(Debug, thiserror::Error)]
pub enum Declined {
    /// The city has no stages.
    #[error("the city has no stages; stage.toml defines them")]
    NoStages,
    /// Somebody else leads the shift.
    #[error("{}", .0.en)]
    NotLeading(Text),
    /// The store can't keep it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The stage. Cheap to clone; all clones are one.
#[derive(Debug, Clone)]
pub struct Stage(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Store,
    past: Past,
    clock: Clock,
    definitions: InForce,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// What it was judged by; other stages begin anew.
    stages: Option<Arc<Stages>>,
    judged: Judged,
    course: Course,
    confirmed: Option<Confirmed>,
}

impl Stage {
    /// The stage as it was last confirmed; what the figures come to is not known yet.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn load(store: Store, past: Past, clock: Clock, definitions: InForce) -> Result<Self, StoreError> {
        let confirmed = store.stage_confirmations(1).await?.into_iter().next();
        let mut state = State { confirmed, stages: definitions.get().stages.clone(), ..State::default() };
        state.course.step(&Judged::default(), clock.now());
        Ok(Self(Arc::new(Inner { store, past, clock, definitions, state: Mutex::new(state) })))
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Runs until it is dropped.
    pub async fn keep(self) {
        loop {
            let now = self.0.clock.now();
            if let Err(error) = self.round(now).await {
                tracing::warn!(error = %chain(&error), "the city's stage can't be judged now; trying again");
                self.state().judge(None, Judged::default(), now);
            }
            self.0.clock.sleep(EVERY).await;
        }
    }

    async fn round(&self, now: Timestamp) -> Result<(), StoreError> {
        let definitions = self.0.definitions.get();
        let Some(stages) = definitions.stages.clone() else {
            self.state().stages = None;
            return Ok(());
        };
        let asked = Figures { single: stages.kpis().into_iter().map(|kpi| (kpi, Scope::City)).collect(), ranked: Vec::new() };
        let found = self.0.past.newest(&asked, now, Knowledge::Now).await?;
        let judged = stages.judge(|kpi| known(&definitions, &found, kpi, now));
        self.state().judge(Some(stages), judged, now);
        Ok(())
    }

    /// What walls show; `None` where the city has no stages.
    #[must_use]
    pub fn sign(&self, now: Timestamp) -> Option<StageSign> {
        let state = self.state();
        let stages = state.stages.as_ref()?;
        let proposed = state.course.proposed(stages, state.confirmed.as_ref(), now);
        Some(sign(stages, &state.course, &state.judged, state.confirmed.as_ref(), proposed))
    }

    /// All that is known of it.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn page(&self, now: Timestamp) -> Result<StagePage, StoreError> {
        let log = self.0.store.stage_confirmations(LOG).await?;
        let definitions = self.0.definitions.get();
        let figure = |id: KpiId| {
            let kpi = definitions.kpi(&id)?;
            Some((id, StageFigure { title: kpi.title.clone(), unit: kpi.unit, decimals: kpi.decimals }))
        };
        let (leads, _) = self.leads(now).await?;
        let sign = self.sign(now);
        let state = self.state();
        let proposed = state.stages.as_ref().and_then(|stages| state.course.proposed(stages, state.confirmed.as_ref(), now));
        Ok(StagePage {
            time: now,
            sign,
            judged: state.judged.clone(),
            unknown_since: state.course.unknown_since,
            proposed,
            leads,
            log,
            figures: state.stages.iter().flat_map(|stages| stages.kpis()).filter_map(figure).collect(),
            stages: state.stages.as_deref().cloned(),
        })
    }

    /// Who leads the shift, and who keeps the server.
    async fn leads(&self, now: Timestamp) -> Result<(Vec<Lead>, Option<PersonId>), StoreError> {
        let logs = self.0.store.shift_logs(None, 0).await?;
        let roster = self.0.store.roster(now).await?;
        let definitions = self.0.definitions.get();
        let leads = lead::leads(&logs, definitions.duty.shift_lead.as_ref(), &roster, now);
        Ok((leads, roster.keeper.clone()))
    }

    /// Whoever leads the shift confirms a stage.
    ///
    /// # Errors
    /// When the city has no stages, when somebody else leads, or when the store can't keep it.
    pub async fn confirm(&self, what: &ConfirmStage) -> Result<(), Declined> {
        let now = self.0.clock.now();
        let (leads, keeper) = self.leads(now).await?;
        let by = entitled(&what.person, &leads, keeper.as_ref()).map_err(Declined::NotLeading)?;
        let one = {
            let state = self.state();
            let Some(stages) = &state.stages else { return Err(Declined::NoStages) };
            let proposed = state.course.proposed(stages, state.confirmed.as_ref(), now).map(|one| one.stage);
            let (person, reason) = (what.person.clone(), what.reason.clone());
            Confirmed { at: now, stage: what.stage, person, reason, by: Some(by), proposed, computed: state.judged.stage }
        };
        self.0.store.confirm_stage(&one).await?;
        let mut state = self.state();
        // Of two at once the later one holds, as in the table.
        if state.confirmed.as_ref().is_none_or(|before| before.at <= one.at) {
            state.confirmed = Some(one);
        }
        Ok(())
    }
}

impl State {
    fn judge(&mut self, stages: Option<Arc<Stages>>, judged: Judged, now: Timestamp) {
        if let Some(stages) = stages
            && self.stages.as_ref() != Some(&stages)
        {
            self.course = Course::default();
            self.stages = Some(stages);
        }
        self.course.step(&judged, now);
        self.judged = judged;
    }
}

/// A figure's value; `None` where it is old, missing or was recorded too long ago.
fn known(definitions: &Definitions, found: &[Reading], id: &KpiId, now: Timestamp) -> Option<f64> {
    let kpi = definitions.kpi(id)?;
    let reading = found.iter().find(|one| one.kpi == *id)?;
    let late = SignedDuration::from_secs(2 * i64::from(kpi.every_s) + GRACE_S);
    let is_old = now.duration_since(reading.time) > late;
    reading.value.filter(|_| !is_old && kpi.quality_at(reading, now) < Quality::Stale)
}
