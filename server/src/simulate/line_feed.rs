//! One source's feed of line protocol: every few seconds what its devices measured since, compressed.
//!
//! The feed's place is a time, and moves only when the server has taken what came before it.

use super::delivery::{Delivery, Parcel};
use super::device::{Device, samples};
use super::lines::LineNames;
use super::pace::Pace;
use jiff::{SignedDuration, Timestamp};
use std::time::Duration;
use taydo_model::SourceId;

/// Between two batches.
const EVERY: Duration = Duration::from_secs(3);
/// The most that one batch tells of.
const MOST: SignedDuration = SignedDuration::from_mins(30);

/// The feed.
#[derive(Debug)]
pub(super) struct LineFeed<'a> {
    pub(super) devices: Vec<&'a Device>,
    pub(super) source: &'a SourceId,
    pub(super) names: &'a LineNames,
    pub(super) pace: Pace,
    pub(super) delivery: Delivery,
}

impl LineFeed<'_> {
    /// Feeds until all is played or the run is stopped.
    ///
    /// # Errors
    /// When a batch can't be compressed.
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let path = write_path(self.source);
        let mut place = self.pace.start();
        while !self.pace.is_over(place) {
            let now = self.pace.now();
            let until = now.min(place.checked_add(MOST).unwrap_or(Timestamp::MAX));
            let mut text = String::new();
            for sample in samples(self.devices.iter().copied(), place, until) {
                self.names.write(&sample, &mut text);
            }
            if !text.is_empty() && !self.delivery.post(&path, &Parcel::lines(&text)?).await {
                return Ok(());
            }
            place = until;
            if until == now && !self.pace.is_over(place) && !self.delivery.rest(EVERY).await {
                return Ok(());
            }
        }
        Ok(())
    }
}

/// Where line protocol of this source goes.
pub(super) fn write_path(source: &SourceId) -> String {
    format!("/api/v2/write?bucket={source}&precision=ms")
}
