//! KPIs: named figures with a unit, a direction and a target, and how they are computed.

#[cfg(any(target_arch = "wasm32", test))]
mod brief;

use crate::form::Form;
use crate::formula::Formula;
use crate::{Allowance, DepartmentId, KpiId, LabelName, Labels, MetricId, Quality, Reading, Scope, Status, Text, Unit};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::borrow::Cow;

/// A definition. Its `version` changes whenever anything in it does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Kpi {
    /// Its name.
    pub id: KpiId,
    /// SHA-256 over the definition's content, the first 16 hexadecimal digits; readings carry it.
    pub version: String,
    /// Its title.
    pub title: Text,
    /// The unit of its readings.
    pub unit: Unit,
    /// Digits after the decimal sign when shown.
    pub decimals: u8,
    /// Which direction is good.
    pub better: Better,
    /// The standard that it follows, where there is one.
    pub standard: Option<String>,
    /// Who answers for it.
    pub owner: Option<DepartmentId>,
    /// What it is computed from.
    #[cfg_attr(target_arch = "wasm32", serde(deserialize_with = "brief::from"))]
    pub from: From,
    /// The scopes beside the city's that it is computed for.
    pub by: Vec<Dimension>,
    /// The grid of its recorded readings, in seconds; instants are multiples of it since the Unix epoch.
    pub every_s: u32,
    /// How long after a grid instant the reading is computed, for data in flight, in seconds.
    pub delay_s: u32,
    /// How late data may be and still correct recorded readings at once, in seconds.
    pub lateness_s: u32,
    /// Below this share of the expected series reporting, quality is partial.
    pub coverage: Option<f64>,
    /// When the newest sample is older than this, in seconds, quality is stale.
    pub stale_s: u32,
    /// What it should be.
    pub target: Option<f64>,
    /// From here on, towards the bad side, it deserves attention.
    pub attention: Option<f64>,
    /// From here on, towards the bad side, it is critical.
    pub critical: Option<f64>,
    /// The dimensions whose scopes the target and the thresholds hold for, beside the city's: for a speed or a share
    /// they are right everywhere, but a ward must not be measured by what is meant for the whole city's count.
    #[serde(default)]
    pub thresholds_for: Vec<Dimension>,
}

/// Which direction is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Better {
    /// More is better.
    Higher,
    /// Less is better.
    Lower,
    /// Neither: context only, never a status.
    #[default]
    Neither,
}

/// What a KPI is computed from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum From {
    /// From the observations of one metric.
    Observations {
        /// The metric.
        metric: MetricId,
        /// How a window's samples become one number.
        aggregate: Aggregate,
        /// The window of event time.
        window: Window,
        /// Absent: all samples of a scope are one set; a counter's increase and rate are each series' own, added up. Else
        /// each series is aggregated by itself and the results come together so, as a city's load is the sum of its
        /// feeders' mean loads.
        #[serde(default)]
        across: Option<Across>,
        /// Only series that carry these labels.
        #[serde(default)]
        only: Labels,
        /// What becomes of suspect samples.
        #[serde(default)]
        suspect: Suspect,
        /// With fewer samples than this in the window there is no value.
        #[serde(default)]
        at_least: u32,
        /// What the result is multiplied by to be in the KPI's unit.
        factor: f64,
    },
    /// From cases.
    Cases {
        /// Only cases of this kind; empty: all.
        kind: String,
        /// What is counted.
        measure: CaseMeasure,
        /// For what happens, such as `opened`: the window; zero for levels such as open cases. A sliding one of whole
        /// days is counted in the city's calendar: 30 days before 00:00 is 00:00, also when clocks were changed in between.
        window: Window,
        /// Which of them, and how they are counted.
        #[serde(default)]
        terms: CaseTerms,
    },
    /// From other KPIs' readings at the same instant and for the same scope.
    Formula {
        /// The formula as it is written.
        text: String,
        /// What its operands are, by their numbers.
        operands: Vec<Operand>,
        /// The formula, its result in the KPI's unit.
        formula: Formula,
        /// Absent: it is computed of each scope's own readings. Else it is computed for each asset, and the value of an
        /// area and of the city is the largest or the smallest of their assets'.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        across: Option<Extreme>,
    },
    /// From what a department enters, for the city and each scope of `by` by itself.
    Form(Form),
}

/// A KPI as a part of a formula.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Operand {
    /// The KPI.
    pub kpi: KpiId,
    /// How many whole hours before the instant it is read as well.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub hours_back: u8,
}

fn is_zero(hours: &u8) -> bool {
    *hours == 0
}

/// Which of several values stands for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Extreme {
    Max,
    Min,
}

impl From {
    /// What the engine computes it as: an entered figure is the newest observation of a metric of its own.
    #[must_use]
    pub fn computed(&self) -> Cow<'_, Self> {
        match self {
            Self::Form(form) => Cow::Owned(form.computed()),
            other => Cow::Borrowed(other),
        }
    }
}

