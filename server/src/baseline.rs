//! Baselines in the background: each night those that are a week old, or of an older definition, are made anew.
//!
//! It must never hold up anything: one figure at a time, over one short statement each, and only so many in a night.

use crate::clock::{Clock, later};
use crate::days::Days;
use crate::definitions::InForce;
use crate::http::refusal::chain;
use crate::store::{Store, StoreError};
use jiff::civil::time;
use jiff::{SignedDuration, Timestamp, ToSpan};
use std::time::Duration;
use taydo_model::baseline::{Baseline, BaselineMade, Slots, has_season};
use taydo_model::kpi::Dimension;
use taydo_model::{Definitions, Kpi, Scope};

/// How far back readings are learnt from.
pub(crate) const WEEKS: i64 = 8;
/// A baseline is made anew when it is so old.
const KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);
/// Readings closer together than this say the same; only one of them is read.
const LEAST_STEP_S: u32 = 600;
/// Figures of one night. The others have their turn in the nights after.
const MOST_A_NIGHT: usize = 2_000;
/// The first round after a start, for what the last night has missed.
const FIRST_ROUND: Duration = Duration::from_secs(15 * 60);
/// When the city sleeps.
const HOUR: i8 = 2;

/// Makes baselines until it is dropped.
pub async fn run(in_force: InForce, store: Store, clock: Clock) {
    let mut next = later(clock.now(), FIRST_ROUND);
    loop {
        clock.sleep_until(next).await;
        let definitions = in_force.get();
        let days = Days::of(&definitions);
        let now = clock.now();
        match round(&definitions, &store, &days, now).await {
            Ok(made) if made > 0 => tracing::info!(made, "baselines are made anew"),
            Ok(_) => {}
            Err(error) => tracing::warn!(error = %chain(&error), "baselines can't be made now; the next night tries again"),
        }
        // After this round's moment, however long it took: a night that came meanwhile is not missed.
        next = next_night(&days, now);
    }
}

/// The next time that the night's hour comes.
fn next_night(days: &Days, now: Timestamp) -> Timestamp {
    let zone = days.zone();
    let on = |date: jiff::civil::Date| zone.to_ambiguous_timestamp(date.to_datetime(time(HOUR, 30, 0, 0))).compatible().ok();
    let today = zone.to_datetime(now).date();
    let days = [Some(today), today.checked_add(1.day()).ok()];
    let night = days.into_iter().flatten().filter_map(on).find(|night| *night > now);
    night.unwrap_or_else(|| later(now, Duration::from_secs(86_400)))
}

async fn round(definitions: &Definitions, store: &Store, days: &Days, now: Timestamp) -> Result<usize, StoreError> {
    let made = store.baselines_made().await?;
    let old = now.saturating_sub(KEPT).unwrap_or(now);
    let mut count = 0;
    for kpi in definitions.kpis.iter().filter(|kpi| has_season(kpi)) {
        for scope in scopes(definitions, kpi) {
            let is_current = |(at, version): &(Timestamp, String)| *at > old && *version == kpi.version;
            if made.get(&(kpi.id.clone(), scope.clone())).is_some_and(is_current) {
                continue;
            }
            if count == MOST_A_NIGHT {
                return Ok(count);
            }
            count += usize::from(make(store, kpi, &scope, days, now).await?.is_some());
        }
    }
    Ok(count)
}

/// The scopes that a KPI is computed for.
fn scopes(definitions: &Definitions, kpi: &Kpi) -> Vec<Scope> {
    let of = |dimension: &Dimension| -> Vec<Scope> {
        match dimension {
            Dimension::Area => definitions.city.areas.iter().map(|area| Scope::Area(area.id.clone())).collect(),
            Dimension::Department => definitions.city.departments.iter().map(|one| Scope::Department(one.id.clone())).collect(),
            Dimension::Asset => definitions.assets.iter().map(|asset| Scope::Asset(asset.id.clone())).collect(),
        }
    };
    std::iter::once(Scope::City).chain(kpi.by.iter().flat_map(of)).collect()
}

/// Makes a new version of a figure's baseline from its recorded readings of the last eight weeks; `None`, and no version,
/// when no hour of the week is known from them.
///
/// # Errors
/// See [`StoreError`].
pub async fn make(store: &Store, kpi: &Kpi, scope: &Scope, days: &Days, now: Timestamp) -> Result<Option<BaselineMade>, StoreError> {
    let from = now.saturating_sub(SignedDuration::from_hours(WEEKS * 168)).unwrap_or(Timestamp::MIN);
    let values = store.sound_values(&kpi.id, scope, (from, now), i64::from(step_s(kpi.every_s))).await?;
    let (Some((first, _)), Some((last, _))) = (values.first().copied(), values.last().copied()) else { return Ok(None) };
    let readings = values.len();
    let half_step = 0.5 * 10_f64.powi(-i32::from(kpi.decimals));
    let slots = days.in_season(|season| Slots::learn(values, season, half_step));
    let hours = slots.known();
    if hours == 0 {
        return Ok(None);
    }
    let baseline = Baseline {
        kpi: kpi.id.clone(),
        scope: scope.clone(),
        version: 0,
        made_at: now,
        definition: kpi.version.clone(),
        from: first,
        to: last,
        slots,
    };
    let version = store.save_baseline(&baseline).await?;
    Ok(Some(BaselineMade { version, readings, hours }))
}

/// The step between the readings that are learnt from: the first whole number of grid steps that is long enough, and
/// divides an hour where the grid does.
pub(crate) fn step_s(every_s: u32) -> u32 {
    let every_s = every_s.max(1);
    let fits = |step: &u32| *step >= LEAST_STEP_S && (3600_u32.is_multiple_of(*step) || !3600_u32.is_multiple_of(every_s));
    (1..=3600).map(|times| every_s.saturating_mul(times)).find(fits).unwrap_or(every_s)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readings_are_thinned_to_about_six_an_hour() {
        for (every_s, step) in [(1, 600), (60, 600), (300, 600), (420, 840), (600, 600), (900, 900), (3600, 3600), (86_400, 86_400)] {
            assert_eq!(step_s(every_s), step, "every {every_s} s");
        }
    }

    #[test]
    fn the_next_night_is_the_citys() {
        let mut definitions = Definitions::default();
        definitions.city.zone = "Asia/Ho_Chi_Minh".to_owned();
        let days = Days::of(&definitions);
        for (now, night) in [
            ("2026-03-02T01:00+07", "2026-03-02T02:30+07"),
            ("2026-03-02T02:30+07", "2026-03-03T02:30+07"),
            ("2026-03-02T23:00+07", "2026-03-03T02:30+07"),
        ] {
            assert_eq!(next_night(&days, now.parse().unwrap()), night.parse().unwrap());
        }
    }
}
