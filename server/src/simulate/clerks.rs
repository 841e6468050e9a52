//! The departments' clerks: each enters its figures through the form once a term is over, most of them before the due date.
//!
//! What a figure is follows from the seed, the KPI and the term; what was entered before is left alone.

use super::delivery::{Delivery, Parcel};
use super::local::DAY_S;
use super::pace::Pace;
use super::random::Seed;
use jiff::{SignedDuration, Timestamp, tz::TimeZone};
use std::{collections::BTreeSet, sync::Arc, time::Duration};
use taydo_model::{
    Definitions, Kpi, Scope,
    form::{Cadence, Draft, EntriesPage, Form, Stated, Term},
    kpi::From,
};

/// Between two looks for what may be entered.
const EVERY: Duration = Duration::from_secs(30);
/// The share of figures that come after their due date, and by how many days at most.
const LATE: f64 = 0.04;
const LATE_DAYS: f64 = 6.0;
/// Who enters them, as the receipts say.
const NAME: &str = "Người nhập liệu mô phỏng";

/// All clerks of a city.
#[derive(Debug)]
pub(super) struct Clerks {
    figures: Figures,
    pace: Pace,
    delivery: Delivery,
}

/// The figures of a city, and when each is entered.
#[derive(Debug)]
pub(super) struct Figures {
    seed: Seed,
    zone: TimeZone,
    kpis: Vec<(Arc<Kpi>, Form)>,
}

/// A figure that a clerk enters.
#[derive(Debug)]
pub(super) struct Entered<'f> {
    /// When.
    pub(super) moment: Timestamp,
    pub(super) kpi: &'f Kpi,
    /// When the time is over that the figure is of.
    pub(super) end: Timestamp,
    /// In the KPI's unit.
    pub(super) value: f64,
}

/// How many terms back figures are entered at the start: enough to compare with the year before.
fn terms_back(cadence: Cadence) -> usize {
    match cadence {
        Cadence::Day => 7,
        Cadence::Week => 6,
        Cadence::Month => 14,
        Cadence::Quarter => 6,
        Cadence::Year => 3,
    }
}

impl Clerks {
    pub(super) fn new(definitions: &Definitions, seed: Seed, zone: TimeZone, pace: Pace, delivery: Delivery) -> Self {
        Self { figures: Figures::new(definitions, seed, zone), pace, delivery }
    }

