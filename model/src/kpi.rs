//! KPIs: named figures with a unit, a direction and a target, and how they are computed.

use crate::formula::Formula;
use crate::{DepartmentId, KpiId, Labels, MetricId, Quality, Reading, Scope, Status, Text, Unit};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A definition. Its `version` changes whenever anything in it does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
}

/// Which direction is good.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
        /// Absent: all samples of a scope are one set. `Sum`: each series is aggregated by itself and the
        /// results are added, as a city's load is the sum of its feeders' mean loads.
        #[serde(default)]
        across: Option<Across>,
        /// Only series that carry these labels.
        #[serde(default)]
        only: Labels,
        /// What the result is multiplied by to be in the KPI's unit.
        factor: f64,
    },
    /// From cases.
    Cases {
        /// Only cases of this kind; empty: all.
        kind: String,
        /// What is counted.
        measure: CaseMeasure,
        /// For `opened`, `closed` and `on_time`: the window; zero for levels such as open cases. A sliding one of whole
        /// days is counted in the city's calendar: 30 days before 00:00 is 00:00, also when clocks were changed in between.
        window: Window,
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
}

/// A KPI as a part of a formula.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Extreme {
    Max,
    Min,
}

/// The stretch of event time that a reading at T looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Window {
    /// (T − so many seconds, T].
    Sliding(u32),
    /// The calendar's period to date, in the city's zone: from the start of the period that contains the moment just
    /// before T, exclusive, to T. At the very end of a period it is the whole of it.
    Calendar(Period),
}

/// A period of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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

/// How a window's samples become one number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Aggregate {
    Count,
    Sum,
    Mean,
    Min,
    Max,
    /// The newest sample; of several at one time, the largest.
    Last,
}

/// How the series of one scope come together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Across {
    /// Each series by itself, then the sum.
    Sum,
}

/// What is counted of cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CaseMeasure {
    /// Open at T: opened ≤ T and not closed by T.
    Open,
    /// Open at T with a deadline before T.
    Overdue,
    /// Opened in (T − window, T].
    Opened,
    /// Closed in (T − window, T].
    Closed,
    /// Of those closed in (T − window, T] with a deadline, the share closed by it.
    OnTime,
}

/// A way to divide a city.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum Dimension {
    Area,
    Department,
    Asset,
}

impl Kpi {
    /// The status of a value: how far it lies towards the bad side.
    #[must_use]
    pub fn status(&self, value: f64) -> Status {
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

    /// Whether a value is on the target's good side, as far as it is shown: one that reads as the target has reached it.
    /// `None` without a target or a direction.
    #[must_use]
    pub fn meets_target(&self, value: f64) -> Option<bool> {
        let scale = 10_f64.powi(i32::from(self.decimals));
        let value = (value * scale).round() / scale;
        match (self.target, self.better) {
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
            From::Formula { .. } => Window::Sliding(0),
        }
    }

    /// The KPIs that it is made from; none unless it is a formula.
    #[must_use]
    pub fn operands(&self) -> &[Operand] {
        match &self.from {
            From::Formula { operands, .. } => operands,
            From::Observations { .. } | From::Cases { .. } => &[],
        }
    }
}