/// The stretch of event time that a reading at T looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "KpiWindow")]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// (T − so many seconds, T].
    Sliding(u32),
    /// The calendar's period to date, in the city's zone: from the start of the period that contains the moment just
    /// before T, exclusive, to T. At the very end of a period it is the whole of it.
    Calendar(Period),
}

/// A period of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Period {
    Hour,
    Day,
    /// From Monday.
    Week,
    Month,
    Year,
}

impl Window {
    /// The most seconds that it can last, clock changes apart.
    #[must_use]
    pub fn longest_s(self) -> u32 {
        const DAY_S: u32 = 86_400;
        match self {
            Self::Sliding(window_s) => window_s,
            Self::Calendar(Period::Hour) => 3600,
            Self::Calendar(Period::Day) => DAY_S,
            Self::Calendar(Period::Week) => 7 * DAY_S,
            Self::Calendar(Period::Month) => 31 * DAY_S,
            Self::Calendar(Period::Year) => 366 * DAY_S,
        }
    }
}

/// How a window's samples become one number. Samples that measure nothing (calibrating, fault) are left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Aggregate {
    Count,
    Sum,
    Mean,
    Min,
    Max,
    /// The newest sample; of several at one time, the largest.
    Last,
    /// By how much counters grew: each series' steps from one sample to the next, counted at the later one's time, so that
    /// adjacent windows add up. A lower value is a new beginning, and counts whole. A step of more than 35 days isn't counted.
    Increase,
    /// The increase by the time that its steps took; of several series, the sum of their rates.
    Rate,
    /// Percentiles as SQL's `percentile_cont` has them, within 1/128 of the samples that they lie between.
    Median,
    P90,
    P95,
    P99,
    /// The mean over time: each value holds until the series' next one, but no longer than `hold_s` seconds (absent: the
    /// KPI's `stale_s`). Time at which no value holds doesn't count.
    TimeWeightedMean {
        hold_s: Option<u32>,
    },
    /// How many different values of the label the series that reported have.
    Distinct {
        label: LabelName,
    },
    /// The share of samples above the limit, which is in the metric's unit.
    ShareAbove {
        limit: f64,
    },
    /// The share of samples below the limit, which is in the metric's unit.
    ShareBelow {
        limit: f64,
    },
}

/// What becomes of suspect samples: see [`crate::Metric::jump`], [`crate::Metric::frozen_s`], [`crate::Metric::range`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Suspect {
    /// They count, and the reading is flagged.
    #[default]
    Flag,
    /// They are left out, and don't show that their asset reported.
    Exclude,
}

/// How the series of one scope come together, each aggregated by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Across {
    Sum,
    Max,
    Min,
    Mean,
}

/// What is counted of cases. What is withdrawn is closed, but not done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CaseMeasure {
    /// Open at T: opened ≤ T and not closed by T.
    Open,
    /// Open at T with a deadline before T.
    Overdue,
    /// Open at T with a deadline at T or later, of which no more than `within` is left.
    DueSoon,
    /// Opened in the window.
    Opened,
    /// Done in the window.
    Closed,
    /// Last opened again in the window.
    Reopened,
    /// Withdrawn in the window.
    Withdrawn,
    /// Of those done in the window with a deadline, the share done by it.
    OnTime,
    /// Of those done in the window that answered, the share that was satisfied.
    Satisfied,
    /// The median age of those open at T: T − opened.
    MedianAge,
    /// The age that nine in ten of those open at T don't exceed.
    P90Age,
    /// The median duration of those done in the window: closed − opened.
    MedianDuration,
    /// The duration that nine in ten of those done in the window don't exceed.
    P90Duration,
    /// The durations of those done in the window, added up.
    Duration,
}

/// Which cases are counted, and how.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default)]
pub struct CaseTerms {
    /// Only cases that carry these labels.
    #[serde(skip_serializing_if = "Labels::is_empty")]
    pub only: Labels,
    /// No case that carries one of these labels.
    #[serde(skip_serializing_if = "Labels::is_empty")]
    pub without: Labels,
    /// A case counts as often as this label's whole number says, such as the customers that an outage cut off; without
    /// such a number it counts nothing. The minimum is of cases all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weigh: Option<LabelName>,
    /// Ages and durations are of office time, in working days, rather than of time.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub working: bool,
    /// For `due_soon`: how much may be left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within: Option<Allowance>,
    /// For `satisfied`: what an answer is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answer: Option<Answer>,
    /// From fewer cases than this a share, a median or a p90 has no value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimum: Option<u32>,
}

/// What people answered when they were asked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Answer {
    /// The label that holds the answer; a case without it was not answered.
    pub label: LabelName,
    /// The answers that mean that they were satisfied.
    pub satisfied: Vec<String>,
}

