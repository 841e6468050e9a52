//! Assets: the register of what measures or is measured.

use crate::{AreaId, AssetId, DepartmentId, MetricId};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A registered thing. The register enriches labels and says which series are expected.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Asset {
    /// Its name, as its messages give it.
    pub id: AssetId,
    /// What people call it.
    pub name: String,
    /// The road or site that it stands on.
    pub site: String,
    /// The ward.
    pub area: AreaId,
    /// Degrees north.
    pub latitude: Option<f64>,
    /// Degrees east.
    pub longitude: Option<f64>,
    /// Who keeps it working.
    pub owner: DepartmentId,
    /// What it measures: one series each.
    pub metrics: Vec<MetricId>,
    /// How often it reports, in seconds.
    pub interval_s: u32,
    /// Where the camera that sees it is looked at, an address of the web.
    pub camera: Option<String>,
    /// In service from here on.
    pub valid_from: Option<Timestamp>,
    /// Out of service from here on.
    pub valid_to: Option<Timestamp>,
}

impl Asset {
    /// Whether it is in service at `now`.
    #[must_use]
    pub fn is_valid(&self, now: Timestamp) -> bool {
        self.valid_from.is_none_or(|from| from <= now) && self.valid_to.is_none_or(|to| now < to)
    }
}
