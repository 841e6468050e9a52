//! One rule with its alerts: an evaluation goes through all of its scopes.
//!
//! It must never know another rule.

use super::flapping::damp;
use super::machine::{self, Moment, Terms, advance};
use super::outlook::{self, Outlook, shows_data};
use super::{Evaluated, Surroundings};
use jiff::{SignedDuration, Timestamp};
use std::collections::BTreeMap;
use std::sync::Arc;
use taydo_model::alert::{Alert, Cause, Evaluation, Severity, Told, Transition, Turn};
use taydo_model::rule::{NoData, Rule};
use taydo_model::{Definitions, Kpi, Reading, Scope};

/// A rule, and what it makes of each scope.
#[derive(Debug)]
pub(super) struct Watched {
    pub(super) rule: Arc<Rule>,
    pub(super) kpi: Arc<Kpi>,
    pub(super) evaluation: Option<Evaluation>,
    /// Since when it has been here: from then on evaluations are expected.
    since: Timestamp,
    /// Whether its last evaluation was before a restart.
    resumed: bool,
    /// Those of which there is something to remember.
    alerts: BTreeMap<Scope, Alert>,
    no_data: Option<Alert>,
}

impl Watched {
    /// `None` when the set lacks its KPI.
    pub(super) fn new(rule: &Arc<Rule>, definitions: &Definitions, now: Timestamp) -> Option<Self> {
        let kpi = Arc::clone(definitions.kpi(&rule.kpi)?);
        Some(Self { rule: Arc::clone(rule), kpi, evaluation: None, since: now, resumed: false, alerts: BTreeMap::new(), no_data: None })
    }

    pub(super) fn alerts(&self) -> impl Iterator<Item = &Alert> {
        self.alerts.values().chain(&self.no_data)
    }

    pub(super) fn into_alerts(self) -> impl Iterator<Item = Alert> {
        self.alerts.into_values().chain(self.no_data)
    }

    /// When it should have been evaluated twice more than it was, and half an interval has passed beside.
    pub(super) fn overdue_at(&self) -> Timestamp {
        let last = self.evaluation.as_ref().map_or(self.since, |evaluation| evaluation.at.max(self.since));
        let patience = SignedDuration::from_millis(i64::from(self.kpi.delay_s) * 1000 + i64::from(self.kpi.every_s) * 2500);
        last.checked_add(patience).unwrap_or(Timestamp::MAX)
    }

    /// Takes the last evaluation before a restart.
    pub(super) fn resume(&mut self, evaluation: Evaluation) {
        self.evaluation = Some(evaluation);
        self.resumed = true;
    }

    /// Takes what the rule of this name was before.
    pub(super) fn follow(&mut self, before: Self, definitions: &Definitions, now: Timestamp, evaluated: &mut Evaluated) {
        self.evaluation.clone_from(&before.evaluation);
        self.resumed = before.resumed;
        self.since = before.since;
        before.into_alerts().for_each(|alert| self.take_over(alert, definitions, now, evaluated));
        if let Some(evaluation) = &mut self.evaluation {
            evaluation.version.clone_from(&self.rule.version);
        }
    }

    /// Takes an alert of this rule, which may have been another then.
    pub(super) fn take_over(&mut self, mut alert: Alert, definitions: &Definitions, now: Timestamp, evaluated: &mut Evaluated) {
        let is_here = match alert.no_data {
            true => self.rule.no_data == NoData::Separate,
            false => self.rule.covers(&alert.scope, definitions),
        };
        if !is_here {
            return let_go(alert, now, evaluated);
        }
        if self.evaluation.as_ref().is_none_or(|evaluation| evaluation.version != self.rule.version) {
            let before = alert.clone();
            machine::begin_anew(&mut alert);
            evaluated.alerts.extend((alert != before).then(|| alert.clone()));
        }
        if alert.no_data {
            self.no_data = Some(alert);
        } else {
            self.alerts.insert(alert.scope.clone(), alert);
        }
    }

    /// One evaluation: the readings of the KPI's instant `at`, by scope.
    pub(super) fn evaluate(
        &mut self,
        at: Timestamp,
        readings: &BTreeMap<&Scope, &Reading>,
        surroundings: &Surroundings<'_>,
        evaluated: &mut Evaluated,
    ) {
        if self.evaluation.as_ref().is_some_and(|last| at <= last.at) {
            return;
        }
        let down = self.down_before(at);
        let number = self.evaluation.as_ref().map_or(0, |last| last.number) + 1;
        let evaluation = Evaluation { rule: self.rule.id.clone(), version: self.rule.version.clone(), at, number };
        self.evaluation = Some(evaluation.clone());
        evaluated.evaluations.push(evaluation);

        let covered = readings.iter().filter(|(scope, _)| self.rule.covers(scope, surroundings.definitions));
        let readings: BTreeMap<&Scope, &Reading> = covered.map(|(scope, reading)| (*scope, *reading)).collect();
        let outlooks = self.outlooks(&readings, surroundings);
        let is_blind = !outlooks.is_empty() && outlooks.values().all(|(outlook, data)| *outlook == Outlook::Absent && !data);
        let moment = Moment { at, number, down };
        for (scope, (outlook, _)) in outlooks {
            let outlook = if is_blind { Outlook::of_no_data(self.rule.no_data) } else { outlook };
            let reading = readings.get(&scope).copied();
            self.advance(scope, moment, outlook, (reading, surroundings.definitions), evaluated);
        }
        if self.rule.no_data == NoData::Separate {
            self.advance_no_data(moment, is_blind, evaluated);
        }
    }