impl CaseMeasure {
    /// What stands at a moment, rather than what happens in a window.
    #[must_use]
    pub fn is_level(self) -> bool {
        matches!(self, Self::Open | Self::Overdue | Self::DueSoon | Self::MedianAge | Self::P90Age)
    }

    /// A share of cases.
    #[must_use]
    pub fn is_share(self) -> bool {
        matches!(self, Self::OnTime | Self::Satisfied)
    }

    /// A length of time.
    #[must_use]
    pub fn is_time(self) -> bool {
        self.quantile().is_some() || self == Self::Duration
    }

    /// For medians and the like: which share of the cases lies below, between two of them interpolated linearly as SQL's
    /// `percentile_cont` does.
    #[must_use]
    pub fn quantile(self) -> Option<f64> {
        match self {
            Self::MedianAge | Self::MedianDuration => Some(0.5),
            Self::P90Age | Self::P90Duration => Some(0.9),
            _ => None,
        }
    }
}

impl CaseTerms {
    /// Whether these labels are among those that count.
    #[must_use]
    pub fn admit(&self, labels: &Labels) -> bool {
        let carries = |(name, value): (&LabelName, &str)| labels.get(name.as_str()) == Some(value);
        self.only.iter().all(carries) && !self.without.iter().any(carries)
    }

    /// How often a case with these labels counts.
    #[must_use]
    pub fn weight(&self, labels: &Labels) -> u32 {
        match &self.weigh {
            Some(name) => labels.get(name.as_str()).and_then(|text| text.trim().parse().ok()).unwrap_or(0),
            None => 1,
        }
    }
}

/// A way to divide a city.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Dimension {
    Area,
    Department,
    Asset,
}

impl Kpi {
    /// Whether the target and the thresholds hold for this scope.
    #[must_use]
    pub fn judges(&self, scope: &Scope) -> bool {
        scope.dimension().is_none_or(|dimension| self.thresholds_for.contains(&dimension))
    }

    /// The status of a scope's value: how far it lies towards the bad side. Normal where the thresholds don't hold.
    #[must_use]
    pub fn status(&self, scope: &Scope, value: f64) -> Status {
        if !self.judges(scope) {
            return Status::Normal;
        }
        let reached = |limit: Option<f64>| match (limit, self.better) {
            (Some(limit), Better::Higher) => value < limit,
            (Some(limit), Better::Lower) => value > limit,
            (None, _) | (_, Better::Neither) => false,
        };
        if reached(self.critical) {
            Status::Critical
        } else if reached(self.attention) {
            Status::Attention
        } else {
            Status::Normal
        }
    }

    /// The target for this scope, where there is one.
    #[must_use]
    pub fn target_of(&self, scope: &Scope) -> Option<f64> {
        self.target.filter(|_| self.judges(scope))
    }

    /// Whether a scope's value is on the target's good side, as far as it is shown: one that reads as the target has
    /// reached it. `None` without a target for the scope or a direction.
    #[must_use]
    pub fn meets_target(&self, scope: &Scope, value: f64) -> Option<bool> {
        let scale = 10_f64.powi(i32::from(self.decimals));
        let value = (value * scale).round() / scale;
        match (self.target_of(scope), self.better) {
            (Some(target), Better::Higher) => Some(value >= target),
            (Some(target), Better::Lower) => Some(value <= target),
            (None, _) | (_, Better::Neither) => None,
        }
    }

    /// A reading's quality when nothing newer has come by `now`: it ages to stale by itself, and never becomes better.
    #[must_use]
    pub fn quality_at(&self, reading: &Reading, now: Timestamp) -> Quality {
        let is_old = reading.data_time.is_some_and(|time| now.as_millisecond() - time.as_millisecond() > i64::from(self.stale_s) * 1000);
        if is_old { reading.quality.max(Quality::Stale) } else { reading.quality }
    }

    /// The last instant of its grid at or before the moment; `None` before the first time that can be told.
    #[must_use]
    pub fn last_instant(&self, time: Timestamp) -> Option<Timestamp> {
        let every = i64::from(self.every_s.max(1));
        Timestamp::from_second(time.as_second().div_euclid(every) * every).ok()
    }

    /// Whether it is computed for this scope.
    #[must_use]
    pub fn covers(&self, scope: &Scope) -> bool {
        scope.dimension().is_none_or(|dimension| self.by.contains(&dimension))
    }

    /// The window; zero for levels such as open cases, and for formulas, whose parts have their own.
    #[must_use]
    pub fn window(&self) -> Window {
        match &self.from {
            From::Observations { window, .. } | From::Cases { window, .. } => *window,
            From::Form(form) => Window::Sliding(form.window_s()),
            From::Formula { .. } => Window::Sliding(0),
        }
    }

    /// The KPIs that it is made from; none unless it is a formula.
    #[must_use]
    pub fn operands(&self) -> &[Operand] {
        match &self.from {
            From::Formula { operands, .. } => operands,
            From::Observations { .. } | From::Cases { .. } | From::Form(_) => &[],
        }
    }
}