    /// Enters what is due until all is played or the run is stopped.
    ///
    /// # Errors
    /// When an entry can't be written as JSON.
    pub(super) async fn run(self) -> anyhow::Result<()> {
        if !self.figures.kpis.is_empty() {
            self.delivery.report.say(&format!("clerks enter {} figures, each when its term is over", self.figures.kpis.len()));
        }
        let mut place = Timestamp::MIN;
        while !self.figures.kpis.is_empty() && !self.pace.is_over(place) {
            let now = self.pace.now();
            for (kpi, form) in &self.figures.kpis {
                if !self.enter(kpi, form, place, now).await? {
                    return Ok(());
                }
            }
            place = now;
            if !self.pace.is_over(place) && !self.delivery.rest(EVERY).await {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Enters the figures whose moment came after `place`. `false` when the run was stopped.
    async fn enter(&self, kpi: &Kpi, form: &Form, place: Timestamp, now: Timestamp) -> anyhow::Result<bool> {
        let due = self.figures.due(kpi, form, place, now);
        if due.is_empty() {
            return Ok(true);
        }
        let path = format!("/api/v1/forms/entries?kpi={}&scope=city", kpi.id);
        let there: BTreeSet<Term> = match self.delivery.get::<EntriesPage>(&path).await {
            Ok(page) => page.entries.iter().map(|entry| entry.figure.term).collect(),
            Err(_) => BTreeSet::new(),
        };
        for term in due.into_iter().filter(|term| !there.contains(term)) {
            let Some(draft) = self.figures.draft(kpi, form, term) else { continue };
            if !self.delivery.post("/api/v1/forms/entries", &Parcel::json(&draft)?).await {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

impl Figures {
    pub(super) fn new(definitions: &Definitions, seed: Seed, zone: TimeZone) -> Self {
        let form = |kpi: &Arc<Kpi>| match &kpi.from {
            From::Form(form) => Some((Arc::clone(kpi), form.clone())),
            _ => None,
        };
        Self { seed: seed.of("clerks"), zone, kpis: definitions.kpis.iter().filter_map(form).collect() }
    }

    /// What is entered after `after` and up to `until`, in order of time.
    pub(super) fn entered(&self, after: Timestamp, until: Timestamp) -> Vec<Entered<'_>> {
        let mut all: Vec<Entered<'_>> = Vec::new();
        for (kpi, form) in &self.kpis {
            let entered = |term| Entered {
                moment: self.moment(kpi, form, term),
                kpi,
                end: term.end(&self.zone),
                value: self.figure(kpi, form, term),
            };
            all.extend(self.due(kpi, form, after, until).into_iter().map(entered));
        }
        all.sort_by_key(|entered| entered.moment);
        all
    }

    /// The terms whose moment comes after `after` and up to `until`.
    fn due(&self, kpi: &Kpi, form: &Form, after: Timestamp, until: Timestamp) -> Vec<Term> {
        let comes = |term: &Term| {
            let moment = self.moment(kpi, form, *term);
            after < moment && moment <= until
        };
        self.terms(form, until).into_iter().filter(comes).collect()
    }

    /// The terms that are over, the oldest first.
    fn terms(&self, form: &Form, now: Timestamp) -> Vec<Term> {
        let running = Term::of(form.cadence, now.to_zoned(self.zone.clone()).date());
        let mut terms: Vec<Term> =
            std::iter::successors(Some(running.previous()), |term| Some(term.previous())).take(terms_back(form.cadence)).collect();
        terms.reverse();
        terms
    }

    /// When the clerk enters a term's figure.
    fn moment(&self, kpi: &Kpi, form: &Form, term: Term) -> Timestamp {
        let seed = self.figure_seed(kpi, term).of("moment");
        let allowed = f64::from(form.due.days);
        let late = if seed.unit() < LATE { LATE_DAYS * seed.with(2).unit() } else { 0.0 };
        let days = allowed * seed.with(1).between(0.2, 0.9) + if late > 0.0 { allowed + late } else { 0.0 };
        let end = term.end(&self.zone);
        end.checked_add(SignedDuration::from_secs((days * DAY_S as f64) as i64)).unwrap_or(end)
    }

    fn figure_seed(&self, kpi: &Kpi, term: Term) -> Seed {
        self.seed.of(kpi.id.as_str()).of(&term.to_string())
    }

    fn draft(&self, kpi: &Kpi, form: &Form, term: Term) -> Option<Draft> {
        let value = self.figure(kpi, form, term);
        let digits = (0..9_usize).find(|digits| form.resolution * 10_f64.powi(i32::try_from(*digits).unwrap_or(9)) > 0.999).unwrap_or(9);
        Some(Draft {
            department: kpi.owner.clone()?,
            name: NAME.to_owned(),
            kpi: kpi.id.clone(),
            scope: Scope::City,
            term,
            value: format!("{value:.digits$}").replace('.', ","),
            stated: Stated::Official,
            reason: String::new(),
            confirm: true,
            dry_run: false,
        })
    }

    /// A figure mostly between what deserves attention and a little beyond the target. One without thresholds grows over
    /// the year, as a budget's use does.
    fn figure(&self, kpi: &Kpi, form: &Form, term: Term) -> f64 {
        let (own, now) = (self.seed.of(kpi.id.as_str()).unit(), self.figure_seed(kpi, term).unit());
        let (least, most) = form.range.unwrap_or((0.0, f64::MAX));
        let value = match (kpi.target, kpi.attention.or(kpi.critical)) {
            (Some(target), Some(edge)) => edge + (target - edge) * (0.25 + 0.6 * own + 0.45 * now),
            (Some(only), None) | (None, Some(only)) => only * (0.9 + 0.2 * now),
            (None, None) => most.min(100.0) * (f64::from(term.first_day().month()) / 12.0).powf(1.3) * (0.85 + 0.15 * now),
        };
        ((value / form.resolution).round() * form.resolution).clamp(least, most)
    }
}
