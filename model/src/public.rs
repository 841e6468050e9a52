//! What a city publishes for everybody: some aggregates of the whole city, with a delay, under a licence.
//!
//! It must never name a figure of less than the whole city: who lives in a ward is not everybody's to know.

use crate::{KpiId, Text, Unit};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What a city's `public.toml` says.
#[derive(Debug, Clone, PartialEq)]
pub struct Publication {
    /// The page's title.
    pub title: Text,
    /// The licence's name.
    pub licence: String,
    /// Where the licence can be read.
    pub licence_url: String,
    /// How old a figure is before it is published, in seconds.
    pub delay_s: u32,
    /// How many days are published.
    pub days: u16,
    /// The KPIs, in order.
    pub kpis: Vec<KpiId>,
}

/// `GET /public/data.json`: what is published.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PublicPage {
    /// The city.
    pub city: Text,
    /// The page's title.
    pub title: Text,
    /// The licence's name.
    pub licence: String,
    /// Where the licence can be read.
    pub licence_url: String,
    /// Figures after this moment are not published yet.
    pub until: Timestamp,
    /// The figures.
    pub figures: Vec<PublicFigure>,
}

/// A published figure.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PublicFigure {
    /// The KPI.
    pub kpi: KpiId,
    /// What it is called.
    pub title: Text,
    /// Its unit.
    pub unit: Unit,
    /// What it should be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<f64>,
    /// How it is computed, in words.
    pub computed: Text,
    /// One value for each day that has one.
    pub points: Vec<crate::api::Point>,
}
