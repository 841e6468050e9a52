//! Boards: pages of panels on a grid.

#[cfg(feature = "files")]
mod sketch;

use crate::{BoardId, KpiId, Scope, Text, alert::Severity, compare::Against, kpi::Dimension};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A page of panels.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
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
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Content {
    /// One figure: value, unit, trend, target, age, quality.
    Value {
        /// The KPI.
        kpi: KpiId,
        /// For whom.
        scope: Scope,
        /// What it is told beside, a line each.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        compare: Vec<Against>,
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
    /// Figures against their targets, a line each on a scale of its own.
    Bullet {
        /// The KPIs, in order.
        kpis: Vec<KpiId>,
        /// For whom.
        scope: Scope,
    },
    /// All areas as tiles of one size, in the places of the city's tile map.
    Hexmap {
        /// The KPI.
        kpi: KpiId,
    },
    /// All areas in their real shapes.
    Map {
        /// The KPI.
        kpi: KpiId,
        /// The map's name.
        map: String,
    },
    /// Several figures for each of a dimension, in rows and columns.
    Table {
        /// The KPIs, a column each; the first decides the order.
        kpis: Vec<KpiId>,
        /// What the rows are.
        by: Dimension,
        /// How many are shown.
        limit: u16,
    },
    /// How a figure was at each hour of each day of the last days.
    Heatmap {
        /// The KPI.
        kpi: KpiId,
        /// For whom.
        scope: Scope,
        /// How far back, in days.
        days: u16,
    },
    /// What is open now, the worst first.
    Alerts {
        /// How many are shown.
        limit: u16,
        /// Of this severity and worse only.
        least: Severity,
    },
    /// A text.
    Text {
        /// It.
        text: Text,
    },
    /// The city's date and time.
    Clock,
}

impl Content {
    /// The KPIs that it shows.
    #[must_use]
    pub fn kpis(&self) -> &[KpiId] {
        match self {
            Self::Value { kpi, .. }
            | Self::Trend { kpi, .. }
            | Self::Ranking { kpi, .. }
            | Self::Hexmap { kpi }
            | Self::Map { kpi, .. }
            | Self::Heatmap { kpi, .. } => std::slice::from_ref(kpi),
            Self::Bullet { kpis, .. } | Self::Table { kpis, .. } => kpis,
            Self::Alerts { .. } | Self::Text { .. } | Self::Clock => &[],
        }
    }

    /// The dimension of which it shows every scope, where it does.
    #[must_use]
    pub fn dimension(&self) -> Option<Dimension> {
        match self {
            Self::Ranking { by, .. } | Self::Table { by, .. } => Some(*by),
            Self::Hexmap { .. } | Self::Map { .. } => Some(Dimension::Area),
            _ => None,
        }
    }

    /// The scopes that it names.
    #[must_use]
    pub fn scopes(&self) -> &[Scope] {
        match self {
            Self::Value { scope, .. } | Self::Bullet { scope, .. } | Self::Heatmap { scope, .. } => std::slice::from_ref(scope),
            Self::Trend { scopes, .. } => scopes,
            _ => &[],
        }
    }

    /// How far back it draws the recorded readings of its scopes as they come, in seconds.
    #[must_use]
    pub fn drawn_s(&self) -> u32 {
        match self {
            Self::Trend { span_s, .. } => *span_s,
            // A tile's arrow looks back a quarter of an hour.
            Self::Value { .. } => 3_600,
            _ => 0,
        }
    }

    /// Whether a reading belongs to it.
    #[must_use]
    pub fn wants(&self, of: &KpiId, scope: &Scope) -> bool {
        let is_of_its_scopes = self.scopes().contains(scope) || self.dimension().is_some_and(|by| scope.dimension() == Some(by));
        is_of_its_scopes && self.kpis().contains(of)
    }
}