    /// After a restart: for how long evaluations were missed before this one.
    fn down_before(&mut self, at: Timestamp) -> Option<SignedDuration> {
        let is_first = std::mem::take(&mut self.resumed);
        let gap = at.duration_since(self.evaluation.as_ref().filter(|_| is_first)?.at);
        Some(gap.saturating_sub(seconds(self.kpi.every_s)).max(SignedDuration::ZERO))
    }

    /// What the instant says of each scope that has a reading, or an alert that wants one; and whether its reading shows
    /// that data comes.
    fn outlooks(&self, readings: &BTreeMap<&Scope, &Reading>, surroundings: &Surroundings<'_>) -> BTreeMap<Scope, (Outlook, bool)> {
        let mut outlooks: BTreeMap<Scope, (Outlook, bool)> = BTreeMap::new();
        for (scope, reading) in readings {
            let outlook = outlook::of(&self.rule, &self.kpi, reading, surroundings);
            outlooks.insert((*scope).clone(), (outlook, shows_data(reading)));
        }
        let wanting = self.alerts.values().filter(|alert| alert.active_at.is_some() || alert.flapping);
        wanting.for_each(|alert| _ = outlooks.entry(alert.scope.clone()).or_insert((Outlook::Absent, false)));
        outlooks
    }

    fn advance(
        &mut self,
        scope: Scope,
        moment: Moment,
        outlook: Outlook,
        (reading, definitions): (Option<&Reading>, &Definitions),
        evaluated: &mut Evaluated,
    ) {
        let known = self.alerts.get(&scope);
        if known.is_none() && !matches!(outlook, Outlook::Known { starts: true, .. }) {
            return;
        }
        let before = known.cloned().unwrap_or_else(|| Alert::new(self.rule.id.clone(), scope.clone(), false));
        let mut alert = before.clone();
        let terms = Terms { hold: seconds(self.rule.for_s), keep: seconds(self.rule.keep_firing_s) };
        let happened = advance(&mut alert, terms, moment, outlook);
        if let Some(told) = damp(&mut alert, moment, happened) {
            let says = || self.says(definitions.area_of(&scope), self.rule.severity);
            evaluated.transitions.push(tell(&mut alert, moment.at, told, reading, says));
        }
        if alert != before {
            evaluated.alerts.push(alert.clone());
            self.alerts.insert(scope, alert);
        }
    }

    /// The alert that all readings are missing. It waits for the third such evaluation, as one scope's alert does, and for
    /// the rule's `for`; and wakes nobody, because nothing is known to be wrong but the data.
    fn advance_no_data(&mut self, moment: Moment, is_blind: bool, evaluated: &mut Evaluated) {
        if self.no_data.is_none() && !is_blind {
            return;
        }
        let before = self.no_data.clone().unwrap_or_else(|| Alert::new(self.rule.id.clone(), Scope::City, true));
        let mut alert = before.clone();
        let terms = Terms { hold: seconds(self.rule.for_s).max(seconds(self.kpi.every_s) * 2), keep: SignedDuration::ZERO };
        let outlook = Outlook::Known { starts: is_blind, ends: !is_blind, cause: Cause::NoData };
        let happened = advance(&mut alert, terms, moment, outlook);
        if let Some(told) = damp(&mut alert, moment, happened) {
            let says = || self.says(None, self.rule.severity.min(Severity::Medium));
            evaluated.transitions.push(tell(&mut alert, moment.at, told, None, says));
        }
        if alert != before {
            evaluated.alerts.push(alert.clone());
            self.no_data = Some(alert);
        }
    }

    fn says(&self, area: Option<taydo_model::AreaId>, severity: Severity) -> Told {
        Told { severity, team: self.rule.team.clone(), domain: self.rule.domain().to_owned(), area }
    }
}

/// Resolves an alert whose rule is gone, or is no longer for this scope.
pub(super) fn let_go(mut alert: Alert, now: Timestamp, evaluated: &mut Evaluated) {
    let before = alert.clone();
    machine::end(&mut alert);
    alert.flapping = false;
    if let Some(told) = alert.told.clone() {
        evaluated.transitions.push(tell(&mut alert, now, (Turn::Resolved, Cause::RuleGone), None, || told));
    }
    evaluated.alerts.extend((alert != before).then_some(alert));
}

/// The transition, which counts among the alert's; `says` is what it says of the rule.
fn tell(
    alert: &mut Alert,
    at: Timestamp,
    (turn, cause): (Turn, Cause),
    reading: Option<&Reading>,
    says: impl FnOnce() -> Told,
) -> Transition {
    let told = says();
    alert.sequence += 1;
    let is_open = turn != Turn::Resolved || cause == Cause::Flapping;
    alert.told = is_open.then(|| told.clone());
    Transition {
        rule: alert.rule.clone(),
        scope: alert.scope.clone(),
        no_data: alert.no_data,
        at,
        sequence: alert.sequence,
        turn,
        cause,
        severity: told.severity,
        team: told.team,
        domain: told.domain,
        area: told.area,
        reading: reading.cloned(),
    }
}

fn seconds(seconds: u32) -> SignedDuration {
    SignedDuration::from_secs(i64::from(seconds))
}
