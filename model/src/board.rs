//! Boards: pages of panels on a grid.

use crate::{BoardId, KpiId, Scope, Text, compare::Against, kpi::Dimension};
use serde::{Deserialize, Serialize};

/// A page of panels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Board {
    /// Its name.
    pub id: BoardId,
    /// Its title.
    pub title: Text,
    /// The grid's columns on a wide screen.
    pub columns: u16,
    /// The grid's rows on a wide screen.
    pub rows: u16,
    /// The panels, in reading order.
    pub panels: Vec<Panel>,
}

/// A rectangle of a board.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Panel {
    /// The first column, from 1.
    pub column: u16,
    /// The first row, from 1.
    pub row: u16,
    /// Columns that it spans.
    pub width: u16,
    /// Rows that it spans.
    pub height: u16,
    /// A title other than its KPI's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<Text>,
    /// What it shows.
    pub content: Content,
}

/// What a panel shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Content {
    /// One figure: value, unit, trend, target, age, quality.
    Value {
        /// The KPI.
        kpi: KpiId,
        /// For whom.
        scope: Scope,
        /// What it is told beside, in a line.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        compare: Option<Against>,
    },
    /// The course of one or more figures.
    Trend {
        /// The KPI.
        kpi: KpiId,
        /// One line each.
        scopes: Vec<Scope>,
        /// How far back, in seconds.
        span_s: u32,
        /// Whether the band that the figure usually lies in and the city's events are drawn behind it.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        band: bool,
    },
    /// The worst or largest of a dimension.
    Ranking {
        /// The KPI.
        kpi: KpiId,
        /// What is ranked.
        by: Dimension,
        /// How many are shown.
        limit: u16,
    },
}

impl Content {
    /// The KPI that it shows.
    #[must_use]
    pub fn kpi(&self) -> &KpiId {
        match self {
            Self::Value { kpi, .. } | Self::Trend { kpi, .. } | Self::Ranking { kpi, .. } => kpi,
        }
    }

    /// Whether a reading belongs to it.
    #[must_use]
    pub fn wants(&self, of: &KpiId, scope: &Scope) -> bool {
        of == self.kpi()
            && match self {
                Self::Value { scope: mine, .. } => mine == scope,
                Self::Trend { scopes, .. } => scopes.contains(scope),
                Self::Ranking { by, .. } => scope.dimension() == Some(*by),
            }
    }
}
