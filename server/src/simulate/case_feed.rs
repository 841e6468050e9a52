//! One desk's feed of cases: first what stands now, then each opening and each closing as it happens.
//!
//! Telling a case's state again changes nothing at the server, so every start tells all of it.

use super::delivery::{Delivery, Parcel};
use super::life::Desk;
use super::local::DAY_S;
use super::pace::Pace;
use jiff::{SignedDuration, Timestamp};
use std::{collections::VecDeque, time::Duration};
use taydo_model::{Case, SourceId};

/// Between two looks for what has happened.
const EVERY: Duration = Duration::from_secs(2);
/// Cases in one request.
const BATCH: usize = 500;
/// How far the openings and closings are worked out at once.
const AHEAD: SignedDuration = SignedDuration::from_secs(DAY_S);

/// The feed.
#[derive(Debug)]
pub(super) struct CaseFeed {
    pub(super) desk: Desk,
    pub(super) source: SourceId,
    /// When it is silent: what happens then is told afterwards.
    pub(super) silences: Vec<(Timestamp, Timestamp)>,
    pub(super) pace: Pace,
    pub(super) delivery: Delivery,
}

impl CaseFeed {
    /// Feeds until all is played or the run is stopped.
    ///
    /// # Errors
    /// When a case can't be written as JSON.
    pub(super) async fn run(self) -> anyhow::Result<()> {
        let start = self.pace.start();
        let standing = self.desk.standing(start);
        self.delivery.report.say(&format!("{} tells of {} cases that are open or were closed lately", self.source, standing.len()));
        if !self.tell(&standing).await? {
            return Ok(());
        }
        // What is coming, in order of time: at most the events of one `AHEAD`.
        let mut coming: VecDeque<(Timestamp, Case)> = VecDeque::new();
        let mut worked_out = start;
        let mut place = start;
        while !self.pace.is_over(place) {
            let now = self.pace.now();
            while worked_out < now {
                let until = worked_out.checked_add(AHEAD).unwrap_or(Timestamp::MAX);
                coming.extend(self.desk.told_in(worked_out, until));
                worked_out = until;
            }
            let is_silent = self.silences.iter().any(|(from, to)| (*from..*to).contains(&now));
            let due = if is_silent { 0 } else { coming.partition_point(|(time, _)| *time <= now) };
            let cases: Vec<Case> = coming.drain(..due).map(|(_, case)| case).collect();
            if !self.tell(&cases).await? {
                return Ok(());
            }
            place = now;
            if !self.pace.is_over(place) && !self.delivery.rest(EVERY).await {
                return Ok(());
            }
        }
        Ok(())
    }

    /// Sends cases in order. `false` when the run was stopped before all were taken.
    async fn tell(&self, cases: &[Case]) -> anyhow::Result<bool> {
        let path = format!("/api/v1/cases?source={}", self.source);
        for batch in cases.chunks(BATCH) {
            if !self.delivery.post(&path, &Parcel::json(&batch)?).await {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
