//! The baselines that alert rules ask for, held in memory, so that an evaluation never waits for the database.
//!
//! It must never make a baseline, nor hold up an evaluation: what is not known yet is no band.

use crate::clock::{Clock, later};
use crate::days::Days;
use crate::definitions::InForce;
use crate::store::{Store, StoreError};
use jiff::Timestamp;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;
use taydo_engine::alert::Bands;
use taydo_model::baseline::{Band, Slots};
use taydo_model::rule::{Operand, Rule};
use taydo_model::{Definitions, KpiId, Scope};
use tokio::sync::watch::{Receiver, Sender};

/// New baselines come once a week, at night.
const EVERY: Duration = Duration::from_secs(3600);
/// The most baselines that are held, some 5 kB each; rules over the others have none, which is logged.
const MOST: usize = 5_000;

/// The newest baselines of the figures whose rules ask for one.
#[derive(Debug)]
pub struct UsualBands {
    days: Days,
    slots: HashMap<KpiId, HashMap<Scope, Slots>>,
}

impl Bands for UsualBands {
    fn band(&self, kpi: &KpiId, scope: &Scope, at: Timestamp) -> Option<Band> {
        let slots = self.slots.get(kpi)?.get(scope)?;
        self.days.in_season(|season| slots.at(at, season))
    }
}

impl UsualBands {
    /// None yet.
    #[must_use]
    pub fn none(definitions: &Definitions) -> Self {
        Self { days: Days::of(definitions), slots: HashMap::new() }
    }

    /// What the store has for the rules of a set.
    ///
    /// # Errors
    /// See [`StoreError`].
    pub async fn load(definitions: &Definitions, store: &Store) -> Result<Self, StoreError> {
        let mut bands = Self::none(definitions);
        let asks = |rule: &&Arc<Rule>| Operand::ALL.into_iter().any(|operand| operand.is_baseline() && rule.names(operand));
        let rules: Vec<&Arc<Rule>> = definitions.rules.iter().filter(asks).collect();
        if rules.is_empty() {
            return Ok(bands);
        }
        let made = store.baselines_made().await?;
        let is_wanted = |(kpi, scope): &&(KpiId, Scope)| rules.iter().any(|rule| rule.kpi == *kpi && rule.covers(scope, definitions));
        let mut wanted: Vec<&(KpiId, Scope)> = made.keys().filter(is_wanted).collect();
        wanted.sort();
        if wanted.len() > MOST {
            tracing::warn!(wanted = wanted.len(), held = MOST, "rules ask for more baselines than are held");
        }
        for (kpi, scope) in wanted.into_iter().take(MOST) {
            if let Some(baseline) = store.baseline(kpi, scope, None, None).await? {
                bands.slots.entry(kpi.clone()).or_default().insert(scope.clone(), baseline.slots);
            }
        }
        Ok(bands)
    }
}

/// Where the newest are, and who puts them there: [`keep`].
#[must_use]
pub fn open(definitions: &Definitions) -> (Sender<Arc<UsualBands>>, Receiver<Arc<UsualBands>>) {
    tokio::sync::watch::channel(Arc::new(UsualBands::none(definitions)))
}

/// Reads them each hour, and when other definitions are in force, until it is dropped.
pub async fn keep(in_force: InForce, store: Store, clock: Clock, bands: Sender<Arc<UsualBands>>) {
    let mut changes = in_force.changes();
    loop {
        match UsualBands::load(&in_force.get(), &store).await {
            Ok(newest) => _ = bands.send_replace(Arc::new(newest)),
            Err(error) => tracing::warn!(%error, "baselines for rules can't be read now; the next hour tries again"),
        }
        tokio::select! {
            () = clock.sleep_until(later(clock.now(), EVERY)) => {}
            changed = changes.changed() => {
                if changed.is_err() {
                    return;
                }
            }
        }
    }
}
