//! Outlooks: what a reading says to a rule.
//!
//! It must never know in which state the alert is.

use super::Surroundings;
use jiff::{SignedDuration, Timestamp};
use taydo_model::alert::Cause;
use taydo_model::baseline::Band;
use taydo_model::rule::{Condition, NoData, Operand, Rule};
use taydo_model::{Flags, Kpi, Quality, Reading};

/// What an evaluation says of one scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outlook {
    /// Whether the condition to begin holds, and whether the one to end does.
    Known { starts: bool, ends: bool, cause: Cause },
    /// There is a reading, but it is stale or too thin to be judged by.
    Unfit,
    /// There is no reading, or nothing can be said by it, while other scopes have some.
    Absent,
    /// All of the rule's readings are missing, and the rule lets its alerts be.
    Blind,
}

impl Outlook {
    /// That all of a rule's readings are missing, as the rule takes it.
    pub(super) fn of_no_data(policy: NoData) -> Self {
        match policy {
            NoData::Separate | NoData::Keep => Self::Blind,
            NoData::Alert => Self::Known { starts: true, ends: false, cause: Cause::NoData },
            NoData::Ok => Self::Known { starts: false, ends: true, cause: Cause::NoData },
        }
    }
}

/// Whether a reading shows that data comes, also where there is too little of it for a value.
pub(super) fn shows_data(reading: &Reading) -> bool {
    reading.value.is_some() || reading.flags.contains(Flags::TOO_FEW)
}

/// What a reading says.
pub(super) fn of(rule: &Rule, kpi: &Kpi, reading: &Reading, surroundings: &Surroundings<'_>) -> Outlook {
    let figures = Figures::new(rule, kpi, reading, surroundings);
    let holds = |condition: &Condition| condition.holds(&|operand| figures.get(operand));
    let starts = holds(&rule.when);
    let ends = match &rule.clear {
        Some(clear) => holds(clear),
        None => starts.map(|starts| !starts),
    };
    if starts.is_none() && ends.is_none() {
        return Outlook::Absent;
    }
    if is_unfit(rule, reading) {
        return Outlook::Unfit;
    }
    // What can't be said begins nothing and ends nothing.
    Outlook::Known { starts: starts.unwrap_or(false), ends: ends.unwrap_or(false), cause: Cause::Condition }
}

/// A rule that asks how old or how thin the data is judges that itself.
fn is_unfit(rule: &Rule, reading: &Reading) -> bool {
    let is_old = reading.quality == Quality::Stale && !rule.names(Operand::Age);
    let is_thin = match rule.min_coverage {
        Some(least) => reading.coverage.is_some_and(|coverage| coverage < least),
        None => reading.quality == Quality::Partial,
    };
    is_old || (is_thin && !rule.names(Operand::Coverage))
}

/// The operands of a rule's conditions.
struct Figures<'a> {
    reading: &'a Reading,
    previous: Option<f64>,
    band: Option<Band>,
}

impl<'a> Figures<'a> {
    fn new(rule: &Rule, kpi: &Kpi, reading: &'a Reading, surroundings: &Surroundings<'_>) -> Self {
        let step = SignedDuration::from_secs(i64::from(kpi.every_s));
        let is_before = |at: Timestamp| at.checked_add(step).is_ok_and(|next| next == reading.time);
        let previous = surroundings.previous.and_then(|values| values.get(&reading.scope));
        let wants_band = Operand::ALL.into_iter().any(|operand| operand.is_baseline() && rule.names(operand));
        Self {
            reading,
            previous: previous.filter(|(at, _)| is_before(*at)).map(|(_, value)| *value),
            band: wants_band.then(|| surroundings.bands.band(&reading.kpi, &reading.scope, reading.time)).flatten(),
        }
    }

    fn get(&self, operand: Operand) -> Option<f64> {
        match operand {
            Operand::Value => self.reading.value,
            Operand::Age => Some(self.reading.time.duration_since(self.reading.data_time?).as_secs_f64().max(0.0)),
            Operand::Coverage => self.reading.coverage,
            Operand::Previous => self.previous,
            Operand::BaselineLow => self.band.map(|band| band.low),
            Operand::BaselineMiddle => self.band.map(|band| band.middle),
            Operand::BaselineHigh => self.band.map(|band| band.high),
        }
    }
}
